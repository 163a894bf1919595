//! Whatever a file holds, the readers have an answer, and what they read can be written again. The
//! files are those that are committed, damaged in the ways in which files are damaged; `fuzz/` goes
//! on for longer, with a nightly toolchain.

#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::cell::Cell;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use rayprism::format::{self, Format, Limits};
use rayprism::model::{Annotations, Trace};
use rayprism::timeline::Timeline;

/// A damage.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Flip(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Insert(Index, Vec<u8>),
    Move(Index, Index, usize),
}

/// What readers of numbers and texts stumble over.
const PIECES: [&[u8]; 12] = [
    b"18446744073709551615",
    b"-1",
    b"1e999",
    b"null",
    b"\"\\ud800\"",
    b"{\"a\":[",
    &[0xff; 10],
    &[0x80; 9],
    &[0x0a],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xc3, 0x28],
    &[0],
];

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, 1 << bit)),
        (any::<Index>(), 1..400_usize).prop_map(|(at, length)| Damage::Remove(at, length)),
        (any::<Index>(), 1..400_usize).prop_map(|(at, length)| Damage::Repeat(at, length)),
        (any::<Index>(), 0..PIECES.len())
            .prop_map(|(at, piece)| Damage::Insert(at, PIECES[piece].to_vec())),
        (any::<Index>(), any::<Index>(), 1..400_usize)
            .prop_map(|(from, to, length)| Damage::Move(from, to, length)),
    ]
}

fn apply(damage: &Damage, file: &mut Vec<u8>) {
    if file.is_empty() {
        return;
    }
    let length = file.len();
    let piece = |at: &Index, long: usize| {
        let from = at.index(length);
        from..(from + long).min(length)
    };
    match damage {
        Damage::Set(at, byte) => file[at.index(length)] = *byte,
        Damage::Flip(at, bit) => file[at.index(length)] ^= bit,
        Damage::Remove(at, long) => drop(file.drain(piece(at, *long))),
        Damage::Repeat(at, long) => {
            let piece = piece(at, *long);
            let again = file[piece.clone()].to_vec();
            drop(file.splice(piece.end..piece.end, again));
        }
        Damage::Insert(at, bytes) => {
            let at = at.index(length);
            drop(file.splice(at..at, bytes.iter().copied()));
        }
        Damage::Move(from, to, long) => {
            let piece: Vec<u8> = file.drain(piece(from, *long)).collect();
            let to = to.index(length).min(file.len());
            drop(file.splice(to..to, piece));
        }
    }
}

fn written(trace: &Trace, format: Format) -> Vec<u8> {
    let mut file = Vec::new();
    format::write(trace, &Annotations::default(), format, &mut file)
        .expect("a vector takes everything");
    file
}

/// The committed traces in a format.
fn committed(format: Format) -> Vec<Vec<u8>> {
    ["traces/golden/sum-by-hand.json", "tests/perfetto/golden.json", "tests/perfetto/format_1.json"]
        .map(|name| fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap())
        .map(|file| written(&format::read(file).unwrap(), format))
        .into()
}

/// Reads a file that may be damaged; what is read must come back, and be judged.
fn answer(file: &[u8], format: Format) -> bool {
    let limits = Limits { total: 1 << 24, entry: 1 << 22 };
    match format::read_within(file, &limits) {
        Ok(trace) => {
            let again = format::read(&written(&trace, format)[..]).expect("what was written");
            assert!(again == trace, "what was read comes back changed");
            let _ = Timeline::new(&trace);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

fn survive(format: Format) {
    let files = committed(format);
    let config =
        ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() };
    let [read, refused] = [Cell::new(0), Cell::new(0)];
    let damages = (0..files.len(), prop::collection::vec(damage(), 0..4));
    TestRunner::new(config)
        .run(&damages, |(which, damages)| {
            let mut file = files[which].clone();
            damages.iter().for_each(|damage| apply(damage, &mut file));
            let counted = if answer(&file, format) { &read } else { &refused };
            counted.set(counted.get() + 1);
            Ok(())
        })
        .unwrap();
    let (read, refused) = (read.get(), refused.get());
    assert!(read > 100 && refused > 100, "{read} were read, {refused} refused");
}

#[test]
fn json() {
    survive(Format::Json);
}

#[test]
fn protobuf() {
    survive(Format::Pftrace);
}

#[test]
fn compressed() {
    survive(Format::JsonGz);
}
