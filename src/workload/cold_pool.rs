//! `cold-pool`: the same short piece of work in a pool that is started for it, and in one that is
//! there.

use super::mix::mix;
use super::outcome::Outcome;
use super::{
    Body, Definition, Diagnosis, Expected, Integer, Parameter, Settings, Variant, Verdict,
};
use crate::facade::ThreadPoolBuilder;
use crate::facade::prelude::*;

/// The workload.
pub static COLD_POOL: Definition<Piece> = Definition {
    name: "cold-pool",
    about: "a short piece of work in a pool that is started for it, or is there",
    parameters: &[Parameter::Integer(&SIZE)],
    variants: &[
        Variant::new("serial", "a plain loop", Body::Alone(Piece::serial)),
        Variant::new("cold", "in a pool that is started for it", Body::OwnThreads(Piece::cold))
            .diagnosed(&[Diagnosis::new(Verdict::Undecided, &["pool-start-dominates"])
                .or(
                    &[Expected::new(Verdict::Queueing, &["injected-from-outside"])],
                    "as the kernel is slow to make threads, or to run them",
                )
                .at(&[(&SIZE, 10)])]),
        Variant::new("warm", "in a pool that is there", Body::InPool(Piece::parallel)).diagnosed(
            &[
                Diagnosis::new(Verdict::Queueing, &["injected-from-outside"]).at(&[(&SIZE, 10)]),
                Diagnosis::HEALTHY.at(&[(&SIZE, 20_000)]),
            ],
        ),
    ],
    coarser: &[],
    memory: None,
    quick: &[],
    prepare: Piece::prepare,
    restore: |piece| piece.sum.check(),
};

static SIZE: Integer = Integer {
    name: "size",
    about: "items, of 1,000 rounds of arithmetic each",
    min: 1,
    max: 1_000_000_000,
    default: || 100,
};

/// For each item.
const ROUNDS: u64 = 1_000;

/// How many items there are, and what they come to.
#[derive(Debug)]
pub struct Piece {
    size: u64,
    sum: Outcome<u64>,
}

impl Piece {
    fn prepare(settings: &Settings) -> Self {
        let size = settings.integer(&SIZE);
        Self { size, sum: Outcome::new(serial(size)) }
    }

    fn serial(&mut self) {
        self.sum.set(serial(self.size));
    }

    fn cold(&mut self, threads: usize) {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        // Where so many threads cannot be started there is no result, which is a failure.
        if let Ok(pool) = pool {
            pool.install(|| self.parallel());
        }
    }

    fn parallel(&mut self) {
        let values = (0..self.size).into_par_iter().map(value);
        self.sum.set(values.reduce(|| 0, u64::wrapping_add));
    }
}

fn serial(size: u64) -> u64 {
    (0..size).map(value).fold(0, u64::wrapping_add)
}

fn value(item: u64) -> u64 {
    mix(item, ROUNDS)
}
