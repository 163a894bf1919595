//! A trace: its lanes, the pools they belong to, and the call sites that events point to.

use std::cmp::Reverse;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Event, Header, Idling, LaneId, Nanos, PoolId, Told, Watched};

/// A whole recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The recording as a whole.
    pub header: Header,
    /// The pools, in the order of building.
    pub pools: Vec<Pool>,
    /// Call sites; a [`SiteId`] is an index into them.
    pub sites: Vec<Site>,
    /// What parallel iterators are, in words such as `Range<u64> → map → sum`; a [`ChainId`] is an
    /// index into them.
    pub chains: Vec<String>,
    /// Threads that are no workers first, then workers by pool and index.
    pub lanes: Vec<Lane>,
}

/// A value, or why there is none. Never a zero that stands for "unknown".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measured<T> {
    /// It was measured.
    Is(T),
    /// It was not, for this reason: a bare lower-case phrase.
    Not(String),
}

impl<T> Measured<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Not(_) => None,
        }
    }

    /// The same with the value changed, if there is one.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Measured<U> {
        match self {
            Self::Is(value) => Measured::Is(change(value)),
            Self::Not(reason) => Measured::Not(reason),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Measured<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value) => value.fmt(f),
            Self::Not(reason) => write!(f, "not measured ({reason})"),
        }
    }
}

/// A thread pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Its number.
    pub id: PoolId,
    /// Its workers.
    pub threads: u32,
    /// Whether every rayon call in it was seen. In a stock pool with only the hook, joins that do
    /// not go through the facade are invisible: time without a task is then not known to be idle.
    pub every_call_seen: bool,
    /// Whether its first worker is the thread that built it (`use_current_thread`): outside its calls
    /// that thread does the program's own work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uses_current_thread: bool,
}

/// A line of the program that calls into rayon.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Site {
    /// `FILE:LINE:COLUMN`, as the compiler gives it.
    pub location: String,
}

/// `8388607` as `8,388,607`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The last two components of a path, which tell one `mod.rs` from another.
pub fn short_location(location: &str) -> &str {
    let mut separators = location.rmatch_indices(['/', '\\']);
    separators.nth(1).map_or(location, |(at, _)| &location[at + 1..])
}

/// An index into [`Trace::sites`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SiteId(pub u32);

/// An index into [`Trace::chains`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainId(pub u32);

/// One thread's part of the trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its number.
    pub id: LaneId,
    /// The thread's name.
    pub name: Option<String>,
    /// The operating system's number of the thread.
    pub thread: Measured<u32>,
    /// What the thread is.
    pub role: Role,
    /// When the thread joined the recording; `None` if it was there from the start.
    pub started: Option<Nanos>,
    /// When the thread ended; `None` if it outlived the recording.
    pub ended: Option<Nanos>,
    /// CPU time of the thread within the recording; of one that joined it later, from then on.
    pub cpu: Measured<Nanos>,
    /// Exact figures, kept apart from the events, so that they hold whatever the events lost.
    pub counts: Counts,
    /// What the lane did of each parallel iterator, by call site; exact as the counts are.
    pub tallies: Vec<Tally>,
    /// What is missing.
    pub losses: Losses,
    /// From when on events are missing for lack of room; `None` if none are. Until then the lane is
    /// whole: what was under way at that instant is among the events, as [`Outcome::Open`].
    ///
    /// [`Outcome::Open`]: super::Outcome::Open
    pub broken: Option<Nanos>,
    /// What the kernel and the hardware said of the thread.
    pub watched: Watched,
    /// What it did without a job.
    pub idling: Idling,
    /// What the program said of itself on it.
    pub told: Told,
    /// Outer before inner: by start, at equal starts the longer first, of equal spans the one that
    /// was opened first.
    pub events: Vec<Event>,
}

/// What a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A worker of a pool.
    Worker {
        /// The pool.
        pool: PoolId,
        /// Its index there, as rayon counts.
        index: u32,
    },
    /// A thread that calls into a pool.
    Outside,
}

/// What a lane did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Joins called, exact. One that a thread calls from outside is counted by the worker that
    /// takes it in.
    pub joins: u64,
    /// Joins timed, whether or not their record was kept.
    pub timed_joins: u64,
    /// Splits of parallel iterators timed, with their reductions, likewise.
    #[serde(default)]
    pub timed_splits: u64,
    /// Leaves of parallel iterators timed, likewise.
    #[serde(default)]
    pub timed_leaves: u64,
    /// Tasks spawned, broadcasts counted once; exact.
    pub spawns: u64,
    /// Jobs run; [`Origin::Root`](super::Origin::Root) is none.
    pub tasks: u64,
    /// Jobs run that another worker of the pool had pushed: timed joins, spawns and leaves; exact.
    pub steals: u64,
    /// Second halves of collapsed joins run as jobs: an upper bound on further steals.
    pub migrated: u64,
    /// Jobs run that came from outside the pool.
    pub injected: u64,
}

