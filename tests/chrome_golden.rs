//! A file to the byte: `tests/perfetto/golden.json`.
//!
//! Its story: the main thread installs a sum in a pool of two. Worker 0 joins; worker 1 steals the
//! second half and panics. While worker 0 waits for it, worker 0 runs a task that was pushed within
//! the first half. Worker 1 ends with a sum of short tasks that reaches past its last task's end.
//!
//! After a change of the format on purpose: `RAYPRISM_BLESS=1 cargo test --test chrome_golden`,
//! then `tools/perfetto/check tests/perfetto/golden.json`.

#![cfg(feature = "read")]

use std::{env, fs};

use rayprism::format::chrome;
use rayprism::model::{
    ClockInfo, ClockSource, Collapsed, Costs, Counts, Detail, Event, EventId, Header, Join, Lane,
    LaneId, Losses, Machine, Measured, Nanos, Operation, OperationKind, Origin, Outcome, Pool,
    PoolId, Role, SecondHalf, Site, SiteId, Span, Task, Trace,
};

fn id(lane: u32, sequence: u64) -> EventId {
    EventId::new(LaneId(lane), sequence).expect("the lane is small")
}

fn span(start: u64, end: u64) -> Span {
    Span { start: Nanos(start), end: Nanos(end) }
}

fn header() -> Header {
    Header {
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
        costs: Costs { counted_join_ps: 900, timed_join_ps: 41_000, task_ps: 52_000 },
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
        id: LaneId(number),
        name: Some(name.to_owned()),
        thread: Measured::Is(1_000 + number),
        role,
        started: None,
        ended: None,
        cpu: Measured::Is(Nanos(1_500_000)),
        counts: Counts::default(),
        losses: Losses::default(),
        events,
    }
}

fn task(span: Span, id: EventId, origin: Origin, parent: EventId, pushed: u64) -> Task {
    Task {
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
    })]
}

fn worker_0() -> Vec<Event> {
    let mut root = task(span(10_000, 1_900_000), id(2, 1), Origin::Injected, id(1, 1), 1_500);
    (root.depth, root.joins, root.spawns, root.outcome) = (Some(0), 1, 1, Outcome::Panicked);
    let join = Join {
        span: span(20_000, 1_800_007),
        id: id(2, 2),
        task: id(2, 1),
        first_end: Nanos(800_000),
        depth: 0,
        first_joins: 0,
        second_joins: 0,
        second: SecondHalf::Stolen,
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

fn trace() -> Trace {
    let worker = |index| Role::Worker { pool: PoolId(1), index };
    Trace {
        header: header(),
        pools: vec![Pool { id: PoolId(1), threads: 2, every_call_seen: true }],
        sites: [r"/home/me/sum/src/main.rs:7:5", r"C:\sum\"]
            .map(|location| Site { location: location.to_owned() })
            .to_vec(),
        lanes: vec![
            lane(1, "main", Role::Outside, main_thread()),
            lane(2, "w\0", worker(0), worker_0()),
            lane(3, "", worker(1), worker_1()),
        ],
    }
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
