//! Parallel iterators that have too few leaves for the workers.

use super::fact::{Advice, Evidence, Found, Unit};
use super::grain::TASKS_PER_WORKER;
use super::picture::{Site, View};
use super::text::at;
use super::{Ask, Lint, RestsOn};
use crate::analysis::{Component, CoreTime};

pub(super) const LINT: Lint = Lint {
    id: "too-few-tasks",
    looks_for: "a parallel iterator with fewer than 4 leaves for each worker, in whose calls 5 % or \
                more of the core-time had nothing to run",
    wrong_if: "the items are of very different weight and few of them are worth a task; or what is \
               called within the leaves is parallel itself",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

/// With fewer tasks for each worker, one that is left over makes the others wait for a fifth of the
/// time or more.
const LEAST_TASKS_PER_WORKER: u64 = 4;

const NOTHING_TO_RUN: &[Component] = &[Component::Starved, Component::Serial];

fn ask(view: &View) -> Option<Found> {
    let threshold = LEAST_TASKS_PER_WORKER * view.workers();
    let few = |site: &&Site| site.calls > 0 && site.leaves < threshold * site.calls;
    let kept_time = |site: &&Site| -> u64 {
        site.kept.iter().map(|operation| operation.span.duration().0).sum()
    };
    let site = view.sites.iter().filter(few).max_by_key(kept_time)?;
    let calls = site.kept.iter().map(|operation| operation.span).collect();
    let lost: CoreTime = view.within(calls, NOTHING_TO_RUN);
    let loss = view.loss(lost)?;
    let leaves = site.leaves as f64 / site.calls as f64;
    let items = site.items_per_call()?;
    let name = site.name();
    let longest = site.kept.iter().max_by_key(|operation| operation.span.duration())?;
    let (next, advice) = next(view, items);
    Some(Found {
        loss: Some(loss),
        measured: Unit::Tasks.of(leaves),
        threshold: Unit::Tasks.of(threshold as f64),
        evidence: vec![
            Evidence::new("leaves of a call", Unit::Tasks.of(leaves)).at(name.clone()),
            Evidence::new("items of a call", Unit::Items.of(items)).at(name.clone()),
            Evidence::new("the longest call", Unit::Nanos.of(longest.span.duration().0 as f64))
                .at(name.clone())
                .during(longest.span),
        ],
        what: format!(
            "{leaves:.0} leaves for {} workers{}: {:.2} cores had nothing to run meanwhile",
            view.workers(),
            at(name.as_deref()),
            loss.cores
        ),
        next,
        advice,
        predicted: None,
    })
}

fn next(view: &View, items: f64) -> (String, Option<Advice>) {
    let enough = TASKS_PER_WORKER * view.workers();
    let length = (items / enough as f64).floor() as u64;
    if length > 0 {
        let text = format!(
            "`with_max_len({length})` makes {enough} leaves or more; a larger `with_min_len` or \
             chunk may be what forbids them now"
        );
        return (text, Some(Advice::MaxLen { items: length }));
    }
    let text = format!(
        "{items:.0} items are too few for {} workers: parallelize what is within an item, or put \
         the loop around this one in parallel",
        view.workers()
    );
    (text, None)
}
