//! Calls from a thread that is no worker: each is handed over to the pool and back.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::View;
use super::text::{at, nanos, percent, thousands};
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
    let (next, advice) = next(view, Calls { count, each, work, share: loss.share });
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
            "each of {} from threads that are no workers{} cost {} to hand over and back, for {} of \
             work",
            counted(count),
            at(site.as_deref()),
            nanos(each),
            nanos(work)
        ),
        next,
        advice,
        predicted: None,
    })
}

fn counted(calls: u64) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("{} calls", thousands(calls)) }
}

/// In parallel, a call saves at most `work · (1 − 1/P)`, and has to pay for being handed over.
fn next(view: &View, calls: Calls) -> (String, Option<Advice>) {
    let Calls { count, each, work, share } = calls;
    let pays_from = each / (1.0 - 1.0 / view.workers().max(2) as f64);
    if work < pays_from {
        return serially(view, each, pays_from);
    }
    if count >= MANY {
        let text = format!(
            "put one `pool.install` around all {} calls, so that they are called from a worker",
            thousands(count)
        );
        return (text, Some(Advice::Merge { calls: count }));
    }
    // What is handed over costs the same with more work in it.
    let calls = (share / LEAST_LOSS).ceil().max(2.0) as u64;
    let text = format!(
        "put {calls} times as much work in one call, or call it from within an `install` with what \
         is around it: with {} in a call, handing over would be below {}",
        nanos(work * calls as f64),
        percent(LEAST_LOSS)
    );
    (text, Some(Advice::Merge { calls }))
}

fn serially(view: &View, each: f64, pays_from: f64) -> (String, Option<Advice>) {
    let site = view.sites.iter().max_by_key(|site| site.items);
    let per_item = site.and_then(|site| site.time_per_item()).filter(|time| *time > 0.0);
    let Some(per_item) = per_item else {
        let text = format!("call it serially where it has less than {} to do", nanos(pays_from));
        return (text, Some(Advice::Serially));
    };
    let items = (pays_from / per_item).ceil() as u64;
    let text = format!(
        "call it serially below {} items: only from there on does a parallel call save more than \
         the {} that it costs to hand over",
        thousands(items),
        nanos(each)
    );
    (text, Some(Advice::SeriallyBelow { items }))
}

/// Of all calls from outside.
struct Calls {
    count: u64,
    /// What handing one over costs, in nanoseconds.
    each: f64,
    /// What one does, in nanoseconds.
    work: f64,
    share: f64,
}
