//! Idle time, split by what could have been run meanwhile.
//!
//! At each instant a pool's workers are busy or idle, and so many tasks are queued. Idle workers
//! that could have had one of these lost time to scheduling; for the others there was nothing to
//! run: because nothing had been handed over yet, because one task or the caller worked alone, or
//! because there was too little parallelism. A sweep over all changes in order of time does it, in
//! whole numbers, so that the parts are the whole.

mod changes;
mod sweep;

use serde::Serialize;

use super::Window;
use super::opaque::Opaque;
use crate::model::{Measured, Nanos, Pool, SchedulingSource};
use crate::timeline::{Row, Timeline};

/// Core-time of a pool's workers within a window, by what they could have run while they were idle.
/// All parts, with `busy`, add up to the time that the workers were there, but for a nanosecond each
/// of rounding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdleSplit {
    /// In tasks that did not wait, on a CPU or off it. Not idle.
    pub busy: Nanos,
    /// Without a known task while an operation ran whose inside is invisible: maybe not idle.
    pub opaque: Nanos,
    /// Not idle either: a thread that is no worker worked, in the place of one that had nothing to do.
    pub caller: Nanos,
    /// Work was queued, and the worker had none of it yet.
    pub scheduling: Nanos,
    /// Of that, what passed while the worker slept: late wake-up. In the rest it was looking for work:
    /// steal latency.
    pub waking: Measured<Nanos>,
    /// A join could have gone on, but its worker was running another task.
    pub pinned: Nanos,
    /// Nothing ran at all: work was being handed to the pool, or back to the caller.
    pub hand_over: Nanos,
    /// One task, or the caller outside the pool, worked alone.
    pub serial: Nanos,
    /// There was too little to run: too little parallelism, or the tail of an imbalance.
    pub starved: Nanos,
    /// Waiting for the iterator that all share under `par_bridge`, which gives out an item at a time.
    pub producer: Nanos,
}

impl IdleSplit {
    /// The split of a pool's time in a window.
    pub fn of(timeline: &Timeline, window: Window, pool: &Pool) -> Self {
        let opaque = Opaque::of(timeline, pool.id);
        let changes = changes::of(timeline, window.span, pool.id, &opaque);
        let split = sweep::sweep(changes);
        match timeline.workers(pool.id).iter().find_map(|row| no_sleeps(row)) {
            Some(reason) => Self { waking: Measured::Not(reason), ..split },
            None => split,
        }
    }

    /// All idle time.
    pub fn idle(&self) -> Nanos {
        self.scheduling + self.pinned + self.hand_over + self.serial + self.starved + self.producer
    }

    /// The parts' sum.
    pub fn total(&self) -> Nanos {
        self.busy + self.opaque + self.caller + self.idle()
    }
}

/// Why it is not known when a worker slept; `None` if it is.
pub(super) fn no_sleeps(row: &Row) -> Option<String> {
    let lane = row.lane();
    match &lane.watched.scheduling {
        Measured::Not(reason) => Some(reason.clone()),
        Measured::Is(sums) if sums.source == SchedulingSource::Accounting => {
            Some("the kernel's accounts give sums alone".to_owned())
        }
        Measured::Is(_) if lane.losses.off_cpu > 0 => {
            Some("some stretches off the CPU were too short to be kept".to_owned())
        }
        Measured::Is(_) => None,
    }
}
