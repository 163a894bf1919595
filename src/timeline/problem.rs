//! How a trace can contradict itself. Each problem names the lane, both sides and both times.
//! Times are exact nanoseconds here: a rounded one would hide most contradictions.

use std::fmt;

use crate::model::{
    ChainId, Counter, Event, EventId, Idle, Lane, LaneId, Nanos, PoolId, Scheduling, SiteId, Span,
};

/// A contradiction in a trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Two lanes have one number.
    #[error("two lanes are numbered {}", .lane.0)]
    DuplicateLane {
        /// The number.
        lane: LaneId,
    },
    /// A worker's pool is not in the trace.
    #[error("lane {} is a worker of pool {}, which the trace does not have", .lane.0, .pool.0)]
    UnknownPool {
        /// The worker's lane.
        lane: LaneId,
        /// The pool that it names.
        pool: PoolId,
    },
    /// A worker's index is beyond its pool's size.
    #[error("lane {} is worker {index} of pool {}, which has {threads}", .lane.0, .pool.0)]
    BeyondPool {
        /// The worker's lane.
        lane: LaneId,
        /// Its pool.
        pool: PoolId,
        /// Its index.
        index: u32,
        /// The pool's workers.
        threads: u32,
    },
    /// Two lanes are the same worker.
    #[error("lanes {} and {} are both worker {index} of pool {}", .first.0, .second.0, .pool.0)]
    DuplicateWorker {
        /// One lane.
        first: LaneId,
        /// The other.
        second: LaneId,
        /// Their pool.
        pool: PoolId,
        /// Their index.
        index: u32,
    },
    /// A thread ended before it started, or outside the recording.
    #[error(
        "lane {} was there from {} to {} ns, which does not lie in the recording, 0 to {} ns",
        .lane.0, .presence.start.0, .presence.end.0, .duration.0
    )]
    ThreadOutside {
        /// The thread's lane.
        lane: LaneId,
        /// From its start to its end.
        presence: Span,
        /// The recording's length.
        duration: Nanos,
    },
    /// An event ends before it starts.
    #[error("lane {}: {event} ends before it starts", .lane.0)]
    Backwards {
        /// Its lane.
        lane: LaneId,
        /// The event.
        event: Named,
    },
    /// An event lies outside the recording, or outside the life of its thread.
    #[error(
        "lane {}: {event} does not lie in the time of its thread, {} to {} ns",
        .lane.0, .presence.start.0, .presence.end.0
    )]
    OutsideThread {
        /// Its lane.
        lane: LaneId,
        /// The event.
        event: Named,
        /// When the thread was there.
        presence: Span,
    },
    /// A join's first half ends, or an operation's wait begins, outside of it.
    #[error("lane {}: {event} turns at {} ns, which does not lie in it", .lane.0, .at.0)]
    TurnOutside {
        /// Its lane.
        lane: LaneId,
        /// The join or operation.
        event: Named,
        /// The end of the first half, or the beginning of the wait.
        at: Nanos,
    },
    /// A task started before it was pushed.
    #[error("lane {}: {task} was pushed at {} ns, after its start", .lane.0, .pushed.0)]
    PushedLate {
        /// Its lane.
        lane: LaneId,
        /// The task.
        task: Named,
        /// When it was pushed.
        pushed: Nanos,
    },
    /// A task is marked as stolen, yet its own worker pushed it.
    #[error("lane {}: {task} is stolen, yet {parent}, of the same lane, pushed it", .lane.0)]
    StolenFromItself {
        /// Its lane.
        lane: LaneId,
        /// The task.
        task: Named,
        /// What pushed it.
        parent: EventId,
    },
    /// Two events have one id.
    #[error("lane {}: {first} and {second} have the same id", .lane.0)]
    DuplicateId {
        /// Their lane.
        lane: LaneId,
        /// The earlier one.
        first: Named,
        /// The later one.
        second: Named,
    },
    /// An event's id was given by another lane.
    #[error("lane {}: {event} has an id of another lane", .lane.0)]
    ForeignId {
        /// The lane that it stands on.
        lane: LaneId,
        /// The event.
        event: Named,
    },
    /// An event or a tally points to a call site that the trace does not have.
    #[error("lane {}: {from} points to call site {}, of {sites}", .lane.0, .site.0)]
    UnknownSite {
        /// Its lane.
        lane: LaneId,
        /// The event or tally.
        from: Pointer,
        /// The site.
        site: SiteId,
        /// How many there are.
        sites: usize,
    },
    /// An operation or a tally points to a chain that the trace does not have.
    #[error("lane {}: {from} points to chain {}, of {chains}", .lane.0, .chain.0)]
    UnknownChain {
        /// Its lane.
        lane: LaneId,
        /// The operation or tally.
        from: Pointer,
        /// The chain.
        chain: ChainId,
        /// How many there are.
        chains: usize,
    },
    /// A task or join stands on the lane of a thread that is no worker.
    #[error("lane {}: {event} is only possible on a worker, and the lane is none", .lane.0)]
    NotAWorker {
        /// The lane.
        lane: LaneId,
        /// The event.
        event: Named,
    },
    /// Events of a lane do not stand in the order that the model promises.
    #[error("lane {}: {second} stands after {first} and belongs before it", .lane.0)]
    Unsorted {
        /// Their lane.
        lane: LaneId,
        /// The one that stands first.
        first: Named,
        /// The one after it.
        second: Named,
    },
    /// Two events of a lane overlap and neither contains the other.
    #[error("lane {}: {second} begins in {first} and ends after it", .lane.0)]
    Overlap {
        /// Their lane.
        lane: LaneId,
        /// The one that begins first.
        first: Named,
        /// The one that outlasts it.
        second: Named,
    },
    /// A call or a part of a parallel iterator names a task that its lane does not have, though nothing was lost.
    #[error("lane {}: {event} names task {task}, which its lane does not have", .lane.0)]
    MissingTask {
        /// Its lane.
        lane: LaneId,
        /// The call or part.
        event: Named,
        /// The task that it names.
        task: EventId,
    },
    /// A call or a part of a parallel iterator does not lie in the task that it names, or lies in another one within.
    #[error("lane {}: {event} names {task}, which is not the innermost task around it", .lane.0)]
    NotInItsTask {
        /// Its lane.
        lane: LaneId,
        /// The call or part.
        event: Named,
        /// The task that it names.
        task: Named,
    },
    /// An operation, leaf or reduction lies in a task and names none.
    #[error("lane {}: {event} lies in {task} and names no task", .lane.0)]
    NamesNoTask {
        /// Its lane.
        lane: LaneId,
        /// The operation or part.
        event: Named,
        /// The task around it.
        task: Named,
    },
    /// A leaf or reduction lies in no task, though all that a worker runs is one.
    #[error("lane {}: {event} is on a worker and names no task", .lane.0)]
    InNoTask {
        /// The worker's lane.
        lane: LaneId,
        /// The leaf or reduction.
        event: Named,
    },
    /// A split, leaf or reduction names something else than a parallel iterator.
    #[error("lane {}: {part} is said to be part of {whole}, which is no parallel iterator", .lane.0)]
    NoIterator {
        /// The part's lane.
        lane: LaneId,
        /// The part.
        part: Named,
        /// What it names.
        whole: Named,
    },
    /// A part of a parallel iterator does not lie in it, though one thread ran both.
    #[error("lane {}: {part} does not lie in its {operation}", .lane.0)]
    OutsideOperation {
        /// Their lane.
        lane: LaneId,
        /// The part.
        part: Named,
        /// The parallel iterator.
        operation: Named,
    },
    /// A parallel iterator has more of something than can be.
    #[error("lane {}: {operation}: {part} {what}, yet {whole} {of}", .lane.0)]
    PartsMiscounted {
        /// Its lane.
        lane: LaneId,
        /// The parallel iterator.
        operation: Named,
        /// What there is too much of, in the plural.
        what: &'static str,
        /// How much.
        part: u64,
        /// What bounds it, in the plural.
        of: &'static str,
        /// The bound.
        whole: u64,
    },
    /// A leaf waited for its shared iterator, and ran that, for longer than it lasted.
    #[error(
        "lane {}: {leaf} waited for {} ns and ran the shared iterator for {} ns, more than it lasted",
        .lane.0, .waited.0, .producing.0
    )]
    LeafTooShort {
        /// Its lane.
        lane: LaneId,
        /// The leaf.
        leaf: Named,
        /// How long it claims to have waited.
        waited: Nanos,
        /// How long it claims to have run the iterator.
        producing: Nanos,
    },
    /// Collapsed tasks were busy for longer than the lane had room for.
    #[error(
        "lane {}: {event}: {} ns of work in room for {} ns",
        .lane.0, .busy.0, .room.0
    )]
    TooBusy {
        /// Their lane.
        lane: LaneId,
        /// The collapsed tasks.
        event: Named,
        /// What they claim.
        busy: Nanos,
        /// What is left of their span beside the events nested in it.
        room: Nanos,
    },
    /// Something is more than it can be.
    #[error("{what} is {value}, and no more than {most} can be")]
    TooMuch {
        /// What.
        what: &'static str,
        /// How much of it.
        value: u64,
        /// How much there can be.
        most: u64,
    },
    /// A counter stands twice in the header, so that it is not known which values are its.
    #[error("the header lists the counter `{}` twice", .counter.name())]
    DuplicateCounter {
        /// The counter.
        counter: Counter,
    },
    /// Something has values of more or fewer counters than the header lists.
    #[error("lane {}: {from} has values of {found} counters, yet the header lists {counters}", .lane.0)]
    ValuesMiscounted {
        /// Its lane.
        lane: LaneId,
        /// What has the values.
        from: Counted,
        /// How many.
        found: usize,
        /// How many there should be.
        counters: usize,
    },
    /// Something has a value of a counter that was not counted.
    #[error("lane {}: {from} has a value of `{}`, which was not counted", .lane.0, .counter.name())]
    Uncountable {
        /// Its lane.
        lane: LaneId,
        /// What has the value.
        from: Counted,
        /// The counter.
        counter: Counter,
    },
    /// A reading of counters stands after a later one.
    #[error("lane {}: {second} stands after {first} and belongs before it", .lane.0)]
    ReadingsUnsorted {
        /// Their lane.
        lane: LaneId,
        /// The one that stands first.
        first: Counted,
        /// The one after it.
        second: Counted,
    },
    /// A reading was taken outside the recording.
    #[error("lane {}: {reading} does not lie in the recording, 0 to {} ns", .lane.0, .duration.0)]
    ReadingOutside {
        /// Its lane.
        lane: LaneId,
        /// The reading.
        reading: Counted,
        /// The recording's length.
        duration: Nanos,
    },
    /// A thread was off the CPU outside the recording, or came back before it left.
    #[error(
        "lane {} was off the CPU from {} to {} ns, which does not lie in the recording, 0 to {} ns",
        .lane.0, .off_cpu.start.0, .off_cpu.end.0, .duration.0
    )]
    OffCpuOutside {
        /// The thread's lane.
        lane: LaneId,
        /// When it was off the CPU.
        off_cpu: Span,
        /// The recording's length.
        duration: Nanos,
    },
    /// A thread had no job while it was not there, or it is no worker.
    #[error(
        "lane {}: its {idle} does not lie in the time of a worker, {} to {} ns",
        .lane.0, .presence.start.0, .presence.end.0
    )]
    IdleOutside {
        /// The thread's lane.
        lane: LaneId,
        /// The search or sleep.
        idle: NamedIdle,
        /// When the thread was there.
        presence: Span,
    },
    /// A worker did two things at a time without a job.
    #[error("lane {}: its {second} begins within its {first}, or belongs before it", .lane.0)]
    IdleTwice {
        /// The worker's lane.
        lane: LaneId,
        /// The one that stands first.
        first: NamedIdle,
        /// The one after it.
        second: NamedIdle,
    },
    /// A worker began or ended something while it looked for work or slept.
    #[error("lane {}: {event} begins or ends within its {idle}", .lane.0)]
    BusyWhileIdle {
        /// The worker's lane.
        lane: LaneId,
        /// The search or sleep.
        idle: NamedIdle,
        /// What began or ended.
        event: Named,
    },
    /// A worker was woken while it did not sleep.
    #[error("lane {}: its {sleep} was ended from outside at {} ns, which does not lie in it", .lane.0, .at.0)]
    WokenOutside {
        /// The worker's lane.
        lane: LaneId,
        /// The sleep.
        sleep: NamedIdle,
        /// When it was woken.
        at: Nanos,
    },
    /// A span or an event of the program's own does not lie in the recording.
    #[error(
        "lane {} was in a span of the program's own from {} to {} ns, which does not lie in the \
         recording, 0 to {} ns",
        .lane.0, .span.start.0, .span.end.0, .duration.0
    )]
    ToldOutside {
        /// The thread's lane.
        lane: LaneId,
        /// When, of an event at both ends.
        span: Span,
        /// The recording's length.
        duration: Nanos,
    },
    /// A thread left the CPU before it had come back.
    #[error(
        "lane {} was off the CPU from {} to {} ns, and then from {} to {} ns",
        .lane.0, .first.start.0, .first.end.0, .second.start.0, .second.end.0
    )]
    OffCpuTwice {
        /// The thread's lane.
        lane: LaneId,
        /// The stretch that stands first.
        first: Span,
        /// The one after it, which begins before the first one's end.
        second: Span,
    },
    /// A thread was on and off the CPU for more or less than it was watched.
    #[error(
        "lane {} was on the CPU for {} ns and off it for {} + {} ns, yet watched for {} ns",
        .lane.0, .sums.on_cpu.0, .sums.voluntary.0, .sums.preempted.0, .sums.wall.0
    )]
    SharedOut {
        /// The thread's lane.
        lane: LaneId,
        /// What its time was shared out to.
        sums: Scheduling,
    },
    /// A part of something is more than all of it.
    #[error("lane {}: {part} {what}, yet {whole} {of}", .lane.0)]
    Miscounted {
        /// The lane.
        lane: LaneId,
        /// What the part is, in the plural.
        what: &'static str,
        /// The part.
        part: u64,
        /// What the whole is, in the plural.
        of: &'static str,
        /// The whole, an exact count.
        whole: u64,
    },
}

