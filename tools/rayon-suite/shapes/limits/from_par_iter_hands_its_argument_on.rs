//! A `FromParallelIterator` of the user's hands its argument on to rayon's own.
//!
//! error[E0277]: the trait bound `I: …ParallelIterator` is not satisfied

use rayon::prelude::*;

struct Bag(Vec<u32>);

impl FromParallelIterator<u32> for Bag {
    fn from_par_iter<I>(items: I) -> Self
    where
        I: IntoParallelIterator<Item = u32>,
    {
        #[cfg(feature = "work-around")]
        let items = items.into_par_iter();
        Self(Vec::from_par_iter(items))
    }
}

#[test]
fn collects() {
    assert_eq!((2..4).into_par_iter().collect::<Bag>().0, [2, 3]);
}
