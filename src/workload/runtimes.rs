//! Tokio's runtimes, one for each number of workers, kept from one run to the next as pools are.
//!
//! What is seen of their threads is what tokio's stable hooks tell: when a thread was not parked. Such
//! stretches are regions on a lane of the thread's own. Which tasks ran in them is not told.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Builder, Runtime};

use crate::facade::stretch;

/// The runtimes that were asked for.
#[derive(Debug, Default)]
pub(super) struct Runtimes(BTreeMap<usize, (Runtime, Arc<Awake>)>);

impl Runtimes {
    /// Runs a future in the runtime of that many workers, and waits until they have parked: only then
    /// is known for how long they were awake.
    pub(super) fn run<T>(
        &mut self,
        workers: usize,
        future: impl Future<Output = T>,
    ) -> io::Result<T> {
        let (runtime, awake) = match self.0.entry(workers) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => place.insert(build(workers)?),
        };
        let result = runtime.block_on(future);
        awake.wait_for_none();
        Ok(result)
    }
}

fn build(workers: usize) -> io::Result<(Runtime, Arc<Awake>)> {
    let awake = Arc::new(Awake::default());
    let hook = |change: fn(&Awake)| {
        let awake = Arc::clone(&awake);
        move || change(&awake)
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name("tokio worker")
        .enable_time()
        .on_thread_start(hook(Awake::one_more))
        .on_thread_unpark(hook(Awake::one_more))
        .on_thread_park(hook(Awake::one_less))
        .on_thread_stop(hook(Awake::one_less))
        .build()?;
    Ok((runtime, awake))
}

/// How many threads of a runtime are not parked.
#[derive(Debug, Default)]
struct Awake {
    threads: Mutex<usize>,
    none: Condvar,
}

impl Awake {
    fn one_more(&self) {
        *self.threads() += 1;
        stretch::begin("awake");
    }

    fn one_less(&self) {
        stretch::end();
        let mut threads = self.threads();
        *threads -= 1;
        if *threads == 0 {
            self.none.notify_all();
        }
    }

    fn wait_for_none(&self) {
        let awake = |threads: &mut usize| *threads > 0;
        drop(self.none.wait_while(self.threads(), awake).unwrap_or_else(PoisonError::into_inner));
    }

    fn threads(&self) -> MutexGuard<'_, usize> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_threads_have_parked_when_a_run_is_over_and_runtimes_are_kept() {
        let mut runtimes = Runtimes::default();
        for workers in [1, 3, 1] {
            let task = async { tokio::spawn(async { 7 }).await.unwrap() };
            assert_eq!(runtimes.run(workers, task).unwrap(), 7);
        }
        assert_eq!(runtimes.0.keys().copied().collect::<Vec<_>>(), [1, 3]);
    }
}
