//! Work, span and burdened span: how much there was to do, how much of it had to be one after the
//! other, and how much that is with what moving tasks costs (Cilkview's burdened dag; He, Leiserson
//! and Leiserson, SPAA 2010).
//!
//! A recording tells where each worker was; the program's order is put together again from what
//! pushed each task. A join's halves may run at once wherever they did run, a spawned task begins
//! where it was pushed, an operation returns when the last of its tasks has ended. A task that ran
//! in another one's wait belongs to its own place in the program, not to that wait.
//!
//! What is not known is said: joins that were only counted are taken as serial, without their waits
//! as far as the worker itself tells of them; tasks without a place are counted apart. The cost of
//! the recording itself is in all figures.

mod burden;
mod clock;
mod cost;
mod evaluate;
mod strand;
mod walk;

use serde::Serialize;

pub use burden::Burden;

use super::{Window, detail};
use crate::model::{
    Event, EventId, LaneId, Measured, Nanos, OperationKind, Pool, PoolId, Role, SchedulingSource,
    SiteId, Span,
};
use crate::timeline::{Row, Timeline};
use clock::Clock;
use cost::Cost;
use evaluate::{Outermost, Whole, evaluate};
use strand::{Coming, Strand, Strands};

/// Work and span of what a pool ran within a window, in nanoseconds.
///
/// `span ≤ work`, and `span ≤ burdened ≤ work + entries · burden`. If nothing was on a faster path
/// than it says, the window is no shorter than `span`, nor than `work` by the workers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkSpan {
    /// The pool.
    pub pool: PoolId,
    /// The window.
    pub window: Span,
    /// What the times are.
    pub clock: WorkClock,
    /// All that its tasks did themselves, and what threads that are no workers did in their calls.
    pub work: Nanos,
    /// Of that, what had to be one after the other.
    pub span: Nanos,
    /// The span is no longer than this, wherever what has no known place belongs.
    pub span_at_most: Nanos,
    /// The span with what moving tasks costs; the span itself where `burden` is not measured.
    pub burdened: Nanos,
    /// What one migration costs.
    pub burden: Measured<Burden>,
    /// Tasks that came into the pool from outside: each of these migrations was a must.
    pub entries: u64,
    /// Of the work, what has no known place in the program: second halves of counted joins that ran
    /// elsewhere, and tasks that were only summed up. No span but its own has it.
    pub unplaced: Nanos,
    /// Joins that were counted and not timed, in the whole recording. Their halves are taken as one
    /// after the other, so that the true span may be shorter than `span`.
    pub untimed_joins: u64,
    /// The outermost calls of threads that are no workers, by lane and in order of time.
    pub operations: Vec<OperationWorkSpan>,
}

/// What the times are that make up work and span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkClock {
    /// Time on a CPU: what the switch records of all workers say of the time off it is taken off.
    OnCpu,
    /// Wall time: when the workers were off the CPU is not known of all of them.
    Wall,
}

/// Work and span of one call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperationWorkSpan {
    /// Its name.
    pub id: EventId,
    /// The lane that called it.
    pub lane: LaneId,
    /// Which call it is.
    pub kind: OperationKind,
    /// The name that the user gave it.
    pub label: Option<String>,
    /// Where it was called.
    pub site: Option<SiteId>,
    /// From its call to its return.
    pub time: Span,
    /// What was done in it by tasks whose place is known.
    pub work: Nanos,
    /// Of that, what had to be one after the other.
    pub span: Nanos,
    /// The same with what moving tasks costs.
    pub burdened: Nanos,
}

impl WorkSpan {
    /// Work and span of what a pool's tasks did within a window.
    pub fn of(timeline: &Timeline, window: Window, pool: &Pool) -> Measured<Self> {
        let workers = timeline.workers(pool.id);
        match not_known(timeline, pool, &workers) {
            Some(reason) => Measured::Not(reason),
            None => Measured::Is(Self::known(timeline, window.span, pool, &workers)),
        }
    }

