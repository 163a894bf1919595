//! rayprism tells why parallel Rust code that uses [rayon](https://docs.rs/rayon) is slower than it
//! should be: how many cores went to work, to managing tasks, to waiting for others.
//!
//! As a library it records. Put [`facade`] in rayon's place, by hand or through the drop-in crate
//! `rayprism-rayon`, start a [`Session`], and write the trace; the program `rayprism` reads it, and
//! so does [Perfetto](https://ui.perfetto.dev).
//!
//! ```no_run
//! use rayprism::facade as rayon;
//!
//! let session = rayprism::Session::builder().start()?;
//! let sum = rayon::join(|| 1 + 1, || 2 + 2);
//! session.write("trace.json")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The modules, in the order in which data takes its way:

pub mod facade;
pub mod linux;
pub mod record;
pub mod session;
#[cfg(feature = "record")]
pub mod spans;

pub mod format;
pub mod model;

pub mod analysis;
pub mod finding;
pub mod report;
pub mod timeline;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod inside;
#[cfg(feature = "cli")]
pub mod workload;

#[cfg(feature = "layer")]
pub use facade::layer;
pub use facade::{Labelled, region};
pub use session::Session;
#[cfg(feature = "layer")]
pub use spans::Layer;
