//! What the innermost frame of a lane was doing, stretch by stretch, on hand-made lanes.

mod timeline_fixture;

use State::{Busy, NoTask, Waiting};
use rayprism::model::*;
use rayprism::timeline::{Causality, State, Timeline};
use timeline_fixture::*;

/// The stretches of one lane as (start, end, state, busy).
fn flat(trace: &Trace, lane: usize) -> Vec<(u64, u64, State, u64)> {
    let timeline = Timeline::new(trace).expect("sound");
    let stretches = timeline.rows()[lane].stretches().iter();
    stretches.map(|s| (s.span.start.0, s.span.end.0, s.state, s.busy.0)).collect()
}

fn flat_worker(events: Vec<Event>) -> Vec<(u64, u64, State, u64)> {
    flat(&trace(1000, vec![worker(1, 0, events)]), 0)
}

#[test]
fn a_job_run_while_a_join_waits_has_its_own_time() {
    assert_eq!(
        flat(&crossed(), 1),
        [
            (0, 200, NoTask, 0),
            (200, 300, Busy, 100),
            (300, 500, Busy, 200),
            (500, 600, Waiting, 0),
            (600, 800, Busy, 200),
            (800, 900, Waiting, 0),
            (900, 1000, Busy, 100),
            (1000, 1200, NoTask, 0),
        ]
    );
}

#[test]
fn an_outside_caller_works_until_it_waits() {
    assert_eq!(
        flat(&crossed(), 0),
        [
            (0, 100, NoTask, 0),
            (100, 150, Busy, 50),
            (150, 1100, Waiting, 0),
            (1100, 1200, NoTask, 0)
        ]
    );
}

#[test]
fn only_a_half_run_in_place_is_work_of_the_join() {
    let after_first = |second| {
        let half = Join { second, ..join(1, 2, 1, [100, 200, 300]) };
        flat_worker(vec![Event::Task(task(1, 1, 0, 1000)), Event::Join(half)])
            .into_iter()
            .find(|&(start, ..)| start >= 200)
            .map(|(.., state, _)| state)
    };
    assert_eq!(after_first(SecondHalf::Inline), Some(Busy));
    assert_eq!(after_first(SecondHalf::SameWorker), Some(Waiting));
    assert_eq!(after_first(SecondHalf::Stolen), Some(Waiting));
    assert_eq!(after_first(SecondHalf::Unknown), Some(Waiting));
}

#[test]
fn a_panicked_task_and_join_are_laid_flat_like_any() {
    let outcome = Outcome::Panicked;
    let half = Join { second: SecondHalf::Unknown, outcome, ..join(1, 2, 1, [100, 200, 300]) };
    let events = vec![Event::Task(Task { outcome, ..task(1, 1, 50, 400) }), Event::Join(half)];
    assert_eq!(
        flat_worker(events),
        [
            (0, 50, NoTask, 0),
            (50, 100, Busy, 50),
            (100, 200, Busy, 100),
            (200, 300, Waiting, 0),
            (300, 400, Busy, 100),
            (400, 1000, NoTask, 0),
        ]
    );
}

#[test]
fn a_worker_that_waits_for_another_pool_is_waiting_there() {
    let call = Operation { task: Some(id(1, 1)), ..operation(1, 2, [200, 250, 700]) };
    let caller = worker(1, 0, vec![Event::Task(task(1, 1, 100, 800)), Event::Operation(call)]);
    let inner = vec![Event::Task(Task { parent: Some(id(1, 2)), ..task(2, 1, 300, 650) })];
    let role = Role::Worker { pool: PoolId(2), index: 0 };
    let callee = Lane { role, ..worker(2, 0, inner) };
    let pools = vec![pool(1, 1), pool(2, 1)];
    let nested = Trace { pools, ..trace(1000, vec![caller, callee]) };
    assert_eq!(
        flat(&nested, 0),
        [
            (0, 100, NoTask, 0),
            (100, 200, Busy, 100),
            (200, 250, Busy, 50),
            (250, 700, Waiting, 0),
            (700, 800, Busy, 100),
            (800, 1000, NoTask, 0),
        ]
    );
    assert_eq!(
        flat(&nested, 1),
        [(0, 300, NoTask, 0), (300, 650, Busy, 350), (650, 1000, NoTask, 0)]
    );
    let timeline = Timeline::new(&nested).unwrap();
    let lane_of = |pool| timeline.workers(PoolId(pool))[0].lane().id;
    assert_eq!((lane_of(1), lane_of(2)), (LaneId(1), LaneId(2)));
}

