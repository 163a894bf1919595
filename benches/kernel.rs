//! What asking the kernel costs: making a worker ready, reading its counters, and the CPU time of a
//! whole program that does a bit of everything.
//!
//! The program takes turns with itself, recorded both times, with the kernel asked and not asked, in
//! the order no, yes, yes, no; the shorter of each two gives a ratio, and the median of the ratios is
//! what counts. Its time is the CPU time of the whole process, so that the thread that gathers what
//! the kernel says is in it.
//!
//! `cargo bench --bench kernel [-- --rounds 15 --threads 2]`

#![allow(clippy::print_stdout, reason = "a benchmark's output is its purpose")]
#![cfg(target_os = "linux")]

use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::linux::perf::{Plan, SwitchRing, Target, ThreadCounters, WORDS};
use rayprism::model::{Counter, SchedulingSource};

#[path = "support/mod.rs"]
mod support;

use support::{Arguments, paired};

/// What a recording gives each worker.
const RING_BYTES: usize = 256 << 10;

fn main() {
    let arguments = Arguments::parse(15, "auto");
    let plan = Plan::probe(Counter::ALL);
    for info in plan.infos() {
        println!("{}: {:?}", info.counter.name(), info.availability);
    }
    // An event is open throughout: the first one on an idle machine costs the kernel far more.
    let counters = ThreadCounters::open(&plan, Target::OwnThread).expect("own counters");
    set_up(&plan);
    read("through the kernel", |words| counters.read(words).map(black_box));
    read("by RDPMC where it may be", |words| counters.read_here(words).map(black_box));
    for &threads in &arguments.threads {
        whole_program(threads, arguments.rounds);
    }
}

fn set_up(plan: &Plan) {
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let start = Instant::now();
            let opened = (
                ThreadCounters::open(plan, Target::OwnThread),
                SwitchRing::open(Target::OwnThread, RING_BYTES),
            );
            let time = start.elapsed();
            drop(black_box(opened));
            time
        })
        .collect();
    times.sort();
    let [lower, median, upper] = [50, 100, 150].map(|at| times[at]);
    println!("making a worker ready: {median:.1?} ({lower:.1?} – {upper:.1?})");
}

fn read(way: &str, once: impl Fn(&mut [u64; WORDS]) -> std::io::Result<usize>) {
    const READINGS: u32 = 1_000;
    let mut words = [0; WORDS];
    let mut times: Vec<Duration> = (0..50)
        .map(|_| {
            let start = Instant::now();
            (0..READINGS).for_each(|_| drop(once(&mut words)));
            start.elapsed() / READINGS
        })
        .collect();
    times.sort();
    let [lower, median, upper] = [12, 25, 37].map(|at| times[at].as_nanos());
    println!("a reading of all counters {way}: {median} ns ({lower} – {upper})");
}

fn whole_program(threads: usize, rounds: usize) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let mut switches = 0;
    let pairs = paired(rounds, |asked| {
        let session = Session::builder().kernel(asked).start().expect("the only session");
        let before = process_cpu();
        pool.install(mixed);
        let time = process_cpu() - before;
        let trace = session.stop();
        let lanes = trace.lanes.iter().filter_map(|lane| lane.watched.scheduling.value());
        let records = lanes.filter(|lane| lane.source == SchedulingSource::SwitchRecords);
        let count = |lane: &rayprism::model::Scheduling| {
            lane.voluntary_switches.zip(lane.preemptions).map(|(own, other)| own + other)
        };
        switches = records.filter_map(count).sum::<u64>().max(switches);
        time
    });
    println!(
        "{threads} workers, CPU time of a mixed program: {} ({:.0?}, up to {switches} switches)",
        pairs.ratio(),
        pairs.plain(1)
    );
}

/// Long tasks and short ones, a lock that is fought for, sleeps, and a serial stretch.
fn mixed() {
    let lock = Mutex::new(0_u64);
    for round in 0..20_u64 {
        let sum: u64 = (0..20_000_u64).into_par_iter().map(|n| work(n ^ round)).sum();
        (0..2_000_u32).into_par_iter().with_max_len(1).map(u64::from).for_each(|n| {
            let mut total = lock.lock().expect("not poisoned");
            *total = total.wrapping_add(work(n));
        });
        tree(10);
        rayon::join(
            || std::thread::sleep(Duration::from_micros(200)),
            || std::thread::sleep(Duration::from_micros(200)),
        );
        black_box(work(sum));
    }
}

fn tree(depth: u32) {
    if depth == 0 {
        black_box(work(7));
        return;
    }
    rayon::join(|| tree(depth - 1), || tree(depth - 1));
}

/// About 0.3 µs.
fn work(seed: u64) -> u64 {
    (0..250_u64).fold(seed, |state, n| state.wrapping_mul(6_364_136_223_846_793_005) ^ n)
}

fn process_cpu() -> Duration {
    Duration::from_nanos(rayprism::linux::process_cpu().expect("Linux keeps it").0)
}
