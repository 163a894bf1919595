//! Every contradiction that a trace can hold is found, and named with both sides and both times.

mod timeline_fixture;

use rayprism::model::*;
use rayprism::timeline::{Pointer, Problem, Timeline};
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
    assert_eq!(Timeline::new(&summed()).err(), None);
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
fn a_chain_that_is_not_there() {
    let iteration = Some(Box::new(iteration(0, 0, 0, 0)));
    let call = Operation { chain: Some(ChainId(2)), iteration, ..iterator(1, 1, [100, 150, 200]) };
    let found = problem_of(vec![Event::Operation(call)]);
    assert!(matches!(found, Problem::UnknownChain { chain: ChainId(2), chains: 0, .. }));
    says(&found, "lane 1: operation 1:1 (100 to 200 ns) points to chain 2, of 0");
}

#[test]
fn a_tally_of_a_call_site_or_chain_that_is_not_there() {
    let of = |tallies| {
        let mut trace = summed();
        trace.lanes[1].tallies = tallies;
        problem(&trace)
    };
    let site = of(vec![tally(None, None), tally(Some(1), Some(0))]);
    assert!(matches!(site, Problem::UnknownSite { from: Pointer::Tally(1), .. }));
    says(&site, "lane 2: tally 1 points to call site 1, of 1");
    let chain = of(vec![tally(Some(0), Some(4))]);
    assert!(matches!(chain, Problem::UnknownChain { from: Pointer::Tally(0), .. }));
    says(&chain, "lane 2: tally 0 points to chain 4, of 1");
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
fn parts_of_a_parallel_iterator_in_a_task_that_they_do_not_name() {
    let of = id(9, 1);
    let around = || Event::Task(task(1, 1, 100, 500));
    let unnamed = problem_of(vec![around(), Event::Leaf(leaf(1, 2, None, of, [200, 300]))]);
    assert!(matches!(unnamed, Problem::NamesNoTask { .. }));
    says(
        &unnamed,
        "lane 1: leaf 1:2 (200 to 300 ns) lies in task 1:1 (100 to 500 ns) and names no task",
    );
    let in_another = problem_of(vec![
        around(),
        Event::Task(task(1, 2, 150, 400)),
        Event::Reduction(reduction(1, 3, Some(1), of, [200, 300])),
    ]);
    assert!(matches!(in_another, Problem::NotInItsTask { .. }));
    let missing = problem_of(vec![Event::Leaf(leaf(1, 2, Some(1), of, [200, 300]))]);
    assert!(matches!(missing, Problem::MissingTask { .. }));
    says(&missing, "lane 1: leaf 1:2 (200 to 300 ns) names task 1:1, which its lane does not have");
}

#[test]
fn a_leaf_in_no_task_of_a_worker() {
    let part = || vec![Event::Leaf(leaf(1, 2, None, id(9, 1), [200, 300]))];
    let found = problem_of(part());
    assert!(matches!(found, Problem::InNoTask { .. }));
    says(&found, "lane 1: leaf 1:2 (200 to 300 ns) is on a worker and names no task");
    let caller = trace(1000, vec![outside(1, part())]);
    assert!(Timeline::new(&caller).is_ok(), "a thread that is no worker has no tasks");
}

#[test]
fn a_leaf_that_waited_for_longer_than_it_lasted() {
    let with = |waited, producing| {
        let (waited, producing) = (Nanos(waited), Nanos(producing));
        let leaf = Leaf { waited, producing, ..leaf(1, 1, None, id(9, 1), [200, 300]) };
        trace(1000, vec![outside(1, vec![Event::Leaf(leaf)])])
    };
    assert!(Timeline::new(&with(60, 42)).is_ok(), "each length may be rounded up");
    let found = problem(&with(60, 43));
    assert!(matches!(found, Problem::LeafTooShort { .. }));
    says(
        &found,
        "lane 1: leaf 1:1 (200 to 300 ns) waited for 60 ns and ran the shared iterator for 43 ns, \
         more than it lasted",
    );
    assert!(matches!(problem(&with(u64::MAX, 1)), Problem::LeafTooShort { .. }));
}

#[test]
fn a_part_of_what_is_no_parallel_iterator() {
    let within = |call| {
        let leaf = Event::Leaf(leaf(1, 2, None, id(1, 1), [120, 180]));
        trace(1000, vec![outside(1, vec![Event::Operation(call), leaf])])
    };
    let found = problem(&within(operation(1, 1, [100, 200, 200])));
    assert!(matches!(found, Problem::NoIterator { .. }));
    says(
        &found,
        "lane 1: leaf 1:2 (120 to 180 ns) is said to be part of operation 1:1 (100 to 200 ns), \
         which is no parallel iterator",
    );
    let kind = OperationKind::Sort;
    let sort = within(Operation { kind, ..operation(1, 1, [100, 200, 200]) });
    assert!(matches!(problem(&sort), Problem::NoIterator { .. }));
    let of_task = vec![
        Event::Task(task(1, 1, 100, 500)),
        Event::Join(split(1, 2, 1, id(1, 1), [200, 250, 300])),
    ];
    says(
        &problem_of(of_task),
        "lane 1: split 1:2 (200 to 300 ns) is said to be part of task 1:1 (100 to 500 ns), which \
         is no parallel iterator",
    );
}

#[test]
fn a_part_beside_its_operation() {
    let call = || Event::Operation(iterator(1, 1, [100, 150, 200]));
    let part = Event::Reduction(reduction(1, 2, None, id(1, 1), [210, 220]));
    let found = problem(&trace(1000, vec![outside(1, vec![call(), part])]));
    assert!(matches!(found, Problem::OutsideOperation { .. }));
    says(
        &found,
        "lane 1: reduction 1:2 (210 to 220 ns) does not lie in its operation 1:1 (100 to 200 ns)",
    );
    let elsewhere = vec![
        Event::Task(task(2, 1, 90, 220)),
        Event::Leaf(leaf(2, 2, Some(1), id(1, 1), [95, 220])),
    ];
    let counted = Operation { iteration: None, ..iterator(1, 1, [100, 150, 200]) };
    let lanes = vec![outside(1, vec![Event::Operation(counted)]), worker(2, 0, elsewhere)];
    assert!(Timeline::new(&trace(1000, lanes)).is_ok(), "two lanes may have two clocks");
}

#[test]
fn more_parts_than_the_operation_counted() {
    let says_of = |change: fn(&mut Iteration)| {
        let mut trace = summed();
        let Event::Operation(call) = &mut trace.lanes[0].events[0] else { panic!("an operation") };
        change(call.iteration.as_mut().expect("counted"));
        problem(&trace).to_string()
    };
    type Change = fn(&mut Iteration);
    let cases: [(Change, &str); 7] = [
        (|counted| counted.leaves = 5, "5 leaves counted, yet 4 parts made"),
        (|counted| counted.reductions = Some(4), "4 reductions counted, yet 3 splits"),
        (
            |counted| (counted.splits, counted.reductions) = (1, None),
            "2 splits in the events, yet 1 counted",
        ),
        (|counted| counted.leaves = 3, "4 leaves in the events, yet 3 counted"),
        (|counted| counted.items = 11, "12 items in the events, yet 11 counted"),
        (|counted| counted.reductions = Some(2), "3 reductions in the events, yet 2 counted"),
        (|counted| counted.reductions = None, "3 reductions in the events, yet 0 counted"),
    ];
    for (change, text) in cases {
        let expected = format!("lane 1: operation 1:1 (100 to 1100 ns): {text}");
        assert_eq!(says_of(change), expected);
    }
    let Event::Operation(mut call) = summed().lanes[0].events[0].clone() else { panic!("one") };
    let counted = Iteration { reductions: None, ..iteration(12, 4, 0, 0) };
    call.iteration = Some(Box::new(counted));
    let alone = trace(
        1200,
        vec![outside(1, vec![Event::Operation(Operation { site: None, chain: None, ..call })])],
    );
    assert!(Timeline::new(&alone).is_ok(), "under an indexed adaptor splits are not seen");
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

#[test]
fn more_parts_in_the_events_than_were_tallied() {
    type Shorten = fn(&mut Lane);
    let cases: [(Shorten, &str); 6] = [
        (|lane| lane.counts.timed_splits = 2, "2 timed splits counted, yet 1 tallied"),
        (|lane| lane.counts.timed_leaves = 4, "4 timed leaves counted, yet 3 tallied"),
        (|lane| lane.counts.timed_splits = 0, "1 timed splits in its events, yet 0 counted"),
        (|lane| lane.counts.timed_leaves = 2, "3 timed leaves in its events, yet 2 counted"),
        (|lane| lane.tallies[0].items = 8, "9 items in its events, yet 8 tallied"),
        (|lane| lane.tallies[0].reductions = 0, "1 reductions in its events, yet 0 tallied"),
    ];
    for (shorten, text) in cases {
        let mut trace = summed();
        shorten(&mut trace.lanes[2]);
        assert_eq!(problem(&trace).to_string(), format!("lane 3: {text}"));
        trace.lanes[2].losses.unfinished = 1;
        assert!(Timeline::new(&trace).is_ok(), "what is unfinished is not counted");
    }
}

/// A worker, lane 1, in a recording of 1000 ns with these counters.
fn watched(counters: &[(Counter, Availability)], watched: Watched) -> Trace {
    let lane = Lane { watched, ..worker(1, 0, vec![Event::Task(task(1, 1, 100, 200))]) };
    let mut trace = trace(1000, vec![lane]);
    let info = |(counter, availability): &(Counter, Availability)| CounterInfo {
        counter: *counter,
        availability: availability.clone(),
        user_only: false,
    };
    trace.header.kernel.counters = counters.iter().map(info).collect();
    trace
}

fn reading(at: u64, values: &[Option<u64>]) -> Reading {
    Reading { at: Nanos(at), values: Values(values.into()) }
}

fn of_readings(readings: Vec<Reading>) -> Watched {
    Watched { readings, ..Watched::default() }
}

fn off(start: u64, end: u64) -> OffCpu {
    OffCpu { span: span(start, end), preempted: false, from_cpu: None, to_cpu: None }
}

fn of_off_cpu(off_cpu: Vec<OffCpu>) -> Trace {
    watched(&[], Watched { off_cpu, ..Watched::default() })
}

const CYCLES: (Counter, Availability) = (Counter::Cycles, Availability::Available);

#[test]
fn a_counter_that_stands_twice() {
    let found = problem(&watched(&[CYCLES, CYCLES], Watched::default()));
    assert!(matches!(found, Problem::DuplicateCounter { .. }));
    says(&found, "the header lists the counter `cycles` twice");
}

#[test]
fn values_of_more_counters_than_there_are() {
    let found = problem(&watched(&[CYCLES], of_readings(vec![reading(50, &[Some(1), None])])));
    assert!(matches!(found, Problem::ValuesMiscounted { found: 2, counters: 1, .. }));
    says(&found, "lane 1: the reading at 50 ns has values of 2 counters, yet the header lists 1");
    let mut of_task = watched(&[CYCLES], of_readings(vec![reading(50, &[Some(1)])]));
    assert!(Timeline::new(&of_task).is_ok());
    let Event::Task(task) = &mut of_task.lanes[0].events[0] else { panic!("a task") };
    task.counters = Some(Values::default());
    says(
        &problem(&of_task),
        "lane 1: task 1:1 (100 to 200 ns) has values of 0 counters, yet the header lists 1",
    );
}

#[test]
fn a_value_of_what_was_not_counted() {
    let denied = Availability::Unavailable("no permission".to_owned());
    let readings = of_readings(vec![reading(50, &[Some(1), Some(2)])]);
    let found = problem(&watched(&[CYCLES, (Counter::Instructions, denied)], readings));
    assert!(matches!(found, Problem::Uncountable { counter: Counter::Instructions, .. }));
    says(
        &found,
        "lane 1: the reading at 50 ns has a value of `instructions`, which was not counted",
    );
}

#[test]
fn readings_out_of_order_or_after_the_end() {
    let of = |times: [u64; 2]| {
        let readings = times.map(|at| reading(at, &[Some(7)])).to_vec();
        watched(&[CYCLES], of_readings(readings))
    };
    assert!(Timeline::new(&of([500, 500])).is_ok());
    let found = problem(&of([501, 500]));
    assert!(matches!(found, Problem::ReadingsUnsorted { .. }));
    says(
        &found,
        "lane 1: the reading at 500 ns stands after the reading at 501 ns and belongs before it",
    );
    let late = problem(&of([500, 1001]));
    assert!(matches!(late, Problem::ReadingOutside { duration: Nanos(1000), .. }));
    says(&late, "lane 1: the reading at 1001 ns does not lie in the recording, 0 to 1000 ns");
}

#[test]
fn a_span_of_the_programs_own_beyond_the_end() {
    let told = |start, end, at| {
        let mut trace = of_off_cpu(Vec::new());
        let span = Span { start: Nanos(start), end: Nanos(end) };
        let phase = Phase { span, id: None, within: None, name: None, inherited: false };
        let note = Note { at: Nanos(at), phase: None, text: None };
        trace.lanes[0].told = Told { phases: vec![phase], notes: vec![note] };
        trace
    };
    assert!(Timeline::new(&told(0, 1000, 1000)).is_ok());
    for broken in [told(0, 1001, 0), told(7, 6, 0), told(0, 0, 1001)] {
        assert!(matches!(problem(&broken), Problem::ToldOutside { .. }));
    }
    says(
        &problem(&told(7, 6, 0)),
        "lane 1 was in a span of the program's own from 7 to 6 ns, which does not lie in the \
         recording, 0 to 1000 ns",
    );
}

#[test]
fn off_the_cpu_twice_at_once() {
    assert!(Timeline::new(&of_off_cpu(vec![off(0, 100), off(100, 100), off(100, 1000)])).is_ok());
    let found = problem(&of_off_cpu(vec![off(10, 100), off(99, 120)]));
    assert!(matches!(found, Problem::OffCpuTwice { .. }));
    says(&found, "lane 1 was off the CPU from 10 to 100 ns, and then from 99 to 120 ns");
    let unsorted = problem(&of_off_cpu(vec![off(50, 60), off(10, 20)]));
    assert!(matches!(unsorted, Problem::OffCpuTwice { .. }));
}

#[test]
fn off_the_cpu_outside_the_recording() {
    let late = problem(&of_off_cpu(vec![off(900, 1001)]));
    assert!(matches!(late, Problem::OffCpuOutside { duration: Nanos(1000), .. }));
    says(
        &late,
        "lane 1 was off the CPU from 900 to 1001 ns, which does not lie in the recording, 0 to \
         1000 ns",
    );
    let backwards = problem(&of_off_cpu(vec![off(200, 100)]));
    assert!(matches!(backwards, Problem::OffCpuOutside { .. }));
}

#[test]
fn time_on_and_off_the_cpu_that_does_not_add_up() {
    let of = |on_cpu| {
        let sums = Scheduling {
            source: SchedulingSource::Accounting,
            wall: Nanos(900),
            on_cpu: Nanos(on_cpu),
            voluntary: Nanos(200),
            preempted: Nanos(100),
            voluntary_switches: None,
            preemptions: None,
            migrations: None,
        };
        watched(&[], Watched { scheduling: Measured::Is(sums), ..Watched::default() })
    };
    assert!(Timeline::new(&of(600)).is_ok());
    let found = problem(&of(599));
    assert!(matches!(found, Problem::SharedOut { .. }));
    says(
        &found,
        "lane 1 was on the CPU for 599 ns and off it for 200 + 100 ns, yet watched for 900 ns",
    );
    assert!(matches!(problem(&of(u64::MAX)), Problem::SharedOut { .. }));
}

/// A worker that ran a task from 100 to 200, seen from within.
fn idle_worker(stretches: Vec<Idle>) -> Lane {
    idling(worker(1, 0, vec![Event::Task(task(1, 1, 100, 200))]), stretches)
}

fn problem_of_idle(lane: Lane) -> Problem {
    problem(&trace(1000, vec![lane]))
}

#[test]
fn a_worker_without_a_job_may_look_for_one_and_sleep() {
    let stretches = vec![
        search(0, 40, SearchEnd::Asleep),
        sleep(40, 90, Some((90, 7))),
        search(90, 100, SearchEnd::Found),
        // A join that was only counted waits within the task.
        search(120, 180, SearchEnd::Latch),
        search(200, 300, SearchEnd::Asleep),
        sleep(300, 1000, None),
    ];
    assert_eq!(Timeline::new(&trace(1000, vec![idle_worker(stretches)])).err(), None);
}

#[test]
fn a_worker_that_looks_for_work_before_it_is_there() {
    let lane =
        Lane { started: Some(Nanos(50)), ..idle_worker(vec![search(40, 60, SearchEnd::Found)]) };
    let found = problem_of_idle(lane);
    assert!(matches!(found, Problem::IdleOutside { .. }));
    says(
        &found,
        "lane 1: its search (40 to 60 ns) does not lie in the time of a worker, 50 to 1000 ns",
    );
    let backwards = problem_of_idle(idle_worker(vec![search(60, 40, SearchEnd::Found)]));
    assert!(matches!(backwards, Problem::IdleOutside { .. }));
}

#[test]
fn a_thread_that_is_no_worker_and_looks_for_work() {
    let lane = idling(outside(1, vec![]), vec![sleep(40, 60, None)]);
    let found = problem_of_idle(lane);
    assert!(matches!(found, Problem::IdleOutside { .. }));
}

#[test]
fn a_worker_that_sleeps_while_it_looks_for_work() {
    let found =
        problem_of_idle(idle_worker(vec![search(0, 40, SearchEnd::Asleep), sleep(39, 90, None)]));
    assert!(matches!(found, Problem::IdleTwice { .. }));
    says(
        &found,
        "lane 1: its sleep (39 to 90 ns) begins within its search (0 to 40 ns), or belongs before it",
    );
}

#[test]
fn a_task_that_begins_or_ends_while_its_worker_has_no_job() {
    for (start, end) in [(50, 101), (199, 300), (50, 300)] {
        let found = problem_of_idle(idle_worker(vec![search(start, end, SearchEnd::Found)]));
        assert!(matches!(found, Problem::BusyWhileIdle { .. }), "{found}");
        says(
            &found,
            &format!(
                "lane 1: task 1:1 (100 to 200 ns) begins or ends within its search ({start} to {end} ns)"
            ),
        );
    }
}

#[test]
fn a_sleep_that_was_ended_before_it_began() {
    let found = problem_of_idle(idle_worker(vec![sleep(40, 90, Some((39, 2)))]));
    assert!(matches!(found, Problem::WokenOutside { .. }));
    says(
        &found,
        "lane 1: its sleep (40 to 90 ns) was ended from outside at 39 ns, which does not lie in it",
    );
}

#[test]
fn more_searches_than_were_counted() {
    let mut lane = idle_worker(vec![search(0, 40, SearchEnd::Asleep), sleep(40, 90, None)]);
    let counts = |searches, failed_rounds, sleeps| {
        Measured::Is(IdleCounts { searches, failed_rounds, sleeps, ..IdleCounts::default() })
    };
    for (less, what) in [
        (counts(0, 1, 1), "1 searches held, yet 0 counted"),
        (counts(1, 0, 1), "1 failed rounds in its searches, yet 0 counted"),
        (counts(1, 1, 0), "1 searches that ended in sleep, yet 0 counted"),
    ] {
        lane.idling.counts = less;
        says(&problem_of_idle(lane.clone()), &format!("lane 1: {what}"));
    }
    lane.idling.counts = counts(1, 1, 1);
    assert_eq!(Timeline::new(&trace(1000, vec![lane])).err(), None);
}
