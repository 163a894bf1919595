//! `slow-producer`: items come from a serial iterator that takes longer for each than its consumer.
//! Under `par_bridge` workers wait for the iterator; collecting first makes the serial part plain.

use super::mix::mix;
use super::outcome::Outcome;
use super::{Body, Definition, Diagnosis, Integer, Memory, Parameter, Settings, Variant, Verdict};
use crate::facade::prelude::*;

/// The workload.
pub static SLOW_PRODUCER: Definition<Pipeline> = Definition {
    name: "slow-producer",
    about: "consume what a slow serial iterator produces",
    parameters: &[Parameter::Integer(&SIZE), Parameter::Integer(&RATIO)],
    variants: &[
        Variant::new("serial", "a plain loop", Body::Alone(Pipeline::serial)),
        Variant::new(
            "par-bridge",
            "`par_bridge` over the iterator, which one worker at a time can call",
            Body::InPool(Pipeline::bridged),
        )
        .diagnosed(&[Diagnosis::new(Verdict::Parallelism, &["slow-producer"])]),
        Variant::new(
            "collect-then-par",
            "all items are produced first, then consumed in parallel",
            Body::InPool(Pipeline::collected),
        )
        .diagnosed(&[Diagnosis::new(Verdict::Parallelism, &["serial-fraction"])]),
    ],
    coarser: &[],
    memory: Some(Memory { bytes: |settings| settings.integer(&SIZE) * 16, grows_with: &SIZE }),
    quick: &[(&SIZE, 10_000)],
    prepare: Pipeline::prepare,
    restore: |pipeline| pipeline.sum.check(),
};

static SIZE: Integer =
    Integer { name: "size", about: "items", min: 1, max: 1_000_000_000, default: || 20_000 };

static RATIO: Integer = Integer {
    name: "ratio",
    about: "how many times as long as its consumer the producer takes",
    min: 1,
    max: 1_000,
    default: || 3,
};

/// Rounds of arithmetic with which an item is consumed.
const CONSUME: u64 = 500;

/// How many items there are, and what they come to.
#[derive(Debug)]
pub struct Pipeline {
    size: u64,
    ratio: u64,
    sum: Outcome<u64>,
}

impl Pipeline {
    fn prepare(settings: &Settings) -> Self {
        let (size, ratio) = (settings.integer(&SIZE), settings.integer(&RATIO));
        Self { size, ratio, sum: Outcome::new(serial(size, ratio)) }
    }

    fn serial(&mut self) {
        self.sum.set(serial(self.size, self.ratio));
    }

    fn bridged(&mut self) {
        let consumed = producer(self.size, self.ratio).par_bridge().map(consume);
        self.sum.set(consumed.reduce(|| 0, u64::wrapping_add));
    }

    fn collected(&mut self) {
        let items: Vec<u64> = producer(self.size, self.ratio).collect();
        self.sum.set(items.into_par_iter().map(consume).reduce(|| 0, u64::wrapping_add));
    }
}

fn producer(size: u64, ratio: u64) -> impl Iterator<Item = u64> + Send {
    (0..size).map(move |item| mix(item, CONSUME * ratio))
}

fn consume(item: u64) -> u64 {
    mix(item, CONSUME)
}

fn serial(size: u64, ratio: u64) -> u64 {
    producer(size, ratio).map(consume).fold(0, u64::wrapping_add)
}