#[test]
fn collapsed_tasks_fill_the_gaps_of_their_span_evenly() {
    let events =
        vec![Event::Collapsed(collapsed(100, 500, 9, 75)), Event::Task(task(1, 1, 200, 300))];
    assert_eq!(
        flat_worker(events),
        [
            (0, 100, NoTask, 0),
            (100, 200, NoTask, 25),
            (200, 300, Busy, 100),
            (300, 500, NoTask, 50),
            (500, 1000, NoTask, 0),
        ]
    );
}

#[test]
fn collapsed_tasks_in_a_join_fill_its_wait_and_not_its_work() {
    let half = Join { second: SecondHalf::Stolen, ..join(1, 2, 1, [0, 200, 600]) };
    let events = vec![
        Event::Task(task(1, 1, 0, 1000)),
        Event::Join(half),
        Event::Collapsed(collapsed(100, 500, 9, 40)),
    ];
    assert_eq!(
        flat_worker(events),
        [
            (0, 100, Busy, 100),
            (100, 200, Busy, 100),
            (200, 500, Waiting, 40),
            (500, 600, Waiting, 0),
            (600, 1000, Busy, 400),
        ]
    );
}

#[test]
fn waits_that_were_not_kept_are_no_work() {
    let short = Collapsed { waited: Nanos(40), ..collapsed(100, 500, 9, 70) };
    let events = vec![
        Event::Task(task(1, 1, 0, 1000)),
        Event::Collapsed(short),
        Event::Task(task(1, 2, 200, 300)),
    ];
    assert_eq!(
        flat_worker(events),
        [
            (0, 100, Busy, 100),
            (100, 200, Busy, 87),
            (200, 300, Busy, 100),
            (300, 500, Busy, 173),
            (500, 1000, Busy, 500),
        ]
    );
}

#[test]
fn work_of_a_collapsed_tasks_own_join_is_not_counted_twice() {
    let events = vec![
        Event::Collapsed(collapsed(100, 500, 1, 130)),
        Event::Join(join(1, 2, 1, [200, 250, 300])),
    ];
    assert_eq!(
        flat_worker(events),
        [
            (0, 100, NoTask, 0),
            (100, 200, NoTask, 10),
            (200, 300, Busy, 100),
            (300, 500, NoTask, 20),
            (500, 1000, NoTask, 0),
        ]
    );
}

#[test]
fn parts_of_a_parallel_iterator_are_work_and_a_stolen_half_is_waited_for() {
    assert_eq!(
        flat(&summed(), 1),
        [
            (0, 150, NoTask, 0),
            (150, 160, Busy, 10),
            (160, 200, Busy, 40),
            (200, 400, Busy, 200),
            (400, 800, Waiting, 0),
            (800, 880, Busy, 80),
            (880, 900, Waiting, 0),
            (900, 1000, Busy, 100),
            (1000, 1200, NoTask, 0),
        ]
    );
}

#[test]
fn a_caller_outside_that_waits_is_busy_in_its_own_reduction() {
    assert_eq!(
        flat(&summed(), 0),
        [
            (0, 100, NoTask, 0),
            (100, 120, Busy, 20),
            (120, 1040, Waiting, 0),
            (1040, 1090, Busy, 50),
            (1090, 1100, Waiting, 0),
            (1100, 1200, NoTask, 0),
        ]
    );
}

