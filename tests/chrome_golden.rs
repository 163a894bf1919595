//! A file to the byte: `tests/perfetto/golden.json`.
//!
//! Its story: the main thread installs a sum in a pool of two. Worker 0 joins; worker 1 steals the
//! second half and panics. While worker 0 waits for it, worker 0 runs a task that was pushed within
//! the first half. Worker 1 ends with a sum of short tasks that reaches past its last task's end.
//!
//! Then the main thread, still outside the pool, sums the squares of 12 numbers with a parallel
//! iterator: it splits once, worker 0 takes the left half and splits again, worker 1 steals from it,
//! and the last reduction is the main thread's. A bridge of one leaf and a sort follow.
//!
//! The kernel was watched, too: worker 0 slept, was kept from its task, waited in it for a disk, and
//! yielded while it waited for the stolen half; the main thread was off the CPU in its call. Worker
//! 1's switches are known in sum alone. The CPU had no room for one counter.
//!
//! rayon was seen from within: worker 0 slept until the main thread's call woke it, found the pushed task
//! while it waited, and slept again until worker 1 set the latch; at the end worker 1 sleeps.
//!
//! `tests/perfetto/format_1.json` is the first part as the writer of format 1 wrote it, `format_2`
//! all but what the kernel said as that of format 2 did, and so on.
//!
//! After a change of the format on purpose: `RAYPRISM_BLESS=1 cargo test --test chrome_golden`,
//! then `tools/perfetto/check tests/perfetto/golden.json`.

#![cfg(feature = "read")]

use std::{env, fs};

use rayprism::format::chrome;
use rayprism::model::{
    Availability, ChainId, ClockInfo, ClockSource, Collapsed, Costs, Counter, CounterInfo, Counts,
    Detail, Event, EventId, Header, Idle, IdleCounts, Idling, Iteration, Join, Kernel, Lane,
    LaneId, Leaf, Losses, Machine, Measured, Nanos, Note, OffCpu, Operation, OperationKind, Origin,
    Outcome, Phase, PhaseId, Pool, PoolId, RayonCosts, Reading, Reduction, Role, Scheduling,
    SchedulingSource, Search, SearchEnd, SecondHalf, Site, SiteId, Sleep, Span, Tally, Task, Told,
    Trace, Values, Wake, WakeReason, Watched,
};

fn id(lane: u32, sequence: u64) -> EventId {
    EventId::new(LaneId(lane), sequence).expect("the lane is small")
}

fn span(start: u64, end: u64) -> Span {
    Span { start: Nanos(start), end: Nanos(end) }
}

fn header() -> Header {
    Header {
        kernel: Default::default(),
        title: "sum".to_owned(),
        rayprism: "0.1.0".to_owned(),
        duration: Nanos(2_000_000),
        detail: Detail::Full,
        debug_assertions: false,
        clock: ClockInfo {
            source: ClockSource::Os { reason: "no invariant counter".to_owned() },
            ticks_per_second: 1_000_000_000,
            error: Nanos(20),
        },
        costs: Costs {
            counted_join_ps: 900,
            timed_join_ps: 41_000,
            task_ps: 52_000,
            timed_split_ps: 0,
            timed_leaf_ps: 0,
            counted_leaf_ps: 0,
            reading_ps: 0,
            elided_join_ps: 0,
        },
        rayon: Measured::Not("the recording is of a version that did not calibrate it".to_owned()),
        machine: Machine {
            cpu: Measured::Is("a processor".to_owned()),
            cpus: Measured::Not("no permission".to_owned()),
            os: "linux x86_64".to_owned(),
        },
        run: None,
    }
}

fn lane(number: u32, name: &str, role: Role, events: Vec<Event>) -> Lane {
    Lane {
        watched: Default::default(),
        idling: Default::default(),
        told: Default::default(),
        id: LaneId(number),
        name: Some(name.to_owned()),
        thread: Measured::Is(1_000 + number),
        role,
        started: None,
        ended: None,
        cpu: Measured::Is(Nanos(1_500_000)),
        counts: Counts::default(),
        tallies: Vec::new(),
        losses: Losses::default(),
        broken: None,
        events,
    }
}

