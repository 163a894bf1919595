//! Tells why parallel Rust code that uses rayon is slower than it should be.

pub mod facade;
pub mod linux;
pub mod model;
pub mod record;
pub mod session;

pub mod analysis;
#[cfg(feature = "cli")]
pub mod cli;
pub mod format;
pub mod report;
pub mod timeline;
#[cfg(feature = "cli")]
pub mod workload;

#[cfg(feature = "record")]
pub use facade::region;
pub use session::Session;
