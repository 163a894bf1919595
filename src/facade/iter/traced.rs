//! `Traced`, a parallel iterator that is recorded where it is driven.
//!
//! Whoever drives it hands it a consumer, or asks for its producer. Both are wrapped on their way
//! to the iterator within: `consumer` and `producer` see how they are split and run.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use rayon::iter::plumbing::{Consumer, ProducerCallback, UnindexedConsumer};
use rayon::iter::{IndexedParallelIterator, ParallelIterator};

use super::consumer::PartConsumer;
use super::meaning::meaning;
use super::producer::PartCallback;
use crate::facade::current::{lane, who};
use crate::facade::{job, pool};
use crate::record::{Call, Names, OpenIterator, Seen};

/// A parallel iterator that is recorded: one of rayon's sources, or one that the user labelled.
#[derive(Clone)]
#[must_use = "iterator adaptors are lazy"]
pub struct Traced<I> {
    /// What is recorded.
    pub(super) inner: I,
    /// Where the program made it.
    pub(super) site: &'static Location<'static>,
    label: Option<Arc<str>>,
}

impl<I> Traced<I> {
    /// `inner`, which the program made at `site`.
    pub(in crate::facade) fn new(inner: I, site: &'static Location<'static>) -> Self {
        Self { inner, site, label: None }
    }

    /// `inner`, which the program named at `site`.
    pub(super) fn labelled(inner: I, site: &'static Location<'static>, label: Arc<str>) -> Self {
        Self { inner, site, label: Some(label) }
    }

    /// Runs it: `drive` gets the iterator within and what its parts share.
    #[inline]
    fn operate<R>(
        self,
        names: Names,
        seen: Seen,
        drive: impl FnOnce(I, &OpenIterator<'_, '_>) -> R,
    ) -> R {
        let Self { inner, site, label } = self;
        let call = Call { site, names, label: label.as_deref() };
        if !lane().in_task() {
            pool::first_use();
        }
        job::in_task(|| {
            let mut open = lane().open_iterator(who, &call, seen);
            let result = drive(inner, &open);
            open.close();
            result
        })
    }
}

/// What `I` is, driven by `D`.
fn names<I, D>() -> Names {
    Names { source: type_name::<I>(), consumer: type_name::<D>(), meaning }
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
        self.operate(names::<I, C>(), Seen::Whole, |inner, open| {
            inner.drive_unindexed(PartConsumer::new(consumer, open)).value
        })
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
        self.operate(names::<I, C>(), Seen::Whole, |inner, open| {
            inner.drive(PartConsumer::new(consumer, open)).value
        })
    }

    fn with_producer<CB: ProducerCallback<Self::Item>>(self, callback: CB) -> CB::Output {
        self.operate(names::<I, CB>(), Seen::Leaves, |inner, open| {
            if open.has_parts() {
                inner.with_producer(PartCallback::new(callback, open))
            } else {
                inner.with_producer(callback)
            }
        })
    }
}
