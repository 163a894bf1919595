//! `ThreadPool`, recorded, and the global pool's first use.

use std::fmt;
use std::panic::Location;
use std::sync::Once;

use rayon::{BroadcastContext, Yield};

use super::builder::ThreadPoolBuilder;
use super::current::{self, lane, who};
use super::job::{self, Spawned};
use super::join::join_at;
use super::scope::{Scope, ScopeFifo, scope_at, scope_fifo_at};
use crate::record::{Arrival, OperationKind, Wait};
use crate::session;

/// [`rayon::ThreadPool`], recorded.
#[repr(transparent)]
pub struct ThreadPool(pub(super) rayon::ThreadPool);

impl ThreadPool {
    /// The same, seen through the facade.
    pub(super) fn cast(real: &rayon::ThreadPool) -> &Self {
        #[expect(unsafe_code, reason = "rayon hands out a reference only")]
        // SAFETY: transparent over the type that is pointed to.
        unsafe {
            &*(std::ptr::from_ref(real).cast::<Self>())
        }
    }

    /// Runs `op` in this pool and waits for it.
    #[track_caller]
    pub fn install<OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce() -> R + Send,
        R: Send,
    {
        let site = Location::caller();
        if self.0.current_thread_index().is_some() {
            return in_place(site, || self.0.install(op));
        }
        job::enter(OperationKind::Install, site, |link| {
            self.0.install(move || job::run(Arrival::Job(link), op))
        })
    }

    /// Runs `op` on every worker of this pool and waits for all.
    #[track_caller]
    pub fn broadcast<OP, R>(&self, op: OP) -> Vec<R>
    where
        OP: Fn(BroadcastContext<'_>) -> R + Sync,
        R: Send,
    {
        job::enter(OperationKind::Broadcast, Location::caller(), |link| {
            self.0.broadcast(|context| job::run(Arrival::Broadcast(link), || op(context)))
        })
    }

    /// Workers of this pool.
    pub fn current_num_threads(&self) -> usize {
        self.0.current_num_threads()
    }

    /// This thread's index in this pool, if it is one of its workers.
    pub fn current_thread_index(&self) -> Option<usize> {
        self.0.current_thread_index()
    }

    /// Whether this worker's own deque holds jobs.
    pub fn current_thread_has_pending_tasks(&self) -> Option<bool> {
        self.0.current_thread_has_pending_tasks()
    }

    /// [`join`](super::join) in this pool.
    #[track_caller]
    pub fn join<A, B, RA, RB>(&self, oper_a: A, oper_b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        let site = Location::caller();
        self.install(|| join_at(oper_a, oper_b, site))
    }

    /// [`scope`](super::scope) in this pool.
    #[track_caller]
    pub fn scope<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&Scope<'scope>) -> R + Send,
        R: Send,
    {
        let site = Location::caller();
        self.install(|| scope_at(op, site))
    }

    /// [`scope_fifo`](super::scope_fifo) in this pool.
    #[track_caller]
    pub fn scope_fifo<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&ScopeFifo<'scope>) -> R + Send,
        R: Send,
    {
        let site = Location::caller();
        self.install(|| scope_fifo_at(op, site))
    }

    /// A scope whose body runs on this thread and whose jobs run in this pool.
    #[track_caller]
    pub fn in_place_scope<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&Scope<'scope>) -> R,
    {
        job::stay(OperationKind::InPlaceScope, Location::caller(), |ended| {
            self.0.in_place_scope(|scope| {
                let result = op(Scope::cast(scope));
                (result, ended())
            })
        })
    }

    /// A first-in-first-out scope whose body runs on this thread and whose jobs run in this pool.
    #[track_caller]
    pub fn in_place_scope_fifo<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&ScopeFifo<'scope>) -> R,
    {
        job::stay(OperationKind::InPlaceScope, Location::caller(), |ended| {
            self.0.in_place_scope_fifo(|scope| {
                let result = op(ScopeFifo::cast(scope));
                (result, ended())
            })
        })
    }

    /// Spawns a detached job into this pool.
    #[track_caller]
    pub fn spawn<OP>(&self, op: OP)
    where
        OP: FnOnce() + Send + 'static,
    {
        let spawned = Spawned::at(Location::caller());
        self.0.spawn(move || spawned.job(op));
    }

    /// Spawns a detached job into this pool, first in first out.
    #[track_caller]
    pub fn spawn_fifo<OP>(&self, op: OP)
    where
        OP: FnOnce() + Send + 'static,
    {
        let spawned = Spawned::at(Location::caller());
        self.0.spawn_fifo(move || spawned.job(op));
    }

    /// Spawns a detached job on every worker of this pool.
    #[track_caller]
    pub fn spawn_broadcast<OP>(&self, op: OP)
    where
        OP: Fn(BroadcastContext<'_>) + Send + Sync + 'static,
    {
        let spawned = Spawned::at(Location::caller());
        self.0.spawn_broadcast(move |context| spawned.share(|| op(context)));
    }

    /// Runs another job of this pool, if there is one, on this worker.
    pub fn yield_now(&self) -> Option<Yield> {
        self.0.yield_now()
    }

    /// Runs another job of this worker's own deque, if there is one.
    pub fn yield_local(&self) -> Option<Yield> {
        self.0.yield_local()
    }
}

/// An install into the pool that the thread works for: no job, no wait.
fn in_place<R>(site: &'static Location<'static>, f: impl FnOnce() -> R) -> R {
    job::in_task(|| {
        let open = lane().open_operation(who, OperationKind::Install, site, None);
        let result = f();
        if let Some(open) = open {
            open.close(Wait::Never);
        }
        result
    })
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// [`rayon::current_num_threads`]; what it builds, if nothing has before, has the hook.
pub fn current_num_threads() -> usize {
    first_use();
    rayon::current_num_threads()
}

/// What must happen before the global pool is first used: a recording that the environment asks
/// for starts, and the pool is built with the hook. A pool that is there already stays as it is.
/// A worker uses its own pool, and may be there before the program builds the global one.
pub(super) fn first_use() {
    static FIRST: Once = Once::new();
    session::start_from_environment();
    if current::is_worker() {
        return;
    }
    FIRST.call_once(|| {
        // The error says that the program has built the global pool before, which is its right.
        let _ = ThreadPoolBuilder::new().build_global();
    });
}
