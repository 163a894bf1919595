//! Places in lists, in four bytes: there is one or more for each event, so that their size is much
//! of what a timeline takes.

use std::num::NonZeroU32;

/// The place of an event among its lane's, or of a frame among those of its row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Position(NonZeroU32);

impl Position {
    /// # Panics
    ///
    /// Beyond 2³² − 2: so many events would take hundreds of gigabytes.
    pub(super) fn new(index: usize) -> Self {
        let next = u32::try_from(index).ok().and_then(|index| index.checked_add(1));
        let next = next.and_then(NonZeroU32::new);
        Self(next.expect("a lane has fewer than 2³² events"))
    }

    pub(super) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl std::fmt::Debug for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.index().fmt(f)
    }
}
