//! One thread's records on their way to the collector: written by one, read by any, no lock.
//!
//! The writer fills a slot and then publishes the count; a reader takes the count and copies what
//! lies below it. In a ring the writer first announces which slot it is about to overwrite, so
//! that a reader can tell, after copying, which copies are torn and must be thrown away.

use super::memory::Slots;
use super::sync::{AtomicU64, Ordering, fence};

/// Words of a record. Eight of them are a cache line.
pub(super) const WORDS: usize = 8;

/// A record, as it is written and read; `event` says what the words mean.
pub(super) type Record = [u64; WORDS];

/// A record's place in memory.
#[repr(C, align(64))]
pub(super) struct Slot(pub(super) [AtomicU64; WORDS]);

/// What the writer does once every slot is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhenFull {
    /// Drop what comes and count it.
    Drop,
    /// Overwrite the oldest.
    Overwrite,
}

/// Records of one writer. The first slot is the header; the rest hold records.
pub(super) struct Buffer {
    slots: Slots,
    when_full: WhenFull,
}

/// Word of the header: records written so far. Written by the writer with Release.
const PUBLISHED: usize = 0;
/// Word of the header: 1 + the number of the record that is being written, in a ring.
const CLAIMED: usize = 1;
/// Word of the header: records dropped because there was no room.
const DROPPED: usize = 2;

/// What a reader found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// The records that were there, oldest first.
    pub(super) records: Vec<Record>,
    /// Older ones that newer ones had overwritten.
    pub(super) overwritten: u64,
    /// Ones that were not written for lack of room.
    pub(super) dropped: u64,
}

impl Buffer {
    /// Room for `capacity` records, at least one.
    pub(super) fn new(capacity: usize, when_full: WhenFull) -> Self {
        Self::over(Slots::zeroed(Self::slots(capacity)), when_full)
    }

    /// Slots that `capacity` records need.
    pub(super) fn slots(capacity: usize) -> usize {
        capacity.max(1) + 1
    }

    /// Lies in `slots`, two at least.
    pub(super) fn over(slots: Slots, when_full: WhenFull) -> Self {
        Self { slots, when_full }
    }

    pub(super) fn is_like(&self, capacity: usize, when_full: WhenFull) -> bool {
        self.capacity() == capacity.max(1) as u64 && self.when_full == when_full
    }

    /// Forgets everything. Only while nobody else has it.
    pub(super) fn clear(&self) {
        self.slots[0].0.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }

    #[inline]
    pub(super) fn capacity(&self) -> u64 {
        self.slots.len() as u64 - 1
    }

    /// Records written so far, those overwritten included.
    pub(super) fn published(&self) -> u64 {
        self.header(PUBLISHED).load(Ordering::Acquire)
    }

    /// Records written so far, as their writer knows.
    #[inline]
    pub(super) fn written(&self) -> u64 {
        self.header(PUBLISHED).load(Ordering::Relaxed)
    }

    /// Writes a record; whether there was room for it. Only the one writer may call this.
    #[inline]
    pub(super) fn push(&self, record: &Record) -> bool {
        let number = self.written();
        let capacity = self.capacity();
        let slot = if number < capacity {
            number
        } else if self.when_full == WhenFull::Overwrite {
            self.claim(number);
            number % capacity
        } else {
            self.count_dropped();
            return false;
        };
        for (place, &word) in self.slots[1 + slot as usize].0.iter().zip(record) {
            place.store(word, Ordering::Relaxed);
        }
        // Release: pairs with the Acquire in `snapshot`; the words above are visible with it.
        self.header(PUBLISHED).store(number + 1, Ordering::Release);
        true
    }

    /// Tells readers that the slot of an older record is about to change.
    #[cold]
    fn claim(&self, number: u64) {
        self.header(CLAIMED).store(number + 1, Ordering::Relaxed);
        // Release fence: no word of the new record becomes visible before the claim. Pairs with
        // the Acquire fence in `snapshot`.
        fence(Ordering::Release);
    }

    #[cold]
    fn count_dropped(&self) {
        let dropped = self.header(DROPPED);
        dropped.store(dropped.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Copies what is there. Any thread may call this at any time, while the writer writes.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.snapshot_until(self.published())
    }

    /// Copies what was there when `end` records were [`published`](Self::published).
    pub(super) fn snapshot_until(&self, end: u64) -> Snapshot {
        let start = end.saturating_sub(self.capacity());
        let mut records: Vec<Record> = (start..end).map(|number| self.copy(number)).collect();
        // Acquire fence: if any word copied above came from a newer record, the claim of that
        // record is visible below.
        fence(Ordering::Acquire);
        let claimed = self.header(CLAIMED).load(Ordering::Relaxed);
        let first_whole = claimed.saturating_sub(self.capacity()).clamp(start, end);
        records.drain(..(first_whole - start) as usize);
        let dropped = self.header(DROPPED).load(Ordering::Relaxed);
        Snapshot { records, overwritten: first_whole, dropped }
    }

    fn copy(&self, number: u64) -> Record {
        let slot = &self.slots[1 + (number % self.capacity()) as usize];
        std::array::from_fn(|word| slot.0[word].load(Ordering::Relaxed))
    }

    #[inline]
    fn header(&self, word: usize) -> &AtomicU64 {
        &self.slots[0].0[word]
    }
}
