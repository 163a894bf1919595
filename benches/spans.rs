//! What it costs that others may listen: a parallel iterator of 10,000 leaves, recorded by the
//! facade while nobody listens, and while somebody does, against rayon.
//!
//! The two sides take turns, as in the benchmark `iterators`. Where nobody listens there is a bar,
//! and a case that is over it says so; so is there for a subscriber that wants none of rayprism's
//! spans, and for `rayprism::layer()`, which takes the program's own.
//!
//! `cargo bench --bench spans [-- --rounds 31 --threads 1,2 --levels auto]`

#![allow(clippy::print_stdout, reason = "a benchmark's output is its purpose")]

use std::hint::black_box;
use std::time::Duration;

use rayprism::facade;
use rayprism::facade::real;
use rayprism::model::Detail;
use tracing::Dispatch;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

#[path = "support/mod.rs"]
mod support;

use support::{Arguments, elapsed, kind_of_time, paired, recording};

const LEAVES: usize = 10_000;
const ITEMS: usize = 1_000;
const BAR: f64 = 1.01;

/// Who listens.
struct Case {
    name: &'static str,
    bar: Option<f64>,
    subscriber: fn() -> Dispatch,
}

const CASES: [Case; 4] = [
    Case { name: "nobody", bar: Some(BAR), subscriber: Dispatch::none },
    Case {
        name: "somebody else",
        bar: Some(BAR),
        subscriber: || {
            let layer = tracing_subscriber::fmt::layer().with_filter(LevelFilter::INFO);
            tracing_subscriber::registry().with(layer).into()
        },
    },
    Case {
        name: "rayprism::layer()",
        bar: Some(BAR),
        subscriber: || tracing_subscriber::registry().with(rayprism::layer()).into(),
    },
    Case {
        name: "a registry",
        bar: None,
        subscriber: || tracing_subscriber::registry().into(),
    },
];

fn work(item: u64) -> u64 {
    (0..8).fold(item, |sum, n| black_box(sum ^ n).rotate_left(5).wrapping_mul(0x9e37_79b9))
}

macro_rules! operation {
    ($name:ident, $rayon:ident) => {
        fn $name(items: &[u64]) -> u64 {
            use $rayon::prelude::*;
            items.par_chunks(ITEMS).with_max_len(1).map(|chunk| {
                chunk.iter().fold(0_u64, |sum, item| sum.wrapping_add(work(*item)))
            }).reduce(|| 0, u64::wrapping_add)
        }
    };
}

operation!(plain, real);
operation!(recorded, facade);

fn main() {
    let arguments = Arguments::parse(21, "auto");
    let items: Vec<u64> = (0..(LEAVES * ITEMS) as u64).collect();
    assert_eq!(plain(&items), recorded(&items));
    for &threads in &arguments.threads {
        println!("{LEAVES} leaves, {threads} workers, {}", kind_of_time(threads));
        let pools = (
            real::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool"),
            facade::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool"),
        );
        for case in CASES.iter().filter(|case| wanted(&arguments, case.name)) {
            for &level in arguments.levels.iter().filter(|level| **level != Detail::Off) {
                measure(case, level, threads, &pools, &items, &arguments);
            }
        }
    }
}

fn wanted(arguments: &Arguments, name: &str) -> bool {
    arguments.names.is_empty() || arguments.names.iter().any(|wanted| wanted == name)
}

fn measure(
    case: &Case,
    level: Detail,
    threads: usize,
    (rayon, facade): &(real::ThreadPool, facade::ThreadPool),
    items: &[u64],
    arguments: &Arguments,
) {
    let subscriber = (case.subscriber)();
    // A subscriber that is gone may still be asked for until somebody looks.
    tracing::callsite::rebuild_interest_cache();
    let once = |is_recorded: bool| -> Duration {
        if is_recorded == arguments.null || !is_recorded {
            return rayon.install(|| elapsed(threads, || drop(black_box(plain(items)))));
        }
        tracing::dispatcher::with_default(&subscriber, || {
            let run = || facade.install(|| elapsed(threads, || drop(black_box(recorded(items)))));
            recording(level, run).0
        })
    };
    once(true);
    let ratio = paired(arguments.rounds, once).ratio();
    let over = case.bar.filter(|bar| ratio.0.median > *bar);
    let verdict = over.map_or_else(String::new, |bar| format!("   over the bar of {bar}×"));
    println!("  {:<20} {level:?}   {ratio}{verdict}", case.name);
}