#[test]
fn what_a_leaf_waited_for_its_turn_is_no_work() {
    let bridged = Leaf {
        waited: Nanos(60),
        producing: Nanos(100),
        ..leaf(1, 2, Some(1), id(9, 1), [100, 500])
    };
    let events = vec![
        Event::Task(task(1, 1, 0, 600)),
        Event::Leaf(bridged),
        // Called by what the leaf does with its items: its own time, and no wait for a turn.
        Event::Join(join(1, 3, 1, [200, 250, 300])),
    ];
    assert_eq!(
        flat_worker(events),
        [
            (0, 100, Busy, 100),
            (100, 200, Busy, 80),
            (200, 300, Busy, 100),
            (300, 500, Busy, 160),
            (500, 600, Busy, 100),
            (600, 1000, NoTask, 0),
        ]
    );
}

#[test]
fn a_leaf_of_a_collapsed_task_waits_and_is_not_counted_twice() {
    let bridged = Leaf { waited: Nanos(40), ..leaf(1, 2, Some(1), id(9, 1), [200, 300]) };
    let events = vec![Event::Collapsed(collapsed(100, 500, 1, 130)), Event::Leaf(bridged)];
    assert_eq!(
        flat_worker(events),
        [
            (0, 100, NoTask, 0),
            (100, 200, NoTask, 10),
            (200, 300, Busy, 60),
            (300, 500, NoTask, 20),
            (500, 1000, NoTask, 0),
        ]
    );
}

#[test]
fn a_thread_is_laid_flat_over_its_own_life_only() {
    let events = vec![Event::Task(task(1, 1, 300, 400))];
    let late = Lane { started: Some(Nanos(250)), ended: Some(Nanos(700)), ..worker(1, 0, events) };
    assert_eq!(
        flat(&trace(1000, vec![late]), 0),
        [(250, 300, NoTask, 0), (300, 400, Busy, 100), (400, 700, NoTask, 0)]
    );
}

#[test]
fn of_equal_spans_the_one_opened_first_is_the_outer_one() {
    let waits = Join { second: SecondHalf::Stolen, ..join(1, 2, 1, [100, 150, 200]) };
    let inner_written_first = vec![Event::Join(waits), Event::Task(task(1, 1, 100, 200))];
    assert_eq!(
        flat_worker(inner_written_first)[1..3],
        [(100, 150, Busy, 50), (150, 200, Waiting, 0)]
    );
}

#[test]
fn times_of_two_lanes_in_the_wrong_order_are_counted_not_refused() {
    let causality = |trace: &Trace| Timeline::new(trace).expect("sound").causality();
    let mut trace = crossed();
    assert_eq!(causality(&trace), Causality { checked: 4, violated: 0 });
    let Event::Join(join) = &mut trace.lanes[1].events[1] else { panic!("a join") };
    join.span = span(301, 870);
    assert_eq!(causality(&trace), Causality { checked: 4, violated: 2 });
}

#[test]
fn parts_on_other_lanes_lie_within_the_operation() {
    let causality = |trace: &Trace| Timeline::new(trace).expect("sound").causality();
    let mut trace = summed();
    // Eight parts on lanes 2 and 3, and one task of a split.
    assert_eq!(causality(&trace), Causality { checked: 18, violated: 0 });
    let Event::Operation(call) = &mut trace.lanes[0].events[0] else { panic!("an operation") };
    call.span = span(165, 1095);
    call.wait = Nanos(165);
    assert_eq!(causality(&trace), Causality { checked: 18, violated: 1 });
}

/// Walking the joins around each join would take minutes here.
#[test]
fn a_recursion_of_many_joins_is_proven_in_linear_time() {
    let depth = 100_000;
    let events = (0..depth).map(|n| Event::Join(join(1, n + 2, 1, [n, 2 * depth, 3 * depth - n])));
    let task = Event::Task(Task { joins: depth, ..task(1, 1, 0, 3 * depth) });
    let lane = worker(1, 0, std::iter::once(task).chain(events).collect());
    assert_eq!(flat(&trace(3 * depth, vec![lane]), 0).len(), 2 * depth as usize - 1);
}
