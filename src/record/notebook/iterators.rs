//! What a thread knows of the parallel iterators that it runs parts of, and where it counts what it
//! does of them.

use super::super::log::{Count, Log};
use super::super::places::{Call, Place};
use super::super::progress::Progress;
use super::super::recorder::Detail;
use super::Notebook;

/// Fine parts of parallel iterators that are counted before one is looked at again.
const FINE_PARTS: u32 = 1_024;

impl Notebook {
    /// What this lane knows of a parallel iterator, and where it counts what it does of it.
    #[inline]
    pub(in super::super) fn place(&self, call: &Call<'_>) -> Option<&Place> {
        let log = self.log()?;
        Some(self.places.find(self.epoch.get(), call, log, |place| self.name(log, place)))
    }

    #[cold]
    fn name(&self, log: &Log, place: &Place) -> [u32; 3] {
        let text = |text: &str| self.texts.text(log, text);
        let label = place.label.as_deref().map_or(0, text);
        [self.texts.site(log, place.site), text(&place.meaning.words), label]
    }

    /// Adds what was done of a parallel iterator to its tally.
    #[inline]
    pub(in super::super) fn tally(&self, place: &Place, progress: &Progress) {
        let Some(log) = self.log() else { return };
        let Progress { splits, leaves, items, reductions } = progress;
        log.count_all(
            place.tally.get(),
            [
                (Count::Splits, splits.get()),
                (Count::Leaves, leaves.get()),
                (Count::Items, items.get()),
                (Count::Reductions, reductions.get()),
            ],
        );
    }

    /// The first half of a timed split ended, or has not yet: 0.
    pub(in super::super) fn set_first_end(&self, level: u32, end: (u64, u64)) {
        let (mut ends, level) = (self.first_ends.borrow_mut(), level as usize);
        if ends.len() <= level {
            ends.resize(level + 1, (0, 0));
        }
        ends[level] = end;
    }

    /// When it did: ticks, or 0 if that is not known, and ticks of other tasks until then.
    pub(in super::super) fn first_end(&self, level: u32) -> (u64, u64) {
        self.first_ends.borrow().get(level as usize).copied().unwrap_or((0, 0))
    }

    /// Counts at a place.
    #[inline]
    pub(in super::super) fn count(&self, place: &Place, count: Count, n: u64) {
        if let Some(log) = self.log() {
            log.count(place.tally.get(), count, n);
        }
    }

    /// Whether a part of a parallel iterator, `depth` splits below its operation, is timed.
    #[inline]
    pub(in super::super) fn times(&self, detail: Detail, place: &Place, depth: u32) -> bool {
        self.keeps_everything(detail)
            || !place.depths.is_fine(depth, self.coarse.get())
            || self.look_again()
    }

    /// Whether a parallel iterator is counted, and nothing else. Of one that is not,
    /// [`times`](Self::times) is asked next.
    #[inline]
    pub(in super::super) fn only_counts(&self, detail: Option<Detail>, place: &Place) -> bool {
        let Some(detail) = detail else { return true };
        if self.keeps_everything(detail) || !place.depths.is_fine(0, self.coarse.get()) {
            return false;
        }
        let left = self.unlooked.get();
        self.unlooked.set(left.saturating_sub(1));
        left > 0
    }

    /// A fine part is timed now and then, so that a wrong guess is noticed.
    #[inline]
    fn look_again(&self) -> bool {
        match self.unlooked.get().checked_sub(1) {
            Some(left) => {
                self.unlooked.set(left);
                false
            }
            None => {
                self.unlooked.set(FINE_PARTS);
                true
            }
        }
    }
}
