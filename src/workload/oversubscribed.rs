//! `oversubscribed`: four workers for each thread that is asked for, which by default is one for each
//! CPU. The kernel lets one of them run at a time and stops the others, whatever they hold.

use super::mix::mix;
use super::outcome::Outcome;
use super::{Body, Definition, Diagnosis, Integer, Parameter, Settings, Variant, Verdict};
use crate::facade::prelude::*;

/// The workload.
pub static OVERSUBSCRIBED: Definition<Rounds> = Definition {
    name: "oversubscribed",
    about: "arithmetic in a pool of four workers for each thread asked for",
    parameters: &[Parameter::Integer(&SIZE)],
    variants: &[
        Variant::new("serial", "a plain loop", Body::Alone(Rounds::serial)),
        Variant::new("par", "a parallel iterator", Body::InPool(Rounds::parallel))
            .oversubscribed(4)
            .diagnosed(&[Diagnosis::new(Verdict::Queueing, &["oversubscribed"])]),
    ],
    coarser: &[],
    memory: None,
    quick: &[(&SIZE, 100_000)],
    prepare: Rounds::prepare,
    restore: |rounds| rounds.sum.check(),
};

static SIZE: Integer = Integer {
    name: "size",
    about: "items, of 1,000 rounds of arithmetic each",
    min: 1,
    max: 1_000_000_000,
    default: || 200_000,
};

/// For each item.
const ROUNDS: u64 = 1_000;

/// How many items there are, and what they come to.
#[derive(Debug)]
pub struct Rounds {
    size: u64,
    sum: Outcome<u64>,
}

impl Rounds {
    fn prepare(settings: &Settings) -> Self {
        let size = settings.integer(&SIZE);
        Self { size, sum: Outcome::new(serial(size)) }
    }

    fn serial(&mut self) {
        self.sum.set(serial(self.size));
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
