//! The names of the components, and which question each answers.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::Serialize;

use crate::model::Nanos;

macro_rules! components {
    ($($(#[$doc:meta])* $variant:ident: $group:ident, $name:literal;)*) => {
        /// A component of the core-time of a pool. Every nanosecond of every worker is in exactly one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Component {
            $($(#[$doc])* $variant,)*
        }

        impl Component {
            /// All of them, in the order to be shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name, for people.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Which group's loss it is.
            pub fn group(self) -> Group {
                match self { $(Self::$variant => Group::$group,)* }
            }
        }
    };
}

components! {
    /// On a CPU, in the program's own code; it stands for the next three where there is no baseline
    /// to tell them apart.
    Work: Work, "work";
    /// What the serial elision of the program takes.
    Useful: Work, "useful work";
    /// What the parallel formulation does more than the serial one, in a pool of one worker.
    Algorithmic: Granularity, "algorithmic overhead";
    /// What the same code takes longer beside other workers; less than nothing where more caches help.
    Inflation: Contention, "inflation";
    /// On a CPU, with a job, but in none of the program's closures: split, push, pop, latch.
    Runtime: Granularity, "task management";
    /// In the program's reductions, which serial code does not have.
    Reduce: Granularity, "reductions";
    /// Work was queued, and idle workers were looking for it.
    StealLatency: Queueing, "scheduling: steal latency";
    /// Work was queued, and idle workers slept.
    LateWakeUp: Queueing, "scheduling: late wake-up";
    /// Work was queued; what idle workers did meanwhile is not known.
    Scheduling: Queueing, "scheduling";
    /// A join could have gone on, and its worker was running another task.
    Pinned: Queueing, "pinned continuation";
    /// Nothing ran: work was being handed to the pool, or its result to the caller.
    HandOver: Queueing, "hand-over";
    /// One task, or the caller outside the pool, worked alone.
    Serial: Parallelism, "serial";
    /// Too little to run: too little parallelism, or the tail of an imbalance.
    Starved: Parallelism, "starved";
    /// Waiting for the iterator that all leaves under `par_bridge` share.
    Producer: Parallelism, "starved (producer)";
    /// The pool's threads were not there yet, or not any more.
    PoolStart: Unassigned, "pool start";
    /// Off the CPU though it had a job and could run.
    Preempted: Queueing, "preempted";
    /// Off the CPU of its own will with a job, as in the serial elision: input, output, sleeps.
    BlockedOwn: Work, "blocked (the program's own)";
    /// Off the CPU of its own will with a job, more than the serial elision is.
    BlockedExcess: Contention, "blocked (excess)";
    /// Off the CPU of its own will with a job; without a baseline it is not known why.
    Blocked: Unassigned, "blocked (origin unknown)";
    /// No known job, while an operation ran whose inside public API does not show.
    Opaque: Unassigned, "opaque";
    /// The profiler's own cost.
    Probe: Unassigned, "profiler";
    /// What is in none of the others: the remainder of the identity.
    Unattributed: Unassigned, "unattributed";
}

/// What a loss is a matter of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// None: it is the program's work.
    Work,
    /// rayon's queues and the kernel's: work waited for a worker, or a worker for a CPU.
    Queueing,
    /// Workers were in each other's way: caches, memory, locks.
    Contention,
    /// Tasks are too small for what it takes to manage and join them.
    Granularity,
    /// There was not enough to do at the same time.
    Parallelism,
    /// None of these: a loss that no verdict rests on.
    Unassigned,
}

impl Group {
    /// The groups that a verdict may name.
    pub const LOSSES: [Self; 4] =
        [Self::Queueing, Self::Contention, Self::Granularity, Self::Parallelism];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Queueing => "queueing",
            Self::Contention => "contention",
            Self::Granularity => "granularity",
            Self::Parallelism => "parallelism",
            Self::Unassigned => "unassigned",
        }
    }
}

/// Core-time in nanoseconds (workers × time); a difference of two may be less than nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CoreTime(pub i64);

impl CoreTime {
    /// None.
    pub const ZERO: Self = Self(0);

    /// In cores of a window of that length; `None` if the window is empty.
    pub fn cores(self, window: Nanos) -> Option<f64> {
        (window > Nanos::ZERO).then(|| self.0 as f64 / window.0 as f64)
    }
}

impl From<Nanos> for CoreTime {
    /// More nanoseconds than 63 bits hold are 292 years.
    fn from(time: Nanos) -> Self {
        Self(i64::try_from(time.0).unwrap_or(i64::MAX))
    }
}

impl Add for CoreTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for CoreTime {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for CoreTime {
    type Output = Self;

    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl AddAssign for CoreTime {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for CoreTime {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for CoreTime {
    /// As [`Nanos`], with a sign before what is less than nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "−" } else { "" };
        write!(f, "{sign}{}", Nanos(self.0.unsigned_abs()))
    }
}
