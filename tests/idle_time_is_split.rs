//! Idle time by what could have been run meanwhile, on traces whose parts are known by construction.

mod timeline_fixture;

use rayprism::analysis::{IdleSplit, Window};
use rayprism::model::*;
use rayprism::timeline::Timeline;
use timeline_fixture::*;

/// Whose switch records are there, and say that it never left the CPU.
fn watched(lane: Lane) -> Lane {
    let scheduling = Scheduling {
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

#[test]
fn when_workers_slept_is_not_known_without_switch_records() {
    let split = split(&installed(Vec::new(), worker(3, 1, Vec::new())));
    assert!(matches!(split.waking, Measured::Not(_)));
}

/// The split of the one pool's time, and that it is all the time there is.
fn split(trace: &Trace) -> IdleSplit {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let window = Window::of(&timeline);
    let pool = &timeline.pools()[0];
    let split = IdleSplit::of(&timeline, window, pool);
    let all = u64::from(pool.threads) * window.span.duration().0;
    // Each part is rounded down.
    assert!(all - split.total().0 < 10, "{split:?} of {all}");
    split
}

fn off(start: u64, end: u64) -> OffCpu {
    OffCpu { span: span(start, end), preempted: false, from_cpu: None, to_cpu: None }
}

/// An `install` from outside, from 0 to 1000, whose task runs on worker 0 from 100 to 900.
fn installed(events: Vec<Event>, other: Lane) -> Trace {
    let install = operation(1, 1, [0, 10, 1000]);
    let task = Task { parent: Some(install.id), pushed: Some(Nanos(20)), ..task(2, 1, 100, 900) };
    let joins = events.iter().filter(|event| matches!(event, Event::Join(_))).count() as u64;
    let task = Event::Task(Task { joins, ..task });
    let caller = outside(1, vec![Event::Operation(install)]);
    trace(1000, vec![caller, worker(2, 0, [vec![task], events].concat()), other])
}

#[test]
fn one_task_alone_is_serial_and_what_is_around_it_hand_over() {
    let split = split(&installed(Vec::new(), worker(3, 1, Vec::new())));
    assert_eq!(split.busy, Nanos(800));
    // The caller works for 10 before it waits, in one worker's place, while the other is idle.
    assert_eq!((split.caller, split.serial), (Nanos(10), Nanos(800 + 10)));
    // The task is queued for 80, and one of the two idle workers could have had it; there and back
    // nothing else happens.
    assert_eq!(split.scheduling, Nanos(80));
    assert_eq!(split.hand_over, Nanos(2 * 10 + 80 + 2 * 100));
}

#[test]
fn a_steal_is_scheduling_until_it_begins_and_a_sleeper_is_woken_late() {
    for (sleeps, expected) in [(false, (300, 0)), (true, (0, 300))] {
        let join = Join { second: SecondHalf::Stolen, ..join(2, 2, 1, [200, 800, 850]) };
        let half = stolen(task(3, 1, 500, 800), join.id, 200);
        let mut thief = worker(3, 1, vec![Event::Task(half)]);
        if sleeps {
            thief.watched.off_cpu = vec![off(0, 500)];
        }
        let mut trace = installed(vec![Event::Join(join)], thief);
        trace.lanes = trace.lanes.into_iter().map(watched).collect();
        let split = split(&trace);
        // Until the push nothing is there for the second worker but the task itself, queued for 80.
        let queued = if sleeps { (40, 40) } else { (80, 0) };
        assert_eq!(split.busy, Nanos(800 - 50 + 300));
        // The join could go on from 800, and did at 850, with both workers idle: one of them is late.
        let waking = expected.1 + queued.1;
        assert_eq!(split.waking, Measured::Is(Nanos(waking)));
        assert_eq!(split.scheduling, Nanos(expected.0 + queued.0 + 50 + waking));
    }
}

#[test]
fn a_join_whose_worker_runs_something_else_pins_the_idle() {
    let join = Join { second: SecondHalf::Stolen, ..join(2, 2, 1, [200, 300, 850]) };
    let half = stolen(task(3, 1, 250, 500), join.id, 200);
    let other = Task { origin: Origin::Local, ..task(2, 3, 320, 840) };
    let events = vec![Event::Join(join), Event::Task(other)];
    let split = split(&installed(events, worker(3, 1, vec![Event::Task(half)])));
    // From the stolen half's end on, its join could have gone on, but for the other task.
    assert_eq!(split.pinned, Nanos(840 - 500));
}

#[test]
fn counted_joins_keep_something_queued() {
    let mut trace = installed(Vec::new(), worker(3, 1, Vec::new()));
    let Event::Task(task) = &mut trace.lanes[1].events[0] else { panic!() };
    task.joins = 1_000_000;
    trace.lanes[1].counts.joins = 1_000_000;
    let split = split(&trace);
    assert_eq!(split.busy, Nanos(800));
    assert_eq!(split.scheduling, Nanos(880));
}

#[test]
fn the_caller_between_two_calls_works_alone() {
    let call = |sequence, start, end| Event::Operation(operation(1, sequence, [start, start, end]));
    let caller = outside(1, vec![call(1, 0, 100), call(2, 600, 1000)]);
    let work = |sequence, start, end| Event::Task(task(2, sequence, start, end));
    let first = worker(2, 0, vec![work(1, 0, 100), work(2, 600, 1000)]);
    let second = worker(3, 1, vec![Event::Task(task(3, 1, 600, 1000))]);
    let third = worker(4, 2, Vec::new());
    let split = split(&trace(1000, vec![caller, first, second, third]));
    assert_eq!(split.caller, Nanos(500));
    assert_eq!(split.serial, Nanos(2 * 100 + 2 * 500));
    assert_eq!(split.starved, Nanos(400));
}
