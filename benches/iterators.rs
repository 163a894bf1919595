//! What recording parallel iterators costs: the facade against rayon, case by case.
//!
//! Both sides are compiled from the same source. They take turns in one process, each in a pool of
//! its own, in the order plain, recorded, recorded, plain; the shorter of each two gives a ratio,
//! and the median of the ratios is what counts. With one worker a time is the worker's CPU time,
//! with more it is wall time. A case that is over its bar says so. `--null` has rayon on both sides:
//! what the machine makes of no difference at all.
//!
//! `cargo bench --bench iterators [-- CASE… --rounds 31 --threads 1,2 --levels auto --null]`

#![allow(clippy::print_stdout, reason = "a benchmark's output is its purpose")]
#![allow(clippy::duplicate_mod, reason = "the operations are compiled once for each side")]

use std::hint::black_box;
use std::time::Duration;

use rayprism::facade;
use rayprism::facade::real;
use rayprism::model::{Detail, Trace};

#[path = "iterators/data.rs"]
mod data;
#[path = "iterators/plain.rs"]
mod plain;
#[path = "iterators/recorded.rs"]
mod recorded;
#[path = "support/mod.rs"]
mod support;

use data::Data;
use support::{Arguments, Pairs, elapsed, kind_of_time, paired, recording};

/// What is measured, and what it may cost.
struct Case {
    name: &'static str,
    bar: Bar,
    /// Operations in a measurement: enough for some milliseconds.
    operations: u64,
    /// What the difference is told by, and how many of it an operation has.
    each: Option<(&'static str, u64)>,
    plain: Operation,
    recorded: Operation,
}

type Operation = fn(&mut Data) -> u64;

/// What the median must not exceed.
enum Bar {
    None,
    /// Recorded to plain.
    Ratio(f64),
    /// Nanoseconds more, of each.
    More(f64),
}

macro_rules! case {
    ($name:literal, $function:ident, $operations:literal, $bar:expr, $each:expr) => {
        Case {
            name: $name,
            bar: $bar,
            operations: $operations,
            each: $each,
            plain: plain::operations::$function,
            recorded: recorded::operations::$function,
        }
    };
}

const OPERATION: Option<(&str, u64)> = Some(("operation", 1));
const LEAF: Option<(&str, u64)> = Some(("leaf", 1_000_000));
const ITEM: Option<(&str, u64)> = Some(("item", 20_000));

const CASES: [Case; 15] = [
    case!("map-sum", map_sum, 1, Bar::Ratio(1.01), None),
    case!("ten-items", ten_items, 200_000, Bar::More(80.0), OPERATION),
    case!("thousand-items", thousand_items, 10_000, Bar::None, OPERATION),
    case!("filter-count", filter_count, 1, Bar::Ratio(1.03), None),
    case!("zip-for-each", zip_for_each, 1, Bar::Ratio(1.03), None),
    case!("par-chunks", par_chunks, 1, Bar::Ratio(1.03), None),
    case!("enumerate-max", enumerate_max, 1, Bar::Ratio(1.05), None),
    case!("step-by", step_by, 50, Bar::None, OPERATION),
    case!("rev", rev, 1, Bar::None, None),
    case!("chunks", chunks, 1, Bar::None, None),
    case!("skip-take", skip_take, 1, Bar::None, None),
    case!("enumerate-collect", enumerate_collect, 10, Bar::None, None),
    case!("with-max-len-1", with_max_len_1, 1, Bar::None, LEAF),
    case!("bridge", bridge, 10, Bar::None, ITEM),
    case!("sort", sort, 1, Bar::None, None),
];

/// The two sides' pools. Plain rayon's are two, for a comparison with itself.
struct Bench {
    threads: usize,
    plain: [real::ThreadPool; 2],
    recorded: facade::ThreadPool,
    data: Data,
}

impl Bench {
    fn new(threads: usize) -> Self {
        let plain = || real::ThreadPoolBuilder::new().num_threads(threads).build();
        let recorded = facade::ThreadPoolBuilder::new().num_threads(threads).build();
        Self {
            threads,
            plain: [plain().expect("a pool"), plain().expect("a pool")],
            recorded: recorded.expect("a pool"),
            data: Data::new(),
        }
    }

