//! rayon's prelude, with the facade's traits in it.

pub use rayon::prelude::*;

pub use super::iter::{
    IntoParallelIterator, IntoParallelRefIterator, IntoParallelRefMutIterator, ParallelBridge,
    ParallelDrainFull, ParallelDrainRange,
};
pub use super::slice::{ParallelSlice, ParallelSliceMut};
pub use super::str::ParallelString;
