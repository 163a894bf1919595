//! How fast traces are written and read, how large they are, and how much memory writing takes.
//!
//! Three constructed traces: the joins of a recursion, as most large recordings are; one task after
//! the other, each with its queue wait, some stolen; and tasks with a few joins in each and
//! stretches off the CPU. Writing goes to a sink, reading comes from memory. Times are CPU times, the
//! best of the rounds.
//!
//! Speeds are given twice: per event of the model (stretches off the CPU among them), and per event
//! of the file, which is what other tools call an event of a trace: a slice, an end of an arrow, or a
//! sample of a counter. The second are more, by what is drawn beside the model's events: waits,
//! arrows, and the counters of busy workers and queued tasks. In JSON each is one entry. In protobuf a
//! slice is two packets, and an end of an arrow is a field of one; they are counted as in JSON.
//! The bars are per event of the file.
//!
//! `cargo bench --bench format [-- joins|tasks|mixed --rounds 5]`

#![allow(clippy::print_stdout, reason = "a benchmark's output is its purpose")]

use std::hint::black_box;
use std::io::{self, Write};
use std::time::Duration;

use rayprism::format::{self, Format};
use rayprism::model::{
    Annotations, Event, Join, Lane, Nanos, OffCpu, Origin, Site, SiteId, Task, Trace, Watched,
};

#[path = "support/mod.rs"]
mod support;
#[path = "../tests/timeline_fixture/mod.rs"]
mod timeline_fixture;

use support::Arguments;
use timeline_fixture::{id, join, span, stolen, task, trace, worker};

const LANES: u32 = 8;
const EVENTS: u64 = 400_000;

/// Bars of writing and of reading, in millions of events of the file in a second.
fn bars(format: Format) -> [Option<f64>; 2] {
    match format {
        Format::Json => [Some(3.0), Some(2.0)],
        Format::Pftrace => [Some(6.0), Some(2.0)],
        Format::JsonGz | Format::PftraceGz => [None; 2],
    }
}