fn task(span: Span, id: EventId, origin: Origin, parent: EventId, pushed: u64) -> Task {
    Task {
        counters: None,
        span,
        id,
        origin,
        parent: Some(parent),
        pushed: Some(Nanos(pushed)),
        depth: Some(1),
        joins: 0,
        spawns: 0,
        outcome: Outcome::Returned,
        site: Some(SiteId(0)),
    }
}

fn main_thread() -> Vec<Event> {
    vec![Event::Operation(Operation {
        span: span(1_000, 2_000_000),
        id: id(1, 1),
        task: None,
        kind: OperationKind::Install,
        wait: Nanos(1_500),
        outcome: Outcome::Panicked,
        site: Some(SiteId(1)),
        label: None,
        chain: None,
        iteration: None,
    })]
}

fn worker_0() -> Vec<Event> {
    let mut root = task(span(10_000, 1_900_000), id(2, 1), Origin::Injected, id(1, 1), 1_500);
    (root.depth, root.joins, root.spawns, root.outcome) = (Some(0), 1, 1, Outcome::Panicked);
    let join = Join {
        span: span(20_000, 1_800_007),
        id: id(2, 2),
        task: id(2, 1),
        operation: None,
        first_end: Nanos(800_000),
        depth: 0,
        first_joins: 0,
        second_joins: 0,
        second: SecondHalf::Stolen,
        elided: None,
        outcome: Outcome::Panicked,
        site: Some(SiteId(0)),
    };
    let local = task(span(900_000, 1_000_000), id(2, 3), Origin::Local, id(2, 1), 500_000);
    vec![Event::Task(root), Event::Join(join), Event::Task(local)]
}

fn worker_1() -> Vec<Event> {
    let mut stolen = task(span(25_000, 1_800_000), id(3, 1), Origin::Stolen, id(2, 2), 20_100);
    stolen.outcome = Outcome::Panicked;
    let collapsed = Collapsed {
        span: span(1_700_000, 1_950_000),
        tasks: 12,
        busy: Nanos(90_000),
        waited: Nanos(4_000),
        joins: 3,
        spawns: 0,
        queued: Nanos(u64::MAX),
    };
    vec![Event::Task(stolen), Event::Collapsed(collapsed)]
}

