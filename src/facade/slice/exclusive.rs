//! `ParallelSliceMut`: what can be changed in parallel, and sorted.

use std::cmp::Ordering;
use std::panic::Location;

use rayon::slice::ParallelSliceMut as Real;

use super::sort::sorting;
use super::{
    ChunkByMut, ChunksExactMut, ChunksMut, RChunksExactMut, RChunksMut, SplitInclusiveMut, SplitMut,
};
use crate::facade::iter::traced;

/// [`rayon::slice::ParallelSliceMut`], whose sources are traced.
pub trait ParallelSliceMut<T: Send> {
    /// The plain slice that all other methods use.
    fn as_parallel_slice_mut(&mut self) -> &mut [T];

    /// Subslices between the elements that match.
    #[track_caller]
    fn par_split_mut<P>(&mut self, separator: P) -> SplitMut<'_, T, P>
    where
        P: Fn(&T) -> bool + Sync + Send,
    {
        traced(Real::par_split_mut(self.as_parallel_slice_mut(), separator))
    }

    /// Subslices that end with an element that matches.
    #[track_caller]
    fn par_split_inclusive_mut<P>(&mut self, separator: P) -> SplitInclusiveMut<'_, T, P>
    where
        P: Fn(&T) -> bool + Sync + Send,
    {
        traced(Real::par_split_inclusive_mut(self.as_parallel_slice_mut(), separator))
    }

    /// Chunks of `chunk_size` elements, the last one perhaps shorter.
    #[track_caller]
    fn par_chunks_mut(&mut self, chunk_size: usize) -> ChunksMut<'_, T> {
        traced(Real::par_chunks_mut(self.as_parallel_slice_mut(), chunk_size))
    }

    /// Chunks of exactly `chunk_size` elements; the rest is the iterator's `remainder`.
    #[track_caller]
    fn par_chunks_exact_mut(&mut self, chunk_size: usize) -> ChunksExactMut<'_, T> {
        traced(Real::par_chunks_exact_mut(self.as_parallel_slice_mut(), chunk_size))
    }

    /// Chunks of `chunk_size` elements from the end, the last one perhaps shorter.
    #[track_caller]
    fn par_rchunks_mut(&mut self, chunk_size: usize) -> RChunksMut<'_, T> {
        traced(Real::par_rchunks_mut(self.as_parallel_slice_mut(), chunk_size))
    }

    /// Chunks of exactly `chunk_size` elements from the end; the rest is the iterator's `remainder`.
    #[track_caller]
    fn par_rchunks_exact_mut(&mut self, chunk_size: usize) -> RChunksExactMut<'_, T> {
        traced(Real::par_rchunks_exact_mut(self.as_parallel_slice_mut(), chunk_size))
    }

    /// Runs of elements in which every two neighbours satisfy the predicate.
    #[track_caller]
    fn par_chunk_by_mut<F>(&mut self, pred: F) -> ChunkByMut<'_, T, F>
    where
        F: Fn(&T, &T) -> bool + Send + Sync,
    {
        traced(Real::par_chunk_by_mut(self.as_parallel_slice_mut(), pred))
    }

    /// Sorts, and keeps the order of equal elements.
    #[track_caller]
    fn par_sort(&mut self)
    where
        T: Ord,
    {
        sorting(Location::caller(), || Real::par_sort(self.as_parallel_slice_mut()));
    }

    /// Sorts by a comparison, and keeps the order of equal elements.
    #[track_caller]
    fn par_sort_by<F>(&mut self, compare: F)
    where
        F: Fn(&T, &T) -> Ordering + Sync,
    {
        sorting(Location::caller(), || Real::par_sort_by(self.as_parallel_slice_mut(), compare));
    }

    /// Sorts by a key, and keeps the order of equal elements.
    #[track_caller]
    fn par_sort_by_key<K, F>(&mut self, f: F)
    where
        K: Ord,
        F: Fn(&T) -> K + Sync,
    {
        sorting(Location::caller(), || Real::par_sort_by_key(self.as_parallel_slice_mut(), f));
    }

    /// Sorts by a key that is computed once per element, and keeps the order of equal elements.
    #[track_caller]
    fn par_sort_by_cached_key<K, F>(&mut self, f: F)
    where
        F: Fn(&T) -> K + Sync,
        K: Ord + Send,
    {
        sorting(Location::caller(), || {
            Real::par_sort_by_cached_key(self.as_parallel_slice_mut(), f);
        });
    }

    /// Sorts; equal elements may change places.
    #[track_caller]
    fn par_sort_unstable(&mut self)
    where
        T: Ord,
    {
        sorting(Location::caller(), || Real::par_sort_unstable(self.as_parallel_slice_mut()));
    }

    /// Sorts by a comparison; equal elements may change places.
    #[track_caller]
    fn par_sort_unstable_by<F>(&mut self, compare: F)
    where
        F: Fn(&T, &T) -> Ordering + Sync,
    {
        sorting(Location::caller(), || {
            Real::par_sort_unstable_by(self.as_parallel_slice_mut(), compare);
        });
    }

    /// Sorts by a key; equal elements may change places.
    #[track_caller]
    fn par_sort_unstable_by_key<K, F>(&mut self, f: F)
    where
        K: Ord,
        F: Fn(&T) -> K + Sync,
    {
        sorting(Location::caller(), || {
            Real::par_sort_unstable_by_key(self.as_parallel_slice_mut(), f);
        });
    }
}

impl<T, S> ParallelSliceMut<T> for S
where
    T: Send,
    S: Real<T> + ?Sized,
{
    fn as_parallel_slice_mut(&mut self) -> &mut [T] {
        Real::as_parallel_slice_mut(self)
    }
}