type Shape = (&'static str, fn(u64) -> Trace);

const SHAPES: [Shape; 3] = [("joins", joins), ("tasks", tasks), ("mixed", mixed)];

fn main() {
    let arguments = Arguments::parse(5, "auto");
    for (name, construct) in SHAPES {
        if arguments.names.is_empty() || arguments.names.iter().any(|wanted| wanted == name) {
            measure(name, construct, arguments.rounds);
        }
    }
}

fn measure(name: &str, construct: fn(u64) -> Trace, rounds: usize) {
    let trace = construct(EVENTS);
    let mut json = Vec::new();
    write(&trace, Format::Json, &mut json);
    let (events, entries) = (events(&trace), entries(&json));
    println!("{name}: {events} events of the model, {entries} of the file");
    for format in Format::ALL {
        let mut file = Vec::new();
        write(&trace, format, &mut file);
        let smaller = json.len() as f64 / file.len() as f64;
        let bytes = file.len() as f64 / events as f64;
        println!(
            "  {:<11} {bytes:>5.1} bytes an event of the model, {smaller:.1}× smaller than JSON",
            format.ending(),
        );
        let writing = best(rounds, || write(&trace, format, &mut io::sink()));
        let [of_writing, of_reading] = bars(format);
        speed("written", writing, [events, entries], of_writing);
        let reading = best(rounds, || {
            black_box(format::read(&file[..]).expect("what was written"));
        });
        speed("read", reading, [events, entries], of_reading);
    }
    small(construct);
    memory(construct);
}

/// How much smaller than JSON files of few events are, of which what stands before the events is much.
fn small(construct: fn(u64) -> Trace) {
    for events in [EVENTS / 1_000, EVENTS / 100] {
        let trace = construct(events);
        let [json, protobuf] = [Format::Json, Format::Pftrace].map(|format| {
            let mut file = Vec::new();
            write(&trace, format, &mut file);
            file.len()
        });
        let smaller = json as f64 / protobuf as f64;
        println!(
            "  of {:>5} events pftrace is {smaller:.1}× smaller than JSON",
            self::events(&trace)
        );
    }
}

fn speed(what: &str, time: Duration, [events, entries]: [usize; 2], bar: Option<f64>) {
    let speed = |count: usize| count as f64 / time.as_secs_f64() / 1e6;
    let under = bar.filter(|bar| speed(entries) < *bar);
    let verdict = under.map_or_else(String::new, |bar| format!("   under the bar of {bar} M/s"));
    println!(
        "    {what:<8} {:>5.2} M events of the model a second, {:>5.2} M of the file{verdict}",
        speed(events),
        speed(entries),
    );
}

/// How much more memory writing takes of a trace that is four times as large.
fn memory(construct: fn(u64) -> Trace) {
    for format in [Format::Json, Format::Pftrace] {
        let mut grown = [EVENTS / 4, EVENTS].map(|events| {
            let trace = construct(events);
            grows(|| write(&trace, format, &mut io::sink()))
        });
        let [small, large] = grown.each_mut().map(|bytes| bytes.take());
        let text = |bytes: Option<u64>| {
            bytes.map_or("not measured here".to_owned(), |bytes| format!("{} kB", bytes >> 10))
        };
        println!(
            "  {:<11} writing takes {} of memory; of four times as many events, {}: {} for each more",
            format.ending(),
            text(small),
            text(large),
            small.zip(large).map_or("not measured here".to_owned(), |(small, large)| {
                format!("{:.0} bytes", large.saturating_sub(small) as f64 / (EVENTS * 3 / 4) as f64)
            }),
        );
    }
}

/// By how much the most memory that this process had grows, once it is reset.
fn grows(write: impl FnOnce()) -> Option<u64> {
    // Linux sets the mark back to what is used now.
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = peak_memory()?;
    write();
    Some(peak_memory()? - before)
}

fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn best(rounds: usize, mut f: impl FnMut()) -> Duration {
    (0..rounds).map(|_| support::elapsed(1, &mut f)).min().expect("a round")
}

fn write(trace: &Trace, format: Format, mut out: impl Write) {
    format::write(trace, &Annotations::default(), format, &mut out).expect("it takes everything");
}

fn events(trace: &Trace) -> usize {
    trace.lanes.iter().map(|lane| lane.events.len() + lane.watched.off_cpu.len()).sum()
}

/// Lines that are more than metadata.
fn entries(json: &[u8]) -> usize {
    json.split(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"{") && !line.starts_with(br#"{"ph":"M""#))
        .count()
}

/// With call sites as they are in reports.
fn sited(mut trace: Trace) -> Trace {
    let location = "src/workload/invert_tree.rs:124:5".to_owned();
    trace.sites = vec![Site { location }];
    for event in trace.lanes.iter_mut().flat_map(|lane| &mut lane.events) {
        match event {
            Event::Task(task) => task.site = Some(SiteId(0)),
            Event::Join(join) => join.site = Some(SiteId(0)),
            _ => {}
        }
    }
    trace
}

/// A task on each lane, full of joins.
fn joins(events: u64) -> Trace {
    let of_lane = events / u64::from(LANES);
    let lane = |index: u32| {
        let number = index + 1;
        let mut all = vec![Event::Task(task(number, 1, 0, of_lane * 1_000 + 1_000))];
        let mut last = 1;
        for at in 0..of_lane / 255 {
            let start = 100 + at * 255_000;
            tree(number, 1, [start, start + 250_000], 8, 0, &mut last, &mut all);
        }
        worker(number, index, all)
    };
    sited(trace(of_lane * 1_000 + 1_000, (0..LANES).map(lane).collect()))
}

/// A join with two in it, and so on; in the order of opening.
fn tree(
    lane: u32,
    of: u64,
    [start, end]: [u64; 2],
    levels: u32,
    depth: u32,
    last: &mut u64,
    events: &mut Vec<Event>,
) {
    if levels == 0 {
        return;
    }
    *last += 1;
    let middle = start + (end - start) / 2;
    let inner = (1 << (levels - 1)) - 1;
    let own = join(lane, *last, of, [start, middle, end]);
    events.push(Event::Join(Join { depth, first_joins: inner, second_joins: inner, ..own }));
    tree(lane, of, [start + 5, middle - 5], levels - 1, depth + 1, last, events);
    tree(lane, of, [middle + 5, end - 5], levels - 1, depth + 1, last, events);
}

/// One task after the other; every fourth one was stolen from the one before on the lane before.
fn tasks(events: u64) -> Trace {
    let of_lane = events / u64::from(LANES);
    let lane =
        |index: u32| worker(index + 1, index, (0..of_lane).map(|at| nth(index, at)).collect());
    sited(trace(of_lane * 10_000 + 10_000, (0..LANES).map(lane).collect()))
}

fn nth(index: u32, at: u64) -> Event {
    let (number, start) = (index + 1, at * 10_000 + u64::from(index) * 7);
    let own = task(number, at + 1, start + 100, start + 9_000);
    let victim = (number + LANES - 2) % LANES + 1;
    Event::Task(match at % 4 {
        1 => stolen(own, id(victim, at), start - 5_000),
        _ => Task { origin: Origin::Local, pushed: Some(Nanos(start + 40)), ..own },
    })
}

/// Tasks with seven joins in each, and off the CPU for a while in each and between each two.
fn mixed(events: u64) -> Trace {
    let of_lane = events / u64::from(LANES) / 10;
    let lane = |index: u32| {
        let mut all = Vec::new();
        let mut last = of_lane + 1;
        for at in 0..of_lane {
            let task = nth(index, at);
            let (own, start) = (task.id().expect("a task's").sequence(), task.span().start.0);
            all.push(task);
            tree(index + 1, own, [start + 50, start + 8_000], 3, 0, &mut last, &mut all);
        }
        let off_cpu = (0..of_lane).flat_map(|at| off_cpu(at * 10_000)).collect();
        Lane { watched: Watched { off_cpu, ..Watched::default() }, ..worker(index + 1, index, all) }
    };
    sited(trace(of_lane * 10_000 + 10_000, (0..LANES).map(lane).collect()))
}

fn off_cpu(start: u64) -> [OffCpu; 2] {
    let off = |from, to, preempted| OffCpu {
        span: span(start + from, start + to),
        preempted,
        from_cpu: Some(3),
        to_cpu: Some(5),
    };
    [off(10, 60, false), off(3_000, 3_500, true)]
}
