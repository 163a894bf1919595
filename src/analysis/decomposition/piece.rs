//! A worker's time as pieces in each of which it does the same thing, in shares of one worker.

use super::cut::{Cut, Place, cuts};
use super::load::{Loads, Rates};
use super::prices::{CALIBRATION, Prices};
use super::sweep::{ONE, What};
use crate::model::{Event, EventId, Nanos, Origin, Pool, Span, Task};
use crate::timeline::{Row, State, Stretch};

/// A piece of a worker's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) span: Span,
    /// The innermost event, an index into the lane's.
    pub(super) event: Option<usize>,
    pub(super) shares: Shares,
}

/// What a worker does, in shares of [`ONE`] that add up to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    kinds: [What; Self::MOST],
    shares: [i64; Self::MOST],
    len: u8,
}

impl Shares {
    /// Rates make three, what is left of the job or claimed beyond it two, and what is not a job three
    /// more.
    const MOST: usize = 8;

    fn new() -> Self {
        Self { kinds: [What::NoTask; Self::MOST], shares: [0; Self::MOST], len: 0 }
    }

    fn push(&mut self, what: What, share: i64) {
        if share != 0 {
            let at = usize::from(self.len);
            (self.kinds[at], self.shares[at]) = (what, share);
            self.len += 1;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (What, i64)> + '_ {
        self.kinds.into_iter().zip(self.shares).take(usize::from(self.len))
    }
}

/// What the pieces of a pool's workers are made with.
pub(super) struct Pieces<'t> {
    pub(super) pool: &'t Pool,
    pub(super) loads: Loads,
    pub(super) prices: Prices,
}

impl Pieces<'_> {
    /// The pieces of a worker, by its place among the pool's, in order and without gap.
    pub(super) fn of<'p>(
        &'p self,
        worker: usize,
        row: &'p Row,
    ) -> impl Iterator<Item = Piece> + use<'p> {
        let mut between = Between::new(row, &self.prices);
        cuts(row).map(move |cut| {
            let around = between.at(cut.stretch);
            let shares = self.shares(worker, row, &cut, around);
            Piece { span: cut.span, event: cut.stretch.event(), shares }
        })
    }

    fn shares(&self, worker: usize, row: &Row, cut: &Cut, between: Gap) -> Shares {
        let mut shares = Shares::new();
        // A thread of the program's own is a worker in its calls alone.
        let is_its_own = cut.stretch.state == State::NoTask && row.is_the_programs_own(self.pool);
        let cut = &Cut { busy: if is_its_own { ONE } else { cut.busy }, ..*cut };
        match cut.place {
            Place::OnCpu => {
                let rates = self.loads.busy(worker, cut.stretch.event());
                let reducing = is_reduction(row, cut.stretch);
                self.add_busy(&mut shares, cut.busy, rates, reducing);
                let gap = match cut.stretch.busy {
                    Nanos::ZERO => between,
                    _ if is_one_half(row, cut.stretch) => Gap { runtime: ONE, probe: 0 },
                    _ => Gap::of(self.loads.gaps(worker, cut.stretch.event())),
                };
                self.add_rest(&mut shares, row, cut, gap);
            }
            Place::Preempted => {
                shares.push(What::Preempted, cut.busy);
                shares.push(self.rest(row, cut), ONE - cut.busy);
            }
            Place::Off | Place::Asleep => {
                shares.push(What::Blocked, cut.busy);
                shares.push(self.rest(row, cut), ONE - cut.busy);
                if cut.place == Place::Asleep {
                    shares.push(What::Asleep, ONE - cut.busy);
                }
            }
        }
        shares
    }

    /// Shares out a job's time on a CPU: what the counts claim of it, and the rest. What they claim
    /// beyond it is missing from it.
    fn add_busy(&self, shares: &mut Shares, busy: i64, rates: Rates, reducing: bool) {
        if busy == 0 {
            return;
        }
        let claims = [rates.joins, rates.spawns, rates.probe].map(|rate| part(busy, rate));
        let (claims, lowered) = self.lowered(claims, busy);
        let [joins, spawns, probe] = claims;
        shares.push(What::Joins, joins);
        shares.push(What::Jobs, spawns);
        shares.push(What::Probe, probe);
        shares.push(What::Lowered, lowered);
        let left = busy - joins - spawns - probe;
        if left < 0 {
            shares.push(What::Overdrawn, left);
        } else {
            shares.push(if reducing { What::Reduce } else { What::Work }, left);
        }
    }

    /// Claims of joins, spawns and the profiler for which there is not the time, without what of them
    /// an error of the calibrated ones can be, in proportion; and how much that is.
    fn lowered(&self, claims: [i64; 3], most: i64) -> ([i64; 3], i64) {
        let excess = claims.iter().sum::<i64>() - most;
        let calibrated = [self.prices.joins_are_calibrated(), true, true];
        let doubtful = claims.iter().zip(calibrated).filter_map(|(claim, is)| is.then_some(claim));
        let doubtful: i64 = doubtful.sum();
        if excess <= 0 || doubtful == 0 {
            return (claims, 0);
        }
        let lowered = i128::from(excess.min(doubtful / CALIBRATION));
        let share = |claim: i64| (i128::from(claim) * lowered / i128::from(doubtful)) as i64;
        let less: [i64; 3] =
            std::array::from_fn(|at| if calibrated[at] { share(claims[at]) } else { 0 });
        (std::array::from_fn(|at| claims[at] - less[at]), less.iter().sum())
    }

    /// What it does on a CPU where it has no job: it takes the next one, or looks for one.
    fn add_rest(&self, shares: &mut Shares, row: &Row, cut: &Cut, gap: Gap) {
        let rest = ONE - cut.busy;
        if rest == 0 {
            return;
        }
        let scaled = |share: i64| part(rest, share.min(ONE));
        let probe = scaled(gap.probe);
        let runtime = scaled(gap.runtime).min(rest - probe);
        shares.push(What::Probe, probe);
        shares.push(What::Jobs, runtime);
        shares.push(self.rest(row, cut), rest - probe - runtime);
    }

    /// Why it has no job.
    fn rest(&self, row: &Row, cut: &Cut) -> What {
        let event = cut.stretch.event().map(|event| &row.lane().events[event]);
        match (cut.stretch.state, event) {
            _ if cut.stretch.unrecorded => What::Waiting,
            (State::Busy, Some(Event::Leaf(_))) => What::Producer,
            (State::NoTask, _) if !self.pool.every_call_seen => What::Hidden,
            (State::NoTask, _) => What::NoTask,
            (_, Some(Event::Operation(operation))) if operation.kind.is_opaque() => What::Hidden,
            (State::Busy | State::Waiting, _) => What::Waiting,
        }
    }
}

