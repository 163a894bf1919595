//! The grain rule: the smallest task for which managing it costs at most 5 %, as long as enough tasks
//! remain for all workers.

use crate::model::Nanos;

/// The share of task management in a task that is large enough. At 5 % what a larger task could gain
/// is below what repetitions of the same run differ by.
pub(super) const SHARE: f64 = 0.05;

/// Tasks for each worker that must remain: with eight, the last one to end makes the others wait for
/// about a sixteenth of the time on average.
pub(super) const TASKS_PER_WORKER: u64 = 8;

/// The rule for one kind of task.
#[derive(Clone, Copy)]
pub(super) struct Grain {
    pub(super) workers: u64,
    /// What managing one task costs, in nanoseconds.
    pub(super) cost: f64,
}

impl Grain {
    /// `cost / (cost + t) ≤ 5 %`, solved for `t`.
    pub(super) fn least_task(self) -> f64 {
        self.cost * (1.0 - SHARE) / SHARE
    }

    pub(super) fn least(self) -> Nanos {
        Nanos(self.least_task().ceil() as u64)
    }

    pub(super) fn fewest_tasks(self) -> u64 {
        TASKS_PER_WORKER * self.workers
    }

    /// For `with_min_len(n)`, which makes leaves of `n` to `2n − 1` items; `None` if no number is
    /// large enough and leaves enough tasks.
    pub(super) fn items(self, nanos_per_item: f64, items_per_call: f64) -> Option<(u64, u64)> {
        let from = (self.least_task() / nanos_per_item).ceil().max(1.0);
        let to = (items_per_call / (2 * self.fewest_tasks()) as f64).floor();
        (nanos_per_item > 0.0 && from <= to).then_some((from as u64, to as u64))
    }

    /// Depths to cut a recursion off at, of whose call `work` nanoseconds are; `tasks` of them remain
    /// at each depth.
    pub(super) fn depths(self, work: f64, tasks: &[f64]) -> Option<(u32, u32)> {
        let fits = |&(_, &tasks): &(u32, &f64)| {
            tasks >= self.fewest_tasks() as f64 && work / tasks >= self.least_task()
        };
        let mut fitting = (0..).zip(tasks).filter(fits).map(|(depth, _)| depth);
        let from = fitting.next()?;
        Some((from, fitting.last().map_or(from, |last| last)))
    }
}
