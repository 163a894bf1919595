//! rayon's shape, recorded.

pub use rayon::*;
