//! Code that is written against rayon's documentation compiles against the facade and does what it
//! does with rayon: impls of its traits, bounds by them, its types by name.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayprism::facade as rayon;

use rayon::iter::plumbing::{
    Consumer, Producer, ProducerCallback, UnindexedConsumer, UnindexedProducer, bridge,
    bridge_unindexed,
};
use rayon::prelude::*;

/// A collection that turns into a parallel iterator in every way there is.
#[derive(Clone)]
struct Rows(Vec<u32>);

impl IntoParallelIterator for Rows {
    type Iter = rayon::vec::IntoIter<u32>;
    type Item = u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.into_par_iter()
    }
}

impl<'data> IntoParallelIterator for &'data Rows {
    type Iter = rayon::slice::Iter<'data, u32>;
    type Item = &'data u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.par_iter()
    }
}

impl<'data> IntoParallelIterator for &'data mut Rows {
    type Iter = rayon::slice::IterMut<'data, u32>;
    type Item = &'data mut u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.par_iter_mut()
    }
}

impl IntoParallelIterator for Box<Rows> {
    type Iter = rayon::vec::IntoIter<u32>;
    type Item = u32;

    fn into_par_iter(self) -> Self::Iter {
        (*self).into_par_iter()
    }
}

impl<'data> ParallelDrainFull for &'data mut Rows {
    type Iter = rayon::vec::Drain<'data, u32>;
    type Item = u32;

    fn par_drain(self) -> Self::Iter {
        self.0.par_drain(..)
    }
}

impl ParallelSlice<u32> for Rows {
    fn as_parallel_slice(&self) -> &[u32] {
        &self.0
    }
}

impl ParallelSliceMut<u32> for Rows {
    fn as_parallel_slice_mut(&mut self) -> &mut [u32] {
        &mut self.0
    }
}

#[test]
fn a_collection_of_the_program() {
    let mut rows = Rows((0..100).collect());
    rows.par_iter_mut().for_each(|row| *row += 1);
    assert_eq!(rows.par_iter().sum::<u32>(), 5050);
    assert_eq!((&rows).into_par_iter().rev().position_first(|row| *row == 99), Some(1));
    assert_eq!(Box::new(rows.clone()).into_par_iter().count(), 100);
    assert_eq!(rows.clone().into_par_iter().max(), Some(100));
    assert_eq!(rows.par_drain().filter(|row| row % 2 == 0).count(), 50);
    assert_eq!(rows.par_iter().count(), 0);
}

#[test]
fn a_slice_of_the_program() {
    let mut rows = Rows(vec![3, 1, 2, 5, 4]);
    assert_eq!(rows.par_chunks(2).map(|chunk| chunk.len()).collect::<Vec<_>>(), [2, 2, 1]);
    rows.par_chunks_exact_mut(2).for_each(<[u32]>::reverse);
    assert_eq!(rows.0, [1, 3, 5, 2, 4]);
    rows.par_sort();
    assert_eq!(rows.0, [1, 2, 3, 4, 5]);
    rows.par_sort_by_key(|row| u32::MAX - row);
    assert_eq!(rows.0, [5, 4, 3, 2, 1]);
}

/// A collection of any items, and what it makes of items of its own.
struct Wrapped<T>(T);

trait Source {
    fn items(self) -> Vec<u32>;
}

impl Source for u32 {
    fn items(self) -> Vec<u32> {
        vec![self; 3]
    }
}

impl<T: Source> IntoParallelIterator for Wrapped<T> {
    type Iter = rayon::vec::IntoIter<u32>;
    type Item = u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.items().into_par_iter()
    }
}

#[test]
fn an_impl_for_a_generic_type() {
    assert_eq!(Wrapped(5).into_par_iter().sum::<u32>(), 15);
}

/// A parallel iterator with an order, from a producer.
#[derive(Clone, Debug)]
struct Squares {
    from: usize,
    to: usize,
}

impl ParallelIterator for Squares {
    type Item = usize;

    fn drive_unindexed<C>(self, consumer: C) -> C::Result
    where
        C: UnindexedConsumer<Self::Item>,
    {
        bridge(self, consumer)
    }

    fn opt_len(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl IndexedParallelIterator for Squares {
    fn len(&self) -> usize {
        self.to - self.from
    }

    fn drive<C: Consumer<Self::Item>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }

    fn with_producer<CB: ProducerCallback<Self::Item>>(self, callback: CB) -> CB::Output {
        callback.callback(self)
    }
}

impl Producer for Squares {
    type Item = usize;
    type IntoIter = std::iter::Map<std::ops::Range<usize>, fn(usize) -> usize>;

