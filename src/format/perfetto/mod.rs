//! Perfetto's protobuf (`TrackEvent`), as its UI and trace processor open it, and as rayprism reads
//! it back. A file is a sequence of packets, each of which belongs to a *sequence* of its own that
//! shares defaults, names and a clock:
//!
//! 1. the head: what it is, and all of the trace but its events, as packed JSON, in a field that
//!    viewers do not know (`write.rs`);
//! 2. the schema: what is said of events is a message `args` that extends `TrackEvent`, and its
//!    descriptor is in the file (`schema.rs`). Viewers then show and query the same arguments as in
//!    Chrome JSON, under the same names, and each takes two or three bytes;
//! 3. descriptors of the process and its threads;
//! 4. a sequence for each thread: its slices as begins and ends, names and categories interned,
//!    times counted from the packet before; arrows are flows of the begins;
//! 5. a sequence for each counter track.
//!
//! What stands behind the head is packed at first, some packets in one, which makes a small file
//! much smaller; packing all of a large one would take longer than everything else together.
//!
//! The reader takes 1, 2 and 4. It knows no numbers of fields of `args` but those that the file's
//! schema gives them.
//!
//! Protobuf is written and read by hand (`wire.rs`): it is varints and lengths. prost keeps the
//! parts that would help hidden from its documentation and makes whole messages of everything
//! else, an allocation for each field that is not a number; quick-protobuf is not maintained;
//! micropb is for generated code.

#[cfg_attr(not(feature = "read"), allow(dead_code, reason = "the way back"))]
mod schema;
#[cfg_attr(not(feature = "read"), allow(dead_code, reason = "the way back"))]
mod wire;
mod write;

#[cfg(feature = "read")]
mod packets;
#[cfg(feature = "read")]
mod read;
#[cfg(feature = "read")]
mod sequence;

#[cfg(feature = "read")]
pub use read::read;
#[cfg(feature = "read")]
pub(in crate::format) use read::read_within;
pub use write::{write, write_annotated};

/// Fields of `TracePacket`.
mod packet {
    pub(super) const CLOCK_SNAPSHOT: u32 = 6;
    pub(super) const TIMESTAMP: u32 = 8;
    pub(super) const SEQUENCE: u32 = 10;
    pub(super) const TRACK_EVENT: u32 = 11;
    pub(super) const INTERNED: u32 = 12;
    pub(super) const FLAGS: u32 = 13;
    /// More packets, packed with zlib.
    pub(super) const PACKED: u32 = 50;
    pub(super) const CLOCK: u32 = 58;
    pub(super) const DEFAULTS: u32 = 59;
    pub(super) const TRACK_DESCRIPTOR: u32 = 60;
    pub(super) const EXTENSION: u32 = 72;
    /// Ours; viewers step over it.
    pub(super) const HEAD: u32 = 9900;
}

/// Fields of [`packet::HEAD`].
mod head {
    pub(super) const FORMAT: u32 = 1;
    pub(super) const VERSION: u32 = 2;
    /// A part of the packed JSON.
    pub(super) const PART: u32 = 3;
    /// That this was the last part.
    pub(super) const LAST: u32 = 4;
}

/// Fields of `TrackEvent`.
mod event {
    pub(super) const CATEGORY: u32 = 3;
    pub(super) const TYPE: u32 = 9;
    pub(super) const NAME: u32 = 10;
    pub(super) const TRACK: u32 = 11;
    pub(super) const COUNT: u32 = 30;
    pub(super) const AMOUNT: u32 = 44;
    pub(super) const FLOW: u32 = 47;
    pub(super) const FLOW_END: u32 = 48;
    /// In the range that is left to everyone's own extensions.
    pub(super) const ARGS: u32 = 9900;

    pub(super) const BEGIN: u64 = 1;
    pub(super) const END: u64 = 2;
    pub(super) const COUNTER: u64 = 4;
}

/// A clock of each sequence: its times count from the packet before.
const CLOCK: u64 = 64;

/// The clock of the trace as a whole, which is `BOOTTIME`.
const TRACE_CLOCK: u64 = 6;

/// The flag of a sequence's first packet.
const CLEARED: u64 = 1;
