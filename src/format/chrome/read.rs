//! The reader: a file back into the trace that it was written from, or what is wrong with it.

use std::io::{self, Read};

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::entries::{Entries, Fault};
use super::line::{self, Parsed};
use super::scan;
use crate::format::args::Args;
use crate::format::error::ReadError;
use crate::format::gather::Gathered;
use crate::format::head::Head;
use crate::format::{FORMAT, Limits, VERSION};
use crate::model::{Counter, Trace};

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
    let mut entries = Entries::new(input, limits.entry);
    open(&mut entries)?;
    let mut gathered = Gathered::new(read_head(&mut entries)?);
    read_events(&mut entries, &mut gathered)?;
    gathered.finish()
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
        Some(_) => Err(ReadError::NotJson { byte: entries.byte() }),
    }
}

fn peek<R: Read>(entries: &mut Entries<R>) -> Result<Option<u8>, ReadError> {
    let byte = entries.byte();
    entries.peek().map_err(|fault| match fault {
        Fault::Io(source) => ReadError::io(entries.taken(), source),
        Fault::TooLarge(limit) => ReadError::EntryTooLarge { entry: 1, byte, limit },
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
        Err(error) if error.is_io() => ReadError::io(byte, error.into()),
        Err(_) => ReadError::NotJson { byte },
    }
}

fn read_head<R: Read>(entries: &mut Entries<R>) -> Result<Head<'static>, ReadError> {
    let (byte, first) = (entries.byte(), entries.next(whole_value));
    let first = first.map_err(|fault| match fault {
        Fault::Io(source) => ReadError::io(entries.taken(), source),
        Fault::TooLarge(limit) => ReadError::EntryTooLarge { entry: 1, byte, limit },
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
    gathered: &mut Gathered,
) -> Result<(), ReadError> {
    loop {
        let byte = entries.byte();
        let entry = match entries.next(|bytes| said(bytes, gathered.counters())) {
            Ok(Some(entry)) => entry,
            Ok(None) => return end(entries),
            Err(fault) => return Err(in_events(fault, entries, gathered)),
        };
        let added = entry
            .and_then(|said| said.map_or(Ok(()), |(tid, said)| gathered.add(tid, said).map(drop)));
        let entry = entries.number();
        added.map_err(|problem| ReadError::Event { entry, byte, problem })?;
    }
}

/// Steps out of the array, after which nothing may follow.
fn end<R: Read>(entries: &mut Entries<R>) -> Result<(), ReadError> {
    entries.skip();
    let after = peek(entries)?;
    let (entry, byte) = (entries.number(), entries.byte());
    let problem = "more follows after the end of the array".to_owned();
    after.map_or(Ok(()), |_| Err(ReadError::Entry { entry, byte, problem }))
}

fn in_events<R: Read>(fault: Fault, entries: &Entries<R>, gathered: &Gathered) -> ReadError {
    let (entry, byte) = (entries.number(), entries.byte());
    let (events, promised) = (gathered.events(), gathered.promised());
    match fault {
        Fault::Io(source) => ReadError::io(entries.taken(), source),
        Fault::TooLarge(limit) => ReadError::EntryTooLarge { entry, byte, limit },
        Fault::End => ReadError::Truncated { byte: entries.taken(), events, promised },
        Fault::Syntax(error) => ReadError::Entry { entry, byte, problem: bare(&error) },
        Fault::Separator => {
            ReadError::Entry { entry, byte, problem: "no comma after it".to_owned() }
        }
    }
}

fn said(bytes: &[u8], counters: &[Counter]) -> serde_json::Result<(Parsed, usize)> {
    if let Some(length) = scan::derived(bytes) {
        return Ok((Ok(None), length));
    }
    let mut args = Args::new();
    match scan::slice(bytes, &mut args) {
        Some((slice, length)) => Ok((line::scanned(slice, &args, counters), length)),
        None => line::entry(bytes, counters),
    }
}
