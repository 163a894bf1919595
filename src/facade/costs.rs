//! What rayon itself takes for its calls where nothing is in their way: empty ones, in a pool of one
//! worker that is stock and unrecorded, after a recording has stopped.

use std::hint::black_box;
use std::sync::{OnceLock, mpsc};

use crate::linux;
use crate::model::{Measured, RayonCosts};
use crate::record::clock::{Anchor, Scale, now};

/// Calls of one batch; the best of several batches counts, because interruptions only add.
const BATCH: u32 = 256;
const BATCHES: usize = 24;

/// Measures, once per process; takes about a millisecond. If no thread can be started, there is
/// nothing to measure on.
pub(super) fn measure() -> Measured<RayonCosts> {
    static COSTS: OnceLock<Measured<RayonCosts>> = OnceLock::new();
    if linux::is_fork() {
        // Whoever was measuring as the process forked is not in the fork to end it.
        return Measured::Not("rayon's own costs are not calibrated in a fork".to_owned());
    }
    COSTS.get_or_init(in_own_pool).clone()
}

/// The scoped pool's thread has ended when this returns.
fn in_own_pool() -> Measured<RayonCosts> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(1);
    match builder.build_scoped(rayon::ThreadBuilder::run, on_worker) {
        Ok(Some(costs)) => Measured::Is(costs),
        Ok(None) => Measured::Not("the calibration of rayon's own costs broke off".to_owned()),
        Err(error) => Measured::Not(format!("rayon's own costs were not calibrated: {error}")),
    }
}

/// The calling thread may be a worker itself, which would run the program's jobs in a call that
/// rayon waits in: so it waits for a message instead.
fn on_worker(pool: &rayon::ThreadPool) -> Option<RayonCosts> {
    let (send, costs) = mpsc::channel();
    pool.spawn(move || {
        // Nobody waits any more if this fails.
        let _ = send.send(batches());
    });
    costs.recv().ok()
}

fn batches() -> RayonCosts {
    let start = Anchor::read();
    let join = best(joins);
    let [spawn, job] = spawns();
    let scale = Scale::between(start, Anchor::read());
    let picoseconds = |ticks: u64| scale.length(ticks * 1_000).0 / u64::from(BATCH);
    RayonCosts {
        join_ps: picoseconds(join),
        spawn_ps: picoseconds(spawn),
        job_ps: picoseconds(job),
    }
}

fn best<T: Ord>(batch: impl FnMut() -> T) -> T {
    std::iter::repeat_with(batch).take(BATCHES).min().expect("some batches")
}

/// Ticks of a batch of joins.
fn joins() -> u64 {
    let start = now();
    for _ in 0..BATCH {
        rayon::join(|| black_box(()), || black_box(()));
    }
    now().0.saturating_sub(start.0)
}

/// Ticks of a batch of spawns, and of running them: the best of each by itself.
fn spawns() -> [u64; 2] {
    let batch = || {
        let (start, pushed) = rayon::scope(|scope| {
            let start = now();
            (0..BATCH).for_each(|_| scope.spawn(|_| black_box(())));
            (start, now())
        });
        [pushed.0.saturating_sub(start.0), now().0.saturating_sub(pushed.0)]
    };
    let all: Vec<[u64; 2]> = std::iter::repeat_with(batch).take(BATCHES).collect();
    [0, 1].map(|part| all.iter().map(|batch| batch[part]).min().expect("some batches"))
}