/// What points to a call site or chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// An event.
    Event(Named),
    /// A tally, by its place among those of its lane.
    Tally(usize),
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => event.fmt(f),
            Self::Tally(index) => write!(f, "tally {index}"),
        }
    }
}

/// What has values of counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A task.
    Task(Named),
    /// A reading, and when it was taken.
    Reading(Nanos),
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(task) => task.fmt(f),
            Self::Reading(at) => write!(f, "the reading at {} ns", at.0),
        }
    }
}

/// A stretch without a job as a problem names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedIdle {
    /// Which kind it is.
    pub kind: IdleKind,
    /// When it was.
    pub span: Span,
}

/// A kind of stretch without a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleKind {
    /// Looking for work.
    Search,
    /// Sleeping.
    Sleep,
}

impl NamedIdle {
    pub(super) fn of(idle: &Idle) -> Self {
        let kind = match idle {
            Idle::Search(_) => IdleKind::Search,
            Idle::Sleep(_) => IdleKind::Sleep,
        };
        Self { kind, span: idle.span() }
    }
}

impl fmt::Display for NamedIdle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            IdleKind::Search => "search",
            IdleKind::Sleep => "sleep",
        };
        write!(f, "{kind} ({} to {} ns)", self.span.start.0, self.span.end.0)
    }
}

