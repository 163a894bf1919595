//! The methods that rayon's sources have besides those of the traits.

use rayon::iter as real;
use rayon::iter::{IndexedParallelIterator, Zip};
use rayon::slice::{ChunksExact, ChunksExactMut, RChunksExact, RChunksExactMut};

use super::{RepeatN, Traced};

macro_rules! remainder {
    ($Chunks:ident, $ChunksMut:ident) => {
        impl<'data, T> Traced<$Chunks<'data, T>> {
            /// The elements that are in no chunk.
            pub fn remainder(&self) -> &'data [T] {
                self.inner.remainder()
            }
        }

        impl<'data, T: Send> Traced<$ChunksMut<'data, T>> {
            /// The elements that are in no chunk, for as long as the slice lives.
            pub fn into_remainder(self) -> &'data mut [T] {
                self.inner.into_remainder()
            }

            /// The elements that are in no chunk.
            pub fn remainder(&mut self) -> &mut [T] {
                self.inner.remainder()
            }

            /// The elements that are in no chunk, for as long as the slice lives; none afterwards.
            pub fn take_remainder(&mut self) -> &'data mut [T] {
                self.inner.take_remainder()
            }
        }
    };
}

remainder!(ChunksExact, ChunksExactMut);
remainder!(RChunksExact, RChunksExactMut);

impl<T: Clone + Send> Traced<real::Repeat<T>> {
    /// Only `n` repeats of the element.
    pub fn take(self, n: usize) -> RepeatN<T> {
        Traced::new(self.inner.take(n), self.site)
    }

    /// The element beside each item of another iterator.
    pub fn zip<Z>(self, zip_op: Z) -> Zip<RepeatN<T>, Z::Iter>
    where
        Z: real::IntoParallelIterator<Iter: IndexedParallelIterator>,
    {
        let other = zip_op.into_par_iter();
        let len = other.len();
        self.take(len).zip(other)
    }
}
