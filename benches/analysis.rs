//! How long it takes to analyse a trace, and how much memory: from a trace in memory to a report.
//!
//! Constructed traces of a hundred thousand and of a million events: tasks with joins in them, some
//! of them stolen; and calls one after the other, parallel iterators with a leaf on each worker and
//! other calls with a task on each; with times off the CPU. The memory is the most that a process had
//! that did nothing else, so that the trace itself is in it.
//!
//! `cargo bench --bench analysis [-- [joins|calls EVENTS] --rounds 5]`; with a number of events four
//! figures: events, milliseconds of wall time and of CPU time, bytes.

#![allow(clippy::print_stdout, reason = "a benchmark's output is its purpose")]

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rayprism::model::{
    Counts, Event, Join, Lane, Nanos, OffCpu, Operation, Origin, Scheduling, SchedulingSource,
    SecondHalf, Task, Trace, Watched,
};
use rayprism::report::Report;

#[path = "support/mod.rs"]
mod support;
#[path = "../tests/timeline_fixture/mod.rs"]
mod timeline_fixture;

use support::Arguments;
use timeline_fixture::{
    id, iteration, iterator, join, leaf, operation, outside, span, stolen, task, trace, worker,
};

const LANES: u32 = 8;
/// Joins in each task: a tree of three levels.
const JOINS: u64 = 7;
const STEP: u64 = 1_000;

/// How many events.
const SIZES: [u64; 2] = [100_000, 1_000_000];

fn main() {
    let arguments = Arguments::parse(5, "auto");
    match arguments.names.as_slice() {
        [] => KINDS.iter().for_each(|(kind, _)| compare(kind, arguments.rounds)),
        [kind, events] => {
            let (_, constructed) = KINDS.iter().find(|(known, _)| known == kind).expect("a kind");
            let events = events.parse().expect("how many events");
            println!("{}", Measured::of(&constructed(events), arguments.rounds).line());
        }
        _ => panic!("a kind and a number of events, or none"),
    }
}

type Constructed = fn(u64) -> Trace;

const KINDS: [(&str, Constructed); 2] = [("joins", joins), ("calls", calls)];

/// Each size in a process of its own, so that its memory is its own.
fn compare(kind: &str, rounds: usize) {
    println!("{kind}");
    let [small, large] = SIZES.map(|events| Measured::by_itself(kind, events, rounds));
    for measured in [&small, &large] {
        let Measured { events, wall, cpu, memory } = measured;
        println!("{events} events: {wall:.0} ms, {cpu:.0} ms of CPU time, the best of {rounds}");
        match memory {
            Some(bytes) => println!("at most {} MB, the trace included", bytes / 1_000_000),
            None => println!("memory: not measured here"),
        }
    }
    let times = [large.wall / small.wall, large.cpu / small.cpu];
    println!("ten times the events: {:.1}× the time, {:.1}× the CPU time", times[0], times[1]);
}

struct Measured {
    events: usize,
    /// Milliseconds.
    wall: f64,
    /// Milliseconds of CPU time, of all threads.
    cpu: f64,
    memory: Option<u64>,
}

impl Measured {
    fn of(trace: &Trace, rounds: usize) -> Self {
        let times: Vec<[f64; 2]> = (0..rounds).map(|_| analyse(trace)).collect();
        let best = |which: usize| times.iter().map(|of| of[which]).fold(f64::INFINITY, f64::min);
        let events = trace.lanes.iter().map(|lane| lane.events.len()).sum();
        Self { events, wall: best(0), cpu: best(1), memory: peak_memory() }
    }

    fn line(&self) -> String {
        let memory = self.memory.map_or("unknown".to_owned(), |bytes| bytes.to_string());
        format!("{} {} {} {memory}", self.events, self.wall, self.cpu)
    }

    fn by_itself(kind: &str, events: u64, rounds: usize) -> Self {
        let own = std::env::current_exe().expect("this program");
        let mut command = Command::new(own);
        command.args([kind, &events.to_string()]).args(["--rounds", &rounds.to_string()]);
        let output = command.stderr(Stdio::inherit()).output().expect("this program once more");
        let line = String::from_utf8(output.stdout).expect("figures");
        let figures: Vec<&str> = line.split_whitespace().collect();
        let [events, wall, cpu, memory] = figures[..] else { panic!("not four figures: {line}") };
        Self {
            events: events.parse().expect("events"),
            wall: wall.parse().expect("wall time"),
            cpu: cpu.parse().expect("CPU time"),
            memory: memory.parse().ok(),
        }
    }
}

/// Milliseconds of wall time and of CPU time.
fn analyse(trace: &Trace) -> [f64; 2] {
    let (start, cpu) = (Instant::now(), own_cpu());
    let report = Report::of(trace).expect("a trace that agrees with itself");
    let times = [start.elapsed(), own_cpu() - cpu];
    black_box(report);
    times.map(|time| time.as_secs_f64() * 1e3)
}

