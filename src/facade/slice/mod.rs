//! Parallel iterators over slices, and sorting.

mod exclusive;
mod shared;
mod sort;

use rayon::slice as real;

use super::aliases::aliases;
use super::iter::Traced;

pub use exclusive::ParallelSliceMut;
pub use shared::ParallelSlice;

aliases! {
    Iter<'data, T>, IterMut<'data, T>, Windows<'data, T>,
    Chunks<'data, T>, ChunksExact<'data, T>, ChunksMut<'data, T>, ChunksExactMut<'data, T>,
    RChunks<'data, T>, RChunksExact<'data, T>, RChunksMut<'data, T>, RChunksExactMut<'data, T>,
    Split<'data, T, P>, SplitInclusive<'data, T, P>,
    SplitMut<'data, T, P>, SplitInclusiveMut<'data, T, P>,
    ChunkBy<'data, T, P>, ChunkByMut<'data, T, P>,
}

/// rayon's [`ArrayWindows`](real::ArrayWindows), traced.
pub type ArrayWindows<'data, T, const N: usize> = Traced<real::ArrayWindows<'data, T, N>>;
