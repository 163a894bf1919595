//! A join that was only counted has no event, and so has its wait none. Yet the worker's own word says
//! when it looked for work in it and slept: that time is no task's, on traces whose figures are known by
//! construction.

#![cfg(feature = "read")]

mod timeline_fixture;

use State::{Busy, NoTask, Waiting};
use rayprism::analysis::{
    Activity, Breakdown, By, Component, Distributions, Times, Window, WindowEnds, WorkSpan,
};
use rayprism::format::chrome;
use rayprism::model::*;
use rayprism::timeline::{State, Timeline};
use timeline_fixture::*;

/// A task that calls two joins that were only counted, and one that was kept:
///
/// ```text
/// 1 main    [install 0 ──────────────────────────────────────────────── 1000]  waits from 0 on
/// 2 worker    [task 100 ────────────────────────────────────────────── 900]
///               search 300 sleep 340 search 480 … 500                          nobody's record
///                                        [task 500 ─ 600]                      run in that wait
///                                          search 530 … 560                    in a wait of its own
///                                                  search 600 … 650            the first wait goes on
///                                                    [join 700, 720 … 800]     its wait is kept
///                                                       search 725 … 790
/// 3 worker                                             [task 710 ── 795]       the half
/// ```
fn counted() -> Trace {
    let half = Join { second: SecondHalf::Stolen, ..join(2, 3, 1, [700, 720, 800]) };
    let whole = Task { joins: 3, parent: Some(id(1, 1)), ..task(2, 1, 100, 900) };
    let nested = Task { origin: Origin::Migrated, joins: 1, ..task(2, 2, 500, 600) };
    let first = worker(
        2,
        0,
        vec![
            Event::Task(Task { pushed: Some(Nanos(0)), ..whole }),
            Event::Task(nested),
            Event::Join(half.clone()),
        ],
    );
    let told = vec![
        search(300, 340, SearchEnd::Asleep),
        sleep(340, 480, Some((470, 3))),
        search(480, 500, SearchEnd::Found),
        search(530, 560, SearchEnd::Latch),
        search(600, 650, SearchEnd::Latch),
        search(725, 790, SearchEnd::Latch),
    ];
    let second = worker(3, 1, vec![Event::Task(stolen(task(3, 1, 710, 795), half.id, 700))]);
    let caller = outside(1, vec![Event::Operation(operation(1, 1, [0, 0, 1000]))]);
    let mut trace = trace(1000, vec![caller, idling(first, told), idling(second, Vec::new())]);
    trace.header.costs = Costs::NOTHING;
    trace
}

/// The first worker's time in tasks: its first one's own, and that of the nested one.
const OWN: u64 = 800 - 100 - (40 + 140 + 20 + 50) - 80;
const NESTED: u64 = 100 - 30;
const HALF: u64 = 85;

fn timeline(trace: &Trace) -> Timeline<'_> {
    Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"))
}

fn flat(trace: &Trace) -> Vec<(u64, u64, State, u64)> {
    let timeline = timeline(trace);
    let stretches = timeline.rows()[1].stretches().iter();
    stretches.map(|s| (s.span.start.0, s.span.end.0, s.state, s.busy.0)).collect()
}

fn times(trace: &Trace, window: Option<Span>) -> Times {
    let timeline = timeline(trace);
    let window = match window {
        Some(span) => Window { span, ends: WindowEnds::Regions },
        None => Window::of(&timeline),
    };
    let activity = Activity::of(&timeline, window);
    activity.pools[0].workers[0].times.value().expect("timed").clone()
}

#[test]
fn a_worker_waits_where_it_says_that_it_has_no_job() {
    assert_eq!(
        flat(&counted()),
        [
            (0, 100, NoTask, 0),
            (100, 300, Busy, 200),
            (300, 500, Waiting, 0),
            (500, 530, Busy, 30),
            (530, 560, Waiting, 0),
            (560, 600, Busy, 40),
            (600, 650, Waiting, 0),
            (650, 700, Busy, 50),
            (700, 720, Busy, 20),
            (720, 800, Waiting, 0),
            (800, 900, Busy, 100),
            (900, 1000, NoTask, 0),
        ]
    );
}

