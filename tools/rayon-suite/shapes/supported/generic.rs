//! Functions and traits that are generic over what can be iterated in parallel.

use rayon::prelude::*;

fn sum<I: IntoParallelIterator<Item = u32>>(items: I) -> u32 {
    items.into_par_iter().sum()
}

#[test]
fn over_anything() {
    assert_eq!(sum(vec![1, 2]), 3);
    assert_eq!(sum(0..4), 6);
    assert_eq!(sum([1, 2, 3]), 6);
    assert_eq!(sum(Some(7)), 7);
    assert_eq!(sum((0..10).into_par_iter().filter(|x| x % 2 == 0)), 20);
    assert_eq!(sum([1, 2].par_iter().copied()), 3);
}

fn positions<I>(items: I) -> Vec<(usize, u32)>
where
    I: IntoParallelIterator<Item = u32>,
    I::Iter: IndexedParallelIterator,
{
    items.into_par_iter().enumerate().collect()
}

#[test]
fn over_anything_indexed() {
    assert_eq!(positions(vec![5, 6]), [(0, 5), (1, 6)]);
    assert_eq!(positions(8..10), [(0, 8), (1, 9)]);
}

fn sum_of_references<C>(collection: &C) -> u32
where
    for<'data> &'data C: IntoParallelIterator<Item = &'data u32>,
{
    collection.into_par_iter().sum::<u32>()
}

fn sum_by_par_iter<C>(collection: &C) -> u32
where
    for<'data> C: IntoParallelRefIterator<'data, Item = &'data u32>,
{
    collection.par_iter().sum::<u32>()
}

fn double<C>(collection: &mut C)
where
    for<'data> C: IntoParallelRefMutIterator<'data, Item = &'data mut u32>,
{
    collection.par_iter_mut().for_each(|x| *x *= 2);
}

#[test]
fn over_references_of_any_lifetime() {
    let mut items = vec![1, 2, 3];
    double(&mut items);
    assert_eq!(sum_of_references(&items), 12);
    assert_eq!(sum_by_par_iter(&items), 12);
}

trait Source {
    type Items: IntoParallelIterator<Item = u32>;

    fn items(self) -> Self::Items;
}

impl Source for Vec<u32> {
    type Items = Self;

    fn items(self) -> Self {
        self
    }
}

impl Source for u32 {
    type Items = std::ops::Range<u32>;

    fn items(self) -> Self::Items {
        0..self
    }
}

fn sum_of<S: Source>(source: S) -> u32 {
    source.items().into_par_iter().sum()
}

#[test]
fn over_an_associated_type() {
    assert_eq!((sum_of(vec![1, 2]), sum_of(4)), (3, 6));
}

fn collect<C: FromParallelIterator<u32>>(count: u32) -> C {
    (0..count).into_par_iter().collect()
}

fn extend<C: ParallelExtend<u32>>(collection: &mut C, count: u32) {
    collection.par_extend(0..count);
}

#[test]
fn over_what_is_collected_or_extended() {
    let mut items: Vec<u32> = collect(2);
    extend(&mut items, 3);
    assert_eq!(items, [0, 1, 0, 1, 2]);
    assert_eq!(collect::<std::collections::BTreeSet<u32>>(5).len(), 5);
}

fn chosen(all: bool) -> impl ParallelIterator<Item = u32> {
    use rayon::iter::Either;
    if all {
        Either::Left((0..10).into_par_iter())
    } else {
        Either::Right(vec![1, 2].into_par_iter())
    }
}

fn backwards(items: &[u32]) -> impl IndexedParallelIterator<Item = &u32> + '_ {
    items.par_iter().rev()
}

#[test]
fn in_what_they_return() {
    assert_eq!((chosen(true).sum::<u32>(), chosen(false).sum::<u32>()), (45, 3));
    assert_eq!(backwards(&[1, 2, 3]).collect::<Vec<_>>(), [&3, &2, &1]);
}
