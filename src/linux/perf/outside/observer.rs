//! A program watched through the kernel's events: its records in the order of time, its threads'
//! lives, and what its counters counted.

use std::os::fd::RawFd;

use super::counts::{Counts, Value};
use super::cpus::Cpus;
use super::lives::{Life, Lives};
use super::record::{Record, What};
use crate::linux::perf::plan::Plan;
use crate::linux::perf::switches::monotonic_now;
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
    pub fn open(process: u32, counters: &[Counter]) -> Result<Self, String> {
        let plan = Plan::probe(counters);
        plan.switch_records().map_err(str::to_owned)?;
        let cpus = Cpus::open(process, &plan)?;
        let events = RingRecords { ring: cpus.ring as u64, ..RingRecords::default() };
        let (pending, lives) = (Vec::new(), Lives::default());
        Ok(Self { plan, cpus, pending, lives, events })
    }

    /// The files to poll; readable when [`drain`](Self::drain) should be called.
    pub fn files(&self) -> impl Iterator<Item = RawFd> {
        self.cpus.files()
    }

    /// Reads the rings, and shows `each` the records that are old enough to be in order.
    pub fn drain(&mut self, each: impl FnMut(&Record)) {
        // What is written while the rings are read waits for the next time.
        let until = monotonic_now().map(|now| now.saturating_since(KEPT_BACK));
        self.read_rings();
        self.release(until.ok(), each);
    }

    /// Reads what is left when the program has ended, at `end`.
    pub fn finish(&mut self, end: Nanos, each: impl FnMut(&Record)) {
        self.read_rings();
        self.release(None, each);
        self.lives.close(end);
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
            self.take(&record);
            each(&record);
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
        let aside = "other counters had the CPU's places all the time; ask for fewer with -e";
        counts.value(index).ok_or_else(|| aside.to_owned())
    }

    /// What the switch records say of what users may not count.
    fn recorded(&self, counter: Counter) -> Option<u64> {
        let all = self.lives.all().iter().map(|life| life.scheduling());
        all.map(|life| of_scheduling(counter, &life)).sum()
    }

    /// All threads that were seen; times count from `start`.
    pub fn threads(&self, start: Nanos) -> Vec<ObservedThread> {
        let thread = |life: &Life| ObservedThread {
            process: life.process,
            thread: life.thread,
            name: life.name.clone(),
            began: life.began.saturating_since(start),
            has_ended: life.has_ended,
            scheduling: Measured::Is(life.scheduling()),
            counts: self.counts(life),
        };
        self.lives.all().iter().map(thread).collect()
    }

    /// What is known of one thread's counts: what the switch records tell.
    fn counts(&self, life: &Life) -> Vec<Measured<u64>> {
        let count = |info: &CounterInfo| match of_scheduling(info.counter, &life.scheduling()) {
            Some(count) => Measured::Is(count),
            None => Measured::Not(match &info.availability {
                // What cannot be counted at all lacks for that reason first.
                Availability::Unavailable(reason) => reason.clone(),
                _ => IN_SUM.to_owned(),
            }),
        };
        self.plan.infos().iter().map(count).collect()
    }
}

/// See `event::counting_alone` for the way that there is, and why it is not taken.
const IN_SUM: &str = "from outside, the kernel tells it in sum over all threads only";

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
