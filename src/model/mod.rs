//! What a trace is: ids, times, events, lanes, and what travels with them.
//!
//! A leaf: every other module reads it and it reads none but [`crate::record`]'s ids and times.
//! It holds facts, never judgements: nothing here is computed that could be computed again.

mod annotations;
mod event;
mod header;
mod host;
mod idling;
mod kernel;
mod observed;
mod phase;
mod serial;
mod trace;

pub use crate::record::{EventId, LaneId, Nanos, PoolId};
pub use annotations::{Annotations, CoresTrack};
pub use event::{
    Collapsed, Event, Half, Iteration, Join, Leaf, Operation, OperationKind, Origin, Outcome,
    Reduction, SecondHalf, Span, Task,
};
pub use header::{
    Baseline, ClockInfo, ClockSource, Costs, Detail, Header, Machine, Parameter, Parts, RayonCosts,
    Run, Samples, WorkCounts, median_rank,
};
pub use host::{
    Accounting, Clocks, CpuLimit, Cpus, Events, Frequency, Host, Limit, Quota, Rings, Throttling,
};
pub use idling::{Idle, IdleCounts, Idling, Search, SearchEnd, Sleep, Wake, WakeReason};
pub use kernel::{
    Availability, Counter, CounterInfo, Kernel, OffCpu, Reading, Scheduling, SchedulingSource,
    Throttled, Values, Watched,
};
pub use observed::{CountSource, Ended, Observed, ObservedThread, RingRecords, Total};
pub use phase::{Note, Phase, PhaseId, Told};
#[cfg(feature = "read")]
pub(crate) use serial::parse_event_id;
pub use trace::{
    ChainId, Counts, Lane, Losses, Measured, Pool, Role, Site, SiteId, Tally, Trace,
    short_location, thousands,
};
