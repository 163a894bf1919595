//! A worker's stretches, cut where it went off the CPU and came back, or began and ended to look for
//! work and to sleep, with how much of each piece it had a job.

use super::super::sleeps;
use super::sweep::ONE;
use crate::model::{Idle, Lane, Nanos, Span};
use crate::timeline::{Row, State, Stretch};

/// Where the thread was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    OnCpu,
    /// Off it, though it could run.
    Preempted,
    /// Off it of its own will.
    Off,
    /// Likewise, and without a job it sleeps.
    Asleep,
}

/// A stretch in which a worker was off the CPU, or had no job by its own word.
#[derive(Clone, Copy, Debug)]
struct Away {
    span: Span,
    place: Place,
    idle: bool,
}

/// A worker's, in order and without overlap. Where it says itself that it has no job, the kernel is not
/// asked.
fn away(lane: &Lane) -> Vec<Away> {
    let told = sleeps::are_told(lane);
    let idle: &[Idle] = if told { &lane.idling.stretches } else { &[] };
    let mut away: Vec<Away> = idle.iter().map(idle_away).collect();
    let mut idle = idle.iter().map(Idle::span).peekable();
    for off in &lane.watched.off_cpu {
        let place = match (off.preempted, told) {
            (true, _) => Place::Preempted,
            (false, true) => Place::Off,
            (false, false) => Place::Asleep,
        };
        let mut add = |start, end| {
            let span = Span { start, end };
            away.extend((start < end).then_some(Away { span, place, idle: false }));
        };
        let Span { start: mut at, end } = off.span;
        while idle.next_if(|idle| idle.end <= at).is_some() {}
        while let Some(next) = idle.peek().copied().filter(|idle| idle.start < end) {
            add(at, next.start);
            at = at.max(next.end);
            if next.end > end {
                break;
            }
            idle.next();
        }
        add(at, end);
    }
    away.sort_by_key(|away| away.span.start);
    away
}

fn idle_away(idle: &Idle) -> Away {
    let place = match idle {
        Idle::Search(_) => Place::OnCpu,
        Idle::Sleep(_) => Place::Asleep,
    };
    Away { span: idle.span(), place, idle: true }
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
    let (stretches, away) = (row.stretches().iter(), away(row.lane()));
    Cuts { stretches, now: None, at: Nanos::ZERO, away, next: 0 }
}

/// The walk along a worker's stretches.
struct Cuts<'r> {
    stretches: std::slice::Iter<'r, Stretch>,
    now: Option<(Stretch, Shares)>,
    /// Until when the stretch is cut.
    at: Nanos,
    away: Vec<Away>,
    /// The first of them that is not over.
    next: usize,
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
    /// It was not while the worker says that it had no job; its time off the CPU was rather spent
    /// waiting than in a job. One that runs has a job rather than one that was preempted, where there
    /// is none around them, and the other way round.
    fn of(stretch: Stretch, away: &[Away]) -> Self {
        let rest = stretch.rest();
        if rest == Nanos::ZERO {
            return Self::ALL;
        }
        if stretch.busy == Nanos::ZERO {
            return Self::NONE;
        }
        let [mut idle, mut preempted, mut off] = [Nanos::ZERO; 3];
        for piece in within(stretch.span, away) {
            let length = common(piece.span, stretch.span).duration();
            match piece {
                Away { idle: true, .. } => idle += length,
                Away { place: Place::Preempted, .. } => preempted += length,
                _ => off += length,
            }
        }
        let on_cpu = stretch.span.duration() - idle - preempted - off;
        let mut left = rest.saturating_since(idle);
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

impl Shares {
    fn at(self, place: Place) -> i64 {
        match place {
            Place::OnCpu => self.on_cpu,
            Place::Preempted => self.preempted,
            Place::Off | Place::Asleep => self.off,
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

impl Cuts<'_> {
    /// The stretch that is being cut.
    fn now(&mut self) -> Option<(Stretch, Shares)> {
        if self.now.is_none() {
            let stretch = *self.stretches.next()?;
            self.at = stretch.span.start;
            self.skip_over();
            self.now = Some((stretch, Shares::of(stretch, &self.away[self.next..])));
        }
        self.skip_over();
        self.now
    }

    fn skip_over(&mut self) {
        let over = |away: &&Away| away.span.end <= self.at;
        self.next += self.away[self.next..].iter().take_while(over).count();
    }
}

impl Iterator for Cuts<'_> {
    type Item = Cut;

    fn next(&mut self) -> Option<Cut> {
        let (stretch, shares) = self.now()?;
        let end = stretch.span.end;
        let (until, place, idle) = match self.away.get(self.next) {
            Some(away) if away.span.start <= self.at => (away.span.end, away.place, away.idle),
            Some(away) => (away.span.start, Place::OnCpu, false),
            None => (end, Place::OnCpu, false),
        };
        let span = Span { start: self.at, end: until.min(end) };
        self.at = span.end;
        if until >= end {
            self.now = None;
        }
        let busy = if idle { 0 } else { shares.at(place) };
        Some(Cut { span, stretch, place, busy })
    }
}

fn within(span: Span, away: &[Away]) -> impl Iterator<Item = &Away> {
    away.iter().take_while(move |away| away.span.start < span.end)
}

fn common(a: Span, b: Span) -> Span {
    Span { start: a.start.max(b.start), end: a.end.min(b.end) }
}
