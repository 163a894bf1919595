//! Conclusions from a timeline, as plain figures: what each worker did, what each parallel iterator
//! did, who stole from whom, what the kernel and the hardware counted, what the recording itself cost.
//!
//! Pure: no I/O, no clocks, no threads, no environment; the same trace gives the same figures. What
//! was not measured is [`Measured::Not`](crate::model::Measured::Not) with its reason, never zero.
//! How figures are shown is [`crate::report`]'s. They can be serialized, as the JSON report is them.

pub mod activity;
mod annotate;
pub mod break_even;
mod breakdown;
pub mod call_sites;
pub mod compare;
pub mod decomposition;
pub mod detail;
#[cfg(feature = "read")]
pub mod distributions;
mod groups;
pub mod idle_times;
pub mod idling;
pub mod join_cost;
pub mod kernel;
pub mod on_off;
mod opaque;
pub mod outside;
pub mod own_cost;
mod phases;
mod rank;
pub mod sleeps;
pub mod steals;
pub mod window;
pub mod work_span;

pub use activity::{Activity, PoolActivity, Times, WorkerActivity};
pub use annotate::annotations;
pub use break_even::BreakEven;
pub use breakdown::{Breakdown, BreakdownRow, By};
pub use call_sites::{CallSite, Kept, KeptLeaves, KeptReductions, PartCounts, call_sites};
pub use compare::Comparison;
pub use decomposition::{
    Component, CoreTime, Decomposition, Group, InflationCauses, Measurement, Missing, Part,
    Verdict, baseline_of,
};
#[cfg(feature = "read")]
pub use distributions::{Bucket, Distribution, Distributions};
pub use idle_times::IdleTimes;
pub use idling::{IdleFigures, KeptIdle, WakeUps};
pub use join_cost::{JoinCost, JoinCostCheck, JoinCostSource, JoinCosts};
pub use kernel::{CounterFigures, KernelFigures};
pub use on_off::{OnOff, OnOffParts};
pub use outside::{Mostly, OutsideSum, OutsideThread};
pub use own_cost::OwnCost;
pub use sleeps::SleepSource;
pub use steals::{Latency, Steals, Theft};
pub use window::{Window, WindowEnds};
pub use work_span::{Burden, OperationWorkSpan, WorkClock, WorkSpan};
