//! A worker without work: its searches and its sleeps.

use super::current::{lane, who};
use super::record::Asleep;

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

/// The calling worker falls asleep, until what this returns is dropped.
pub(crate) fn asleep() -> Asleep<'static> {
    lane().fall_asleep()
}
