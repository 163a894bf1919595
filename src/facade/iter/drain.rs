//! What can be emptied by a source, all of it or a range.

use std::ops::RangeBounds;

use rayon::iter::ParallelIterator;

use super::{Traced, traced};

/// [`rayon::iter::ParallelDrainFull`], whose sources are traced.
pub trait ParallelDrainFull {
    /// The parallel iterator over what is taken out.
    type Iter: ParallelIterator<Item = Self::Item>;

    /// What it produces.
    type Item: Send;

    /// Takes everything out; the collection keeps its capacity.
    #[track_caller]
    fn par_drain(self) -> Self::Iter;
}

impl<T: rayon::iter::ParallelDrainFull> ParallelDrainFull for T {
    type Iter = Traced<T::Iter>;
    type Item = T::Item;

    fn par_drain(self) -> Self::Iter {
        traced(rayon::iter::ParallelDrainFull::par_drain(self))
    }
}

/// [`rayon::iter::ParallelDrainRange`], whose sources are traced.
pub trait ParallelDrainRange<Idx = usize> {
    /// The parallel iterator over what is taken out.
    type Iter: ParallelIterator<Item = Self::Item>;

    /// What it produces.
    type Item: Send;

    /// Takes a range out; the collection keeps its capacity.
    #[track_caller]
    fn par_drain<R: RangeBounds<Idx>>(self, range: R) -> Self::Iter;
}

impl<Idx, T: rayon::iter::ParallelDrainRange<Idx>> ParallelDrainRange<Idx> for T {
    type Iter = Traced<T::Iter>;
    type Item = T::Item;

    fn par_drain<R: RangeBounds<Idx>>(self, range: R) -> Self::Iter {
        traced(rayon::iter::ParallelDrainRange::par_drain(self, range))
    }
}
