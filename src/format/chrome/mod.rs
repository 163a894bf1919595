//! Chrome JSON, as Perfetto and chrome://tracing open it, and as rayprism reads it back.
//!
//! The file is one array with an entry a line:
//!
//! 1. a metadata entry named `rayprism` that viewers ignore: the format's version and all of the
//!    trace but its events;
//! 2. names and order of the process and its threads; a lane is a thread, and so is what it was off
//!    the CPU for, if that is known;
//! 3. lane by lane, its events as complete slices (`X`), an event's fields as their `args`;
//!    among them slices of the category `wait`, which are derived, and the ends of arrows
//!    (`s`, `f`) behind their slices; then its stretches off the CPU likewise, with names that are
//!    derived;
//! 4. counters (`C`), derived likewise, and what an analysis says:
//!    counters of cores by component, and `core_ns` among the `args` of operations.
//!
//! The reader needs 1 and what is not derived of 3. It takes any layout of white space and any order of
//! keys, so that a file that passed through another JSON tool is still a trace.

mod json;
#[cfg_attr(not(feature = "read"), allow(dead_code, reason = "the way back"))]
mod number;
mod write;

#[cfg(feature = "read")]
mod entries;
#[cfg(feature = "read")]
mod line;
#[cfg(feature = "read")]
mod read;
#[cfg(feature = "read")]
mod scan;

#[cfg(feature = "read")]
pub use super::{EventProblem, ReadError};
pub(super) use json::write_json;
#[cfg(feature = "read")]
pub use read::read;
#[cfg(feature = "read")]
pub(super) use read::read_within;
pub use write::{write, write_annotated};

/// The `pid` of the one process.
const PID: u32 = 1;
