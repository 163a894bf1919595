//! Reports: one serializable struct from which every renderer renders.
//!
//! [`Report::of`] computes everything from the trace alone, so that a report made from a file on
//! another machine is the same to the byte. Nothing is computed in a renderer that another renderer
//! would have to compute again, and nothing is read here but the trace. [`checkup`] does for a
//! machine's facts what reports do for traces.

mod break_even;
pub mod checkup;
pub mod claims;
pub mod compare;
#[cfg(feature = "read")]
pub mod json;
pub mod overview;
pub mod reproduce;
mod run;
pub mod stat;
pub mod text;

pub use break_even::BreakEvenReport;
pub use run::{BaselineFigures, RunFigures, Verified, Wall};

use std::panic::resume_unwind;
use std::thread;

use serde::Serialize;

#[cfg(feature = "read")]
use crate::analysis::Distributions;
use crate::analysis::{
    Activity, Breakdown, By, CallSite, Decomposition, Group, IdleFigures, JoinCostCheck,
    KernelFigures, OutsideSum, OutsideThread, OwnCost, Steals, Verdict, Window, WorkSpan,
    call_sites, outside::outside_threads,
};
use crate::finding::{Finding, Picture, findings};
use crate::model::{
    ClockInfo, Counts, Detail, Event, Losses, Machine, Measured, Nanos, Outcome, Pool, Trace,
};
use crate::timeline::{Causality, Problem, Timeline};

/// What one trace says.
///
/// Times are whole nanoseconds, and picoseconds where a name ends in `_ps`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What was recorded.
    pub title: String,
    /// The version of rayprism that recorded it.
    pub rayprism: String,
    /// How much was recorded.
    pub detail: Detail,
    /// Whether the program was built with debug assertions.
    pub debug_assertions: bool,
    /// From the recording's start to its end.
    pub duration: Nanos,
    /// The stretch of the recording that `activity` is of.
    pub window: Window,
    /// The measurement that the recording is part of.
    pub run: Option<RunFigures>,
    /// What all lanes counted together.
    pub counts: Measured<Counts>,
    /// What explains the losses, and what to try: what all figures depend on first, then what explains
    /// most.
    pub findings: Vec<Finding>,
    /// Where the core-time of each pool went, in the order of the pools.
    pub decompositions: Vec<Measured<Decomposition>>,
    /// What a join costs by the baselines, beside what the decomposition rests on.
    pub join_check: Option<JoinCostCheck>,
    /// Work and span of what each pool ran, likewise.
    pub work_spans: Vec<Measured<WorkSpan>>,
    /// How times of each pool's tasks are spread, likewise.
    #[cfg(feature = "read")]
    pub distributions: Vec<Distributions>,
    /// The decomposition by what was asked for, else by the program's own spans if there are any.
    pub breakdown: Option<Breakdown>,
    /// What each worker did.
    pub activity: Activity,
    /// Threads in no pool, other than the one that opened the window.
    pub outside: Vec<OutsideThread>,
    /// What these took together, and what they mostly did; `None` if there are none.
    pub outside_sum: Option<OutsideSum>,
    /// What the parallel iterators did, by call site: those whose calls took longest first.
    pub call_sites: Vec<CallSite>,
    /// Who stole from whom.
    pub steals: Steals,
    /// What workers did without a job.
    pub idling: IdleFigures,
    /// What the kernel and the hardware counted.
    pub kernel: KernelFigures,
    /// What the recording itself cost.
    pub own_cost: OwnCost,
    /// The clock.
    pub clock: ClockInfo,
    /// How far the lanes' times agree with each other.
    pub causality: Causality,
    /// The machine.
    pub machine: Machine,
    /// What is missing.
    pub losses: Losses,
    /// Tasks and calls that were under way at the end, or when events began to be missing.
    pub open: u64,
}

impl Report {
    /// The report of a trace.
    ///
    /// # Errors
    ///
    /// The trace contradicts itself.
    pub fn of(trace: &Trace) -> Result<Self, Problem> {
        Self::by(trace, None)
    }

