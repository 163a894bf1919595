//! `reduce`: sum, least and greatest of many numbers, as reductions: partial results are combined in
//! a tree.

use super::mix::random;
use super::outcome::Outcome;
use super::{
    Body, Definition, Diagnosis, Integer, MEMORY, Memory, Parameter, SHARED_MEMORY, Settings,
    Variant,
};
use crate::facade::prelude::*;

/// The workload.
pub static REDUCE: Definition<Numbers> = Definition {
    name: "reduce",
    about: "sum, least and greatest of many numbers",
    parameters: &[Parameter::Integer(&SIZE)],
    variants: &[
        Variant::new("serial", "three plain iterators", Body::Alone(Numbers::serial)),
        Variant::new(
            "par-iter",
            "three parallel iterators: `reduce`, `min`, `max`",
            Body::InPool(Numbers::iterators),
        )
        .diagnosed(&[Diagnosis::HEALTHY.or(&[SHARED_MEMORY], MEMORY)]),
        Variant::new(
            "fold-reduce",
            "the same by hand: `fold` in each task, `reduce` of what the tasks found",
            Body::InPool(Numbers::folds),
        )
        .diagnosed(&[Diagnosis::HEALTHY.or(&[SHARED_MEMORY], MEMORY)]),
    ],
    coarser: &[],
    memory: Some(Memory { bytes: |settings| settings.integer(&SIZE) * 8, grows_with: &SIZE }),
    quick: &[(&SIZE, 10_000_000)],
    prepare: Numbers::prepare,
    restore: |numbers| numbers.found.check(),
};

static SIZE: Integer = Integer {
    name: "size",
    about: "numbers",
    min: 1,
    max: 100_000_000_000,
    default: || 40_000_000,
};

/// The numbers, and what they come to.
#[derive(Debug)]
pub struct Numbers {
    numbers: Vec<u64>,
    found: Outcome<Found>,
}

/// Sum, least and greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    sum: u64,
    least: u64,
    greatest: u64,
}

/// A reduction: what it is of no numbers, and how two of its results are combined.
type Reduction = (u64, fn(u64, u64) -> u64);

const SUM: Reduction = (0, u64::wrapping_add);
const LEAST: Reduction = (u64::MAX, u64::min);
const GREATEST: Reduction = (0, u64::max);

impl Numbers {
    fn prepare(settings: &Settings) -> Self {
        let numbers: Vec<u64> = (0..settings.integer(&SIZE)).map(random).collect();
        let found = Outcome::new(serial(&numbers));
        Self { numbers, found }
    }

    fn serial(&mut self) {
        self.found.set(serial(&self.numbers));
    }

    fn iterators(&mut self) {
        let numbers = || self.numbers.par_iter().copied();
        let found = Found {
            sum: numbers().reduce(|| SUM.0, u64::wrapping_add),
            least: numbers().min().unwrap_or(LEAST.0),
            greatest: numbers().max().unwrap_or(GREATEST.0),
        };
        self.found.set(found);
    }

    fn folds(&mut self) {
        let numbers = || self.numbers.par_iter().copied();
        let found = Found {
            sum: numbers().fold(|| SUM.0, u64::wrapping_add).reduce(|| SUM.0, SUM.1),
            least: numbers().fold(|| LEAST.0, u64::min).reduce(|| LEAST.0, LEAST.1),
            greatest: numbers().fold(|| GREATEST.0, u64::max).reduce(|| GREATEST.0, GREATEST.1),
        };
        self.found.set(found);
    }
}

fn serial(numbers: &[u64]) -> Found {
    let numbers = || numbers.iter().copied();
    Found {
        sum: numbers().fold(SUM.0, u64::wrapping_add),
        least: numbers().fold(LEAST.0, u64::min),
        greatest: numbers().fold(GREATEST.0, u64::max),
    }
}
