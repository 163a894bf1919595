//! A worker's stretches, cut where it went off the CPU and came back, with how much of each piece it
//! had a job.

use super::sweep::ONE;
use crate::model::{Nanos, OffCpu, Span};
use crate::timeline::{Row, State, Stretch};

/// Where the thread was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    OnCpu,
    /// Off it, though it could run.
    Preempted,
    /// Off it of its own will.
    Off,
}

/// A piece of a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) span: Span,
    pub(super) stretch: Stretch,
    pub(super) place: Place,
    /// The share of it in which there was a job that did not wait, of [`ONE`].
    pub(super) busy: i64,
}

/// The pieces of a worker's time, in order, without gap or overlap.
pub(super) fn cuts<'r>(row: &'r Row) -> impl Iterator<Item = Cut> + use<'r> {
    let mut off_cpu = &row.lane().watched.off_cpu[..];
    row.stretches().iter().flat_map(move |&stretch| {
        let over = off_cpu.iter().take_while(|off| off.span.end <= stretch.span.start).count();
        off_cpu = &off_cpu[over..];
        Pieces::of(stretch, off_cpu)
    })
}

/// The walk along one stretch.
struct Pieces<'o> {
    stretch: Stretch,
    off_cpu: &'o [OffCpu],
    at: Nanos,
    shares: Shares,
}

/// What share of each kind of piece was busy.
#[derive(Clone, Copy)]
struct Shares {
    on_cpu: i64,
    preempted: i64,
    off: i64,
}

impl Shares {
    const ALL: Self = Self { on_cpu: ONE, preempted: ONE, off: ONE };
    const NONE: Self = Self { on_cpu: 0, preempted: 0, off: 0 };

    /// A stretch may be busy in part, where short tasks are summed up or a leaf waited for its turn.
    /// Its time off the CPU was rather spent waiting than in a job. One that runs has a job rather
    /// than one that was preempted, where there is none around them, and the other way round.
    fn of(stretch: Stretch, off_cpu: &[OffCpu]) -> Self {
        let rest = stretch.rest();
        if rest == Nanos::ZERO {
            return Self::ALL;
        }
        if stretch.busy == Nanos::ZERO {
            return Self::NONE;
        }
        let [mut preempted, mut off] = [Nanos::ZERO; 2];
        for piece in within(stretch.span, off_cpu) {
            let length = common(piece.span, stretch.span).duration();
            if piece.preempted { preempted += length } else { off += length }
        }
        let on_cpu = stretch.span.duration() - preempted - off;
        let mut left = rest;
        let mut take = |from: Nanos| {
            let taken = left.min(from);
            left = left - taken;
            ONE - share(taken, from)
        };
        let off = take(off);
        if stretch.state == State::Busy {
            let on_cpu = take(on_cpu);
            Self { off, on_cpu, preempted: take(preempted) }
        } else {
            let preempted = take(preempted);
            Self { off, preempted, on_cpu: take(on_cpu) }
        }
    }
}

/// `part / whole` of [`ONE`]; all of nothing is nothing.
fn share(part: Nanos, whole: Nanos) -> i64 {
    match whole {
        Nanos::ZERO => 0,
        whole => (u128::from(part.0) * ONE as u128 / u128::from(whole.0)) as i64,
    }
}

impl<'o> Pieces<'o> {
    fn of(stretch: Stretch, off_cpu: &'o [OffCpu]) -> Self {
        let shares = Shares::of(stretch, off_cpu);
        Self { stretch, off_cpu, at: stretch.span.start, shares }
    }

    fn piece(&mut self, end: Nanos, place: Place) -> Cut {
        let span = Span { start: self.at, end };
        self.at = end;
        let busy = match place {
            Place::OnCpu => self.shares.on_cpu,
            Place::Preempted => self.shares.preempted,
            Place::Off => self.shares.off,
        };
        Cut { span, stretch: self.stretch, place, busy }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Cut;

    fn next(&mut self) -> Option<Cut> {
        let end = self.stretch.span.end;
        while self.at < end {
            let Some(off) = self.off_cpu.first().filter(|off| off.span.start < end) else { break };
            if off.span.start > self.at {
                return Some(self.piece(off.span.start, Place::OnCpu));
            }
            self.off_cpu = &self.off_cpu[1..];
            let until = off.span.end.min(end);
            if until > self.at {
                let place = if off.preempted { Place::Preempted } else { Place::Off };
                return Some(self.piece(until, place));
            }
        }
        (self.at < end).then(|| self.piece(end, Place::OnCpu))
    }
}

fn within(span: Span, off_cpu: &[OffCpu]) -> impl Iterator<Item = &OffCpu> {
    off_cpu.iter().take_while(move |off| off.span.start < span.end)
}

fn common(a: Span, b: Span) -> Span {
    Span { start: a.start.max(b.start), end: a.end.min(b.end) }
}
