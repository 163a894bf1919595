//! Drop-in for rayon: put this crate in its place and the program records what it does.
//!
//! ```toml
//! [dependencies]
//! rayon = { package = "rayprism-rayon", version = "0.1" }
//! ```
//!
//! No source line changes. `RAYPRISM_OUT=trace.json` starts the recording with the first use of
//! rayon and writes it when the program ends; without that variable the program runs as it is.

pub use rayprism::facade::*;
