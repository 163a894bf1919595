//! What a function is generic over goes into a `Vec`.
//!
//! error[E0277]: the trait bound `I: …ParallelIterator` is not satisfied

use rayon::prelude::*;

fn append<I: IntoParallelIterator<Item = u32>>(to: &mut Vec<u32>, items: I) {
    #[cfg(feature = "work-around")]
    let items = items.into_par_iter();
    to.par_extend(items);
}

#[test]
fn extends() {
    let mut to = vec![1];
    append(&mut to, 2..4);
    assert_eq!(to, [1, 2, 3]);
}
