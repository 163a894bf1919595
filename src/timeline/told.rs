//! Whether what the program said of itself lies in the recording. It need not nest.

use super::Problem;
use crate::model::{Lane, Nanos, Span};

pub(super) fn check(lane: &Lane, duration: Nanos) -> Result<(), Problem> {
    let notes = lane.told.notes.iter().map(|note| Span { start: note.at, end: note.at });
    let mut spans = lane.told.phases.iter().map(|phase| phase.span).chain(notes);
    match spans.find(|span| span.start > span.end || span.end > duration) {
        Some(span) => Err(Problem::ToldOutside { lane: lane.id, span, duration }),
        None => Ok(()),
    }
}
