//! `ParallelBridge`: a sequential iterator as a source.

use super::fed::Fed;
use super::{Traced, traced};

/// rayon's [`IterBridge`](rayon::iter::IterBridge), traced.
pub type IterBridge<Iter> = Traced<rayon::iter::IterBridge<Fed<Iter>>>;

/// [`rayon::iter::ParallelBridge`], whose sources are traced.
pub trait ParallelBridge: Sized {
    /// Hands the items of this iterator out to the workers, in no order.
    #[track_caller]
    fn par_bridge(self) -> IterBridge<Self>;
}

impl<T> ParallelBridge for T
where
    T: Iterator<Item: Send> + Send,
{
    fn par_bridge(self) -> IterBridge<Self> {
        traced(rayon::iter::ParallelBridge::par_bridge(Fed::new(self)))
    }
}
