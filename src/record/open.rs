//! What is open on a lane: the tasks, operations and timed joins that its thread has begun and not
//! ended, each as the record that it will be, without an end. Whoever collects a recording whose
//! program was killed, or that ended in the middle of something, finds there what the records of
//! what has ended lie in.
//!
//! The thread writes, the collector reads, under a sequence lock with one writer as in
//! [`pending`](super::pending).

use super::buffer::{Record, WORDS};
use super::memory::Slots;
use super::sync::{AtomicU64, Ordering, fence};

/// The table's head, and a slot for each level.
pub(super) struct Open(Slots);

/// How deep it goes. What is opened deeper is missing, as all was that is open before there was the
/// table.
pub(super) const LEVELS: usize = 63;
/// Words of the head: odd while the table changes,
const VERSION: usize = 0;
/// how many levels are open,
const LEVEL: usize = 1;
/// and from when on events are missing, in ticks, or 0.
const BROKEN: usize = 2;
/// The word of a record's start, or 0 until it begins.
const START: usize = 1;
/// The word of a join or an operation from when on its caller waits, or 0: that of its end, if it
/// never did.
const WAIT: usize = 2;
/// How often a reader tries; what opens and closes all the time stands still in between.
const TRIES: usize = 100_000;

/// What a collector found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Opened {
    /// From the outermost one inwards.
    pub(super) records: Vec<Record>,
    /// From when on events are missing, in ticks; `None` if none are.
    pub(super) broken: Option<u64>,
}

impl Open {
    /// Slots that it needs.
    pub(super) const SLOTS: usize = 1 + LEVELS;

    /// Lies in `slots`.
    pub(super) fn over(slots: Slots) -> Self {
        Self(slots)
    }

    /// Forgets everything. Only while nobody else has it.
    pub(super) fn clear(&self) {
        self.0[0].0.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }

    #[inline]
    fn head(&self, word: usize) -> &AtomicU64 {
        &self.0[0].0[word]
    }

    /// Opens one more level; its number. Only the one writer may call this.
    #[inline]
    pub(super) fn enter(&self, record: &Record) -> u64 {
        let level = self.head(LEVEL).load(Ordering::Relaxed);
        if self.is_broken() {
            return level;
        }
        self.change(|| {
            if let Some(slot) = self.0.get(1 + level as usize) {
                for (place, &word) in slot.0.iter().zip(record) {
                    place.store(word, Ordering::Relaxed);
                }
            }
            self.head(LEVEL).store(level + 1, Ordering::Relaxed);
        });
        level
    }

    /// Closes a level and all within it. Only the one writer may call this.
    #[inline]
    pub(super) fn leave(&self, level: u64) {
        if !self.is_broken() {
            self.change(|| self.head(LEVEL).store(level, Ordering::Relaxed));
        }
    }

    /// It begins at this instant. Only the one writer may call this.
    #[inline]
    pub(super) fn begins(&self, level: u64, at: u64) {
        self.set(level, START, at);
    }

    /// Whoever opened a level waits from now on. Only the one writer may call this.
    #[inline]
    pub(super) fn waits(&self, level: u64, since: u64) {
        self.set(level, WAIT, since);
    }

    #[inline]
    fn set(&self, level: u64, word: usize, value: u64) {
        if let Some(slot) = self.0.get(1 + level as usize).filter(|_| !self.is_broken()) {
            slot.0[word].store(value, Ordering::Relaxed);
        }
    }

    /// From an instant on events are missing: what is open now stays what it is. Only the one writer
    /// may call this.
    #[cold]
    pub(super) fn break_off(&self, at: u64) {
        if !self.is_broken() {
            // Release: pairs with the Acquire of the version in `read`; the table is visible with it.
            self.head(BROKEN).store(at.max(1), Ordering::Release);
        }
    }

    #[inline]
    fn is_broken(&self) -> bool {
        self.head(BROKEN).load(Ordering::Relaxed) != 0
    }

    #[inline]
    fn change(&self, change: impl FnOnce()) {
        let version = self.head(VERSION).load(Ordering::Relaxed);
        self.head(VERSION).store(version + 1, Ordering::Relaxed);
        // Release fence: no change becomes visible before the odd version. Pairs with the Acquire
        // fence in `try_read`.
        fence(Ordering::Release);
        change();
        // Release: pairs with the Acquire in `try_read`; the changes are visible with it.
        self.head(VERSION).store(version + 2, Ordering::Release);
    }

    /// What is open; nothing if the writer never stood still.
    pub(super) fn read(&self) -> Opened {
        let tries = std::iter::repeat_with(|| self.try_read()).take(TRIES);
        tries.flatten().next().unwrap_or_default()
    }

    /// One try; `None` if the writer was at it.
    pub(super) fn try_read(&self) -> Option<Opened> {
        let before = self.head(VERSION).load(Ordering::Acquire);
        let broken = self.head(BROKEN).load(Ordering::Acquire);
        let levels = self.head(LEVEL).load(Ordering::Relaxed).min(LEVELS as u64);
        let record = |level: u64| -> Record {
            let slot = &self.0[1 + level as usize];
            std::array::from_fn::<_, WORDS, _>(|word| slot.0[word].load(Ordering::Relaxed))
        };
        let records = (0..levels).map(record).collect();
        // Acquire fence: if anything above came from a later change, its odd version is visible
        // below.
        fence(Ordering::Acquire);
        let after = self.head(VERSION).load(Ordering::Relaxed);
        let broken = (broken != 0).then_some(broken);
        (before == after && before & 1 == 0).then_some(Opened { records, broken })
    }
}
