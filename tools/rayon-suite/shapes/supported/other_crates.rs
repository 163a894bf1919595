//! A crate that knows rayon itself and not the drop-in: its types, and its own traits.

use indexmap::map::rayon::ParValues;
use indexmap::{IndexMap, IndexSet};
use rayon::prelude::*;

fn squares() -> IndexMap<u32, u32> {
    (0..10).into_par_iter().map(|x| (x, x * x)).collect()
}

#[test]
fn its_collections() {
    let squares = squares();
    assert_eq!(squares.par_iter().map(|(x, square)| x + square).sum::<u32>(), 330);
    let set: IndexSet<u32> = squares.into_par_iter().map(|(x, _)| x % 3).collect();
    assert_eq!(set.len(), 3);
}

#[test]
fn its_own_methods() {
    let mut squares = squares();
    squares.par_extend(vec![(10, 100)]);
    squares.par_sort_by(|a, _, b, _| b.cmp(a));
    assert_eq!(squares.get_index(0), Some((&10, &100)));
    assert_eq!(squares.par_values().max(), Some(&100));
}

fn values(map: &IndexMap<u32, u32>) -> ParValues<'_, u32, u32> {
    map.par_values()
}

#[test]
fn its_iterators() {
    assert_eq!(values(&squares()).sum::<u32>(), 285);
}
