//! The events of a lane. Each is complete: it was written when it ended, with both of its times.

use serde::{Deserialize, Serialize};

use super::{ChainId, EventId, Nanos, SiteId, Values};

/// Something that happened on one lane, from a start to an end.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A job that a worker ran.
    Task(Task),
    /// A join that was timed, or a split of a parallel iterator, which is one inside.
    Join(Join),
    /// A call that waits for others' work: `install`, `scope`, a parallel iterator, a join from
    /// outside.
    Operation(Operation),
    /// A part of a parallel iterator that was run item by item.
    Leaf(Leaf),
    /// Two results of a parallel iterator made one.
    Reduction(Reduction),
    /// Short tasks, summed up where keeping each would not have paid.
    Collapsed(Collapsed),
}

/// A stretch of time, counted from the recording's start; `start ≤ end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its first instant.
    pub start: Nanos,
    /// Its last instant.
    pub end: Nanos,
}

impl Span {
    /// Its length.
    pub fn duration(self) -> Nanos {
        self.end - self.start
    }

    /// Whether `other` lies within it; common ends are within.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// How a task, join or operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It returned.
    Returned,
    /// A panic went through it.
    Panicked,
    /// It did not: it was under way when the recording ended, or when events began to be missing. Its
    /// end is that instant. What it counted by then, as joins that were not timed, is not known.
    Open,
}

/// How a task came to run where it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Code on a worker that entered the pool unseen, through a stock rayon call.
    Root,
    /// Run by the worker that pushed it.
    Local,
    /// Run by another worker of the same pool than the one that pushed it.
    Stolen,
    /// Pushed by a thread that is not a worker of this pool.
    Injected,
    /// This worker's share of a broadcast. Never a steal.
    Broadcast,
    /// The second half of a collapsed join, run as a job. Most are stolen, but a collapsed join
    /// keeps no note of its worker: an upper bound on steals, victim unknown.
    Migrated,
}

/// A job that a worker ran. Tasks of one lane nest: a worker that waits runs others meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// When it ran.
    pub span: Span,
    /// Its name.
    pub id: EventId,
    /// How it came here.
    pub origin: Origin,
    /// What pushed it: a join, an operation or a task; `None` if that was not recorded.
    pub parent: Option<EventId>,
    /// When it was pushed.
    pub pushed: Option<Nanos>,
    /// Joins around it, counted from its operation's first; `None` for a migrated task.
    pub depth: Option<u32>,
    /// Joins called in it, at every depth, timed or not, without those of tasks nested in it.
    pub joins: u64,
    /// Tasks spawned in it, likewise.
    pub spawns: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Where the code stands that pushed it.
    pub site: Option<SiteId>,
    /// What the counters counted in it while nothing else ran in it but tasks too short to be
    /// read for themselves; `None` where it was too short itself.
    pub counters: Option<Values>,
}

/// How the second half of a join was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondHalf {
    /// In place, after the first.
    Inline,
    /// As a job, yet by the worker that called the join (it waited for something else meanwhile).
    SameWorker,
    /// By another worker.
    Stolen,
    /// Not known: the first half panicked. rayon runs the second all the same.
    Unknown,
}

/// One of the two sides of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Half {
    /// The one that its caller runs at once.
    First,
    /// The one that others may steal meanwhile.
    Second,
}

/// A join that was timed. It lies in a task, and in the joins around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// From the call to its return.
    pub span: Span,
    /// Its name.
    pub id: EventId,
    /// The task that called it.
    pub task: EventId,
    /// The parallel iterator whose split it is; `None` for a join that the program called.
    pub operation: Option<EventId>,
    /// When the first half ended: the second starts here, or the wait for it.
    pub first_end: Nanos,
    /// Joins around it, counted from its operation's first.
    pub depth: u32,
    /// Joins called in the first half, at every depth; of a split they are not known and 0.
    pub first_joins: u64,
    /// Joins called in the second half, if it ran in place; likewise.
    pub second_joins: u64,
    /// How the second half was run.
    pub second: SecondHalf,
    /// Which half ran with its joins as plain calls, to measure what they cost beside the other.
    pub elided: Option<Half>,
    /// How it ended.
    pub outcome: Outcome,
    /// Where it was called.
    pub site: Option<SiteId>,
}

/// Which call an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationKind {
    /// A stretch that the user named.
    Region,
    /// `ThreadPool::install`.
    Install,
    /// `join` called by a thread that is not a worker.
    Join,
    /// `scope`, `scope_fifo`.
    Scope,
    /// `in_place_scope`, `in_place_scope_fifo`.
    InPlaceScope,
    /// `broadcast`.
    Broadcast,
    /// A parallel iterator, from the call that drives it to its return.
    Iterator,
    /// A parallel iterator whose parts are out of sight: under `chunks`, `fold_chunks`, `step_by`.
    OpaqueIterator,
    /// `par_sort` and its like. What happens in it is invisible to public API.
    Sort,
}

impl OperationKind {
    /// What it is called where there is no other name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Install => "install",
            Self::Join => "join from outside",
            Self::Scope => "scope",
            Self::InPlaceScope => "in-place scope",
            Self::Broadcast => "broadcast",
            Self::Iterator => "parallel iterator",
            Self::OpaqueIterator => "parallel iterator (opaque)",
            Self::Sort => "par_sort",
        }
    }

    /// Whether it is one span and no more: tasks in it are not seen.
    pub fn is_opaque(self) -> bool {
        matches!(self, Self::OpaqueIterator | Self::Sort)
    }
}

