//! Stretches of threads that another runtime owns, between two of that runtime's hooks: a region whose
//! beginning and end are two calls.

use std::cell::Cell;
use std::panic::Location;

use super::current::{lane, who};
use crate::record::{OpenOperation, OperationKind, Wait};

thread_local! {
    static OPEN: Cell<Option<OpenOperation<'static>>> = const { Cell::new(None) };
}

/// Begins one of that name on the calling thread. Where nothing is recorded nothing happens.
#[track_caller]
pub(crate) fn begin(name: &str) {
    end();
    let open = lane().open_operation(who, OperationKind::Region, Location::caller(), Some(name));
    OPEN.set(open);
}

/// Ends the one that was begun last, if there is one.
pub(crate) fn end() {
    if let Some(open) = OPEN.take() {
        open.close(Wait::Never);
    }
}
