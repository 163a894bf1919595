//! The hot path: per-thread state, buffers and the clock.

mod ids;
mod time;

pub use ids::{EventId, LaneId, PoolId, TextId};
pub use time::{Nanos, Ticks};
