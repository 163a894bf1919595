//! Paired elision: what rayon takes for the joins of a fine subtree, found without a clock read per
//! join. Now and then one half of the last timed join above a fine subtree runs with its joins as
//! plain calls, the other half as usual; the difference of the two is rayon's.
//!
//! What the pairs say is not concluded here.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use super::event::{ELIDED_FIRST, ELIDED_SECOND};
use super::lane::{Lane, Mode};
use super::notebook::Notebook;
use super::recorder::Detail;

/// At most one of so many joins is elided; half as many are aimed at.
const ONE_OF: u64 = 100;
/// A half is expected to have as many joins as this at least: fewer tell nothing.
const FEWEST: u64 = 8;
/// Joins of a lane before its first sample is drawn.
const FIRST_DUE: u64 = 2_048;
/// A sample is never due.
const NEVER: u64 = u64::MAX;

/// One of the halves of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    First,
    Second,
}

/// What is found out at a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    /// How many joins a half has: to know what eliding one will take.
    Size,
    /// What they cost: this half runs with plain calls.
    Elide(Side),
}

/// A lane's account of the joins that it elided.
#[derive(Debug)]
pub(super) struct Elision {
    /// Joins of the tasks that have ended.
    ended: Cell<u64>,
    /// Joins that ran as plain calls.
    elided: Cell<u64>,
    /// How many joins a half has, by those that were looked at; 0 before any was.
    expected: Cell<u64>,
    /// Joins of the lane at which the next sample is due.
    due: Cell<u64>,
    /// Joins that the sample under way may elide, and how many of them are left.
    allowed: Cell<u64>,
    left: Cell<u64>,
    turn: Cell<Side>,
    /// Whether a sample is under way: none is drawn within.
    open: Cell<bool>,
    /// Whether its half was elided to its end.
    complete: Cell<bool>,
    /// Of the sample under way, as it began.
    before: Cell<Seen>,
}

/// What a thread does beside joins, as running numbers: if they are the same before and after,
/// nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Ids of everything but joins.
    others: u64,
    /// Ticks of nested tasks.
    nested: u64,
    spawns: u64,
}

impl Elision {
    pub(super) fn new() -> Self {
        Self {
            ended: Cell::new(0),
            elided: Cell::new(0),
            expected: Cell::new(0),
            due: Cell::new(NEVER),
            allowed: Cell::new(0),
            left: Cell::new(0),
            turn: Cell::new(Side::First),
            open: Cell::new(false),
            complete: Cell::new(false),
            before: Cell::new(Seen { others: 0, nested: 0, spawns: 0 }),
        }
    }

    /// Begins anew, for a recording of `detail`: only where some joins are timed and others are
    /// not, there are pairs.
    pub(super) fn start_over(&self, detail: Detail) {
        self.ended.set(0);
        self.elided.set(0);
        self.expected.set(0);
        self.due.set(if detail == Detail::Auto { FIRST_DUE } else { NEVER });
        self.turn.set(Side::First);
        self.open.set(false);
    }

    /// A task of the lane has ended.
    #[inline]
    pub(super) fn task_ended(&self, joins: u64) {
        self.ended.set(self.ended.get().saturating_add(joins));
    }

    /// Whether a sample is due after so many joins of the current task. Those of the tasks that it
    /// interrupted are left out, so that the lane has as many at least.
    #[inline]
    pub(super) fn is_due(&self, joins: u64) -> bool {
        self.ended.get().saturating_add(joins) >= self.due.get()
    }

    /// Takes one of the joins that the sample under way may elide; false if there is none left.
    #[inline]
    fn spend(&self) -> bool {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                true
            }
            None => false,
        }
    }

    fn begin(&self, joins: u64, seen: Seen) -> Sample {
        self.open.set(true);
        self.complete.set(false);
        self.before.set(seen);
        let expected = self.expected.get();
        let all = self.ended.get().saturating_add(joins);
        let most = (all / ONE_OF).saturating_sub(self.elided.get());
        let allowed = if expected == 0 { 0 } else { most.min(2 * expected + FEWEST) };
        self.allowed.set(allowed);
        self.left.set(allowed);
        if allowed == 0 {
            return Sample::Size;
        }
        let side = self.turn.get();
        self.turn.set(match side {
            Side::First => Side::Second,
            Side::Second => Side::First,
        });
        Sample::Elide(side)
    }

    /// The sample is over; `larger` is what its larger half had of joins, if that is known.
    fn end(&self, larger: Option<u64>) {
        self.open.set(false);
        // A sample in which nothing was elided counts, too: it is not to be drawn at every join.
        let spent = self.allowed.get() - self.left.get();
        let elided = self.elided.get() + spent.max(1);
        self.elided.set(elided);
        let expected = self.expected.get();
        let found = larger.map_or(expected, |larger| larger.max(expected - expected / 8));
        let expected = found.max(FEWEST);
        self.expected.set(expected);
        self.due.set((elided + expected).saturating_mul(2 * ONE_OF));
    }
}

