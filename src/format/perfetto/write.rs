//! How Perfetto's protobuf spells what is drawn: each thread and each counter track is a sequence
//! of packets, a slice a begin and an end.

use std::collections::HashMap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::wire::{self, Message, bytes, fixed, number, varint};
use super::{CLEARED, CLOCK, TRACE_CLOCK, event, head, packet, schema};
use crate::format::chrome::write_json;
use crate::format::draw::{Amount, Canvas, Drawn, draw};
use crate::format::fields::{Category, Fields, Name};
use crate::format::head::Head;
use crate::format::keys::{Key, Word};
use crate::format::names::printable;
use crate::format::texts::Texts;
use crate::format::{FORMAT, VERSION};
use crate::model::{Annotations, ChainId, EventId, Nanos, SiteId, Trace};

/// Bytes that are gathered before they are handed on.
const CHUNK: usize = 1 << 16;

/// Bytes of the head that a packet holds.
const HEAD_PART: usize = 1 << 16;

/// Bytes behind the head that are packed, which makes small files much smaller and takes no time of
/// large ones; and how many are packed together. Of a file that is cut, viewers show all pieces that
/// are whole.
const PACKED: usize = 1 << 16;
const PIECE: usize = 1 << 13;

/// The sequence of what is said of the whole.
const WHOLE: u64 = 1;

/// Writes a trace for Perfetto: the same bytes for the same trace.
///
/// What [`chrome::write`](crate::format::chrome::write) says of order and memory holds here, too.
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
    let components = schema::components(annotations);
    let mut tape = Tape::new(trace, &components, out);
    draw(trace, annotations, &mut tape)?;
    tape.hand_on()?;
    tape.out.flush()
}

/// The file so far: what was handed on, and what is still gathered.
struct Tape<'t, 'w, W> {
    out: &'w mut W,
    buffer: Vec<u8>,
    /// Bytes that are still to be packed.
    to_pack: usize,
    texts: Texts<'t>,
    components: &'t [&'static str],
    /// The highest number of a sequence, which is that of its track.
    last: u64,
    sequence: Sequence,
    /// The slices that are open on the thread.
    open: Vec<Nanos>,
    /// What is to be interned for the event that is being written.
    interned: Vec<u8>,
}

