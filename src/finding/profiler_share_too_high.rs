//! The recording itself takes too much of the time.

use super::fact::{Evidence, Found, Unit};
use super::text::percent;
use super::{Ask, Lint, MOST_OWN_COST, Picture, RestsOn, Withheld};
use crate::model::Detail;

pub(super) const LINT: Lint = Lint {
    id: "profiler-share-too-high",
    looks_for: "more than 5 % of the workers' time in the profiler: other findings that rest on \
                times are withheld",
    wrong_if: "the calibration at the recording's start was disturbed by other programs",
    rests_on: RestsOn::Facts,
    ask: Ask::Recording(ask),
};

/// The profiler's share, if it is too high.
pub(super) fn share(picture: &Picture) -> Option<f64> {
    picture.own_cost.share.value().copied().filter(|share| *share > MOST_OWN_COST)
}

fn ask(picture: &Picture, withheld: &Withheld) -> Option<Found> {
    let share = share(picture)?;
    let next = match picture.trace().header.detail {
        Detail::Full => {
            "record with detail `auto`, which times only what is large enough to matter"
        }
        Detail::Off | Detail::Count | Detail::Auto => {
            "make tasks larger: with detail `auto` it takes so much only where tasks are tiny; \
             detail `count` costs least and keeps the counts"
        }
    };
    let own = picture.own_cost;
    let counts = [
        ("timed tasks", &own.timed_tasks),
        ("timed joins", &own.timed_joins),
        ("counted joins", &own.counted_joins),
        ("timed leaves", &own.timed_leaves),
        ("counted leaves", &own.counted_leaves),
    ];
    let counts = counts.into_iter().filter_map(|(what, count)| Some((what, *count.value()?)));
    let counts = counts.filter(|(_, count)| *count > 0);
    let names = withheld.by_probes.iter().map(|id| format!("withheld: {id}"));
    let evidence = counts
        .map(|(what, count)| Evidence::new(what, Unit::Tasks.of(count as f64)))
        .chain(names.map(|what| Evidence { what, ..Evidence::default() }));
    Some(Found {
        loss: None,
        measured: Unit::Share.of(share),
        threshold: Unit::Share.of(MOST_OWN_COST),
        evidence: evidence.collect(),
        what: format!(
            "the profiler took {} of the workers' time: findings that rest on times are withheld",
            percent(share)
        ),
        next: next.to_owned(),
        advice: None,
        predicted: None,
    })
}
