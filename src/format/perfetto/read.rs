//! The reader: a file back into the trace that it was written from, or what is wrong with it.

use std::collections::HashMap;
use std::io::{self, Read};

use flate2::read::ZlibDecoder;

use super::packets::{Fault, Packets};
use super::schema::Schema;
use super::sequence::{Problem, Sequence, TrackEvent};
use super::wire::{Fields, Malformed};
use super::{CLEARED, event, head, packet};
use crate::format::error::ReadError;
use crate::format::gather::Gathered;
use crate::format::head::Head;
use crate::format::{FORMAT, Limits, VERSION};
use crate::model::Trace;

/// Reads a trace that [`write`](super::write()) wrote. The events of each lane are in the order
/// that [`Lane::events`](crate::model::Lane::events) promises.
///
/// Reads in large pieces: `input` needs no buffer of its own.
///
/// # Errors
///
/// If the input fails, or is not a whole and undamaged trace in a format known here.
pub fn read(input: impl Read) -> Result<Trace, ReadError> {
    read_within(input, &Limits::default())
}

/// The same, with limits of its own.
pub(in crate::format) fn read_within(
    input: impl Read,
    limits: &Limits,
) -> Result<Trace, ReadError> {
    let mut packets = Packets::new(input, limits.entry);
    check_format(&mut packets)?;
    let mut gathered = Gathered::new(read_head(&mut packets, limits)?);
    let mut reader = Reader::new(limits);
    loop {
        let byte = packets.byte();
        let problem = match packets.next() {
            Ok(Some(packet)) => match reader.packet(packet, &mut gathered) {
                Ok(()) => continue,
                Err(problem) => problem,
            },
            Ok(None) if gathered.events() < gathered.promised() || reader.is_open() => {
                return Err(truncated(byte, &gathered));
            }
            Ok(None) => return gathered.finish(),
            Err(Fault::End) => return Err(truncated(packets.taken(), &gathered)),
            Err(fault) => return Err(faulty(fault, byte, &packets)),
        };
        return Err(problem.at(packets.number(), byte));
    }
}

fn truncated(byte: u64, gathered: &Gathered) -> ReadError {
    ReadError::Truncated { byte, events: gathered.events(), promised: gathered.promised() }
}

fn faulty<R: Read>(fault: Fault, byte: u64, packets: &Packets<R>) -> ReadError {
    let packet = packets.number();
    match fault {
        Fault::Io(source) => ReadError::io(packets.taken(), source),
        Fault::End => ReadError::TruncatedHeader { byte: packets.taken() },
        Fault::NoPacket if packet == 1 => ReadError::NotJson { byte },
        Fault::NoPacket => ReadError::Packet { packet, byte, problem: "it is no packet" },
        Fault::TooLarge(limit) => ReadError::EntryTooLarge { entry: packet, byte, limit },
    }
}

/// Whether the first packet says that it is of a trace in a format known here. Looks at nothing that
/// a later version might change.
fn check_format<R: Read>(packets: &mut Packets<R>) -> Result<(), ReadError> {
    let first = match packets.next() {
        Ok(Some(first)) => said_of_head(first),
        Ok(None) => return Err(ReadError::Empty),
        Err(fault) => return Err(faulty(fault, 0, packets)),
    };
    let said = first.map_err(|Malformed| ReadError::NotJson { byte: 0 })?;
    match said {
        Some(Said { format: Some(FORMAT), version: Some(version), .. }) => {
            let known = version <= u64::from(VERSION);
            if known { Ok(()) } else { Err(ReadError::Newer { found: version }) }
        }
        _ => Err(ReadError::Foreign),
    }
}

/// What a packet says of the head.
#[derive(Debug, Default)]
struct Said<'a> {
    format: Option<&'a str>,
    version: Option<u64>,
    part: Option<&'a [u8]>,
    last: bool,
}

fn said_of_head(packet: &[u8]) -> Result<Option<Said<'_>>, Malformed> {
    let mut found = None;
    for field in Fields(packet) {
        if let (packet::HEAD, value) = field? {
            let mut said = Said::default();
            for field in Fields(value.bytes()?) {
                match field? {
                    (head::FORMAT, value) => said.format = Some(value.text()?),
                    (head::VERSION, value) => said.version = Some(value.number()?),
                    (head::PART, value) => said.part = Some(value.bytes()?),
                    (head::LAST, value) => said.last = value.number()? == 1,
                    _ => {}
                }
            }
            found = Some(said);
        }
    }
    Ok(found)
}

/// Gathers the head's parts, which are all before the first event.
fn read_head<R: Read>(
    packets: &mut Packets<R>,
    limits: &Limits,
) -> Result<Head<'static>, ReadError> {
    let mut packed = Vec::new();
    loop {
        let byte = packets.byte();
        let said = match packets.next() {
            Ok(Some(packet)) => said_of_head(packet),
            Ok(None) => return Err(ReadError::TruncatedHeader { byte }),
            Err(fault) => return Err(faulty(fault, byte, packets)),
        };
        match said {
            Ok(Some(Said { part: Some(part), last: false, .. })) => {
                if (packed.len() + part.len()) as u64 > limits.entry {
                    let limit = limits.entry;
                    return Err(ReadError::EntryTooLarge { entry: packets.number(), byte, limit });
                }
                packed.extend_from_slice(part);
            }
            Ok(Some(Said { last: true, .. })) => return unpack_head(&packed, limits.entry),
            Ok(_) | Err(Malformed) => {
                let problem = format!("packet {} is no part of it", packets.number());
                return Err(ReadError::Header { problem });
            }
        }
    }
}