    fn plain(&mut self, pool: usize, case: &Case) -> Duration {
        let Self { threads, plain, data, .. } = self;
        data.renew();
        plain[pool].install(|| elapsed(*threads, || repeat(case.plain, case.operations, data)))
    }

    fn recorded(&mut self, case: &Case, detail: Detail) -> (Duration, Option<Trace>) {
        let Self { threads, recorded, data, .. } = self;
        data.renew();
        recording(detail, || {
            let operation = || repeat(case.recorded, case.operations, data);
            recorded.install(|| elapsed(*threads, operation))
        })
    }

    /// What both sides compute must be the same.
    fn assert_equal(&mut self, case: &Case) {
        let Self { plain: [pool, _], recorded, data, .. } = self;
        data.renew();
        let expected = pool.install(|| (case.plain)(data));
        data.renew();
        assert_eq!(recorded.install(|| (case.recorded)(data)), expected, "{}", case.name);
    }
}

fn repeat(operation: Operation, times: u64, data: &mut Data) {
    for _ in 0..times {
        black_box(operation(black_box(data)));
    }
}

fn main() {
    let arguments = Arguments::parse(31, "auto");
    for name in &arguments.names {
        assert!(CASES.iter().any(|case| case.name == name), "no such case: {name}");
    }
    for &threads in &arguments.threads {
        let mut bench = Bench::new(threads);
        if arguments.null {
            print_head(&arguments, threads, "plain rayon on both sides");
            print_null(&arguments, &mut bench);
            continue;
        }
        for &detail in &arguments.levels {
            print_head(&arguments, threads, &format!("{detail:?}"));
            print_recorded(&arguments, &mut bench, detail);
        }
    }
}

fn wanted(arguments: &Arguments) -> impl Iterator<Item = &'static Case> {
    let all = arguments.names.is_empty();
    CASES.iter().filter(move |case| all || arguments.names.iter().any(|name| name == case.name))
}

fn print_null(arguments: &Arguments, bench: &mut Bench) {
    for case in wanted(arguments) {
        let pairs = paired(arguments.rounds, |second| bench.plain(usize::from(second), case));
        print_row(case, &pairs, None);
    }
}

fn print_recorded(arguments: &Arguments, bench: &mut Bench, detail: Detail) {
    for case in wanted(arguments) {
        bench.assert_equal(case);
        let mut last = None;
        let pairs = paired(arguments.rounds, |recorded| {
            if !recorded {
                return bench.plain(0, case);
            }
            let (time, trace) = bench.recorded(case, detail);
            last = trace;
            time
        });
        print_row(case, &pairs, last.as_ref());
    }
}

fn print_head(arguments: &Arguments, threads: usize, sides: &str) {
    let (time, rounds) = (kind_of_time(threads), arguments.rounds);
    let workers = if threads == 1 { "worker" } else { "workers" };
    println!("{sides}: {threads} {workers}, {time}, {rounds} rounds");
    println!(
        "  {:<18} {:>9}  {:>9}  {:<22} {:>6}  more",
        "case", "bar", "plain", "ratio", "events"
    );
}

fn print_row(case: &Case, pairs: &Pairs, trace: Option<&Trace>) {
    let (each, count) = case.each.unwrap_or(("", 1));
    let (ratio, more) = (pairs.ratio(), pairs.more(case.operations * count));
    let (bar, over) = match case.bar {
        Bar::None => (String::new(), false),
        Bar::Ratio(bar) => (format!("≤ {bar:.2}×"), ratio.0.median > bar),
        Bar::More(bar) => (format!("≤ +{bar} ns"), more.0.median > bar),
    };
    // Kept of one measurement; nothing, where nothing was recorded.
    let events = trace.map(|trace| trace.lanes.iter().map(|lane| lane.events.len()).sum());
    let events = events.map_or(String::new(), |events: usize| events.to_string());
    let more = case.each.map_or(String::new(), |_| format!("{more} per {each}"));
    let over = if over { "  OVER THE BAR" } else { "" };
    let (name, plain) = (case.name, format!("{:.1?}", pairs.plain(case.operations)));
    let row = format!("  {name:<18} {bar:>9}  {plain:>9}  {ratio:<22} {events:>6}  {more}{over}");
    println!("{}", row.trim_end());
}
