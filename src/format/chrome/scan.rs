//! The commonest entries, laid out as our writer does it, read in one pass over their bytes.
//!
//! Going through serde takes four times as long. Whatever is laid out in another way, is broken, or
//! is rare gets no answer here, and [`line`](super::line) reads it: this module must agree with it,
//! never add to it.

use std::str;

use super::number::survives_micros;
use crate::format::args::{Args, Value};
use crate::format::fields::Category;
use crate::format::keys::{Key, Shape};
use crate::model::{Counter, Nanos, Span};

/// A slice of a thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanned {
    pub(super) tid: u64,
    pub(super) category: Category,
    pub(super) shown: Span,
}

/// How an entry of ours begins, up to what it is.
const FRONT: &[u8] = br#"{"ph":""#;

/// The slice at the front of `bytes` and its length, its fields in `args`, which are large and stay
/// where they are; `None` if it is none, or takes the slow way.
pub(super) fn slice<'a>(bytes: &'a [u8], args: &mut Args<'a>) -> Option<(Scanned, usize)> {
    let mut scan = Scan { bytes, at: 0 };
    let scanned = scan.after(FRONT)?.slice(args)?;
    Some((scanned, scan.at))
}

/// The length of the entry at the front of `bytes`, if it is drawn for viewers alone: a sample of a
/// counter, or an end of an arrow.
pub(super) fn derived(bytes: &[u8]) -> Option<usize> {
    let mut scan = Scan { bytes, at: 0 };
    match scan.after(FRONT)?.bytes.get(FRONT.len())? {
        b'C' => scan.sample()?,
        b's' => scan.arrow(br#"s","pid":1,"tid":"#)?,
        b'f' => scan.arrow(br#"f","bp":"e","pid":1,"tid":"#)?,
        _ => return None,
    }
    Some(scan.at)
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn slice(&mut self, args: &mut Args<'a>) -> Option<Scanned> {
        let tid = self.after(br#"X","pid":1,"tid":"#)?.number()?;
        let start = self.after(br#","ts":"#)?.micros()?;
        let length = self.after(br#","dur":"#)?.micros()?;
        self.after(br#","name":"#)?.text()?;
        let category = Category::named(self.after(br#","cat":"#)?.text()?)?;
        let shown = Span { start: Nanos(start), end: Nanos(start.checked_add(length)?) };
        if category != Category::Wait {
            self.after(br#","args":{"#)?.args(args)?;
        }
        self.literal(b"}")?;
        Some(Scanned { tid, category, shown })
    }

    /// A value of a counter track.
    fn sample(&mut self) -> Option<()> {
        self.after(br#"C","pid":1,"ts":"#)?.micros()?;
        self.after(br#","name":"#)?.text()?;
        self.after(br#","args":{"#)?.text()?;
        self.after(b":")?.skip_decimal()?;
        self.literal(b"}}")
    }

    /// An end of an arrow.
    fn arrow(&mut self, front: &[u8]) -> Option<()> {
        self.after(front)?.number()?;
        self.after(br#","ts":"#)?.micros()?;
        self.after(br#","name":"#)?.text()?;
        str::from_utf8(self.after(br#","cat":"#)?.text()?).ok()?;
        self.after(br#","id":"#)?.number()?;
        self.literal(b"}")
    }

    /// All fields, and the brace behind them.
    fn args(&mut self, args: &mut Args<'a>) -> Option<()> {
        loop {
            let key = Key::named(self.text()?)?;
            self.literal(b":")?;
            match key.shape() {
                Shape::Counters => self.counters(args)?,
                Shape::CoreTime => self.core_time()?,
                _ => args.set(key, self.value()?),
            }
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    fn value(&mut self) -> Option<Value<'a>> {
        match self.bytes.get(self.at)? {
            b'"' => str::from_utf8(self.text()?).ok().map(Value::Text),
            b't' => self.literal(b"true").map(|()| Value::Flag(true)),
            _ => self.number().map(Value::Whole),
        }
    }

    fn counters(&mut self, args: &mut Args<'_>) -> Option<()> {
        args.has_counters();
        self.group(|scan, name| {
            let counter = Counter::named(str::from_utf8(name).ok()?)?;
            args.count(counter, scan.number()?);
            Some(())
        })
    }

    fn core_time(&mut self) -> Option<()> {
        self.group(|scan, _| {
            let _ = scan.literal(b"-");
            scan.number().map(drop)
        })
    }

    /// An object, whose values are read by `value`.
    fn group(&mut self, mut value: impl FnMut(&mut Self, &[u8]) -> Option<()>) -> Option<()> {
        self.literal(b"{")?;
        if self.literal(b"}").is_some() {
            return Some(());
        }
        loop {
            let name = self.text()?;
            self.literal(b":")?;
            value(self, name)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        let matches = self.bytes[self.at..].starts_with(literal);
        matches.then(|| self.at += literal.len())
    }

    fn after(&mut self, literal: &[u8]) -> Option<&mut Self> {
        self.literal(literal).map(|()| self)
    }

    /// A string without escapes, without its quotes.
    fn text(&mut self) -> Option<&'a [u8]> {
        self.literal(b"\"")?;
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
        self.at += length + 1;
        (rest[length] == b'"').then_some(&rest[..length])
    }

    /// A whole number of at most 19 digits without a leading zero, as JSON demands.
    fn number(&mut self) -> Option<u64> {
        let rest = &self.bytes[self.at..];
        let (mut digits, mut number) = (0, 0_u64);
        while let Some(byte @ b'0'..=b'9') = rest.get(digits) {
            number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
            digits += 1;
        }
        let fine = matches!(digits, 1..=19) && (rest[0] != b'0' || digits == 1);
        self.at += digits;
        fine.then_some(number)
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

    /// A number with or without a sign and decimals.
    fn skip_decimal(&mut self) -> Option<()> {
        let _ = self.literal(b"-");
        self.number()?;
        if self.literal(b".").is_some() {
            let decimals = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit());
            let count = decimals.count();
            self.at += count;
            return (count > 0).then_some(());
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    const ENTRIES: [&str; 11] = [
        r#"{"ph":"X","pid":1,"tid":2,"ts":1.000,"dur":2.500,"name":"join","cat":"join","args":{"id":"1:5","task":"1:4","depth":3,"first_ns":70,"first_joins":1,"second_joins":2,"second":"inline","site":"0 src/a.rs:3:9"}}"#,
        r#"{"ph":"X","pid":1,"tid":2,"ts":1.000,"dur":2.500,"name":"split","cat":"split","args":{"id":"1:5","operation":"1:1","task":"1:4","depth":3,"first_ns":70,"second":"stolen"}}"#,
        r#"{"ph":"X","pid":1,"tid":3,"ts":0.000,"dur":0.001,"name":"task (stolen)","cat":"task","args":{"id":"1:5","origin":"stolen","parent":"2:4","queue_ns":18446744073709551,"joins":0,"spawns":1,"counters":{"cycles":5,"cache-misses":0},"panicked":true}}"#,
        r#"{"ph":"X","pid":1,"tid":2,"ts":1.000,"dur":2.500,"name":"sum","cat":"operation","args":{"id":"1:5","kind":"iterator","own_ns":0,"label":"é","chain":"0 a → b","items":1,"leaves":2,"splits":3,"steals":4,"core_ns":{"useful work":5,"inflation":-5}}}"#,
        r#"{"ph":"X","pid":1,"tid":2,"ts":1.000,"dur":2.500,"name":"leaf","cat":"leaf","args":{"id":"1:5","operation":"1:1","depth":3,"items":1}}"#,
        r#"{"ph":"X","pid":1,"tid":2,"ts":1.000,"dur":2.500,"name":"wait","cat":"wait"}"#,
        r#"{"ph":"X","pid":1,"tid":2,"ts":1.000,"dur":2.500,"name":"asleep","cat":"off-cpu","args":{"runnable":true,"from_cpu":1,"ns":2500}}"#,
        r#"{"ph":"C","pid":1,"ts":1.000,"name":"busy","args":{"workers":1}}"#,
        r#"{"ph":"C","pid":1,"ts":1.000,"name":"cores","args":{"useful work":-1.050}}"#,
        r#"{"ph":"s","pid":1,"tid":2,"ts":1.000,"name":"steal","cat":"steal","id":7}"#,
        r#"{"ph":"f","bp":"e","pid":1,"tid":3,"ts":1.020,"name":"inject","cat":"inject","id":18}"#,
    ];

    /// What the scanner makes of an entry, as the slow way would say it.
    fn quick(entry: impl AsRef<[u8]>) -> Option<(line::Parsed, usize)> {
        if let Some(length) = derived(entry.as_ref()) {
            return Some((Ok(None), length));
        }
        let mut args = Args::new();
        let (scanned, length) = slice(entry.as_ref(), &mut args)?;
        Some((line::scanned(scanned, &args, &[Counter::Cycles, Counter::CacheMisses]), length))
    }

    fn slow(text: &str) -> Option<line::Parsed> {
        let counters = [Counter::Cycles, Counter::CacheMisses];
        line::entry(text.as_bytes(), &counters).ok().map(|(parsed, _)| parsed)
    }

    fn text(parsed: &line::Parsed) -> String {
        format!("{parsed:?}")
    }

    /// That this module knows the layout which the writer has.
    #[test]
    fn what_we_write_takes_the_quick_way() {
        let golden = include_str!("../../../tests/perfetto/golden.json");
        let plain =
            |line: &&str| !line.contains('\\') && !line.contains(":\"18446744073709551615\"");
        let common = |line: &&str| line.starts_with('{') && !line.contains(r#""ph":"M""#);
        let lines: Vec<_> = golden.lines().filter(plain).filter(common).collect();
        assert!(lines.len() > 40);
        for line in lines {
            let (_, length) = quick(line).expect(line);
            assert_eq!(length, line.trim_end_matches(',').len());
        }
    }

    #[test]
    fn they_are_read_as_the_slow_way_does() {
        for entry in ENTRIES {
            let (parsed, length) = quick(entry).expect(entry);
            assert!(parsed.is_ok(), "{entry}: {parsed:?}");
            assert_eq!(text(&parsed), text(&slow(entry).expect(entry)));
            assert_eq!(length, entry.len());
        }
    }

    #[test]
    fn whatever_byte_is_changed_it_never_disagrees() {
        for entry in ENTRIES {
            for at in 0..entry.len() {
                for byte in 0..128 {
                    let mut changed = entry.as_bytes().to_vec();
                    changed[at] = byte;
                    let Ok(changed) = String::from_utf8(changed) else { continue };
                    if let Some((parsed, length)) = quick(&changed) {
                        let slow = slow(&changed[..length]).expect(&changed);
                        assert_eq!(text(&parsed), text(&slow), "{changed}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_cut_entry_gets_no_answer() {
        for text in ENTRIES {
            for end in 0..text.len() {
                assert!(quick(&text.as_bytes()[..end]).is_none(), "{end}");
            }
        }
    }
}
