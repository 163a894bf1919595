//! The decomposition: where the core-time of a pool went, every nanosecond in one component.
//!
//! For `P` workers and a window of length `T` the components add up to `P · T` by construction;
//! what the parts that are counted (runtime, probes) claim beyond the time in which they can have
//! been is [`Component::Unattributed`], and is shown.

mod baselines;
mod component;
mod cut;
mod doings;
mod inflation;
mod load;
mod parts;
mod piece;
mod prices;
mod queue;
mod sink;
mod sweep;
mod verdict;

use std::fmt;

use serde::Serialize;

pub(super) use doings::{Doings, Work, doings, doings_over_time, is_of_doings};

pub use component::{Component, CoreTime, Group};
pub use inflation::InflationCauses;
pub use parts::{baseline_of, parts_of};
pub use prices::CALIBRATION;
pub use verdict::{HEALTHY, OPAQUE, UNATTRIBUTED, Verdict};

use super::{JoinCost, Window, detail, sleeps};
use crate::model::{
    Lane, Losses, Measured, Nanos, Pool, PoolId, Role, SchedulingSource, Span, WorkCounts,
};
use crate::timeline::Timeline;
use piece::Pieces;
use sink::{Slots, Sums};
use sweep::{Sink, Sleeps};

/// Where the core-time of one pool went within a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decomposition {
    /// The pool.
    pub pool: PoolId,
    /// Its workers, `P`.
    pub workers: u32,
    /// The window, of length `T`; it begins later than the report's where older events were
    /// overwritten by newer ones, and ends earlier where there was no room for newer ones.
    pub window: Span,
    /// `P · T`; the components' sum.
    pub core_time: Nanos,
    /// The components that there are, in the order of [`Component::ALL`].
    pub parts: Vec<Part>,
    /// What a join costs, with which they are multiplied; all call sites together.
    pub join_cost: Measured<JoinCost>,
    /// What could not be told apart, why, and where its time is instead.
    pub missing: Vec<Missing>,
    /// What most of the loss is a matter of; `None` if the window is empty.
    pub verdict: Option<Verdict>,
    /// Of the work, what threads did that are no workers, each in the place of an idle one.
    pub callers: CoreTime,
    /// What costs that were calibrated would have claimed beyond the time that there was: the
    /// machine was slower as they were measured. They were lowered by it, within [`CALIBRATION`].
    pub lowered: CoreTime,
    /// What the hardware counted in its work, all workers together.
    pub counted: Measured<WorkCounts>,
    /// Why inflation is what it is.
    pub inflation: Measured<InflationCauses>,
}

/// One component's part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Part {
    /// The component.
    pub component: Component,
    /// Its core-time.
    pub time: CoreTime,
    /// The lower end of its 95 % confidence interval; `time` itself where nothing is estimated.
    pub low: CoreTime,
    /// The upper end.
    pub high: CoreTime,
}

/// A component that is not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The component.
    pub component: Component,
    /// Why, a bare lower-case phrase.
    pub reason: String,
    /// The component that its time is in.
    pub within: Component,
}

impl Decomposition {
    /// Of a pool in a window; not measured where times are not.
    pub fn of(timeline: &Timeline, window: Window, pool: &Pool) -> Measured<Self> {
        Measurement::of(timeline, window, pool).map(|measurement| {
            let mut sums = Sums::NONE;
            measurement.sweep(&mut sums);
            let mut whole = measurement.decomposition(measurement.window, &sums);
            whole.counted = measurement.counted(whole.time(Component::Work));
            baselines::split(whole, timeline.trace().header.run.as_ref()).judged()
        })
    }

    /// Of parts of a window, which lie one after the other; without baselines, as those are of the
    /// whole.
    pub fn of_each(
        timeline: &Timeline,
        window: Window,
        pool: &Pool,
        parts: impl IntoIterator<Item = Span>,
    ) -> Measured<Vec<Self>> {
        Measurement::of(timeline, window, pool).map(|measurement| measurement.of_each(parts))
    }

    fn judged(self) -> Self {
        Self { verdict: Verdict::of(&self), ..self }
    }

    /// What is not work.
    pub fn losses(&self) -> CoreTime {
        CoreTime::from(self.core_time) - self.group(Group::Work).time
    }

    /// A component's part; `None` if there is none of it, or if it is not measured.
    pub fn part(&self, component: Component) -> Option<&Part> {
        self.parts.iter().find(|part| part.component == component)
    }

