//! Exact figures of hand-made traces, and a reason wherever there is none.

mod timeline_fixture;

use rayprism::analysis::{Latency, Theft, Times, WindowEnds};
use rayprism::model::*;
use rayprism::report::Report;
use timeline_fixture::*;

fn report(trace: &Trace) -> Report {
    Report::of(trace).expect("sound")
}

fn times(busy: u64, waiting: u64, no_task: u64, absent: u64) -> Measured<Times> {
    Measured::Is(Times {
        busy: Nanos(busy),
        waiting: Nanos(waiting),
        no_task: Nanos(no_task),
        absent: Nanos(absent),
        idle: Measured::Is(Nanos(no_task)),
    })
}

fn not<T>(reason: &str) -> Measured<T> {
    Measured::Not(reason.to_owned())
}

#[test]
fn each_workers_time_is_its_own() {
    let report = report(&crossed());
    assert_eq!((report.window.span, report.window.ends), (span(100, 1100), WindowEnds::Events));
    let workers = &report.activity.pools[0].workers;
    assert_eq!(workers[0].times, times(600, 200, 200, 0));
    assert_eq!(workers[1].times, times(130, 400, 470, 0));
    assert_eq!(report.activity.pools[0].times, times(730, 600, 670, 0));
    assert_eq!(report.activity.times, times(730, 600, 670, 0));
    assert_eq!(report.activity.core_time, Nanos(2000));
    assert_eq!(report.activity.busy_cores, Measured::Is(0.73));
}

#[test]
fn counts_are_the_lanes_own() {
    let report = report(&crossed());
    let counts = Counts { joins: 8, timed_joins: 2, tasks: 3, steals: 2, injected: 1, ..ZERO };
    assert_eq!(report.counts, Measured::Is(counts));
    let first = Counts { joins: 7, timed_joins: 1, tasks: 2, steals: 1, injected: 1, ..ZERO };
    assert_eq!(report.activity.pools[0].workers[0].counts, Measured::Is(first));
}

const ZERO: Counts = Counts {
    joins: 0,
    timed_joins: 0,
    timed_splits: 0,
    timed_leaves: 0,
    spawns: 0,
    tasks: 0,
    steals: 0,
    migrated: 0,
    injected: 0,
};

#[test]
fn the_victim_is_the_lane_that_pushed() {
    let mut trace = crossed();
    trace.lanes[1].counts.steals += 5;
    let steals = report(&trace).steals;
    let theft = |thief, victim| Theft { thief: LaneId(thief), victim: LaneId(victim), count: 1 };
    assert_eq!(steals.matrix, [theft(2, 3), theft(3, 2)]);
    assert_eq!(steals.exact, Measured::Is(7));
    assert_eq!(steals.without_victim(), Some(5));
}

#[test]
fn latencies_are_ranked_by_nearest_rank() {
    let thief = |steals: u64| {
        let start = |n: u64| n * 1000;
        let event = |n| {
            let task = task(1, n, start(n), start(n) + 10);
            Event::Task(stolen(task, id(2, 1), start(n) - n))
        };
        let lanes = vec![worker(1, 0, (1..=steals).map(event).collect()), worker(2, 1, vec![])];
        report(&trace(100_000, lanes)).steals.latency
    };
    let latency = |count, median, p90, max| {
        Measured::Is(Latency { count, median: Nanos(median), p90: Nanos(p90), max: Nanos(max) })
    };
    assert_eq!(thief(1), latency(1, 1, 1, 1));
    assert_eq!(thief(10), latency(10, 5, 9, 10));
    assert_eq!(thief(11), latency(11, 6, 10, 11));
    assert_eq!(thief(0), not("no steal was recorded with its time of push"));
}

#[test]
fn the_profilers_own_share_is_counts_times_costs() {
    let cost = report(&crossed()).own_cost;
    assert_eq!(cost.counted_joins, Measured::Is(6));
    assert_eq!(cost.timed_joins, Measured::Is(2));
    assert_eq!(cost.timed_tasks, Measured::Is(3));
    // 6 · 880 ps + 2 · 41 200 ps + 3 · 88 000 ps = 351 680 ps, of 2 000 ns.
    assert_eq!(cost.total, Measured::Is(Nanos(352)));
    assert_eq!(cost.share, Measured::Is(0.176));
}

#[test]
fn detail_count_has_counts_and_no_times() {
    let mut trace = trace(2000, vec![worker(1, 0, vec![])]);
    trace.header.detail = Detail::Count;
    trace.lanes[0].counts = Counts { joins: 1000, tasks: 4, ..ZERO };
    let report = report(&trace);
    assert_eq!(report.window.ends, WindowEnds::Recording);
    assert_eq!(report.counts.value().map(|counts| counts.joins), Some(1000));
    let reason = "no clock is read at detail `count`";
    assert_eq!(report.activity.pools[0].workers[0].times, not(reason));
    assert_eq!(report.activity.busy_cores, not(reason));
    assert_eq!(report.steals.latency, not(reason));
    // No task was timed: 1000 · 880 ps, of 2 µs.
    assert_eq!(report.own_cost.timed_tasks, Measured::Is(0));
    assert_eq!(report.own_cost.share, Measured::Is(0.44));
}

