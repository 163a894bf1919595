//! Work, span and burdened span of traces whose program is known by construction.

mod timeline_fixture;

use rayprism::analysis::{Window, WorkClock, WorkSpan};
use rayprism::model::*;
use rayprism::timeline::Timeline;
use timeline_fixture::*;

fn of_pool(trace: &Trace, pool: usize) -> Measured<WorkSpan> {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    WorkSpan::of(&timeline, Window::of(&timeline), &timeline.pools()[pool])
}

fn work_span(trace: &Trace) -> WorkSpan {
    of_pool(trace, 0).value().expect("measured").clone()
}

/// Work, span, burdened span.
fn figures(found: &WorkSpan) -> (u64, u64, u64) {
    (found.work.0, found.span.0, found.burdened.0)
}

/// A task that what `parent` names pushed on its own lane or from outside.
fn pushed(task: Task, parent: EventId, at: u64) -> Task {
    Task { parent: Some(parent), pushed: Some(Nanos(at)), ..task }
}

fn local(task: Task) -> Task {
    Task { origin: Origin::Local, ..task }
}

/// An `install` from outside, from 0 to 1000, whose task runs on worker 0 from 100 to 900.
fn installed(events: Vec<Event>, others: Vec<Lane>) -> Trace {
    let install = operation(1, 1, [0, 0, 1000]);
    let task = Event::Task(pushed(task(2, 1, 100, 900), install.id, 0));
    let caller = outside(1, vec![Event::Operation(install)]);
    let first = worker(2, 0, [vec![task], events].concat());
    trace(1000, [vec![caller, first], others].concat())
}

fn scope(sequence: u64, times: [u64; 3]) -> Operation {
    let (task, kind) = (Some(id(2, 1)), OperationKind::Scope);
    Operation { task, kind, ..operation(2, sequence, times) }
}

#[test]
fn halves_are_beside_each_other_wherever_they_ran() {
    // 50 before, halves of 100 and 300, 50 after and 300 besides.
    let inline = installed(vec![Event::Join(join(2, 2, 1, [150, 250, 550]))], Vec::new());
    let found = work_span(&inline);
    assert_eq!(figures(&found), (800, 50 + 300 + 350, 700));
    assert!(matches!(found.burden, Measured::Not(_)));
    assert_eq!(found.parallelism(), Some(800.0 / 700.0));

    let half = Join { second: SecondHalf::Stolen, ..join(2, 2, 1, [150, 250, 550]) };
    let thief = worker(3, 1, vec![Event::Task(stolen(task(3, 1, 170, 540), half.id, 150))]);
    let found = work_span(&installed(vec![Event::Join(half)], vec![thief]));
    let burden = found.burden.value().copied().expect("a steal");
    assert_eq!((burden.start, burden.resume), (Nanos(20), Some(Nanos(10))));
    // Into the pool with 30, and 30 for the half that was moved.
    assert_eq!(figures(&found), (500 + 370, 50 + 370 + 350, 50 + 370 + 350 + 60));
}

#[test]
fn who_waits_and_runs_something_else_meanwhile_does_not_wait_for_that() {
    // The caller works for 50, its task for 100, 200 in its own half, and 100. The other half has 50,
    // 30, and between them the longer of 50 and of the 200 that the first worker runs in its wait.
    let found = work_span(&crossed());
    let halves = [50 + (200_u64).max(50) + 30, 200];
    assert_eq!(found.work, Nanos(50 + 100 + 200 + 100 + 50 + 50 + 30 + 200));
    assert_eq!(found.span, Nanos(50 + 100 + halves.into_iter().max().expect("two") + 100));
    let burden = found.burden.value().expect("two steals");
    // 300 to 350, 400 to 600; the first join goes on 20 after its half, the second 50.
    assert_eq!((burden.steals, burden.start), (2, Nanos(50)));
    assert_eq!((burden.resumed, burden.resume), (2, Some(Nanos(20))));
}

#[test]
fn a_scope_ends_with_the_last_of_what_was_pushed_in_it() {
    // Pushed 20 and 80 into the scope, which itself ends after 100.
    let spawns = [(3, local(task(2, 3, 300, 350)), 220), (4, local(task(2, 4, 400, 600)), 280)];
    let tasks = spawns.map(|(_, task, at)| Event::Task(pushed(task, id(2, 1), at)));
    let events = [vec![Event::Operation(scope(2, [200, 300, 600]))], tasks.to_vec()].concat();
    let found = work_span(&installed(events, Vec::new()));
    assert_eq!(figures(&found), (100 + 100 + 250 + 300, 100 + (80 + 200) + 300, 680));
}