/// What the packets of a sequence share.
#[derive(Default)]
struct Sequence {
    number: u64,
    /// The time of the packet before.
    now: u64,
    /// The numbers of names.
    ours: Vec<(&'static str, u64)>,
    theirs: HashMap<String, u64>,
    /// How many names there are.
    names: u64,
    /// A bit for each category that has its number.
    categories: u16,
}

/// An event that is being written: where it begins, and the packet around it.
struct Begun {
    packet: usize,
    event: usize,
}

impl<'t, 'w, W: Write> Tape<'t, 'w, W> {
    fn new(trace: &'t Trace, components: &'t [&'static str], out: &'w mut W) -> Self {
        Self {
            out,
            buffer: Vec::with_capacity(2 * CHUNK),
            to_pack: 0,
            texts: Texts::of(trace),
            components,
            last: WHOLE,
            sequence: Sequence::default(),
            open: Vec::new(),
            interned: Vec::new(),
        }
    }

    /// Hands on what is gathered, if that is enough.
    fn hand_on_chunks(&mut self) -> io::Result<()> {
        let enough = if self.to_pack > 0 { PIECE } else { CHUNK };
        if self.buffer.len() < enough { Ok(()) } else { self.hand_on() }
    }

    fn hand_on(&mut self) -> io::Result<()> {
        if self.to_pack > 0 && !self.buffer.is_empty() {
            self.to_pack = self.to_pack.saturating_sub(self.buffer.len());
            let packed = Message::new().bytes(packet::PACKED, &pack(&self.buffer)?);
            self.buffer.clear();
            bytes(&mut self.buffer, 1, &packed.0);
        }
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Writes a packet that is no event.
    fn packet(&mut self, sequence: u64, content: Message) -> io::Result<()> {
        let packet = content.number(packet::SEQUENCE, sequence);
        bytes(&mut self.buffer, 1, &packet.0);
        self.hand_on_chunks()
    }

    fn part_of_head(&mut self, content: &Message) -> io::Result<()> {
        self.packet(WHOLE, Message::new().message(packet::HEAD, content))
    }

    /// Begins a sequence whose events are on its own track.
    fn begin(&mut self, number: u64) -> io::Result<()> {
        self.sequence = Sequence { number, ..Sequence::default() };
        let event = Message::new().number(event::TRACK, number);
        let defaults =
            Message::new().number(packet::CLOCK, CLOCK).message(packet::TRACK_EVENT, &event);
        let trace = Message::new().number(1, TRACE_CLOCK).number(2, 0);
        let own = Message::new().number(1, CLOCK).number(2, 0).number(3, 1);
        let clocks = Message::new().messages(1, [trace, own]);
        self.packet(
            number,
            Message::new()
                .number(packet::FLAGS, CLEARED)
                .message(packet::DEFAULTS, &defaults)
                .message(packet::CLOCK_SNAPSHOT, &clocks),
        )
    }

    /// Begins a packet of the sequence and the event in it.
    fn begin_event(&mut self, at: Nanos, of: u64) -> Begun {
        let buffer = &mut self.buffer;
        let packet = wire::begin(buffer, 1);
        // Times in a wrong order wrap, and come back as they were.
        number(buffer, packet::TIMESTAMP, at.0.wrapping_sub(self.sequence.now));
        number(buffer, packet::SEQUENCE, self.sequence.number);
        self.sequence.now = at.0;
        let event = wire::begin(buffer, packet::TRACK_EVENT);
        number(buffer, event::TYPE, of);
        Begun { packet, event }
    }

    /// Ends both. What was interned for the event stands behind it, in the same packet.
    fn end_event(&mut self, Begun { packet, event }: Begun) -> io::Result<()> {
        wire::end(&mut self.buffer, event);
        if !self.interned.is_empty() {
            bytes(&mut self.buffer, packet::INTERNED, &self.interned);
            self.interned.clear();
        }
        wire::end(&mut self.buffer, packet);
        self.hand_on_chunks()
    }

    /// Ends the innermost slice.
    fn end_slice(&mut self, at: Nanos) -> io::Result<()> {
        let end = self.begin_event(at, event::END);
        self.end_event(end)
    }
}

fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes)?;
    packed.finish()
}

impl Sequence {
    /// The number of a name, which is interned if it is new.
    fn name(&mut self, name: Name<'_>, category: Category, interned: &mut Vec<u8>) -> u64 {
        let (known, text) = match name {
            Name::Ours(name) => {
                // Those of equal text at other addresses are interned twice, at worst.
                let mut ours = self.ours.iter();
                (
                    ours.find(|(known, _)| std::ptr::eq(*known, name)).map(|(_, number)| *number),
                    name,
                )
            }
            Name::Theirs(name) => (self.theirs.get(name).copied(), name),
        };
        if let Some(number) = known {
            return number;
        }
        self.names += 1;
        let number = self.names;
        match name {
            Name::Ours(name) => self.ours.push((name, number)),
            Name::Theirs(name) => drop(self.theirs.insert(name.to_owned(), number)),
        }
        let entry = Message::new().number(1, number).text(2, &printable(text, category.name()));
        bytes(interned, 2, &entry.0);
        number
    }

    /// Likewise of a category.
    fn category(&mut self, category: Category, interned: &mut Vec<u8>) -> u64 {
        let number = category as u64 + 1;
        let bit = 1 << category as u16;
        if self.categories & bit == 0 {
            self.categories |= bit;
            let entry = Message::new().number(1, number).text(2, category.name());
            bytes(interned, 1, &entry.0);
        }
        number
    }
}

impl<W: Write> Canvas for Tape<'_, '_, W> {
    fn head(&mut self, trace: &Trace) -> io::Result<()> {
        let version = u64::from(VERSION);
        self.part_of_head(
            &Message::new().text(head::FORMAT, FORMAT).number(head::VERSION, version),
        )?;
        let mut json = Vec::new();
        write_json(&mut json, &Head::of(trace))?;
        for part in pack(&json)?.chunks(HEAD_PART) {
            self.part_of_head(&Message::new().bytes(head::PART, part))?;
        }
        self.part_of_head(&Message::new().number(head::LAST, 1))?;
        self.hand_on()?;
        self.to_pack = PACKED;
        let descriptor = schema::descriptor(trace, self.components);
        self.packet(WHOLE, Message::new().message(packet::EXTENSION, &descriptor))
    }

    fn process(&mut self, name: &str) -> io::Result<()> {
        let process = Message::new().number(1, PID).text(6, name);
        let track = Message::new().number(track::UUID, WHOLE).message(track::PROCESS, &process);
        self.packet(WHOLE, Message::new().message(packet::TRACK_DESCRIPTOR, &track))
    }

    fn thread(&mut self, tid: u64, name: &str) -> io::Result<()> {
        self.last = tid;
        let thread = Message::new().number(1, PID).number(2, tid).text(5, name);
        let track = Message::new()
            .number(track::UUID, tid)
            .number(track::PARENT, WHOLE)
            .message(track::THREAD, &thread);
        self.packet(tid, Message::new().message(packet::TRACK_DESCRIPTOR, &track))
    }

    fn open(&mut self, tid: u64) -> io::Result<()> {
        self.begin(tid)
    }

