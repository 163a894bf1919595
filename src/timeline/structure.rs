//! Whether the parts of a trace fit together before any event is read: counters, lanes, pools,
//! workers.

use std::collections::{HashMap, HashSet};

use super::{Problem, presence};
use crate::model::{Lane, LaneId, PoolId, Role, Trace};

pub(super) fn check(trace: &Trace) -> Result<(), Problem> {
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