#[test]
fn what_outlives_its_scope_is_not_waited_for() {
    let late = pushed(task(3, 1, 260, 1000), id(2, 1), 250);
    let thief = worker(3, 1, vec![Event::Task(Task { origin: Origin::Stolen, ..late })]);
    let trace = installed(vec![Event::Operation(scope(2, [200, 300, 600]))], vec![thief]);
    let found = work_span(&trace);
    // The task alone takes 500; what it spawned begins after 150 of these and takes 740.
    assert_eq!((found.work, found.span), (Nanos(500 + 740), Nanos(150 + 740)));
    // The operation waited for it no more than the scope did.
    assert_eq!(found.operations[0].span, Nanos(500));
}

#[test]
fn moving_a_task_is_borne_where_it_was_moved_and_never_for_more_than_it_saves() {
    let events = vec![Event::Operation(scope(2, [200, 300, 820]))];
    let thief = |start| {
        let moved = pushed(task(3, 1, start, start + 100), id(2, 1), 300);
        worker(3, 1, vec![Event::Task(Task { origin: Origin::Stolen, ..moved })])
    };
    // In the task 100, 100 in the scope, 80 after it; into the pool for as long as the steal took.
    for (start, in_scope) in [(310, 100 + 110), (700, 100 + 100)] {
        let found = work_span(&installed(events.clone(), vec![thief(start)]));
        assert_eq!((found.work, found.span), (Nanos(380), Nanos(380)));
        let burden = start - 300;
        let capped = in_scope.min(200);
        assert_eq!(found.burdened, Nanos(100 + capped + 80 + burden), "{burden}");
    }
}

#[test]
fn a_split_returns_after_its_reduction() {
    let found = work_span(&summed());
    // On the caller's lane 20 before the wait and 50 of the last reduction.
    assert_eq!(found.work, Nanos(20 + 50 + (10 + 240 + 80 + 100) + 400 + 320));
    // 10 until the push of the left half, 10 in that; a thief has 400 beside 240; then reductions of
    // 80 and 50, and 100 between them. The right half is shorter.
    assert_eq!(found.span, Nanos(10 + 10 + 400 + 80 + 100 + 50));
}

#[test]
fn what_has_no_place_is_work_and_stated() {
    let migrated = Task { origin: Origin::Migrated, depth: None, ..task(3, 1, 300, 400) };
    let others = vec![worker(
        3,
        1,
        vec![Event::Task(migrated), Event::Collapsed(collapsed(500, 800, 30, 200))],
    )];
    let found = work_span(&installed(Vec::new(), others));
    assert_eq!((found.work, found.unplaced), (Nanos(800 + 300), Nanos(300)));
    assert_eq!((found.span, found.span_at_most), (Nanos(800), Nanos(1100)));
}

#[test]
fn collapsed_tasks_in_a_wait_are_not_the_waiters() {
    let half = Join { second: SecondHalf::Stolen, ..join(2, 2, 1, [200, 300, 800]) };
    let thief = worker(3, 1, vec![Event::Task(stolen(task(3, 1, 220, 790), half.id, 200))]);
    let in_wait = Event::Collapsed(collapsed(400, 700, 9, 250));
    let found = work_span(&installed(vec![Event::Join(half), in_wait], vec![thief]));
    assert_eq!(found.unplaced, Nanos(250));
    assert_eq!((found.work, found.span), (Nanos(300 + 570 + 250), Nanos(200 + 570)));
}

#[test]
fn joins_that_were_only_counted_are_serial_and_said() {
    let mut trace = installed(Vec::new(), Vec::new());
    trace.lanes[1].counts.joins = 1000;
    let found = work_span(&trace);
    assert_eq!((found.work, found.span, found.untimed_joins), (Nanos(800), Nanos(800), 1000));
}

#[test]
fn time_off_the_cpu_is_no_work_where_all_workers_say_when_it_was() {
    let wall = work_span(&crossed());
    let found = work_span(&watched());
    assert_eq!((wall.clock, found.clock), (WorkClock::Wall, WorkClock::OnCpu));
    // Worker 0 was preempted for 30 before its join and blocked for 40 in the first half.
    assert_eq!(wall.work - found.work, Nanos(70));
    assert_eq!(wall.span - found.span, Nanos(30));
}

#[test]
fn only_the_window_counts() {
    let mut trace = crossed();
    let region = Operation { kind: OperationKind::Region, ..operation(1, 9, [550, 1100, 1100]) };
    trace.lanes[0].events.push(Event::Operation(region));
    let found = work_span(&trace);
    // Of the first lane 200 in the wait and 100 after it, of the second 30.
    assert_eq!((found.work, found.span), (Nanos(330), Nanos(200 + 30 + 100)));
    // The one that came in, and one of the two steals, were before.
    assert_eq!(found.entries, 0);
}

