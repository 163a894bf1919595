//! Which events are timed, and which of those are kept for themselves.

use super::super::clock;
use super::super::log::Log;
use super::super::recorder::Detail;
use super::Notebook;

/// Events of a lane that are kept whole at first in `auto`, so that small runs are seen in full.
pub(super) const WHOLE: u32 = 4_096;

/// A join, task or wait shorter than this is not kept for itself in `auto`: about 5 µs, whether a
/// tick is one nanosecond of the OS clock or a third of one.
pub(super) fn coarse_ticks() -> u64 {
    match clock::choose(None) {
        clock::Source::Tsc => 13_000,
        clock::Source::Os(_) => 5_000,
    }
}

/// Each time half of the remaining room is used up, only events this much longer are kept.
const SQUEEZE: u64 = 8;

impl Notebook {
    /// Whether joins at `depth` are only counted.
    #[inline]
    pub(in super::super) fn is_fine(&self, detail: Detail, depth: u32) -> bool {
        !self.keeps_everything(detail) && self.depths.is_fine(depth, self.coarse.get())
    }

    /// Whether every join is timed and kept.
    #[inline]
    pub(in super::super) fn keeps_everything(&self, detail: Detail) -> bool {
        (detail == Detail::Full && !self.squeezed.get()) || self.whole.get() > 0
    }

    /// Whether an event is kept for itself: one that took long, or one that `matters` (a steal, a
    /// panic) as long as there is room for all of those.
    #[inline]
    pub(in super::super) fn keeps(&self, detail: Detail, ticks: u64, matters: bool) -> bool {
        if self.keeps_everything(detail) {
            self.whole.set(self.whole.get().saturating_sub(1));
            return true;
        }
        ticks >= self.coarse.get() || (matters && self.keeps_what_matters())
    }

    /// Whether there is still room for every event that matters, however short.
    #[inline]
    pub(in super::super) fn keeps_what_matters(&self) -> bool {
        !self.squeezed.get()
    }

    /// From here on only events that are longer still are kept. What room is left is halved each
    /// time, so that it lasts for any length of program.
    #[cold]
    pub(super) fn squeeze(&self, log: &Log) {
        self.squeezed.set(true);
        self.whole.set(0);
        self.coarse.set(self.coarse.get().saturating_mul(SQUEEZE));
        let written = log.events.written();
        let room = log.events.capacity().saturating_sub(written);
        self.squeeze_at.set(if room < 2 { u64::MAX } else { written + room / 2 });
    }
}