    fn slice(&mut self, slice: &Drawn<'_>) -> io::Result<()> {
        let start = slice.shown.start;
        while let Some(end) = self.open.pop_if(|end| *end <= start) {
            self.end_slice(end)?;
        }
        let begun = self.begin_event(start, event::BEGIN);
        let Self { buffer, sequence, interned, .. } = self;
        let category = slice.category();
        number(buffer, event::NAME, sequence.name(slice.name(&self.texts), category, interned));
        number(buffer, event::CATEGORY, sequence.category(category, interned));
        for (arrow, _) in slice.arrows.leaving() {
            fixed(buffer, event::FLOW, arrow);
        }
        for (arrow, _) in slice.arrows.arriving() {
            fixed(buffer, event::FLOW_END, arrow);
        }
        if slice.has_fields() {
            let before = buffer.len();
            let args = wire::begin(buffer, event::ARGS);
            slice.fields(&mut Args { buffer, components: self.components }, |_| true);
            if buffer.len() > args { wire::end(buffer, args) } else { buffer.truncate(before) }
        }
        self.open.push(slice.shown.end);
        self.end_event(begun)
    }

    fn close(&mut self) -> io::Result<()> {
        while let Some(end) = self.open.pop() {
            self.end_slice(end)?;
        }
        Ok(())
    }

    fn counter(
        &mut self,
        name: &str,
        key: &str,
        samples: &mut dyn Iterator<Item = (Nanos, Amount)>,
    ) -> io::Result<()> {
        self.last += 1;
        let track = Message::new()
            .number(track::UUID, self.last)
            .number(track::PARENT, WHOLE)
            .text(track::NAME, &format!("{name} {key}"))
            .text(track::COUNTER, "");
        self.packet(self.last, Message::new().message(packet::TRACK_DESCRIPTOR, &track))?;
        self.begin(self.last)?;
        for (at, amount) in samples {
            let begun = self.begin_event(at, event::COUNTER);
            let buffer = &mut self.buffer;
            match amount {
                Amount::Whole(value) => number(buffer, event::COUNT, value),
                Amount::Thousandths(value) => {
                    fixed(buffer, event::AMOUNT, (value as f64 / 1_000.0).to_bits());
                }
            }
            self.end_event(begun)?;
        }
        Ok(())
    }
}

/// The number of the one process.
const PID: u64 = 1;

/// Fields of `TrackDescriptor`.
mod track {
    pub(super) const UUID: u32 = 1;
    pub(super) const NAME: u32 = 2;
    pub(super) const PROCESS: u32 = 3;
    pub(super) const THREAD: u32 = 4;
    pub(super) const PARENT: u32 = 5;
    pub(super) const COUNTER: u32 = 8;
}

/// The message `args`.
struct Args<'b> {
    buffer: &'b mut Vec<u8>,
    components: &'b [&'static str],
}

impl Fields for Args<'_> {
    fn whole(&mut self, key: Key, value: u64) {
        number(self.buffer, schema::number(key), value);
    }

    /// As the model spells it.
    fn id(&mut self, key: Key, id: EventId) {
        let [mut lane, mut sequence] = [itoa::Buffer::new(), itoa::Buffer::new()];
        let (lane, sequence) = (lane.format(id.lane().0), sequence.format(id.sequence()));
        varint(self.buffer, u64::from(schema::number(key)) << 3 | 2);
        varint(self.buffer, (lane.len() + 1 + sequence.len()) as u64);
        self.buffer.extend_from_slice(lane.as_bytes());
        self.buffer.push(b':');
        self.buffer.extend_from_slice(sequence.as_bytes());
    }

    fn word<C: Word>(&mut self, key: Key, word: C) {
        self.whole(key, word.index() as u64);
    }

    fn text(&mut self, key: Key, text: &str) {
        bytes(self.buffer, schema::number(key), text.as_bytes());
    }

    fn flag(&mut self, key: Key) {
        self.whole(key, 1);
    }

    fn site(&mut self, key: Key, SiteId(site): SiteId) {
        self.whole(key, site.into());
    }

    fn chain(&mut self, key: Key, ChainId(chain): ChainId) {
        self.whole(key, chain.into());
    }

    fn counters(&mut self, key: Key, values: &[Option<u64>]) {
        let counted = (1..).zip(values).filter_map(|(field, value)| Some((field, (*value)?)));
        let counters = counted.fold(Message::new(), |all, (field, value)| all.number(field, value));
        bytes(self.buffer, schema::number(key), &counters.0);
    }

    fn core_time(&mut self, key: Key, parts: &[(&'static str, i64)]) {
        let mut times = Vec::new();
        for (name, nanos) in parts {
            let at = self.components.iter().position(|component| component == name);
            if let Some(at) = at {
                wire::signed(&mut times, at as u32 + 1, *nanos);
            }
        }
        bytes(self.buffer, schema::number(key), &times);
    }
}
