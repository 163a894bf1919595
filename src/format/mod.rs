//! Pure writers and readers of a [`Trace`](crate::model::Trace), and what every viewer needs drawn
//! beside the events: nesting slices, arrows, counter tracks, names of stretches off the CPU. Opens no files.

pub mod chrome;

mod arrows;
mod doing;
mod nest;
mod off_cpu;
mod rates;
mod tracks;
