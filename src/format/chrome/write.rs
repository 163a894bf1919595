//! How Chrome JSON spells what is drawn: each slice, each end of an arrow and each sample is an
//! entry.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use super::PID;
use super::json::{write_integer, write_json};
use super::number::{survives_micros, write_micros, write_whole};
use crate::format::FORMAT;
use crate::format::arrows::{Arrow, Kind};
use crate::format::draw::{Amount, Canvas, Drawn, draw};
use crate::format::fields::{Fields, Name};
use crate::format::head::Head;
use crate::format::keys::{Key, Word};
use crate::format::names::printable;
use crate::format::texts::{self, Texts};
use crate::model::{Annotations, ChainId, EventId, Nanos, SiteId, Span, Trace};

/// Bytes that are gathered before they are handed on.
const CHUNK: usize = 1 << 16;

/// How an arrow's end begins, and its beginning. The slice that it ends in encloses it.
const ARRIVES: &str = "{\"ph\":\"f\",\"bp\":\"e\",\"pid\":1,\"tid\":";
const LEAVES: &str = "{\"ph\":\"s\",\"pid\":1,\"tid\":";

/// Its name and category, and all up to its number.
const STEAL: &str = ",\"name\":\"steal\",\"cat\":\"steal\",\"id\":";
const INJECT: &str = ",\"name\":\"inject\",\"cat\":\"inject\",\"id\":";
const WAKE: &str = ",\"name\":\"wake\",\"cat\":\"wake\",\"id\":";

/// Writes a trace as Chrome JSON: the same bytes for the same trace.
///
/// The events of each lane must stand in the order that [`Lane::events`](crate::model::Lane::events)
/// promises; otherwise some are drawn shorter than they were, yet [`read`](super::read()) still gets
/// them all back.
///
/// Beside `trace` itself it needs memory for the times of its tasks and of joins that were stolen
/// from, not for its joins at large.
///
/// # Errors
///
/// Those of `out`.
pub fn write<W: Write>(trace: &Trace, out: &mut W) -> io::Result<()> {
    write_annotated(trace, &Annotations::default(), out)
}

/// The same, with an analysis's figures as counter tracks and on the operations.
///
/// # Errors
///
/// Those of `out`.
pub fn write_annotated<W: Write>(
    trace: &Trace,
    annotations: &Annotations,
    out: &mut W,
) -> io::Result<()> {
    let mut page = Page::new(trace, out)?;
    draw(trace, annotations, &mut page)?;
    page.finish()
}

/// The file so far: what was handed on, and what is still gathered.
struct Page<'t, 'w, W> {
    out: &'w mut W,
    buffer: Vec<u8>,
    begun: bool,
    spelt: Spelt<'t>,
    /// What all slices of the open thread begin with, and its number.
    opening: Vec<u8>,
    tid: u64,
}

/// Texts that events point to, as JSON.
struct Spelt<'t> {
    texts: Texts<'t>,
    sites: Vec<Vec<u8>>,
    chains: Vec<Vec<u8>>,
}

impl<'t> Spelt<'t> {
    fn of(trace: &'t Trace) -> io::Result<Self> {
        let texts = Texts::of(trace);
        let spell = |text: String| {
            let mut buffer = Vec::new();
            write_json(&mut buffer, &text).map(|()| buffer)
        };
        let sites = texts.sites().map(spell).collect::<io::Result<_>>()?;
        Ok(Self { texts, sites, chains: texts.chains().map(spell).collect::<io::Result<_>>()? })
    }
}

impl<'t, 'w, W: Write> Page<'t, 'w, W> {
    fn new(trace: &'t Trace, out: &'w mut W) -> io::Result<Self> {
        let spelt = Spelt::of(trace)?;
        let buffer = Vec::with_capacity(2 * CHUNK);
        Ok(Self { out, buffer, begun: false, spelt, opening: Vec::new(), tid: 0 })
    }