impl Notebook {
    /// Draws a sample at a join of `depth`, if that is the last one that is timed above fine ones.
    #[cold]
    pub(super) fn draw(&self, lane: &Lane, detail: Detail, depth: u32) -> Option<Sample> {
        let is_boundary = !self.is_fine(detail, depth) && self.is_fine(detail, depth + 1);
        if !is_boundary || self.elision.open.get() || !self.keeps_what_matters() {
            return None;
        }
        Some(self.elision.begin(lane.joins.get(), self.seen(lane)))
    }

    fn seen(&self, lane: &Lane) -> Seen {
        Seen {
            // Each timed join takes an id, too.
            others: self.ids_given() - self.timed_joins.get(),
            nested: self.nested.get(),
            spawns: lane.spawns.get(),
        }
    }

    /// The sample ends with its join: the flag of the half that was elided, if it is to be compared
    /// with the other. `joins` are those of the halves, if both ran in place and returned.
    #[cold]
    pub(super) fn end_sample(&self, lane: &Lane, sample: Sample, joins: Option<[u64; 2]>) -> u8 {
        let larger = joins.map(|[first, second]| first.max(second));
        self.elision.end(larger);
        let nothing_else = self.elision.before.get() == self.seen(lane);
        let has_joins = joins.is_some_and(|[first, second]| first > 0 && second > 0);
        match sample {
            Sample::Elide(side) if self.elision.complete.get() && nothing_else && has_joins => {
                match side {
                    Side::First => ELIDED_FIRST,
                    Side::Second => ELIDED_SECOND,
                }
            }
            Sample::Elide(_) | Sample::Size => 0,
        }
    }
}

impl Lane {
    /// From here on, joins are plain calls.
    fn elide(&self) {
        self.mode.set(Mode::Elided);
        self.refill(1);
    }

    /// The first half is about to run.
    #[cold]
    pub(super) fn first_half_of(&self, sample: Sample) {
        if sample == Sample::Elide(Side::First) {
            self.elide();
        }
    }

    /// The first half has ended, and the count-down is set for the second.
    #[cold]
    pub(super) fn second_half_of(&self, sample: Sample) {
        match sample {
            Sample::Elide(Side::First) => self.end_elided_half(),
            Sample::Elide(Side::Second) if self.mode.get() == Mode::Auto => self.elide(),
            Sample::Elide(Side::Second) | Sample::Size => {}
        }
    }

    /// Both halves have ended, by a panic maybe.
    #[cold]
    pub(super) fn halves_ended(&self, sample: Sample) {
        if sample == Sample::Elide(Side::Second) || self.mode.get() == Mode::Elided {
            self.end_elided_half();
        }
    }

    fn end_elided_half(&self) {
        let complete = self.mode.get() == Mode::Elided;
        if complete {
            self.mode.set(Mode::Auto);
        }
        if let Some(notebook) = self.notebook() {
            notebook.elision.complete.set(complete);
        }
    }

    /// A join in an elided half: false if it is not to be elided, because that would be too many.
    #[inline]
    pub(super) fn elide_join(&self) -> bool {
        if self.notebook().is_some_and(|notebook| notebook.elision.spend()) {
            self.refill(1);
            return true;
        }
        self.stop_eliding();
        false
    }

    /// If joins are being elided, no more are: something is called whose parts cannot be. The half
    /// goes on as usual, and is not compared with the other.
    #[cold]
    pub fn stop_eliding(&self) {
        if self.mode.get() == Mode::Elided {
            self.mode.set(Mode::Auto);
            if let Some(notebook) = self.notebook() {
                self.go_to(notebook, Detail::Auto, self.depth.get());
            }
        }
    }

