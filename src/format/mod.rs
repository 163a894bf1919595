//! Pure writers and readers of a [`Trace`](crate::model::Trace), and what every viewer needs drawn
//! beside the events: nesting slices, arrows, counter tracks. Opens no files.

pub mod chrome;

mod arrows;
mod nest;
mod tracks;
