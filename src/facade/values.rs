//! The types of rayon's modules for arrays, options, ranges, results, strings and vectors.

use super::aliases::aliases;
use super::iter::Traced;

/// Parallel iterator types for arrays.
pub mod array {
    use super::Traced;

    /// rayon's [`IntoIter`](rayon::array::IntoIter), traced.
    pub type IntoIter<T, const N: usize> = Traced<rayon::array::IntoIter<T, N>>;
}

/// Parallel iterator types for options.
pub mod option {
    use rayon::option as real;

    super::aliases! { IntoIter<T>, Iter<'a, T>, IterMut<'a, T> }
}

/// Parallel iterator types for ranges, `a..b`.
pub mod range {
    use rayon::range as real;

    super::aliases! { Iter<T> }
}

/// Parallel iterator types for inclusive ranges, `a..=b`.
pub mod range_inclusive {
    use rayon::range_inclusive as real;

    super::aliases! { Iter<T> }
}

/// Parallel iterator types for results.
pub mod result {
    use rayon::result as real;

    super::aliases! { IntoIter<T>, Iter<'a, T>, IterMut<'a, T> }
}

/// Parallel iterator types for owned strings.
pub mod string {
    use rayon::string as real;

    super::aliases! { Drain<'a> }
}

/// Parallel iterator types for vectors.
pub mod vec {
    use rayon::vec as real;

    super::aliases! { IntoIter<T>, Drain<'data, T> }
}
