//! A worker without work: its searches and its sleeps.

use super::current::{lane, who};
use super::record::{Asleep, Bed, WakeReason};

/// A search that is under way. Ends with [`Search::found`], or when what the worker waited for is
/// there and this is dropped.
pub(crate) struct Search {
    found: bool,
}

impl Search {
    /// The calling worker begins to look for work.
    pub(crate) fn begin() -> Self {
        lane().begin_search(who);
        Self { found: false }
    }

    /// A round found nothing.
    #[inline]
    pub(crate) fn failed(&self) {
        lane().failed_round();
    }

    /// It found a job.
    #[inline]
    pub(crate) fn found(&mut self) {
        self.found = true;
        lane().end_search(true);
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        if !self.found {
            lane().end_search(false);
        }
    }
}

/// What stands for `std::thread` where a worker that looks for work yields.
pub(crate) mod yielding {
    /// The calling worker leaves the CPU to others.
    pub(crate) fn yield_now() {
        super::lane().yielded();
        std::thread::yield_now();
    }
}

/// Who woke a worker, as part of what rayon keeps, under a lock, of its sleep.
#[derive(Default)]
pub(crate) struct Woken(Bed);

impl Woken {
    /// The calling thread wakes the worker.
    pub(crate) fn by_us(&self, reason: WakeReason) {
        lane().wakes(&self.0, reason);
    }
}

/// The calling worker falls asleep, until what this returns is dropped.
pub(crate) fn asleep(woken: &Woken) -> Asleep<'_> {
    lane().fall_asleep(&woken.0)
}
