//! Parallel iterators that are called within tasks, often and for little.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::{Site, View};
use super::tasks::{Kind, Managed};
use super::text::{at, nanos, thousands};
use super::{Ask, Lint, RestsOn};
use crate::analysis::CoreTime;

pub(super) const LINT: Lint = Lint {
    id: "nested-parallelism-too-fine",
    looks_for: "a parallel iterator that several workers call from within their tasks, at least 8 \
                times for each worker, and that costs 5 % or more of the core-time to split",
    wrong_if: "the outer parallel code has too few tasks by itself, so that the inner one is what \
               gives the workers something to do",
    rests_on: RestsOn::Times,
    ask: Ask::Pool(ask),
};

/// From so many calls for each worker on, the code around them has tasks enough by itself.
const CALLS_PER_WORKER: u64 = 8;

fn ask(view: &View) -> Option<Found> {
    let managed = Managed::of(view).filter(|managed| managed.kind == Kind::Split)?;
    let least = CALLS_PER_WORKER * view.workers();
    let inner = |site: &&Site| site.callers > 1 && site.calls >= least;
    let site = view.sites.iter().filter(inner).max_by_key(|site| site.splits)?;
    let cost = site.splits as f64 * managed.cost;
    let loss = view.loss(CoreTime(cost as i64))?;
    let each = cost / site.calls as f64;
    let name = site.name();
    let here = |what: &str, value| Evidence::new(what, value).at(name.clone());
    Some(Found {
        loss: Some(loss),
        measured: Unit::Calls.of(site.calls as f64),
        threshold: Unit::Calls.of(least as f64),
        evidence: vec![
            here("splits of one call", Unit::Nanos.of(each)),
            here("items of one call", Unit::Items.of(site.items_per_call()?)),
            here("workers that call it", Unit::Workers.of(site.callers as f64)),
        ],
        what: format!(
            "workers called the parallel iterator{} {} times from within their tasks, and splitting \
             took {} each time",
            at(name.as_deref()),
            thousands(site.calls),
            nanos(each)
        ),
        next: format!(
            "make the inner loop serial, `iter()` in place of `par_iter()`: with {} calls from \
             within {} workers there is enough to do without it",
            thousands(site.calls),
            site.callers
        ),
        advice: Some(Advice::Serially),
        predicted: None,
    })
}
