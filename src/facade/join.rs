//! `join` and `join_context`.
//!
//! The fast path counts the join and captures nothing: eight more bytes in the second closure cost
//! 10 to 20 % of a join. All else happens where the count-down has run out, or in the second half
//! once rayon says that it runs as a job.

use std::panic::Location;
use std::sync::OnceLock;

use rayon::FnContext;

use super::current::{self, lane};
use super::{job, pool};
use crate::record::{self, Arrival, Halves, Link, OperationKind, Slow, Timed};

/// [`rayon::join`], recorded.
#[inline]
#[track_caller]
pub fn join<A, B, RA, RB>(oper_a: A, oper_b: B) -> (RA, RB)
where
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    if current::tick() {
        return slow_join(oper_a, oper_b, Location::caller());
    }
    counted(move |_| oper_a(), move |_| oper_b())
}

/// [`rayon::join_context`], recorded.
#[inline]
#[track_caller]
pub fn join_context<A, B, RA, RB>(oper_a: A, oper_b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    if current::tick() {
        return slow_join_context(oper_a, oper_b, Location::caller());
    }
    counted(oper_a, oper_b)
}

/// A join that was counted and is not timed.
#[inline(always)]
fn counted<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    rayon::join_context(
        a,
        move |context| {
            if context.migrated() { migrated(b, context, 0) } else { b(context) }
        },
    )
}

/// As [`counted`], off the fast path: the second half carries what is around it, for those who
/// listen.
#[inline]
fn linked<A, B, RA, RB>(around: u64, a: A, b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    rayon::join_context(a, move |context| {
        if context.migrated() { migrated(b, context, around) } else { b(context) }
    })
}

#[cold]
#[inline(never)]
fn migrated<B, RB>(b: B, context: FnContext, around: u64) -> RB
where
    B: FnOnce(FnContext) -> RB,
{
    job::run(Arrival::Migrated(around), || b(context))
}

/// A join that is timed. Its halves run on this thread or link back to it. Out of line, so that an
/// elided join, which takes the same path so far, does not pay for a frame as large as this one's.
#[inline(never)]
fn timed<A, B, RA, RB>(with: Timed<'_>, site: &'static Location<'static>, a: A, b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    let mut open = with.open(site);
    let halves = open.halves();
    let results = rayon::join_context(
        move |context| {
            let ra = a(context);
            halves.first_ended(lane());
            ra
        },
        move |context| {
            if context.migrated() { as_job(halves, || b(context)) } else { b(context) }
        },
    );
    open.close();
    results
}

/// A second half that runs as a job, here or on another worker.
#[cold]
fn as_job<R>(halves: &Halves, b: impl FnOnce() -> R) -> R {
    job::run(Arrival::Job(halves.second_begins(lane())), b)
}

#[inline(never)]
fn slow_join<A, B, RA, RB>(a: A, b: B, site: &'static Location<'static>) -> (RA, RB)
where
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    match lane().slow_join() {
        Slow::Timed(with) => timed(with, site, move |_| a(), move |_| b()),
        Slow::Counted(around) => linked(around, move |_| a(), move |_| b()),
        Slow::Elided => record::call_both(a, b),
        Slow::NoTask if current::is_worker() => job::run(Arrival::Root, || join_at(a, b, site)),
        Slow::NoTask => outside_join(a, b, site),
    }
}

/// [`join`], called at `site`.
pub(super) fn join_at<A, B, RA, RB>(a: A, b: B, site: &'static Location<'static>) -> (RA, RB)
where
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    if current::tick() { slow_join(a, b, site) } else { counted(move |_| a(), move |_| b()) }
}

/// A join that a thread calls which is no worker: it enters the global pool as one job.
#[cold]
fn outside_join<A, B, RA, RB>(a: A, b: B, site: &'static Location<'static>) -> (RA, RB)
where
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    pool::first_use();
    job::enter(OperationKind::Join, site, |link| {
        // A scope enters the pool as the join itself would: one job, on whichever worker is free.
        rayon::scope(move |_| job::run(Arrival::Job(link), || join_at(a, b, site)))
    })
}

#[inline(never)]
fn slow_join_context<A, B, RA, RB>(a: A, b: B, site: &'static Location<'static>) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    match lane().slow_join() {
        Slow::Timed(with) => timed(with, site, a, b),
        Slow::Counted(around) => linked(around, a, b),
        Slow::Elided => {
            // The halves want contexts, which only rayon can make.
            lane().stop_eliding();
            counted(a, b)
        }
        Slow::NoTask if current::is_worker() => job::run(Arrival::Root, || {
            if current::tick() { slow_join_context(a, b, site) } else { counted(a, b) }
        }),
        Slow::NoTask => outside_join_context(a, b, site),
    }
}

/// As [`outside_join`], but the closures must see contexts that say "migrated", which only rayon
/// can make: so rayon itself takes the join into the pool, and each half is a task of its own.
#[cold]
fn outside_join_context<A, B, RA, RB>(a: A, b: B, site: &'static Location<'static>) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    pool::first_use();
    // Where the first half runs: the second is stolen if it runs elsewhere. Then it waits for this
    // to be known, as the thief may be quicker than the worker that has just pushed it.
    let first: OnceLock<Link> = OnceLock::new();
    let first = &first;
    job::enter(OperationKind::Join, site, |link| {
        rayon::join_context(
            move |context| {
                job::run(Arrival::Job(link), || {
                    lane().count_join();
                    let _ = first.set(link.from_task_of(lane()));
                    a(context)
                })
            },
            move |context| job::run(Arrival::Job(*first.wait()), || b(context)),
        )
    })
}
