//! Chrome JSON, as Perfetto and chrome://tracing open it, and as rayprism reads it back.
//!
//! The file is one array with an entry a line:
//!
//! 1. a metadata entry named `rayprism` that viewers ignore: the format's version and all of the
//!    trace but its events (`head.rs`);
//! 2. names and order of the process and its threads; a lane is a thread, and so is what it was off
//!    the CPU for, if that is known (`threads.rs`);
//! 3. lane by lane, its events as complete slices (`X`), an event's fields as their `args`
//!    (`fields.rs`); among them slices of the category `wait`, which are derived; then its stretches
//!    off the CPU likewise, with names that are derived;
//!    The program's own spans and events (slices of the category `phase`, instants `note`) stand on
//!    threads of their own, before the lanes; spans that cross are cut where they are shown;
//! 4. steal arrows (`s`, `f`) and counters (`C`), derived likewise, and what an analysis says:
//!    counters of cores by component, and `core_ns` among the `args` of operations.
//!
//! The reader needs 1 and what is not derived of 3. It takes any layout of white space and any order of
//! keys, so that a file that passed through another JSON tool is still a trace.

mod fields;
#[cfg_attr(not(feature = "read"), allow(dead_code, reason = "the way back"))]
mod head;
mod json;
#[cfg_attr(not(feature = "read"), allow(dead_code, reason = "the way back"))]
mod number;
mod text;
mod texts;
mod threads;
mod told;
mod write;

#[cfg(feature = "read")]
mod entries;
#[cfg(feature = "read")]
mod index;
#[cfg(feature = "read")]
mod line;
#[cfg(feature = "read")]
mod quick;
#[cfg(feature = "read")]
mod read;

#[cfg(feature = "read")]
pub use line::EventProblem;
#[cfg(feature = "read")]
pub use read::{ReadError, read};
pub use write::{write, write_annotated};

/// What the head says the file is.
const FORMAT: &str = "rayprism";

/// The format's version. A reader takes its own version and all before it.
///
/// 2: parallel iterators, with the categories `split`, `leaf` and `reduction`. What a file of
/// format 1 does not say of them is zero or empty there, as its recorder saw none; texts
/// without room it did not count.
///
/// 3: what the kernel and the hardware said: counters, readings and sums in the head, the category
/// `off-cpu`, counters of tasks. A file of formats 1 and 2 was recorded without it.
///
/// 4: what the program says of itself: the categories `phase` and `note`, on threads of their own.
const VERSION: u32 = 4;

/// The `pid` of the one process.
const PID: u32 = 1;

/// The first lane's `tid`. Not [`PID`]: viewers take the thread of that number for the main one.
const FIRST_TID: u64 = 2;

/// The category of slices that are derived from others' fields.
const WAIT: &str = "wait";

/// The category of slices in which a thread was in a span of the program's own.
const PHASE: &str = "phase";

/// The category of events of the program's own.
const NOTE: &str = "note";

/// The category of slices in which a thread was off the CPU.
const OFF_CPU: &str = "off-cpu";
