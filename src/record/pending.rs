//! The sum of short events that a lane has not written yet, for a collector to read at any time.
//!
//! A sequence lock with one writer: the version is odd while the writer changes anything, and a
//! reader that finds the same even version before and after has read one state.

use super::buffer::{Record, WORDS};
use super::memory::Slots;
use super::sync::{AtomicU64, Ordering, fence};

/// The sum's record, in the first slot, and the version, in the second.
pub(super) struct Pending(Slots);

/// How often a reader tries. The writer changes it for nanoseconds, unless it is interrupted: this
/// is some 20 ms, longer than a scheduler lets a thread wait that can run.
const TRIES: usize = 2_000_000;

impl Pending {
    /// Slots that it needs.
    pub(super) const SLOTS: usize = 2;

    pub(super) fn new() -> Self {
        Self::over(Slots::zeroed(Self::SLOTS))
    }

    /// Lies in `slots`.
    pub(super) fn over(slots: Slots) -> Self {
        Self(slots)
    }

    fn version(&self) -> &AtomicU64 {
        &self.0[1].0[0]
    }

    /// Replaces the sum, and does `other` in the same step. Only the one writer may call this.
    pub(super) fn set(&self, record: &Record, other: impl FnOnce()) {
        let version = self.version().load(Ordering::Relaxed);
        self.version().store(version + 1, Ordering::Relaxed);
        // Release fence: no change becomes visible before the odd version. Pairs with the Acquire
        // fence in `read`.
        fence(Ordering::Release);
        for (place, &word) in self.0[0].0.iter().zip(record) {
            place.store(word, Ordering::Relaxed);
        }
        other();
        // Release: pairs with the Acquire in `read`; the changes are visible with it.
        self.version().store(version + 2, Ordering::Release);
    }

    /// The sum, and what `other` reads, of one state; `None` if the writer never stood still.
    pub(super) fn read<R>(&self, other: impl Fn() -> R) -> Option<(Record, R)> {
        (0..TRIES).find_map(|_| {
            let found = self.try_read(&other);
            if found.is_none() {
                std::hint::spin_loop();
            }
            found
        })
    }

    /// One try; `None` if the writer was at it.
    pub(super) fn try_read<R>(&self, other: impl Fn() -> R) -> Option<(Record, R)> {
        let before = self.version().load(Ordering::Acquire);
        let record: [u64; WORDS] =
            std::array::from_fn(|word| self.0[0].0[word].load(Ordering::Relaxed));
        let other = other();
        // Acquire fence: if anything above came from a later change, its odd version is visible
        // below.
        fence(Ordering::Acquire);
        let after = self.version().load(Ordering::Relaxed);
        (before == after && before & 1 == 0).then_some((record, other))
    }
}
