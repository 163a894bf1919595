//! A program watched through the kernel's events: its records in the order of time, its threads'
//! lives, and what its counters counted.

use std::os::fd::RawFd;

use super::counting::{Counted, Counting};
use super::counts::{Counts, Value};
use super::cpus::Cpus;
use super::lives::{Life, Lives, Opened};
use super::record::{Record, What};
use crate::linux::perf::plan::Plan;
use crate::linux::perf::switches::monotonic_now;
use crate::linux::program::Wishes;
use crate::model::{
    Availability, CountSource, Counter, CounterInfo, Measured, Nanos, ObservedThread, RingRecords,
    Scheduling, Total,
};

/// For how long a record is kept back, so that one of another CPU can still come before it: the
/// kernel, or the host below it, may take a while between a record's time and its being there.
const KEPT_BACK: Nanos = Nanos(20_000_000);

/// Open events of a program and what has come of them.
pub struct Observer {
    plan: Plan,
    cpus: Cpus,
    counting: Counting,
    pending: Vec<Record>,
    lives: Lives,
    events: RingRecords,
}

impl Observer {
    /// Opens the events of a process that has yet to `exec`; they begin with that.
    ///
    /// # Errors
    ///
    /// Why there are none, as a sentence.
    pub fn open(process: u32, wishes: &Wishes) -> Result<Self, String> {
        let plan = Plan::probe(&wishes.counters);
        plan.switch_records().map_err(str::to_owned)?;
        // What the switch records tell of a thread needs no counter.
        let mut of_threads = wishes.of_threads.clone();
        of_threads.retain(|&counter| !is_scheduled(counter));
        let counting = Counting::of_first(process, &of_threads);
        let cpus = Cpus::open(process, &plan, counting.is_wanted())?;
        let events = RingRecords { ring: cpus.ring as u64, ..RingRecords::default() };
        let (pending, lives) = (Vec::new(), Lives::default());
        Ok(Self { plan, cpus, counting, pending, lives, events })
    }

    /// The files to poll; readable when [`drain`](Self::drain) should be called.
    pub fn files(&self) -> impl Iterator<Item = RawFd> {
        self.cpus.files()
    }

    /// Reads the rings, and shows `each` the records that are old enough to be in order.
    pub fn drain(&mut self, each: impl FnMut(&Record)) {
        // First of all: what a thread does until its counters are open is not counted.
        self.notice();
        // What is written while the rings are read waits for the next time.
        let until = monotonic_now().map(|now| now.saturating_since(KEPT_BACK));
        self.read_rings();
        self.release(until.ok(), each);
    }

    /// Reads what is left when the program has ended, at `end`.
    pub fn finish(&mut self, end: Nanos, each: impl FnMut(&Record)) {
        self.notice();
        self.counting.close();
        self.read_rings();
        self.release(None, each);
        self.lives.close(end);
        // Those that were lost last of all are in no record.
        if let Some(lost) = self.cpus.lost() {
            self.events.lost = self.events.lost.max(lost);
        }
        if let Some(lost) = self.cpus.lost_beginnings() {
            self.counting.lost = self.counting.lost.max(lost);
        }
    }

    /// Opens the counters of threads that have begun, and reads those of threads that have ended.
    fn notice(&mut self) {
        let mut records = Vec::new();
        self.cpus.drain_beginnings(|record| records.push(record));
        self.counting.notice(records);
    }

    fn read_rings(&mut self) {
        self.cpus.drain(|record| self.pending.push(record));
    }

    /// Takes what is older than `until`, or all.
    fn release(&mut self, until: Option<Nanos>, mut each: impl FnMut(&Record)) {
        self.pending.sort_by_key(|record| record.at);
        let count = match until {
            Some(until) => self.pending.partition_point(|record| record.at < until),
            None => self.pending.len(),
        };
        let rest = self.pending.split_off(count);
        for record in std::mem::replace(&mut self.pending, rest) {
            self.take_openings(record.at);
            self.take(&record);
            each(&record);
        }
        if until.is_none() {
            self.take_openings(Nanos(u64::MAX));
        }
    }

    fn take_openings(&mut self, until: Nanos) {
        while let Some(opening) = self.counting.next_opening(until) {
            self.lives.open(&opening);
        }
    }

    fn take(&mut self, record: &Record) {
        self.events.records += 1;
        self.lives.take(record);
        if let What::Lost(lost) = record.what {
            self.events.lost += lost;
        }
    }

    /// What was read and what is missing.
    pub fn events(&self) -> RingRecords {
        RingRecords { late: self.lives.late, ..self.events }
    }

    /// When the program did its `exec`. There is none to see if its file may be executed but not
    /// read, or gives rights that its user has not: the kernel then drops what was opened from
    /// outside.
    pub fn start(&self) -> Option<Nanos> {
        self.lives.all().first().map(|first| first.began)
    }

    /// Each counter summed over all threads.
    pub fn totals(&self) -> Vec<Total> {
        let counts = self.cpus.totals().map_err(|error| format!("they could not be read: {error}"));
        let places = 0..self.plan.infos().len();
        places.map(|index| self.total(index, counts.as_ref())).collect()
    }

