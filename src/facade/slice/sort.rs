//! Sorting as one operation: what a sort does inside, rayon keeps to itself.

use std::panic::Location;

use crate::facade::{current, job, pool};
use crate::record::{OperationKind, Wait};

/// Runs `f`, a sort that the program called at `site`.
pub(super) fn sorting(site: &'static Location<'static>, f: impl FnOnce()) {
    let works_along = current::is_worker();
    if !works_along {
        pool::first_use();
    }
    job::stay(OperationKind::Sort, site, |_| {
        f();
        ((), if works_along { Wait::Never } else { Wait::FromStart })
    });
}
