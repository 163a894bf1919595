//! The calling thread's lane, and who it is: a worker knows its pool and its seat.
//!
//! A worker reaches its lane through its `WorkerThread`, which a join has at hand anyway; other
//! threads, and cold paths, through thread-local storage.

use std::cell::Cell;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::os;
use super::record::attach::{attach, Attached, FrontEnd};
use super::record::{self, Identity, Lane, PoolId, Seat};
use crate::registry::WorkerThread;

thread_local! {
    static LANE: Lane = const { Lane::new() };
    /// Retires the thread's lane when the thread ends.
    static END_OF_THREAD: EndOfThread = const { EndOfThread };
}

/// The calling thread's lane.
#[inline]
pub fn lane() -> &'static Lane {
    let lane = LANE.with(|lane| lane as *const Lane);
    // SAFETY: `Lane` has no destructor, so the storage is valid for as long as the thread runs; it
    // is not Sync, so the reference stays on this thread.
    unsafe { &*lane }
}

struct EndOfThread;

impl Drop for EndOfThread {
    fn drop(&mut self) {
        // SAFETY: mostly nothing of the thread's is on its stack any more but other such
        // destructors, none of which calls this one. In a thread that has called `exit` its guards
        // still are, but what called that never runs again, so none of them is used or dropped.
        unsafe { lane().retire(os::own_cpu()) };
    }
}

/// What a pool is to the recording.
pub(crate) struct Pool {
    id: PoolId,
    /// The lanes of its workers; 0 before a worker has one.
    lanes: Box<[AtomicU32]>,
}

impl Pool {
    /// Of `threads` workers, which are still to start.
    pub(crate) fn new(threads: usize) -> Self {
        first_use();
        let lanes = (0..threads).map(|_| AtomicU32::new(0)).collect();
        // The pool that calibrates when all is over is none of the program's.
        let known = record::is_recording();
        let id = if known { record::new_pool_seen_within(threads as u32) } else { PoolId(0) };
        Self { id, lanes }
    }
}

static FRONT_END: FrontEnd = FrontEnd { calibrate: super::costs::measure };

/// What must happen before anything is recorded: if somebody waits for this process's recording, it
/// begins.
#[inline]
pub(super) fn first_use() {
    if let Attached::Not(refused) = attach(&FRONT_END) {
        // If nobody can be told, the program runs all the same.
        let _ = writeln!(io::stderr(), "rayprism: {refused}; the program runs unrecorded");
    }
}

/// What a worker keeps for the recording.
pub(crate) struct Worker {
    pub(super) lane: &'static Lane,
    /// The lane of the worker that the job was stolen from which is to be executed next; 0 if it
    /// was not stolen.
    stolen_from: Cell<u32>,
    /// Likewise of the job that began last.
    came_from: Cell<u32>,
}

impl Worker {
    /// Of the calling thread.
    pub(crate) fn new() -> Self {
        Self { lane: lane(), stolen_from: Cell::new(0), came_from: Cell::new(0) }
    }

    /// A job was taken from the deque of another worker.
    pub(crate) fn stole_from(&self, pool: &Pool, index: usize) {
        self.stolen_from.set(pool.lanes[index].load(Ordering::Relaxed));
    }

    /// The job that was taken is about to run.
    #[inline]
    pub(crate) fn executes(&self) {
        self.came_from.set(self.stolen_from.replace(0));
    }

    /// The lane of the worker that the job was stolen from which has just begun.
    pub(super) fn came_from(&self) -> Option<record::LaneId> {
        Some(self.came_from.get()).filter(|&lane| lane != 0).map(record::LaneId)
    }
}

/// The calling thread has become a worker.
pub(crate) fn worker_started(worker: &WorkerThread) {
    if !record::is_recording() {
        return;
    }
    let (pool, seat) = (&worker.registry().rayprism, seat(worker));
    worker.rayprism.lane.register(seat, || identity(Some(seat)));
    let lane = worker.rayprism.lane.id().map_or(0, |id| id.0);
    pool.lanes[worker.index()].store(lane, Ordering::Relaxed);
}

/// The calling thread has become the first worker of the pool that it builds.
pub(crate) fn caller_started(worker: &WorkerThread) {
    record::set_pool_uses_current_thread(worker.registry().rayprism.id);
    worker_started(worker);
}

fn seat(worker: &WorkerThread) -> Seat {
    Seat { pool: worker.registry().rayprism.id, index: worker.index() as u32 }
}

/// The calling thread as a worker.
#[inline]
pub(super) fn worker() -> Option<&'static WorkerThread> {
    // SAFETY: null, or alive for as long as the thread runs jobs, and what calls this is one.
    unsafe { WorkerThread::current().as_ref() }
}

/// Whether the calling thread is a worker of some pool.
pub(super) fn is_worker() -> bool {
    !WorkerThread::current().is_null()
}

/// Who the calling thread is.
pub fn who() -> Identity {
    identity(worker().map(seat))
}

/// Every thread that records comes by here, once or twice.
fn identity(seat: Option<Seat>) -> Identity {
    // Fails only while the thread ends, when there is nothing left to arrange.
    let _ = END_OF_THREAD.try_with(|_| ());
    let name = thread::current().name().map(str::to_owned);
    Identity { seat, name, thread: os::own_id(), cpu: os::own_cpu() }
}
