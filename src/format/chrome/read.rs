//! The reader: a file back into the trace that it was written from, or what is wrong with it.

use std::io::{self, Read};

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::entries::{Entries, Fault};
use super::head::{Head, Promise};
use super::line::{EventProblem, Line, Said};
use super::threads::{Shows, Threads};
use super::{FORMAT, VERSION, quick};
use crate::model::{Counter, Event, Trace};

/// Events that a lane gets room for at first, however many the header promises.
const ROOM: u64 = 1 << 16;

/// Why a file is not a trace.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The input failed.
    #[error("failed to read on after byte {byte}")]
    Io {
        /// Where.
        byte: u64,
        /// How.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("the file is empty; record it again")]
    Empty,
    /// It is no text in JSON.
    #[error("not JSON from byte {byte} on; rayprism reads the .json traces that it wrote")]
    NotJson {
        /// Where.
        byte: u64,
    },
    /// It is compressed.
    #[error("compressed with gzip; unpack it with gunzip first")]
    Gzip,
    /// It is JSON, yet no trace.
    #[error("JSON, but no trace; rayprism reads the .json traces that it wrote")]
    NotATrace,
    /// It is a trace by another tool.
    #[error(
        "a Chrome trace without rayprism's header, so another tool wrote it; \
         rayprism reads only its own, Perfetto opens both"
    )]
    Foreign,
    /// It is in a format of the future.
    #[error(
        "in trace format {found}, newer than {VERSION}, the newest known here; update rayprism"
    )]
    Newer {
        /// Its version.
        found: u64,
    },
    /// Its header is not as rayprism writes it.
    #[error("the header (line 1) is damaged: {problem}; record the trace again")]
    Header {
        /// What is wrong.
        problem: String,
    },
    /// It ends too early.
    #[error(
        "truncated at byte {byte}, after {events} of {promised} events; \
         record it again, or get the whole file"
    )]
    Truncated {
        /// Where.
        byte: u64,
        /// How many events are there.
        events: u64,
        /// How many the header promises.
        promised: u64,
    },
    /// It ends within the header.
    #[error("truncated at byte {byte}, within the header; record it again, or get the whole file")]
    TruncatedHeader {
        /// Where.
        byte: u64,
    },
    /// An entry is not as rayprism writes it.
    #[error("entry {entry} (byte {byte}) is damaged: {problem}; record the trace again")]
    Entry {
        /// Its number, from 1; a line holds one.
        entry: u64,
        /// Where.
        byte: u64,
        /// What is wrong.
        problem: String,
    },
    /// An event is incomplete, or contradicts the header.
    #[error("entry {entry} (byte {byte}) is no event of this trace: {problem}; record it again")]
    Event {
        /// Its number, from 1; a line holds one.
        entry: u64,
        /// Where.
        byte: u64,
        /// What is wrong.
        problem: EventProblem,
    },
    /// Whole entries are missing, or were added.
    #[error("lane {lane} has {found} {what}, but the header promises {promised}; record it again")]
    Count {
        /// The lane's position in the trace.
        lane: usize,
        /// What they are, in the plural.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many there should be.
        promised: u64,
    },
}

/// Reads a trace that [`write`](super::write()) wrote. The events of each lane are in the order
/// that [`Lane::events`](crate::model::Lane::events) promises.
///
/// Reads in large pieces: `input` needs no buffer of its own.
///
/// # Errors
///
/// If the input fails, or is not a whole and undamaged trace in a format known here.
pub fn read(input: impl Read) -> Result<Trace, ReadError> {
    let mut entries = Entries::new(input);
    open(&mut entries)?;
    let head = read_head(&mut entries)?;
    let (promised, threads, counters) = (head.promises(), head.threads(), head.counters());
    let mut trace = head.into_trace();
    for (lane, Promise { events, off_cpu, .. }) in trace.lanes.iter_mut().zip(&promised) {
        lane.events.reserve((*events).min(ROOM) as usize);
        lane.watched.off_cpu.reserve((*off_cpu).min(ROOM) as usize);
    }
    let into = Into { trace: &mut trace, threads, counters };
    read_events(&mut entries, into, &promised)?;
    check_counts(&trace, &promised)?;
    sort(&mut trace);
    Ok(trace)
}

/// What events are read into.
struct Into<'t> {
    trace: &'t mut Trace,
    threads: Threads,
    /// In the header's order.
    counters: Vec<Counter>,
}

