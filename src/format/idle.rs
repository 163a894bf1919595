//! A lane's slices with what it did without a job laid between and into them: a search lies where
//! nothing is drawn, or in the wait that its worker looks for work in.
//!
//! Nothing lies in such a stretch. One that crosses what is around it, or that something begins in,
//! is cut where it is shown, because viewers drop a slice that does not nest.

use std::iter::Peekable;

use super::nest::{Slice, Slices, What};
use crate::model::{Idle, Lane, Nanos, Sleep, Span, Wake};

/// What is drawn on a lane.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lay<'a> {
    /// An event, or a wait.
    Slice(What<'a>),
    /// A stretch without a job.
    Idle(&'a Idle),
    /// The instant at which a worker that was woken runs again, where nothing else begins then: the
    /// search that follows was too short to be kept. Without it, an arrow would have no end there.
    Awake,
}

/// One thing of it, with the times at which it is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Laid<'a> {
    pub(super) what: Lay<'a>,
    pub(super) shown: Span,
}

impl<'a> Laid<'a> {
    /// All that is drawn on a lane, in drawing order. Its memory is the depth of nesting.
    pub(super) fn on(lane: &'a Lane) -> impl Iterator<Item = Self> {
        Layer {
            slices: Slices::new(&lane.events).peekable(),
            idle: lane.idling.stretches.iter().peekable(),
            open: Vec::new(),
            filled: Nanos::ZERO,
            awake: None,
        }
    }
}

/// When a worker runs again that was woken; `None` of any other stretch, and of one that is shown cut.
pub(super) fn woken_until(laid: &Laid<'_>) -> Option<(Wake, Nanos)> {
    let Lay::Idle(Idle::Sleep(Sleep { span, wake: Some(wake), open: false })) = laid.what else {
        return None;
    };
    (laid.shown.end == span.end).then_some((*wake, span.end))
}

struct Layer<'a, S: Iterator<Item = Slice<'a>>, I: Iterator<Item = &'a Idle>> {
    slices: Peekable<S>,
    idle: Peekable<I>,
    /// The ends of the slices around.
    open: Vec<Nanos>,
    /// Until when the last stretch is shown.
    filled: Nanos,
    /// When a worker runs again, once its sleep is drawn.
    awake: Option<Nanos>,
}

impl<'a, S: Iterator<Item = Slice<'a>>, I: Iterator<Item = &'a Idle>> Layer<'a, S, I> {
    /// The next stretch, if it begins before the next slice. What begins with it is around it.
    fn next_idle(&mut self) -> Option<Laid<'a>> {
        let next = self.slices.peek().map(|slice| slice.shown.start);
        let idle = self.idle.next_if(|idle| next.is_none_or(|next| idle.span().start < next))?;
        let Span { start, end } = idle.span();
        let start = start.max(self.filled);
        while self.open.last().is_some_and(|end| *end <= start) {
            self.open.pop();
        }
        let around = self.open.last().copied().into_iter().chain(next);
        let end = around.fold(end, Nanos::min).max(start);
        self.filled = end;
        let laid = Laid { what: Lay::Idle(idle), shown: Span { start, end } };
        self.awake = woken_until(&laid).map(|(_, until)| until);
        Some(laid)
    }

    /// That a worker runs again, if nothing else says so.
    fn next_awake(&mut self) -> Option<Laid<'a>> {
        let at = self.awake.take()?;
        let slice = self.slices.peek().is_some_and(|slice| slice.shown.start <= at);
        let idle = self.idle.peek().is_some_and(|idle| idle.span().start <= at);
        let shown = Span { start: at, end: at };
        (!slice && !idle).then_some(Laid { what: Lay::Awake, shown })
    }
}

impl<'a, S: Iterator<Item = Slice<'a>>, I: Iterator<Item = &'a Idle>> Iterator for Layer<'a, S, I> {
    type Item = Laid<'a>;

    fn next(&mut self) -> Option<Laid<'a>> {
        if let Some(laid) = self.next_awake().or_else(|| self.next_idle()) {
            return Some(laid);
        }
        let Slice { what, shown } = self.slices.next()?;
        while self.open.last().is_some_and(|end| *end <= shown.start) {
            self.open.pop();
        }
        self.open.push(shown.end);
        Some(Laid { what: Lay::Slice(what), shown })
    }
}