    /// Where to append the next entry.
    fn entry(&mut self) -> io::Result<&mut Vec<u8>> {
        if self.buffer.len() >= CHUNK {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        // Viewers know a trace by its first two bytes.
        self.buffer.extend_from_slice(if self.begun { b",\n" } else { b"[" });
        self.begun = true;
        Ok(&mut self.buffer)
    }

    fn metadata(&mut self, tid: Option<u64>, name: &str, args: impl Serialize) -> io::Result<()> {
        let entry = Metadata { ph: "M", pid: PID, tid, name, args };
        write_json(self.entry()?, &entry)
    }

    /// One end of an arrow, which is spelt as `end` up to its thread.
    fn arrow(&mut self, end: &str, (number, arrow): (u64, &Arrow), at: Nanos) -> io::Result<()> {
        let name = match arrow.kind {
            Kind::Steal => STEAL,
            Kind::Inject => INJECT,
            Kind::Wake => WAKE,
        };
        let tid = self.tid;
        let buffer = self.entry()?;
        buffer.extend_from_slice(end.as_bytes());
        write_integer(buffer, tid);
        buffer.extend_from_slice(b",\"ts\":");
        write_micros(buffer, at);
        buffer.extend_from_slice(name.as_bytes());
        write_integer(buffer, number);
        buffer.push(b'}');
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.buffer.extend_from_slice(b"\n]\n");
        self.out.write_all(&self.buffer)?;
        self.out.flush()
    }
}

impl<W: Write> Canvas for Page<'_, '_, W> {
    fn head(&mut self, trace: &Trace) -> io::Result<()> {
        self.metadata(None, FORMAT, Head::of(trace))
    }

    fn process(&mut self, name: &str) -> io::Result<()> {
        self.metadata(None, "process_name", Called { name })
    }

    fn thread(&mut self, tid: u64, name: &str) -> io::Result<()> {
        self.metadata(Some(tid), "thread_name", Called { name })?;
        self.metadata(Some(tid), "thread_sort_index", SortIndex { sort_index: tid })
    }

    fn open(&mut self, tid: u64) -> io::Result<()> {
        self.tid = tid;
        self.opening = format!("{{\"ph\":\"X\",\"pid\":{PID},\"tid\":{tid},\"ts\":").into_bytes();
        Ok(())
    }

    fn slice(&mut self, slice: &Drawn<'_>) -> io::Result<()> {
        self.entry()?;
        self.buffer.extend_from_slice(&self.opening);
        write_slice(slice, &self.spelt, &mut self.buffer)?;
        if !slice.arrows.is_empty() {
            for arrow in slice.arrows.arriving() {
                self.arrow(ARRIVES, arrow, arrow.1.to)?;
            }
            for arrow in slice.arrows.leaving() {
                self.arrow(LEAVES, arrow, arrow.1.from)?;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// One track, which viewers call `NAME KEY`.
    fn counter(
        &mut self,
        name: &str,
        key: &str,
        samples: &mut dyn Iterator<Item = (Nanos, Amount)>,
    ) -> io::Result<()> {
        let opening = format!("{{\"ph\":\"C\",\"pid\":{PID},\"ts\":");
        let mut middle = b",\"name\":".to_vec();
        write_json(&mut middle, &name)?;
        middle.extend_from_slice(b",\"args\":{");
        write_json(&mut middle, &key)?;
        middle.push(b':');
        for (at, amount) in samples {
            let buffer = self.entry()?;
            buffer.extend_from_slice(opening.as_bytes());
            write_micros(buffer, at);
            buffer.extend_from_slice(&middle);
            match amount {
                Amount::Whole(number) => write_integer(buffer, number),
                Amount::Thousandths(number) => write!(buffer, "{}", Decimal(number))?,
            }
            buffer.extend_from_slice(b"}}");
        }
        Ok(())
    }
}

/// An entry about the process or one of its threads.
#[derive(Serialize)]
struct Metadata<'a, A> {
    ph: &'a str,
    pid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    tid: Option<u64>,
    name: &'a str,
    args: A,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct SortIndex {
    sort_index: u64,
}

/// Thousandths with three decimals.
struct Decimal(i128);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, milli) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}.{:03}", milli / 1_000, milli % 1_000)
    }
}

