//! The recorder: per-thread state and buffers, nothing shared and no lock on the hot path, one
//! clock. README.md in this folder states the protocol.
//!
//! This folder also goes, as source, into places where no crate can follow: it uses std alone,
//! names its own parts by `super` alone, and compiles by itself in edition 2021. It does no I/O but
//! mapping what another process gives it to record into (`attach`), knows no rayon, and leaves it to
//! a front end to say which thread is which.

#![allow(clippy::collapsible_if, reason = "edition 2021 has no let chains")]

pub mod attach;
mod buffer;
pub mod clock;
mod cost;
mod counted;
mod depths;
mod elision;
pub mod event;
mod feed;
mod gauge;
#[cfg(test)]
mod hand_over_tests;
mod idle;
mod ids;
mod iterator;
mod join;
mod lane;
#[cfg(test)]
mod lane_tests;
mod link;
mod listener;
mod log;
mod mapping;
mod memory;
mod notebook;
mod open;
#[cfg(test)]
mod open_tests;
mod operation;
pub mod parent;
mod part;
mod pending;
mod phase;
mod places;
mod progress;
mod recorder;
mod sync;
mod task;
mod texts;
mod time;

pub use cost::{Costs, measure as measure_costs};
pub use counted::{Carried, Counted, CountedAt};
pub use elision::call_both;
pub use event::{OperationKind, Origin, SecondHalf, WakeReason};
pub use gauge::{GAUGE_WORDS, Gauge, Reading};
pub use idle::{Asleep, Bed};
pub use ids::{EventId, LaneId, PoolId, TextId};
pub use iterator::{OpenIterator, Run, Seen};
pub use join::{Halves, Mark, OpenJoin, Timed};
pub use lane::{Lane, Slow};
pub use link::{Arrival, Link};
pub use listener::{Closed, Listener, Opened, Opening, listen_with};
pub use log::{Counts, Figures, Tally};
pub use operation::{OpenOperation, Wait};
pub use part::{Done, Half, OpenLeaf, OpenReduction, OpenSplit};
pub use phase::Phase;
pub use places::{Call, Meaning, Names};
pub use recorder::{
    AlreadyRecording, Detail, Ended, Identity, Member, OnFull, PoolEntry, Recording, Seat,
    Settings, is_recording, members, new_pool, new_pool_seen_within, set_pool_threads,
    set_pool_uses_current_thread, start, stop,
};
pub use task::Running;
pub use time::{Nanos, Ticks};