    /// Runs `f` as an elided half of at most so many `joins`, whatever the process records.
    pub(super) fn in_elided_half<R>(&self, joins: u64, f: impl FnOnce() -> R) -> R {
        let notebook = self.notebook().expect("a detached lane has a notebook");
        notebook.elision.left.set(joins);
        let mode = self.mode.get();
        self.elide();
        let result = f();
        self.mode.set(mode);
        result
    }
}

/// A join as plain calls. As rayon promises of its own, the second half runs even if the first
/// panics, and then that panic is the one that goes on.
#[inline]
pub fn call_both<RA, RB>(a: impl FnOnce() -> RA, b: impl FnOnce() -> RB) -> (RA, RB) {
    let second = Pending(Some(b));
    let first = a();
    (first, second.call())
}

/// The second half while the first runs: a guard rather than a `catch_unwind`, which would be a call
/// through memory that plain code does not have.
struct Pending<B: FnOnce() -> RB, RB>(Option<B>);

impl<B: FnOnce() -> RB, RB> Pending<B, RB> {
    #[inline]
    fn call(mut self) -> RB {
        let b = self.0.take().expect("it is called once");
        b()
    }
}

impl<B: FnOnce() -> RB, RB> Drop for Pending<B, RB> {
    #[inline]
    fn drop(&mut self) {
        if let Some(b) = self.0.take() {
            run_after_panic(b);
        }
    }
}

/// What it panics with is nobody's business any more, as with rayon.
#[cold]
#[inline(never)]
fn run_after_panic<RB>(b: impl FnOnce() -> RB) {
    drop(panic::catch_unwind(AssertUnwindSafe(|| drop(b()))));
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Seen = Seen { others: 0, nested: 0, spawns: 0 };

    /// Halves of so many joins, one after the other, at joins that are at the boundary: how many of
    /// the lane's joins were elided, and in how many samples.
    fn run(halves: impl Iterator<Item = u64>) -> (u64, u64, u64) {
        let elision = Elision::new();
        elision.start_over(Detail::Auto);
        let (mut joins, mut elided, mut samples) = (0, 0, 0);
        for half in halves {
            joins += 1;
            if !elision.is_due(joins) {
                joins += 2 * half;
                continue;
            }
            if let Sample::Elide(_) = elision.begin(joins, NOTHING) {
                elided += (0..half).take_while(|_| elision.spend()).count() as u64;
                samples += 1;
            }
            assert!(elided * ONE_OF <= joins, "{elided} of {joins} elided");
            joins += 2 * half;
            elision.end(Some(half));
        }
        (joins, elided, samples)
    }

    #[test]
    fn one_of_two_hundred_is_elided_where_halves_are_alike() {
        let (joins, elided, samples) = run(std::iter::repeat_n(127, 40_000));
        assert_eq!(elided, samples * 127);
        assert!(elided * 201 > joins - 60_000 && elided * 200 <= joins, "{elided} of {joins}");
    }

    #[test]
    fn no_more_than_one_of_a_hundred_is_elided_whatever_comes() {
        let (_, elided, _) = run((0..30_000).map(|i| if i % 97 == 0 { 50_000 } else { i % 13 }));
        assert!(elided > 0);
        run((0..20_000).map(|i| i * i % 3_001));
        run(std::iter::once(5).chain(std::iter::repeat_n(1_000_000, 50)));
    }

    #[test]
    fn halves_without_joins_are_not_sampled_each_time() {
        let (joins, elided, samples) = run(std::iter::repeat_n(0, 100_000));
        assert_eq!((joins, elided), (100_000, 0));
        assert!(samples < joins / 100, "{samples}");
    }

    #[test]
    fn only_where_some_joins_are_timed_and_others_not_is_a_sample_due() {
        for detail in [Detail::Off, Detail::Count, Detail::Full] {
            let elision = Elision::new();
            elision.start_over(detail);
            assert!(!elision.is_due(u64::MAX - 1));
        }
    }

    #[test]
    fn the_second_half_runs_after_a_panic_of_the_first_which_goes_on() {
        let ran = Cell::new(false);
        let both = || {
            call_both(
                || panic::resume_unwind(Box::new("first")),
                || {
                    ran.set(true);
                    panic::resume_unwind(Box::new("second"))
                },
            )
        };
        let both: Result<((), ()), _> = panic::catch_unwind(AssertUnwindSafe(both));
        let payload = both.expect_err("the first panicked");
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"first"));
        assert!(ran.get());
        assert_eq!(call_both(|| 1, || 2), (1, 2));
    }
}
