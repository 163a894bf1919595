//! Counters of single threads, opened as soon as a thread is noticed and read when it ends.
//!
//! The first thread is opened before its `exec`, so that nothing of it is missing. Others are
//! noticed by the records of their beginning, and count from a moment later on; how much later is
//! known. They inherit nothing from each other, see `event::counting_alone`.

use std::collections::{HashMap, VecDeque};
use std::io;

use super::record::{Record, What};
use crate::linux::perf::event::Target;
use crate::linux::perf::plan::{Plan, WORDS};
use crate::linux::perf::reason::{self, Wanted};
use crate::linux::perf::switches::monotonic_now;
use crate::linux::perf::threads::ThreadCounters;
use crate::model::{Availability, Counter, Nanos};

/// The counters of a program's threads.
pub(super) struct Counting {
    plan: Plan,
    /// The first thread's first.
    tallies: Vec<Tally>,
    /// The last tally of each number that is still open.
    open: HashMap<u32, usize>,
    /// Not yet taken, in the order of time.
    openings: VecDeque<Opening>,
    /// Records of beginnings and ends that found no room.
    pub(super) lost: u64,
}

/// A thread's counters.
enum Tally {
    Open(ThreadCounters),
    /// The words of a reading at its end.
    Read(Vec<u64>),
    Failed(String),
}

/// An attempt to open a thread's counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// The thread.
    pub(super) thread: u32,
    /// Its tally's place.
    pub(super) tally: usize,
    /// Before the kernel was asked: whoever was the thread then was meant.
    pub(super) asked: Nanos,
    /// When all of them counted.
    pub(super) at: Nanos,
}

/// What a thread's counters have counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    values: Vec<(Counter, Option<u64>)>,
    /// Scaled up.
    pub(super) estimated: Vec<Counter>,
}

impl Counting {
    /// Opens `counters` of a process's first thread, which has yet to `exec`.
    pub(super) fn of_first(process: u32, counters: &[Counter]) -> Self {
        let plan = Plan::probe(counters);
        let tally = Tally::open(&plan, Target::FirstThread(process));
        let open = HashMap::from([(process, 0)]);
        Self { plan, tallies: vec![tally], open, openings: VecDeque::new(), lost: 0 }
    }

    /// Whether there is a counter to open.
    pub(super) fn is_wanted(&self) -> bool {
        !self.plan.groups().is_empty()
    }

    /// Whether `counter` is opened of each thread.
    pub(super) fn has(&self, counter: Counter) -> bool {
        let infos = self.plan.infos().iter();
        infos.filter(|info| info.availability.is_measured()).any(|info| info.counter == counter)
    }

    /// Takes what was read of threads' beginnings and ends.
    pub(super) fn notice(&mut self, mut records: Vec<Record>) {
        // Each CPU has its own.
        records.sort_by_key(|record| record.at);
        let mut ends = HashMap::new();
        for record in &records {
            if let What::Ended { thread } = record.what {
                ends.insert(thread, record.at);
            }
        }
        for record in records {
            match record.what {
                What::Began { thread, .. } => {
                    self.end(thread);
                    // What has ended already is not asked for: its number may be another's now.
                    if ends.get(&thread).is_none_or(|&end| end < record.at) {
                        self.begin(thread);
                    }
                }
                What::Ended { thread } => self.end(thread),
                What::Lost(lost) => self.lost += lost,
                What::Switched { .. } | What::Named { .. } => {}
            }
        }
    }

    fn begin(&mut self, thread: u32) {
        let Ok(asked) = monotonic_now() else { return };
        let tally = Tally::open(&self.plan, Target::Thread(thread));
        let Ok(at) = monotonic_now() else { return };
        let place = self.tallies.len();
        if matches!(tally, Tally::Open(_)) {
            self.open.insert(thread, place);
        }
        self.tallies.push(tally);
        self.openings.push_back(Opening { thread, tally: place, asked, at });
    }

    fn end(&mut self, thread: u32) {
        if let Some(place) = self.open.remove(&thread) {
            self.tallies[place].close();
        }
    }

    /// Reads what is still open.
    pub(super) fn close(&mut self) {
        self.open.clear();
        self.tallies.iter_mut().for_each(Tally::close);
    }

    /// The next opening, if it was before `until`.
    pub(super) fn next_opening(&mut self, until: Nanos) -> Option<Opening> {
        self.openings.front().filter(|opening| opening.at <= until)?;
        self.openings.pop_front()
    }

    /// What was counted, or why nothing was.
    pub(super) fn counted(&self, tally: usize) -> Result<Counted, String> {
        let words = match &self.tallies[tally] {
            Tally::Read(words) => words.as_slice(),
            Tally::Failed(reason) => return Err(reason.clone()),
            Tally::Open(_) => return Err("its counters were not read".to_owned()),
        };
        let (values, infos) = (self.plan.values(words), self.plan.infos_after([words]));
        let value =
            |(place, info): (usize, &crate::model::CounterInfo)| (info.counter, values.get(place));
        let estimated = infos.iter().filter(|info| info.availability == Availability::Estimated);
        Ok(Counted {
            values: infos.iter().enumerate().map(value).collect(),
            estimated: estimated.map(|info| info.counter).collect(),
        })
    }
}

impl Tally {
    fn open(plan: &Plan, target: Target) -> Self {
        match ThreadCounters::open_unmapped(plan, target) {
            Ok(counters) => Self::Open(counters),
            Err(error) => Self::Failed(not_open(&error)),
        }
    }

    /// Reads the counters, which outlive their thread, and gives their files back.
    fn close(&mut self) {
        let Self::Open(counters) = self else { return };
        let mut words = [0; WORDS];
        *self = match counters.read(&mut words) {
            Ok(length) => Self::Read(words[..length].to_vec()),
            Err(error) => Self::Failed(format!("its counters could not be read: {error}")),
        };
    }
}

impl Counted {
    pub(super) fn value(&self, counter: Counter) -> Option<u64> {
        self.values.iter().find(|(known, _)| *known == counter)?.1
    }
}

fn not_open(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ESRCH) => super::observer::ENDED_BEFORE.to_owned(),
        // Its parent is one that may be watched.
        Some(libc::EACCES) => "its program has rights that you have not, or cannot be read".into(),
        _ => reason::reason(error, Wanted::Software),
    }
}
