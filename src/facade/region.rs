//! Stretches of the program that the user names.

use std::panic::Location;

use super::current::{lane, who};
use crate::record::{OperationKind, Wait};

/// Runs `f` as a named region: a slice of that name on the calling thread's lane, and what reports
/// can group by. Where nothing is recorded it just runs.
#[track_caller]
pub fn region<R>(name: &str, f: impl FnOnce() -> R) -> R {
    let open = lane().open_operation(who, OperationKind::Region, Location::caller(), Some(name));
    let result = f();
    if let Some(open) = open {
        open.close(Wait::Never);
    }
    result
}
