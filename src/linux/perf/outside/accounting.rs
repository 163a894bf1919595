//! A program through the kernel's accounting alone, where there are no events: `/proc` read again
//! and again while it runs, and what the kernel adds up when it has ended.
//!
//! A thread's last figures are those of the last reading before its end, and a thread that lives
//! shorter than the time between two may not be seen at all. The sums miss nothing.

use std::collections::HashMap;
use std::fs;

use crate::model::{
    CountSource, Counter, Measured, Nanos, ObservedThread, Scheduling, SchedulingSource, Total,
};

/// How often `/proc` is read.
pub(super) const PERIOD: Nanos = Nanos(20_000_000);

/// The threads of a program and of the processes that it makes.
#[derive(Debug)]
pub(super) struct Accounting {
    program: u32,
    counters: Vec<Counter>,
    threads: Vec<Seen>,
    places: HashMap<(u32, u64), usize>,
}

#[derive(Clone, Debug)]
struct Seen {
    process: u32,
    thread: u32,
    name: Option<String>,
    first: Nanos,
    last: Nanos,
    figures: Figures,
}

/// What `/proc` says of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Figures {
    on_cpu: Nanos,
    waiting: Nanos,
    voluntary: Option<u64>,
    preemptions: Option<u64>,
    minor: Option<u64>,
    major: Option<u64>,
}

impl Accounting {
    pub(super) fn of(program: u32, counters: &[Counter]) -> Self {
        let counters = counters.to_vec();
        Self { program, counters, threads: Vec::new(), places: HashMap::new() }
    }

    /// Reads the program's threads as they are at `now`, and those of its children.
    pub(super) fn read(&mut self, now: Nanos) {
        let mut processes = vec![self.program];
        while let Some(process) = processes.pop() {
            let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { continue };
            let names = tasks.filter_map(|task| task.ok()?.file_name().into_string().ok());
            for thread in names.filter_map(|name| name.parse().ok()) {
                self.read_thread(process, thread, now);
                processes.extend(children(process, thread));
            }
        }
    }

    fn read_thread(&mut self, process: u32, thread: u32, now: Nanos) {
        let folder = format!("/proc/{process}/task/{thread}");
        let text = |name: &str| fs::read_to_string(format!("{folder}/{name}")).ok();
        let (Some(stat), Some(schedstat)) = (text("stat"), text("schedstat")) else { return };
        let (Some(line), Some((on_cpu, waiting))) = (Line::of(&stat), times(&schedstat)) else {
            return;
        };
        let status = text("status");
        let switches = |key| status.as_deref().and_then(|status| field(status, key));
        let figures = Figures {
            on_cpu,
            waiting,
            voluntary: switches("voluntary_ctxt_switches"),
            preemptions: switches("nonvoluntary_ctxt_switches"),
            minor: line.number(10),
            major: line.number(12),
        };
        // With the time that it began at, a number used again is another thread.
        let Some(began) = line.number(22) else { return };
        let place = *self.places.entry((thread, began)).or_insert(self.threads.len());
        if place == self.threads.len() {
            let (name, first, last) = (None, now, now);
            self.threads.push(Seen { process, thread, name, first, last, figures });
        }
        let seen = &mut self.threads[place];
        (seen.name, seen.last, seen.figures) = (Some(line.name.to_owned()), now, figures);
    }

    /// Sums over the threads as last read.
    pub(super) fn totals(&self) -> Vec<Total> {
        let sum = |counter| self.threads.iter().map(|seen| seen.figures.of(counter)).sum();
        self.each(sum)
    }

    /// Sums over all that has ended.
    pub(super) fn final_totals(&self, usage: &libc::rusage) -> Vec<Total> {
        self.each(|counter| used(usage, counter))
    }

    fn each(&self, value: impl Fn(Counter) -> Option<u64>) -> Vec<Total> {
        let total = |&counter| Total {
            counter,
            value: value(counter).map_or_else(not_accounted, Measured::Is),
            source: CountSource::Accounting,
            user_only: false,
            estimated: false,
        };
        self.counters.iter().map(total).collect()
    }

    /// All threads that were seen; times count from `start`, and `end` is the program's.
    pub(super) fn threads(&self, start: Nanos, end: Nanos) -> Vec<ObservedThread> {
        let thread = |seen: &Seen| {
            let count =
                |&counter| seen.figures.of(counter).map_or_else(not_accounted, Measured::Is);
            // The first one lives as long as the program.
            let (first, last) = match seen.thread == self.program {
                true => (start, end),
                false => (seen.first, seen.last),
            };
            ObservedThread {
                process: seen.process,
                thread: seen.thread,
                name: seen.name.clone(),
                began: first.saturating_since(start),
                has_ended: true,
                scheduling: Measured::Is(seen.figures.scheduling(last.saturating_since(first))),
                counts: self.counters.iter().map(count).collect(),
                // All that it ever did is accounted.
                counted_from: Measured::Is(Nanos::ZERO),
                uncounted: Nanos::ZERO,
                estimated: Vec::new(),
            }
        };
        self.threads.iter().map(thread).collect()
    }
}

