//! What rayon itself takes for its calls where nothing is in their way: empty ones, in a pool of one
//! worker, after the recording has ended.

use std::hint::black_box;
use std::sync::mpsc;

use super::record::attach::Calibrated;
use super::record::clock::{now, Anchor, Scale};
use crate::join::both;
use crate::registry::in_worker;
use crate::{scope, ThreadBuilder, ThreadPool, ThreadPoolBuilder};

/// Calls of one batch; the best of several batches counts, because interruptions only add.
const BATCH: u32 = 256;
const BATCHES: usize = 24;

/// Measures; takes about a millisecond. The scoped pool's thread has ended when this returns.
pub(super) fn measure() -> Result<Calibrated, String> {
    let builder = ThreadPoolBuilder::new().num_threads(1);
    match builder.build_scoped(ThreadBuilder::run, on_worker) {
        Ok(Some(costs)) => Ok(costs),
        Ok(None) => Err("the calibration of rayon's own costs broke off".to_owned()),
        Err(error) => Err(format!("rayon's own costs were not calibrated: {error}")),
    }
}

/// The calling thread may be a worker itself, which would run the program's jobs in a call that
/// rayon waits in: so it waits for a message instead.
fn on_worker(pool: &ThreadPool) -> Option<Calibrated> {
    let (send, costs) = mpsc::channel();
    pool.spawn(move || {
        // Nobody waits any more if this fails.
        let _ = send.send(batches());
    });
    costs.recv().ok()
}

fn batches() -> Calibrated {
    let start = Anchor::read();
    let join = best(joins);
    let [spawn, job] = spawns();
    let scale = Scale::between(start, Anchor::read());
    let picoseconds = |ticks: u64| scale.length(ticks * 1_000).0 / u64::from(BATCH);
    Calibrated {
        join_ps: picoseconds(join),
        spawn_ps: picoseconds(spawn),
        job_ps: picoseconds(job),
    }
}

fn best<T: Ord>(batch: impl FnMut() -> T) -> T {
    std::iter::repeat_with(batch).take(BATCHES).min().expect("some batches")
}

/// Ticks of a batch of joins: rayon's own, without the hook before them.
fn joins() -> u64 {
    let start = now();
    for _ in 0..BATCH {
        in_worker(|worker, _| {
            both::<false, _, _, _, _>(worker, || black_box(()), |_| black_box(()))
        });
    }
    now().0.saturating_sub(start.0)
}

/// Ticks of a batch of spawns, and of running them: the best of each by itself.
fn spawns() -> [u64; 2] {
    let batch = || {
        let (start, pushed) = scope(|scope| {
            let start = now();
            (0..BATCH).for_each(|_| scope.spawn(|_| black_box(())));
            (start, now())
        });
        [pushed.0.saturating_sub(start.0), now().0.saturating_sub(pushed.0)]
    };
    let all: Vec<[u64; 2]> = std::iter::repeat_with(batch).take(BATCHES).collect();
    [0, 1].map(|part| all.iter().map(|batch| batch[part]).min().expect("some batches"))
}