/// The story up to its parallel iterators: what format 1 knew.
fn first_part() -> Trace {
    let worker = |index| Role::Worker { pool: PoolId(1), index };
    Trace {
        header: header(),
        pools: vec![Pool {
            id: PoolId(1),
            threads: 2,
            every_call_seen: true,
            uses_current_thread: false,
        }],
        sites: [r"/home/me/sum/src/main.rs:7:5", r"C:\sum\"]
            .map(|location| Site { location: location.to_owned() })
            .to_vec(),
        chains: Vec::new(),
        lanes: vec![
            lane(1, "main", Role::Outside, main_thread()),
            lane(2, "w\0", worker(0), worker_0()),
            lane(3, "", worker(1), worker_1()),
        ],
    }
}

fn iterator(kind: OperationKind, id: EventId, [start, wait, end]: [u64; 3]) -> Operation {
    Operation {
        span: span(start, end),
        id,
        task: None,
        kind,
        wait: Nanos(wait),
        outcome: Outcome::Returned,
        site: Some(SiteId(0)),
        label: None,
        chain: None,
        iteration: None,
    }
}

fn leaf(own: EventId, task: EventId, depth: u32, [start, end]: [u64; 2]) -> Leaf {
    Leaf {
        span: span(start, end),
        id: own,
        operation: id(1, 2),
        task: Some(task),
        depth,
        items: 3,
        waited: Nanos::ZERO,
        producing: Nanos::ZERO,
        outcome: Outcome::Returned,
    }
}

fn reduction(own: EventId, task: Option<EventId>, depth: u32, [start, end]: [u64; 2]) -> Reduction {
    Reduction {
        span: span(start, end),
        id: own,
        operation: id(1, 2),
        task,
        depth,
        outcome: Outcome::Returned,
    }
}

fn main_thread_later() -> Vec<Event> {
    let of_sum = Iteration { items: 12, leaves: 4, splits: 3, reductions: Some(3), steals: 1 };
    let of_bridge = Iteration { items: 5, leaves: 1, splits: 0, reductions: None, steals: 0 };
    let sum = iterator(OperationKind::Iterator, id(1, 2), [2_100_000, 2_110_000, 2_800_000]);
    let bridge = iterator(OperationKind::Iterator, id(1, 4), [2_810_000, 2_900_000, 2_900_000]);
    let bridged = Leaf {
        task: None,
        operation: id(1, 4),
        items: 5,
        waited: Nanos(20_000),
        producing: Nanos(30_000),
        ..leaf(id(1, 5), id(1, 1), 0, [2_820_000, 2_890_000])
    };
    let sort = iterator(OperationKind::Sort, id(1, 6), [2_910_000, 2_910_000, 2_990_000]);
    vec![
        Event::Operation(Operation {
            chain: Some(ChainId(0)),
            iteration: Some(Box::new(of_sum)),
            ..sum
        }),
        Event::Reduction(reduction(id(1, 3), None, 0, [2_750_000, 2_790_000])),
        Event::Operation(Operation {
            label: Some("lines".to_owned()),
            chain: Some(ChainId(1)),
            iteration: Some(Box::new(of_bridge)),
            ..bridge
        }),
        Event::Leaf(bridged),
        Event::Operation(sort),
    ]
}

fn worker_0_later() -> Vec<Event> {
    let half = task(span(2_120_000, 2_740_000), id(2, 4), Origin::Injected, id(1, 2), 2_110_000);
    let split = Join {
        span: span(2_125_000, 2_735_000),
        id: id(2, 5),
        task: id(2, 4),
        operation: Some(id(1, 2)),
        first_end: Nanos(2_400_000),
        depth: 1,
        first_joins: 0,
        second_joins: 0,
        second: SecondHalf::Stolen,
        elided: None,
        outcome: Outcome::Returned,
        site: Some(SiteId(0)),
    };
    vec![
        Event::Task(half),
        Event::Join(split),
        Event::Leaf(leaf(id(2, 6), id(2, 4), 2, [2_130_000, 2_400_000])),
        Event::Reduction(reduction(id(2, 7), Some(id(2, 4)), 1, [2_710_000, 2_730_000])),
    ]
}

fn worker_1_later() -> Vec<Event> {
    let stolen = task(span(2_140_000, 2_700_000), id(3, 2), Origin::Stolen, id(2, 5), 2_126_000);
    vec![Event::Task(stolen), Event::Leaf(leaf(id(3, 3), id(3, 2), 2, [2_150_000, 2_690_000]))]
}

fn tally(chain: u32, label: Option<&str>) -> Tally {
    Tally {
        site: Some(SiteId(0)),
        chain: Some(ChainId(chain)),
        label: label.map(str::to_owned),
        operations: 0,
        splits: 0,
        leaves: 0,
        items: 0,
        reductions: 0,
        steals: 0,
    }
}

/// The story without what the kernel said: what format 2 knew.
fn unwatched() -> Trace {
    let mut trace = first_part();
    let Costs { timed_split_ps, timed_leaf_ps, counted_leaf_ps, .. } = &mut trace.header.costs;
    (*timed_split_ps, *timed_leaf_ps, *counted_leaf_ps) = (63_000, 43_000, 2_000);
    trace.header.duration = Nanos(3_000_000);
    let chains = ["Range<u64> → map → sum", "Lines → par_bridge → for_each"];
    trace.chains = chains.map(str::to_owned).to_vec();
    for (lane, events) in
        trace.lanes.iter_mut().zip([main_thread_later(), worker_0_later(), worker_1_later()])
    {
        lane.events.extend(events);
    }
    let one = |tally| Tally { operations: 1, ..tally };
    trace.lanes[0].tallies = vec![
        Tally { reductions: 1, splits: 1, ..one(tally(0, None)) },
        Tally { leaves: 1, items: 5, ..one(tally(1, Some("lines"))) },
    ];
    let sum = tally(0, None);
    trace.lanes[1].tallies =
        vec![Tally { splits: 2, leaves: 3, items: 9, reductions: 2, ..sum.clone() }];
    trace.lanes[2].tallies = vec![Tally { leaves: 1, items: 3, steals: 1, ..sum }];
    trace.lanes[2].losses.texts = 1;
    trace
}

fn kernel() -> Kernel {
    let info = |counter, availability| CounterInfo { counter, availability, user_only: true };
    let full = "the PMU has no room for it beside the others".to_owned();
    Kernel {
        counters: vec![
            info(Counter::Cycles, Availability::Available),
            info(Counter::Instructions, Availability::Available),
            info(Counter::CacheMisses, Availability::Estimated),
            info(Counter::BranchMisses, Availability::Unavailable(full)),
            CounterInfo {
                user_only: false,
                ..info(Counter::ContextSwitches, Availability::Available)
            },
        ],
        switch_records: Measured::Is(Nanos(310)),
        from_outside: false,
        throttled: Measured::Not("there is no quota that could be used up".to_owned()),
    }
}

fn reading(at: u64, [cycles, instructions, misses, switches]: [u64; 4]) -> Reading {
    let values = [Some(cycles), Some(instructions), Some(misses), None, Some(switches)];
    Reading { at: Nanos(at), values: Values(values.into()) }
}

fn off(start: u64, end: u64, preempted: bool, to_cpu: Option<u32>) -> OffCpu {
    OffCpu { span: span(start, end), preempted, from_cpu: Some(1), to_cpu }
}

fn sums(source: SchedulingSource, voluntary: u64, preempted: u64) -> Measured<Scheduling> {
    let from_records = source == SchedulingSource::SwitchRecords;
    Measured::Is(Scheduling {
        source,
        wall: Nanos(3_000_000),
        on_cpu: Nanos(3_000_000 - voluntary - preempted),
        voluntary: Nanos(voluntary),
        preempted: Nanos(preempted),
        voluntary_switches: from_records.then_some(3),
        preemptions: from_records.then_some(2),
        migrations: from_records.then_some(1),
    })
}

fn watched() -> [Watched; 3] {
    let records = SchedulingSource::SwitchRecords;
    let main = Watched {
        off_cpu: vec![off(1_600, 1_999_000, false, Some(0))],
        scheduling: sums(records, 1_997_400, 0),
        ..Watched::default()
    };
    let first = Watched {
        readings: vec![
            reading(1_000_000, [2_500_000, 5_000_000, 4_000, 3]),
            reading(2_000_000, [4_500_000, 6_000_000, 9_000, 5]),
            reading(3_000_000, [4_500_000, 6_000_000, 9_000, 6]),
        ],
        scheduling: sums(records, 1_109_500, 60_000),
        off_cpu: vec![
            off(500, 9_900, false, Some(2)),
            off(300_000, 350_000, true, Some(1)),
            off(400_000, 500_000, false, Some(1)),
            off(810_000, 820_000, true, Some(1)),
            off(1_999_900, 3_000_000, false, None),
        ],
    };
    let second =
        Watched { scheduling: sums(SchedulingSource::Accounting, 900, 70), ..Watched::default() };
    [main, first, second]
}

/// A span of the program's own around all, one that crosses it, and an event.
fn told() -> Told {
    let phase = |start, end, number, name: &str| Phase {
        span: span(start, end),
        id: Some(PhaseId(number)),
        within: None,
        name: Some(name.into()),
        inherited: number == 2,
    };
    let note = Note { at: Nanos(1_500), phase: Some(PhaseId(1)), text: Some("a message".into()) };
    let phases = vec![phase(900, 2_000_000, 1, "sum up"), phase(1_000, 2_000_500, 2, "é \"b\"")];
    Told { phases, notes: vec![note] }
}

fn search(start: u64, end: u64, rounds: u64, how: SearchEnd) -> Idle {
    let yields = rounds - u64::from(how == SearchEnd::Asleep);
    Idle::Search(Search { span: span(start, end), rounds, yields, end: how })
}

fn sleep(start: u64, end: u64, wake: Option<(u64, u32, WakeReason)>) -> Idle {
    let open = wake.is_none();
    let wake = wake.map(|(at, by, reason)| Wake { at: Nanos(at), by: LaneId(by), reason });
    Idle::Sleep(Sleep { span: span(start, end), wake, open })
}

fn idling() -> [Idling; 3] {
    let counts = |searches, failed_rounds, yields, sleeps, wakes| {
        Measured::Is(IdleCounts { searches, failed_rounds, yields, sleeps, wakes })
    };
    let first = vec![
        search(100, 400, 34, SearchEnd::Asleep),
        sleep(400, 9_950, Some((9_000, 1, WakeReason::Jobs))),
        search(9_950, 9_990, 0, SearchEnd::Found),
        search(800_100, 899_000, 20, SearchEnd::Found),
        search(1_000_100, 1_100_000, 34, SearchEnd::Asleep),
        sleep(1_100_000, 1_800_001, Some((1_800_000, 3, WakeReason::Latch))),
        search(1_800_001, 1_800_002, 0, SearchEnd::Latch),
    ];
    let second = vec![
        search(2_700_100, 2_730_000, 34, SearchEnd::Asleep),
        sleep(2_730_000, 3_000_000, None),
    ];
    [
        Idling { counts: counts(0, 0, 0, 0, 1), stretches: Vec::new() },
        Idling { counts: counts(9, 160, 158, 2, 0), stretches: first },
        Idling { counts: counts(1, 34, 33, 1, 1), stretches: second },
    ]
}

fn trace() -> Trace {
    let mut trace = seen_from_outside();
    for (lane, idling) in trace.lanes.iter_mut().zip(idling()) {
        lane.idling = idling;
    }
    trace
}

/// The story without what workers did without a job: what format 4 knew.
fn seen_from_outside() -> Trace {
    let mut trace = unspoken();
    trace.lanes[0].told = told();
    trace
}

/// The part that formats before 4 could tell.
fn unspoken() -> Trace {
    let mut trace = unwatched();
    let rayon = RayonCosts { join_ps: 12_000, spawn_ps: 40_000, job_ps: 60_000 };
    trace.header.rayon = Measured::Is(rayon);
    trace.header.kernel = kernel();
    for (lane, watched) in trace.lanes.iter_mut().zip(watched()) {
        lane.watched = watched;
    }
    let Event::Task(root) = &mut trace.lanes[1].events[0] else { panic!("a task") };
    let values = [Some(1_400_000), Some(2_900_000), Some(u64::MAX), None, Some(0)];
    root.counters = Some(Values(values.into()));
    let Event::Task(stolen) = &mut trace.lanes[2].events[0] else { panic!("a task") };
    stolen.counters = Some(Values([None; 5].into()));
    trace
}

#[test]
fn the_file_is_the_golden_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/perfetto/golden.json");
    let mut file = Vec::new();
    chrome::write(&trace(), &mut file).unwrap();
    if env::var_os("RAYPRISM_BLESS").is_some() {
        fs::write(path, &file).unwrap();
    }
    assert_eq!(String::from_utf8(file).unwrap(), fs::read_to_string(path).unwrap());
}

