//! What turns into a source: by value, by reference, by exclusive reference.
//!
//! The methods report their caller already in the trait, so that all impls do: a loop over a type
//! of the program points to the loop, not to the line of the impl that makes the source.
//!
//! With rayon a parallel iterator turns into itself. Here it turns into a source like any other and
//! is traced once more, since no bound tells it from a collection.

use rayon::iter::ParallelIterator;

use super::{Traced, traced};

/// [`rayon::iter::IntoParallelIterator`], whose sources are traced.
pub trait IntoParallelIterator {
    /// The parallel iterator that this turns into.
    type Iter: ParallelIterator<Item = Self::Item>;

    /// What it produces.
    type Item: Send;

    /// Turns this into a parallel iterator.
    #[track_caller]
    fn into_par_iter(self) -> Self::Iter;
}

impl<T: rayon::iter::IntoParallelIterator> IntoParallelIterator for T {
    type Iter = Traced<T::Iter>;
    type Item = T::Item;

    fn into_par_iter(self) -> Self::Iter {
        traced(rayon::iter::IntoParallelIterator::into_par_iter(self))
    }
}

/// [`rayon::iter::IntoParallelRefIterator`], whose sources are traced.
pub trait IntoParallelRefIterator<'data> {
    /// The parallel iterator over what is borrowed.
    type Iter: ParallelIterator<Item = Self::Item>;

    /// What it produces, commonly a reference.
    type Item: Send + 'data;

    /// A parallel iterator over what is in here.
    #[track_caller]
    fn par_iter(&'data self) -> Self::Iter;
}

impl<'data, I: 'data + ?Sized> IntoParallelRefIterator<'data> for I
where
    &'data I: IntoParallelIterator,
{
    type Iter = <&'data I as IntoParallelIterator>::Iter;
    type Item = <&'data I as IntoParallelIterator>::Item;

    fn par_iter(&'data self) -> Self::Iter {
        self.into_par_iter()
    }
}

/// [`rayon::iter::IntoParallelRefMutIterator`], whose sources are traced.
pub trait IntoParallelRefMutIterator<'data> {
    /// The parallel iterator over what is borrowed.
    type Iter: ParallelIterator<Item = Self::Item>;

    /// What it produces, commonly an exclusive reference.
    type Item: Send + 'data;

    /// A parallel iterator over what is in here, to be changed.
    #[track_caller]
    fn par_iter_mut(&'data mut self) -> Self::Iter;
}

impl<'data, I: 'data + ?Sized> IntoParallelRefMutIterator<'data> for I
where
    &'data mut I: IntoParallelIterator,
{
    type Iter = <&'data mut I as IntoParallelIterator>::Iter;
    type Item = <&'data mut I as IntoParallelIterator>::Item;

    fn par_iter_mut(&'data mut self) -> Self::Iter {
        self.into_par_iter()
    }
}