/// Of all threads, those that have ended too.
#[allow(unsafe_code, reason = "no safe clock tells a process's CPU time")]
fn own_cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes a time where there is room for one.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "no clock of CPU time");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// About so many events, in calls of a thread that is no worker.
fn calls(events: u64) -> Trace {
    let calls = events / (1 + 2 * u64::from(LANES));
    let caller = LANES + 1;
    let call = |at: u64| {
        let times = [0, 20, STEP - 50].map(|time| at * STEP + time);
        let called = match at % 2 {
            0 => {
                let counted =
                    iteration(3 * u64::from(LANES), LANES.into(), u64::from(LANES) - 1, 0);
                let called = iterator(caller, at + 1, times);
                Operation { iteration: Some(Box::new(counted)), ..called }
            }
            _ => operation(caller, at + 1, times),
        };
        Event::Operation(called)
    };
    let part = |index: u32| {
        let parts = (0..calls).flat_map(|at| {
            let (lane, first, start) = (index + 1, 2 * at + 1, at * STEP + 100);
            let call = id(caller, at + 1);
            let task = task(lane, first, start, start + 800);
            let task = Task { parent: Some(call), pushed: Some(Nanos(start - 70)), ..task };
            let [from, to] = [start + 50, start + 600 + 20 * u64::from(index)];
            let inner = match at % 2 {
                0 => Event::Leaf(leaf(lane, first + 1, Some(first), call, [from, to])),
                _ => Event::Join(join(lane, first + 1, first, [from, from + 300, to])),
            };
            [Event::Task(Task { joins: at % 2, ..task }), inner]
        });
        Lane { watched: watched(calls), ..worker(index + 1, index, parts.collect()) }
    };
    let mut lanes = vec![outside(caller, (0..calls).map(call).collect())];
    lanes.extend((0..LANES).map(part));
    trace(calls * STEP, lanes)
}

/// About so many events, on several workers.
fn joins(events: u64) -> Trace {
    let tasks = events / u64::from(LANES) / (JOINS + 1);
    let lanes = (0..LANES).map(|index| lane(index, tasks)).collect();
    trace(tasks * STEP, lanes)
}

/// One task after the other; every fourth one was stolen from a join of the lane before.
fn lane(index: u32, tasks: u64) -> Lane {
    let number = index + 1;
    let mut events = Vec::new();
    let mut counts = Counts::default();
    for at in 0..tasks {
        let (start, first) = (at * STEP, at * (JOINS + 1) + 1);
        let own = task(number, first, start + 100, start + 900);
        let own = Task { joins: JOINS, ..own };
        let victim = (number + LANES - 2) % LANES + 1;
        let is_stolen = at % 4 == 1;
        let own = match is_stolen {
            true => stolen(own, id(victim, first - JOINS - 1 + 1), start - STEP + 150),
            false => Task { pushed: Some(Nanos(start + 40)), ..own },
        };
        counts.steals += u64::from(own.origin == Origin::Stolen);
        events.push(Event::Task(own));
        tree(number, first, [start + 150, start + 850], 3, &mut first.clone(), &mut events);
        counts.tasks += 1;
    }
    counts.joins = tasks * JOINS;
    counts.timed_joins = counts.joins;
    let lane = worker(number, index, events);
    Lane { counts, watched: watched(tasks), ..lane }
}

/// A join with two in it, and so on; in the order of opening.
fn tree(
    lane: u32,
    task: u64,
    [start, end]: [u64; 2],
    levels: u32,
    last: &mut u64,
    events: &mut Vec<Event>,
) {
    if levels == 0 {
        return;
    }
    *last += 1;
    let middle = start + (end - start) / 2;
    let inner = (1 << (levels - 1)) - 1;
    let own = join(lane, *last, task, [start, middle, end]);
    let second = SecondHalf::Inline;
    events.push(Event::Join(Join { first_joins: inner, second_joins: inner, second, ..own }));
    tree(lane, task, [start + 5, middle - 5], levels - 1, last, events);
    tree(lane, task, [middle + 5, end - 5], levels - 1, last, events);
}

/// Off the CPU for a while in each task, and between each two.
fn watched(tasks: u64) -> Watched {
    let off = |start, end, preempted| OffCpu {
        span: span(start, end),
        preempted,
        from_cpu: None,
        to_cpu: None,
    };
    let both = |at: u64| {
        [off(at * STEP + 10, at * STEP + 60, false), off(at * STEP + 300, at * STEP + 350, true)]
    };
    let off_cpu: Vec<OffCpu> = (0..tasks).flat_map(both).collect();
    let scheduling = Scheduling {
        source: SchedulingSource::SwitchRecords,
        wall: Nanos(tasks * STEP),
        on_cpu: Nanos(tasks * (STEP - 100)),
        voluntary: Nanos(tasks * 50),
        preempted: Nanos(tasks * 50),
        voluntary_switches: Some(tasks),
        preemptions: Some(tasks),
        migrations: Some(0),
    };
    Watched { scheduling: rayprism::model::Measured::Is(scheduling), off_cpu, ..Watched::default() }
}
