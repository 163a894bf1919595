//! Ways to call, and what the compiler has to infer.

use std::collections::{BTreeMap, HashSet, VecDeque};

use rayon::prelude::*;

#[test]
fn by_path() {
    let items = vec![1, 2];
    assert_eq!(rayon::iter::IntoParallelRefIterator::par_iter(&items).sum::<u32>(), 3);
    assert_eq!(rayon::iter::IntoParallelIterator::into_par_iter(items).sum::<u32>(), 3);
    assert_eq!(ParallelIterator::sum::<u32>(rayon::iter::once(1)), 1);
    assert_eq!(Vec::from_par_iter(0..3), [0, 1, 2]);
}

#[test]
fn as_a_function() {
    let rows = vec![vec![1, 2], vec![3]];
    let sums = rows.into_par_iter().map(IntoParallelIterator::into_par_iter);
    assert_eq!(sums.map(|row| row.sum::<u32>()).collect::<Vec<_>>(), [3, 3]);
}

#[test]
fn with_types_inferred() {
    let none: Vec<u32> = Vec::new();
    assert_eq!(none.par_iter().copied().reduce(|| 0, |a, b| a + b), 0);
    let set: HashSet<_> = [1, 2, 3].par_iter().copied().collect();
    assert_eq!(set.into_par_iter().max(), Some(3));
    let map: BTreeMap<_, _> = (0..3).into_par_iter().map(|x| (x, x * x)).collect();
    assert_eq!(map.par_iter().map(|(_, square)| square).sum::<i32>(), 5);
    let sum: Option<u8> = [Some(1), None].into_par_iter().sum();
    assert_eq!(sum, None);
    let parsed: Result<Vec<i64>, _> = ["1", "2"].par_iter().map(|text| text.parse()).collect();
    assert_eq!(parsed, Ok(vec![1, 2]));
    let (odd, even): (Vec<_>, Vec<_>) = (0..4).into_par_iter().partition(|x| x % 2 == 1);
    assert_eq!((odd, even), (vec![1, 3], vec![0, 2]));
}

/// Which takes that what a crate brings along adds nothing to compare numbers with.
#[test]
fn with_types_that_only_a_comparison_tells() {
    let sum = [1_usize, 2].par_iter().sum();
    assert_eq!(3_usize, sum);
    let odd: Vec<u32> = [2, 4].into_par_iter().filter(|x| x % 2 == 1).collect();
    assert_eq!(odd, []);
}

#[test]
fn on_all_sorts_of_sources() {
    let grid = [[1_u8; 4]; 4];
    assert_eq!(grid.par_iter().flatten().count(), 16);
    assert_eq!(grid.into_par_iter().flatten().count(), 16);
    assert_eq!(Some(3).par_iter().count(), 1);
    assert_eq!(VecDeque::from([1, 2]).par_iter().count(), 2);
    assert_eq!(vec![1, 2, 3].par_drain(1..).count(), 2);
    assert_eq!("a b".par_split(' ').count(), 2);
    assert_eq!("ab".par_chars().collect::<String>(), "ab");
    assert_eq!([3, 1, 2].iter().par_bridge().max(), Some(&3));
    let mut items = [3, 1, 2];
    items.as_mut_slice().par_sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(items, [3, 2, 1]);
}

#[test]
fn on_several_at_once() {
    let items = vec![1; 100];
    let mut sums = vec![0; 100];
    sums.par_iter_mut().zip(items.par_iter()).zip(&items).for_each(|((s, a), b)| *s = a + b);
    assert_eq!(sums.par_iter().sum::<u32>(), 200);
    let (left, right): (Vec<u32>, Vec<u32>) = items.par_iter().zip(sums).unzip();
    assert_eq!((left.len(), right.len()), (100, 100));
    assert_eq!((items.par_iter(), items.par_iter()).into_par_iter().count(), 100);
    assert_eq!((items, 0..100).into_par_iter().map(|(a, b)| a + b).sum::<u32>(), 5050);
}
