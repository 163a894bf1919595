//! A worker that has nothing to do: its searches for work, and its sleeps. Both are seen by a front
//! end within rayon only.
//!
//! A search lasts until it finds a job, until what the worker waits for is there, or until it falls
//! asleep; when it wakes up, the next one begins. So the two never overlap, and what runs once a job
//! is found is in neither.
//!
//! Who wakes a worker leaves word of it in the worker's [`Bed`]. That is the one place that a thread
//! writes for another one to record: both hold rayon's lock on the sleeper's state while they do.

use super::clock::now;
use super::event::{self, SearchEnd, WakeReason};
use super::ids::LaneId;
use super::lane::{Lane, Mode};
use super::log::Counter;
use super::notebook::{Looking, Notebook};
use super::recorder::{self, Detail, Identity};
use super::sync::{AtomicU64, Ordering};
use super::time::Ticks;

impl Lane {
    /// The worker found no work of its own, and begins to look for others'.
    pub fn begin_search(&self, who: impl FnOnce() -> Identity) {
        let switch = recorder::switch();
        if switch.detail == Detail::Off {
            return;
        }
        if let Some(notebook) = self.recording(switch, who) {
            notebook.search.set(Some(self.looking()));
        }
    }

    /// It looked everywhere and found nothing.
    #[inline]
    pub fn failed_round(&self) {
        let Some(notebook) = self.notebook() else { return };
        if let Some(search) = notebook.search.get() {
            notebook.search.set(Some(Looking { rounds: search.rounds + 1, ..search }));
        }
    }

    /// It left the CPU to others, to look again.
    #[inline]
    pub fn yielded(&self) {
        let Some(notebook) = self.notebook() else { return };
        if let Some(search) = notebook.search.get() {
            notebook.search.set(Some(Looking { yields: search.yields + 1, ..search }));
        }
    }

    /// It found a job (`found`), or what it waited for is there.
    pub fn end_search(&self, found: bool) {
        self.leave_search(if found { SearchEnd::Found } else { SearchEnd::Over });
    }

    /// It falls asleep, until the guard is dropped. The caller holds the lock on the bed's state, and
    /// again when that is.
    pub fn fall_asleep<'l>(&'l self, bed: &'l Bed) -> Asleep<'l> {
        bed.leave();
        let start = self.leave_search(SearchEnd::Asleep);
        Asleep { lane: self, bed, start }
    }

    /// It wakes the worker that lies in the bed. The caller holds the lock on the bed's state.
    pub fn wakes(&self, bed: &Bed, reason: WakeReason) {
        let Some(notebook) = self.in_recording() else { return };
        notebook.with_log(|log| log.add(Counter::Wakes, 1));
        if recorder::switch().detail != Detail::Count {
            bed.note(notebook.lane(), reason, now());
        }
    }

    /// The notebook, while the recording that it is for goes on.
    fn in_recording(&self) -> Option<&Notebook> {
        let switch = recorder::switch();
        let goes_on = |notebook: &&Notebook| notebook.epoch() == switch.epoch;
        self.notebook().filter(goes_on).filter(|_| switch.detail != Detail::Off)
    }

    fn looking(&self) -> Looking {
        Looking { start: self.detail().map_or(Ticks(0), |_| now()), rounds: 0, yields: 0 }
    }

    /// The detail in which the worker's idle time is recorded: that of the task that waits, outside
    /// of tasks that of the process.
    fn detail(&self) -> Option<Detail> {
        match self.mode.get() {
            Mode::NoTask => Mode::of(recorder::switch().detail).timed(),
            mode => mode.timed(),
        }
    }

    /// Ends the search that is under way; when, if that is told.
    fn leave_search(&self, how: SearchEnd) -> Option<Ticks> {
        let Looking { start, rounds, yields } = self.notebook()?.search.take()?;
        let notebook = self.in_recording()?;
        notebook.with_log(|log| {
            log.add(Counter::Searches, 1);
            log.add(Counter::FailedRounds, rounds);
            log.add(Counter::Yields, yields);
            if how == SearchEnd::Asleep {
                log.add(Counter::Sleeps, 1);
            }
        });
        let detail = self.detail().filter(|_| start != Ticks(0));
        let Some(detail) = detail else { return Some(Ticks(0)) };
        let end = now();
        let matters = how == SearchEnd::Asleep;
        if notebook.keeps(detail, Notebook::since(end, start), matters) {
            notebook.push(&search(start, end, [rounds, yields], how).encode());
        }
        Some(end)
    }
}

fn search(start: Ticks, end: Ticks, counts: [u64; 2], how: SearchEnd) -> event::Search {
    let [rounds, yields] = counts;
    event::Search {
        flags: 0,
        small: how as u16,
        text: 0,
        start: start.0,
        end: end.0,
        rounds,
        yields,
        spare_a: 0,
        spare_b: 0,
        spare_c: 0,
    }
}

/// Where a worker sleeps: who woke it, and when.
#[derive(Debug, Default)]
pub struct Bed {
    /// Ticks; 0 while nobody has.
    at: AtomicU64,
    /// The lane, and above it the reason.
    by: AtomicU64,
}

impl Bed {
    fn leave(&self) {
        self.at.store(0, Ordering::Relaxed);
    }

    // Relaxed: whoever writes or reads holds the lock that goes with the bed.
    fn note(&self, by: LaneId, reason: WakeReason, at: Ticks) {
        self.by.store(u64::from(by.0) | (reason as u64) << 32, Ordering::Relaxed);
        self.at.store(at.0, Ordering::Relaxed);
    }

    /// When its worker was woken, by which lane, and the code of the reason; all 0 if nobody noted.
    fn read(&self) -> (u64, u32, u16) {
        match self.at.load(Ordering::Relaxed) {
            0 => (0, 0, 0),
            at => {
                let by = self.by.load(Ordering::Relaxed);
                (at, by as u32, (by >> 32) as u16)
            }
        }
    }
}

/// A worker that sleeps. Awake again, and looking for work, when this is dropped.
#[must_use = "the worker wakes up when this is dropped"]
#[derive(Debug)]
pub struct Asleep<'l> {
    lane: &'l Lane,
    bed: &'l Bed,
    /// When it fell asleep; 0 where no clock is read, `None` if nothing is recorded.
    start: Option<Ticks>,
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        let Some((start, notebook)) = self.start.zip(self.lane.in_recording()) else { return };
        let awake = self.lane.looking();
        notebook.search.set(Some(awake));
        let detail = self.lane.detail().filter(|_| start != Ticks(0));
        if let Some(detail) = detail {
            let ticks = Notebook::since(awake.start, start);
            if notebook.keeps(detail, ticks, true) {
                notebook.push(&sleep(start, awake.start, self.bed).encode());
            }
        }
    }
}

fn sleep(start: Ticks, end: Ticks, bed: &Bed) -> event::Sleep {
    let (woken, text, small) = bed.read();
    event::Sleep {
        flags: 0,
        small,
        text,
        start: start.0,
        end: end.0,
        woken,
        spare_a: 0,
        spare_b: 0,
        spare_c: 0,
        spare_d: 0,
    }
}
