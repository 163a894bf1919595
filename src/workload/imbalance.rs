//! `imbalance`: a triangular loop, whose item i takes i rounds of arithmetic. As many equal chunks as
//! there are workers leave all but the last one without work in the end.

use super::mix::mix;
use super::outcome::Outcome;
use super::{Body, Definition, Diagnosis, Integer, Parameter, Settings, Variant, Verdict};
use crate::facade::current_num_threads;
use crate::facade::prelude::*;

/// The workload.
pub static IMBALANCE: Definition<Triangle> = Definition {
    name: "imbalance",
    about: "a triangular loop: item i takes i rounds of arithmetic",
    parameters: &[Parameter::Integer(&SIZE)],
    variants: &[
        Variant::new("serial", "a plain loop", Body::Alone(Triangle::serial)),
        Variant::new(
            "static-chunks",
            "as many chunks of equal length as there are workers",
            Body::InPool(Triangle::static_chunks),
        )
        .diagnosed(&[Diagnosis::new(Verdict::Parallelism, &["imbalance-at-the-tail"])]),
        Variant::new(
            "par-iter",
            "a parallel iterator, which splits what is stolen",
            Body::InPool(Triangle::parallel),
        )
        .diagnosed(&[Diagnosis::HEALTHY]),
    ],
    coarser: &[],
    memory: None,
    quick: &[(&SIZE, 6_000)],
    prepare: Triangle::prepare,
    restore: |triangle| triangle.sum.check(),
};

static SIZE: Integer =
    Integer { name: "size", about: "items", min: 1, max: 10_000_000, default: || 8_000 };

/// How many items there are, and what they come to.
#[derive(Debug)]
pub struct Triangle {
    size: u64,
    sum: Outcome<u64>,
}

impl Triangle {
    fn prepare(settings: &Settings) -> Self {
        let size = settings.integer(&SIZE);
        Self { size, sum: Outcome::new(sum(0, size)) }
    }

    fn serial(&mut self) {
        self.sum.set(sum(0, self.size));
    }

    fn static_chunks(&mut self) {
        let (size, workers) = (self.size, current_num_threads());
        let chunks = (0..workers).into_par_iter().with_max_len(1);
        let start = |chunk: usize| chunk as u64 * size / workers as u64;
        let sums = chunks.map(|chunk| sum(start(chunk), start(chunk + 1)));
        self.sum.set(sums.reduce(|| 0, u64::wrapping_add));
    }

    fn parallel(&mut self) {
        let values = (0..self.size).into_par_iter().map(value);
        self.sum.set(values.reduce(|| 0, u64::wrapping_add));
    }
}

fn sum(from: u64, to: u64) -> u64 {
    (from..to).map(value).fold(0, u64::wrapping_add)
}

fn value(item: u64) -> u64 {
    mix(item, item)
}
