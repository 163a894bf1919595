//! Where a worker says itself that it had no job, it waits, though no event says so: the waits of joins
//! that were only counted have none. Its busy stretches are cut there.

use super::collapsed::portion;
use super::{State, Stretch};
use crate::model::{Idle, Lane, Nanos, Span};

/// A lane's stretches, with its searches and sleeps in busy ones as waits. What begins and ends events
/// is never within one of these, so that each lies within one stretch.
pub(super) fn cut(lane: &Lane, stretches: Vec<Stretch>) -> Vec<Stretch> {
    match waits(&lane.idling.stretches, &stretches).count() {
        0 => stretches,
        count => cut_at(count, lane, &stretches),
    }
}

fn cut_at(count: usize, lane: &Lane, stretches: &[Stretch]) -> Vec<Stretch> {
    let mut waits = waits(&lane.idling.stretches, stretches).peekable();
    let mut cut = Vec::with_capacity(stretches.len() + 2 * count);
    for (index, &stretch) in stretches.iter().enumerate() {
        let own = waits.clone().take_while(|(of, _)| *of == index);
        let waited = own.map(|(_, wait)| wait.duration()).sum();
        let mut rest = Rest::of(stretch, waited);
        while let Some((_, wait)) = waits.next_if(|(of, _)| *of == index) {
            cut.extend(rest.until(wait.start));
            cut.push(rest.wait(wait));
        }
        cut.extend(rest.until(stretch.span.end));
    }
    cut
}

/// When a worker had no job in a busy stretch, with the index of that; one search or sleep that begins
/// as another ends is taken with it.
fn waits<'s>(
    idle: &'s [Idle],
    stretches: &'s [Stretch],
) -> impl Iterator<Item = (usize, Span)> + Clone + use<'s> {
    let mut idle = idle.iter().map(Idle::span).filter(|idle| idle.start < idle.end).peekable();
    let mut index = 0;
    std::iter::from_fn(move || {
        loop {
            let mut wait = idle.next()?;
            while stretches.get(index)?.span.end <= wait.start {
                index += 1;
            }
            let stretch = stretches.get(index)?;
            let goes_on = |end, next: &Span| next.start == end && next.end <= stretch.span.end;
            while let Some(next) = idle.next_if(|next| goes_on(wait.end, next)) {
                wait.end = next.end;
            }
            if stretch.state == State::Busy {
                return Some((index, wait));
            }
        }
    })
}

/// What is left of a stretch.
struct Rest {
    stretch: Stretch,
    at: Nanos,
    /// What of it is not such a wait, and how much of that is behind.
    room: Nanos,
    passed: Nanos,
    /// What of the room was spent in tasks, as if laid evenly over it: all of it, unless a leaf waited
    /// for its turn, or waits are summed up, which these may be part of.
    busy: Nanos,
}

impl Rest {
    fn of(stretch: Stretch, waited: Nanos) -> Self {
        let room = stretch.span.duration().saturating_since(waited);
        let (at, busy) = (stretch.span.start, stretch.busy.min(room));
        Self { stretch, at, room, passed: Nanos::ZERO, busy }
    }

    /// The part up to then; `None` if that is empty.
    fn until(&mut self, end: Nanos) -> Option<Stretch> {
        let span = Span { start: std::mem::replace(&mut self.at, end), end };
        let before = self.laid();
        self.passed += span.duration();
        let busy = self.laid() - before;
        (span.start < span.end).then_some(Stretch { span, busy, ..self.stretch })
    }

    fn wait(&mut self, span: Span) -> Stretch {
        self.at = span.end;
        Stretch { span, state: State::Waiting, busy: Nanos::ZERO, unrecorded: true, ..self.stretch }
    }

    fn laid(&self) -> Nanos {
        portion(self.busy, self.passed, self.room)
    }
}