    /// The same, with the decomposition in rows of what is asked for.
    ///
    /// # Errors
    ///
    /// The trace contradicts itself.
    pub fn by(trace: &Trace, by: Option<By>) -> Result<Self, Problem> {
        let timeline = Timeline::new(trace)?;
        let pools = timeline.pools();
        let window = Window::of(&timeline);
        let activity = Activity::of(&timeline, window);
        let busiest = activity.busiest(MOST_POOLS);
        let decompose = |pool: &Pool| match busiest.contains(&pool.id) {
            true => Decomposition::of(&timeline, window, pool),
            false => Measured::Not(OF_MANY.to_owned()),
        };
        let work_span = |pool: &Pool| match busiest.contains(&pool.id) {
            true => WorkSpan::of(&timeline, window, pool),
            false => Measured::Not(OF_MANY.to_owned()),
        };
        // Who has put spans into a program wants to see it by them.
        let has_phases = trace.lanes.iter().any(|lane| !lane.told.phases.is_empty());
        let by = by.or(has_phases.then_some(By::Phase));
        let header = &trace.header;
        // What takes long is computed two at a time; of two that take much memory each has its turn.
        let (decompositions, beside): (Vec<_>, _) = both(
            || pools.iter().map(decompose).collect(),
            || Beside::of(&timeline, window, activity.core_time),
        );
        let Beside { call_sites, steals, own_cost, outside, .. } = beside;
        let kernel = KernelFigures::of(trace);
        let picture = Picture {
            timeline: &timeline,
            window,
            decompositions: &decompositions,
            activity: &activity,
            call_sites: &call_sites,
            steals: &steals,
            kernel: &kernel,
            own_cost: &own_cost,
        };
        // Here, where the memory is that the decompositions are done with.
        let (work_spans, findings) =
            both(|| pools.iter().map(work_span).collect(), || findings(&picture));
        Ok(Self {
            title: header.title.clone(),
            rayprism: header.rayprism.clone(),
            detail: header.detail,
            debug_assertions: header.debug_assertions,
            duration: header.duration,
            window,
            run: header.run.as_ref().map(RunFigures::of),
            counts: crate::analysis::detail::counts(header.detail, trace.counts()),
            findings,
            join_check: JoinCostCheck::of(trace),
            work_spans,
            #[cfg(feature = "read")]
            distributions: beside.distributions,
            breakdown: by.map(|by| Breakdown::of(&timeline, window, by)),
            decompositions,
            outside_sum: OutsideSum::of(&outside, trace, window),
            outside,
            call_sites,
            steals,
            idling: IdleFigures::of(&timeline),
            kernel,
            own_cost,
            activity,
            clock: header.clock.clone(),
            causality: timeline.causality(),
            machine: header.machine.clone(),
            losses: trace.losses(),
            open: open(trace),
        })
    }
}

/// Why there is no decomposition of what ran without a pool.
pub const NO_POOL: &str = "no pool was used";

impl Report {
    /// The decomposition of the pool in which most work was done.
    pub fn main_pool(&self) -> Measured<&Decomposition> {
        let decomposed = self.decompositions.iter().filter_map(Measured::value);
        match (
            decomposed.max_by_key(|whole| whole.group(Group::Work).time),
            &self.decompositions[..],
        ) {
            (Some(whole), _) => Measured::Is(whole),
            (None, [Measured::Not(reason), ..]) => Measured::Not(reason.clone()),
            (None, _) => Measured::Not(NO_POOL.to_owned()),
        }
    }

    /// The verdict on that pool.
    pub fn verdict(&self) -> Measured<Verdict> {
        match self.main_pool() {
            Measured::Is(whole) => match whole.verdict {
                Some(verdict) => Measured::Is(verdict),
                None => Measured::Not("the window is empty".to_owned()),
            },
            Measured::Not(reason) => Measured::Not(reason),
        }
    }
}

fn open(trace: &Trace) -> u64 {
    let events = trace.lanes.iter().flat_map(|lane| &lane.events);
    let open = events.filter(|event| match event {
        Event::Join(_) => false,
        event => event.outcome() == Some(Outcome::Open),
    });
    open.count() as u64
}

/// Of more pools than this only those are decomposed that worked most: each goes through all that the
/// others could have to do with it, and there are programs that build hundreds.
const MOST_POOLS: usize = 8;
const OF_MANY: &str = "there are too many pools";

/// What no decomposition is needed for.
struct Beside {
    call_sites: Vec<CallSite>,
    steals: Steals,
    own_cost: OwnCost,
    outside: Vec<OutsideThread>,
    #[cfg(feature = "read")]
    distributions: Vec<Distributions>,
}

impl Beside {
    fn of(timeline: &Timeline, window: Window, core_time: Nanos) -> Self {
        #[cfg(feature = "read")]
        let spread = |pool| Distributions::of(timeline, window, pool);
        Self {
            call_sites: call_sites(timeline),
            steals: Steals::of(timeline),
            own_cost: OwnCost::of(timeline, core_time),
            outside: outside_threads(timeline, window),
            #[cfg(feature = "read")]
            distributions: timeline.pools().iter().map(spread).collect(),
        }
    }
}

/// Computes two things at once.
fn both<A, B: Send>(here: impl FnOnce() -> A, there: impl FnOnce() -> B + Send) -> (A, B) {
    thread::scope(|scope| {
        let there = scope.spawn(there);
        let here = here();
        (here, there.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

impl Report {
    /// Whether a pool is one of those that are decomposed; by its place among the pools.
    pub(crate) fn is_in_detail(&self, pool: usize) -> bool {
        !matches!(&self.decompositions[pool], Measured::Not(reason) if reason == OF_MANY)
    }
}
