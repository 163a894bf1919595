//! A type is named that another crate gave its parallel iterator.
//!
//! error[E0308]: mismatched types

use indexmap::map::rayon::IntoParIter;
use indexmap::IndexMap;
use rayon::prelude::*;

#[cfg(not(feature = "work-around"))]
type Entries = IntoParIter<u32, u32>;
#[cfg(feature = "work-around")]
type Entries = <IndexMap<u32, u32> as IntoParallelIterator>::Iter;

fn entries(map: IndexMap<u32, u32>) -> Entries {
    map.into_par_iter()
}

#[test]
fn iterates() {
    assert_eq!(entries(IndexMap::from([(1, 2)])).collect::<Vec<_>>(), [(1, 2)]);
}
