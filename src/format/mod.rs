//! Pure writers and readers of a [`Trace`](crate::model::Trace).

pub mod chrome;