#[test]
fn its_time_there_is_not_busy_and_the_parts_are_still_the_window() {
    let times = times(&counted(), None);
    assert_eq!(times.busy, Nanos(OWN + NESTED));
    // Without a record 250 and 30, kept 80.
    assert_eq!(times.waiting, Nanos(250 + 30 + 80));
    assert_eq!((times.no_task, times.absent), (Nanos(200), Nanos(0)));
    assert_eq!(times.busy + times.waiting + times.no_task + times.absent, Nanos(1000));
}

#[test]
fn busy_cores_are_those_of_all_workers() {
    let trace = counted();
    let timeline = timeline(&trace);
    let activity = Activity::of(&timeline, Window::of(&timeline));
    let busy = (OWN + NESTED + HALF) as f64 / 1000.0;
    assert_eq!(activity.busy_cores, Measured::Is(busy));
}

/// What lies in a window is exact wherever that is cut.
#[test]
fn a_window_may_end_within_a_wait() {
    let times = times(&counted(), Some(span(0, 400)));
    assert_eq!((times.busy, times.waiting), (Nanos(200), Nanos(100)));
}

#[test]
fn its_time_there_is_neither_work_nor_span() {
    let trace = counted();
    let timeline = timeline(&trace);
    let found = WorkSpan::of(&timeline, Window::of(&timeline), &timeline.pools()[0]);
    let found = found.value().expect("measured");
    assert_eq!(found.work, Nanos(OWN + NESTED + HALF));
    // The halves are 20 and 85 long; the nested task has no known place.
    assert_eq!(found.span, Nanos(OWN - 20 + HALF));
    assert_eq!(found.unplaced, Nanos(NESTED));
}

/// What was spawned before a wait is placed before it, and what was after it, after it.
#[test]
fn work_lies_before_and_after_the_wait_and_not_in_it() {
    let spawner = |pushed: u64| {
        let spawned = Task { origin: Origin::Local, ..task(2, 2, 900, 1000) };
        let spawned = Task { parent: Some(id(2, 1)), pushed: Some(Nanos(pushed)), ..spawned };
        let whole = Task { origin: Origin::Root, joins: 1, ..task(2, 1, 0, 600) };
        let lane = worker(2, 0, vec![Event::Task(whole), Event::Task(spawned)]);
        let trace = trace(1000, vec![idling(lane, vec![search(100, 500, SearchEnd::Latch)])]);
        let timeline = timeline(&trace);
        let found = WorkSpan::of(&timeline, Window::of(&timeline), &timeline.pools()[0]);
        found.value().expect("measured").clone()
    };
    let [before, after] = [spawner(100), spawner(500)];
    assert_eq!((before.work, after.work), (Nanos(300), Nanos(300)));
    // 100 before the wait and 100 in the spawned task, beside 200 in the one that spawned it.
    assert_eq!((before.span, after.span), (Nanos(200), Nanos(200)));
    assert_eq!(spawner(550).span, Nanos(150 + 100));
}

#[test]
fn the_table_and_the_decomposition_say_the_same() {
    let trace = counted();
    let timeline = timeline(&trace);
    let window = Window::of(&timeline);
    let rows = Breakdown::of(&timeline, window, By::Worker).pools.remove(0);
    let rows = rows.value().expect("measured").clone();
    let activity = Activity::of(&timeline, window);
    for (row, worker) in rows.iter().zip(&activity.pools[0].workers) {
        let with_a_job: i64 = row.parts.iter().map(|(_, time)| time.0).sum();
        let times = worker.times.value().expect("timed");
        assert_eq!(with_a_job, times.busy.0 as i64, "{:?}", row.name);
        let idle = row.idle.expect("of workers");
        assert_eq!(idle.0, (times.waiting + times.no_task).0 as i64, "{:?}", row.name);
    }
    assert!(rows[0].parts.iter().any(|(component, _)| *component == Component::Work));
}

#[test]
fn a_tasks_length_is_that_of_its_own_work() {
    let trace = counted();
    let timeline = timeline(&trace);
    let found = Distributions::of(&timeline, Window::of(&timeline), &timeline.pools()[0]);
    let tasks = found.task_lengths.value().expect("there are some");
    assert_eq!((tasks.count, tasks.min, tasks.max), (3, Nanos(NESTED), Nanos(OWN)));
}

