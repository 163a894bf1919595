//! What a function is generic over goes behind a parallel iterator.
//!
//! error[E0277]: the trait bound `I: …ParallelIterator` is not satisfied

use rayon::prelude::*;

fn after_one<I: IntoParallelIterator<Item = u32>>(items: I) -> Vec<u32> {
    #[cfg(feature = "work-around")]
    let items = items.into_par_iter();
    rayon::iter::once(1).chain(items).collect()
}

#[test]
fn chains() {
    assert_eq!(after_one(vec![2, 3]), [1, 2, 3]);
}
