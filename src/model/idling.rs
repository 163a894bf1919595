//! What a worker does while it has no job: it looks for one, and sleeps where there is none. Only
//! rayon itself sees this; it stands beside a lane's events.

use serde::{Deserialize, Serialize};

use super::{LaneId, Measured, Nanos, Span};

/// What a thread did without a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Idling {
    /// How often, exact whatever became of the stretches.
    pub counts: Measured<IdleCounts>,
    /// When, in order of time and without overlap. Short ones may not have been kept.
    pub stretches: Vec<Idle>,
}

impl Idling {
    /// Nothing, for `reason`.
    pub fn unmeasured(reason: &str) -> Self {
        Self { counts: Measured::Not(reason.to_owned()), stretches: Vec::new() }
    }

    /// Sorts the stretches into the order that is promised.
    pub fn sort(&mut self) {
        self.stretches.sort_by_key(|idle| (idle.span().start, idle.span().end));
    }

    /// The sleeps that were kept.
    pub fn sleeps(&self) -> impl Iterator<Item = &Sleep> {
        self.stretches.iter().filter_map(|idle| match idle {
            Idle::Sleep(sleep) => Some(sleep),
            Idle::Search(_) => None,
        })
    }
}

impl Default for Idling {
    fn default() -> Self {
        Self::unmeasured("the trace was recorded without it")
    }
}

/// What a thread counted while it had no job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleCounts {
    /// Searches for work that ended.
    pub searches: u64,
    /// Rounds of these in which it looked everywhere and found nothing.
    pub failed_rounds: u64,
    /// Times that it left the CPU to others between two rounds.
    pub yields: u64,
    /// Times that it fell asleep.
    pub sleeps: u64,
    /// Sleeping workers that it woke. A thread that is no worker wakes some, too.
    pub wakes: u64,
}

impl IdleCounts {
    /// Both together, as of one thread.
    pub fn plus(self, other: Self) -> Self {
        Self {
            searches: self.searches + other.searches,
            failed_rounds: self.failed_rounds + other.failed_rounds,
            yields: self.yields + other.yields,
            sleeps: self.sleeps + other.sleeps,
            wakes: self.wakes + other.wakes,
        }
    }
}

/// A stretch in which a worker had no job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// It looked for one.
    Search(Search),
    /// It slept.
    Sleep(Sleep),
}

impl Idle {
    /// When.
    pub fn span(&self) -> Span {
        match self {
            Self::Search(search) => search.span,
            Self::Sleep(sleep) => sleep.span,
        }
    }

    /// When, to be changed.
    #[cfg_attr(not(feature = "read"), allow(dead_code, reason = "stretches come whole"))]
    pub(crate) fn span_mut(&mut self) -> &mut Span {
        match self {
            Self::Search(search) => &mut search.span,
            Self::Sleep(sleep) => &mut sleep.span,
        }
    }
}

/// A worker that had none of its own looked for work elsewhere: in others' deques, and at the pool's
/// entrance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// From when it found its own deque empty.
    pub span: Span,
    /// Rounds in which it found nothing.
    pub rounds: u64,
    /// Times that it left the CPU to others in between.
    pub yields: u64,
    /// How it ended.
    pub end: SearchEnd,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchEnd {
    /// It found a job.
    Found,
    /// The latch was set that the worker waited for: what it waited for is done, or, of a worker in
    /// no task, its pool ends.
    Latch,
    /// The worker fell asleep.
    Asleep,
}

/// A worker slept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sleep {
    /// From falling asleep to running again.
    pub span: Span,
    /// What woke it; `None` where that was not recorded, and while it sleeps.
    pub wake: Option<Wake>,
    /// Whether it still slept when the recording ended, or when events began to be missing.
    pub open: bool,
}

/// What woke a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When; the worker runs again some time later.
    pub at: Nanos,
    /// The lane of the thread that did it.
    pub by: LaneId,
    /// Why.
    pub reason: WakeReason,
}

/// Why a worker was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WakeReason {
    /// The latch was set that it waited for.
    Latch,
    /// There were more jobs than workers awake to look for them.
    Jobs,
}
