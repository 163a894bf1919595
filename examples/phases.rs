//! A program with `tracing` spans of its own, in the recording: `rayprism::layer()` makes them
//! phases, and the report says where the cores went in each.
//!
//! ```text
//! cargo run --release --example phases
//! rayprism report trace.json
//! ```
//!
//! With `RUST_LOG=info,rayprism=debug`, rayprism's own spans are on the terminal among the program's,
//! across steals.

use std::hint::black_box;
use std::io;

use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::facade::prelude::*;
use tracing::{info, info_span};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Whoever else listens goes beside it, with filters of their own.
    let terminal = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_filter(EnvFilter::from_default_env());
    tracing_subscriber::registry().with(rayprism::layer()).with(terminal).init();

    let session = Session::builder().title("phases").start()?;
    let lines = info_span!("generate").in_scope(generate);
    let words = info_span!("count").in_scope(|| count(&lines));
    let most = info_span!("rank").in_scope(|| rank(words));
    session.write("trace.json")?;
    assert_eq!(most.len(), 26);
    Ok(())
}

/// One line after the other: one worker works, and the others have nothing to do.
fn generate() -> Vec<String> {
    let mut seed = 7_u64;
    let line = |_| {
        (0..12)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
                char::from(b'a' + (seed >> 33) as u8 % 26)
            })
            .collect()
    };
    (0..60_000).map(line).collect()
}

/// In parallel; each part is a span of its own, on whichever worker runs it.
fn count(lines: &[String]) -> [u64; 26] {
    let of_part = |lines: &[String]| {
        let _entered = info_span!("count a part").entered();
        let mut counts = [0; 26];
        for byte in lines.iter().flat_map(|line| line.bytes()) {
            counts[usize::from(byte - b'a')] += black_box(1);
        }
        counts
    };
    let add = |mut sum: [u64; 26], other: [u64; 26]| {
        sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
        sum
    };
    lines.par_chunks(2_000).map(of_part).reduce(|| [0; 26], add)
}

/// Two halves, one of which may be stolen: the spans in it are below this one all the same.
fn rank(counts: [u64; 26]) -> Vec<(char, u64)> {
    let letters = |range: std::ops::Range<u8>| -> Vec<(char, u64)> {
        range.map(|at| (char::from(b'a' + at), counts[usize::from(at)])).collect()
    };
    let (mut first, second) = rayon::join(
        || info_span!("first half").in_scope(|| letters(0..13)),
        || info_span!("second half").in_scope(|| letters(13..26)),
    );
    first.extend(second);
    first.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    info!("the most frequent letter is {}", first[0].0);
    first
}
