//! A closure gives rayon a collection of the user's, which is to be flattened.
//!
//! error[E0277]: the trait bound `Bag: …ParallelIterator` is not satisfied

use rayon::prelude::*;

struct Bag(Vec<u32>);

impl IntoParallelIterator for Bag {
    type Iter = rayon::vec::IntoIter<u32>;
    type Item = u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.into_par_iter()
    }
}

fn twice(x: u32) -> Bag {
    Bag(vec![x, x])
}

#[test]
fn flattens() {
    #[cfg(not(feature = "work-around"))]
    let all = (0..3).into_par_iter().flat_map(twice);
    #[cfg(feature = "work-around")]
    let all = (0..3).into_par_iter().flat_map(|x| twice(x).into_par_iter());
    assert_eq!(all.collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2]);
}
