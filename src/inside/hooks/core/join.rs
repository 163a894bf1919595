//! `join_context`: counted, and timed where the count-down has run out.
//!
//! The fast path captures nothing more than rayon does. A half that runs as a job knows it, and
//! its worker knows whom it was stolen from.

use std::cell::Cell;
use std::panic::Location;

use super::current::{self, lane};
use super::job;
use super::record::{self, Arrival, Halves, OperationKind, Slow, Timed};
use super::site::{self, CalledAt};
use crate::join::both;
use crate::registry::{self, WorkerThread};
use crate::FnContext;

/// A join that `worker` calls.
#[inline(always)]
pub(crate) fn join<A, B, RA, RB>(
    worker: &WorkerThread,
    a: A,
    b: B,
    site: &'static Location<'static>,
) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    if worker.rayprism.lane.tick() {
        return slow(worker, a, b, site);
    }
    counted(worker, a, b)
}

/// A join that was counted and is not timed.
#[inline(always)]
fn counted<A, B, RA, RB>(worker: &WorkerThread, a: A, b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    both::<false, _, _, _, _>(
        worker,
        move || a(FnContext::new(false)),
        move |as_job| {
            if as_job {
                migrated(b)
            } else {
                b(FnContext::new(false))
            }
        },
    )
}

#[cold]
#[inline(never)]
fn migrated<B, RB>(b: B) -> RB
where
    B: FnOnce(FnContext) -> RB,
{
    let from = current::worker().and_then(|worker| worker.rayprism.came_from());
    job::run(Arrival::Taken(from), || b(FnContext::new(true)))
}

#[inline(never)]
fn slow<A, B, RA, RB>(
    worker: &WorkerThread,
    a: A,
    b: B,
    site: &'static Location<'static>,
) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    match worker.rayprism.lane.slow_join() {
        Slow::Timed(with) => timed(worker, with, site, a, b),
        Slow::Counted(_) => counted(worker, a, b),
        Slow::Elided => {
            record::call_both(|| a(FnContext::new(false)), || b(FnContext::new(false)))
        }
        Slow::NoTask => job::run(Arrival::Root, || join(worker, a, b, site)),
    }
}

/// A join that is timed. Its halves run on this thread or link back to it.
#[inline(never)]
fn timed<A, B, RA, RB>(
    worker: &WorkerThread,
    with: Timed<'_>,
    site: &'static Location<'static>,
    a: A,
    b: B,
) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    let called = site::current();
    let mut open = with.open(called.unwrap_or(site));
    let halves = open.halves();
    let results = both::<false, _, _, _, _>(
        worker,
        move || {
            let ra = a(FnContext::new(false));
            halves.first_ended(lane());
            ra
        },
        move |as_job| {
            if as_job {
                second_as_job(halves, || {
                    let _called = CalledAt::within(called);
                    b(FnContext::new(true))
                })
            } else {
                b(FnContext::new(false))
            }
        },
    );
    open.close();
    results
}

/// A second half that runs as a job, here or on another worker.
#[cold]
fn second_as_job<R>(halves: &Halves, b: impl FnOnce() -> R) -> R {
    job::run(Arrival::Job(halves.second_begins(lane())), b)
}

/// A join that a thread calls which is no worker: it enters the global pool as one job.
#[cold]
pub(crate) fn outside<A, B, RA, RB>(a: A, b: B, site: &'static Location<'static>) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    current::first_use();
    let called = site::current();
    job::enter(OperationKind::Join, called.unwrap_or(site), |link| {
        registry::in_worker(|worker, _| {
            // Both closures are told that they have migrated, wherever they run.
            let (a, b) = (|_| a(FnContext::new(true)), |_| b(FnContext::new(true)));
            job::run(Arrival::Job(link), || {
                let _called = CalledAt::within(called);
                join(worker, a, b, site)
            })
        })
    })
}

/// The join that a split of a parallel iterator is made of: not counted, as its parts are recorded
/// for themselves.
#[inline]
pub fn split_join<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    match current::worker() {
        Some(worker) => halves(worker, false, a, b),
        None => registry::in_worker(|worker, injected| halves(worker, injected, a, b)),
    }
}

/// Both halves of a split. The second runs where it lies: that takes back some of what the parts cost.
#[inline]
fn halves<A, B, RA, RB>(worker: &WorkerThread, injected: bool, a: A, b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    both::<true, _, _, _, _>(
        worker,
        move || a(FnContext::new(injected)),
        move |as_job| b(FnContext::new(as_job || injected)),
    )
}
