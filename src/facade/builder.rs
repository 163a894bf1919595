//! `ThreadPoolBuilder`, with the hook: every worker is registered before the user's start handler
//! runs. Also the hook for a stock builder.
//!
//! rayon's `build` is bounded on a trait that cannot be named, so the facade keeps its own marks
//! for the two ways of spawning and hands a spawn handler over only when it builds.

use std::any::Any;
use std::{fmt, io};

use rayon::{ThreadBuilder, ThreadPoolBuildError};

use super::current;
use super::pool::ThreadPool;
use crate::record::{self, PoolId, attach};
use crate::session::{self, Session};

type Handler = Box<dyn Fn(usize) + Send + Sync>;

/// [`rayon::ThreadPoolBuilder`], recorded.
pub struct ThreadPoolBuilder<S = DefaultSpawn> {
    real: rayon::ThreadPoolBuilder,
    start: Option<Handler>,
    uses_current_thread: bool,
    spawn: S,
}

/// Workers are threads that rayon spawns.
#[derive(Debug)]
pub struct DefaultSpawn;

/// Workers are threads that the user spawns.
pub struct CustomSpawn<F>(F);

impl<F> fmt::Debug for CustomSpawn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomSpawn")
    }
}

/// The two ways of spawning workers.
pub trait ThreadSpawn: sealed::Spawn {}

impl<S: sealed::Spawn> ThreadSpawn for S {}

mod sealed {
    use rayon::{ThreadPool, ThreadPoolBuildError};

    #[expect(unnameable_types, reason = "seals ThreadSpawn")]
    pub trait Spawn {
        fn build(self, real: rayon::ThreadPoolBuilder) -> Result<ThreadPool, ThreadPoolBuildError>;
        fn build_global(self, real: rayon::ThreadPoolBuilder) -> Result<(), ThreadPoolBuildError>;
    }
}

impl sealed::Spawn for DefaultSpawn {
    fn build(
        self,
        real: rayon::ThreadPoolBuilder,
    ) -> Result<rayon::ThreadPool, ThreadPoolBuildError> {
        real.build()
    }

    fn build_global(self, real: rayon::ThreadPoolBuilder) -> Result<(), ThreadPoolBuildError> {
        real.build_global()
    }
}

impl<F> sealed::Spawn for CustomSpawn<F>
where
    F: FnMut(ThreadBuilder) -> io::Result<()>,
{
    fn build(
        self,
        real: rayon::ThreadPoolBuilder,
    ) -> Result<rayon::ThreadPool, ThreadPoolBuildError> {
        real.spawn_handler(self.0).build()
    }

    fn build_global(self, real: rayon::ThreadPoolBuilder) -> Result<(), ThreadPoolBuildError> {
        real.spawn_handler(self.0).build_global()
    }
}

impl Default for ThreadPoolBuilder {
    fn default() -> Self {
        let real = rayon::ThreadPoolBuilder::new();
        Self { real, start: None, uses_current_thread: false, spawn: DefaultSpawn }
    }
}

impl ThreadPoolBuilder {
    /// A builder at rayon's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds a pool of scoped threads and runs `with_pool` with it.
    pub fn build_scoped<W, F, R>(self, wrapper: W, with_pool: F) -> Result<R, ThreadPoolBuildError>
    where
        W: Fn(ThreadBuilder) + Sync,
        F: FnOnce(&ThreadPool) -> R,
    {
        let (real, id, uses_current_thread, DefaultSpawn) = self.hooked();
        real.build_scoped(wrapper, |pool| {
            announce(id, pool.current_num_threads(), uses_current_thread);
            with_pool(ThreadPool::cast(pool))
        })
    }

    /// Spawns the workers through `spawn`.
    pub fn spawn_handler<F>(self, spawn: F) -> ThreadPoolBuilder<CustomSpawn<F>>
    where
        F: FnMut(ThreadBuilder) -> io::Result<()>,
    {
        let Self { real, start, uses_current_thread, spawn: DefaultSpawn } = self;
        ThreadPoolBuilder { real, start, uses_current_thread, spawn: CustomSpawn(spawn) }
    }
}

impl<S: ThreadSpawn> ThreadPoolBuilder<S> {
    /// Builds a pool.
    pub fn build(self) -> Result<ThreadPool, ThreadPoolBuildError> {
        let (real, id, uses_current_thread, spawn) = self.hooked();
        let pool = spawn.build(real)?;
        announce(id, pool.current_num_threads(), uses_current_thread);
        Ok(ThreadPool(pool))
    }

