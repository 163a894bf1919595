//! `sum`: multiplies every item by a number that looks random, and sums the products.
//!
//! Of many items parallel code is several times faster; of ten, handing them to the pool takes many
//! times as long as the work. All sums are of whole numbers and wrap around, so that they are equal
//! whatever the order.

use super::mix::random;
use super::outcome::Outcome;
use super::{
    Body, Coarser, Definition, Diagnosis, Expected, Integer, MEMORY, Memory, Parameter,
    SHARED_MEMORY, Settings, Variant, Verdict,
};
use crate::facade::prelude::*;

/// The workload.
pub static SUM: Definition<Items> = Definition {
    name: "sum",
    about: "multiply every item by a random number, and sum the products",
    parameters: &[Parameter::Integer(&SIZE)],
    variants: &[
        Variant::new("serial", "a plain iterator", Body::Alone(Items::serial)),
        Variant::new("par-iter", "a parallel iterator", Body::InPool(Items::parallel)).diagnosed(
            &[
                Diagnosis::HEALTHY.or(&[SHARED_MEMORY], MEMORY),
                Diagnosis::new(Verdict::Queueing, &["injected-from-outside"]).at(&[(&SIZE, 10)]),
            ],
        ),
        Variant::new(
            "with-min-len",
            "a parallel iterator that splits no further than `with_min_len`",
            Body::InPool(Items::coarse),
        )
        .with(&[Parameter::Integer(&MIN_LEN)])
        .diagnosed(&[Diagnosis::HEALTHY.or(&[SHARED_MEMORY], MEMORY)]),
        Variant::new(
            "with-max-len",
            "a parallel iterator that splits down to `with_max_len`",
            Body::InPool(Items::fine),
        )
        .with(&[Parameter::Integer(&MAX_LEN)])
        .diagnosed(&[Diagnosis::new(Verdict::Granularity, &["task-too-small"]).or(
            &[Expected::new(Verdict::Contention, &["memory-bound-inflation"])],
            "as counting the leaves of stolen halves, which workers share, costs",
        )]),
    ],
    coarser: &[
        Coarser { of: "par-iter", by: "with-min-len", parameter: &MIN_LEN },
        Coarser { of: "with-max-len", by: "with-min-len", parameter: &MIN_LEN },
    ],
    memory: Some(Memory { bytes: |settings| settings.integer(&SIZE) * 8, grows_with: &SIZE }),
    quick: &[(&SIZE, 8_000_000)],
    prepare: Items::prepare,
    restore: |items| items.sum.check(),
};

static SIZE: Integer =
    Integer { name: "size", about: "items", min: 1, max: 100_000_000_000, default: || 10_000_000 };

static MIN_LEN: Integer = Integer {
    name: "min-len",
    about: "fewest items of a task",
    min: 1,
    max: 1_000_000_000,
    default: || 100_000,
};

static MAX_LEN: Integer = Integer {
    name: "max-len",
    about: "most items of a task",
    min: 1,
    max: 1_000_000_000,
    default: || 128,
};

/// The items, and what they add up to.
#[derive(Debug)]
pub struct Items {
    items: Vec<u64>,
    min_len: usize,
    max_len: usize,
    sum: Outcome<u64>,
}

impl Items {
    fn prepare(settings: &Settings) -> Self {
        let items: Vec<u64> = (0..settings.integer(&SIZE)).collect();
        let sum = Outcome::new(sum(&items));
        let [min_len, max_len] = [&MIN_LEN, &MAX_LEN].map(|len| settings.integer(len) as usize);
        Self { items, min_len, max_len, sum }
    }

    fn serial(&mut self) {
        self.sum.set(sum(&self.items));
    }

    fn parallel(&mut self) {
        let products = self.items.par_iter().map(product);
        self.sum.set(products.reduce(|| 0, u64::wrapping_add));
    }

    fn coarse(&mut self) {
        let products = self.items.par_iter().with_min_len(self.min_len).map(product);
        self.sum.set(products.reduce(|| 0, u64::wrapping_add));
    }

    fn fine(&mut self) {
        let products = self.items.par_iter().with_max_len(self.max_len).map(product);
        self.sum.set(products.reduce(|| 0, u64::wrapping_add));
    }
}

fn sum(items: &[u64]) -> u64 {
    items.iter().map(product).fold(0, u64::wrapping_add)
}

fn product(item: &u64) -> u64 {
    item.wrapping_mul(random(*item))
}
