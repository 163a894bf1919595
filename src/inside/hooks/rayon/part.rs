//! The parts of a parallel iterator, as rayon's bridges make them: what each half carries beside
//! its producer and its consumer, and what is done where it is split, run and reduced.
//!
//! A bridge is compiled for each kind of part: without a recording for `()`, which is nothing at
//! all, so that the code is rayon's own. Consumers are never wrapped, nor are the folders of leaves
//! whose length is known.

use rayon_core::rayprism::record::{self, Done, Half, OpenSplit, Run};
use rayon_core::rayprism::{in_program, lane, run_carried, who};

use crate::iter::plumbing::{Consumer, Folder, Producer, UnindexedProducer};

/// What a half of a parallel iterator is to the recording.
pub(crate) trait Part: Sized + Send {
    /// A split that is open.
    type Split;
    /// How a part ended.
    type Done: Send;

    /// The part's halves.
    fn split(self) -> (Self, Self, Self::Split);

    /// Runs a half, which came as a job to the thread that does if it has `migrated`.
    #[inline(always)]
    fn arrive<R>(self, _migrated: bool, half: impl FnOnce(Self) -> R) -> R {
        half(self)
    }

    /// Reduces the results of a split.
    fn reduce<R>(
        split: Self::Split,
        left: (R, Self::Done),
        right: (R, Self::Done),
        reduce: impl FnOnce(R, R) -> R,
    ) -> (R, Self::Done);

    /// Runs a leaf of so many items.
    fn leaf<P, C>(self, items: usize, producer: P, consumer: C) -> (C::Result, Self::Done)
    where
        P: Producer,
        C: Consumer<P::Item>;

    /// Runs a leaf that wants no items.
    fn full<R>(self, leaf: impl FnOnce() -> R) -> (R, Self::Done);

    /// Runs a leaf of which nobody knows how many items it has.
    fn fold<P, C>(self, producer: P, consumer: C) -> (C::Result, Self::Done)
    where
        P: UnindexedProducer,
        C: Consumer<P::Item>;
}

/// Nothing is recorded.
impl Part for () {
    type Split = ();
    type Done = ();

    #[inline(always)]
    fn split(self) -> (Self, Self, Self::Split) {
        ((), (), ())
    }

    #[inline(always)]
    fn reduce<R>(
        (): (),
        left: (R, ()),
        right: (R, ()),
        reduce: impl FnOnce(R, R) -> R,
    ) -> (R, ()) {
        (reduce(left.0, right.0), ())
    }

    #[inline(always)]
    fn leaf<P, C>(self, _: usize, producer: P, consumer: C) -> (C::Result, ())
    where
        P: Producer,
        C: Consumer<P::Item>,
    {
        (producer.fold_with(consumer.into_folder()).complete(), ())
    }

    #[inline(always)]
    fn full<R>(self, leaf: impl FnOnce() -> R) -> (R, ()) {
        (leaf(), ())
    }

    #[inline(always)]
    fn fold<P, C>(self, producer: P, consumer: C) -> (C::Result, ())
    where
        P: UnindexedProducer,
        C: Consumer<P::Item>,
    {
        (producer.fold_with(consumer.into_folder()).complete(), ())
    }
}

/// A part of an iterator that is counted only: what its thread counts, which lies on that thread's
/// stack until all of its parts have ended.
pub(crate) struct Counted<'c>(*const record::Counted<'static, 'c>);

// SAFETY: another thread than the one that made it reads what `carried` gives, and nothing else.
unsafe impl Send for Counted<'_> {}

impl<'c> Counted<'c> {
    /// All that `counted` is about.
    pub(crate) fn all(counted: &record::Counted<'_, 'c>) -> Self {
        Self((counted as *const record::Counted<'_, 'c>).cast())
    }

    /// On the thread that counts there.
    #[inline(always)]
    fn here(&self) -> &record::Counted<'_, 'c> {
        // SAFETY: it outlives all of its parts, which `arrive` keeps to the thread that counts.
        unsafe { &*self.0 }
    }

    /// Runs it as a task of its own.
    #[cold]
    fn as_job<R>(self, half: impl FnOnce(Self) -> R) -> R {
        // SAFETY: it outlives all of its parts. What is read is written before the first of them
        // begins, and never again.
        let carried = unsafe { &*self.0 }.carried();
        run_carried(carried, |counted| half(Self::all(counted)))
    }
}

