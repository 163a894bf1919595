//! What each worker did with its time: ran tasks, waited for others, or had no task.
//!
//! For each worker busy + waiting + no task + absent is the window, to the nanosecond.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::Serialize;

use super::opaque::Opaque;
use super::{IdleTimes, OnOff, Window, detail};
use crate::model::{Counts, Detail, IdleCounts, LaneId, Measured, Nanos, Pool, PoolId, Role};
use crate::timeline::{Row, State, Stretch, Timeline};

/// What the workers of all pools did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Activity {
    /// The pools, in the order of building.
    pub pools: Vec<PoolActivity>,
    /// All workers of all pools together.
    pub times: Measured<Times>,
    /// Time that the workers were there, within the window, summed.
    pub core_time: Nanos,
    /// Workers that were busy on average, 0 to their number: busy time by the window's length.
    pub busy_cores: Measured<f64>,
}

/// What a pool's workers did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolActivity {
    /// Which pool.
    pub pool: PoolId,
    /// Its size, in workers.
    pub threads: u32,
    /// Whether every rayon call in it was seen.
    pub every_call_seen: bool,
    /// The workers that have a lane, by index.
    pub workers: Vec<WorkerActivity>,
    /// These together.
    pub times: Measured<Times>,
    /// Their time on the CPU and off it, together.
    pub on_off: OnOff,
    /// What they counted together.
    pub counts: Measured<Counts>,
    /// Their time in searches and sleeps, together.
    pub idle_times: Measured<IdleTimes>,
}

/// What a worker did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkerActivity {
    /// Its lane.
    pub lane: LaneId,
    /// Its index in its pool.
    pub index: u32,
    /// Its thread's name.
    pub name: Option<String>,
    /// Its time in the window.
    pub times: Measured<Times>,
    /// CPU time of its thread in the whole recording.
    pub cpu: Measured<Nanos>,
    /// Its time on the CPU and off it.
    pub on_off: OnOff,
    /// What it counted.
    pub counts: Measured<Counts>,
    /// What it counted without a job.
    pub idling: Measured<IdleCounts>,
    /// Its time in searches and sleeps.
    pub idle_times: Measured<IdleTimes>,
}

/// Time in the window, by what it was spent in. The first four add up to the window, times the
/// number of workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Times {
    /// In tasks, without waits. A task that ran while another waited counts as its own.
    pub busy: Nanos,
    /// In a task that waited for others' work, with nothing else to run: as a join or operation was
    /// recorded, or as the worker itself says, where the join was only counted.
    pub waiting: Nanos,
    /// Without a recorded task.
    pub no_task: Nanos,
    /// Before the thread was there, and after it ended.
    pub absent: Nanos,
    /// What of `no_task` passed while an operation ran whose inside is invisible, such as
    /// `par_sort`: the worker may have worked for it.
    pub opaque: Nanos,
    /// `no_task` without `opaque`, where it is known that no task means idle.
    pub idle: Measured<Nanos>,
}

impl Activity {
    /// What the workers did in a window.
    pub fn of(timeline: &Timeline, window: Window) -> Self {
        let outside = Opaque::outside(timeline);
        let of = |pool: &Pool| PoolActivity::of(timeline, window, pool, &outside);
        let pools: Vec<PoolActivity> = timeline.pools().iter().map(of).collect();
        let times = together(pools.iter().map(|pool| &pool.times));
        let busy_cores = busy_cores(&times, window);
        Self { pools, times, core_time: core_time(timeline, window), busy_cores }
    }

    /// So many pools at most: those that were busy longest, or ran most tasks where times are not
    /// known; of equal ones the older.
    pub fn busiest(&self, most: usize) -> BTreeSet<PoolId> {
        let mut pools: Vec<&PoolActivity> = self.pools.iter().collect();
        let busy = |pool: &PoolActivity| pool.times.value().map(|times| times.busy);
        let tasks = |pool: &PoolActivity| pool.counts.value().map(|counts| counts.tasks);
        pools.sort_by_key(|pool| Reverse((busy(pool), tasks(pool))));
        pools.into_iter().take(most).map(|pool| pool.pool).collect()
    }
}

