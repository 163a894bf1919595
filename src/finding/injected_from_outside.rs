//! Calls from a thread that is no worker: each is handed over to the pool and back.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::View;
use super::text::{at, nanos, thousands};
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::Component;
use crate::model::Operation;

pub(super) const LINT: Lint = Lint {
    id: "injected-from-outside",
    looks_for: "5 % or more of the core-time in handing work to the pool and its results back",
    wrong_if: "the thread that calls has to be another one than the pool's, and its calls cannot be \
               put together",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

/// From so many calls on, putting them together is worth more than making each cheaper.
const MANY: u64 = 8;

fn ask(view: &View) -> Option<Found> {
    let lost = view.whole.time(Component::HandOver);
    let loss = view.loss(lost)?;
    let calls: Vec<(_, &Operation)> = view.picture.calls_from_outside().collect();
    let count = calls.len() as u64;
    let (lane, longest) = calls.iter().max_by_key(|(_, call)| call.span.duration())?;
    // While work is handed over, all workers are without any.
    let each = lost.0 as f64 / view.workers() as f64 / count as f64;
    let work = view.work().0 as f64 / count as f64;
    let site = view.picture.site(longest.site);
    let here = |what: &str, value| Evidence::new(what, Unit::Nanos.of(value));
    let (next, advice) = next(view, count, each, work);
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: vec![
            here("handing one call over and back", each).at(site.clone()),
            here("work of one call", work).at(site.clone()),
            Evidence {
                lane: Some(lane.id),
                ..Evidence::new("calls from outside of the pool", Unit::Calls.of(count as f64))
            }
            .at(site.clone())
            .during(longest.span),
        ],
        what: format!(
            "{} calls from a thread that is no worker{} cost {} each to hand over and back, for {} \
             of work",
            thousands(count),
            at(site.as_deref()),
            nanos(each),
            nanos(work)
        ),
        next,
        advice,
        predicted: None,
    })
}

/// In parallel, a call saves at most `work · (1 − 1/P)`, and has to pay for being handed over.
fn next(view: &View, count: u64, each: f64, work: f64) -> (String, Option<Advice>) {
    let saved = 1.0 - 1.0 / view.workers().max(2) as f64;
    let pays_from = each / saved;
    if work >= pays_from && count >= MANY {
        let text = format!(
            "put one `pool.install` around all {} calls, so that they are called from a worker",
            thousands(count)
        );
        return (text, Some(Advice::Merge { calls: count }));
    }
    let per_item = view
        .sites
        .iter()
        .max_by_key(|site| site.items)
        .and_then(|site| site.time_per_item().filter(|time| *time > 0.0));
    if let Some(per_item) = per_item {
        let items = (pays_from / per_item).ceil() as u64;
        let text = format!(
            "call it serially below {} items: only from there on does a parallel call save more \
             than the {} that it costs to hand over",
            thousands(items),
            nanos(each)
        );
        return (text, Some(Advice::SeriallyBelow { items }));
    }
    let text = format!(
        "give each call {} of work or more, or call it serially: it does {} now",
        nanos(pays_from),
        nanos(work)
    );
    (text, Some(Advice::Serially))
}
