//! Whether the advised cut-off is a good one: `invert-tree` with joins down to each depth takes turns,
//! so that a machine that changes its speed changes it for all. The advice is taken from the report of
//! the naive variant, recorded in between.
//!
//! The bar: at the advised cut-off at least 90 % of the speed of the best one. By the medians of the
//! rounds, and by the shortest: now and then the kernel wakes both workers on one CPU, which costs a
//! time slice of some milliseconds, whatever the cut-off.
//!
//! `cargo bench --bench cutoff [-- --rounds 15 --depth 23 --threads 2]`

#![allow(clippy::print_stdout, reason = "a benchmark's output is its purpose")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::finding::{Advice, Finding};
use rayprism::report::Report;

#[path = "support/mod.rs"]
mod support;

use support::Arguments;

fn main() {
    let arguments = Arguments::parse(15, "auto");
    for &threads in &arguments.threads {
        compare(threads, arguments.depth, arguments.rounds);
    }
}

fn compare(threads: usize, depth: u32, rounds: usize) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let mut tree = build(depth);
    let findings = findings(&pool, &mut tree);
    let mut times = vec![Vec::new(); depth as usize + 1];
    for _ in 0..rounds {
        for (cutoff, times) in times.iter_mut().enumerate() {
            // Twice, so that the tree is as it was.
            let start = Instant::now();
            pool.install(|| invert(&mut tree, cutoff as u32));
            times.push(start.elapsed());
            invert(&mut tree, 0);
        }
    }
    black_box(&tree);
    times.iter_mut().for_each(|times| times.sort_unstable());
    let medians: Vec<Duration> = times.iter().map(|times| times[rounds / 2]).collect();
    let shortest: Vec<Duration> = times.iter().map(|times| times[0]).collect();
    println!("depth {depth}, {threads} workers, median and shortest of {rounds} rounds");
    for (cutoff, (median, shortest)) in medians.iter().zip(&shortest).enumerate() {
        let [median, shortest] = [median, shortest].map(|time| time.as_secs_f64() * 1e3);
        println!("  cut-off {cutoff:2}  {median:8.2} ms  {shortest:8.2} ms");
    }
    let Some((from, at, to)) = advised(&findings) else {
        println!("  nothing was advised");
        return;
    };
    let share = |times: &[Duration]| {
        let best = times.iter().min().expect("a depth");
        100.0 * best.as_secs_f64() / times[at as usize].as_secs_f64()
    };
    let [median, shortest] = [share(&medians), share(&shortest)];
    println!(
        "  advised {from} to {to}; at {at}: {median:.0} % of the best speed by the medians, {shortest:.0} % by the shortest"
    );
}

/// The findings on the naive variant, in a pool that is warm.
fn findings(pool: &rayon::ThreadPool, tree: &mut Link) -> Vec<Finding> {
    pool.install(|| invert(tree, 0));
    let session = Session::builder().start().expect("no other session");
    pool.install(|| invert(tree, u32::MAX));
    let report = Report::of(&session.stop()).expect("a sound recording");
    report.findings
}

fn advised(findings: &[Finding]) -> Option<(u32, u64, u32)> {
    findings.iter().find_map(|finding| match (finding.advice, finding.predicted) {
        (Some(Advice::CutOff { from, to }), Some(predicted)) => Some((from, predicted.at, to)),
        _ => None,
    })
}

type Link = Option<Box<Node>>;

struct Node {
    left: Link,
    right: Link,
}

fn build(levels: u32) -> Link {
    let below = levels.checked_sub(1)?;
    Some(Box::new(Node { left: build(below), right: build(below) }))
}

/// Joins on so many levels, plain calls below.
fn invert(link: &mut Link, joins: u32) {
    let Some(node) = link else { return };
    std::mem::swap(&mut node.left, &mut node.right);
    let Node { left, right } = &mut **node;
    match joins.checked_sub(1) {
        Some(below) => {
            rayon::join(|| invert(left, below), || invert(right, below));
        }
        None => {
            invert(left, 0);
            invert(right, 0);
        }
    }
}
