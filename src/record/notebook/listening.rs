//! Whether a listener hears of what the thread opens, and what that asks of joins that are only counted.

use super::super::listener;
use super::Notebook;

impl Notebook {
    /// Asks anew whether somebody listens; in what is not timed there is nothing to hear, and on a
    /// lane of no thread nothing that concerns anybody.
    #[inline]
    pub(in super::super) fn listen(&self, timed: bool) {
        let is_detached = self.epoch.get() == 0;
        self.heard.set(timed && !is_detached && listener::is_heard());
    }

    /// The same, for a task that comes from elsewhere; what it was before.
    #[inline]
    pub(in super::super) fn listen_from(&self, timed: bool, parent: u64, around: u64) -> bool {
        let is_detached = self.epoch.get() == 0;
        self.heard.replace(timed && !is_detached && listener::is_heard_from(parent, around))
    }

    /// What is open around what is pushed now, as the word of an id, if somebody listens; else 0.
    #[inline]
    pub(in super::super) fn around(&self) -> u64 {
        if self.heard.get() { listener::innermost() } else { 0 }
    }

    /// The joins from here on are fine and each is to carry what is around it.
    #[inline]
    pub(in super::super) fn link_fine_joins(&self, joins: u32) {
        self.linked.set(joins);
    }

    /// Whether a join that took the slow path is one of those.
    pub(in super::super) fn is_linked(&self) -> bool {
        let left = self.linked.get();
        self.linked.set(left.saturating_sub(1));
        left > 1
    }
}
