//! Events, proven and ordered: what a [`Trace`] claims is checked once, here, so that nothing above
//! has to.
//!
//! A trace is raw: a recorder, a file or a hand wrote it, and it may contradict itself.
//! [`Timeline::new`] walks each lane with a small state machine (a stack of open events), proves
//! that events nest, and fails with a [`Problem`] that names both sides where they do not. What it
//! hands on is each lane as a forest of [`Frame`]s and as a gapless row of [`Stretch`]es. It draws
//! no conclusions: sums and judgements are [`crate::analysis`]'s.

mod causality;
mod check;
mod collapsed;
mod counts;
mod forest;
mod frame;
mod idle;
mod jobless;
mod links;
mod parts;
mod position;
mod problem;
mod stretch;
mod structure;
mod told;
mod watched;

pub use causality::Causality;
pub use frame::Frame;
pub use problem::{Counted, IdleKind, Kind, Named, NamedIdle, Pointer, Problem};
pub use stretch::{State, Stretch};

use links::Links;

use crate::model::{Event, Lane, Nanos, Pool, PoolId, Role, Span, Trace};

/// A trace whose order is proven.
#[derive(Debug)]
pub struct Timeline<'t> {
    trace: &'t Trace,
    rows: Vec<Row<'t>>,
    /// Each worker's pool, its index there, and its row, in this order.
    workers: Vec<(PoolId, u32, usize)>,
    causality: Causality,
}

/// One lane of it.
#[derive(Debug)]
pub struct Row<'t> {
    lane: &'t Lane,
    presence: Span,
    frames: Vec<Frame>,
    stretches: Vec<Stretch>,
}

impl<'t> Timeline<'t> {
    /// Proves a trace, lane by lane in their order, then what holds between lanes.
    ///
    /// # Errors
    ///
    /// The first contradiction found.
    pub fn new(trace: &'t Trace) -> Result<Self, Problem> {
        structure::check(trace)?;
        let rows: Vec<Row> =
            trace.lanes.iter().map(|lane| Row::new(trace, lane)).collect::<Result<_, _>>()?;
        let seat = |(row, lane): (usize, &Lane)| match lane.role {
            Role::Worker { pool, index } => Some((pool, index, row)),
            Role::Outside => None,
        };
        let mut workers: Vec<_> = trace.lanes.iter().enumerate().filter_map(seat).collect();
        workers.sort_unstable();
        let links = Links::of(trace);
        parts::check(trace, &links)?;
        Ok(Self { trace, rows, workers, causality: Causality::of(trace, &links) })
    }

    /// What was proven.
    pub fn trace(&self) -> &'t Trace {
        self.trace
    }

    /// The lanes, in the trace's order.
    pub fn rows(&self) -> &[Row<'t>] {
        &self.rows
    }

    /// The workers of a pool, by index.
    pub fn workers(&self, pool: PoolId) -> Vec<&Row<'t>> {
        let from = self.workers.partition_point(|worker| worker.0 < pool);
        let of_pool = self.workers[from..].iter().take_while(|worker| worker.0 == pool);
        of_pool.map(|&(.., row)| &self.rows[row]).collect()
    }

    /// The pools, in the order of building.
    pub fn pools(&self) -> &'t [Pool] {
        &self.trace.pools
    }

    /// How far the lanes' times agree with each other.
    pub fn causality(&self) -> Causality {
        self.causality
    }

    /// From the first event's start to the last one's end, on any lane; `None` without events.
    pub fn extent(&self) -> Option<Span> {
        let spans = || self.rows.iter().flat_map(|row| &row.lane.events).map(Event::span);
        let start = spans().map(|span| span.start).min()?;
        let end = spans().map(|span| span.end).max()?;
        Some(Span { start, end })
    }
}

impl<'t> Row<'t> {
    fn new(trace: &Trace, lane: &'t Lane) -> Result<Self, Problem> {
        let presence = presence(trace, lane);
        let ids = check::each(trace, lane, presence)?;
        let frames = forest::build(lane)?;
        check::callers(lane, &frames, &ids)?;
        check::tallies(trace, lane)?;
        counts::check(lane)?;
        watched::check(trace, lane)?;
        told::check(lane, trace.header.duration)?;
        let stretches = stretch::flatten(lane, &frames, presence)?;
        idle::check(lane, presence, &stretches)?;
        let stretches = jobless::cut(lane, stretches);
        Ok(Self { lane, presence, frames, stretches })
    }

    /// The lane.
    pub fn lane(&self) -> &'t Lane {
        self.lane
    }

    /// From when to when its thread was there, within the recording.
    pub fn presence(&self) -> Span {
        self.presence
    }

    /// Its events as a forest, parents before children.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Its presence, cut where the innermost frame or its state changes; without gap or overlap.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// Whether none of its events is missing. Where some are, times cannot be told apart: with a
    /// task missing, its time looks like none; with a join missing, its wait looks like work.
    pub fn is_whole(&self) -> bool {
        is_whole(self.lane)
    }

    /// Whether its thread built the pool that it is a worker of: outside its calls it does the
    /// program's own work, and is never idle.
    pub fn is_the_programs_own(&self, pool: &Pool) -> bool {
        pool.uses_current_thread && self.lane.role == Role::Worker { pool: pool.id, index: 0 }
    }
}

fn is_whole(lane: &Lane) -> bool {
    let losses = lane.losses;
    losses.dropped == 0 && losses.overwritten == 0 && losses.unfinished == 0
}

/// A thread without a start was there before the recording, one without an end is there after it.
fn presence(trace: &Trace, lane: &Lane) -> Span {
    Span {
        start: lane.started.unwrap_or(Nanos::ZERO),
        end: lane.ended.unwrap_or(trace.header.duration),
    }
}
