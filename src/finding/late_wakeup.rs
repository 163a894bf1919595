//! Work waited for workers that slept.

use std::collections::HashMap;

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::{View, index_of};
use super::text::{percent, thousands};
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::{Component, sleeps};
use crate::model::{Lane, LaneId, Nanos, Origin, Span, Task};

pub(super) const LINT: Lint = Lint {
    id: "late-wakeup",
    looks_for: "5 % or more of the core-time in which work was queued while workers slept",
    wrong_if: "the CPUs were busy with other programs, so that a worker was awake and could not run",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let loss = view.loss(view.whole.time(Component::LateWakeUp))?;
    let (lane, task, span) = latest(view)?;
    let sleeps = sleeps(view);
    let calls = view.picture.calls_from_outside().count() as u64;
    let wait = Evidence {
        worker: index_of(lane),
        lane: Some(lane.id),
        ..Evidence::new("the longest wait for a worker", nanos(span.duration()))
    };
    let site = view.picture.site(task.site);
    let (next, advice) = next(view, calls, loss.share);
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: vec![
            wait.at(site).during(span),
            Evidence::new("times that workers slept", Unit::Calls.of(sleeps as f64)),
            Evidence::new("calls from outside of the pool", Unit::Calls.of(calls as f64)),
        ],
        what: format!(
            "workers slept for {} of the core-time while work was queued; they fell asleep {} times",
            percent(loss.share),
            thousands(sleeps)
        ),
        next,
        advice,
        predicted: None,
    })
}

fn nanos(time: Nanos) -> super::Quantity {
    Unit::Nanos.of(time.0 as f64)
}

/// The task that lay longest until a worker that had slept took it.
fn latest<'a>(view: &View<'a>) -> Option<(&'a Lane, &'a Task, Span)> {
    let taken = |task: &Task| matches!(task.origin, Origin::Stolen | Origin::Injected);
    let rows = view.rows().into_iter().map(|row| row.lane());
    let asleep: HashMap<LaneId, Vec<Span>> =
        rows.map(|lane| (lane.id, sleeps::spans(lane))).collect();
    let waits = view.tasks().filter(|(_, task)| taken(task)).filter_map(|(lane, task)| {
        let span = Span { start: task.pushed?.min(task.span.start), end: task.span.start };
        let asleep = asleep.get(&lane.id)?;
        let next = asleep.partition_point(|asleep| asleep.end <= span.start);
        (asleep.get(next)?.start < span.end).then_some((lane, task, span))
    });
    waits.max_by_key(|(_, _, span)| span.duration())
}

fn sleeps(view: &View) -> u64 {
    let lanes = view.rows().into_iter().map(|row| row.lane());
    lanes.map(|lane| sleeps::spans(lane).len() as u64).sum()
}

/// A worker falls asleep about 25 µs after it found nothing: calls that follow each other wake it
/// once each.
fn next(view: &View, calls: u64, share: f64) -> (String, Option<Advice>) {
    let merged = (share / LEAST_LOSS).ceil() as u64;
    if calls > 1 && merged > 1 {
        let calls = merged.min(calls);
        let text = format!(
            "make one call of {calls} that follow each other, in one `install` or one parallel \
             iterator: each wakes the workers anew"
        );
        return (text, Some(Advice::Merge { calls }));
    }
    let text = format!(
        "begin with tasks for all {} workers at once, rather than one that makes the others bit by \
         bit",
        view.workers()
    );
    (text, None)
}
