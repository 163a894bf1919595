//! The operations through the facade.

pub(crate) use rayprism::facade as rayon;

#[path = "operations.rs"]
pub(crate) mod operations;