    /// A component's core-time; none of it is zero.
    pub fn time(&self, component: Component) -> CoreTime {
        self.part(component).map_or(CoreTime::ZERO, |part| part.time)
    }

    /// A component in cores, `time / T`.
    pub fn cores(&self, component: Component) -> Option<f64> {
        self.time(component).cores(self.window.duration())
    }

    /// A component as a share of `P · T`, 0 to 1; `None` if the window is empty.
    pub fn share(&self, component: Component) -> Option<f64> {
        self.time(component).cores(self.core_time)
    }

    /// A group's core-time, with the interval that its parts' intervals add up to.
    pub fn group(&self, group: Group) -> Amount {
        let parts = self.parts.iter().filter(|part| part.component.group() == group);
        parts.fold(Amount::default(), |sum, part| Amount {
            time: sum.time + part.time,
            low: sum.low + part.low,
            high: sum.high + part.high,
        })
    }
}

/// Core-time with the interval in which it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// The estimate.
    pub time: CoreTime,
    /// The lower end.
    pub low: CoreTime,
    /// The upper end.
    pub high: CoreTime,
}

/// What a pool's decomposition is made from: to be made once, where several parts of a window are
/// asked for.
pub struct Measurement<'t> {
    timeline: &'t Timeline<'t>,
    window: Span,
    pool: &'t Pool,
    pieces: Pieces<'t>,
    missing: Vec<Missing>,
    sleeps: Sleeps,
}

impl fmt::Debug for Measurement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measurement").field("pool", &self.pool.id).finish_non_exhaustive()
    }
}

impl<'t> Measurement<'t> {
    /// Of a pool in a window; not measured where times are not.
    pub fn of(timeline: &'t Timeline<'t>, window: Window, pool: &'t Pool) -> Measured<Self> {
        let Span { start, end } = window.span;
        let window = match known(timeline, pool) {
            Ok(known) => {
                let end = end.min(known.end);
                Span { start: start.max(known.start).min(end), end }
            }
            Err(reason) => return Measured::Not(reason),
        };
        let prices = prices::Prices::of(timeline);
        let pieces = Pieces { pool, loads: load::Loads::of(timeline, pool.id, &prices), prices };
        let (missing, sleeps) = missing(timeline, pool, &pieces.prices);
        Measured::Is(Self { timeline, window, pool, pieces, missing, sleeps })
    }

    /// Of parts of the window, which lie one after the other; without baselines.
    pub fn of_each(&self, parts: impl IntoIterator<Item = Span>) -> Vec<Decomposition> {
        // What is before the break of a recording is not known of any part.
        let known = self.window;
        let within = |part: Span| Span {
            start: part.start.clamp(known.start, known.end),
            end: part.end.clamp(known.start, known.end),
        };
        let mut slots = Slots::new(parts.into_iter().map(within));
        self.sweep(&mut slots);
        let slots = slots.into_sums().into_iter();
        slots.map(|(span, sums)| self.decomposition(span, &sums).judged()).collect()
    }

    fn sweep(&self, sink: &mut impl Sink) {
        let workers = self.timeline.workers(self.pool.id);
        let pieces: Vec<_> =
            workers.iter().enumerate().map(|(at, row)| self.pieces.of(at, row)).collect();
        let changes = queue::changes(self.timeline, self.window, self.pool);
        sweep::sweep(pieces, changes, self.window, self.sleeps, sink);
    }

    fn decomposition(&self, window: Span, sums: &Sums) -> Decomposition {
        let core_time = Nanos(u64::from(self.pool.threads) * window.duration().0);
        let mut parts: Vec<Part> = Component::ALL
            .iter()
            .filter(|&&component| component != Component::Unattributed)
            .map(|&component| Part::exact(component, sums.time(component)))
            .filter(|part| part.time != CoreTime::ZERO)
            .collect();
        let named: CoreTime = parts.iter().map(|part| part.time).sum();
        parts.push(Part::exact(Component::Unattributed, CoreTime::from(core_time) - named));
        self.pieces.prices.add_intervals(&mut parts, sums.joins());
        Decomposition {
            pool: self.pool.id,
            workers: self.pool.threads,
            window,
            core_time,
            parts,
            join_cost: self.pieces.prices.join().clone(),
            missing: self.missing.clone(),
            verdict: None,
            callers: sums.callers(),
            lowered: sums.lowered(),
            counted: Measured::Not("counts are of whole recordings".to_owned()),
            inflation: Measured::Not("there is none".to_owned()),
        }
    }

