//! A trace as tables for spreadsheets and data frames. Times are nanoseconds from the recording's
//! start; what was not recorded is an empty cell.

use std::io::{self, Write};

use serde::Serialize;

use super::show::Report;
use crate::model::{
    Event, EventId, Lane, LaneId, Measured, Nanos, Origin, Outcome, PoolId, Role, SiteId, Task,
    Trace,
};

/// A task.
#[derive(Serialize)]
struct TaskRow<'t> {
    id: EventId,
    lane: LaneId,
    pool: Option<PoolId>,
    worker: Option<u32>,
    start_ns: Nanos,
    end_ns: Nanos,
    origin: Origin,
    parent: Option<EventId>,
    pushed_ns: Option<Nanos>,
    queue_ns: Option<u64>,
    depth: Option<u32>,
    joins: u64,
    spawns: u64,
    outcome: Outcome,
    site: Option<&'t str>,
}

/// A task that another worker had pushed.
#[derive(Serialize)]
struct StealRow<'t> {
    task: EventId,
    pool: Option<PoolId>,
    thief: LaneId,
    victim: Option<LaneId>,
    pushed_ns: Option<Nanos>,
    start_ns: Nanos,
    latency_ns: Option<u64>,
    ran_ns: Nanos,
    site: Option<&'t str>,
}

/// A component of a pool's core-time.
#[derive(Serialize)]
struct ComponentRow {
    pool: PoolId,
    workers: u32,
    window_ns: Nanos,
    component: &'static str,
    group: &'static str,
    core_ns: Option<i64>,
    low_ns: Option<i64>,
    high_ns: Option<i64>,
    cores: Option<f64>,
    /// Why the pool has no components, or this one is in another.
    not_measured: Option<String>,
}

/// All tasks, lane by lane, in the order of their starts.
pub(super) fn tasks(trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    let rows = all_tasks(trace).map(|(lane, task)| {
        let (pool, worker) = place(lane);
        TaskRow {
            id: task.id,
            lane: lane.id,
            pool,
            worker,
            start_ns: task.span.start,
            end_ns: task.span.end,
            origin: task.origin,
            parent: task.parent,
            pushed_ns: task.pushed,
            queue_ns: queued(task),
            depth: task.depth,
            joins: task.joins,
            spawns: task.spawns,
            outcome: task.outcome,
            site: site(trace, task.site),
        }
    });
    write(rows, out)
}

/// The steals among them.
pub(super) fn steals(trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    let stolen = all_tasks(trace).filter(|(_, task)| task.origin == Origin::Stolen);
    let rows = stolen.map(|(lane, task)| StealRow {
        task: task.id,
        pool: place(lane).0,
        thief: lane.id,
        victim: task.parent.map(EventId::lane),
        pushed_ns: task.pushed,
        start_ns: task.span.start,
        latency_ns: queued(task),
        ran_ns: task.span.duration(),
        site: site(trace, task.site),
    });
    write(rows, out)
}

/// Where the core-time of each pool went.
pub(super) fn components(trace: &Trace, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = Vec::new();
    for (pool, decomposition) in trace.pools.iter().zip(&report.decompositions) {
        match decomposition {
            Measured::Is(decomposition) => {
                let window = decomposition.window.duration();
                rows.extend(decomposition.parts.iter().map(|part| ComponentRow {
                    pool: pool.id,
                    workers: pool.threads,
                    window_ns: window,
                    component: part.component.name(),
                    group: part.component.group().name(),
                    core_ns: Some(part.time.0),
                    low_ns: Some(part.low.0),
                    high_ns: Some(part.high.0),
                    cores: part.time.cores(window),
                    not_measured: None,
                }));
                rows.extend(decomposition.missing.iter().map(|missing| {
                    let within = missing.within.name();
                    let reason = format!("{}; its time is in {within}", missing.reason);
                    nothing(pool.id, pool.threads, window, missing.component.name(), reason)
                }));
            }
            Measured::Not(reason) => {
                rows.push(nothing(
                    pool.id,
                    pool.threads,
                    trace.header.duration,
                    "",
                    reason.clone(),
                ));
            }
        }
    }
    write(rows.into_iter(), out)
}

/// A row of what was not measured.
fn nothing(
    pool: PoolId,
    workers: u32,
    window_ns: Nanos,
    component: &'static str,
    reason: String,
) -> ComponentRow {
    ComponentRow {
        pool,
        workers,
        window_ns,
        component,
        group: "",
        core_ns: None,
        low_ns: None,
        high_ns: None,
        cores: None,
        not_measured: Some(reason),
    }
}

fn all_tasks(trace: &Trace) -> impl Iterator<Item = (&Lane, &Task)> {
    let events = trace.lanes.iter().flat_map(|lane| lane.events.iter().map(move |it| (lane, it)));
    events.filter_map(|(lane, event)| match event {
        Event::Task(task) => Some((lane, task)),
        _ => None,
    })
}

fn place(lane: &Lane) -> (Option<PoolId>, Option<u32>) {
    match lane.role {
        Role::Worker { pool, index } => (Some(pool), Some(index)),
        Role::Outside => (None, None),
    }
}

fn queued(task: &Task) -> Option<u64> {
    task.pushed.and_then(|pushed| task.span.start.0.checked_sub(pushed.0))
}

fn site(trace: &Trace, site: Option<SiteId>) -> Option<&str> {
    trace.site(site?).map(|site| site.location.as_str())
}

fn write<R: Serialize>(rows: impl Iterator<Item = R>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    for row in rows {
        table.serialize(row).map_err(io::Error::other)?;
    }
    table.flush()
}
