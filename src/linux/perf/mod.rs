//! `perf_event_open`: counters and switch records of threads, and why where there are none.

pub mod outside;

mod bell;
mod event;
mod plan;
mod reason;
mod switches;
mod threads;

pub use bell::{Bell, Rope, Woken};
pub use event::Target;
pub use plan::{NEVER_RAN, Plan, WORDS};
pub use reason::{is_filtered, paranoid_level};
pub use switches::{Direction, Record, SwitchRing, monotonic_now};
pub use threads::ThreadCounters;
