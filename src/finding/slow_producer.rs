//! The iterator under `par_bridge` cannot feed all workers.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::View;
use super::text::at;
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::{Component, KeptLeaves};
use crate::model::Nanos;

pub(super) const LINT: Lint = Lint {
    id: "slow-producer",
    looks_for: "5 % or more of the core-time in waiting for the iterator that all leaves under \
                `par_bridge` share",
    wrong_if: "the iterator waits for input that comes no faster, and collecting it first would \
               only move the wait",
    rests_on: RestsOn::Times,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let loss = view.loss(view.whole.time(Component::Producer))?;
    let (site, leaves) = view
        .sites
        .iter()
        .filter_map(|site| Some((site, *site.figures.kept.value()?.leaves.value()?)))
        .max_by_key(|(_, leaves)| leaves.waited)?;
    let KeptLeaves { time, waited, producing, .. } = leaves;
    let consuming = time.saturating_since(waited + producing);
    // One produces while so many others consume what it makes.
    let fed = 1.0 + consuming.0 as f64 / producing.0.max(1) as f64;
    let name = site.name();
    let here = |what: &str, time: Nanos| {
        Evidence::new(what, Unit::Nanos.of(time.0 as f64)).at(name.clone())
    };
    let workers = (fed.ceil() as u64).min(view.workers()) as u32;
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: vec![
            here("waited for the iterator", waited),
            here("ran the iterator, one at a time", producing),
            here("worked on its items", consuming),
        ],
        what: format!(
            "workers waited for the iterator under `par_bridge`{}: it feeds {fed:.1} of {}",
            at(name.as_deref()),
            view.workers()
        ),
        next: format!(
            "collect before par_bridge: `collect::<Vec<_>>()`, then `into_par_iter()`, which splits \
             without a lock; else move work out of the iterator, for it feeds {workers} workers"
        ),
        advice: Some(Advice::Workers { workers }),
        predicted: None,
    })
}