/// Entries may stand in any order.
fn sort(trace: &mut Trace) {
    trace.sort_events();
    for lane in &mut trace.lanes {
        lane.watched.off_cpu.sort_by_key(|off| (off.span.start, off.span.end));
    }
}

/// Steps into the array.
fn open<R: Read>(entries: &mut Entries<R>) -> Result<(), ReadError> {
    match peek(entries)? {
        None => Err(ReadError::Empty),
        Some(b'[') => {
            entries.skip();
            Ok(())
        }
        Some(b'{') => Err(object(entries)),
        Some(0x1f) => Err(ReadError::Gzip),
        Some(_) => Err(ReadError::NotJson { byte: entries.byte() }),
    }
}

fn peek<R: Read>(entries: &mut Entries<R>) -> Result<Option<u8>, ReadError> {
    let byte = entries.byte();
    entries.peek().map_err(|fault| match fault {
        Fault::Io(source) => ReadError::Io { byte: entries.taken(), source },
        Fault::End | Fault::Syntax(_) | Fault::Separator => ReadError::NotJson { byte },
    })
}

/// What a file is that starts with an object, which no trace of rayprism's does.
fn object<R: Read>(entries: &mut Entries<R>) -> ReadError {
    #[derive(Deserialize)]
    struct Chrome {
        #[serde(rename = "traceEvents")]
        trace_events: Option<IgnoredAny>,
    }
    let byte = entries.byte();
    let object: Result<Chrome, _> = serde_json::from_reader(io::BufReader::new(entries.rest()));
    match object {
        Ok(Chrome { trace_events: Some(_) }) => ReadError::Foreign,
        Ok(_) => ReadError::NotATrace,
        Err(error) if error.is_io() => ReadError::Io { byte, source: error.into() },
        Err(_) => ReadError::NotJson { byte },
    }
}

fn read_head<R: Read>(entries: &mut Entries<R>) -> Result<Head<'static>, ReadError> {
    let (byte, first) = (entries.byte(), entries.next(whole_value));
    let first = first.map_err(|fault| match fault {
        Fault::Io(source) => ReadError::Io { byte: entries.taken(), source },
        Fault::End => ReadError::TruncatedHeader { byte: entries.taken() },
        Fault::Syntax(_) | Fault::Separator => ReadError::NotJson { byte },
    })?;
    let first = first.ok_or(ReadError::NotATrace)?;
    check_format(&first)?;
    #[derive(Deserialize)]
    struct Entry {
        args: Head<'static>,
    }
    let entry: Entry = parse(&first).map_err(|problem| ReadError::Header { problem })?;
    Ok(entry.args)
}

/// Takes a value as it stands, unread.
fn whole_value(bytes: &[u8]) -> serde_json::Result<(Vec<u8>, usize)> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    values.next().transpose()?;
    let length = values.byte_offset();
    Ok((bytes[..length].to_vec(), length))
}

/// Whether the first entry is the head of a trace in a format known here. Looks at nothing that a
/// later version might change.
fn check_format(first: &[u8]) -> Result<(), ReadError> {
    #[derive(Deserialize)]
    struct Entry {
        args: Option<Format>,
    }
    #[derive(Deserialize)]
    struct Format {
        format: String,
        version: u64,
    }
    #[derive(Deserialize)]
    struct Chrome {
        #[expect(dead_code, reason = "that it is there is all")]
        ph: IgnoredAny,
    }
    match parse::<Entry>(first) {
        Ok(Entry { args: Some(Format { format, version }) }) if format == FORMAT => {
            let known = u64::from(VERSION);
            if version <= known { Ok(()) } else { Err(ReadError::Newer { found: version }) }
        }
        _ if first.starts_with(b"{") && parse::<Chrome>(first).is_ok() => Err(ReadError::Foreign),
        _ => Err(ReadError::NotATrace),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| bare(&error))
}

/// What serde_json says, without a place that counts from the entry's start.
fn bare(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    text.strip_suffix(&place).map_or(text.clone(), str::to_owned)
}

fn read_events<R: Read>(
    entries: &mut Entries<R>,
    mut into: Into<'_>,
    promised: &[Promise],
) -> Result<(), ReadError> {
    let mut events: u64 = 0;
    loop {
        let byte = entries.byte();
        let entry = match entries.next(|bytes| said(bytes, &into.counters)) {
            Ok(Some(entry)) => entry,
            Ok(None) => return end(entries),
            Err(fault) => {
                return Err(in_events(fault, entries, events, all(promised)));
            }
        };
        let added = entry.and_then(|said| said.map_or(Ok(0), |said| into.add(said)));
        let entry = entries.number();
        events += added.map_err(|problem| ReadError::Event { entry, byte, problem })?;
    }
}