/// A call that hands work to others and waits for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// From the caller's entry to its return.
    pub span: Span,
    /// Its name.
    pub id: EventId,
    /// The task that called it; `None` on a thread that is no worker.
    pub task: Option<EventId>,
    /// Which call it is.
    pub kind: OperationKind,
    /// From here on the caller had no work of its own and waited.
    pub wait: Nanos,
    /// How it ended.
    pub outcome: Outcome,
    /// Where it was called.
    pub site: Option<SiteId>,
    /// The name that the user gave it.
    pub label: Option<String>,
    /// What a parallel iterator is, in words.
    pub chain: Option<ChainId>,
    /// What a parallel iterator did; `None` for other operations, for opaque ones, and where that
    /// record is lost. In a box, as few events are operations and each takes what the largest does.
    pub iteration: Option<Box<Iteration>>,
}

/// What a parallel iterator did, on all workers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Iteration {
    /// Items that its leaves were given.
    pub items: u64,
    /// Leaves, timed or not.
    pub leaves: u64,
    /// Splits, timed or not.
    pub splits: u64,
    /// Reductions, timed or not; `None` under an indexed adaptor (`zip`, `enumerate`, …), where
    /// they are invisible to public API.
    pub reductions: Option<u64>,
    /// Halves that another worker ran than the one that split them off.
    pub steals: u64,
}

/// A part of a parallel iterator that one worker ran item by item.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// From its first item to its result.
    pub span: Span,
    /// Its name.
    pub id: EventId,
    /// The operation that it is part of.
    pub operation: EventId,
    /// The task that ran it; `None` on a thread that is no worker.
    pub task: Option<EventId>,
    /// Splits around it.
    pub depth: u32,
    /// Items that it was given.
    pub items: u64,
    /// Under `par_bridge`: how long it waited for the lock of the iterator that all share.
    pub waited: Nanos,
    /// Under `par_bridge`: how long it ran that iterator's `next`, holding the lock.
    pub producing: Nanos,
    /// How it ended.
    pub outcome: Outcome,
}

/// Two results of a parallel iterator made one.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    /// When it ran.
    pub span: Span,
    /// Its name.
    pub id: EventId,
    /// The operation that it is part of.
    pub operation: EventId,
    /// The task that ran it; `None` on a thread that is no worker.
    pub task: Option<EventId>,
    /// Splits around it, that of its two sides not counted.
    pub depth: u32,
    /// How it ended.
    pub outcome: Outcome,
}

/// Tasks and waits too short to be kept one by one, summed up over a stretch of their lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Collapsed {
    /// From the first one's start to the last one's end; other events may lie between.
    pub span: Span,
    /// How many tasks.
    pub tasks: u64,
    /// Their own time, waits and nested recorded tasks taken off.
    pub busy: Nanos,
    /// Waits of joins and operations that were not kept, in the task around.
    pub waited: Nanos,
    /// Joins called in them.
    pub joins: u64,
    /// Tasks spawned in them.
    pub spawns: u64,
    /// From push to start, summed.
    pub queued: Nanos,
}

impl Event {
    /// When it happened.
    pub fn span(&self) -> Span {
        match self {
            Self::Task(task) => task.span,
            Self::Join(join) => join.span,
            Self::Operation(operation) => operation.span,
            Self::Leaf(leaf) => leaf.span,
            Self::Reduction(reduction) => reduction.span,
            Self::Collapsed(collapsed) => collapsed.span,
        }
    }

    /// When it happened, to be changed.
    #[cfg_attr(not(feature = "read"), allow(dead_code, reason = "events come whole"))]
    pub(crate) fn span_mut(&mut self) -> &mut Span {
        match self {
            Self::Task(task) => &mut task.span,
            Self::Join(join) => &mut join.span,
            Self::Operation(operation) => &mut operation.span,
            Self::Leaf(leaf) => &mut leaf.span,
            Self::Reduction(reduction) => &mut reduction.span,
            Self::Collapsed(collapsed) => &mut collapsed.span,
        }
    }

    /// Its name; collapsed tasks have none.
    pub fn id(&self) -> Option<EventId> {
        match self {
            Self::Task(task) => Some(task.id),
            Self::Join(join) => Some(join.id),
            Self::Operation(operation) => Some(operation.id),
            Self::Leaf(leaf) => Some(leaf.id),
            Self::Reduction(reduction) => Some(reduction.id),
            Self::Collapsed(_) => None,
        }
    }

    /// How it ended; `None` of a sum of several.
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Task(task) => Some(task.outcome),
            Self::Join(join) => Some(join.outcome),
            Self::Operation(operation) => Some(operation.outcome),
            Self::Leaf(leaf) => Some(leaf.outcome),
            Self::Reduction(reduction) => Some(reduction.outcome),
            Self::Collapsed(_) => None,
        }
    }

    /// Where the code stands that called or pushed it.
    pub fn site(&self) -> Option<SiteId> {
        match self {
            Self::Task(task) => task.site,
            Self::Join(join) => join.site,
            Self::Operation(operation) => operation.site,
            Self::Leaf(_) | Self::Reduction(_) | Self::Collapsed(_) => None,
        }
    }

    /// What it is in words, if it is a parallel iterator.
    pub fn chain(&self) -> Option<ChainId> {
        match self {
            Self::Operation(operation) => operation.chain,
            _ => None,
        }
    }

    /// The parallel iterator that it is a split, leaf or reduction of.
    pub fn part_of(&self) -> Option<EventId> {
        match self {
            Self::Join(join) => join.operation,
            Self::Leaf(leaf) => Some(leaf.operation),
            Self::Reduction(reduction) => Some(reduction.operation),
            Self::Task(_) | Self::Operation(_) | Self::Collapsed(_) => None,
        }
    }
}
