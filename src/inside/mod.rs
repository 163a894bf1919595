//! rayon, instrumented from within: for any Cargo project, without a change to it.
//!
//! Cargo has the sources of rayon that a project resolves to. [`Rayon::find`] finds them in what
//! `cargo metadata` says; [`Instrumented`] is a copy of them with our hooks inserted at named
//! places and the recorder beside them; and cargo builds the project with the copies in the place of
//! the originals ([`build`]), by its `paths` override, which leaves the lock file as it is.
//!
//! No source of rayon is kept here but the lines that name the places (`hooks/*.edits`). README.md
//! says how a version is added. This module does no I/O: whoever uses it reads and writes the files
//! and runs cargo.

pub mod build;

mod copy;
mod edits;
mod find;

pub use copy::{Instrumented, SourceFile};
pub use edits::Misfit;
pub use find::{Found, Rayon, Unsupported};
