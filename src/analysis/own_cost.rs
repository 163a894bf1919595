//! What the recording itself cost the program, by counts and calibrated costs.

use serde::Serialize;

use super::detail;
use crate::model::{Costs, Counts, Event, Measured, Nanos, Trace};
use crate::timeline::Timeline;

/// The profiler's own share: for each kind of event, how many were recorded in one way, times what
/// one costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OwnCost {
    /// Joins that were only counted.
    pub counted_joins: Measured<u64>,
    /// Joins that were timed.
    pub timed_joins: Measured<u64>,
    /// Tasks that were timed.
    pub timed_tasks: Measured<u64>,
    /// Splits of parallel iterators that were timed, with their reductions. Counting one is part of
    /// the cost of the leaf that it adds.
    pub timed_splits: Measured<u64>,
    /// Leaves of parallel iterators that were timed.
    pub timed_leaves: Measured<u64>,
    /// Leaves that were only counted.
    pub counted_leaves: Measured<u64>,
    /// Readings of counters at the ends of tasks that were kept.
    pub readings: Measured<u64>,
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
        let recorded = detail::counts(header.detail, timeline.trace().counts())
            .map(|counts| Recorded::of(timeline.trace(), counts));
        let number = |part: fn(&Recorded) -> u64| recorded.clone().map(|recorded| part(&recorded));
        let total = recorded.clone().map(|recorded| recorded.cost(header.costs));
        Self {
            counted_joins: number(|recorded| recorded.counted_joins),
            timed_joins: number(|recorded| recorded.timed_joins),
            timed_tasks: number(|recorded| recorded.timed_tasks),
            timed_splits: number(|recorded| recorded.timed_splits),
            timed_leaves: number(|recorded| recorded.timed_leaves),
            counted_leaves: number(|recorded| recorded.counted_leaves),
            readings: number(|recorded| recorded.readings),
            costs: header.costs,
            share: share(&total, core_time),
            total,
        }
    }
}

/// How many events were recorded in which way.
#[derive(Clone)]
struct Recorded {
    counted_joins: u64,
    timed_joins: u64,
    timed_tasks: u64,
    timed_splits: u64,
    timed_leaves: u64,
    counted_leaves: u64,
    readings: u64,
}

impl Recorded {
    fn of(trace: &Trace, counts: Counts) -> Self {
        let Counts { joins, timed_joins, timed_splits, timed_leaves, tasks, .. } = counts;
        let timed = detail::no_times(trace.header.detail).is_none();
        let tallies = trace.lanes.iter().flat_map(|lane| &lane.tallies);
        let leaves = tallies.map(|tally| tally.leaves).fold(0, u64::saturating_add);
        Self {
            counted_joins: joins - timed_joins,
            timed_joins,
            timed_tasks: if timed { tasks } else { 0 },
            timed_splits,
            timed_leaves,
            // A leaf may be timed and not tallied yet where the recording ended within it.
            counted_leaves: leaves.saturating_sub(timed_leaves),
            readings: 2 * read_tasks(trace),
        }
    }

    /// Counts and costs are both exact integers; the sum is rounded once, to the nanosecond.
    fn cost(&self, costs: Costs) -> Nanos {
        let products = [
            (self.counted_joins, costs.counted_join_ps),
            (self.timed_joins, costs.timed_join_ps),
            (self.timed_tasks, costs.task_ps),
            (self.timed_splits, costs.timed_split_ps),
            (self.timed_leaves, costs.timed_leaf_ps),
            (self.counted_leaves, costs.counted_leaf_ps),
            (self.readings, costs.reading_ps),
        ];
        let product = |(count, picos): (u64, u64)| u128::from(count) * u128::from(picos);
        let picos: u128 = products.into_iter().map(product).sum();
        Nanos(u64::try_from((picos + 500) / 1000).unwrap_or(u64::MAX))
    }
}

fn read_tasks(trace: &Trace) -> u64 {
    let events = trace.lanes.iter().flat_map(|lane| &lane.events);
    events.filter(|event| matches!(event, Event::Task(task) if task.counters.is_some())).count()
        as u64
}

fn share(total: &Measured<Nanos>, core_time: Nanos) -> Measured<f64> {
    if core_time == Nanos::ZERO {
        return Measured::Not("no worker's time was recorded".to_owned());
    }
    total.clone().map(|total| total.0 as f64 / core_time.0 as f64)
}
