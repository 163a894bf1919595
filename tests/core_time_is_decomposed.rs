//! Core-time by component, on traces whose parts are known by construction.

mod timeline_fixture;

use rayprism::analysis::Component::*;
use rayprism::analysis::{Component, CoreTime, Decomposition, Window};
use rayprism::model;
use rayprism::model::{
    Baseline, Costs, Counts, Event, Half, Join, Lane, Leaf, Measured, Nanos, OffCpu, Operation,
    OperationKind, Origin, Parts, RayonCosts, Run, Samples, SchedulingSource, SecondHalf, Tally,
    Task, Trace, Watched,
};
use rayprism::timeline::Timeline;
use timeline_fixture::*;

/// Whose switch records are there, and say that it never left the CPU.
fn watched(lane: Lane) -> Lane {
    let scheduling = model::Scheduling {
        source: SchedulingSource::SwitchRecords,
        wall: Nanos(1000),
        on_cpu: Nanos(1000),
        voluntary: Nanos::ZERO,
        preempted: Nanos::ZERO,
        voluntary_switches: Some(0),
        preemptions: Some(0),
        migrations: Some(0),
    };
    let watched = Watched { scheduling: Measured::Is(scheduling), ..lane.watched };
    Lane { watched, ..lane }
}

/// The decomposition of the one pool's time, and that it is all the time there is.
fn decomposed(trace: &Trace) -> Decomposition {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let window = Window::of(&timeline);
    let Measured::Is(whole) = Decomposition::of(&timeline, window, &timeline.pools()[0]) else {
        panic!("there are times")
    };
    let all: CoreTime = whole.parts.iter().map(|part| part.time).sum();
    assert_eq!(all, CoreTime::from(whole.core_time), "{whole:?}");
    // Each part is rounded by itself.
    assert!(whole.time(Component::Unattributed).0.abs() < 10, "{whole:?}");
    whole
}

/// The components that there are, but for what is in no other.
fn parts(trace: &Trace) -> Vec<(Component, i64)> {
    listed(&decomposed(trace))
}

fn listed(whole: &Decomposition) -> Vec<(Component, i64)> {
    let parts = whole.parts.iter();
    let parts = parts.filter(|part| part.component != Component::Unattributed);
    parts.map(|part| (part.component, part.time.0)).collect()
}

#[test]
fn when_workers_slept_is_not_known_without_switch_records() {
    let whole = decomposed(&installed(Vec::new(), worker(3, 1, Vec::new())));
    assert!(whole.missing.iter().any(|missing| missing.component == Component::LateWakeUp));
    assert!(whole.part(Component::Scheduling).is_some());
}

fn off(start: u64, end: u64) -> OffCpu {
    OffCpu { span: span(start, end), preempted: false, from_cpu: None, to_cpu: None }
}

/// Recording costs nothing, and neither does rayon, unless changed.
fn free(mut trace: Trace) -> Trace {
    trace.header.costs = Costs {
        counted_join_ps: 0,
        timed_join_ps: 0,
        task_ps: 0,
        timed_split_ps: 0,
        timed_leaf_ps: 0,
        counted_leaf_ps: 0,
        reading_ps: 0,
        elided_join_ps: 0,
    };
    trace.header.rayon = Measured::Is(RayonCosts { join_ps: 0, spawn_ps: 0, job_ps: 0 });
    trace
}

/// An `install` from outside, from 0 to 1000, whose task runs on worker 0 from 100 to 900.
fn installed(events: Vec<Event>, other: Lane) -> Trace {
    let install = operation(1, 1, [0, 10, 1000]);
    let task = Task { parent: Some(install.id), pushed: Some(Nanos(20)), ..task(2, 1, 100, 900) };
    let joins = events.iter().filter(|event| matches!(event, Event::Join(_))).count() as u64;
    let task = Event::Task(Task { joins, ..task });
    let caller = outside(1, vec![Event::Operation(install)]);
    free(trace(1000, vec![caller, worker(2, 0, [vec![task], events].concat()), other]))
}

/// The same with switch records of all threads, which left the CPU as their lanes say.
fn with_switches(mut trace: Trace) -> Trace {
    trace.lanes = trace.lanes.into_iter().map(watched).collect();
    trace
}

