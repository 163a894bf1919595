//! Every contradiction that a trace can hold is found, and named with both sides and both times.

mod timeline_fixture;

use rayprism::model::*;
use rayprism::timeline::{Problem, Timeline};
use timeline_fixture::*;

fn problem(trace: &Trace) -> Problem {
    Timeline::new(trace).map(|_| ()).expect_err("the trace contradicts itself")
}

/// The problem of a single worker, lane 1, with these events, in a recording of 1000 ns.
fn problem_of(events: Vec<Event>) -> Problem {
    problem(&trace(1000, vec![worker(1, 0, events)]))
}

fn says(problem: &Problem, text: &str) {
    assert_eq!(problem.to_string(), text);
}

#[test]
fn a_sound_trace_has_none() {
    assert_eq!(Timeline::new(&crossed()).err(), None);
}

#[test]
fn two_lanes_with_one_number() {
    let found = problem(&trace(1000, vec![worker(1, 0, vec![]), worker(1, 1, vec![])]));
    assert!(matches!(found, Problem::DuplicateLane { lane: LaneId(1) }));
    says(&found, "two lanes are numbered 1");
}

#[test]
fn a_worker_of_no_pool() {
    let role = Role::Worker { pool: PoolId(9), index: 0 };
    let found = problem(&trace(1000, vec![Lane { role, ..worker(1, 0, vec![]) }]));
    assert!(matches!(found, Problem::UnknownPool { pool: PoolId(9), .. }));
    says(&found, "lane 1 is a worker of pool 9, which the trace does not have");
}

#[test]
fn a_worker_beyond_its_pool() {
    let found = problem(&trace(1000, vec![worker(1, 1, vec![])]));
    assert!(matches!(found, Problem::BeyondPool { index: 1, threads: 1, .. }));
    says(&found, "lane 1 is worker 1 of pool 1, which has 1");
}

#[test]
fn two_lanes_that_are_one_worker() {
    let found = problem(&trace(1000, vec![worker(1, 1, vec![]), worker(2, 1, vec![])]));
    assert!(matches!(found, Problem::DuplicateWorker { index: 1, .. }));
    says(&found, "lanes 1 and 2 are both worker 1 of pool 1");
}

#[test]
fn a_thread_that_outlives_the_recording_or_ends_before_it_starts() {
    for (started, ended) in [(None, Some(1001)), (Some(800), Some(700))] {
        let lane =
            Lane { started: started.map(Nanos), ended: ended.map(Nanos), ..worker(1, 0, vec![]) };
        let found = problem(&trace(1000, vec![lane]));
        assert!(matches!(found, Problem::ThreadOutside { .. }), "{found}");
        let to = ended.unwrap();
        let from = started.map_or(0, |start| start);
        says(
            &found,
            &format!(
                "lane 1 was there from {from} to {to} ns, which does not lie in the recording, \
                 0 to 1000 ns"
            ),
        );
    }
}

#[test]
fn an_event_that_ends_before_it_starts() {
    let found = problem_of(vec![Event::Task(task(1, 1, 500, 499))]);
    assert!(matches!(found, Problem::Backwards { .. }));
    says(&found, "lane 1: task 1:1 (500 to 499 ns) ends before it starts");
}

#[test]
fn an_event_outside_its_threads_life() {
    let events = vec![Event::Task(task(1, 1, 100, 300))];
    let lane = Lane { started: Some(Nanos(101)), ..worker(1, 0, events) };
    let found = problem(&trace(1000, vec![lane]));
    assert!(matches!(found, Problem::OutsideThread { .. }));
    says(
        &found,
        "lane 1: task 1:1 (100 to 300 ns) does not lie in the time of its thread, 101 to 1000 ns",
    );
    let beyond = problem_of(vec![Event::Task(task(1, 1, 100, 1001))]);
    assert!(matches!(beyond, Problem::OutsideThread { .. }));
}