#[test]
fn the_golden_file_is_the_trace() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/perfetto/golden.json");
    assert_eq!(chrome::read(fs::File::open(path).unwrap()).unwrap(), trace());
}

#[test]
fn a_file_of_format_1_is_still_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/perfetto/format_1.json");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("\"version\":1"));
    assert_eq!(chrome::read(text.as_bytes()).unwrap(), first_part());
}

#[test]
fn a_file_of_format_2_is_still_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/perfetto/format_2.json");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("\"version\":2"));
    assert_eq!(chrome::read(text.as_bytes()).unwrap(), unwatched());
}

#[test]
fn a_file_of_format_3_is_still_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/perfetto/format_3.json");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("\"version\":3"));
    assert_eq!(chrome::read(text.as_bytes()).unwrap(), unspoken());
}

#[test]
fn a_file_of_format_4_is_still_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/perfetto/format_4.json");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("\"version\":4"));
    assert_eq!(chrome::read(text.as_bytes()).unwrap(), seen_from_outside());
}

/// Name, start and end in nanoseconds of what is drawn on worker 0's lane, of some categories.
fn drawn_on_worker_0(categories: &[&str]) -> Vec<(String, u64, u64)> {
    let nanos =
        |value: &serde_json::Value| (value.as_f64().expect("a time") * 1_000.0).round() as u64;
    let entries = entries(&trace());
    let of_worker = entries.iter().filter(|entry| entry["ph"] == "X" && entry["tid"] == 5);
    let wanted = |entry: &&serde_json::Value| {
        entry["cat"].as_str().is_some_and(|category| categories.contains(&category))
    };
    let drawn = |entry: &serde_json::Value| {
        let (start, length) = (nanos(&entry["ts"]), nanos(&entry["dur"]));
        (entry["name"].as_str().expect("a name").to_owned(), start, start + length)
    };
    of_worker.filter(wanted).map(drawn).collect()
}

