//! Under `par_bridge` all leaves share one iterator: what a leaf has got from it, and where its time
//! went meanwhile.

use std::cell::Cell;

use super::buffer::Record;
use super::clock::now;
use super::event;
use super::lane::Lane;
use super::notebook::Notebook;
use super::progress::add;
use super::time::Ticks;

/// What a leaf under `par_bridge` has got from the iterator that all leaves share.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// Whether there is such a leaf, and it is timed.
    pub(super) wanted: Cell<bool>,
    /// Ticks in that iterator's `next`.
    pub(super) producing: Cell<u64>,
    /// Ticks of work on its items.
    pub(super) working: Cell<u64>,
    /// When the last item was handed out.
    pub(super) handed: Cell<u64>,
}

impl Feed {
    /// Begins anew; what was there until then.
    pub(super) fn replace(&self, other: &Self) -> Self {
        Self {
            wanted: Cell::new(self.wanted.replace(other.wanted.get())),
            producing: Cell::new(self.producing.replace(other.producing.get())),
            working: Cell::new(self.working.replace(other.working.get())),
            handed: Cell::new(self.handed.replace(other.handed.get())),
        }
    }

    /// Of a leaf that begins.
    #[inline]
    pub(super) fn begun() -> Self {
        let feed = Self::default();
        feed.wanted.set(true);
        feed
    }

    /// Where the `ticks` of a leaf went. What was neither work nor `next` was spent waiting for
    /// the lock that stands before `next`.
    #[inline]
    pub(super) fn record(&self, leaf: u64, ticks: u64) -> Record {
        let (producing, working) = (self.producing.get(), self.working.get());
        event::Feed {
            flags: 0,
            small: 0,
            text: 0,
            leaf,
            waited: ticks.saturating_sub(producing).saturating_sub(working),
            producing,
            spare_a: 0,
            spare_b: 0,
            spare_c: 0,
            spare_d: 0,
        }
        .encode()
    }
}

impl Lane {
    /// Runs the `next` of an iterator that all leaves of a parallel one share.
    #[inline]
    pub fn produce<R>(&self, next: impl FnOnce() -> R) -> R {
        let Some(feed) = self.notebook().map(|notebook| &notebook.feed) else { return next() };
        if !feed.wanted.get() {
            return next();
        }
        let start = now();
        let item = next();
        let end = now();
        add(&feed.producing, Notebook::since(end, start));
        feed.handed.set(end.0);
        item
    }

    /// An item that [`produce`](Self::produce) gave has been worked on.
    pub fn consumed(&self) {
        if let Some(feed) = self.notebook().map(|notebook| &notebook.feed) {
            add(&feed.working, Notebook::since(now(), Ticks(feed.handed.get())));
        }
    }
}
