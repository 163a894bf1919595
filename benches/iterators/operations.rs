//! The operations that are measured. Compiled twice, once with rayon and once with the facade: what
//! `rayon` is, is the parent's to say. Each returns something of what it computed, which must be
//! the same on both sides.

use super::rayon::prelude::*;
use crate::data::{Data, mix, work};

pub(crate) fn map_sum(data: &mut Data) -> u64 {
    (0..data.items).into_par_iter().map(mix).sum()
}

pub(crate) fn ten_items(data: &mut Data) -> u64 {
    (0..data.ten).into_par_iter().map(mix).sum()
}

pub(crate) fn thousand_items(data: &mut Data) -> u64 {
    (0..data.thousand).into_par_iter().map(mix).sum()
}

pub(crate) fn filter_count(data: &mut Data) -> u64 {
    data.left.par_iter().filter(|item| **item % 3 == 0).count() as u64
}

pub(crate) fn zip_for_each(data: &mut Data) -> u64 {
    let Data { left, right, output, .. } = data;
    let inputs = left.par_iter().zip(right.par_iter());
    output.par_iter_mut().zip(inputs).for_each(|(sum, (a, b))| *sum = a.wrapping_add(*b));
    u64::from(output[output.len() / 2])
}

pub(crate) fn par_chunks(data: &mut Data) -> u64 {
    data.left.par_chunks(1_000).map(|chunk| chunk.iter().map(widen).sum::<u64>()).sum()
}

pub(crate) fn enumerate_max(data: &mut Data) -> u64 {
    let highest = data.left.par_iter().enumerate().max_by_key(|(_, item)| **item);
    highest.map_or(0, |(index, _)| index as u64)
}

pub(crate) fn step_by(data: &mut Data) -> u64 {
    data.left.par_iter().step_by(1_000).map(widen).sum()
}

pub(crate) fn rev(data: &mut Data) -> u64 {
    data.left.par_iter().rev().map(widen).sum()
}

pub(crate) fn chunks(data: &mut Data) -> u64 {
    let chunks = data.left.par_iter().chunks(100);
    chunks.map(|chunk| chunk.into_iter().map(widen).sum::<u64>()).sum()
}

pub(crate) fn skip_take(data: &mut Data) -> u64 {
    data.left.par_iter().skip(1_000).take(data.items - 2_000).map(widen).sum()
}

pub(crate) fn enumerate_collect(data: &mut Data) -> u64 {
    let items = data.left[..data.million].par_iter().enumerate();
    let collected: Vec<u64> = items.map(|(index, item)| widen(item) ^ index as u64).collect();
    collected[collected.len() / 2]
}

pub(crate) fn with_max_len_1(data: &mut Data) -> u64 {
    (0..data.million).into_par_iter().with_max_len(1).map(work).sum()
}

pub(crate) fn bridge(data: &mut Data) -> u64 {
    (0..data.bridged).par_bridge().map(work).sum()
}

pub(crate) fn sort(data: &mut Data) -> u64 {
    data.sorted.par_sort_unstable();
    widen(&data.sorted[data.sorted.len() / 2])
}

fn widen(item: &u32) -> u64 {
    u64::from(*item)
}