#[test]
fn a_turn_outside_its_join_or_operation() {
    let events = vec![Event::Task(task(1, 1, 0, 900)), Event::Join(join(1, 2, 1, [100, 99, 200]))];
    let found = problem_of(events);
    assert!(matches!(found, Problem::TurnOutside { at: Nanos(99), .. }));
    says(&found, "lane 1: join 1:2 (100 to 200 ns) turns at 99 ns, which does not lie in it");
    let lane = outside(1, vec![Event::Operation(operation(1, 1, [100, 201, 200]))]);
    let found = problem(&trace(1000, vec![lane]));
    assert!(matches!(found, Problem::TurnOutside { at: Nanos(201), .. }));
}

#[test]
fn a_task_pushed_after_its_start() {
    let found =
        problem_of(vec![Event::Task(Task { pushed: Some(Nanos(101)), ..task(1, 1, 100, 200) })]);
    assert!(matches!(found, Problem::PushedLate { pushed: Nanos(101), .. }));
    says(&found, "lane 1: task 1:1 (100 to 200 ns) was pushed at 101 ns, after its start");
}

#[test]
fn a_task_stolen_from_its_own_worker() {
    let found = problem_of(vec![Event::Task(stolen(task(1, 5, 100, 200), id(1, 4), 50))]);
    assert!(matches!(found, Problem::StolenFromItself { .. }));
    says(
        &found,
        "lane 1: task 1:5 (100 to 200 ns) is stolen, yet 1:4, of the same lane, pushed it",
    );
}

#[test]
fn two_events_with_one_id() {
    let found =
        problem_of(vec![Event::Task(task(1, 1, 100, 200)), Event::Task(task(1, 1, 300, 400))]);
    assert!(matches!(found, Problem::DuplicateId { .. }));
    says(&found, "lane 1: task 1:1 (100 to 200 ns) and task 1:1 (300 to 400 ns) have the same id");
}

#[test]
fn an_id_of_another_lane() {
    let found = problem_of(vec![Event::Task(task(2, 1, 100, 200))]);
    assert!(matches!(found, Problem::ForeignId { .. }));
    says(&found, "lane 1: task 2:1 (100 to 200 ns) has an id of another lane");
}

#[test]
fn a_call_site_that_is_not_there() {
    let found = problem_of(vec![Event::Task(Task { site: Some(SiteId(3)), ..task(1, 1, 1, 2) })]);
    assert!(matches!(found, Problem::UnknownSite { site: SiteId(3), sites: 0, .. }));
    says(&found, "lane 1: task 1:1 (1 to 2 ns) points to call site 3, of 0");
}

#[test]
fn a_task_on_a_thread_that_is_no_worker() {
    let found = problem(&trace(1000, vec![outside(1, vec![Event::Task(task(1, 1, 1, 2))])]));
    assert!(matches!(found, Problem::NotAWorker { .. }));
    says(&found, "lane 1: task 1:1 (1 to 2 ns) is only possible on a worker, and the lane is none");
}

#[test]
fn events_out_of_order() {
    let found =
        problem_of(vec![Event::Task(task(1, 1, 300, 400)), Event::Task(task(1, 2, 100, 200))]);
    assert!(matches!(found, Problem::Unsorted { .. }));
    says(
        &found,
        "lane 1: task 1:2 (100 to 200 ns) stands after task 1:1 (300 to 400 ns) and belongs \
         before it",
    );
    let shorter_first =
        problem_of(vec![Event::Task(task(1, 2, 100, 200)), Event::Task(task(1, 1, 100, 300))]);
    assert!(matches!(shorter_first, Problem::Unsorted { .. }));
}

#[test]
fn events_that_overlap() {
    let found =
        problem_of(vec![Event::Task(task(1, 1, 100, 300)), Event::Task(task(1, 2, 299, 301))]);
    assert!(matches!(found, Problem::Overlap { .. }));
    says(
        &found,
        "lane 1: task 1:2 (299 to 301 ns) begins in task 1:1 (100 to 300 ns) and ends after it",
    );
    let with_collapsed = problem_of(vec![
        Event::Collapsed(collapsed(100, 300, 2, 50)),
        Event::Task(task(1, 2, 200, 400)),
    ]);
    assert!(matches!(with_collapsed, Problem::Overlap { .. }));
}