#[test]
fn one_task_alone_is_serial_and_what_is_around_it_hand_over() {
    // The caller works for 10 before it waits, in one worker's place, while the other is idle. The
    // task is queued for 80, and one of the two idle workers could have had it; there and back
    // nothing else happens.
    let expected = vec![
        (Work, 800 + 10),
        (Scheduling, 80),
        (HandOver, 2 * 10 + 80 + 2 * 100),
        (Serial, 800 + 10),
    ];
    assert_eq!(parts(&installed(Vec::new(), worker(3, 1, Vec::new()))), expected);
}

#[test]
fn a_steal_is_scheduling_until_it_begins_and_a_sleeper_is_woken_late() {
    for sleeps in [false, true] {
        let join = Join { second: SecondHalf::Stolen, ..join(2, 2, 1, [200, 800, 850]) };
        let half = stolen(task(3, 1, 500, 800), join.id, 200);
        let mut thief = worker(3, 1, vec![Event::Task(half)]);
        if sleeps {
            thief.watched.off_cpu = vec![off(0, 500)];
        }
        let whole = decomposed(&with_switches(installed(vec![Event::Join(join)], thief)));
        // Until the push there is nothing for the second worker but the task itself, queued for 80
        // while both are idle. The join could go on from 800, and did at 850, with both idle.
        let (stealing, waking) = if sleeps { (40 + 50, 40 + 300) } else { (80 + 300 + 50, 0) };
        assert_eq!(whole.time(Work), CoreTime(10 + 800 - 50 + 300));
        assert_eq!(whole.time(LateWakeUp), CoreTime(waking));
        assert_eq!(whole.time(StealLatency), CoreTime(stealing));
    }
}

#[test]
fn a_join_whose_worker_runs_something_else_pins_the_idle() {
    let join = Join { second: SecondHalf::Stolen, ..join(2, 2, 1, [200, 300, 850]) };
    let half = stolen(task(3, 1, 250, 500), join.id, 200);
    let other = Task { origin: Origin::Local, ..task(2, 3, 320, 840) };
    let events = vec![Event::Join(join), Event::Task(other)];
    let whole = decomposed(&installed(events, worker(3, 1, vec![Event::Task(half)])));
    // From the stolen half's end on, its join could have gone on, but for the other task.
    assert_eq!(whole.time(Pinned), CoreTime(840 - 500));
}

#[test]
fn the_caller_between_two_calls_works_alone() {
    let call = |sequence, start, end| Event::Operation(operation(1, sequence, [start, start, end]));
    let caller = outside(1, vec![call(1, 0, 100), call(2, 600, 1000)]);
    let work = |sequence, start, end| Event::Task(task(2, sequence, start, end));
    let first = worker(2, 0, vec![work(1, 0, 100), work(2, 600, 1000)]);
    let second = worker(3, 1, vec![Event::Task(task(3, 1, 600, 1000))]);
    let third = worker(4, 2, Vec::new());
    let mut trace = with_switches(free(trace(1000, vec![caller, first, second, third])));
    let expected = [(Work, 100 + 2 * 400 + 500), (Serial, 2 * 100 + 2 * 500), (Starved, 400)];
    let whole = decomposed(&trace);
    assert_eq!(listed(&whole), expected);
    assert_eq!(whole.callers, CoreTime(500));
    // It may sleep between them: that is as serial, and no work.
    trace.lanes[0].watched.off_cpu = vec![off(200, 500)];
    let expected = [(Work, 1100), (Serial, 1200), (Starved, 400), (Blocked, 300)];
    assert_eq!(parts(&trace), expected);
}

#[test]
fn counted_joins_keep_something_queued_and_cost_what_joins_cost() {
    let mut trace = installed(Vec::new(), worker(3, 1, Vec::new()));
    let Event::Task(task) = &mut trace.lanes[1].events[0] else { panic!() };
    task.joins = 20;
    trace.lanes[1].counts.joins = 20;
    assert_eq!(decomposed(&trace).time(Scheduling), CoreTime(80 + 800));
    trace.header.rayon = Measured::Is(RayonCosts { join_ps: 12_000, spawn_ps: 0, job_ps: 0 });
    trace.header.costs.counted_join_ps = 500;
    let whole = decomposed(&trace);
    assert_eq!(whole.time(Runtime), CoreTime(20 * 12));
    assert_eq!(whole.time(Probe), CoreTime(10));
    assert_eq!(whole.time(Work), CoreTime(10 + 800 - 240 - 10));
}

