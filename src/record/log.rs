//! What one thread wrote in one recording: its events, its texts, its counts. The thread writes,
//! the collector reads; all of it lies in [`Slots`] and [`Buffer`]s.

use super::buffer::{Buffer, Record, Snapshot, WhenFull};
use super::event::{self, read_texts};
use super::ids::LaneId;
use super::memory::Slots;
use super::recorder::{OnFull, Settings};
use super::sync::Ordering;

/// One thread's part of a recording, while it is written.
pub(super) struct Log {
    lane: LaneId,
    counters: Slots,
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
            fn counts(&self) -> Counts {
                Counts { $($field: self.counter(Counter::$name),)* }
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
    /// Short tasks that are summed up but not written yet.
    pending: Pending = 9,
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
        // Relaxed: whoever must see an exact count waits for the task that it belongs to, through
        // rayon's latch, which is set after the task published.
        self.word(counter).store(value, Ordering::Relaxed);
    }

    fn counter(&self, counter: Counter) -> u64 {
        self.word(counter).load(Ordering::Relaxed)
    }

    #[inline]
    fn word(&self, counter: Counter) -> &super::sync::AtomicU64 {
        let place = counter as usize;
        &self.counters[place / super::buffer::WORDS].0[place % super::buffer::WORDS]
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

    /// Copies what was published.
    pub(super) fn figures(&self) -> Figures {
        let Snapshot { records, overwritten, dropped } = self.events.snapshot();
        let events: Vec<_> = records.iter().filter_map(event::Raw::decode).collect();
        let texts = self.texts.snapshot().records;
        Figures {
            counts: self.counts(),
            unreadable: (records.len() - events.len()) as u64,
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
