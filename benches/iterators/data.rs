//! What the operations work on. They see it from behind a black box, so that no length is known
//! when they are compiled.

use std::hint::black_box;

/// Items of the long slices.
const ITEMS: usize = 10_000_000;
/// Items that are sorted.
const SORTED: usize = 4_000_000;

/// Inputs, and room for outputs.
pub(crate) struct Data {
    /// Items of the long range and of each long slice.
    pub(crate) items: usize,
    /// Items of the other ranges.
    pub(crate) ten: usize,
    pub(crate) thousand: usize,
    pub(crate) bridged: usize,
    pub(crate) million: usize,
    /// Two long slices without order.
    pub(crate) left: Vec<u32>,
    pub(crate) right: Vec<u32>,
    /// As long as these.
    pub(crate) output: Vec<u32>,
    /// What is to be sorted.
    pub(crate) sorted: Vec<u32>,
}

impl Data {
    pub(crate) fn new() -> Self {
        let mut state = 1_u64;
        let mut random = |count| -> Vec<u32> { (0..count).map(|_| next(&mut state)).collect() };
        black_box(Self {
            items: ITEMS,
            ten: 10,
            thousand: 1_000,
            bridged: 20_000,
            million: 1_000_000,
            left: random(ITEMS),
            right: random(ITEMS),
            output: vec![0; ITEMS],
            sorted: vec![0; SORTED],
        })
    }

    /// Before each measurement: what the one before has sorted is in disorder again.
    pub(crate) fn renew(&mut self) {
        if self.sorted.is_sorted() {
            self.sorted.copy_from_slice(&self.left[..SORTED]);
        }
    }
}

/// A linear congruential generator's next number: Knuth's MMIX, its upper half.
fn next(state: &mut u64) -> u32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 32) as u32
}

/// An item's worth of next to nothing, which is no polynomial: the sum of one needs no loop.
pub(crate) fn mix(item: usize) -> u64 {
    let item = item as u64;
    item ^ (item >> 3)
}

/// An item's worth of some 20 ns, were it alone: steps that wait for each other and do not fold.
pub(crate) fn work(item: usize) -> u64 {
    let step = |x: u64, _| (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (0..10).fold(item as u64, step) >> 40
}
