//! What the program said on a lane, as slices that a viewer can stack: its spans, and its events as
//! slices of no length. A span that crosses the one around it is cut at that one's end where it is
//! shown, because viewers drop a slice that does not nest.

use std::cmp::Reverse;

use crate::model::{Nanos, Note, Phase, Span, Told};

/// One thing that the program said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Saying<'a> {
    /// It was in a span.
    Phase(&'a Phase),
    /// It had an event.
    Note(&'a Note),
}

impl Saying<'_> {
    pub(super) fn span(self) -> Span {
        match self {
            Self::Phase(phase) => phase.span,
            Self::Note(note) => Span { start: note.at, end: note.at },
        }
    }
}

/// All of it in drawing order, each with the times at which it is shown.
pub(super) fn nested(told: &Told) -> impl Iterator<Item = (Saying<'_>, Span)> {
    let notes = told.notes.iter().map(Saying::Note);
    let mut all: Vec<_> = told.phases.iter().map(Saying::Phase).chain(notes).collect();
    all.sort_by_key(|saying| (saying.span().start, Reverse(saying.span().end)));
    let mut open: Vec<Nanos> = Vec::new();
    all.into_iter().map(move |saying| {
        let Span { start, end } = saying.span();
        while open.last().is_some_and(|end| *end <= start) {
            open.pop();
        }
        let around = open.last().copied().unwrap_or(end);
        let shown = Span { start, end: end.min(around).max(start) };
        open.push(shown.end);
        (saying, shown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(start: u64, end: u64) -> Phase {
        let span = Span { start: Nanos(start), end: Nanos(end) };
        Phase { span, id: None, within: None, name: None, inherited: false }
    }

    #[test]
    fn what_crosses_is_cut_and_events_lie_within() {
        let note = Note { at: Nanos(60), phase: None, text: None };
        let phases = vec![phase(0, 100), phase(50, 150), phase(120, 130)];
        let told = Told { phases, notes: vec![note] };
        let shown: Vec<_> = nested(&told).map(|(_, shown)| (shown.start.0, shown.end.0)).collect();
        assert_eq!(shown, [(0, 100), (50, 100), (60, 60), (120, 130)]);
    }
}