impl Counts {
    /// Both together, as of one lane.
    pub fn plus(self, other: Self) -> Self {
        Self {
            joins: self.joins + other.joins,
            timed_joins: self.timed_joins + other.timed_joins,
            timed_splits: self.timed_splits + other.timed_splits,
            timed_leaves: self.timed_leaves + other.timed_leaves,
            spawns: self.spawns + other.spawns,
            tasks: self.tasks + other.tasks,
            steals: self.steals + other.steals,
            migrated: self.migrated + other.migrated,
            injected: self.injected + other.injected,
        }
    }
}

/// What a lane did of the parallel iterators of one call site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Where the iterator was made; `None` for all those together that found no place of their own.
    pub site: Option<SiteId>,
    /// What it is, in words.
    pub chain: Option<ChainId>,
    /// The name that the user gave it.
    pub label: Option<String>,
    /// Operations that this lane called.
    pub operations: u64,
    /// Splits on this lane.
    pub splits: u64,
    /// Leaves on this lane.
    pub leaves: u64,
    /// Items that these leaves were given.
    pub items: u64,
    /// Reductions on this lane; 0 under an indexed adaptor, where they are invisible.
    pub reductions: u64,
    /// Halves that this lane ran and another one of its pool had split off.
    pub steals: u64,
}

/// What of a lane's events is missing from the trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// Events not written because the buffer was full.
    pub dropped: u64,
    /// Old events overwritten by new ones.
    pub overwritten: u64,
    /// Tasks still open when the recording ended, and parallel iterators that no task had called;
    /// they and all in them are not counted.
    pub unfinished: u64,
    /// Times that stood in the wrong order and were set to the earlier bound.
    pub clamped: u64,
    /// Texts (call sites, labels, chains) that found no room; what points to them has none.
    #[serde(default)]
    pub texts: u64,
    /// The kernel's switch records that found no room; the times in [`Scheduling`](super::Scheduling)
    /// are wrong by what they would have told.
    #[serde(default)]
    pub switches: u64,
    /// Short stretches off the CPU that are in the sums and not kept for themselves.
    #[serde(default)]
    pub off_cpu: u64,
    /// The program's own spans and events that were not kept: too short, no room, or not over when
    /// the recording ended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub phases: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Losses {
    /// Whether anything is missing.
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// Both together, as of one lane.
    pub fn plus(self, other: Self) -> Self {
        Self {
            dropped: self.dropped + other.dropped,
            overwritten: self.overwritten + other.overwritten,
            unfinished: self.unfinished + other.unfinished,
            clamped: self.clamped + other.clamped,
            texts: self.texts + other.texts,
            switches: self.switches + other.switches,
            off_cpu: self.off_cpu + other.off_cpu,
            phases: self.phases + other.phases,
        }
    }
}

impl Trace {
    /// Sorts the events of each lane into the order that [`Lane::events`] promises.
    pub fn sort_events(&mut self) {
        for lane in &mut self.lanes {
            lane.events.sort_by_key(|event| {
                let span = event.span();
                // Collapsed tasks are within whatever spans the same time.
                let opened = event.id().map_or(u64::MAX, |id| id.sequence());
                (span.start, Reverse(span.end), opened)
            });
            lane.idling.sort();
            lane.told.sort();
        }
    }

    /// What all lanes did together.
    pub fn counts(&self) -> Counts {
        self.lanes.iter().fold(Counts::default(), |sum, lane| sum.plus(lane.counts))
    }

    /// What all lanes lost together.
    pub fn losses(&self) -> Losses {
        self.lanes.iter().fold(Losses::default(), |sum, lane| sum.plus(lane.losses))
    }

    /// What a parallel iterator is, in words.
    pub fn chain(&self, id: ChainId) -> Option<&str> {
        self.chains.get(id.0 as usize).map(String::as_str)
    }

    /// The call site that an event points to.
    pub fn site(&self, id: SiteId) -> Option<&Site> {
        self.sites.get(id.0 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_keep_their_last_directory() {
        assert_eq!(short_location("/home/me/src/workload/mod.rs:31:9"), "workload/mod.rs:31:9");
        assert_eq!(short_location("src/main.rs:1:1"), "src/main.rs:1:1");
        assert_eq!(short_location("C:\\code\\src\\main.rs:1:1"), "src\\main.rs:1:1");
        assert_eq!(short_location(""), "");
    }
}