#[test]
fn a_join_of_a_task_that_is_not_there() {
    let orphan = || vec![Event::Join(join(1, 2, 1, [100, 150, 200]))];
    let found = problem_of(orphan());
    assert!(matches!(found, Problem::MissingTask { .. }));
    says(&found, "lane 1: join 1:2 (100 to 200 ns) names task 1:1, which its lane does not have");
    let losses = Losses { overwritten: 1, ..Losses::default() };
    let lossy = trace(1000, vec![Lane { losses, ..worker(1, 0, orphan()) }]);
    assert!(Timeline::new(&lossy).is_ok(), "the task may be what was lost");
    let summed_up = [vec![Event::Collapsed(collapsed(90, 300, 1, 110))], orphan()].concat();
    assert!(Timeline::new(&trace(1000, vec![worker(1, 0, summed_up)])).is_ok());
}

#[test]
fn a_join_beside_its_task_or_in_another_within_it() {
    let beside = problem_of(vec![
        Event::Task(task(1, 1, 100, 200)),
        Event::Join(join(1, 2, 1, [300, 350, 400])),
    ]);
    assert!(matches!(beside, Problem::NotInItsTask { .. }));
    says(
        &beside,
        "lane 1: join 1:2 (300 to 400 ns) names task 1:1 (100 to 200 ns), which is not the \
         innermost task around it",
    );
    let in_another = problem_of(vec![
        Event::Task(task(1, 1, 100, 500)),
        Event::Task(task(1, 2, 200, 400)),
        Event::Join(join(1, 3, 1, [300, 350, 400])),
    ]);
    assert!(matches!(in_another, Problem::NotInItsTask { .. }));
}

#[test]
fn an_operation_in_a_task_that_names_none() {
    let found = problem_of(vec![
        Event::Task(task(1, 1, 100, 500)),
        Event::Operation(operation(1, 2, [200, 250, 300])),
    ]);
    assert!(matches!(found, Problem::NamesNoTask { .. }));
    says(
        &found,
        "lane 1: operation 1:2 (200 to 300 ns) lies in task 1:1 (100 to 500 ns) and names no task",
    );
}

#[test]
fn collapsed_tasks_busier_than_there_is_room() {
    let with = |busy| {
        let events =
            vec![Event::Collapsed(collapsed(100, 200, 3, busy)), Event::Task(task(1, 1, 140, 180))];
        trace(1000, vec![worker(1, 0, events)])
    };
    let rounded = with(62);
    assert!(Timeline::new(&rounded).is_ok(), "each of two pieces may have lost a nanosecond");
    let found = problem(&with(63));
    assert!(matches!(found, Problem::TooBusy { busy: Nanos(63), room: Nanos(60), .. }));
    says(&found, "lane 1: collapsed tasks (100 to 200 ns): 63 ns of work in room for 60 ns");
}

#[test]
fn more_in_the_events_than_was_counted() {
    let events = || {
        let task = Task { joins: 4, ..stolen(task(1, 1, 100, 500), id(2, 1), 50) };
        vec![Event::Task(task), Event::Join(join(1, 2, 1, [200, 250, 300]))]
    };
    let short_of = |shorten: fn(&mut Counts)| {
        let mut lane = worker(1, 0, events());
        shorten(&mut lane.counts);
        problem(&trace(1000, vec![lane])).to_string()
    };
    type Shorten = fn(&mut Counts);
    let cases: [(Shorten, &str); 5] = [
        (|counts| counts.timed_joins = 5, "5 timed joins counted, yet 4 joins counted"),
        (|counts| counts.joins = 3, "4 joins in its events, yet 3 counted"),
        (|counts| counts.timed_joins = 0, "1 timed joins in its events, yet 0 counted"),
        (|counts| counts.tasks = 0, "1 tasks in its events, yet 0 counted"),
        (|counts| counts.steals = 0, "1 steals in its events, yet 0 counted"),
    ];
    for (shorten, text) in cases {
        assert_eq!(short_of(shorten), format!("lane 1: {text}"));
    }
    let mut unfinished = worker(1, 0, events());
    unfinished.losses.unfinished = 1;
    unfinished.counts = Counts::default();
    assert!(Timeline::new(&trace(1000, vec![unfinished])).is_ok());
}
