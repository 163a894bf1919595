//! Workers steal all the time, and what they steal is not worth it.

use super::fact::{Advice, Evidence, Found, Unit};
use super::grain::{Grain, TASKS_PER_WORKER};
use super::picture::View;
use super::text::{nanos, thousands};
use super::{Ask, Lint, RestsOn};
use crate::analysis::Component;
use crate::model::Origin;

pub(super) const LINT: Lint = Lint {
    id: "steal-storm",
    looks_for: "5 % or more of the core-time in looking for work that was queued, with 8 or more \
                steals for each worker, of tasks that last less than 4 times as long as they had \
                lain there",
    wrong_if: "tasks lay long since all workers were busy, not since they were searched for",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

/// A stolen task that lasts four times as long as it lay costs a fifth of the time to get.
const LEAST_WORTH: f64 = 4.0;

const SEARCHING: &[Component] = &[Component::StealLatency, Component::Scheduling];

fn ask(view: &View) -> Option<Found> {
    let loss = view.loss(view.time(SEARCHING))?;
    let steals = Stolen::of(view);
    if steals.count < TASKS_PER_WORKER * view.workers() || steals.worth() >= LEAST_WORTH {
        return None;
    }
    let grain = Grain { workers: view.workers(), cost: steals.queued };
    let tasks = (grain.least_task() / steals.time.max(1.0)).ceil().max(2.0) as u64;
    let each = |what: &str, value| Evidence::new(what, Unit::Nanos.of(value));
    let busiest = view.picture.steals.matrix.iter().max_by_key(|theft| theft.count);
    let busiest = busiest.map(|theft| Evidence {
        lane: Some(theft.thief),
        ..Evidence::new("steals by the worker that stole most", Unit::Tasks.of(theft.count as f64))
    });
    let mut evidence = vec![
        each("a stolen task lasted, on average", steals.time),
        each("it had lain there, on average", steals.queued),
        Evidence::new("steals", Unit::Tasks.of(steals.count as f64)),
    ];
    evidence.extend(busiest);
    Some(Found {
        loss: Some(loss),
        measured: Unit::Times.of(steals.worth()),
        threshold: Unit::Times.of(LEAST_WORTH),
        evidence,
        what: format!(
            "{} tasks of {} were stolen, each after {} in which others looked for it",
            thousands(steals.count),
            nanos(steals.time),
            nanos(steals.queued)
        ),
        next: format!(
            "put what {} tasks do now in one, so that a stolen one works for {} or more",
            thousands(tasks),
            grain.least()
        ),
        advice: Some(Advice::Batch { tasks }),
        predicted: None,
    })
}

/// Tasks that ran on another worker than the one that had pushed them.
struct Stolen {
    count: u64,
    /// What one lasted, in nanoseconds.
    time: f64,
    /// How long one had lain there.
    queued: f64,
}

impl Stolen {
    /// Tasks too short to be kept one by one were stolen, too: in its own deque a worker has no job
    /// that it would take as one.
    fn of(view: &View) -> Self {
        let (mut count, mut time, mut queued) = (0, 0, 0);
        for (_, task) in view.tasks().filter(|(_, task)| task.origin == Origin::Stolen) {
            let Some(pushed) = task.pushed else { continue };
            count += 1;
            time += task.span.duration().0;
            queued += task.span.start.saturating_since(pushed).0;
        }
        for collapsed in view.collapsed() {
            count += collapsed.tasks;
            time += collapsed.busy.0;
            queued += collapsed.queued.0;
        }
        let each = |sum: u64| sum as f64 / count.max(1) as f64;
        Self { count, time: each(time), queued: each(queued) }
    }

    fn worth(&self) -> f64 {
        self.time / self.queued.max(1.0)
    }
}