/// `whole · share` of [`ONE`].
fn part(whole: i64, share: i64) -> i64 {
    (i128::from(whole) * i128::from(share) / i128::from(ONE)) as i64
}

/// Whether a stretch is of leaves alone that nobody pushed, see [`goes_on`], and that are summed up.
fn is_one_half(row: &Row, stretch: Stretch) -> bool {
    let event = stretch.event().map(|event| &row.lane().events[event]);
    matches!(event, Some(Event::Collapsed(collapsed)) if collapsed.tasks == 0)
}

fn is_reduction(row: &Row, stretch: Stretch) -> bool {
    let event = stretch.event().map(|event| &row.lane().events[event]);
    matches!(event, Some(Event::Reduction(_)))
}

/// What of the time between two tasks is not looking for work, in shares of [`ONE`].
#[derive(Clone, Copy, Debug, Default)]
struct Gap {
    /// Noting the end of one task and the start of the next.
    probe: i64,
    /// Taking the next one from its own deque, where it has been lying.
    runtime: i64,
}

impl Gap {
    fn of(rates: Rates) -> Self {
        Self { probe: rates.probe, runtime: rates.spawns }
    }
}

/// Walks along a lane and tells what the time between tasks is.
struct Between<'r> {
    /// Each with the parallel iterator that it is a part of, if it begins with a leaf.
    tasks: Vec<(&'r Task, Option<EventId>)>,
    /// The next task that is still to begin.
    next: usize,
    /// The ends of tasks, in order.
    ends: Vec<Nanos>,
    ended: usize,
    half_probe: Nanos,
    /// The last gap and where it was: a stretch may come in several cuts.
    known: Option<(Span, Gap)>,
}

impl<'r> Between<'r> {
    fn new(row: &'r Row, prices: &Prices) -> Self {
        let mut tasks: Vec<(&Task, Option<EventId>)> = Vec::new();
        for event in &row.lane().events {
            match event {
                Event::Task(task) => tasks.push((task, None)),
                Event::Leaf(leaf) => {
                    let of = tasks.last_mut().filter(|(task, _)| leaf.task == Some(task.id));
                    if let Some((_, part)) = of {
                        *part = Some(leaf.operation);
                    }
                }
                _ => {}
            }
        }
        let mut ends: Vec<Nanos> = tasks.iter().map(|(task, _)| task.span.end).collect();
        ends.sort_unstable();
        let half_probe = Nanos(prices.costs.task_ps.div_ceil(2_000));
        Self { tasks, next: 0, ends, ended: 0, half_probe, known: None }
    }

    /// The gap that a stretch is, if it is one.
    fn at(&mut self, stretch: Stretch) -> Gap {
        // What lies between two tasks is told by events alone.
        if stretch.state == State::Busy || stretch.unrecorded {
            return Gap::default();
        }
        if let Some((_, gap)) = self.known.filter(|(known, _)| *known == stretch.span) {
            return gap;
        }
        let gap = self.between(stretch);
        self.known = Some((stretch.span, gap));
        gap
    }

    fn between(&mut self, stretch: Stretch) -> Gap {
        let Span { start, end } = stretch.span;
        while self.tasks.get(self.next).is_some_and(|(task, _)| task.span.start < end) {
            self.next += 1;
        }
        while self.ends.get(self.ended).is_some_and(|&ended| ended < start) {
            self.ended += 1;
        }
        let begins = self.tasks.get(self.next).filter(|(task, _)| task.span.start == end);
        let before = self.next.checked_sub(1).map(|before| &self.tasks[before]);
        let ends = self.ends.get(self.ended).is_some_and(|&ended| ended == start);
        let probes = u64::from(begins.is_some()) + u64::from(ends);
        let length = stretch.span.duration();
        let probe = Nanos(probes * self.half_probe.0).min(length);
        Gap {
            probe: (u128::from(probe.0) * ONE as u128 / u128::from(length.0)) as i64,
            runtime: match begins {
                Some(next) if was_lying(next.0, start) || goes_on(before, next) => ONE,
                _ => 0,
            },
        }
    }
}

/// Whether a task is the next leaf of the half that the last one was of: nobody pushed it. Under an
/// indexed adaptor each leaf of a stolen half stands by itself, and what lies between is its splits.
fn goes_on(before: Option<&(&Task, Option<EventId>)>, next: &(&Task, Option<EventId>)) -> bool {
    let part = next.1.filter(|_| next.0.origin == Origin::Root);
    part.is_some() && before.is_some_and(|before| before.1 == part)
}

/// Whether a task was in the worker's own deque all the time since then: it was never without work.
fn was_lying(task: &Task, since: Nanos) -> bool {
    task.origin == Origin::Local && task.pushed.is_some_and(|pushed| pushed <= since)
}
