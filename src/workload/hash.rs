//! `hash`: a cryptographic hash over and over for each item, which is much work for each of few
//! items. The digests are combined by exclusive or, which no order changes.

use sha2::{Digest, Sha256};

use super::outcome::Outcome;
use super::{Body, Definition, Diagnosis, Integer, Parameter, Settings, Variant};
use crate::facade::prelude::*;

/// The workload.
pub static HASH: Definition<Messages> = Definition {
    name: "hash",
    about: "hash every item many times over with SHA-256",
    parameters: &[Parameter::Integer(&SIZE), Parameter::Integer(&ROUNDS)],
    variants: &[
        Variant::new("serial", "a plain iterator", Body::Alone(Messages::serial)),
        Variant::new("par-iter", "a parallel iterator", Body::InPool(Messages::parallel))
            .diagnosed(&[Diagnosis::HEALTHY]),
    ],
    coarser: &[],
    memory: None,
    quick: &[(&SIZE, 2_000)],
    prepare: Messages::prepare,
    restore: |messages| messages.digest.check(),
};

static SIZE: Integer =
    Integer { name: "size", about: "items", min: 1, max: 1_000_000_000, default: || 10_000 };

static ROUNDS: Integer = Integer {
    name: "rounds",
    about: "hashes of each item",
    min: 1,
    max: 1_000_000,
    default: || 100,
};

/// How many messages there are, and what their digests come to. A message is its number.
#[derive(Debug)]
pub struct Messages {
    size: u64,
    rounds: u64,
    digest: Outcome<u64>,
}

impl Messages {
    fn prepare(settings: &Settings) -> Self {
        let (size, rounds) = (settings.integer(&SIZE), settings.integer(&ROUNDS));
        Self { size, rounds, digest: Outcome::new(serial(size, rounds)) }
    }

    fn serial(&mut self) {
        self.digest.set(serial(self.size, self.rounds));
    }

    fn parallel(&mut self) {
        let rounds = self.rounds;
        let digests = (0..self.size).into_par_iter().map(|item| digest(item, rounds));
        self.digest.set(digests.reduce(|| 0, |a, b| a ^ b));
    }
}

fn serial(size: u64, rounds: u64) -> u64 {
    (0..size).map(|item| digest(item, rounds)).fold(0, |a, b| a ^ b)
}

/// The first eight bytes of the last digest.
fn digest(item: u64, rounds: u64) -> u64 {
    let mut message = [0; 32];
    message[..8].copy_from_slice(&item.to_le_bytes());
    for _ in 0..rounds {
        message = Sha256::digest(message).into();
    }
    message[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
