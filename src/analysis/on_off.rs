//! A worker's time on the CPU and off it, and, off it, whether it had a job.
//!
//! For each worker on CPU + preempted + blocked + yielded + asleep is the time that it was there
//! within the window, to the nanosecond.

use serde::Serialize;

use super::{Window, detail};
use crate::model::{Detail, Lane, Measured, Nanos, OffCpu, Scheduling, SchedulingSource, Span};
use crate::timeline::{Row, State, Stretch};

/// What the kernel says of a worker's time, or of several workers'.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnOff {
    /// In sum, over all the time in which the thread was watched.
    pub sums: Measured<Scheduling>,
    /// In the window, by whether there was a job.
    pub parts: Measured<OnOffParts>,
}

/// Time within the window. On CPU, with a job and without, and the four that are off it add up to
/// the time that the worker was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OnOffParts {
    /// On a CPU, in a task that did not wait.
    pub working: Nanos,
    /// On a CPU without a job: looking for one, or in a join that waits.
    pub searching: Nanos,
    /// Off the CPU though it had a job and could run.
    pub preempted: Nanos,
    /// Off the CPU of its own will while it had a job: a lock, input or output, a page fault.
    pub blocked: Nanos,
    /// Off the CPU without a job, though it could run: rayon's search for work yields.
    pub yielded: Nanos,
    /// Off the CPU of its own will, without a job.
    pub asleep: Nanos,
    /// Off the CPU in stretches too short to be kept, in the whole recording. When they were is not
    /// known, so that they are in `working` and `searching` as far as they are in the window.
    pub unplaced: Nanos,
}

impl OnOffParts {
    const NOTHING: Self = Self {
        working: Nanos::ZERO,
        searching: Nanos::ZERO,
        preempted: Nanos::ZERO,
        blocked: Nanos::ZERO,
        yielded: Nanos::ZERO,
        asleep: Nanos::ZERO,
        unplaced: Nanos::ZERO,
    };

    /// On a CPU, with a job or without.
    pub fn on_cpu(&self) -> Nanos {
        self.working + self.searching
    }

    /// Off the CPU, as far as it is known when.
    pub fn off_cpu(&self) -> Nanos {
        self.preempted + self.blocked + self.yielded + self.asleep
    }

    fn plus(self, other: Self) -> Self {
        Self {
            working: self.working + other.working,
            searching: self.searching + other.searching,
            preempted: self.preempted + other.preempted,
            blocked: self.blocked + other.blocked,
            yielded: self.yielded + other.yielded,
            asleep: self.asleep + other.asleep,
            unplaced: self.unplaced + other.unplaced,
        }
    }

    /// A thread that is off the CPU begins and ends no job, so that its state at the start tells
    /// what it had; the clocks' error lies between.
    fn add_off(&mut self, length: Nanos, had_job: bool, preempted: bool) {
        let part = match (had_job, preempted) {
            (true, true) => &mut self.preempted,
            (true, false) => &mut self.blocked,
            (false, true) => &mut self.yielded,
            (false, false) => &mut self.asleep,
        };
        *part += length;
    }
}

impl OnOff {
    /// Of one worker.
    pub(super) fn of(row: &Row, window: Window, detail: Detail) -> Self {
        let sums = row.lane().watched.scheduling.clone();
        let parts = match no_parts(row.lane(), &sums, detail) {
            Some(reason) => Measured::Not(reason),
            None => Measured::Is(parts(row, window)),
        };
        Self { sums, parts }
    }

    /// Of several workers together.
    pub(super) fn together<'a>(workers: impl Iterator<Item = &'a Self> + Clone) -> Self {
        Self {
            sums: fold(workers.clone().map(|worker| &worker.sums), both),
            parts: fold(workers.map(|worker| &worker.parts), OnOffParts::plus),
        }
    }
}

/// Why a worker's time off the CPU cannot be told apart; `None` if it can.
pub(super) fn no_parts(lane: &Lane, sums: &Measured<Scheduling>, detail: Detail) -> Option<String> {
    match sums {
        Measured::Not(reason) => Some(reason.clone()),
        Measured::Is(sums) if sums.source == SchedulingSource::Accounting => {
            Some("the kernel's accounts give sums alone".to_owned())
        }
        Measured::Is(_) => detail::no_times_of(detail, lane),
    }
}

