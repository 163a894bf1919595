//! A worker that has nothing to do: its searches for work, and its sleeps. Both are seen by a front
//! end within rayon only.
//!
//! A search lasts until it finds a job, until what the worker waits for is there, or until it falls
//! asleep; when it wakes up, the next one begins. So the two never overlap, and what runs once a job
//! is found is in neither.

use super::clock::now;
use super::event::{self, SearchEnd};
use super::lane::{Lane, Mode};
use super::log::Counter;
use super::notebook::{Looking, Notebook};
use super::recorder::{self, Detail, Identity};
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

    /// It found a job (`found`), or what it waited for is there.
    pub fn end_search(&self, found: bool) {
        self.leave_search(if found { SearchEnd::Found } else { SearchEnd::Over });
    }

    /// It falls asleep, until the guard is dropped.
    pub fn fall_asleep(&self) -> Asleep<'_> {
        let start = self.leave_search(SearchEnd::Asleep);
        Asleep { lane: self, start }
    }

    fn looking(&self) -> Looking {
        Looking { start: self.detail().map_or(Ticks(0), |_| now()), rounds: 0 }
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
        let notebook = self.notebook()?;
        let Looking { start, rounds } = notebook.search.take()?;
        if notebook.epoch() != recorder::switch().epoch {
            return None;
        }
        notebook.with_log(|log| {
            log.add(Counter::Searches, 1);
            log.add(Counter::FailedRounds, rounds);
        });
        let detail = self.detail().filter(|_| start != Ticks(0));
        let Some(detail) = detail else { return Some(Ticks(0)) };
        let end = now();
        let matters = how == SearchEnd::Asleep;
        if notebook.keeps(detail, Notebook::since(end, start), matters) {
            notebook.push(&search(start, end, rounds, how).encode());
        }
        Some(end)
    }
}

fn search(start: Ticks, end: Ticks, rounds: u64, how: SearchEnd) -> event::Search {
    event::Search {
        flags: 0,
        small: how as u16,
        text: 0,
        start: start.0,
        end: end.0,
        rounds,
        spare_a: 0,
        spare_b: 0,
        spare_c: 0,
        spare_d: 0,
    }
}

/// A worker that sleeps. Awake again, and looking for work, when this is dropped.
#[must_use = "the worker wakes up when this is dropped"]
#[derive(Debug)]
pub struct Asleep<'l> {
    lane: &'l Lane,
    /// When it fell asleep; 0 where no clock is read, `None` if nothing is recorded.
    start: Option<Ticks>,
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        let Some((start, notebook)) = self.start.zip(self.lane.notebook()) else { return };
        if notebook.epoch() != recorder::switch().epoch {
            return;
        }
        notebook.with_log(|log| log.add(Counter::Sleeps, 1));
        let awake = self.lane.looking();
        notebook.search.set(Some(awake));
        let detail = self.lane.detail().filter(|_| start != Ticks(0));
        if let Some(detail) = detail {
            let ticks = Notebook::since(awake.start, start);
            if notebook.keeps(detail, ticks, true) {
                let (start, end) = (start.0, awake.start.0);
                let (spare_a, spare_b, spare_c, spare_d, spare_e) = (0, 0, 0, 0, 0);
                let (flags, small, text) = (0, 0, 0);
                #[rustfmt::skip]
                let sleep = event::Sleep {
                    flags, small, text, start, end, spare_a, spare_b, spare_c, spare_d, spare_e,
                };
                notebook.push(&sleep.encode());
            }
        }
    }
}
