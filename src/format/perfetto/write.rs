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
    tape.hand_on(0)?;
    tape.out.flush()
}

/// The file so far: what was handed on, and what is still gathered.
struct Tape<'t, 'w, W> {
    out: &'w mut W,
    buffer: Vec<u8>,
    texts: Texts<'t>,
    components: &'t [&'static str],
    /// The highest number of a sequence, which is that of its track.
    last: u64,
    sequence: Sequence,
    /// The slices that are open on the thread.
    open: Vec<Nanos>,
    scratch: Scratch,
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

/// Parts of the packet that is being written.
#[derive(Default)]
struct Scratch {
    packet: Vec<u8>,
    event: Vec<u8>,
    args: Vec<u8>,
    interned: Vec<u8>,
}

impl<'t, 'w, W: Write> Tape<'t, 'w, W> {
    fn new(trace: &'t Trace, components: &'t [&'static str], out: &'w mut W) -> Self {
        Self {
            out,
            buffer: Vec::with_capacity(2 * CHUNK),
            texts: Texts::of(trace),
            components,
            last: WHOLE,
            sequence: Sequence::default(),
            open: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Hands on what is gathered, if that is more than `least` bytes.
    fn hand_on(&mut self, least: usize) -> io::Result<()> {
        if self.buffer.len() > least {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Writes a packet that is no event.
    fn packet(&mut self, sequence: u64, content: Message) -> io::Result<()> {
        let packet = content.number(packet::SEQUENCE, sequence);
        bytes(&mut self.buffer, 1, &packet.0);
        self.hand_on(CHUNK)
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

    /// Writes a packet of the sequence with the event in the scratch, and what is to be interned
    /// for it.
    fn event(&mut self, at: Nanos) -> io::Result<()> {
        let Scratch { packet, event, interned, .. } = &mut self.scratch;
        packet.clear();
        // Times in a wrong order wrap, and come back as they were.
        number(packet, packet::TIMESTAMP, at.0.wrapping_sub(self.sequence.now));
        number(packet, packet::SEQUENCE, self.sequence.number);
        if !interned.is_empty() {
            bytes(packet, packet::INTERNED, interned);
            interned.clear();
        }
        bytes(packet, packet::TRACK_EVENT, event);
        self.sequence.now = at.0;
        bytes(&mut self.buffer, 1, packet);
        self.hand_on(CHUNK)
    }

    /// Ends the innermost slice.
    fn end(&mut self, at: Nanos) -> io::Result<()> {
        self.scratch.event.clear();
        number(&mut self.scratch.event, event::TYPE, event::END);
        self.event(at)
    }
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
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&json)?;
        for part in packed.finish()?.chunks(HEAD_PART) {
            self.part_of_head(&Message::new().bytes(head::PART, part))?;
        }
        self.part_of_head(&Message::new().number(head::LAST, 1))?;
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
            self.end(end)?;
        }
        let Scratch { event, args, interned, .. } = &mut self.scratch;
        event.clear();
        let category = slice.category();
        number(event, event::TYPE, event::BEGIN);
        let name = self.sequence.name(slice.name(&self.texts), category, interned);
        number(event, event::NAME, name);
        number(event, event::CATEGORY, self.sequence.category(category, interned));
        for arrow in slice.arrows.leaving() {
            fixed(event, event::FLOW, arrow.number);
        }
        for arrow in slice.arrows.arriving() {
            fixed(event, event::FLOW_END, arrow.number);
        }
        args.clear();
        slice.fields(&mut Args { buffer: args, components: self.components }, |_| true);
        if !args.is_empty() {
            bytes(event, event::ARGS, args);
        }
        self.open.push(slice.shown.end);
        self.event(start)
    }

    fn close(&mut self) -> io::Result<()> {
        while let Some(end) = self.open.pop() {
            self.end(end)?;
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
            let event = &mut self.scratch.event;
            event.clear();
            number(event, event::TYPE, event::COUNTER);
            match amount {
                Amount::Whole(value) => number(event, event::COUNT, value),
                Amount::Thousandths(value) => {
                    fixed(event, event::AMOUNT, (value as f64 / 1_000.0).to_bits());
                }
            }
            self.event(at)?;
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
