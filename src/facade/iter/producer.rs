//! A producer that records how it is split and run, for a source under an indexed adaptor. Such an
//! adaptor (`zip`, `enumerate`, `rev`, …) keeps the consumer to itself: reductions are out of sight.
//!
//! A leaf ends when its sequential iterator is dropped. To notice that costs nothing per item: the
//! iterator becomes a `std::iter::Map` that maps each item to itself and owns the leaf. std knows
//! how to go through its own `Map` by index, which an iterator of ours would hide from it.

use std::iter::Map;
use std::thread;

use rayon::iter::plumbing::{Folder, Producer, ProducerCallback};

use crate::facade::current::{lane, who};
use crate::record::{Half, OpenIterator, OpenLeaf, Run};

/// What gets the producer, recorded.
pub(super) struct PartCallback<'r, 'c, CB> {
    inner: CB,
    run: &'r Run<'c>,
    half: Half,
}

impl<'r, 'c, CB> PartCallback<'r, 'c, CB> {
    /// It gets the producer of all items.
    pub(super) fn new(inner: CB, open: &'r OpenIterator<'_, 'c>) -> Self {
        Self { inner, run: open.run(), half: open.root() }
    }
}

impl<T, CB: ProducerCallback<T>> ProducerCallback<T> for PartCallback<'_, '_, CB> {
    type Output = CB::Output;

    fn callback<P: Producer<Item = T>>(self, inner: P) -> CB::Output {
        let Self { inner: callback, run, half } = self;
        callback.callback(PartProducer { inner, run, half, keep: keep::<T> })
    }
}

/// A producer, recorded.
struct PartProducer<'r, 'c, P, K> {
    inner: P,
    run: &'r Run<'c>,
    half: Half,
    /// Makes the closure that owns a leaf; its type has no name of its own.
    keep: fn(Leaf<'r, 'c>) -> K,
}

/// Hands on every item, and keeps the leaf until it is dropped.
fn keep<'r, 'c, T>(leaf: Leaf<'r, 'c>) -> impl FnMut(T) -> T + use<'r, 'c, T> {
    move |item| {
        let _kept = &leaf;
        item
    }
}

impl<P, K> Producer for PartProducer<'_, '_, P, K>
where
    P: Producer,
    K: FnMut(P::Item) -> P::Item,
{
    type Item = P::Item;
    type IntoIter = Map<P::IntoIter, K>;

    fn into_iter(self) -> Self::IntoIter {
        let items = self.inner.into_iter();
        let leaf = Leaf::begin(self.run, self.half, items.len());
        items.map((self.keep)(leaf))
    }

    fn min_len(&self) -> usize {
        self.inner.min_len()
    }

    fn max_len(&self) -> usize {
        self.inner.max_len()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let Self { inner, run, half, keep } = self;
        let [first, second] = run.split_unseen(lane(), who, half);
        let (left, right) = inner.split_at(index);
        (
            Self { inner: left, run, half: first, keep },
            Self { inner: right, run, half: second, keep },
        )
    }

    fn fold_with<F: Folder<Self::Item>>(self, folder: F) -> F {
        let leaf = self.run.leaf(lane(), who, self.half);
        let items = self.inner.into_iter();
        let count = items.len() as u64;
        let folder = folder.consume_iter(items);
        leaf.close(lane(), count);
        folder
    }
}

/// A leaf that ends when it is dropped.
struct Leaf<'r, 'c> {
    open: Option<OpenLeaf<'r, 'c, 'static>>,
    items: usize,
    /// It may begin while another panic is under way.
    was_panicking: bool,
}

impl<'r, 'c> Leaf<'r, 'c> {
    /// Not inlined, nor is [`end`]: what stands around the loop over the items must not keep the
    /// compiler from what it does to that loop.
    #[inline(never)]
    fn begin(run: &'r Run<'c>, half: Half, items: usize) -> Self {
        let was_panicking = thread::panicking();
        Self { open: Some(run.leaf(lane(), who, half)), items, was_panicking }
    }
}

impl Drop for Leaf<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            end(open, self.items, self.was_panicking);
        }
    }
}

#[inline(never)]
fn end(open: OpenLeaf<'_, '_, 'static>, items: usize, was_panicking: bool) {
    // Dropped while open, it has panicked.
    if was_panicking || !thread::panicking() {
        open.close(lane(), items as u64);
    }
}
