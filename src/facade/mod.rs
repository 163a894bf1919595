//! rayon's shape, recorded: everything that rayon 1.12 offers, under the same names.
//!
//! Made of rayon's public API alone. What is not shadowed here is rayon itself: types, errors, the
//! adaptors of parallel iterators.
//! Without the feature `record` all of it is.
//!
//! The only module that names the rayon crate.

#[cfg(feature = "record")]
mod aliases;
#[cfg(feature = "record")]
mod builder;
#[cfg(feature = "record")]
mod chain;
#[cfg(feature = "record")]
pub mod collections;
#[cfg(feature = "record")]
mod costs;
#[cfg(feature = "record")]
mod current;
#[cfg(feature = "record")]
pub mod iter;
#[cfg(feature = "record")]
mod job;
#[cfg(feature = "record")]
mod join;
#[cfg(feature = "layer")]
mod layer;
#[cfg(feature = "record")]
mod pool;
#[cfg(feature = "record")]
pub mod prelude;
#[cfg(feature = "record")]
mod region;
#[cfg(feature = "record")]
mod scope;
#[cfg(feature = "record")]
pub mod slice;
#[cfg(feature = "record")]
mod spawn;
#[cfg(feature = "record")]
pub mod str;
#[cfg(feature = "cli")]
pub(crate) mod stretch;
#[cfg(not(feature = "record"))]
mod unrecorded;
#[cfg(feature = "record")]
mod values;

pub use rayon::*;

/// The untouched crate.
pub use rayon as real;

#[cfg(feature = "record")]
pub use builder::{Profiled, ThreadPoolBuilder};
#[cfg(feature = "record")]
pub use iter::Labelled;
#[cfg(feature = "record")]
pub use join::{join, join_context};
#[cfg(feature = "layer")]
pub use layer::layer;
#[cfg(feature = "record")]
pub use pool::{ThreadPool, current_num_threads};
#[cfg(feature = "record")]
pub use region::region;
#[cfg(feature = "record")]
pub use scope::{Scope, ScopeFifo, in_place_scope, in_place_scope_fifo, scope, scope_fifo};
#[cfg(feature = "record")]
pub use spawn::{broadcast, spawn, spawn_broadcast, spawn_fifo};
#[cfg(not(feature = "record"))]
pub use unrecorded::{Labelled, Profiled, region};
#[cfg(feature = "record")]
pub use values::{array, option, range, range_inclusive, result, string, vec};