#[test]
fn elided_joins_are_no_task_management() {
    let join = Join {
        first_joins: 10,
        second_joins: 10,
        elided: Some(Half::First),
        ..join(2, 2, 1, [200, 500, 800])
    };
    let mut trace = installed(vec![Event::Join(join)], worker(3, 1, Vec::new()));
    let Event::Task(task) = &mut trace.lanes[1].events[0] else { panic!() };
    task.joins = 21;
    trace.lanes[1].counts = Counts { joins: 21, timed_joins: 1, ..trace.lanes[1].counts };
    trace.header.rayon = Measured::Is(RayonCosts { join_ps: 12_000, spawn_ps: 0, job_ps: 0 });
    trace.header.costs.elided_join_ps = 5_000;
    let whole = decomposed(&trace);
    assert_eq!(whole.time(Runtime), CoreTime(11 * 12));
    assert_eq!(whole.time(Probe), CoreTime(50));
}

/// What counts claim beyond the time that there was is shown as missing, and not taken from others.
#[test]
fn more_joins_than_there_was_time_for_are_unattributed() {
    let mut trace = installed(Vec::new(), worker(3, 1, Vec::new()));
    let Event::Task(task) = &mut trace.lanes[1].events[0] else { panic!() };
    task.joins = 100;
    trace.lanes[1].counts.joins = 100;
    trace.header.rayon = Measured::Is(RayonCosts { join_ps: 12_000, spawn_ps: 0, job_ps: 0 });
    let timeline = Timeline::new(&trace).unwrap();
    let pool = &timeline.pools()[0];
    let whole = Decomposition::of(&timeline, Window::of(&timeline), pool);
    let whole = whole.value().unwrap();
    assert!((whole.time(Runtime).0 - 1200).abs() < 10);
    assert!((whole.time(Unattributed).0 + 400).abs() < 10);
    let all: CoreTime = whole.parts.iter().map(|part| part.time).sum();
    assert_eq!(all, CoreTime(2000));
}

#[test]
fn off_the_cpu_with_a_job_is_preempted_or_blocked() {
    let mut trace = with_switches(installed(Vec::new(), worker(3, 1, Vec::new())));
    let preempted = OffCpu { preempted: true, ..off(200, 250) };
    trace.lanes[1].watched.off_cpu = vec![off(50, 90), preempted, off(400, 500), off(950, 990)];
    let whole = decomposed(&trace);
    assert_eq!(whole.time(Preempted), CoreTime(50));
    assert_eq!(whole.time(Blocked), CoreTime(100));
    assert_eq!(whole.time(Work), CoreTime(10 + 650));
    // It slept for 40 of the 80 for which the task was queued, one of two idle workers.
    assert_eq!((whole.time(LateWakeUp), whole.time(StealLatency)), (CoreTime(20), CoreTime(60)));
}

/// A worker that takes the next task from its own deque was never without work.
#[test]
fn between_two_tasks_of_its_own_deque_a_worker_manages_tasks() {
    let scope = Operation {
        kind: OperationKind::Scope,
        task: Some(id(2, 1)),
        ..operation(2, 2, [110, 200, 800])
    };
    let spawned = |sequence, start, end| {
        let pushed = Some(Nanos(150));
        let origin = Origin::Local;
        let parent = Some(scope.id);
        Event::Task(Task { origin, parent, pushed, ..task(2, sequence, start, end) })
    };
    let events = vec![Event::Operation(scope.clone()), spawned(3, 230, 400), spawned(4, 430, 750)];
    let mut trace = installed(events, worker(3, 1, Vec::new()));
    assert_eq!(decomposed(&trace).time(Runtime), CoreTime(30 + 30));
    // Half of what noting a task takes is before its start, and half after its end.
    trace.header.costs.task_ps = 20_000;
    let whole = decomposed(&trace);
    assert_eq!(whole.time(Runtime), CoreTime(20 + 10));
    // Those of the spawned tasks and of the one that is installed.
    assert_eq!(whole.time(Probe), CoreTime(20 + 20 + 20));
}

