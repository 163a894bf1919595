//! `false-sharing`: each worker counts in a counter of its own. Packed, the counters lie in the same
//! cache lines, which go to and fro between the cores though nobody reads what another one writes.

use std::sync::atomic::{AtomicU64, Ordering};

use super::outcome::Outcome;
use super::{Body, Definition, Diagnosis, Integer, Parameter, Settings, Variant, Verdict};
use crate::facade::current_thread_index;
use crate::facade::prelude::*;

/// The workload.
pub static FALSE_SHARING: Definition<Counters> = Definition {
    name: "false-sharing",
    about: "count in one counter for each worker, next to each other or apart",
    parameters: &[Parameter::Integer(&SIZE)],
    variants: &[
        Variant::new("serial", "one counter", Body::Alone(Counters::serial)),
        Variant::new(
            "packed",
            "counters side by side in one cache line",
            Body::InPool(Counters::packed),
        )
        .diagnosed(&[Diagnosis::new(
            Verdict::Contention,
            &["memory-bound-inflation", "false-sharing-suspicion"],
        )]),
        Variant::new("padded", "each counter in lines of its own", Body::InPool(Counters::padded))
            .diagnosed(&[Diagnosis::HEALTHY]),
    ],
    coarser: &[],
    memory: None,
    quick: &[(&SIZE, 20_000_000)],
    prepare: Counters::prepare,
    restore: |counters| counters.count.check(),
};

static SIZE: Integer = Integer {
    name: "size",
    about: "increments",
    min: 1,
    max: 1_000_000_000_000,
    default: || 50_000_000,
};

/// Counters that are there: as many as there may be workers.
const COUNTERS: usize = 1_024;

/// Pieces into which the increments are divided.
const PIECES: u64 = 1_024;

/// The counters, and how far they should count.
#[derive(Debug)]
pub struct Counters {
    size: u64,
    packed: Vec<AtomicU64>,
    padded: Vec<Padded>,
    count: Outcome<u64>,
}

/// A counter that shares no line with another one: CPUs fetch two lines of 64 bytes at once, or have
/// lines of 128.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded(AtomicU64);

impl Counters {
    fn prepare(settings: &Settings) -> Self {
        let size = settings.integer(&SIZE);
        Self {
            size,
            packed: (0..COUNTERS).map(|_| AtomicU64::default()).collect(),
            padded: (0..COUNTERS).map(|_| Padded::default()).collect(),
            count: Outcome::new(size),
        }
    }

    fn serial(&mut self) {
        (0..PIECES).for_each(|piece| count(&self.padded[0].0, length(self.size, piece)));
        self.gather();
    }

    fn packed(&mut self) {
        let Self { size, packed, .. } = self;
        (0..PIECES)
            .into_par_iter()
            .for_each(|piece| count(&packed[own_counter()], length(*size, piece)));
        self.gather();
    }

    fn padded(&mut self) {
        let Self { size, padded, .. } = self;
        (0..PIECES)
            .into_par_iter()
            .for_each(|piece| count(&padded[own_counter()].0, length(*size, piece)));
        self.gather();
    }

    /// Takes what was counted out of all counters.
    fn gather(&mut self) {
        let padded = self.padded.iter_mut().map(|padded| &mut padded.0);
        let counters = self.packed.iter_mut().chain(padded);
        let counts = counters.map(|counter| std::mem::take(counter.get_mut()));
        self.count.set(counts.sum());
    }
}

fn own_counter() -> usize {
    current_thread_index().unwrap_or(0)
}

/// The increments of one piece; together they are all.
fn length(size: u64, piece: u64) -> u64 {
    size / PIECES + u64::from(piece < size % PIECES)
}

/// Each increment is written to memory. The counter's worker is the only one that writes to it, so
/// that nothing is lost between reading and writing.
fn count(counter: &AtomicU64, times: u64) {
    for _ in 0..times {
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}