impl Part for Counted<'_> {
    type Split = Self;
    type Done = ();

    #[inline(always)]
    fn split(self) -> (Self, Self, Self::Split) {
        self.here().split();
        (Self(self.0), Self(self.0), self)
    }

    #[inline(always)]
    fn arrive<R>(self, migrated: bool, half: impl FnOnce(Self) -> R) -> R {
        if migrated {
            return self.as_job(half);
        }
        half(self)
    }

    #[inline(always)]
    fn reduce<R>(
        split: Self,
        left: (R, ()),
        right: (R, ()),
        reduce: impl FnOnce(R, R) -> R,
    ) -> (R, ()) {
        split.here().reduce();
        (reduce(left.0, right.0), ())
    }

    #[inline(always)]
    fn leaf<P, C>(self, items: usize, producer: P, consumer: C) -> (C::Result, ())
    where
        P: Producer,
        C: Consumer<P::Item>,
    {
        self.here().leaf();
        let result = apart(producer, consumer);
        self.here().items(items as u64);
        (result, ())
    }

    #[inline(always)]
    fn full<R>(self, leaf: impl FnOnce() -> R) -> (R, ()) {
        self.here().leaf();
        (leaf(), ())
    }

    #[inline(always)]
    fn fold<P, C>(self, producer: P, consumer: C) -> (C::Result, ())
    where
        P: UnindexedProducer,
        C: Consumer<P::Item>,
    {
        self.here().leaf();
        let folder = Items { inner: consumer.into_folder(), items: 0, is_fed: false };
        let Items { inner, items, .. } = producer.fold_with(folder);
        let result = inner.complete();
        self.here().items(items);
        (result, ())
    }
}

/// A part of an iterator that is recorded whole.
pub(crate) struct Recorded<'r, 'c> {
    pub(crate) run: &'r Run<'c>,
    pub(crate) half: Half,
}

impl<'r, 'c> Part for Recorded<'r, 'c> {
    /// Stays on the stack that made the split: dropped without being used, a half panicked.
    type Split = OpenSplit<'r, 'c, 'static>;
    type Done = Done;

    fn split(self) -> (Self, Self, Self::Split) {
        let ([first, second], split) = self.run.split(lane(), who, self.half);
        let side = |half| Self { run: self.run, half };
        (side(first), side(second), split)
    }

    fn reduce<R>(
        split: Self::Split,
        left: (R, Done),
        right: (R, Done),
        reduce: impl FnOnce(R, R) -> R,
    ) -> (R, Done) {
        let reduction = split.joined(lane(), left.1, right.1);
        (reduce(left.0, right.0), reduction.close())
    }

    fn leaf<P, C>(self, items: usize, producer: P, consumer: C) -> (C::Result, Done)
    where
        P: Producer,
        C: Consumer<P::Item>,
    {
        let _called = in_program();
        let open = self.run.leaf(lane(), who, self.half);
        let result = apart(producer, consumer);
        (result, open.close(lane(), items as u64))
    }

    fn full<R>(self, leaf: impl FnOnce() -> R) -> (R, Done) {
        let open = self.run.leaf(lane(), who, self.half);
        let result = leaf();
        (result, open.close(lane(), 0))
    }

    fn fold<P, C>(self, producer: P, consumer: C) -> (C::Result, Done)
    where
        P: UnindexedProducer,
        C: Consumer<P::Item>,
    {
        let _called = in_program();
        let open = self.run.leaf(lane(), who, self.half);
        let folder = Items { inner: consumer.into_folder(), items: 0, is_fed: open.is_fed() };
        let Items { inner, items, .. } = producer.fold_with(folder);
        let result = inner.complete();
        (result, open.close(lane(), items))
    }
}

/// A leaf of what is recorded. Once for all kinds of that, lest the compiler think the leaf too
/// large to be a part of rayon's own code where nothing is.
#[inline(never)]
fn apart<P, C>(producer: P, consumer: C) -> C::Result
where
    P: Producer,
    C: Consumer<P::Item>,
{
    producer.fold_with(consumer.into_folder()).complete()
}

/// A folder that counts its items.
struct Items<F> {
    inner: F,
    items: u64,
    /// Whether each is to be told of.
    is_fed: bool,
}

impl<T, F: Folder<T>> Folder<T> for Items<F> {
    type Result = F::Result;

    fn consume(self, item: T) -> Self {
        let inner = self.inner.consume(item);
        if self.is_fed {
            lane().consumed();
        }
        Self { inner, items: self.items + 1, ..self }
    }

    /// Where the number of items is known, they pass without a look at any.
    fn consume_iter<I: IntoIterator<Item = T>>(self, items: I) -> Self {
        let Self { inner, items: before, is_fed } = self;
        let iterator = items.into_iter();
        let (inner, items) = match iterator.size_hint() {
            (least, Some(most)) if least == most => (inner.consume_iter(iterator), most as u64),
            _ => {
                let mut items = 0;
                (inner.consume_iter(iterator.inspect(|_| items += 1)), items)
            }
        };
        Self { inner, items: before.saturating_add(items), is_fed }
    }

    fn complete(self) -> Self::Result {
        self.inner.complete()
    }

    fn full(&self) -> bool {
        self.inner.full()
    }
}
