//! A lane's own clock: it goes on while the lane's thread works, and stands while that waits, has no
//! task, or is off the CPU.

use crate::model::{Event, Lane, Nanos, OperationKind, Role, Span};
use crate::timeline::{Row, Stretch};

/// How long a lane has worked at any time; to be asked in the order of time.
pub(super) struct Clock {
    pieces: Vec<Piece>,
    next: usize,
    /// What lies in the pieces before `next`.
    passed: Nanos,
}

/// A stretch in which a lane worked, all the time or evenly a part of it.
struct Piece {
    span: Span,
    work: Nanos,
}

impl Clock {
    /// The clock of a lane that never works.
    pub(super) fn standing() -> Self {
        Self { pieces: Vec::new(), next: 0, passed: Nanos::ZERO }
    }

    /// The clock of a row within a window; `on_cpu` takes off what is known to be off the CPU.
    pub(super) fn of(row: &Row, window: Span, on_cpu: bool) -> Self {
        let mut clock = Self::standing();
        let mut off = row.lane().watched.off_cpu.iter().map(|off| off.span).peekable();
        let mut parts = Vec::new();
        for stretch in row.stretches().iter().filter_map(|stretch| stretch.within(window)) {
            if stretch.busy == Nanos::ZERO || is_programs_own(row.lane(), stretch) {
                continue;
            }
            let mut at = stretch.span.start;
            while let Some(away) = off.peek().filter(|_| on_cpu).copied() {
                if away.start >= stretch.span.end {
                    break;
                }
                if away.start > at {
                    parts.push(Span { start: at, end: away.start });
                }
                at = at.max(away.end);
                if away.end > stretch.span.end {
                    break;
                }
                off.next();
            }
            if at < stretch.span.end {
                parts.push(Span { start: at, end: stretch.span.end });
            }
            clock.lay(stretch.busy, &mut parts);
        }
        clock
    }

    /// Lays work evenly over the parts; no more than they can hold.
    fn lay(&mut self, work: Nanos, parts: &mut Vec<Span>) {
        let room: Nanos = parts.iter().map(|part| part.duration()).sum();
        let work = work.min(room);
        let mut behind = Nanos::ZERO;
        for span in parts.drain(..) {
            let before = share(work, behind, room);
            behind += span.duration();
            self.pieces.push(Piece { span, work: share(work, behind, room) - before });
        }
    }

    /// How long the lane has worked until `time`, which is not before that of the last call.
    pub(super) fn until(&mut self, time: Nanos) -> Nanos {
        while let Some(piece) = self.pieces.get(self.next).filter(|piece| piece.span.end <= time) {
            self.passed += piece.work;
            self.next += 1;
        }
        match self.pieces.get(self.next) {
            Some(Piece { span, work }) => {
                let behind = time.saturating_since(span.start);
                self.passed + share(*work, behind, span.duration())
            }
            None => self.passed,
        }
    }
}

/// What a thread that is no worker does in a region it does outside rayon.
fn is_programs_own(lane: &Lane, stretch: Stretch) -> bool {
    let event = stretch.event().and_then(|event| lane.events.get(event));
    lane.role == Role::Outside
        && matches!(event, Some(Event::Operation(op)) if op.kind == OperationKind::Region)
}

/// `sum · part / whole`; parts have a length, so that `whole` is zero for nothing only.
fn share(sum: Nanos, part: Nanos, whole: Nanos) -> Nanos {
    if part == whole || sum == whole {
        return sum.min(part);
    }
    let product = u128::from(sum.0) * u128::from(part.0);
    Nanos((product / u128::from(whole.0.max(1))) as u64)
}
