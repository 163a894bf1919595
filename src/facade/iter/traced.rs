//! `Traced`, a source of parallel items that knows where the program made it.

use std::fmt;
use std::panic::Location;

use rayon::iter::plumbing::{Consumer, ProducerCallback, UnindexedConsumer};
use rayon::iter::{IndexedParallelIterator, ParallelIterator};

/// One of rayon's sources of parallel items, traced.
#[derive(Clone)]
#[must_use = "iterator adaptors are lazy"]
pub struct Traced<I> {
    /// rayon's source.
    pub(super) inner: I,
    /// Where the program made it.
    pub(super) site: &'static Location<'static>,
}

impl<I> Traced<I> {
    /// `inner`, which the program made at `site`.
    pub(in crate::facade) fn new(inner: I, site: &'static Location<'static>) -> Self {
        Self { inner, site }
    }
}

/// `inner`, made where the function that calls this was called from.
#[track_caller]
pub(in crate::facade) fn traced<I>(inner: I) -> Traced<I> {
    Traced::new(inner, Location::caller())
}

impl<I: fmt::Debug> fmt::Debug for Traced<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<I: ParallelIterator> ParallelIterator for Traced<I> {
    type Item = I::Item;

    fn drive_unindexed<C>(self, consumer: C) -> C::Result
    where
        C: UnindexedConsumer<Self::Item>,
    {
        self.inner.drive_unindexed(consumer)
    }

    fn opt_len(&self) -> Option<usize> {
        self.inner.opt_len()
    }
}

impl<I: IndexedParallelIterator> IndexedParallelIterator for Traced<I> {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn drive<C: Consumer<Self::Item>>(self, consumer: C) -> C::Result {
        self.inner.drive(consumer)
    }

    fn with_producer<CB: ProducerCallback<Self::Item>>(self, callback: CB) -> CB::Output {
        self.inner.with_producer(callback)
    }
}
