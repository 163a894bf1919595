//! Detached jobs and broadcasts on the current pool.

use std::panic::Location;

use rayon::BroadcastContext;

use super::job::Spawned;
use super::{job, pool};
use crate::record::{Arrival, OperationKind};

/// [`rayon::spawn`], recorded.
#[track_caller]
pub fn spawn<F>(func: F)
where
    F: FnOnce() + Send + 'static,
{
    pool::first_use();
    if job::is_in_its_place() {
        return func();
    }
    let spawned = Spawned::at(Location::caller());
    rayon::spawn(move || spawned.job(func));
}

/// [`rayon::spawn_fifo`], recorded.
#[track_caller]
pub fn spawn_fifo<F>(func: F)
where
    F: FnOnce() + Send + 'static,
{
    pool::first_use();
    if job::is_in_its_place() {
        return func();
    }
    let spawned = Spawned::at(Location::caller());
    rayon::spawn_fifo(move || spawned.job(func));
}

/// [`rayon::spawn_broadcast`], recorded.
#[track_caller]
pub fn spawn_broadcast<OP>(op: OP)
where
    OP: Fn(BroadcastContext<'_>) + Send + Sync + 'static,
{
    pool::first_use();
    let spawned = Spawned::at(Location::caller());
    rayon::spawn_broadcast(move |context| spawned.share(|| op(context)));
}

/// [`rayon::broadcast`], recorded.
#[track_caller]
pub fn broadcast<OP, R>(op: OP) -> Vec<R>
where
    OP: Fn(BroadcastContext<'_>) -> R + Sync,
    R: Send,
{
    pool::first_use();
    job::enter(OperationKind::Broadcast, Location::caller(), |link| {
        rayon::broadcast(|context| job::run(Arrival::Broadcast(link), || op(context)))
    })
}
