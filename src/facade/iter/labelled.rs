//! `labelled`: the name by which reports group what a parallel iterator does.

use std::panic::Location;
use std::sync::Arc;

use rayon::iter::ParallelIterator;

use super::Traced;

/// Names parallel iterators, the facade's and stock ones.
pub trait Labelled: ParallelIterator {
    /// Gives what is driven through this iterator a name in reports and traces. Where it stands in
    /// a chain does not matter; of several in one chain the last one counts.
    ///
    /// A stock rayon iterator is recorded from its label on: its splits, leaves and reductions are
    /// seen as if it came from the facade.
    ///
    /// ```
    /// use rayprism::Labelled;
    /// use rayprism::facade::prelude::*;
    ///
    /// let sum: u64 = (0..1_000_u64).into_par_iter().labelled("squares").map(|n| n * n).sum();
    /// # assert_eq!(sum, 332_833_500);
    /// ```
    #[track_caller]
    fn labelled(self, label: impl Into<Arc<str>>) -> Traced<Self> {
        Traced::labelled(self, Location::caller(), label.into())
    }
}

impl<I: ParallelIterator> Labelled for I {}
