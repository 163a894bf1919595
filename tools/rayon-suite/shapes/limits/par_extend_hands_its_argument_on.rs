//! A `ParallelExtend` of the user's hands its argument on to rayon's own.
//!
//! error[E0277]: the trait bound `I: …ParallelIterator` is not satisfied

use rayon::prelude::*;

struct Bag(Vec<u32>);

impl ParallelExtend<u32> for Bag {
    fn par_extend<I>(&mut self, items: I)
    where
        I: IntoParallelIterator<Item = u32>,
    {
        #[cfg(feature = "work-around")]
        let items = items.into_par_iter();
        self.0.par_extend(items);
    }
}

#[test]
fn extends() {
    let mut bag = Bag(vec![1]);
    bag.par_extend(2..4);
    assert_eq!(bag.0, [1, 2, 3]);
}