    fn known(timeline: &Timeline, window: Span, pool: &Pool, workers: &[&Row]) -> Self {
        let on_cpu = workers.iter().all(|row| says_when_off_cpu(row));
        let burden = Burden::of(workers);
        let mut strands = Strands::of(timeline, window, pool.id);
        for (index, row) in timeline.rows().iter().enumerate() {
            let clock = match row.lane().role {
                Role::Worker { pool: other, .. } if other != pool.id => Clock::standing(),
                Role::Worker { .. } | Role::Outside => Clock::of(row, window, on_cpu),
            };
            walk::walk(row, index, clock, &mut strands);
        }
        // Without a steal there is nothing known to be borne.
        let each = burden.value().map_or(Nanos::ZERO, Burden::total);
        let (wholes, outermost) = evaluate(&mut strands, each);
        let (all, unplaced) = roots(&strands, &wholes);
        let counts = workers.iter().map(|row| row.lane().counts);
        Self {
            pool: pool.id,
            window,
            clock: if on_cpu { WorkClock::OnCpu } else { WorkClock::Wall },
            work: all.work,
            span: all.span,
            span_at_most: all.work.min(all.span + unplaced),
            burdened: all.burdened,
            burden,
            entries: entries(&strands),
            unplaced,
            untimed_joins: counts.map(|counts| counts.joins - counts.timed_joins).sum(),
            operations: operations(timeline, &strands, outermost),
        }
    }

    /// How many workers could have been kept busy, on average: work by span. `None` without work.
    pub fn parallelism(&self) -> Option<f64> {
        ratio(self.work, self.span)
    }

    /// The same where moving tasks costs what it did.
    pub fn burdened_parallelism(&self) -> Option<f64> {
        ratio(self.work, self.burdened)
    }
}

impl OperationWorkSpan {
    /// Work by span; `None` without work.
    pub fn parallelism(&self) -> Option<f64> {
        ratio(self.work, self.span)
    }
}

fn ratio(work: Nanos, span: Nanos) -> Option<f64> {
    (span > Nanos::ZERO).then(|| work.0 as f64 / span.0 as f64)
}

/// Why work and span are not known; `None` if they are.
fn not_known(timeline: &Timeline, pool: &Pool, workers: &[&Row]) -> Option<String> {
    let level = timeline.trace().header.detail;
    if !pool.every_call_seen {
        return Some("stock rayon calls in this pool are invisible to public API".to_owned());
    }
    if workers.is_empty() {
        return Some("no worker was recorded".to_owned());
    }
    workers.iter().find_map(|row| detail::no_times_of(level, row.lane()))
}

/// Whether it is known of a worker when it was off the CPU.
fn says_when_off_cpu(row: &Row) -> bool {
    let scheduling = row.lane().watched.scheduling.value();
    scheduling.is_some_and(|sums| sums.source == SchedulingSource::SwitchRecords)
        && row.lane().losses.switches == 0
}

/// What nothing pushed, together, and of its work that which has no known place.
fn roots(strands: &Strands, wholes: &[Whole]) -> (Cost, Nanos) {
    let roots = (0..wholes.len()).filter(|&strand| strands.is_root(strand));
    let costs = roots.map(|strand| (strands.all[strand].placed, wholes[strand].with_loose()));
    costs.fold((Cost::ZERO, Nanos::ZERO), |(all, unplaced), (placed, cost)| {
        let work = if placed { Nanos::ZERO } else { cost.work };
        (all.with(cost), unplaced + work)
    })
}

fn entries(strands: &Strands) -> u64 {
    let entered = |strand: &&Strand| strand.coming == Coming::Entered;
    strands.all.iter().filter(entered).count() as u64
}

/// In the order of lanes, in which their strands are.
fn operations(
    timeline: &Timeline,
    strands: &Strands,
    mut outermost: Vec<Outermost>,
) -> Vec<OperationWorkSpan> {
    outermost.sort_by_key(|operation| operation.strand);
    let mut rows = timeline.rows().iter().zip(&strands.rows).peekable();
    let described = |operation: &Outermost| {
        while rows.next_if(|(_, (strand, _))| *strand < operation.strand).is_some() {}
        described(rows.peek()?.0, operation)
    };
    outermost.iter().filter_map(described).collect()
}

fn described(row: &Row, outermost: &Outermost) -> Option<OperationWorkSpan> {
    let frame = row.frames().get(outermost.frame)?;
    let Event::Operation(operation) = &row.lane().events[frame.event()] else { return None };
    Some(OperationWorkSpan {
        id: operation.id,
        lane: row.lane().id,
        kind: operation.kind,
        label: operation.label.clone(),
        site: operation.site,
        time: operation.span,
        work: outermost.cost.work,
        span: outermost.cost.span,
        burdened: outermost.cost.burdened,
    })
}