#[test]
fn searches_and_sleeps_lie_where_the_worker_has_no_job() {
    let idle = |name: &str, start, end| (name.to_owned(), start, end);
    assert_eq!(
        drawn_on_worker_0(&["search", "sleep", "wait"]),
        [
            idle("search", 100, 400),
            idle("sleep", 400, 9_950),
            idle("search", 9_950, 9_990),
            // Within the wait, but for the task that it found.
            idle("wait", 800_000, 1_800_007),
            idle("search", 800_100, 899_000),
            idle("search", 1_000_100, 1_100_000),
            idle("sleep", 1_100_000, 1_800_001),
            idle("search", 1_800_001, 1_800_002),
            idle("wait", 2_400_000, 2_735_000),
        ]
    );
}

/// The entries that are written of a trace.
fn entries(trace: &Trace) -> Vec<serde_json::Value> {
    let mut file = Vec::new();
    chrome::write(trace, &mut file).expect("a vector takes everything");
    serde_json::from_slice(&file).expect("an array")
}

#[test]
fn stretches_off_the_cpu_are_named_by_what_they_mean() {
    let entries = entries(&trace());
    let off_cpu = entries.iter().filter(|entry| entry["cat"] == "off-cpu");
    let found: Vec<_> =
        off_cpu.map(|entry| (entry["tid"].as_u64(), entry["name"].as_str())).collect();
    let expected = [
        (4, "waiting"),
        (6, "asleep"),
        (6, "preempted"),
        (6, "blocked"),
        (6, "yielded"),
        (6, "asleep"),
    ];
    assert_eq!(found, expected.map(|(tid, name)| (Some(tid), Some(name))));
}

