//! Parallel iterators: rayon's own, over sources that are traced.
//!
//! A chain of adaptors begins at a source: a slice, a range, a bridge. Every source that the
//! facade's traits and functions hand out is rayon's, wrapped in [`Traced`]; what is called on it
//! are rayon's own methods, and the adaptors are rayon's own types.
//!
//! The traits here that make sources stand in for rayon's, which they cover: what implements
//! rayon's trait implements the facade's. The reverse does not hold, so a method of rayon that asks
//! for rayon's `IntoParallelIterator` (`zip`, `chain`, `flat_map`, `par_extend`) does not take a
//! type of the program that implements the facade's, nor a type parameter that is bounded by it.
//! `.into_par_iter()` at the call makes it one that is taken.

mod bridge;
mod consumer;
mod convert;
mod drain;
mod fed;
mod inherent;
mod labelled;
mod meaning;
mod producer;
#[cfg(test)]
mod sites_tests;
mod sources;
mod traced;

use super::aliases::aliases;

pub use rayon::iter::*;

pub use bridge::{IterBridge, ParallelBridge};
pub use convert::{IntoParallelIterator, IntoParallelRefIterator, IntoParallelRefMutIterator};
pub use drain::{ParallelDrainFull, ParallelDrainRange};
pub use labelled::Labelled;
#[expect(deprecated, reason = "rayon still has it")]
pub use sources::repeatn;
pub use sources::{
    Empty, MultiZip, Once, Repeat, RepeatN, Split, WalkTree, WalkTreePostfix, WalkTreePrefix,
    empty, once, repeat, repeat_n, split, walk_tree, walk_tree_postfix, walk_tree_prefix,
};
pub use traced::Traced;
pub(super) use traced::traced;