/// An event as a problem names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Which kind it is.
    pub kind: Kind,
    /// Its id; collapsed tasks have none.
    pub id: Option<EventId>,
    /// When it was.
    pub span: Span,
}

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A job that a worker ran.
    Task,
    /// A timed join.
    Join,
    /// A call that waits.
    Operation,
    /// A timed split of a parallel iterator.
    Split,
    /// A part of a parallel iterator, run item by item.
    Leaf,
    /// Two results of a parallel iterator made one.
    Reduction,
    /// Short tasks, summed up.
    Collapsed,
}

impl Named {
    pub(super) fn of(event: &Event) -> Self {
        let kind = match event {
            Event::Task(_) => Kind::Task,
            Event::Join(join) if join.operation.is_some() => Kind::Split,
            Event::Join(_) => Kind::Join,
            Event::Operation(_) => Kind::Operation,
            Event::Leaf(_) => Kind::Leaf,
            Event::Reduction(_) => Kind::Reduction,
            Event::Collapsed(_) => Kind::Collapsed,
        };
        Self { kind, id: event.id(), span: event.span() }
    }

    pub(super) fn at(lane: &Lane, index: usize) -> Self {
        Self::of(&lane.events[index])
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Task => "task",
            Kind::Join => "join",
            Kind::Operation => "operation",
            Kind::Split => "split",
            Kind::Leaf => "leaf",
            Kind::Reduction => "reduction",
            Kind::Collapsed => "collapsed tasks",
        };
        f.write_str(kind)?;
        if let Some(id) = self.id {
            write!(f, " {id}")?;
        }
        write!(f, " ({} to {} ns)", self.span.start.0, self.span.end.0)
    }
}
