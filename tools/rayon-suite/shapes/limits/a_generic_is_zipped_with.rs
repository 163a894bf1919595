//! What a function is generic over goes into an adaptor of rayon's that takes two.
//!
//! error[E0277]: the trait bound `B: …ParallelIterator` is not satisfied

use rayon::prelude::*;

fn dot<A, B>(left: A, right: B) -> u32
where
    A: IntoParallelIterator<Item = u32, Iter: IndexedParallelIterator>,
    B: IntoParallelIterator<Item = u32, Iter: IndexedParallelIterator>,
{
    #[cfg(feature = "work-around")]
    let right = right.into_par_iter();
    left.into_par_iter().zip(right).map(|(x, y)| x * y).sum()
}

#[test]
fn zips() {
    assert_eq!(dot(vec![1, 2], vec![3, 4]), 11);
}