    fn into_iter(self) -> Self::IntoIter {
        (self.from..self.to).map(|number| number * number)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let middle = self.from + index;
        (Self { to: middle, ..self.clone() }, Self { from: middle, ..self })
    }
}

#[test]
fn an_indexed_parallel_iterator_of_the_program() {
    let squares = Squares { from: 0, to: 100 };
    assert_eq!(squares.clone().sum::<usize>(), 328_350);
    assert_eq!(squares.clone().into_par_iter().len(), 100);
    assert_eq!(squares.clone().zip(vec![1; 3]).collect::<Vec<_>>(), [(0, 1), (1, 1), (4, 1)]);
    let backwards: Vec<_> = squares.into_par_iter().enumerate().rev().take(2).collect();
    assert_eq!(backwards, [(99, 9801), (98, 9604)]);
}

/// A parallel iterator without an order, from a producer.
struct Halved(u32);

impl ParallelIterator for Halved {
    type Item = u32;

    fn drive_unindexed<C>(self, consumer: C) -> C::Result
    where
        C: UnindexedConsumer<Self::Item>,
    {
        bridge_unindexed(self, consumer)
    }
}

impl UnindexedProducer for Halved {
    type Item = u32;

    fn split(self) -> (Self, Option<Self>) {
        let half = self.0 / 2;
        (Self(self.0 - half), (half > 0).then_some(Self(half)))
    }

    fn fold_with<F: rayon::iter::plumbing::Folder<u32>>(self, folder: F) -> F {
        folder.consume(self.0)
    }
}

#[test]
fn an_unindexed_parallel_iterator_of_the_program() {
    assert_eq!(Halved(1000).sum::<u32>(), 1000);
    assert_eq!(Halved(1000).into_par_iter().filter(|part| *part > 0).sum::<u32>(), 1000);
}

/// An adaptor of the program: counts what goes through.
#[derive(Clone)]
struct Counted<'count, I> {
    base: I,
    count: &'count AtomicUsize,
}

impl<I: ParallelIterator> ParallelIterator for Counted<'_, I> {
    type Item = I::Item;

    fn drive_unindexed<C>(self, consumer: C) -> C::Result
    where
        C: UnindexedConsumer<Self::Item>,
    {
        let count = self.count;
        self.base
            .inspect(|_| {
                count.fetch_add(1, Ordering::Relaxed);
            })
            .drive_unindexed(consumer)
    }
}

trait Count: ParallelIterator {
    fn counted(self, count: &AtomicUsize) -> Counted<'_, Self> {
        Counted { base: self, count }
    }

    fn twice(self) -> rayon::iter::Chain<Self, Self>
    where
        Self: Clone,
    {
        let again = self.clone();
        self.chain(again)
    }
}

impl<I: ParallelIterator> Count for I {}

#[test]
fn adaptors_of_the_program() {
    let count = AtomicUsize::new(0);
    let numbers = vec![1, 2, 3];
    assert_eq!(numbers.par_iter().counted(&count).filter(|n| **n > 1).sum::<i32>(), 5);
    assert_eq!(numbers.par_iter().twice().map(|n| n + 1).sum::<i32>(), 18);
    assert_eq!(count.into_inner(), 3);
}

/// What is collected, as a sum.
#[derive(Debug, Default, PartialEq)]
struct Mass(u32);

impl FromParallelIterator<u32> for Mass {
    fn from_par_iter<I>(par_iter: I) -> Self
    where
        I: IntoParallelIterator<Item = u32>,
    {
        Self(par_iter.into_par_iter().sum())
    }
}

impl ParallelExtend<u32> for Mass {
    fn par_extend<I>(&mut self, par_iter: I)
    where
        I: IntoParallelIterator<Item = u32>,
    {
        self.0 += par_iter.into_par_iter().sum::<u32>();
    }
}

/// What is collected, in a collection of rayon's.
#[derive(Debug, Default, PartialEq)]
struct Collected<T>(Vec<T>);

impl<T: Send> FromParallelIterator<T> for Collected<T> {
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(par_iter: I) -> Self {
        Self(par_iter.into_par_iter().collect())
    }
}

impl<T: Send> ParallelExtend<T> for Collected<T> {
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, par_iter: I) {
        self.0.par_extend(par_iter.into_par_iter());
    }
}

#[test]
fn collecting_into_types_of_the_program() {
    let mut mass: Mass = (0..10_u32).into_par_iter().filter(|n| n % 2 == 0).collect();
    mass.par_extend(vec![1, 2]);
    mass.par_extend(rayon::iter::repeat_n(4, 2));
    assert_eq!(mass, Mass(31));
    let mut collected: Collected<u32> = (0..3_u32).into_par_iter().collect();
    collected.par_extend([7]);
    assert_eq!(collected.0, [0, 1, 2, 7]);
    let (small, large): (Collected<u32>, Mass) =
        (0..6_u32).into_par_iter().partition_map(|n| match n {
            0..3 => rayon::iter::Either::Left(n),
            _ => rayon::iter::Either::Right(n),
        });
    assert_eq!((small.0, large), (vec![0, 1, 2], Mass(12)));
    let whole: Option<Mass> = vec![Some(1), None].into_par_iter().collect();
    assert_eq!(whole, None);
}

