//! Running things as tasks, and entering pools: what every hook is made of. As the facade's.

use std::panic::Location;

use super::current::{self, lane, who};
use super::record::{Arrival, Link, OperationKind, Running, Wait};
use super::site::CalledAt;

/// Runs `f` as a task of this thread. A panic goes through; the task is closed as panicked.
pub(super) fn run<R>(arrival: Arrival, f: impl FnOnce() -> R) -> R {
    // Where the thread waits that runs it meanwhile has nothing to do with it.
    let _called = CalledAt::within(None);
    let running = lane().begin(who, arrival);
    let result = f();
    running.done();
    result
}

/// Makes sure that what a worker does is in a task, even where it entered the pool unseen.
#[inline]
pub(super) fn in_task<R>(f: impl FnOnce() -> R) -> R {
    let unseen = !lane().in_task() && current::is_worker();
    let root = unseen.then(|| lane().begin(who, Arrival::Root));
    let result = f();
    root.into_iter().for_each(Running::done);
    result
}

/// A call that hands its work to a pool and waits from the start. `call` gets the link that the
/// work carries.
pub(super) fn enter<R>(
    kind: OperationKind,
    site: &'static Location<'static>,
    call: impl FnOnce(Link) -> R,
) -> R {
    in_task(|| {
        let lane = lane();
        match lane.open_operation(who, kind, site, None) {
            Some(open) => {
                let result = call(open.link(site));
                open.close(Wait::FromStart);
                result
            }
            None => call(lane.link(who, site)),
        }
    })
}

/// A call whose body runs on this thread, which then waits for what the body spawned. `call` must
/// call the function that it gets when the body has ended, and return what that returns.
pub(super) fn stay<R>(
    kind: OperationKind,
    site: &'static Location<'static>,
    call: impl FnOnce(fn() -> Wait) -> (R, Wait),
) -> R {
    in_task(|| match lane().open_operation(who, kind, site, None) {
        Some(open) => {
            let (result, wait) = call(|| Wait::Since(lane().mark()));
            open.close(wait);
            result
        }
        None => call(|| Wait::Never).0,
    })
}