fn unpack_head(packed: &[u8], limit: u64) -> Result<Head<'static>, ReadError> {
    let header = |problem: String| ReadError::Header { problem };
    let mut json = Vec::new();
    let mut unpacked = ZlibDecoder::new(packed).take(limit.saturating_add(1));
    unpacked.read_to_end(&mut json).map_err(|error: io::Error| header(error.to_string()))?;
    if json.len() as u64 > limit {
        return Err(ReadError::EntryTooLarge { entry: 1, byte: 0, limit });
    }
    serde_json::from_slice(&json).map_err(|error| header(error.to_string()))
}

/// What the packets so far have said.
struct Reader<'l> {
    schema: Schema,
    /// Which sequence is where, and which was the last one's: packets of one come together.
    numbers: HashMap<u64, usize>,
    last: Option<(u64, usize)>,
    sequences: Vec<Sequence>,
    limits: &'l Limits,
    /// How many bytes were unpacked.
    unpacked: u64,
}

/// A packet's fields.
#[derive(Default)]
struct Packet<'a> {
    sequence: u64,
    timestamp: Option<u64>,
    cleared: bool,
    defaults: Option<&'a [u8]>,
    interned: Option<&'a [u8]>,
    extension: Option<&'a [u8]>,
    event: Option<&'a [u8]>,
    packed: Option<&'a [u8]>,
}

impl<'a> Packet<'a> {
    fn read(packet: &'a [u8]) -> Result<Self, Malformed> {
        let mut read = Self::default();
        for field in Fields(packet) {
            match field? {
                (packet::SEQUENCE, value) => read.sequence = value.number()?,
                (packet::TIMESTAMP, value) => read.timestamp = Some(value.number()?),
                (packet::FLAGS, value) => read.cleared = value.number()? & CLEARED != 0,
                (packet::DEFAULTS, value) => read.defaults = Some(value.bytes()?),
                (packet::INTERNED, value) => read.interned = Some(value.bytes()?),
                (packet::EXTENSION, value) => read.extension = Some(value.bytes()?),
                (packet::TRACK_EVENT, value) => read.event = Some(value.bytes()?),
                (packet::PACKED, value) => read.packed = Some(value.bytes()?),
                _ => {}
            }
        }
        Ok(read)
    }
}

impl<'l> Reader<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            schema: Schema::default(),
            numbers: HashMap::new(),
            last: None,
            sequences: Vec::new(),
            limits,
            unpacked: 0,
        }
    }

    /// Whether a slice has not ended.
    fn is_open(&self) -> bool {
        self.sequences.iter().any(Sequence::is_open)
    }

    /// A packet, or those that are packed in it.
    fn packet(&mut self, packet: &[u8], gathered: &mut Gathered) -> Result<(), Problem> {
        let packet = Packet::read(packet)?;
        let Some(packed) = packet.packed else { return self.single(&packet, gathered) };
        for inner in Fields(&self.unpack(packed)?) {
            let (1, inner) = inner? else { return Err(Malformed.into()) };
            let inner = Packet::read(inner.bytes()?)?;
            if inner.packed.is_some() {
                return Err(Problem::Packet("what is packed in it is packed again"));
            }
            self.single(&inner, gathered)?;
        }
        Ok(())
    }

    fn unpack(&mut self, packed: &[u8]) -> Result<Vec<u8>, Problem> {
        let Limits { total, entry } = *self.limits;
        let mut unpacked = Vec::new();
        let mut input = ZlibDecoder::new(packed).take(entry.saturating_add(1));
        let taken = input.read_to_end(&mut unpacked);
        let length = taken.map_err(|_| Problem::Packet("it cannot be unpacked"))? as u64;
        self.unpacked = self.unpacked.saturating_add(length);
        if length > entry {
            return Err(Problem::TooLarge(entry));
        }
        if self.unpacked > total {
            return Err(Problem::AllTooLarge(total));
        }
        Ok(unpacked)
    }

    fn single(&mut self, packet: &Packet<'_>, gathered: &mut Gathered) -> Result<(), Problem> {
        if let Some(extension) = packet.extension {
            self.schema = Schema::read(extension)?;
        }
        let at = self.place(packet.sequence);
        let sequence = &mut self.sequences[at];
        if packet.cleared {
            sequence.clear(packet.defaults)?;
        }
        if let Some(interned) = packet.interned {
            sequence.intern(interned)?;
        }
        let Some(event) = packet.event else { return Ok(()) };
        sequence.step(packet.timestamp)?;
        let event = TrackEvent::read(event)?;
        match event.of {
            event::BEGIN => sequence.begin(packet.sequence, &event, &self.schema, gathered),
            event::END => sequence.end(gathered),
            _ => Ok(()),
        }
    }

    /// Where a sequence is.
    fn place(&mut self, number: u64) -> usize {
        if let Some((_, at)) = self.last.filter(|(last, _)| *last == number) {
            return at;
        }
        let next = self.sequences.len();
        let at = *self.numbers.entry(number).or_insert(next);
        if at == next {
            self.sequences.push(Sequence::default());
        }
        self.last = Some((number, at));
        at
    }
}
