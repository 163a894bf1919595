//! Reductions, which serial code does not have, take too much of the time.

use super::fact::{Advice, Evidence, Found, Unit};
use super::grain::TASKS_PER_WORKER;
use super::picture::{Site, View};
use super::text::{at, percent, thousands};
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::{Component, KeptReductions};
use crate::model::Nanos;

pub(super) const LINT: Lint = Lint {
    id: "reduction-heavy",
    looks_for: "5 % or more of the core-time in reductions",
    wrong_if: "the reduction does what the serial program does as well, elsewhere",
    rests_on: RestsOn::Times,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let loss = view.loss(view.whole.time(Component::Reduce))?;
    let (site, reductions) = view
        .sites
        .iter()
        .filter_map(|site| Some((site, *site.figures.kept.value()?.reductions.value()?)))
        .max_by_key(|(_, reductions)| reductions.time)?;
    let name = site.name();
    let KeptReductions { count, time, longest, depth_of_longest, .. } = reductions;
    let here = |what: String, time: Nanos| {
        Evidence::new(what, Unit::Nanos.of(time.0 as f64)).at(name.clone())
    };
    let (next, advice) = next(view, site, reductions)?;
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: vec![
            here(format!("{} reductions", thousands(count)), time),
            here(format!("the longest, under {depth_of_longest} splits"), longest),
        ],
        what: format!(
            "putting results together took {} of the core-time, most of it{}",
            percent(loss.share),
            at(name.as_deref())
        ),
        next,
        advice,
        predicted: None,
    })
}

/// Fewer leaves have fewer results to put together, as long as there are leaves enough.
fn next(view: &View, site: &Site, kept: KeptReductions) -> Option<(String, Option<Advice>)> {
    let leaves = site.leaves as f64 / site.calls.max(1) as f64;
    let enough = (TASKS_PER_WORKER * view.workers()) as f64;
    let items = (site.items_per_call()? / (2.0 * enough)).floor() as u64;
    if leaves > 2.0 * enough && items > 1 {
        let text = format!(
            "`with_min_len({items})` leaves {} reductions or more in place of {} for each call, and \
             tasks enough for all workers",
            thousands(enough as u64 - 1),
            thousands(leaves as u64 - 1)
        );
        return Some((text, Some(Advice::MinLen { from: items, to: items })));
    }
    let text = format!(
        "there are few reductions, but one took {}: extend one side in place rather than making a \
         new value of both, or write to a slice of known length",
        kept.longest
    );
    Some((text, None))
}
