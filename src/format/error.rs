//! Why a file is not read.

use std::io;

use super::VERSION;
use super::args::EventProblem;

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
    #[error(
        "neither JSON nor a Perfetto trace from byte {byte} on; rayprism reads the traces that it wrote"
    )]
    NotJson {
        /// Where.
        byte: u64,
    },
    /// It is JSON, yet no trace.
    #[error("JSON, but no trace; rayprism reads the traces that it wrote")]
    NotATrace,
    /// It is a trace by another tool.
    #[error(
        "a trace without rayprism's header, so another tool wrote it; \
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
    #[error("the header (the first entry) is damaged: {problem}; record the trace again")]
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
    /// It is a Perfetto trace, and not as rayprism writes it.
    #[error("packet {packet} (byte {byte}) is damaged: {problem}; record the trace again")]
    Packet {
        /// Its number, from 1.
        packet: u64,
        /// Where.
        byte: u64,
        /// What is wrong.
        problem: &'static str,
    },
    /// It is compressed, and damaged.
    #[error("compressed with gzip, and damaged after {byte} unpacked bytes; get the whole file")]
    Unpack {
        /// How much could be unpacked.
        byte: u64,
        /// What is wrong.
        source: io::Error,
    },
    /// It is larger than was allowed.
    #[error("larger than {limit} bytes, the limit for what is unpacked; raise it with --max-size")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// One entry is larger than was allowed.
    #[error(
        "entry {entry} (byte {byte}) is larger than {limit} bytes, the limit for one entry; \
         raise it with --max-size"
    )]
    EntryTooLarge {
        /// Its number, from 1.
        entry: u64,
        /// Where it begins.
        byte: u64,
        /// The limit.
        limit: u64,
    },
}

impl ReadError {
    /// What a failure of the input means: it may be one of what unpacks and counts it on the way.
    pub(super) fn io(byte: u64, source: io::Error) -> Self {
        match source.downcast::<InputProblem>() {
            Ok(InputProblem::TooLarge(limit)) => Self::TooLarge { limit },
            Ok(InputProblem::Packed(source)) => Self::Unpack { byte, source },
            Err(source) => Self::Io { byte, source },
        }
    }
}

/// What is wrong with an input that is not its file's fault.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputProblem {
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    #[error("cannot be unpacked")]
    Packed(#[source] io::Error),
}