    /// Builds the global pool.
    pub fn build_global(self) -> Result<(), ThreadPoolBuildError> {
        let (real, id, uses_current_thread, spawn) = self.hooked();
        spawn.build_global(real)?;
        if uses_current_thread || !current::is_worker() {
            announce(id, rayon::current_num_threads(), uses_current_thread);
        }
        Ok(())
    }
}

/// The pool is there: how many workers it has, and that this thread is one, if it is.
fn announce(id: PoolId, threads: usize, uses_current_thread: bool) {
    record::set_pool_threads(id, u32::try_from(threads).expect("rayon's limit on workers"));
    if uses_current_thread {
        record::set_pool_uses_current_thread(id);
        current::register_worker(id, 0);
    }
}

impl<S> ThreadPoolBuilder<S> {
    /// The real builder with the hook in it.
    fn hooked(self) -> (rayon::ThreadPoolBuilder, PoolId, bool, S) {
        session::start_from_environment();
        let one_worker = attach::has_one_worker();
        let this = if one_worker { self.with(|real| real.num_threads(1)) } else { self };
        let id = record::new_pool(0, true);
        let Self { real, start, uses_current_thread, spawn } = this;
        let real = real.start_handler(move |index| {
            current::register_worker(id, index);
            if let Some(start) = &start {
                start(index);
            }
        });
        (real, id, uses_current_thread, spawn)
    }

    fn with(
        self,
        change: impl FnOnce(rayon::ThreadPoolBuilder) -> rayon::ThreadPoolBuilder,
    ) -> Self {
        Self { real: change(self.real), ..self }
    }

    /// Names the workers.
    pub fn thread_name<F>(self, closure: F) -> Self
    where
        F: FnMut(usize) -> String + 'static,
    {
        self.with(|real| real.thread_name(closure))
    }

    /// How many workers; 0 for rayon's default.
    pub fn num_threads(self, num_threads: usize) -> Self {
        self.with(|real| real.num_threads(num_threads))
    }

    /// Makes the building thread the first worker.
    pub fn use_current_thread(self) -> Self {
        let hooked = self.with(rayon::ThreadPoolBuilder::use_current_thread);
        Self { uses_current_thread: true, ..hooked }
    }

    /// What happens to a panic of a detached job.
    pub fn panic_handler<H>(self, panic_handler: H) -> Self
    where
        H: Fn(Box<dyn Any + Send>) + Send + Sync + 'static,
    {
        self.with(|real| real.panic_handler(panic_handler))
    }

    /// Stack size of the workers, in bytes.
    pub fn stack_size(self, stack_size: usize) -> Self {
        self.with(|real| real.stack_size(stack_size))
    }

    /// Last in first out for the workers' own jobs, too.
    #[deprecated(note = "use `scope_fifo` and `spawn_fifo` for similar effect")]
    pub fn breadth_first(self) -> Self {
        #[expect(deprecated, reason = "passes rayon's own through")]
        self.with(rayon::ThreadPoolBuilder::breadth_first)
    }

    /// Runs on each worker when it starts.
    pub fn start_handler<H>(self, start_handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        Self { start: Some(Box::new(start_handler)), ..self }
    }

    /// Runs on each worker when it ends.
    pub fn exit_handler<H>(self, exit_handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        self.with(|real| real.exit_handler(exit_handler))
    }
}

impl<S> fmt::Debug for ThreadPoolBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

/// The hook for a stock rayon builder.
pub trait Profiled: Sized {
    /// Registers the pool's workers with the recording: their lanes, their CPU time, and what they
    /// run for operations that are called through the facade. Stock rayon calls in the pool stay
    /// invisible, and the report says so.
    ///
    /// Takes the builder's start handler; a program that has one of its own passes it to
    /// [`profiled_with`](Self::profiled_with). The exit handler stays the program's.
    fn profiled(self, session: &Session) -> Self {
        self.profiled_with(session, |_| ())
    }

    /// As [`profiled`](Self::profiled), and runs `start_handler` on each worker afterwards.
    fn profiled_with<H>(self, session: &Session, start_handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static;
}

impl<S> Profiled for rayon::ThreadPoolBuilder<S> {
    fn profiled_with<H>(self, _session: &Session, start_handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        let id = record::new_pool(0, false);
        self.start_handler(move |index| {
            current::register_worker(id, index);
            start_handler(index);
        })
    }
}
