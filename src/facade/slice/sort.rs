//! Sorting as one operation: what a sort does inside, rayon keeps to itself.

use std::panic::Location;

use crate::facade::pool;

/// Runs `f`, a sort that the program called at `site`.
pub(super) fn sorting(_site: &'static Location<'static>, f: impl FnOnce()) {
    pool::first_use();
    f();
}
