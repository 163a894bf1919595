//! What the recording itself cost the program, by counts and calibrated costs.

use serde::Serialize;

use super::detail;
use crate::model::{Costs, Measured, Nanos};
use crate::timeline::Timeline;

/// The profiler's own share:
/// `counted_joins · counted_join_ps + timed_joins · timed_join_ps + tasks · task_ps`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OwnCost {
    /// Joins that were only counted.
    pub counted_joins: Measured<u64>,
    /// Joins that were timed.
    pub timed_joins: Measured<u64>,
    /// Tasks that were timed.
    pub timed_tasks: Measured<u64>,
    /// What one of each costs.
    pub costs: Costs,
    /// What all cost, summed over the workers.
    pub total: Measured<Nanos>,
    /// `total` as a share of the workers' time, 0 to 1 unless the calibration is off.
    pub share: Measured<f64>,
}

impl OwnCost {
    /// The cost of a recording whose workers were there for `core_time` in sum.
    pub fn of(timeline: &Timeline, core_time: Nanos) -> Self {
        let header = &timeline.trace().header;
        let counts = detail::counts(header.detail, timeline.trace().counts());
        let times = detail::no_times(header.detail).is_none();
        let total = counts.clone().map(|counts| {
            let timed_tasks = if times { counts.tasks } else { 0 };
            total(header.costs, counts.joins - counts.timed_joins, counts.timed_joins, timed_tasks)
        });
        Self {
            counted_joins: counts.clone().map(|counts| counts.joins - counts.timed_joins),
            timed_joins: counts.clone().map(|counts| counts.timed_joins),
            timed_tasks: counts.map(|counts| if times { counts.tasks } else { 0 }),
            costs: header.costs,
            share: share(&total, core_time),
            total,
        }
    }
}

/// Counts and costs are both exact integers; the product is rounded once, to the nanosecond.
fn total(costs: Costs, counted: u64, timed: u64, tasks: u64) -> Nanos {
    let product = |count: u64, picos: u64| u128::from(count) * u128::from(picos);
    let picos = product(counted, costs.counted_join_ps)
        + product(timed, costs.timed_join_ps)
        + product(tasks, costs.task_ps);
    Nanos(u64::try_from((picos + 500) / 1000).unwrap_or(u64::MAX))
}

fn share(total: &Measured<Nanos>, core_time: Nanos) -> Measured<f64> {
    if core_time == Nanos::ZERO {
        return Measured::Not("no worker's time was recorded".to_owned());
    }
    total.clone().map(|total| total.0 as f64 / core_time.0 as f64)
}