#[test]
fn waiting_for_the_iterator_that_all_share_is_no_blocking() {
    let bridge = Operation { task: Some(id(2, 1)), ..iterator(2, 2, [200, 800, 800]) };
    let leaf = Leaf { waited: Nanos(300), ..leaf(2, 3, Some(1), bridge.id, [210, 790]) };
    let iteration = Some(Box::new(iteration(3, 1, 0, 0)));
    let bridge = Operation { iteration, ..bridge };
    let events = vec![Event::Operation(bridge), Event::Leaf(leaf)];
    let mut trace = with_switches(installed(events, worker(3, 1, Vec::new())));
    trace.lanes[1].counts.timed_leaves = 1;
    trace.lanes[1].tallies = vec![Tally {
        site: None,
        chain: None,
        label: None,
        operations: 1,
        splits: 0,
        leaves: 1,
        items: 3,
        reductions: 0,
        steals: 0,
    }];
    // It sleeps until the lock is free, and once for 50 more.
    trace.lanes[1].watched.off_cpu = vec![off(300, 450), off(500, 700)];
    let whole = decomposed(&trace);
    assert_eq!((whole.time(Producer), whole.time(Blocked)), (CoreTime(300), CoreTime(50)));
}

#[test]
fn before_its_threads_are_there_a_pool_starts() {
    let mut late = worker(3, 1, Vec::new());
    late.started = Some(Nanos(60));
    let trace = installed(Vec::new(), late);
    assert_eq!(decomposed(&trace).time(PoolStart), CoreTime(60));
}

/// An operation whose inside is invisible hides what workers without a task do.
#[test]
fn what_nobody_saw_is_opaque() {
    let sort = Operation {
        kind: OperationKind::Sort,
        task: Some(id(2, 1)),
        ..operation(2, 2, [200, 200, 700])
    };
    let trace = installed(vec![Event::Operation(sort)], worker(3, 1, Vec::new()));
    assert_eq!(decomposed(&trace).time(Opaque), CoreTime(2 * 500));
}

fn ran(threads: u32, one_worker: Option<u64>) -> Trace {
    let samples = |time| Samples(vec![Nanos(time)]);
    let parts = |work, blocked| {
        Measured::Is(Parts {
            work: Nanos(work),
            runtime: Nanos::ZERO,
            reduce: Nanos::ZERO,
            blocked: Some(Nanos(blocked)),
            preempted: Some(Nanos::ZERO),
        })
    };
    let baseline = |serial, work, blocked| Baseline {
        variant: "serial".to_owned(),
        serial,
        samples: samples(1000),
        parts: parts(work, blocked),
    };
    let mut trace = with_switches(installed(Vec::new(), worker(3, 1, Vec::new())));
    trace.lanes[1].watched.off_cpu = vec![off(400, 500)];
    trace.header.run = Some(Run {
        workload: "constructed".to_owned(),
        variant: "one".to_owned(),
        threads,
        parameters: Vec::new(),
        samples: samples(1000),
        recorded: 0,
        baseline: Some(baseline(true, 500, 30)),
        one_worker: one_worker.map(|work| baseline(false, work, 30)),
    });
    trace
}

/// `useful = work_S`, `algorithmic = work_1 − work_S`, `inflation = work_P − work_1`.
#[test]
fn work_is_split_by_its_baselines() {
    let whole = decomposed(&ran(2, Some(600)));
    let figures = [Useful, Algorithmic, Inflation, BlockedOwn, BlockedExcess, Work, Blocked];
    let figures = figures.map(|component| whole.time(component).0);
    assert_eq!(figures, [500, 100, 710 - 600, 30, 70, 0, 0]);
    // The same code may be faster beside others, where more caches help.
    assert_eq!(decomposed(&ran(2, Some(750))).time(Inflation), CoreTime(710 - 750));
    // With one worker there is nobody to be slowed down by.
    let alone = decomposed(&ran(1, None));
    assert_eq!((alone.time(Algorithmic), alone.part(Inflation)), (CoreTime(210), None));
    // Without the middle one, nothing can be said.
    let unsplit = decomposed(&ran(2, None));
    assert_eq!(unsplit.time(Work), CoreTime(710));
    assert!(unsplit.missing.iter().any(|missing| missing.component == Inflation));
}
