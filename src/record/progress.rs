//! What a thread did of the parallel iterator that it is running a part of: sums of its own, which
//! nobody else sees before they are added up.

use std::cell::Cell;

/// What a thread did of one parallel iterator, until it is added to the tally.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) splits: Cell<u64>,
    pub(super) leaves: Cell<u64>,
    pub(super) items: Cell<u64>,
    pub(super) reductions: Cell<u64>,
}

impl Progress {
    /// Begins with `other`; what was there until then.
    #[inline]
    pub(super) fn replace(&self, other: &Self) -> Self {
        let Self { splits, leaves, items, reductions } = self;
        Self {
            splits: Cell::new(splits.replace(other.splits.get())),
            leaves: Cell::new(leaves.replace(other.leaves.get())),
            items: Cell::new(items.replace(other.items.get())),
            reductions: Cell::new(reductions.replace(other.reductions.get())),
        }
    }
}

/// One more of something, or several. An iterator may have more items than a number can tell.
#[inline]
pub(super) fn add(cell: &Cell<u64>, n: u64) {
    cell.set(cell.get().saturating_add(n));
}
