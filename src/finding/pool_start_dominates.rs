//! The pool's threads came while it was measured.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::{View, index_of};
use super::text::percent;
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::Component;
use crate::model::Span;

pub(super) const LINT: Lint = Lint {
    id: "pool-start-dominates",
    looks_for: "5 % or more of the core-time before the pool's threads were there, or after they \
                had ended",
    wrong_if: "the program is as short as that whenever it runs, and starting is what is measured",
    rests_on: RestsOn::Facts,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let loss = view.loss(view.whole.time(Component::PoolStart))?;
    let start = view.whole.window.start;
    let rows = view.rows();
    let last = rows.iter().max_by_key(|row| row.presence().start)?;
    let came = Span { start, end: last.presence().start.max(start) };
    // The loss is the same in a longer run.
    let calls = (loss.share / LEAST_LOSS).ceil().max(2.0) as u64;
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: vec![
            Evidence {
                worker: index_of(last.lane()),
                lane: Some(last.lane().id),
                ..Evidence::new(
                    "until the last worker was there",
                    Unit::Nanos.of(came.duration().0 as f64),
                )
            }
            .during(came),
        ],
        what: format!(
            "for {} of the core-time the pool's threads were not there: the last one came after {}",
            percent(loss.share),
            came.duration()
        ),
        next: format!(
            "keep one pool for all calls, and start it before, with an empty `broadcast`; with \
             {calls} times the work in one pool the start would be below {}",
            percent(LEAST_LOSS)
        ),
        advice: Some(Advice::Merge { calls }),
        predicted: None,
    })
}
