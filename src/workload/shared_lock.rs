//! `shared-lock`: many tasks add to one sum: under a mutex, with an atomic, or each to its own and
//! only the partial sums to the shared one.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::mix::mix;
use super::outcome::Outcome;
use super::{Body, Definition, Diagnosis, Integer, Parameter, Settings, Variant, Verdict};
use crate::facade::prelude::*;

/// The workload.
pub static SHARED_LOCK: Definition<Shared> = Definition {
    name: "shared-lock",
    about: "add to one shared sum for every item, or once for each task",
    parameters: &[Parameter::Integer(&SIZE)],
    variants: &[
        Variant::new("serial", "a plain sum", Body::Alone(Shared::serial)),
        Variant::new(
            "mutex-per-item",
            "a mutex locked for every item",
            Body::InPool(Shared::mutex),
        )
        .diagnosed(&[Diagnosis::new(
            Verdict::Contention,
            &["lock-contention", "memory-bound-inflation"],
        )]),
        Variant::new(
            "atomic-per-item",
            "an atomic addition for every item",
            Body::InPool(Shared::atomic),
        )
        .diagnosed(&[Diagnosis::new(
            Verdict::Contention,
            &["memory-bound-inflation", "false-sharing-suspicion"],
        )]),
        Variant::new(
            "local-then-merge",
            "a sum for each task, then the sum of these",
            Body::InPool(Shared::local),
        )
        .diagnosed(&[Diagnosis::HEALTHY]),
    ],
    coarser: &[],
    memory: None,
    quick: &[(&SIZE, 2_000_000)],
    prepare: Shared::prepare,
    restore: |shared| shared.sum.check(),
};

static SIZE: Integer =
    Integer { name: "size", about: "items", min: 1, max: 1_000_000_000_000, default: || 5_000_000 };

/// Rounds of arithmetic for an item, before it is added.
const ROUNDS: u64 = 2;

/// How many items there are, and what they add up to.
#[derive(Debug)]
pub struct Shared {
    size: u64,
    sum: Outcome<u64>,
}

impl Shared {
    fn prepare(settings: &Settings) -> Self {
        let size = settings.integer(&SIZE);
        Self { size, sum: Outcome::new(serial(size)) }
    }

    fn serial(&mut self) {
        self.sum.set(serial(self.size));
    }

    fn mutex(&mut self) {
        let sum = Mutex::new(0_u64);
        (0..self.size).into_par_iter().for_each(|item| {
            let value = value(item);
            let mut sum = sum.lock().expect("no addition panics");
            *sum = sum.wrapping_add(value);
        });
        self.sum.set(sum.into_inner().expect("no addition panics"));
    }

    fn atomic(&mut self) {
        let sum = AtomicU64::new(0);
        (0..self.size).into_par_iter().for_each(|item| {
            sum.fetch_add(value(item), Ordering::Relaxed);
        });
        self.sum.set(sum.into_inner());
    }

    fn local(&mut self) {
        let items = (0..self.size).into_par_iter();
        let partial = items.fold(|| 0, |sum: u64, item| sum.wrapping_add(value(item)));
        self.sum.set(partial.reduce(|| 0, u64::wrapping_add));
    }
}

fn serial(size: u64) -> u64 {
    (0..size).map(value).fold(0, u64::wrapping_add)
}

fn value(item: u64) -> u64 {
    mix(item, ROUNDS)
}
