//! `amdahl`: a known part of the work is serial, and no number of workers makes it shorter.

use super::mix::mix;
use super::outcome::Outcome;
use super::{Body, Definition, Diagnosis, Integer, Parameter, Settings, Variant, Verdict};
use crate::facade::prelude::*;

/// The workload.
pub static AMDAHL: Definition<Program> = Definition {
    name: "amdahl",
    about: "a program of which a known share is serial",
    parameters: &[Parameter::Integer(&SIZE), Parameter::Integer(&SERIAL)],
    variants: &[
        Variant::new("serial", "all of it on one thread", Body::Alone(Program::serial)),
        Variant::new(
            "par",
            "the serial share on one worker, then the rest in parallel",
            Body::InPool(Program::parallel),
        )
        .diagnosed(&[Diagnosis::new(Verdict::Parallelism, &["serial-fraction"])]),
    ],
    coarser: &[],
    memory: None,
    quick: &[(&SIZE, 20_000_000)],
    prepare: Program::prepare,
    restore: |program| program.value.check(),
};

static SIZE: Integer = Integer {
    name: "size",
    about: "rounds of arithmetic",
    min: 1_000,
    max: 1_000_000_000_000,
    default: || 40_000_000,
};

static SERIAL: Integer = Integer {
    name: "serial-percent",
    about: "the serial share, in percent",
    min: 0,
    max: 100,
    default: || 25,
};

/// Tasks of the parallel part, for rayon to put together.
const ITEMS: u64 = 2_000;

/// How much there is to do, and what it comes to.
#[derive(Debug)]
pub struct Program {
    serial_rounds: u64,
    rounds_per_item: u64,
    value: Outcome<u64>,
}

impl Program {
    fn prepare(settings: &Settings) -> Self {
        let (size, percent) = (settings.integer(&SIZE), settings.integer(&SERIAL));
        let serial_rounds = size / 100 * percent;
        let rounds_per_item = (size - serial_rounds) / ITEMS;
        let value = Outcome::new(serial(serial_rounds, rounds_per_item));
        Self { serial_rounds, rounds_per_item, value }
    }

    fn serial(&mut self) {
        self.value.set(serial(self.serial_rounds, self.rounds_per_item));
    }

    fn parallel(&mut self) {
        let rounds = self.rounds_per_item;
        let first = mix(1, self.serial_rounds);
        let items = (0..ITEMS).into_par_iter().map(|item| mix(first ^ item, rounds));
        self.value.set(items.reduce(|| 0, u64::wrapping_add));
    }
}

fn serial(serial_rounds: u64, rounds_per_item: u64) -> u64 {
    let first = mix(1, serial_rounds);
    (0..ITEMS).map(|item| mix(first ^ item, rounds_per_item)).fold(0, u64::wrapping_add)
}
