//! A consumer that records how it is split, run and reduced. What it wraps is the adaptors and the
//! final consumer of a chain, so all of that is in the time of its leaves.

use std::cell::Cell;

use rayon::iter::plumbing::{Consumer, Folder, Reducer, UnindexedConsumer};

use crate::facade::current::{lane, who};
use crate::record::{Done, Half, OpenIterator, OpenLeaf, OpenSplit, Run};

/// A consumer, recorded.
pub(super) struct PartConsumer<'r, 'c, C> {
    inner: C,
    run: &'r Run<'c>,
    half: Cell<Half>,
}

impl<'r, 'c, C> PartConsumer<'r, 'c, C> {
    /// The consumer of all items.
    pub(super) fn new(inner: C, open: &'r OpenIterator<'_, 'c>) -> Self {
        Self::of(inner, open.run(), open.root())
    }

    fn of(inner: C, run: &'r Run<'c>, half: Half) -> Self {
        Self { inner, run, half: Cell::new(half) }
    }
}

impl<'r, 'c, T, C: Consumer<T>> Consumer<T> for PartConsumer<'r, 'c, C> {
    type Folder = LeafFolder<'r, 'c, C::Folder>;
    type Reducer = PartReducer<'r, 'c, C::Reducer>;
    type Result = Finished<C::Result>;

    fn split_at(self, index: usize) -> (Self, Self, Self::Reducer) {
        let run = self.run;
        let (halves, split) = run.split(lane(), who, self.half.get());
        let (first, second, inner) = self.inner.split_at(index);
        let [first_half, second_half] = halves;
        let first = Self::of(first, run, first_half);
        (first, Self::of(second, run, second_half), PartReducer { inner, split })
    }

    fn into_folder(self) -> Self::Folder {
        let leaf = self.run.leaf(lane(), who, self.half.get());
        LeafFolder { inner: self.inner.into_folder(), items: 0, leaf }
    }

    fn full(&self) -> bool {
        self.inner.full()
    }
}

impl<T, C: UnindexedConsumer<T>> UnindexedConsumer<T> for PartConsumer<'_, '_, C> {
    fn split_off_left(&self) -> Self {
        let half = self.half.get();
        let (first, second) = half.take_first().unwrap_or_else(|| {
            let [first, second] = self.run.split_off(lane(), half);
            (first, second)
        });
        self.half.set(second);
        Self::of(self.inner.split_off_left(), self.run, first)
    }

    /// rayon asks for the reducer of a split first, then for its first half, and goes on with what
    /// is left.
    fn to_reducer(&self) -> Self::Reducer {
        let ([first, second], split) = self.run.split(lane(), who, self.half.get());
        self.half.set(Half::with_first(first, second));
        PartReducer { inner: self.inner.to_reducer(), split }
    }
}

/// A result, and how its part ended.
pub(super) struct Finished<R> {
    pub(super) value: R,
    done: Done,
}

/// A leaf's folder, recorded.
pub(super) struct LeafFolder<'r, 'c, F> {
    inner: F,
    /// Items so far.
    items: u64,
    leaf: OpenLeaf<'r, 'c, 'static>,
}

impl<T, F: Folder<T>> Folder<T> for LeafFolder<'_, '_, F> {
    type Result = Finished<F::Result>;

    fn consume(self, item: T) -> Self {
        let inner = self.inner.consume(item);
        if self.leaf.is_fed() {
            lane().consumed();
        }
        Self { inner, items: self.items + 1, ..self }
    }

    /// Where the number of items is known, they pass without a look at any.
    fn consume_iter<I: IntoIterator<Item = T>>(self, items: I) -> Self {
        let Self { inner, items: before, leaf } = self;
        let iterator = items.into_iter();
        let (inner, items) = match iterator.size_hint() {
            (least, Some(most)) if least == most => (inner.consume_iter(iterator), most as u64),
            _ => {
                let mut items = 0;
                (inner.consume_iter(iterator.inspect(|_| items += 1)), items)
            }
        };
        Self { inner, items: before.saturating_add(items), leaf }
    }

    fn complete(self) -> Self::Result {
        let value = self.inner.complete();
        Finished { value, done: self.leaf.close(lane(), self.items) }
    }

    fn full(&self) -> bool {
        self.inner.full()
    }
}

/// A reducer, recorded. It stays on the stack that made the split: dropped without being used, a
/// half panicked.
pub(super) struct PartReducer<'r, 'c, R> {
    inner: R,
    split: OpenSplit<'r, 'c, 'static>,
}

impl<T, R: Reducer<T>> Reducer<Finished<T>> for PartReducer<'_, '_, R> {
    fn reduce(self, left: Finished<T>, right: Finished<T>) -> Finished<T> {
        let reduction = self.split.joined(lane(), left.done, right.done);
        let value = self.inner.reduce(left.value, right.value);
        Finished { value, done: reduction.close() }
    }
}
