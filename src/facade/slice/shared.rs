//! `ParallelSlice`: what can be read in parallel.

use rayon::slice::ParallelSlice as Real;

use super::{
    ArrayWindows, ChunkBy, Chunks, ChunksExact, RChunks, RChunksExact, Split, SplitInclusive,
    Windows,
};
use crate::facade::iter::traced;

/// [`rayon::slice::ParallelSlice`], whose sources are traced.
pub trait ParallelSlice<T: Sync> {
    /// The plain slice that all other methods use.
    fn as_parallel_slice(&self) -> &[T];

    /// Subslices between the elements that match.
    #[track_caller]
    fn par_split<P>(&self, separator: P) -> Split<'_, T, P>
    where
        P: Fn(&T) -> bool + Sync + Send,
    {
        traced(Real::par_split(self.as_parallel_slice(), separator))
    }

    /// Subslices that end with an element that matches.
    #[track_caller]
    fn par_split_inclusive<P>(&self, separator: P) -> SplitInclusive<'_, T, P>
    where
        P: Fn(&T) -> bool + Sync + Send,
    {
        traced(Real::par_split_inclusive(self.as_parallel_slice(), separator))
    }

    /// All windows of `window_size` elements, which overlap.
    #[track_caller]
    fn par_windows(&self, window_size: usize) -> Windows<'_, T> {
        traced(Real::par_windows(self.as_parallel_slice(), window_size))
    }

    /// All windows of `N` elements as arrays, which overlap.
    #[track_caller]
    fn par_array_windows<const N: usize>(&self) -> ArrayWindows<'_, T, N> {
        traced(Real::par_array_windows(self.as_parallel_slice()))
    }

    /// Chunks of `chunk_size` elements, the last one perhaps shorter.
    #[track_caller]
    fn par_chunks(&self, chunk_size: usize) -> Chunks<'_, T> {
        traced(Real::par_chunks(self.as_parallel_slice(), chunk_size))
    }

    /// Chunks of exactly `chunk_size` elements; the rest is the iterator's `remainder`.
    #[track_caller]
    fn par_chunks_exact(&self, chunk_size: usize) -> ChunksExact<'_, T> {
        traced(Real::par_chunks_exact(self.as_parallel_slice(), chunk_size))
    }

    /// Chunks of `chunk_size` elements from the end, the last one perhaps shorter.
    #[track_caller]
    fn par_rchunks(&self, chunk_size: usize) -> RChunks<'_, T> {
        traced(Real::par_rchunks(self.as_parallel_slice(), chunk_size))
    }

    /// Chunks of exactly `chunk_size` elements from the end; the rest is the iterator's `remainder`.
    #[track_caller]
    fn par_rchunks_exact(&self, chunk_size: usize) -> RChunksExact<'_, T> {
        traced(Real::par_rchunks_exact(self.as_parallel_slice(), chunk_size))
    }

    /// Runs of elements in which every two neighbours satisfy the predicate.
    #[track_caller]
    fn par_chunk_by<F>(&self, pred: F) -> ChunkBy<'_, T, F>
    where
        F: Fn(&T, &T) -> bool + Send + Sync,
    {
        traced(Real::par_chunk_by(self.as_parallel_slice(), pred))
    }
}

impl<T, S> ParallelSlice<T> for S
where
    T: Sync,
    S: Real<T> + ?Sized,
{
    fn as_parallel_slice(&self) -> &[T] {
        Real::as_parallel_slice(self)
    }
}
