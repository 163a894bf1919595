//! What one thread wrote in one recording: its events, its texts, its counts. The thread writes,
//! the collector reads; all of it lies in [`Slots`] and [`Buffer`]s.

use super::buffer::{Buffer, Record, Slot, Snapshot, WORDS, WhenFull};
use super::event::{self, read_texts};
use super::ids::LaneId;
use super::memory::{Mapped, Slots};
use super::open::{Open, Opened};
use super::pending::Pending;
use super::recorder::{OnFull, Settings};
use super::sync::Ordering;
use super::time::Ticks;
use std::sync::Arc;

/// One thread's part of a recording, while it is written.
pub(super) struct Log {
    lane: LaneId,
    counters: Slots,
    pending: Pending,
    tallies: Slots,
    pub(super) open: Open,
    pub(super) events: Buffer,
    texts: Buffer,
}

/// Tallies that a lane has; the first is of all that find no place of their own.
pub(super) const TALLIES: usize = 256;

/// Records that the texts of a lane may take: 64 bytes each, a call site is one or two.
const TEXT_RECORDS: usize = 8 << 10;

/// Slots of the counters.
const COUNTER_SLOTS: usize = 3;

macro_rules! counters {
    ($($(#[$doc:meta])* $field:ident: $name:ident = $place:literal,)*) => {
        /// The counters and their places, as a text: who reads them in another process has to have
        /// the same.
        pub(super) const COUNTERS: &str = concat!($(stringify!($field), $place, " ",)*);

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
    /// Splits of parallel iterators timed.
    timed_splits: TimedSplits = 9,
    /// Leaves of parallel iterators timed.
    timed_leaves: TimedLeaves = 10,
    /// Texts that found no room, each time one was asked for.
    lost_texts: LostTexts = 11,
    /// Phases entered and notes taken.
    phases: Phases = 12,
    /// Those that were kept.
    kept_phases: KeptPhases = 13,
    /// Searches of a worker for work.
    searches: Searches = 14,
    /// Rounds of searches that found nothing.
    failed_rounds: FailedRounds = 15,
    /// Times that a worker fell asleep.
    sleeps: Sleeps = 16,
    /// Times that a searching worker left the CPU to others.
    yields: Yields = 17,
    /// Sleeping workers that were woken by this thread.
    wakes: Wakes = 18,
}

macro_rules! tallies {
    ($($(#[$doc:meta])* $field:ident: $name:ident = $place:literal,)*) => {
        /// The same of the tallies.
        pub(super) const COUNTS: &str = concat!($(stringify!($field), $place, " ",)*);

        /// A count that a lane keeps for each parallel iterator that it meets.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Count {
            $($(#[$doc])* $name = $place,)*
        }

        /// What a lane did of the parallel iterators of one call site. Texts are numbers of the
        /// lane's; 0 is none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Tally {
            /// Where it was made.
            pub site: u32,
            /// What it is, in words.
            pub chain: u32,
            /// The name that the user gave it.
            pub label: u32,
            $($(#[$doc])* pub $field: u64,)*
        }

        impl Log {
            /// The tallies in which anything was counted.
            fn tallies(&self) -> Vec<Tally> {
                let read = |slot: &Slot| {
                    // Acquire: pairs with the Release in `count`. Counts come first, so that
                    // whoever sees one also sees what it is of.
                    let word = |place: usize| slot.0[place].load(Ordering::Acquire);
                    $(let $field = word(Count::$name as usize);)*
                    let (names, label) = (word(0), word(1));
                    let (site, chain, label) = (names as u32, (names >> 32) as u32, label as u32);
                    Tally { site, chain, label, $($field,)* }
                };
                let counted = |tally: &Tally| [$(tally.$field),*].iter().any(|&count| count > 0);
                self.tallies.iter().map(read).filter(counted).collect()
            }
        }
    };
}

tallies! {
    /// Operations called.
    operations: Operations = 2,
    /// Splits.
    splits: Splits = 3,
    /// Leaves.
    leaves: Leaves = 4,
    /// Items that the leaves were given.
    items: Items = 5,
    /// Reductions.
    reductions: Reductions = 6,
    /// Halves run that another worker of the pool had split off.
    steals: Steals = 7,
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
    /// What was open, from the outermost one inwards: without an end, and with no more than was known
    /// at its start. Some of it may have ended meanwhile and be among the events, too.
    pub open: Vec<event::Raw>,
    /// From when on events are missing for lack of room; `None` if none are.
    pub broken: Option<Ticks>,
    /// What it did of parallel iterators.
    pub tallies: Vec<Tally>,
    /// Its texts: number `i` is at `i − 1`.
    pub texts: Vec<String>,
    /// Bytes of memory that its records took.
    pub bytes: u64,
}

impl Log {
    pub(super) fn new(lane: LaneId, settings: &Settings) -> Self {
        Self {
            lane,
            counters: Slots::zeroed(COUNTER_SLOTS),
            pending: Pending::new(),
            tallies: Slots::zeroed(TALLIES),
            open: Open::over(Slots::zeroed(Open::SLOTS)),
            events: Buffer::new(settings.capacity, when_full(settings)),
            texts: Buffer::new(TEXT_RECORDS, WhenFull::Drop),
        }
    }

    /// Slots that a log with room for `capacity` records needs, all in all.
    pub(super) fn slots(capacity: usize) -> usize {
        COUNTER_SLOTS
            + Pending::SLOTS
            + TALLIES
            + Open::SLOTS
            + Buffer::slots(TEXT_RECORDS)
            + Buffer::slots(capacity)
    }

    /// A log that lies in `memory`, which has [`slots`](Self::slots) at least: what another process
    /// wrote there, or empty if nobody has.
    pub(super) fn over(lane: LaneId, settings: &Settings, memory: &Arc<Mapped>) -> Self {
        let mut next = 0;
        let mut take = |len: usize| {
            let part = Slots::part(memory, next, len);
            next += len;
            part
        };
        // What is always written comes first, so that a short log commits few pages.
        Self {
            lane,
            counters: take(COUNTER_SLOTS),
            pending: Pending::over(take(Pending::SLOTS)),
            tallies: take(TALLIES),
            open: Open::over(take(Open::SLOTS)),
            texts: Buffer::over(take(Buffer::slots(TEXT_RECORDS)), WhenFull::Drop),
            events: Buffer::over(take(Buffer::slots(settings.capacity)), when_full(settings)),
        }
    }

    /// Whether it could serve for a recording with these settings.
    pub(super) fn fits(&self, settings: &Settings) -> bool {
        self.events.is_like(settings.capacity, when_full(settings))
    }

    /// The same memory, with nothing in it. The owner proves that nobody reads it any more.
    pub(super) fn emptied(self) -> Self {
        let words = self.counters.iter().chain(&*self.tallies).flat_map(|slot| &slot.0);
        words.for_each(|word| word.store(0, Ordering::Relaxed));
        self.pending.set(&[0; WORDS], || ());
        self.open.clear();
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

    /// Gives a tally its names. Only the writing thread may call this, before it counts there.
    pub(super) fn name_tally(&self, tally: usize, [site, chain, label]: [u32; 3]) {
        let slot = &self.tallies[tally].0;
        slot[0].store(u64::from(site) | u64::from(chain) << 32, Ordering::Relaxed);
        slot[1].store(u64::from(label), Ordering::Relaxed);
    }

    /// Adds to a count of a tally. Only the writing thread may call this.
    #[inline]
    pub(super) fn count(&self, tally: usize, count: Count, n: u64) {
        self.count_all(tally, [(count, n)]);
    }

    /// Adds to several counts of a tally. Only the writing thread may call this.
    #[inline]
    pub(super) fn count_all<const N: usize>(&self, tally: usize, counts: [(Count, u64); N]) {
        let tally = &self.tallies[tally].0;
        for (count, n) in counts {
            let word = &tally[count as usize];
            // Release: pairs with the Acquire in `tallies`.
            word.store(word.load(Ordering::Relaxed).saturating_add(n), Ordering::Release);
        }
    }

    /// Writes a sum of short events and sets the one that is to be written later, in one step: a
    /// collector finds each event in one of them. Only the writing thread may call this.
    pub(super) fn set_pending(&self, pending: &Record, write: impl FnOnce()) {
        self.pending.set(pending, write);
    }

    /// Whether half of the room for texts is left: what is not of the recorder's own leaves the rest.
    pub(super) fn has_room_for_notes(&self) -> bool {
        self.texts.published() < self.texts.capacity() / 2
    }

    /// Writes a text, if there is room for all of it.
    pub(super) fn write_text(&self, number: u32, text: &str) -> bool {
        let pieces: Vec<Record> = event::spell(number, text).collect();
        let room = self.texts.capacity() - self.texts.published();
        let fits = pieces.len() as u64 <= room;
        if fits {
            for piece in &pieces {
                self.texts.push(piece);
            }
        } else {
            self.add(Counter::LostTexts, 1);
        }
        fits
    }

    /// Copies what was published. The thread may go on meanwhile: a task that ends from here on is
    /// taken for unfinished, as its records may be missing; what is in the records is counted.
    pub(super) fn figures(&self) -> Figures {
        // First: what ends meanwhile is in both, rather than in neither.
        let Opened { records: open, broken } = self.open.read();
        let ended = self.counter(Counter::Ended);
        let pending = self.pending.read(|| self.events.published());
        let end = pending.as_ref().map_or_else(|| self.events.published(), |(_, end)| *end);
        let Snapshot { mut records, overwritten, dropped } = self.events.snapshot_until(end);
        // All zero if nothing is pending; not to be read if the thread never stood still.
        let pending = pending.map(|(record, _)| record);
        let unread = u64::from(pending.is_none());
        records.extend(pending.filter(|record| record[0] != 0));
        let events: Vec<_> = records.iter().filter_map(event::Raw::decode).collect();
        // What the records hold has been counted before, and what the tallies name was written.
        let tallies = self.tallies();
        let texts = self.texts.snapshot().records;
        Figures {
            counts: Counts { ended, ..self.counts() },
            unreadable: (records.len() - events.len()) as u64 + unread,
            overwritten,
            dropped,
            bytes: ((records.len() + texts.len()) * size_of::<Record>()) as u64,
            open: open.iter().filter_map(event::Raw::decode).collect(),
            broken: broken.map(Ticks),
            tallies,
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