#[test]
fn detail_off_has_nothing_and_says_so() {
    let mut trace = trace(2000, vec![worker(1, 0, vec![])]);
    trace.header.detail = Detail::Off;
    let report = report(&trace);
    let reason = "nothing is recorded at detail `off`";
    assert_eq!(report.counts, not(reason));
    assert_eq!(report.steals.exact, not(reason));
    assert_eq!(report.steals.without_victim(), None);
    assert_eq!(report.activity.times, not(reason));
    assert_eq!(report.own_cost.share, not(reason));
}

#[test]
fn lost_events_leave_no_times_for_their_lane() {
    let lossy = |losses| {
        let mut trace = crossed();
        trace.lanes[1].losses = losses;
        let pool = report(&trace).activity.pools.remove(0);
        assert_eq!(pool.workers[1].times, times(130, 400, 470, 0), "the other lane is whole");
        assert_eq!(pool.times, pool.workers[0].times);
        pool.times
    };
    let none = Losses::default();
    assert_eq!(lossy(Losses { dropped: 1, ..none }), not("events were lost"));
    assert_eq!(lossy(Losses { overwritten: 1, ..none }), not("events were lost"));
    assert_eq!(lossy(Losses { unfinished: 1, ..none }), not("tasks were still open at the end"));
    let mut clamped = crossed();
    clamped.lanes[1].losses.clamped = 9;
    assert_eq!(report(&clamped).activity.times, times(730, 600, 670, 0));
    assert_eq!(report(&clamped).losses.clamped, 9);
}

#[test]
fn no_task_is_not_idle_where_calls_are_invisible() {
    let mut trace = crossed();
    trace.pools[0].every_call_seen = false;
    let measured = report(&trace).activity.times;
    let Measured::Is(times) = measured else { panic!("busy and waiting are measured") };
    assert_eq!((times.busy, times.waiting, times.no_task), (Nanos(730), Nanos(600), Nanos(670)));
    assert_eq!(times.idle, not("stock rayon calls in this pool are invisible to public API"));
}

#[test]
fn each_pool_has_its_own_table() {
    let inner = Role::Worker { pool: PoolId(2), index: 0 };
    let lanes = vec![
        worker(1, 0, vec![Event::Task(task(1, 1, 0, 100))]),
        Lane { role: inner, ..worker(2, 0, vec![Event::Task(task(2, 1, 50, 80))]) },
    ];
    let report = report(&Trace { pools: vec![pool(1, 1), pool(2, 4)], ..trace(100, lanes) });
    let pools: Vec<_> = report.activity.pools.iter().map(|pool| (pool.pool, &pool.times)).collect();
    assert_eq!(pools, [(PoolId(1), &times(100, 0, 0, 0)), (PoolId(2), &times(30, 0, 70, 0))]);
    assert_eq!(report.activity.times, times(130, 0, 70, 0));
    assert_eq!(report.activity.pools[1].workers.len(), 1, "of 4: the others recorded nothing");
}

#[test]
fn a_worker_that_came_late_was_absent_before() {
    let late = Lane { started: Some(Nanos(40)), ..worker(2, 1, vec![]) };
    let lanes = vec![worker(1, 0, vec![Event::Task(task(1, 1, 0, 100))]), late];
    let report = report(&trace(100, lanes));
    assert_eq!(report.activity.pools[0].workers[1].times, times(0, 0, 60, 40));
    assert_eq!(report.activity.core_time, Nanos(160));
}

#[test]
fn a_trace_without_workers_has_no_times() {
    let mut trace = trace(100, vec![]);
    trace.pools.clear();
    let report = report(&trace);
    assert_eq!(report.activity.times, not("no worker was recorded"));
    assert_eq!(report.own_cost.share, not("no worker's time was recorded"));
}

#[test]
fn the_speed_up_is_of_medians() {
    let samples = |times: &[u64]| Samples(times.iter().copied().map(Nanos).collect());
    let mut trace = crossed();
    trace.header.run = Some(Run {
        workload: "invert-tree".to_owned(),
        variant: "join".to_owned(),
        threads: 2,
        parameters: Vec::new(),
        samples: samples(&[500, 400, 900]),
        recorded: 2,
        baseline: Some(Baseline { variant: "serial".to_owned(), samples: samples(&[100, 300]) }),
    });
    let run = report(&trace).run.expect("there is one");
    let wall = run.wall.expect("three samples");
    assert_eq!((wall.median, wall.shortest, wall.longest), (Nanos(500), Nanos(400), Nanos(900)));
    assert_eq!(run.recorded_wall(), Some(Nanos(900)));
    assert_eq!(run.baseline.expect("there is one").speed_up, Some(0.2));
}