/// Appends all of a slice after its opening. [`scan`](super::scan) knows how it is laid out here.
fn write_slice(slice: &Drawn<'_>, spelt: &Spelt<'_>, buffer: &mut Vec<u8>) -> io::Result<()> {
    write_micros(buffer, slice.shown.start);
    buffer.extend_from_slice(b",\"dur\":");
    write_micros(buffer, slice.shown.duration());
    buffer.extend_from_slice(b",\"name\":");
    let category = slice.category().name();
    match slice.name(&spelt.texts) {
        Name::Ours(name) => {
            buffer.push(b'"');
            buffer.extend_from_slice(name.as_bytes());
            buffer.push(b'"');
        }
        Name::Theirs(name) => write_json(buffer, &printable(name, category))?,
    }
    buffer.extend_from_slice(b",\"cat\":\"");
    buffer.extend_from_slice(category.as_bytes());
    buffer.push(b'"');
    if slice.has_fields() {
        buffer.extend_from_slice(b",\"args\":");
        let begin = buffer.len();
        slice.fields(&mut Object { buffer, spelt }, survives);
        // The first field has a comma before it; the brace stands in its place.
        if buffer.len() == begin {
            buffer.push(b'{');
        } else {
            buffer[begin] = b'{';
        }
        buffer.push(b'}');
    }
    buffer.push(b'}');
    Ok(())
}

/// Whether a slice, once read back, tells the event's times.
fn survives(span: Span) -> bool {
    survives_micros(span.start) && survives_micros(span.duration())
}

/// The fields of a JSON object, each with a comma before it.
struct Object<'b, 's, 't> {
    buffer: &'b mut Vec<u8>,
    spelt: &'s Spelt<'t>,
}

impl Object<'_, '_, '_> {
    fn key(&mut self, key: Key) {
        self.buffer.extend_from_slice(key.json().as_bytes());
    }

    /// A text of ours, which needs no escapes.
    fn quoted(&mut self, text: &str) {
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(text.as_bytes());
        self.buffer.push(b'"');
    }

    fn spelt(&mut self, spelt: Option<&Vec<u8>>, index: u32) {
        match spelt {
            Some(text) => self.buffer.extend_from_slice(text),
            None => self.quoted(&texts::unknown(index)),
        }
    }
}

impl Fields for Object<'_, '_, '_> {
    fn whole(&mut self, key: Key, number: u64) {
        self.key(key);
        write_whole(self.buffer, number);
    }

    /// As the model spells it, without the detour through formatting: every event has one or two.
    fn id(&mut self, key: Key, id: EventId) {
        self.key(key);
        self.buffer.push(b'"');
        write_integer(self.buffer, u64::from(id.lane().0));
        self.buffer.push(b':');
        write_integer(self.buffer, id.sequence());
        self.buffer.push(b'"');
    }

    fn word<C: Word>(&mut self, key: Key, word: C) {
        self.key(key);
        self.quoted(C::NAMES[word.index()]);
    }

    fn text(&mut self, key: Key, text: &str) {
        self.key(key);
        super::json::write_string(self.buffer, text);
    }

    fn flag(&mut self, key: Key) {
        self.key(key);
        self.buffer.extend_from_slice(b"true");
    }

    fn site(&mut self, key: Key, SiteId(site): SiteId) {
        self.key(key);
        let spelt = self.spelt;
        self.spelt(spelt.sites.get(site as usize), site);
    }

    fn chain(&mut self, key: Key, ChainId(chain): ChainId) {
        self.key(key);
        let spelt = self.spelt;
        self.spelt(spelt.chains.get(chain as usize), chain);
    }

    fn counters(&mut self, key: Key, values: &[Option<u64>]) {
        self.key(key);
        let names = self.spelt.texts.counters();
        let counted = names.zip(values).filter_map(|(name, value)| Some((name, (*value)?)));
        group(self.buffer, counted, write_whole);
    }

    fn core_time(&mut self, key: Key, parts: &[(&'static str, i64)]) {
        self.key(key);
        group(self.buffer, parts.iter().copied(), |buffer, nanos| {
            if nanos < 0 {
                buffer.push(b'-');
            }
            write_integer(buffer, nanos.unsigned_abs());
        });
    }
}

/// Appends an object of numbers.
fn group<T>(
    buffer: &mut Vec<u8>,
    fields: impl Iterator<Item = (&'static str, T)>,
    write: impl Fn(&mut Vec<u8>, T),
) {
    buffer.push(b'{');
    for (at, (name, value)) in fields.enumerate() {
        if at > 0 {
            buffer.push(b',');
        }
        buffer.push(b'"');
        buffer.extend_from_slice(name.as_bytes());
        buffer.extend_from_slice(b"\":");
        write(buffer, value);
    }
    buffer.push(b'}');
}
