//! One thread works alone: the serial share bounds the speed-up.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::View;
use super::text::percent;
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::{Component, CoreTime};
use crate::model::{Nanos, Span};

pub(super) const LINT: Lint = Lint {
    id: "serial-fraction",
    looks_for: "5 % or more of the core-time lost while one task, or the caller outside of rayon, \
                worked alone",
    wrong_if: "the measured window holds set-up that happens once, and a real run is longer: mark \
               what counts with `rayprism::region`",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

/// So many of the longest stretches are shown.
const SHOWN: usize = 3;

fn ask(view: &View) -> Option<Found> {
    let lost = view.whole.time(Component::Serial);
    let loss = view.loss(lost)?;
    let others = view.workers().checked_sub(1).filter(|others| *others > 0)?;
    let alone = lost.0 as f64 / others as f64;
    let blocked = view.time(&[Component::Blocked, Component::BlockedOwn]).0 as f64;
    // Who waits alone works for nobody: that is no fraction of the work.
    if blocked > alone / 2.0 {
        return None;
    }
    let fraction = (alone / (useful(view)?.0 as f64 + blocked)).min(1.0);
    let bound = 1.0 / fraction;
    let gaps = gaps(view, alone);
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(fraction),
        // With this fraction the loss is the least that counts: f · (P − 1) / P of the time, if
        // nothing else is lost.
        threshold: Unit::Share.of(LEAST_LOSS),
        what: format!(
            "{} of the work ran on one thread alone: no number of workers makes this more than \
             {bound:.1} times as fast",
            percent(fraction)
        ),
        next: next(&gaps, bound),
        evidence: gaps,
        advice: Some(Advice::Bound { speed_up_milli: (bound * 1e3) as u64 }),
        predicted: None,
    })
}

/// What serial code would have to do.
fn useful(view: &View) -> Option<CoreTime> {
    let useful = view.whole.part(Component::Useful).map(|part| part.time);
    Some(useful.unwrap_or_else(|| view.work())).filter(|time| *time > CoreTime::ZERO)
}

fn next(gaps: &[Evidence], bound: f64) -> String {
    match gaps.first() {
        Some(Evidence { span: Some(gap), site, .. }) => format!(
            "look first at the {} between two calls{}: make it parallel, or do it while others \
             work, with `join`; until then more than {:.0} workers gain little",
            gap.duration(),
            site.as_deref().map_or_else(String::new, |site| {
                format!(", before the one{}", super::text::at(Some(site)))
            }),
            bound.ceil()
        ),
        _ => format!(
            "split the task that runs alone with `join`; until then more than {:.0} workers gain \
             little",
            bound.ceil()
        ),
    }
}

/// The longest stretches in which no call of a thread outside the pool was under way; none if all of
/// them are less than half of the time that one thread worked alone, as it was a task then.
fn gaps(view: &View, alone: f64) -> Vec<Evidence> {
    let mut calls: Vec<_> = view.picture.calls_from_outside().collect();
    calls.sort_by_key(|(_, call)| call.span.start);
    let mut at = view.picture.window.span.start;
    let mut gaps: Vec<Evidence> = Vec::new();
    for (lane, call) in calls {
        if call.span.start > at {
            let span = Span { start: at, end: call.span.start };
            let length = Unit::Nanos.of(span.duration().0 as f64);
            let gap = Evidence::new("outside of rayon, before this call", length).during(span);
            gaps.push(Evidence { lane: Some(lane.id), ..gap.at(view.picture.site(call.site)) });
        }
        at = at.max(call.span.end);
    }
    let lengths = gaps.iter().filter_map(|gap| gap.span.map(Span::duration));
    if (lengths.sum::<Nanos>().0 as f64) < alone / 2.0 {
        return Vec::new();
    }
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.span.map(Span::duration)));
    gaps.truncate(SHOWN);
    gaps
}
