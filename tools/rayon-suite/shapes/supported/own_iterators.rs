//! Parallel iterators of the user's, and adaptors.

use std::ops::Range;

use rayon::iter::plumbing::{bridge, Consumer, Producer, ProducerCallback, UnindexedConsumer};
use rayon::prelude::*;

struct UpTo(usize);

impl ParallelIterator for UpTo {
    type Item = usize;

    fn drive_unindexed<C>(self, consumer: C) -> C::Result
    where
        C: UnindexedConsumer<usize>,
    {
        bridge(self, consumer)
    }

    fn opt_len(&self) -> Option<usize> {
        Some(self.0)
    }
}

impl IndexedParallelIterator for UpTo {
    fn len(&self) -> usize {
        self.0
    }

    fn drive<C: Consumer<usize>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }

    fn with_producer<CB: ProducerCallback<usize>>(self, callback: CB) -> CB::Output {
        callback.callback(Part(0..self.0))
    }
}

struct Part(Range<usize>);

impl Producer for Part {
    type Item = usize;
    type IntoIter = Range<usize>;

    fn into_iter(self) -> Self::IntoIter {
        self.0
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let middle = self.0.start + index;
        (Self(self.0.start..middle), Self(middle..self.0.end))
    }
}

#[test]
fn indexed() {
    assert_eq!(UpTo(101).map(|x| x + 1).sum::<usize>(), 5151);
    assert_eq!(UpTo(4).enumerate().rev().collect::<Vec<_>>(), [(3, 3), (2, 2), (1, 1), (0, 0)]);
    assert_eq!(UpTo(9).chunks(4).map(|chunk| chunk.len()).collect::<Vec<_>>(), [4, 4, 1]);
}

#[test]
fn zipped_with_others_and_others_with_them() {
    let sums = UpTo(3).into_par_iter().zip(vec![10, 20, 30]).map(|(x, y)| x + y);
    assert_eq!(sums.collect::<Vec<_>>(), [10, 21, 32]);
    let sums = vec![10, 20, 30].into_par_iter().zip(UpTo(3)).map(|(x, y)| x + y);
    assert_eq!(sums.collect::<Vec<_>>(), [10, 21, 32]);
}

#[derive(Clone)]
struct Through<I>(I);

impl<I: ParallelIterator> ParallelIterator for Through<I> {
    type Item = I::Item;

    fn drive_unindexed<C>(self, consumer: C) -> C::Result
    where
        C: UnindexedConsumer<I::Item>,
    {
        self.0.drive_unindexed(consumer)
    }

    fn opt_len(&self) -> Option<usize> {
        self.0.opt_len()
    }
}

#[test]
fn around_any_iterator() {
    let through = Through(vec![1, 2, 3].into_par_iter());
    assert_eq!(through.opt_len(), Some(3));
    assert_eq!(through.clone().chain(through).sum::<u32>(), 12);
    assert_eq!(Through((0..9).into_par_iter().filter(|x| x % 3 == 0)).count(), 3);
}

trait Twice: ParallelIterator + Clone {
    fn twice(self) -> rayon::iter::Chain<Self, Self> {
        let again = self.clone();
        self.chain(again)
    }
}

impl<I: ParallelIterator + Clone> Twice for I {}

#[test]
fn an_adaptor_for_all_iterators() {
    assert_eq!(vec![1, 2].into_par_iter().twice().collect::<Vec<_>>(), [1, 2, 1, 2]);
    assert_eq!([1, 2].par_iter().map(|x| x * 2).twice().sum::<u32>(), 12);
}
