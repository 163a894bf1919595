//! What one thread wrote in one recording: its events, its texts, its counts. The thread writes,
//! the collector reads; all of it lies in [`Slots`] and [`Buffer`]s.

use super::buffer::{Buffer, Record, Snapshot, WORDS, WhenFull};
use super::event::{self, read_texts};
use super::ids::LaneId;
use super::memory::Slots;
use super::pending::Pending;
use super::recorder::{OnFull, Settings};
use super::sync::Ordering;

/// One thread's part of a recording, while it is written.
pub(super) struct Log {
    lane: LaneId,
    counters: Slots,
    pending: Pending,
    pub(super) events: Buffer,
    texts: Buffer,
}

/// Records that the texts of a lane may take: 64 bytes each, a call site is one or two.
const TEXT_RECORDS: usize = 8 << 10;

macro_rules! counters {
    ($($(#[$doc:meta])* $field:ident: $name:ident = $place:literal,)*) => {
        /// A count that a lane keeps, whatever becomes of its events.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Counter {
            $($(#[$doc])* $name = $place,)*
        }

        /// What a lane counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $field: u64,)*
        }

        impl Log {
            /// A task is counted in the order of the table, so read against it a part is never
            /// more than its whole, even while the thread goes on counting.
            fn counts(&self) -> Counts {
                const ALL: &[Counter] = &[$(Counter::$name),*];
                let mut read = [0; ALL.len()];
                for &counter in ALL.iter().rev() {
                    read[counter as usize] = self.counter(counter);
                }
                Counts { $($field: read[Counter::$name as usize],)* }
            }
        }
    };
}

counters! {
    /// Joins called.
    joins: Joins = 0,
    /// Joins timed.
    timed_joins: TimedJoins = 1,
    /// Tasks spawned.
    spawns: Spawns = 2,
    /// Jobs run; code that came to a worker unseen is none.
    tasks: Tasks = 3,
    /// Jobs run that another worker of the pool had pushed.
    steals: Steals = 4,
    /// Second halves of collapsed joins, run as jobs.
    migrated: Migrated = 5,
    /// Jobs run that came from outside the pool.
    injected: Injected = 6,
    /// Tasks begun, roots included.
    begun: Begun = 7,
    /// Tasks ended, roots included.
    ended: Ended = 8,
}

/// What a lane recorded, as the collector found it.
#[derive(Debug)]
pub struct Figures {
    /// Its counts.
    pub counts: Counts,
    /// Its events, in the order they ended.
    pub events: Vec<event::Raw>,
    /// Records that no event of the table could be read from.
    pub unreadable: u64,
    /// Events overwritten by later ones.
    pub overwritten: u64,
    /// Events dropped for lack of room.
    pub dropped: u64,
    /// Its texts: number `i` is at `i − 1`.
    pub texts: Vec<String>,
    /// Bytes of memory that its records took.
    pub bytes: u64,
}

impl Log {
    pub(super) fn new(lane: LaneId, settings: &Settings) -> Self {
        Self {
            lane,
            counters: Slots::zeroed(2),
            pending: Pending::new(),
            events: Buffer::new(settings.capacity, when_full(settings)),
            texts: Buffer::new(TEXT_RECORDS, WhenFull::Drop),
        }
    }

    /// Whether it could serve for a recording with these settings.
    pub(super) fn fits(&self, settings: &Settings) -> bool {
        self.events.is_like(settings.capacity, when_full(settings))
    }

    /// The same memory, with nothing in it. The owner proves that nobody reads it any more.
    pub(super) fn emptied(self) -> Self {
        let words = self.counters.iter().flat_map(|slot| &slot.0);
        words.for_each(|word| word.store(0, Ordering::Relaxed));
        self.pending.set(&[0; WORDS], || ());
        self.events.clear();
        self.texts.clear();
        self
    }

    pub(super) fn lane(&self) -> LaneId {
        self.lane
    }

    /// Adds to a counter. Only the writing thread may call this: a load and a store, no lock.
    #[inline]
    pub(super) fn add(&self, counter: Counter, n: u64) {
        self.set(counter, self.counter(counter).wrapping_add(n));
    }

    /// Sets a counter. Only the writing thread may call this.
    #[inline]
    pub(super) fn set(&self, counter: Counter, value: u64) {
        // Release: pairs with the Acquire in `counter`. Whoever sees this count also sees those that
        // were set before it, and the events that were pushed before it.
        self.word(counter).store(value, Ordering::Release);
    }

    fn counter(&self, counter: Counter) -> u64 {
        self.word(counter).load(Ordering::Acquire)
    }

    #[inline]
    fn word(&self, counter: Counter) -> &super::sync::AtomicU64 {
        let place = counter as usize;
        &self.counters[place / WORDS].0[place % WORDS]
    }

    /// Writes a sum of short events and sets the one that is to be written later, in one step: a
    /// collector finds each event in one of them. Only the writing thread may call this.
    pub(super) fn set_pending(&self, pending: &Record, write: impl FnOnce()) {
        self.pending.set(pending, write);
    }

    /// Writes a text, if there is room for all of it.
    pub(super) fn write_text(&self, number: u32, text: &str) -> bool {
        let pieces: Vec<Record> = event::spell(number, text).collect();
        let room = self.texts.capacity() - self.texts.published();
        let fits = pieces.len() as u64 <= room;
        if fits {
            pieces.iter().for_each(|piece| self.texts.push(piece));
        }
        fits
    }

    /// Copies what was published. The thread may go on meanwhile: a task that ends from here on is
    /// taken for unfinished, as its records may be missing; what is in the records is counted.
    pub(super) fn figures(&self) -> Figures {
        let ended = self.counter(Counter::Ended);
        let pending = self.pending.read(|| self.events.published());
        let end = pending.as_ref().map_or_else(|| self.events.published(), |(_, end)| *end);
        let Snapshot { mut records, overwritten, dropped } = self.events.snapshot_until(end);
        // All zero if nothing is pending; not to be read if the thread never stood still.
        let pending = pending.map(|(record, _)| record);
        let unread = u64::from(pending.is_none());
        records.extend(pending.filter(|record| record[0] != 0));
        let events: Vec<_> = records.iter().filter_map(event::Raw::decode).collect();
        let texts = self.texts.snapshot().records;
        Figures {
            counts: Counts { ended, ..self.counts() },
            unreadable: (records.len() - events.len()) as u64 + unread,
            overwritten,
            dropped,
            bytes: ((records.len() + texts.len()) * size_of::<Record>()) as u64,
            texts: read_texts(&texts),
            events,
        }
    }
}

fn when_full(settings: &Settings) -> WhenFull {
    match settings.on_full {
        OnFull::Collapse | OnFull::Stop => WhenFull::Drop,
        OnFull::Ring => WhenFull::Overwrite,
    }
}
