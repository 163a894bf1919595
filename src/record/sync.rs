//! The atomics that the recorder is built from, in one place: the model-checked test of the buffer
//! puts others in their stead.

pub(super) use std::sync::atomic::{AtomicU64, Ordering, fence};