    fn counted(&self, work: CoreTime) -> Measured<WorkCounts> {
        inflation::counted(self.timeline, self.window, self.pool, work)
    }
}

impl Part {
    fn exact(component: Component, time: CoreTime) -> Self {
        Self { component, time, low: time, high: time }
    }
}

/// When a pool's time can be told apart, or why it cannot at all.
fn known(timeline: &Timeline, pool: &Pool) -> Result<Span, String> {
    let detail = timeline.trace().header.detail;
    let all = Span { start: Nanos::ZERO, end: Nanos(u64::MAX) };
    let workers = timeline.workers(pool.id);
    if workers.is_empty() {
        return Err("no worker was recorded".to_owned());
    }
    // Where a call into the pool is missing, its caller would seem to work alone.
    let outside = timeline.rows().iter().map(|row| row.lane());
    let is_cut = |lane: &&Lane| lane.losses.dropped > 0 || lane.losses.overwritten > 0;
    let outside = outside.filter(|lane| lane.role == Role::Outside).filter(is_cut);
    let called = outside.map(|lane| {
        whole(lane).ok_or_else(|| "events of a thread that calls into pools were lost".to_owned())
    });
    let worked = workers.iter().map(|row| {
        let lane = row.lane();
        let known = if detail::no_times(detail).is_none() { whole(lane) } else { None };
        match (known, detail::no_times_of(detail, lane)) {
            (Some(known), _) => Ok(known),
            (None, Some(reason)) => Err(reason),
            (None, None) => Ok(all),
        }
    });
    called.chain(worked).try_fold(all, |known, lane| {
        let lane = lane?;
        Ok(Span { start: known.start.max(lane.start), end: known.end.min(lane.end) })
    })
}

/// When none of a lane's events is missing. Where old events were overwritten by new ones, all are
/// there that ended later than the first one that is, as each was written when it ended; and where
/// there was no room for new ones, it is known from when on.
fn whole(lane: &Lane) -> Option<Span> {
    let Losses { dropped, overwritten, unfinished, .. } = lane.losses;
    let start = match overwritten {
        0 => Nanos::ZERO,
        _ => lane.events.iter().map(|event| event.span().end).min()?,
    };
    let end = match dropped {
        0 => Nanos(u64::MAX),
        _ => lane.broken?,
    };
    (unfinished == 0).then_some(Span { start, end })
}

/// What cannot be told apart, and whether it is known when workers slept.
fn missing(timeline: &Timeline, pool: &Pool, prices: &prices::Prices) -> (Vec<Missing>, Sleeps) {
    let mut missing = Vec::new();
    let mut add = |component, reason: &str, within| {
        missing.push(Missing { component, reason: reason.to_owned(), within });
    };
    if let Measured::Not(reason) = prices.join() {
        add(Component::Runtime, reason, Component::Work);
    }
    let workers = timeline.workers(pool.id);
    let off = workers.iter().find_map(|row| no_switches(row.lane()));
    if let Some(reason) = &off {
        add(Component::Preempted, reason, Component::Work);
        add(Component::Blocked, reason, Component::Work);
    }
    let mut sources = workers.iter().map(|row| sleeps::source(row.lane()));
    let unknown = sources.find_map(|source| match source {
        Measured::Is(_) => None,
        Measured::Not(reason) => Some(reason),
    });
    if let Some(reason) = &unknown {
        add(Component::StealLatency, reason, Component::Scheduling);
        add(Component::LateWakeUp, reason, Component::Scheduling);
    }
    (missing, if unknown.is_some() { Sleeps::Unknown } else { Sleeps::Known })
}

/// Why it is not known when a worker was off the CPU; `None` if it is.
pub(super) fn no_switches(lane: &Lane) -> Option<String> {
    match &lane.watched.scheduling {
        Measured::Not(reason) => Some(reason.clone()),
        Measured::Is(sums) if sums.source == SchedulingSource::Accounting => {
            Some("the kernel's accounts give sums alone".to_owned())
        }
        Measured::Is(_) if lane.losses.off_cpu > 0 => {
            Some("some stretches off the CPU were too short to be kept".to_owned())
        }
        Measured::Is(_) => None,
    }
}