#[test]
fn calls_of_one_thread_are_one_after_the_other() {
    let call = |sequence, start, end| operation(1, sequence, [start, start, end]);
    let (first, second) = (call(1, 0, 400), call(2, 500, 1000));
    let tasks = vec![
        Event::Task(pushed(task(2, 1, 10, 390), first.id, 0)),
        Event::Task(pushed(task(2, 2, 520, 980), second.id, 500)),
    ];
    let caller = outside(1, vec![Event::Operation(first), Event::Operation(second)]);
    let found = work_span(&trace(1000, vec![caller, worker(2, 0, tasks)]));
    assert_eq!((found.work, found.span), (Nanos(380 + 460), Nanos(380 + 460)));
    let of_calls: Vec<_> = found.operations.iter().map(|call| (call.work, call.span)).collect();
    assert_eq!(of_calls, [(Nanos(380), Nanos(380)), (Nanos(460), Nanos(460))]);
}

#[test]
fn calls_of_two_threads_are_beside_each_other() {
    let call = |lane| operation(lane, 1, [0, 0, 1000]);
    let callers = [5, 6].map(|lane| outside(lane, vec![Event::Operation(call(lane))]));
    let tasks = [(2, 5, 300), (3, 6, 900)].map(|(lane, by, end)| {
        let own = Event::Task(pushed(task(lane, 1, 100, end), id(by, 1), 0));
        worker(lane, lane - 2, vec![own])
    });
    let found = work_span(&trace(1000, [callers, tasks].concat()));
    assert_eq!((found.work, found.span, found.entries), (Nanos(1000), Nanos(800), 2));
}

#[test]
fn what_an_outside_thread_spawns_into_a_scope_of_its_own_is_waited_for() {
    let kind = OperationKind::InPlaceScope;
    let scope = Operation { kind, ..operation(1, 1, [0, 100, 1000]) };
    let spawned = Task { pushed: Some(Nanos(60)), ..task(2, 1, 200, 900) };
    let caller = outside(1, vec![Event::Operation(scope)]);
    let found = work_span(&trace(1000, vec![caller, worker(2, 0, vec![Event::Task(spawned)])]));
    assert_eq!((found.work, found.span), (Nanos(100 + 700), Nanos(60 + 700)));
    assert_eq!((found.unplaced, found.operations[0].span), (Nanos::ZERO, Nanos(760)));
}

#[test]
fn each_pool_has_its_own() {
    // A task of the first pool calls into the second and goes on.
    let install = Operation { task: Some(id(2, 1)), ..operation(2, 2, [200, 200, 700]) };
    let inner = Event::Task(pushed(task(3, 1, 300, 600), install.id, 200));
    let role = Role::Worker { pool: PoolId(2), index: 0 };
    let other = Lane { role, ..worker(3, 0, vec![inner]) };
    let mut trace = installed(vec![Event::Operation(install)], vec![other]);
    trace.pools = vec![pool(1, 1), pool(2, 1)];
    let figures = |pool| {
        let found = of_pool(&trace, pool).value().expect("measured").clone();
        (found.work, found.span, found.entries)
    };
    assert_eq!(figures(0), (Nanos(300), Nanos(300), 1));
    assert_eq!(figures(1), (Nanos(300), Nanos(300), 1));
}

#[test]
fn what_is_not_whole_or_not_seen_is_not_measured() {
    let mut lossy = crossed();
    lossy.lanes[1].losses.dropped = 1;
    let mut stock = crossed();
    stock.pools[0].every_call_seen = false;
    let mut counted = crossed();
    counted.header.detail = Detail::Count;
    for trace in [lossy, stock, counted, trace(100, Vec::new())] {
        assert!(matches!(of_pool(&trace, 0), Measured::Not(_)));
    }
}

#[test]
fn tasks_that_push_each_other_in_a_circle_are_counted_once() {
    let half = |lane, times| Join { second: SecondHalf::Stolen, ..join(lane, 2, 1, times) };
    let (first, second) = (half(1, [10, 20, 90]), half(2, [10, 20, 90]));
    let lanes = [(1, second.id, first.clone()), (2, first.id, second)].map(|(lane, by, join)| {
        let task = stolen(task(lane, 1, 0, 100), by, 0);
        worker(lane, lane - 1, vec![Event::Task(Task { joins: 1, ..task }), Event::Join(join)])
    });
    let found = work_span(&trace(100, lanes.to_vec()));
    assert_eq!(found.work, Nanos(2 * 30));
    assert!(found.span <= found.work);
}

/// Joins in each other's first halves, each with a second half of 1 in place.
fn deep(joins: u64) -> Trace {
    let end = 2 * joins + 2;
    let nested = (0..joins).map(|at| {
        // The innermost first half takes 2; then come the second halves, the innermost first.
        let first_end = end - joins + (joins - 1 - at);
        Event::Join(join(2, 2 + at, 1, [at, first_end, first_end + 1]))
    });
    let own = Event::Task(Task { joins, ..task(2, 1, 0, end) });
    trace(end, vec![worker(2, 0, std::iter::once(own).chain(nested).collect())])
}

#[test]
fn a_recursion_may_be_a_million_deep() {
    let joins = 1_000_000;
    let found = work_span(&deep(joins));
    assert_eq!(found.work, Nanos(2 * joins + 2));
    assert_eq!(found.span, Nanos(joins + 2));
}
