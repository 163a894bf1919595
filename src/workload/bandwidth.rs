//! `bandwidth`: the triad `a = b + s·c` over arrays that are larger than the last-level cache, so that
//! all workers wait for the same memory.

use super::{
    Body, Definition, Diagnosis, Expected, Integer, MEMORY, Memory, Parameter, Settings, Variant,
    Verdict, WrongResult,
};
use crate::facade::prelude::*;
use crate::linux;

/// The workload.
pub static BANDWIDTH: Definition<Arrays> = Definition {
    name: "bandwidth",
    about: "a = b + s·c over arrays larger than the last-level cache",
    parameters: &[Parameter::Integer(&SIZE)],
    variants: &[
        Variant::new("serial", "a plain loop", Body::Alone(Arrays::serial)),
        Variant::new("par", "parallel iterators, zipped", Body::InPool(Arrays::parallel))
            .diagnosed(&[Diagnosis::new(Verdict::Contention, &["memory-bound-inflation"])
                .or(&[Expected::HEALTHY], MEMORY)]),
    ],
    coarser: &[],
    memory: Some(Memory { bytes: |settings| bytes(settings.integer(&SIZE)), grows_with: &SIZE }),
    quick: &[],
    prepare: Arrays::prepare,
    restore: Arrays::restore,
};

static SIZE: Integer = Integer {
    name: "size",
    about: "elements of each array",
    min: 1,
    max: 100_000_000_000,
    default: default_size,
};

/// How many times as large as the last-level cache the arrays are together: what is left of them in
/// the cache from one run to the next is then little.
const CACHES: u64 = 4;

/// What the last-level cache is taken for where the system does not tell.
const UNKNOWN_CACHE: u64 = 64 << 20;

fn default_size() -> u64 {
    let cache = linux::last_level_cache().value().copied().unwrap_or(UNKNOWN_CACHE);
    CACHES * cache / bytes(1)
}

fn bytes(size: u64) -> u64 {
    3 * size * size_of::<f64>() as u64
}

const S: f64 = 3.0;

/// The arrays.
#[derive(Debug)]
pub struct Arrays {
    a: Vec<f64>,
    b: Vec<f64>,
    c: Vec<f64>,
}

impl Arrays {
    fn prepare(settings: &Settings) -> Self {
        let size = settings.integer(&SIZE);
        let numbers = |start: u64| (start..start + size).map(|at| at as f64).collect();
        Self { a: numbers(0), b: numbers(1), c: numbers(2) }
    }

    fn serial(&mut self) {
        let Self { a, b, c } = self;
        a.iter_mut().zip(&*b).zip(&*c).for_each(triad);
    }

    fn parallel(&mut self) {
        let Self { a, b, c } = self;
        a.par_iter_mut().zip(b.par_iter()).zip(c.par_iter()).for_each(triad);
    }

    fn restore(&mut self) -> Result<(), WrongResult> {
        for (at, ((a, b), c)) in self.a.iter_mut().zip(&self.b).zip(&self.c).enumerate() {
            let expected = b + S * c;
            if *a != expected {
                return Err(WrongResult(format!("{expected} expected in element {at}, {a} found")));
            }
            *a = 0.0;
        }
        Ok(())
    }
}

fn triad(((a, b), c): ((&mut f64, &f64), &f64)) {
    *a = b + S * c;
}