/// Track, start in microseconds and value of each sample of a worker's counters.
fn rates(trace: &Trace) -> Vec<(String, Option<f64>, Option<f64>)> {
    let mut found = Vec::new();
    for entry in entries(trace).iter().filter(|entry| entry["ph"] == "C") {
        let (Some(name), Some(args)) = (entry["name"].as_str(), entry["args"].as_object()) else {
            panic!("{entry}");
        };
        let sample = |(key, value): (&String, &serde_json::Value)| {
            (format!("{name} {key}"), entry["ts"].as_f64(), value.as_f64())
        };
        found.extend(args.iter().map(sample));
    }
    found.retain(|(track, ..)| track.starts_with("worker"));
    found
}

#[test]
fn a_worker_has_its_counters_as_rates() {
    let rate = |track: &str, at, value| (format!("worker 0 {track}"), Some(at), Some(value));
    assert_eq!(
        rates(&trace()),
        [
            rate("cache misses per ms", 0.0, 4_000.0),
            rate("cache misses per ms", 1_000.0, 5_000.0),
            rate("cache misses per ms", 2_000.0, 0.0),
            rate("context switches per ms", 0.0, 3.0),
            rate("context switches per ms", 1_000.0, 2.0),
            rate("context switches per ms", 2_000.0, 1.0),
            rate("IPC", 0.0, 2.0),
            rate("IPC", 1_000.0, 0.5),
        ]
    );
}

#[test]
fn without_a_counter_context_switches_are_those_of_the_records() {
    let mut trace = trace();
    trace.header.kernel.counters.clear();
    let track = "worker 0 context switches per ms";
    let rate = |at, value| (track.to_owned(), Some(at), Some(value));
    assert_eq!(rates(&trace), [rate(0.0, 4.0), rate(1_000.0, 1.0), rate(2_000.0, 0.0)]);
    trace.lanes[1].losses.off_cpu = 1;
    assert_eq!(rates(&trace), [], "when the others were is not known");
}
