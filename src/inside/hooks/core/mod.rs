//! rayprism, in this copy of rayon-core: what the hooks in it call, and what the hooks in rayon do.
//!
//! `record` is the recorder, `job` runs things as tasks; this is how rayon-core reaches them.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, clippy::all)]

mod chain;
mod costs;
mod current;
mod idle;
mod iterator;
mod job;
mod join;
mod os;
pub mod record;
mod site;

use std::panic::Location;

use crate::registry::{self, Registry, WorkerThread};

pub use self::current::{lane, who};
pub use self::iterator::{called, called_at, counted, counts, driven, in_program, produce, run_carried};
pub use self::join::split_join;
pub use self::site::CalledAt;

pub(crate) use self::current::{caller_started, worker_started, Pool, Worker};
pub(crate) use self::idle::{asleep, yielding, Search, Woken};
pub(crate) use self::join::{join, outside as join_outside};
pub(crate) use self::record::{OperationKind, WakeReason};

use self::record::{Arrival, Link, Wait};

/// Runs a job that was pushed with `link`.
pub(crate) fn run<R>(link: Link, f: impl FnOnce() -> R) -> R {
    job::run(Arrival::Job(link), f)
}

/// Runs a worker's share of a broadcast.
pub(crate) fn run_share<R>(link: Link, f: impl FnOnce() -> R) -> R {
    job::run(Arrival::Broadcast(link), f)
}

/// A job is about to be pushed that nobody waits for here.
pub(crate) fn spawned(site: &'static Location<'static>) -> Link {
    current::first_use();
    lane().spawn(who, site)
}

/// Whether what this thread spawns is to be called there and then: it is a worker, and the program
/// runs as its own serial elision.
pub(crate) fn is_in_its_place() -> bool {
    record::attach::is_serial() && current::is_worker()
}

/// How many workers a pool has that is to have `threads`: one, if who records wants to know how
/// long the program takes with that.
pub(crate) fn workers(threads: usize) -> usize {
    current::first_use();
    if record::attach::has_one_worker() {
        1
    } else {
        threads
    }
}

/// Hands a call over to the pool and waits for it.
pub(crate) fn enter<R>(
    kind: OperationKind,
    site: &'static Location<'static>,
    call: impl FnOnce(Link) -> R,
) -> R {
    current::first_use();
    job::enter(kind, site, call)
}

/// A call whose body runs on this thread, which then waits for what the body spawned.
pub(crate) fn stay<R>(
    kind: OperationKind,
    site: &'static Location<'static>,
    call: impl FnOnce(fn() -> Wait) -> (R, Wait),
) -> R {
    current::first_use();
    job::stay(kind, site, call)
}

/// `Registry::in_worker` of the calling thread's pool, for a call that is recorded as a scope: on a
/// worker the scope itself is; from outside, that it enters the pool.
pub(crate) fn scope<R: Send>(
    site: &'static Location<'static>,
    scope: impl FnOnce(&WorkerThread, fn() -> Wait) -> (R, Wait) + Send,
) -> R {
    if !WorkerThread::current().is_null() {
        return job::stay(OperationKind::Scope, site, |ended| {
            registry::in_worker(|owner, _| scope(owner, ended))
        });
    }
    enter(OperationKind::Scope, site, |link| {
        registry::in_worker(|owner, _| run(link, || scope(owner, || Wait::Never).0))
    })
}

/// `ThreadPool::install`.
pub(crate) fn install<R: Send>(
    registry: &Registry,
    site: &'static Location<'static>,
    op: impl FnOnce() -> R + Send,
) -> R {
    let kind = OperationKind::Install;
    if registry.current_thread().is_some() {
        return job::stay(kind, site, |_| (registry.in_worker(|_, _| op()), Wait::Never));
    }
    enter(kind, site, |link| registry.in_worker(|_, _| run(link, op)))
}