/// Types of rayon's by name, where they are kept.
struct Kept<'data> {
    slice: rayon::slice::Iter<'data, u32>,
    chunks: rayon::slice::ChunksExact<'data, u32>,
    words: rayon::str::Split<'data, char>,
    mapped: rayon::iter::Map<rayon::range::Iter<u32>, fn(u32) -> u32>,
    zipped: rayon::iter::Zip<rayon::vec::IntoIter<u32>, rayon::slice::Iter<'data, u32>>,
    fed: rayon::iter::IterBridge<std::ops::Range<u32>>,
    both: rayon::iter::Either<rayon::option::IntoIter<u32>, rayon::iter::Empty<u32>>,
}

#[test]
fn types_of_rayons_by_name() {
    let data = vec![1, 2, 3];
    let kept = Kept {
        slice: data.par_iter(),
        chunks: data.par_chunks_exact(2),
        words: "a,b".par_split(','),
        mapped: (0..3).into_par_iter().map(|n| n + 1),
        zipped: vec![1, 2].into_par_iter().zip(data.par_iter()),
        fed: (0..4).par_bridge(),
        both: rayon::iter::Either::Left(Some(5).into_par_iter()),
    };
    assert_eq!(kept.slice.clone().sum::<u32>() + kept.slice.sum::<u32>(), 12);
    assert_eq!(kept.chunks.remainder(), [3]);
    assert_eq!(kept.words.count(), 2);
    assert_eq!(kept.mapped.sum::<u32>(), 6);
    assert_eq!(kept.zipped.map(|(a, b)| a * b).sum::<u32>(), 5);
    assert_eq!(kept.fed.sum::<u32>(), 6);
    assert_eq!(kept.both.len(), 1);
}

fn source_of(rows: &Vec<u32>) -> <&Vec<u32> as IntoParallelIterator>::Iter {
    rows.par_iter()
}

fn some_of(rows: &[u32]) -> impl IndexedParallelIterator<Item = &u32> {
    rows.par_iter().skip(1)
}

fn sum(items: impl IntoParallelIterator<Item = u32>) -> u32 {
    items.into_par_iter().sum()
}

fn last_index<I>(items: I) -> Option<usize>
where
    I: IntoParallelIterator<Iter: IndexedParallelIterator>,
{
    items.into_par_iter().enumerate().map(|(index, _)| index).max()
}

fn dot<A, B>(a: A, b: B) -> u32
where
    A: IntoParallelIterator<Item = u32, Iter: IndexedParallelIterator>,
    B: IntoParallelIterator<Item = u32, Iter: IndexedParallelIterator>,
{
    a.into_par_iter().zip(b.into_par_iter()).map(|(a, b)| a * b).sum()
}

fn sum_of_borrowed<C>(collection: &C) -> u32
where
    for<'data> &'data C: IntoParallelIterator<Item = &'data u32>,
{
    collection.into_par_iter().sum()
}

fn count_through<C>(collection: &C) -> usize
where
    C: for<'data> IntoParallelRefIterator<'data>,
{
    collection.par_iter().count()
}

#[test]
fn bounds_by_rayons_traits() {
    let rows = vec![1, 2, 3];
    assert_eq!(source_of(&rows).sum::<u32>(), 6);
    assert_eq!(some_of(&rows).rev().count(), 2);
    assert_eq!(sum(rows.clone()) + sum(0..3) + sum(Rows(vec![7])), 16);
    assert_eq!(sum((0..3).into_par_iter().filter(|n| *n > 1)), 2);
    assert_eq!(last_index(&rows), Some(2));
    assert_eq!(dot(rows.clone(), 1..4), 14);
    assert_eq!(dot(Rows(vec![2]), rows.clone()), 2);
    assert_eq!(sum_of_borrowed(&rows) + sum_of_borrowed(&Rows(vec![1])), 7);
    assert_eq!(count_through(&rows) + count_through(&Rows(vec![1])), 4);
}

#[test]
fn traits_by_their_paths() {
    let rows = vec![1, 2];
    assert_eq!(rayon::iter::IntoParallelRefIterator::par_iter(&rows).sum::<u32>(), 3);
    assert_eq!(rayon::slice::ParallelSlice::par_chunks(&rows[..], 1).count(), 2);
    assert_eq!(<Vec<u32> as IntoParallelIterator>::into_par_iter(rows).sum::<u32>(), 3);
    let all = vec![vec![1_u32], vec![2, 3]];
    let sources = all.into_par_iter().map(IntoParallelIterator::into_par_iter);
    assert_eq!(sources.map(|source| source.sum::<u32>()).sum::<u32>(), 6);
}

#[test]
fn a_type_of_the_program_in_an_adaptor() {
    // rayon's adaptors take rayon's trait, which a parallel iterator has.
    let rows = || Rows(vec![1, 2]);
    assert_eq!((0..2_u32).into_par_iter().zip(rows().into_par_iter()).count(), 2);
    assert_eq!(rayon::iter::once(1).chain(rows().into_par_iter()).sum::<u32>(), 4);
    let flat = (0..3_u32).into_par_iter().flat_map(|_| rows().into_par_iter());
    assert_eq!(flat.sum::<u32>(), 9);
    let mut all = vec![0];
    all.par_extend(rows().into_par_iter());
    assert_eq!(all, [0, 1, 2]);
}