/// How many entries are to come, of all kinds.
fn all(promised: &[Promise]) -> u64 {
    let numbers = promised.iter().flat_map(|promise| {
        let Promise { events, off_cpu, phases, notes } = *promise;
        [events, off_cpu, phases, notes]
    });
    numbers.fold(0, u64::saturating_add)
}

/// Steps out of the array, after which nothing may follow.
fn end<R: Read>(entries: &mut Entries<R>) -> Result<(), ReadError> {
    entries.skip();
    let after = peek(entries)?;
    let (entry, byte) = (entries.number(), entries.byte());
    let problem = "more follows after the end of the array".to_owned();
    after.map_or(Ok(()), |_| Err(ReadError::Entry { entry, byte, problem }))
}

fn in_events<R: Read>(fault: Fault, entries: &Entries<R>, events: u64, promised: u64) -> ReadError {
    let (entry, byte) = (entries.number(), entries.byte());
    match fault {
        Fault::Io(source) => ReadError::Io { byte: entries.taken(), source },
        Fault::End => ReadError::Truncated { byte: entries.taken(), events, promised },
        Fault::Syntax(error) => ReadError::Entry { entry, byte, problem: bare(&error) },
        Fault::Separator => {
            ReadError::Entry { entry, byte, problem: "no comma after it".to_owned() }
        }
    }
}

type Parsed = Result<Option<(u64, Said)>, EventProblem>;

fn said(bytes: &[u8], counters: &[Counter]) -> serde_json::Result<(Parsed, usize)> {
    if let Some((tid, event, length)) = quick::join(bytes) {
        return Ok((Ok(Some((tid, Said::Event(event)))), length));
    }
    let mut lines = serde_json::Deserializer::from_slice(bytes).into_iter::<Line<'_>>();
    match lines.next().transpose()? {
        Some(line) => Ok((line.said(counters), lines.byte_offset())),
        None => Ok((Ok(None), 0)),
    }
}

impl Into<'_> {
    /// Adds an event or a stretch to its lane; how many were added: one.
    fn add(&mut self, (tid, said): (u64, Said)) -> Result<u64, EventProblem> {
        let lanes = self.trace.lanes.len();
        let shows = self.threads.shows(tid).ok_or(EventProblem::Lane { tid, lanes })?;
        match (said, shows) {
            (Said::Event(event), Shows::Events(lane)) => {
                self.check(&event)?;
                self.trace.lanes[lane].events.push(event);
            }
            (Said::OffCpu(off), Shows::OffCpu(lane)) => {
                self.trace.lanes[lane].watched.off_cpu.push(off);
            }
            (Said::Phase(phase), Shows::Told(lane)) => {
                self.trace.lanes[lane].told.phases.push(phase);
            }
            (Said::Note(note), Shows::Told(lane)) => {
                self.trace.lanes[lane].told.notes.push(note);
            }
            (Said::Event(_) | Said::OffCpu(_) | Said::Phase(_) | Said::Note(_), _) => return Err(EventProblem::Thread(tid)),
        }
        Ok(1)
    }

    /// Checks that the trace has what an event points to.
    fn check(&self, event: &Event) -> Result<(), EventProblem> {
        let trace = &self.trace;
        if let Some(site) = event.site().filter(|site| trace.site(*site).is_none()) {
            return Err(EventProblem::Site { site: site.0, sites: trace.sites.len() });
        }
        if let Some(chain) = event.chain().filter(|chain| trace.chain(*chain).is_none()) {
            return Err(EventProblem::Chain { chain: chain.0, chains: trace.chains.len() });
        }
        Ok(())
    }
}

fn check_counts(trace: &Trace, promised: &[Promise]) -> Result<(), ReadError> {
    for (lane, promise) in promised.iter().copied().enumerate() {
        let Promise { events, off_cpu, phases, notes } = promise;
        let held = &trace.lanes[lane];
        let compared = [
            ("events", held.events.len(), events),
            ("stretches off the CPU", held.watched.off_cpu.len(), off_cpu),
            ("spans of the program's own", held.told.phases.len(), phases),
            ("events of the program's own", held.told.notes.len(), notes),
        ];
        for (what, found, promised) in compared {
            let found = found as u64;
            if found != promised {
                return Err(ReadError::Count { lane, what, found, promised });
            }
        }
    }
    Ok(())
}
