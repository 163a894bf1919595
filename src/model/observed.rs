//! A program as the kernel saw it from outside: nothing in it was changed for it.
//!
//! Counts are totals of threads. Whatever a thread did while it had no task, spinning for one
//! included, is in them.

use serde::Serialize;

use super::{Counter, Measured, Nanos, Scheduling};

/// A program from its `exec` to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Observed {
    /// The kernel's number of its first process.
    pub process: u32,
    /// How it ended.
    pub ended: Ended,
    /// Whether it was ended because it had taken longer than it was to.
    #[serde(skip)]
    pub out_of_time: bool,
    /// When it began, on the kernel's monotonic clock.
    #[serde(skip)]
    pub started: Nanos,
    /// From its `exec` to its end.
    pub wall: Nanos,
    /// Where the threads' times are from: the kernel's events, or why its accounting had to do.
    pub events: Measured<RingRecords>,
    /// Each counter that was asked for, summed over all threads.
    pub totals: Vec<Total>,
    /// All threads of all its processes, in the order in which they were seen first.
    pub threads: Vec<ObservedThread>,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Killed(i32),
}

/// What was read from the kernel's rings, and what is missing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RingRecords {
    /// Records read.
    pub records: u64,
    /// Records that found no room; what they said of threads is missing.
    pub lost: u64,
    /// Records that came too late to be put in order; their times were moved.
    pub late: u64,
    /// Bytes of each CPU's ring.
    pub ring: u64,
}

/// A counter's sum over all threads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Which counter.
    pub counter: Counter,
    /// What it had counted.
    pub value: Measured<u64>,
    /// How it is known.
    pub source: CountSource,
    /// What ran in the kernel is not in it.
    pub user_only: bool,
    /// It was on the CPU a part of the time only, and is scaled up.
    pub estimated: bool,
}

/// How a count is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CountSource {
    /// A counter of the kernel's or the CPU's.
    Counter,
    /// The switch records were counted.
    SwitchRecords,
    /// The kernel's accounting of processes that have ended.
    Accounting,
}

/// A thread as it was seen from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObservedThread {
    /// The kernel's number of its process.
    pub process: u32,
    /// The kernel's number of it.
    pub thread: u32,
    /// Its last name.
    pub name: Option<String>,
    /// When it began, counted from the program's `exec`.
    pub began: Nanos,
    /// Whether it ended before the program did, or with it.
    pub has_ended: bool,
    /// How its life was shared between CPU and no CPU.
    pub scheduling: Measured<Scheduling>,
    /// Each counter that was asked for, in the order of [`Observed::totals`]. What is scheduled
    /// counts from the thread's beginning, all else from `counted_from` on.
    pub counts: Vec<Measured<u64>>,
    /// How long after its beginning its counters were open, or why they never were.
    pub counted_from: Measured<Nanos>,
    /// At most so much of its CPU time was before that, and is not in its counters.
    pub uncounted: Nanos,
    /// Counters that were on the CPU a part of the time only; their values are scaled up.
    pub estimated: Vec<Counter>,
}

impl Observed {
    /// The sum of `counter` over all threads; `None` if it was not asked for or not measured.
    pub fn total(&self, counter: Counter) -> Option<u64> {
        self.totals.iter().find(|total| total.counter == counter)?.value.value().copied()
    }
}