impl Figures {
    fn of(&self, counter: Counter) -> Option<u64> {
        match counter {
            Counter::TaskClock => Some(self.on_cpu.0),
            Counter::ContextSwitches => Some(self.voluntary? + self.preemptions?),
            Counter::MinorFaults => self.minor,
            Counter::MajorFaults => self.major,
            _ => None,
        }
    }

    /// What a thread did before it was first seen is in its figures, so that its life was longer
    /// than it was seen.
    fn scheduling(&self, seen: Nanos) -> Scheduling {
        let wall = seen.max(self.on_cpu + self.waiting);
        Scheduling {
            source: SchedulingSource::Accounting,
            wall,
            on_cpu: self.on_cpu,
            voluntary: wall - self.on_cpu - self.waiting,
            preempted: self.waiting,
            voluntary_switches: self.voluntary,
            preemptions: self.preemptions,
            migrations: None,
        }
    }
}

fn not_accounted<T>() -> Measured<T> {
    Measured::Not("the kernel's accounting has no such figure".to_owned())
}

fn used(usage: &libc::rusage, counter: Counter) -> Option<u64> {
    let count = |count: libc::c_long| u64::try_from(count).ok();
    let nanos = |time: libc::timeval| {
        let (seconds, micros) = (count(time.tv_sec)?, count(time.tv_usec)?);
        Some(seconds * 1_000_000_000 + micros * 1_000)
    };
    match counter {
        Counter::TaskClock => Some(nanos(usage.ru_utime)? + nanos(usage.ru_stime)?),
        Counter::ContextSwitches => Some(count(usage.ru_nvcsw)? + count(usage.ru_nivcsw)?),
        Counter::MinorFaults => count(usage.ru_minflt),
        Counter::MajorFaults => count(usage.ru_majflt),
        _ => None,
    }
}

/// A thread's `stat`: its name stands in brackets, and may contain any.
struct Line<'t> {
    name: &'t str,
    rest: Vec<&'t str>,
}

impl<'t> Line<'t> {
    fn of(stat: &'t str) -> Option<Self> {
        let (before, rest) = stat.rsplit_once(") ")?;
        let (_, name) = before.split_once(" (")?;
        Some(Self { name, rest: rest.split_whitespace().collect() })
    }

    /// The field of this number in proc_pid_stat(5); the third is the first after the name.
    fn number(&self, field: usize) -> Option<u64> {
        self.rest.get(field.checked_sub(3)?)?.parse().ok()
    }
}

/// Time on a CPU and time waiting for one.
fn times(schedstat: &str) -> Option<(Nanos, Nanos)> {
    let mut fields = schedstat.split_whitespace().map(str::parse);
    Some((Nanos(fields.next()?.ok()?), Nanos(fields.next()?.ok()?)))
}

fn field(status: &str, key: &str) -> Option<u64> {
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| *name == key)?.1.trim().parse().ok()
}

/// Processes that the thread made, where the kernel lists them.
fn children(process: u32, thread: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{process}/task/{thread}/children"));
    let parse = |list: String| list.split_whitespace().filter_map(|id| id.parse().ok()).collect();
    list.map_or_else(|_| Vec::new(), parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_moves_no_field() {
        let text = "12 (a) (b) c) S 1 2 3 4 5 6 77 0 99 0";
        let line = Line::of(text).unwrap();
        assert_eq!((line.name, line.number(10), line.number(12)), ("a) (b) c", Some(77), Some(99)));
        assert_eq!(line.number(60), None);
    }

    #[test]
    fn times_and_fields_are_read() {
        assert_eq!(times("5 7 9\n"), Some((Nanos(5), Nanos(7))));
        assert_eq!(times("5"), None);
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n";
        assert_eq!(field(status, "voluntary_ctxt_switches"), Some(12));
        assert_eq!(field(status, "nonvoluntary_ctxt_switches"), Some(3));
    }

    #[test]
    fn the_parts_of_a_life_add_up() {
        let (voluntary, preemptions, minor, major) = (Some(1), None, None, None);
        let (on_cpu, waiting) = (Nanos(30), Nanos(20));
        let figures = Figures { on_cpu, waiting, voluntary, preemptions, minor, major };
        assert_eq!(figures.of(Counter::ContextSwitches), None);
        for seen in [Nanos(100), Nanos(10)] {
            let parts = figures.scheduling(seen);
            assert_eq!(parts.on_cpu + parts.preempted + parts.voluntary, parts.wall);
        }
    }
}
