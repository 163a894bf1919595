//! Whether the parts of a trace fit together before any event is read: counters, lanes, pools,
//! workers.

use std::collections::{HashMap, HashSet};

use super::{Problem, presence};
use crate::model::{Counts, Event, Header, IdleCounts, Lane, LaneId, PoolId, Role, Trace};

/// More of anything is no count, but damage: with less, no sum and no product overflows.
const MOST_COUNTED: u64 = 1 << 48;
/// A second, in picoseconds: nothing that is calibrated takes as long.
const MOST_PICOS: u64 = 1_000_000_000_000;
/// rayon allows no more.
const MOST_THREADS: u64 = 65_536;
/// Some hundred days.
const MOST_NANOS: u64 = 1 << 53;

pub(super) fn check(trace: &Trace) -> Result<(), Problem> {
    check_sizes(trace)?;
    check_counters(trace)?;
    let mut numbers = HashSet::new();
    let mut workers = HashMap::new();
    for lane in &trace.lanes {
        if !numbers.insert(lane.id) {
            return Err(Problem::DuplicateLane { lane: lane.id });
        }
        check_presence(trace, lane)?;
        check_worker(trace, lane, &mut workers)?;
    }
    Ok(())
}

fn check_counters(trace: &Trace) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    let mut counters = trace.header.kernel.counters.iter().map(|info| info.counter);
    match counters.find(|&counter| !seen.insert(counter)) {
        Some(counter) => Err(Problem::DuplicateCounter { counter }),
        None => Ok(()),
    }
}

fn check_presence(trace: &Trace, lane: &Lane) -> Result<(), Problem> {
    let (presence, duration) = (presence(trace, lane), trace.header.duration);
    if presence.start <= presence.end && presence.end <= duration {
        return Ok(());
    }
    Err(Problem::ThreadOutside { lane: lane.id, presence, duration })
}

fn check_worker(
    trace: &Trace,
    lane: &Lane,
    workers: &mut HashMap<(PoolId, u32), LaneId>,
) -> Result<(), Problem> {
    let Role::Worker { pool, index } = lane.role else { return Ok(()) };
    let Some(threads) = trace.pools.iter().find(|p| p.id == pool).map(|p| p.threads) else {
        return Err(Problem::UnknownPool { lane: lane.id, pool });
    };
    if index >= threads {
        return Err(Problem::BeyondPool { lane: lane.id, pool, index, threads });
    }
    match workers.insert((pool, index), lane.id) {
        Some(first) => Err(Problem::DuplicateWorker { first, second: lane.id, pool, index }),
        None => Ok(()),
    }
}

fn check_sizes(trace: &Trace) -> Result<(), Problem> {
    let Header { duration, costs, rayon, .. } = &trace.header;
    bounded("the duration in nanoseconds", duration.0, MOST_NANOS)?;
    let rayon = rayon.value().map(|costs| [costs.join_ps, costs.spawn_ps, costs.job_ps]);
    let own = [
        costs.counted_join_ps,
        costs.timed_join_ps,
        costs.task_ps,
        costs.timed_split_ps,
        costs.timed_leaf_ps,
        costs.counted_leaf_ps,
        costs.reading_ps,
        costs.elided_join_ps,
    ];
    for picos in own.into_iter().chain(rayon.into_iter().flatten()) {
        bounded("a cost in picoseconds", picos, MOST_PICOS)?;
    }
    for pool in &trace.pools {
        bounded("the number of a pool's workers", pool.threads.into(), MOST_THREADS)?;
    }
    trace.lanes.iter().try_for_each(check_counts)
}

fn check_counts(lane: &Lane) -> Result<(), Problem> {
    let Counts { joins, timed_joins, timed_splits, timed_leaves, .. } = lane.counts;
    let Counts { spawns, tasks, steals, migrated, injected, .. } = lane.counts;
    let counts =
        [joins, timed_joins, timed_splits, timed_leaves, spawns, tasks, steals, migrated, injected];
    let of_events = lane.events.iter().flat_map(|event| match event {
        Event::Task(task) => [task.joins, task.spawns, 0],
        Event::Join(join) => [join.first_joins, join.second_joins, 0],
        Event::Collapsed(collapsed) => [collapsed.joins, collapsed.spawns, collapsed.tasks],
        Event::Operation(_) | Event::Leaf(_) | Event::Reduction(_) => [0; 3],
    });
    // What was not counted has no bound to keep.
    let idle = lane.idling.counts.value().into_iter().flat_map(|counts| {
        let &IdleCounts { searches, failed_rounds, yields, sleeps, wakes } = counts;
        [searches, failed_rounds, yields, sleeps, wakes]
    });
    counts
        .into_iter()
        .chain(idle)
        .chain(of_events)
        .try_for_each(|count| bounded("a count", count, MOST_COUNTED))
}

fn bounded(what: &'static str, value: u64, most: u64) -> Result<(), Problem> {
    if value <= most { Ok(()) } else { Err(Problem::TooMuch { what, value, most }) }
}
