//! Does as many joins, spawns or items as it is told: `app tree 10`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let [_, what, size] = &words[..] else { panic!("app WHAT SIZE") };
    let size: u64 = size.parse().expect("a number");
    let result = match &**what {
        "tree" => lib::nodes(size as u32),
        "own-pool" => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("a pool");
            pool.install(|| lib::nodes(size as u32))
        }
        "spawns" => spawns(size),
        "items" => {
            (0..size).into_par_iter().map(|item| item ^ 1).filter(|item| item % 2 == 0).sum()
        }
        "zip" => {
            let numbers: Vec<u64> = (0..size).collect();
            numbers.par_iter().zip(&numbers).map(|(a, b)| a * b).sum()
        }
        "small" => small(size),
        "nested" => (0..size).into_par_iter().map(|_| letters()).sum(),
        "bridge" => (0..size).par_bridge().sum(),
        "sort" => {
            let mut numbers: Vec<u64> =
                (0..size).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            numbers.par_sort_unstable();
            u64::from(numbers.windows(2).all(|pair| pair[0] <= pair[1]))
        }
        "steal" => steal(size),
        "latch" => latch(size),
        "pool" => in_pool(size),
        other => panic!("unknown: {other}"),
    };
    let shown = if cfg!(feature = "shout") { format!("{result}!") } else { result.to_string() };
    println!("{shown}");
}

#[cfg(feature = "broken")]
fn broken() -> u32 {
    "no number"
}

/// Iterators that are over at once, one after the other.
fn small(count: u64) -> u64 {
    let numbers: Vec<u64> = (0..10).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
    pool.install(|| (0..count).map(|_| numbers.par_iter().map(|number| number % 2).sum::<u64>()).sum())
}

fn letters() -> u64 {
    "one two three".par_split_whitespace().map(|word| word.len() as u64).sum()
}

/// What the methods of a pool do in it.
fn in_pool(size: u64) -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
    let (a, b) = pool.join(|| size, || 1);
    pool.scope(|_| pool.scope_fifo(|_| a + b))
}

/// Each spawn by itself, within scopes of ten.
fn spawns(count: u64) -> u64 {
    let done = AtomicU64::new(0);
    let done = &done;
    for _ in 0..count / 10 {
        rayon::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|_| {
                    done.fetch_add(1, Relaxed);
                });
            }
        });
    }
    done.load(Relaxed)
}

/// Joins whose second halves must be stolen, as the first ones wait for them.
fn steal(count: u64) -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
    pool.install(|| {
        (0..count)
            .map(|_| {
                let (tell, told) = std::sync::mpsc::channel();
                let waits = move || u64::from(told.recv().is_ok());
                rayon::join(waits, move || tell.send(()).expect("somebody waits")).0
            })
            .sum()
    })
}

/// Joins whose first halves end at once, while the second ones, which must be stolen, last until who
/// called the join has fallen asleep: it is woken when the half is done. Nothing that rayon offers tells
/// when a worker sleeps, but the kernel does, and a worker that has ended its half blocks nowhere else.
fn latch(count: u64) -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
    pool.install(|| {
        let caller = std::fs::read_link("/proc/thread-self").expect("Linux");
        let status = std::path::Path::new("/proc").join(caller).join("stat");
        let sleeps = || {
            let line = std::fs::read_to_string(&status).expect("the caller lives");
            line.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
        };
        (0..count)
            .map(|_| {
                let stolen = AtomicU64::new(0);
                let waits = || while stolen.load(Relaxed) == 0 {
                    std::thread::yield_now();
                };
                let lasts = || {
                    stolen.store(1, Relaxed);
                    while !sleeps() {
                        std::thread::yield_now();
                    }
                };
                rayon::join(waits, lasts);
                stolen.into_inner()
            })
            .sum()
    })
}
