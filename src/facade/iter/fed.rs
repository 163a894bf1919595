//! `Fed`, the program's iterator that feeds a bridge.

use std::fmt;

use crate::facade::current::lane;

/// A sequential iterator whose items are handed out to workers one at a time.
#[derive(Clone)]
pub struct Fed<I> {
    inner: I,
}

impl<I> Fed<I> {
    pub(super) fn new(inner: I) -> Self {
        Self { inner }
    }
}

impl<I: fmt::Debug> fmt::Debug for Fed<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<I: Iterator> Iterator for Fed<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<Self::Item> {
        lane().produce(|| self.inner.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}