impl PoolActivity {
    fn of(timeline: &Timeline, window: Window, pool: &Pool, outside: &Opaque) -> Self {
        let detail = timeline.trace().header.detail;
        let rows = timeline.workers(pool.id);
        let opaque = outside.with(&rows);
        let times = |row: &Row| match detail::no_times_of(detail, row.lane()) {
            Some(reason) => Measured::Not(reason),
            None => Measured::Is(Times::of(row, window, pool, &opaque)),
        };
        let workers: Vec<WorkerActivity> = rows
            .iter()
            .filter_map(|row| WorkerActivity::of(row, times(row), window, detail))
            .collect();
        let counts = rows.iter().fold(Counts::default(), |sum, row| sum.plus(row.lane().counts));
        Self {
            pool: pool.id,
            threads: pool.threads,
            every_call_seen: pool.every_call_seen,
            times: together(workers.iter().map(|worker| &worker.times)),
            on_off: OnOff::together(workers.iter().map(|worker| &worker.on_off)),
            counts: detail::counts(detail, counts),
            idle_times: IdleTimes::together(workers.iter().map(|worker| &worker.idle_times)),
            workers,
        }
    }
}

impl WorkerActivity {
    /// `None` if the lane is no worker's.
    fn of(row: &Row, times: Measured<Times>, window: Window, detail: Detail) -> Option<Self> {
        let lane = row.lane();
        let Role::Worker { index, .. } = lane.role else { return None };
        Some(Self {
            lane: lane.id,
            index,
            name: lane.name.clone(),
            times,
            cpu: lane.cpu.clone(),
            on_off: OnOff::of(row, window, detail),
            counts: detail::counts(detail, lane.counts),
            idling: lane.idling.counts.clone(),
            idle_times: IdleTimes::of(lane, window, detail),
        })
    }
}

impl Times {
    fn of(row: &Row, window: Window, pool: &Pool, opaque: &Opaque) -> Self {
        let cut = || row.stretches().iter().filter_map(|stretch| stretch.within(window.span));
        let no_task = rest_in(cut(), State::NoTask);
        let opaque: Nanos = cut().map(|stretch| opaque.hidden_in(stretch)).sum();
        let present: Nanos = cut().map(|stretch| stretch.span.duration()).sum();
        Self {
            busy: cut().map(|stretch| stretch.busy).sum(),
            waiting: rest_in(cut(), State::Waiting) + rest_in(cut(), State::Busy),
            no_task,
            absent: window.span.duration() - present,
            opaque,
            idle: match row.is_the_programs_own(pool) {
                true => Measured::Is(Nanos::ZERO),
                false => idle(no_task - opaque, pool),
            },
        }
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            busy: self.busy + other.busy,
            waiting: self.waiting + other.waiting,
            no_task: self.no_task + other.no_task,
            absent: self.absent + other.absent,
            opaque: self.opaque + other.opaque,
            idle: match (self.idle, &other.idle) {
                (Measured::Is(idle), Measured::Is(more)) => Measured::Is(idle + *more),
                (Measured::Not(reason), _) => Measured::Not(reason),
                (_, Measured::Not(reason)) => Measured::Not(reason.clone()),
            },
        }
    }
}

fn rest_in(stretches: impl Iterator<Item = Stretch>, state: State) -> Nanos {
    stretches.filter(|stretch| stretch.state == state).map(|stretch| stretch.rest()).sum()
}

fn idle(idle: Nanos, pool: &Pool) -> Measured<Nanos> {
    if pool.every_call_seen {
        return Measured::Is(idle);
    }
    Measured::Not("stock rayon calls in this pool are invisible to public API".to_owned())
}

/// The sum, or the first reason why there is none.
fn together<'a>(times: impl Iterator<Item = &'a Measured<Times>>) -> Measured<Times> {
    let mut sum: Option<Times> = None;
    for times in times {
        match times {
            Measured::Not(reason) => return Measured::Not(reason.clone()),
            Measured::Is(more) => {
                sum = Some(match sum {
                    Some(sum) => sum.plus(more),
                    None => more.clone(),
                });
            }
        }
    }
    match sum {
        Some(sum) => Measured::Is(sum),
        None => Measured::Not("no worker was recorded".to_owned()),
    }
}

fn busy_cores(times: &Measured<Times>, window: Window) -> Measured<f64> {
    let length = window.span.duration();
    if length == Nanos::ZERO {
        return Measured::Not("the window is empty".to_owned());
    }
    times.clone().map(|times| times.busy.0 as f64 / length.0 as f64)
}

fn core_time(timeline: &Timeline, window: Window) -> Nanos {
    timeline
        .rows()
        .iter()
        .filter(|row| row.lane().role != Role::Outside)
        .flat_map(|row| row.stretches())
        .filter_map(|stretch| stretch.within(window.span))
        .map(|stretch| stretch.span.duration())
        .sum()
}
