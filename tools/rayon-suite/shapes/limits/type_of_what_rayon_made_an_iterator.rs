//! A type is named of which rayon itself made a part: the iterator behind a second argument.
//!
//! error[E0308]: mismatched types

use rayon::iter::Zip;
use rayon::prelude::*;
use rayon::slice::Iter;

fn paired<'data>(
    left: &'data [u32],
    right: &'data [u32],
) -> Zip<Iter<'data, u32>, Iter<'data, u32>> {
    #[cfg(feature = "work-around")]
    let right = right.into_par_iter();
    left.par_iter().zip(right)
}

#[test]
fn zips() {
    assert_eq!(paired(&[1], &[2]).collect::<Vec<_>>(), [(&1, &2)]);
}
