//! The operations through rayon itself.

pub(crate) use rayprism::facade::real as rayon;

#[path = "operations.rs"]
pub(crate) mod operations;
