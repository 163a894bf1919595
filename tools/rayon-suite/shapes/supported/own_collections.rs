//! Collections of the user's that rayon's traits are implemented for.

use rayon::prelude::*;

#[derive(Debug, PartialEq)]
struct Bag(Vec<u32>);

impl IntoParallelIterator for Bag {
    type Iter = rayon::vec::IntoIter<u32>;
    type Item = u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.into_par_iter()
    }
}

impl<'data> IntoParallelIterator for &'data Bag {
    type Iter = rayon::slice::Iter<'data, u32>;
    type Item = &'data u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.par_iter()
    }
}

impl<'data> IntoParallelIterator for &'data mut Bag {
    type Iter = rayon::slice::IterMut<'data, u32>;
    type Item = &'data mut u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.par_iter_mut()
    }
}

impl FromParallelIterator<u32> for Bag {
    fn from_par_iter<I>(items: I) -> Self
    where
        I: IntoParallelIterator<Item = u32>,
    {
        Self(items.into_par_iter().collect())
    }
}

impl ParallelExtend<u32> for Bag {
    fn par_extend<I>(&mut self, items: I)
    where
        I: IntoParallelIterator<Item = u32>,
    {
        self.0.par_extend(items.into_par_iter());
    }
}

impl ParallelSlice<u32> for Bag {
    fn as_parallel_slice(&self) -> &[u32] {
        &self.0
    }
}

impl ParallelSliceMut<u32> for Bag {
    fn as_parallel_slice_mut(&mut self) -> &mut [u32] {
        &mut self.0
    }
}

fn bag() -> Bag {
    Bag(vec![3, 1, 2])
}

#[test]
fn by_value() {
    assert_eq!(bag().into_par_iter().map(|x| x + 1).sum::<u32>(), 9);
}

#[test]
fn by_reference() {
    let mut bag = bag();
    bag.par_iter_mut().for_each(|x| *x += 1);
    assert_eq!(bag.par_iter().max(), Some(&4));
    assert_eq!((&bag).into_par_iter().count(), 3);
}

#[test]
fn collected() {
    let even: Bag = (0..10).into_par_iter().filter(|x| x % 2 == 0).collect();
    assert_eq!(even, Bag(vec![0, 2, 4, 6, 8]));
}

#[test]
fn extended() {
    let mut bag = bag();
    bag.par_extend(7..9);
    bag.par_extend(Bag(vec![5]).into_par_iter());
    assert_eq!(bag, Bag(vec![3, 1, 2, 7, 8, 5]));
}

#[test]
fn as_slices() {
    let mut bag = bag();
    bag.par_sort();
    assert_eq!(bag.par_chunks(2).map(<[u32]>::len).collect::<Vec<_>>(), [2, 1]);
    bag.par_chunks_mut(2).for_each(|chunk| chunk.reverse());
    assert_eq!(bag, Bag(vec![2, 1, 3]));
}

struct Boxed(Vec<u32>);

impl IntoParallelIterator for Box<Boxed> {
    type Iter = rayon::vec::IntoIter<u32>;
    type Item = u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.into_par_iter()
    }
}

#[test]
fn in_a_box_which_is_fundamental() {
    assert_eq!(Box::new(Boxed(vec![1, 2])).into_par_iter().sum::<u32>(), 3);
}

trait Items {
    fn items(self) -> Vec<u32>;
}

struct All<T>(T);

impl<T: Items> IntoParallelIterator for All<T> {
    type Iter = rayon::vec::IntoIter<u32>;
    type Item = u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.items().into_par_iter()
    }
}

impl Items for u32 {
    fn items(self) -> Vec<u32> {
        (0..self).collect()
    }
}

#[test]
fn for_all_of_a_trait() {
    assert_eq!(All(4).into_par_iter().sum::<u32>(), 6);
}