    fn total(&self, index: usize, counts: Result<&Counts, &String>) -> Total {
        let info = &self.plan.infos()[index];
        let counted = counts.map_err(String::clone).and_then(|counts| self.counted(index, counts));
        let recorded = self.recorded(info.counter);
        let (source, estimated, value) = match (counted, recorded) {
            (Ok(value), _) => (CountSource::Counter, value.estimated, Measured::Is(value.value)),
            (Err(_), Some(value)) => (CountSource::SwitchRecords, false, Measured::Is(value)),
            (Err(reason), None) => (CountSource::Counter, false, Measured::Not(reason)),
        };
        // The task clock runs in the kernel, too, however it was opened.
        let partial = info.user_only && info.counter != Counter::TaskClock;
        let user_only = partial && source == CountSource::Counter;
        Total { counter: info.counter, value, source, user_only, estimated }
    }

    fn counted(&self, index: usize, counts: &Counts) -> Result<Value, String> {
        if let Availability::Unavailable(reason) = &self.plan.infos()[index].availability {
            return Err(reason.clone());
        }
        counts.value(index).ok_or_else(|| ASIDE.to_owned())
    }

    /// What the switch records say of what users may not count.
    fn recorded(&self, counter: Counter) -> Option<u64> {
        let all = self.lives.all().iter().map(|life| life.scheduling());
        all.map(|life| of_scheduling(counter, &life)).sum()
    }

    /// All threads that were seen; times count from `start`.
    pub fn threads(&self, start: Nanos) -> Vec<ObservedThread> {
        self.lives
            .all()
            .iter()
            .enumerate()
            .map(|(place, life)| self.thread(place, life, start))
            .collect()
    }

    fn thread(&self, place: usize, life: &Life, start: Nanos) -> ObservedThread {
        let opened = match place {
            // The first one's counters were open before its `exec`.
            0 => Some(Opened { tally: 0, from: Nanos::ZERO, uncounted: Nanos::ZERO }),
            _ => life.opened,
        };
        let counted = self.counted_of(life, opened);
        let (from, uncounted) = opened.map_or((Nanos::ZERO, life.scheduling().on_cpu), |opened| {
            (opened.from, opened.uncounted)
        });
        ObservedThread {
            process: life.process,
            thread: life.thread,
            name: life.name.clone(),
            began: life.began.saturating_since(start),
            has_ended: life.has_ended,
            scheduling: Measured::Is(life.scheduling()),
            counts: self.counts(life, counted.as_ref()),
            counted_from: match &counted {
                Ok(_) => Measured::Is(from),
                Err(reason) => Measured::Not(reason.clone()),
            },
            uncounted,
            estimated: counted.map_or_else(|_| Vec::new(), |counted| counted.estimated),
        }
    }

    /// What a thread's counters counted, or why there is nothing.
    fn counted_of(&self, life: &Life, opened: Option<Opened>) -> Result<Counted, String> {
        if !self.counting.is_wanted() {
            return Err("no counter was to be opened of each thread".to_owned());
        }
        let Some(opened) = opened else {
            let reason = if self.counting.lost > 0 { UNNOTICED } else { ENDED_BEFORE };
            return Err(reason.to_owned());
        };
        let on_cpu = life.scheduling().on_cpu;
        if on_cpu > Nanos::ZERO && opened.uncounted >= on_cpu {
            return Err("the thread had done all its work before its counters were open".to_owned());
        }
        self.counting.counted(opened.tally)
    }

    /// What is known of one thread's counts: what the switch records tell, and its own counters.
    fn counts(&self, life: &Life, counted: Result<&Counted, &String>) -> Vec<Measured<u64>> {
        let infos = self.plan.infos().iter();
        infos
            .map(|info| {
                self.count(info, &life.scheduling(), counted)
                    .map_or_else(Measured::Not, Measured::Is)
            })
            .collect()
    }

    fn count(
        &self,
        info: &CounterInfo,
        life: &Scheduling,
        counted: Result<&Counted, &String>,
    ) -> Result<u64, String> {
        if let Some(count) = of_scheduling(info.counter, life) {
            return Ok(count);
        }
        // What cannot be counted at all lacks for that reason first.
        if let Availability::Unavailable(reason) = &info.availability {
            return Err(reason.clone());
        }
        if !self.counting.has(info.counter) {
            return Err(IN_SUM.to_owned());
        }
        counted?.value(info.counter).ok_or_else(|| ASIDE.to_owned())
    }
}

/// Why there is no value of a thread that was there.
pub(super) const ENDED_BEFORE: &str = "the thread had ended before its counters could be opened";
const UNNOTICED: &str = "the thread had ended before its counters could be opened, or the record \
                         of its beginning found no room";
const IN_SUM: &str = "in sum only, which leaves other counters their places; name it with -e to \
                      count it of each thread";
const ASIDE: &str = "other counters had the CPU's places all the time; ask for fewer with -e";

/// Whether the switch records tell it.
fn is_scheduled(counter: Counter) -> bool {
    matches!(counter, Counter::ContextSwitches | Counter::CpuMigrations | Counter::TaskClock)
}

/// What the switch records say of a counter.
fn of_scheduling(counter: Counter, life: &Scheduling) -> Option<u64> {
    match counter {
        Counter::ContextSwitches => Some(life.voluntary_switches? + life.preemptions?),
        Counter::CpuMigrations => life.migrations,
        Counter::TaskClock => Some(life.on_cpu.0),
        _ => None,
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer").field("events", &self.events).finish_non_exhaustive()
    }
}