fn parts(row: &Row, window: Window) -> OnOffParts {
    let mut parts = OnOffParts::NOTHING;
    add_on(row.stretches(), &row.lane().watched.off_cpu, window.span, &mut parts);
    let seen = common(window.span, row.presence());
    for (off, had_job) in off_cpu(row) {
        parts.add_off(overlap(off.span, seen), had_job, off.preempted);
    }
    parts.unplaced = unplaced(row.lane());
    parts
}

/// When a worker was off the CPU, and whether it had a job.
fn off_cpu<'r>(row: &'r Row<'_>) -> impl Iterator<Item = (&'r OffCpu, bool)> {
    let mut at_start = row.stretches().iter().peekable();
    row.lane().watched.off_cpu.iter().map(move |off| {
        while at_start.next_if(|stretch| stretch.span.end <= off.span.start).is_some() {}
        let around = at_start.peek().filter(|stretch| stretch.span.start <= off.span.start);
        (off, around.is_some_and(|stretch| stretch.state == State::Busy))
    })
}

/// When a worker without a job could run and was off the CPU: between two rounds of its search it
/// yields, and does not come back before others leave the CPU to it.
pub(crate) fn yields(row: &Row) -> Vec<Span> {
    let yields = off_cpu(row).filter(|(off, had_job)| off.preempted && !had_job);
    yields.map(|(off, _)| off.span).collect()
}

/// Adds what of each stretch within the window was on a CPU. Both lists are in order of time and are
/// gone through once.
fn add_on(stretches: &[Stretch], mut off_cpu: &[OffCpu], window: Span, parts: &mut OnOffParts) {
    for stretch in stretches.iter().filter_map(|stretch| stretch.within(window)) {
        let span = stretch.span;
        let over = off_cpu.iter().take_while(|off| off.span.end <= span.start).count();
        off_cpu = &off_cpu[over..];
        let begun = off_cpu.iter().take_while(|off| off.span.start < span.end);
        let off: Nanos = begun.map(|off| overlap(off.span, span)).sum();
        let on = span.duration() - off;
        let working = if stretch.state == State::Busy { on } else { stretch.busy.min(on) };
        parts.working += working;
        parts.searching += on - working;
    }
}

/// What of a lane's time off the CPU is in its sums alone.
fn unplaced(lane: &Lane) -> Nanos {
    let Some(sums) = lane.watched.scheduling.value().filter(|_| lane.losses.off_cpu > 0) else {
        return Nanos::ZERO;
    };
    let kept: Nanos = lane.watched.off_cpu.iter().map(|off| off.span.duration()).sum();
    (sums.voluntary + sums.preempted).saturating_since(kept)
}

/// How long two spans have in common.
pub(super) fn overlap(a: Span, b: Span) -> Nanos {
    let common = common(a, b);
    common.end.saturating_since(common.start)
}

/// What two spans have in common; it ends before it starts if that is nothing.
pub(super) fn common(a: Span, b: Span) -> Span {
    Span { start: a.start.max(b.start), end: a.end.min(b.end) }
}

/// The sum, or the first reason why there is none.
fn fold<'a, T: Copy + 'a>(
    mut all: impl Iterator<Item = &'a Measured<T>>,
    plus: impl Fn(T, T) -> T,
) -> Measured<T> {
    let Some(first) = all.next() else {
        return Measured::Not("no worker was recorded".to_owned());
    };
    all.fold(first.clone(), |sum, more| match (sum, more) {
        (Measured::Is(sum), Measured::Is(more)) => Measured::Is(plus(sum, *more)),
        (Measured::Not(reason), _) => Measured::Not(reason),
        (_, Measured::Not(reason)) => Measured::Not(reason.clone()),
    })
}

/// Two threads' sums; where one is of accounts alone, so are both together. A file may claim any
/// number.
fn both(one: Scheduling, other: Scheduling) -> Scheduling {
    let time = |of: fn(&Scheduling) -> Nanos| Nanos(of(&one).0.saturating_add(of(&other).0));
    let count = |of: fn(&Scheduling) -> Option<u64>| Some(of(&one)?.saturating_add(of(&other)?));
    Scheduling {
        source: if one.source == other.source { one.source } else { SchedulingSource::Accounting },
        wall: time(|sums| sums.wall),
        on_cpu: time(|sums| sums.on_cpu),
        voluntary: time(|sums| sums.voluntary),
        preempted: time(|sums| sums.preempted),
        voluntary_switches: count(|sums| sums.voluntary_switches),
        preemptions: count(|sums| sums.preemptions),
        migrations: count(|sums| sums.migrations),
    }
}
