//! What recording costs where it costs most: a join at every node of a perfect tree.
//!
//! Plain rayon and the facade take turns in one process, in the order plain, recorded, recorded,
//! plain; the shorter of each two gives a ratio, and the median of the ratios is what counts. One
//! inversion mirrors the tree's memory order, so each measurement is two. With one worker the
//! figure is the worker's CPU time, with more it is wall time.
//!
//! `cargo bench --bench join [-- --depth 23 --rounds 15 --threads 1,2 --levels off,count,auto,full]`

#![allow(clippy::print_stdout, reason = "a benchmark's output is its purpose")]

use std::hint::black_box;
use std::time::Duration;

use rayprism::facade as recorded;
use rayprism::facade::real as plain;
use rayprism::model::{Detail, Nanos, Trace};

#[path = "support/mod.rs"]
mod support;

use support::{Arguments, elapsed, paired, recording};

struct Node {
    left: Option<Box<Node>>,
    right: Option<Box<Node>>,
}

fn build(depth: u32) -> Option<Box<Node>> {
    (depth > 0).then(|| Box::new(Node { left: build(depth - 1), right: build(depth - 1) }))
}

macro_rules! inversion {
    ($name:ident, $join:path) => {
        fn $name(node: &mut Option<Box<Node>>) {
            if let Some(node) = node {
                std::mem::swap(&mut node.left, &mut node.right);
                let (left, right) = (&mut node.left, &mut node.right);
                $join(|| $name(left), || $name(right));
            }
        }
    };
}

inversion!(invert_plain, plain::join);
inversion!(invert_recorded, recorded::join);

struct Bench {
    pool: recorded::ThreadPool,
    tree: Option<Box<Node>>,
    threads: usize,
}

impl Bench {
    fn new(depth: u32, threads: usize) -> Self {
        let pool = recorded::ThreadPoolBuilder::new().num_threads(threads).build();
        Self { pool: pool.expect("a pool"), tree: build(depth), threads }
    }

    /// Two inversions, so that the tree is as before.
    fn measure(&mut self, invert: fn(&mut Option<Box<Node>>)) -> Duration {
        let Self { pool, tree, threads } = self;
        pool.install(|| {
            elapsed(*threads, || {
                invert(tree);
                invert(black_box(tree));
            })
        })
    }

    fn recorded(&mut self, detail: Detail) -> (Duration, Option<Trace>) {
        recording(detail, || self.measure(invert_recorded))
    }
}

fn main() {
    let arguments = Arguments::parse(15, "off,count,auto,full");
    for &threads in &arguments.threads {
        levels(&arguments, threads);
    }
    for &threads in arguments.threads.iter().filter(|_| arguments.wants(Detail::Full)) {
        full(&arguments, threads);
    }
}

fn levels(arguments: &Arguments, threads: usize) {
    let mut bench = Bench::new(arguments.depth, threads);
    let joins = 2 * ((1_u64 << arguments.depth) - 1);
    println!("depth {}, {threads} workers, {joins} joins a measurement", arguments.depth);
    let levels = [Detail::Off, Detail::Count, Detail::Auto];
    for detail in levels.into_iter().filter(|level| arguments.wants(*level)) {
        let mut last = None;
        let pairs = paired(arguments.rounds, |recorded| {
            if !recorded {
                return bench.measure(invert_plain);
            }
            let (time, trace) = bench.recorded(detail);
            last = trace;
            time
        });
        println!(
            "  {detail:?}: {}{}",
            pairs.ratio(),
            last.as_ref().map_or(String::new(), describe)
        );
        if let Some(trace) = last {
            assert_eq!(trace.counts().joins, joins, "{detail:?}");
        }
    }
}

/// `full` keeps every join: a tree that fits the buffers, and the cost per join.
fn full(arguments: &Arguments, threads: usize) {
    let depth = arguments.depth.min(18);
    let mut bench = Bench::new(depth, threads);
    let joins = 2 * ((1_u64 << depth) - 1);
    let mut last = None;
    let pairs = paired(arguments.rounds, |recorded| {
        if !recorded {
            return bench.measure(invert_plain);
        }
        let (time, trace) = bench.recorded(Detail::Full);
        last = trace;
        time
    });
    println!(
        "depth {depth}, {threads} workers, Full: {}, {:.1} ns of CPU time more per join",
        pairs.ratio(),
        pairs.more(joins).0.median * threads as f64,
    );
    let trace = last.expect("some rounds");
    println!("  {}", describe(&trace));
    assert_eq!(trace.counts().joins, joins);
}

fn describe(trace: &Trace) -> String {
    let counts = trace.counts();
    let events: usize = trace.lanes.iter().map(|lane| lane.events.len()).sum();
    let megabytes = events as f64 * 64.0 / 1e6;
    let Nanos(duration) = trace.header.duration;
    format!(
        "; {} joins, {} timed, {events} events kept ({megabytes:.1} MB) in {:.1} ms, {} steals, ≤ {} more",
        counts.joins,
        counts.timed_joins,
        duration as f64 / 1e6,
        counts.steals,
        counts.migrated,
    )
}