/// As the kernel sees the sleep, the worker left the CPU of its own will; it held no job then.
#[test]
fn a_sleep_there_is_no_block() {
    let mut trace = counted();
    let off = |start, end| OffCpu {
        span: span(start, end),
        preempted: false,
        from_cpu: None,
        to_cpu: None,
    };
    trace.header.kernel.switch_records = Measured::Is(Nanos(100));
    for (lane, off_cpu) in trace.lanes[1..].iter_mut().zip([vec![off(345, 475)], Vec::new()]) {
        let voluntary: Nanos = off_cpu.iter().map(|off| off.span.duration()).sum();
        lane.watched.scheduling = Measured::Is(Scheduling {
            source: SchedulingSource::SwitchRecords,
            wall: Nanos(1000),
            on_cpu: Nanos(1000) - voluntary,
            voluntary,
            preempted: Nanos::ZERO,
            voluntary_switches: Some(off_cpu.len() as u64),
            preemptions: Some(0),
            migrations: Some(0),
        });
        lane.watched.off_cpu = off_cpu;
    }
    let timeline = timeline(&trace);
    let activity = Activity::of(&timeline, Window::of(&timeline));
    let parts = *activity.pools[0].workers[0].on_off.parts.value().expect("watched");
    assert_eq!((parts.blocked, parts.asleep), (Nanos::ZERO, Nanos(130)));
    assert_eq!(parts.working, Nanos(OWN + NESTED));
    let found = WorkSpan::of(&timeline, Window::of(&timeline), &timeline.pools()[0]);
    assert_eq!(found.value().expect("measured").work, Nanos(OWN + NESTED + HALF));
}

/// Of a stretch that is busy in part as its sums say, what the worker says comes first.
#[test]
fn a_wait_that_is_in_a_sum_is_not_taken_off_twice() {
    let busy = |waited: u64, searched: u64| {
        let called = id(1, 1);
        let own = Leaf { waited: Nanos(waited), ..leaf(2, 2, Some(1), called, [200, 400]) };
        let lane = worker(2, 0, vec![Event::Task(task(2, 1, 100, 500)), Event::Leaf(own)]);
        let told = vec![search(300, 300 + searched, SearchEnd::Latch)];
        let caller = outside(1, vec![Event::Operation(iterator(1, 1, [0, 0, 1000]))]);
        times_of_leaf(trace(1000, vec![caller, idling(lane, told)]))
    };
    assert_eq!(busy(0, 60), (Nanos(400 - 60), Nanos(60)));
    assert_eq!(busy(40, 60), (Nanos(400 - 60), Nanos(60)));
    assert_eq!(busy(80, 60), (Nanos(400 - 80), Nanos(80)));
}

fn times_of_leaf(mut trace: Trace) -> (Nanos, Nanos) {
    if let Event::Operation(called) = &mut trace.lanes[0].events[0] {
        called.iteration = Some(Box::new(iteration(3, 1, 0, 0)));
    }
    let times = times(&trace, None);
    (times.busy, times.waiting)
}

/// Those that were kept are known, though others were not.
#[test]
fn it_is_so_where_other_sleeps_were_too_short_to_be_kept() {
    let mut trace = counted();
    if let Measured::Is(counts) = &mut trace.lanes[1].idling.counts {
        counts.sleeps += 1;
    }
    assert_eq!(times(&trace, None).busy, Nanos(OWN + NESTED));
    let timeline = timeline(&trace);
    let rows = Breakdown::of(&timeline, Window::of(&timeline), By::Worker).pools.remove(0);
    let first = rows.value().expect("measured")[0].clone();
    let with_a_job: i64 = first.parts.iter().map(|(_, time)| time.0).sum();
    assert_eq!(with_a_job, (OWN + NESTED) as i64);
}

/// The counter beside the trace says when the table's time was.
#[test]
fn busy_workers_over_time_are_the_tables() {
    let mut file = Vec::new();
    chrome::write(&counted(), &mut file).expect("a vector takes everything");
    let file: serde_json::Value = serde_json::from_slice(&file).expect("JSON");
    let entries = file.as_array().expect("a list");
    let samples: Vec<(u64, u64)> = entries
        .iter()
        .filter(|entry| entry["ph"] == "C" && entry["name"] == "busy")
        .map(|entry| {
            let micros = entry["ts"].as_f64().expect("a time");
            ((micros * 1000.0).round() as u64, entry["args"]["workers"].as_u64().expect("a number"))
        })
        .collect();
    let ends = samples.iter().skip(1).map(|&(at, _)| at).chain([1000]);
    let busy: u64 =
        samples.iter().zip(ends).map(|(&(at, workers), end)| (end - at) * workers).sum();
    assert_eq!(busy, OWN + NESTED + HALF);
}
