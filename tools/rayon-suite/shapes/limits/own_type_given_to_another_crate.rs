//! A collection of the user's is given to a crate that knows rayon itself.
//!
//! error[E0277]: the trait bound `Pairs: …ParallelIterator` is not satisfied

use indexmap::IndexMap;
use rayon::prelude::*;

struct Pairs(Vec<(u32, u32)>);

impl IntoParallelIterator for Pairs {
    type Iter = rayon::vec::IntoIter<(u32, u32)>;
    type Item = (u32, u32);

    fn into_par_iter(self) -> Self::Iter {
        self.0.into_par_iter()
    }
}

#[test]
fn extends() {
    let mut map = IndexMap::from([(1, 2)]);
    let pairs = Pairs(vec![(3, 4)]);
    #[cfg(feature = "work-around")]
    let pairs = pairs.into_par_iter();
    map.par_extend(pairs);
    assert_eq!(map, IndexMap::from([(1, 2), (3, 4)]));
}
