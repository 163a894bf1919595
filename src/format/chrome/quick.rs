//! The commonest entry, a join or split laid out as our writer does it, read in one pass over its
//! bytes.
//!
//! Most of a large file is joins, and going through serde takes four times as long. Whatever is
//! laid out in another way, is broken, or is rare gets no answer here, and [`line`](super::line)
//! reads it: this module must agree with it, never add to it.

use super::number::survives_micros;
use crate::model::{Event, EventId, Join, LaneId, Nanos, Outcome, SecondHalf, SiteId, Span};

/// The thread of a join or split, the event, and the entry's length; `None` if it takes the slow
/// way.
pub(super) fn join(bytes: &[u8]) -> Option<(u64, Event, usize)> {
    let mut scan = Scan { bytes, at: 0 };
    scan.literal(br#"{"ph":"X","pid":1,"tid":"#)?;
    let tid = scan.number()?;
    let start = scan.after(br#","ts":"#)?.micros()?;
    let length = scan.after(br#","dur":"#)?.micros()?;
    let split = scan.is_split()?;
    let id = scan.after(br#","args":{"id":""#)?.id()?;
    let operation = if split { Some(scan.after(br#","operation":""#)?.id()?) } else { None };
    let task = scan.after(br#","task":""#)?.id()?;
    let depth = scan.after(br#","depth":"#)?.number()?;
    let first = scan.after(br#","first_ns":"#)?.number()?;
    let [first_joins, second_joins] = if split { [0, 0] } else { scan.joins()? };
    let second = scan.after(br#","second":""#)?.second()?;
    let site = scan.site()?;
    scan.literal(b"}}")?;
    let join = Join {
        span: Span { start: Nanos(start), end: Nanos(start.checked_add(length)?) },
        id,
        task,
        operation,
        first_end: Nanos(start.checked_add(first)?),
        depth: u32::try_from(depth).ok()?,
        first_joins,
        second_joins,
        second,
        elided: None,
        outcome: Outcome::Returned,
        site,
    };
    Some((tid, Event::Join(join), scan.at))
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        let matches = self.bytes[self.at..].starts_with(literal);
        matches.then(|| self.at += literal.len())
    }

    fn after(&mut self, literal: &[u8]) -> Option<&mut Self> {
        self.literal(literal).map(|()| self)
    }

    /// Which of the two it is.
    fn is_split(&mut self) -> Option<bool> {
        self.literal(br#","name":"join","cat":"join""#)
            .map(|()| false)
            .or_else(|| self.literal(br#","name":"split","cat":"split""#).map(|()| true))
    }

    /// What only a join that the program called tells.
    fn joins(&mut self) -> Option<[u64; 2]> {
        let first = self.after(br#","first_joins":"#)?.number()?;
        let second = self.after(br#","second_joins":"#)?.number()?;
        Some([first, second])
    }

    /// A whole number of at most 19 digits without a leading zero, as JSON demands.
    fn number(&mut self) -> Option<u64> {
        let rest = &self.bytes[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let fine = matches!(digits, 1..=19) && (rest[0] != b'0' || digits == 1);
        self.at += digits;
        fine.then(|| rest[..digits].iter().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0')))
    }

    /// Microseconds with three decimals, in nanoseconds.
    fn micros(&mut self) -> Option<u64> {
        let whole = self.number()?;
        let Some([b'.', decimals @ ..]) = self.bytes.get(self.at..self.at + 4) else { return None };
        self.at += 4;
        let digits = decimals.iter().filter(|byte| byte.is_ascii_digit());
        let (count, thousandths) = digits
            .fold((0, 0), |(count, sum), byte| (count + 1, sum * 10 + u64::from(byte - b'0')));
        let nanos = whole.checked_mul(1_000)?.checked_add(thousandths)?;
        (count == 3 && survives_micros(Nanos(nanos))).then_some(nanos)
    }

    /// `LANE:SEQUENCE"`.
    fn id(&mut self) -> Option<EventId> {
        let lane = LaneId(u32::try_from(self.number()?).ok()?);
        let sequence = self.after(b":")?.number()?;
        self.literal(b"\"")?;
        EventId::new(lane, sequence).filter(|id| id.sequence() == sequence)
    }

    fn second(&mut self) -> Option<SecondHalf> {
        self.literal(b"inline\"")
            .map(|()| SecondHalf::Inline)
            .or_else(|| self.literal(b"stolen\"").map(|()| SecondHalf::Stolen))
    }

    /// The call site, if there is one: its index, and a text without escapes.
    fn site(&mut self) -> Option<Option<SiteId>> {
        if self.literal(br#","site":""#).is_none() {
            return Some(None);
        }
        let index = u32::try_from(self.number()?).ok()?;
        self.literal(b" ")?;
        let text = &self.bytes[self.at..];
        let end = text.iter().position(|byte| !matches!(byte, b' '..=b'~') || *byte == b'"')?;
        let plain = text[end] == b'"' && !text[..end].contains(&b'\\');
        self.at += end + 1;
        plain.then_some(Some(SiteId(index)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::{Line, Said};
    use super::super::texts::Texts;
    use super::super::write::{opening, write_slice};
    use super::*;
    use crate::format::nest::{Slice, What};
    use crate::model::{Annotations, Site};

    const JOIN: &str = r#"{"ph":"X","pid":1,"tid":2,"ts":1.500,"dur":0.700,"name":"join","cat":"join","args":{"id":"2:17","task":"2:3","depth":3,"first_ns":400,"first_joins":12,"second_joins":0,"second":"inline","site":"0 src/a.rs:3:9"}}"#;
    const SPLIT: &str = r#"{"ph":"X","pid":1,"tid":2,"ts":1.500,"dur":0.700,"name":"split","cat":"split","args":{"id":"2:17","operation":"1:4","task":"2:3","depth":3,"first_ns":400,"second":"inline","site":"0 src/a.rs:3:9"}}"#;

    fn slow(text: &str) -> Option<(u64, Event)> {
        match serde_json::from_str::<Line<'_>>(text).ok()?.said(&[]).ok()?? {
            (tid, Said::Event(event)) => Some((tid, event)),
            (_, Said::OffCpu(_)) => None,
        }
    }

    #[test]
    fn the_writer_lays_them_out_in_this_way() {
        let sites = [Site { location: "src/a.rs:3:9".to_owned() }];
        let texts = Texts::new(&sites, &[], &[]).unwrap();
        for text in [JOIN, SPLIT] {
            let (tid, event) = slow(text).unwrap();
            let mut buffer = Vec::new();
            let slice = Slice { shown: event.span(), what: What::Event(&event) };
            write_slice(slice, &opening(tid), &texts, &Annotations::default(), &mut buffer)
                .unwrap();
            assert_eq!(String::from_utf8(buffer).unwrap(), text);
        }
    }

    #[test]
    fn they_are_read_as_the_slow_way_does() {
        let site = r#","site":"0 src/a.rs:3:9""#;
        for text in [JOIN, SPLIT] {
            for text in [text, &text.replace("inline", "stolen"), &text.replace(site, "")] {
                let (tid, event, length) = join(text.as_bytes()).unwrap();
                assert_eq!(Some((tid, event)), slow(text));
                assert_eq!(length, text.len());
            }
        }
    }

    #[test]
    fn whatever_byte_is_changed_it_never_disagrees() {
        for text in [JOIN, SPLIT] {
            for at in 0..text.len() {
                for byte in 0..128 {
                    let mut text = text.as_bytes().to_vec();
                    text[at] = byte;
                    let text = String::from_utf8(text).unwrap();
                    if let Some((tid, event, length)) = join(text.as_bytes()) {
                        assert_eq!(Some((tid, event)), slow(&text[..length]), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_cut_entry_gets_no_answer() {
        for text in [JOIN, SPLIT] {
            for end in 0..text.len() {
                assert!(join(&text.as_bytes()[..end]).is_none(), "{end}");
            }
        }
    }
}
