//! What a program did, seen from outside: one serializable struct, from which text and JSON come.
//!
//! Rates are computed here. What would divide by something that was not measured is not measured,
//! for that reason.

use serde::Serialize;

use crate::model::{
    Counter, Ended, Measured, Nanos, Observed, ObservedThread, RingRecords, Scheduling, Total,
};

/// The version of the JSON.
pub const VERSION: u32 = 1;

/// A program's figures. Times are whole nanoseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stat {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The kernel's number of its first process.
    pub process: u32,
    /// How it ended.
    pub ended: Ended,
    /// From its `exec` to its end.
    pub wall: Nanos,
    /// Counts are totals of threads: what they spent spinning for work is in them. Always true.
    pub from_outside: bool,
    /// The kernel's events, or why there are none and its accounting had to do.
    pub events: Measured<RingRecords>,
    /// Each counter over all threads.
    pub totals: Vec<Total>,
    /// What follows from the totals.
    pub rates: Rates,
    /// How the lives of all threads were shared out, added up.
    pub times: Measured<Lives>,
    /// How much of the threads their own counters saw.
    pub coverage: Measured<Coverage>,
    /// What was counted in each interval, if that was asked for.
    pub intervals: Vec<Interval>,
    /// All threads, those with the most CPU time first.
    pub threads: Vec<ThreadStat>,
}

/// A thread and what follows from its counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ThreadStat {
    /// The thread.
    #[serde(flatten)]
    pub seen: ObservedThread,
    /// What follows from its counts.
    pub rates: Rates,
}

/// Ratios of counts and times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// CPUs that were used on the average.
    pub cpus: Measured<f64>,
    /// Context switches in a second of life.
    pub switches_per_second: Measured<f64>,
    /// Instructions in a cycle.
    pub ipc: Measured<f64>,
    /// Misses in a thousand instructions, of each counter of misses that was asked for.
    pub misses_per_thousand: Vec<(Counter, Measured<f64>)>,
}

/// Times of threads. The three parts add up to the lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lives {
    /// All lives.
    pub lives: Nanos,
    /// On a CPU.
    pub on_cpu: Nanos,
    /// Off it though able to run.
    pub waiting: Nanos,
    /// Off it of their own will: asleep, or waiting for a lock, for input or output.
    pub blocked: Nanos,
}

/// How much of threads their own counters saw: those of a thread are opened when it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Threads that have counts.
    pub counted: u64,
    /// Those of them whose counters were open only after their beginning, if there are any.
    pub late: Option<Late>,
    /// CPU time of threads that have counts.
    pub on_cpu: Nanos,
    /// The part of it that was before.
    pub uncounted: Nanos,
}

/// Threads whose counters were open only after their beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Late {
    /// How many.
    pub threads: u64,
    /// How long after it, the median; the upper one of two.
    pub median: Nanos,
    /// How long after it at worst.
    pub worst: Nanos,
}

/// What was counted from one moment to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// Its end, counted from the program's `exec`.
    pub end: Nanos,
    /// What each counter counted in it.
    pub counts: Vec<(Counter, Measured<u64>)>,
}

impl Stat {
    /// The figures of what was observed.
    pub fn of(observed: Observed, command: Vec<String>, intervals: Vec<Interval>) -> Self {
        let count = |counter| match observed.totals.iter().find(|total| total.counter == counter) {
            Some(total) => total.value.clone(),
            None => unasked(counter),
        };
        let rates = Rates::of(count, observed.wall);
        let times = Lives::of(&observed.threads);
        let coverage = Coverage::of(&observed.threads);
        let counters: Vec<_> = observed.totals.iter().map(|total| total.counter).collect();
        let mut threads: Vec<_> =
            observed.threads.into_iter().map(|thread| ThreadStat::of(thread, &counters)).collect();
        threads.sort_by_key(|thread| std::cmp::Reverse(thread.on_cpu()));
        Self {
            command,
            process: observed.process,
            ended: observed.ended,
            wall: observed.wall,
            from_outside: true,
            events: observed.events,
            totals: observed.totals,
            rates,
            times,
            coverage,
            intervals,
            threads,
        }
    }
}

impl Stat {
    /// A thread's count of `counter`; `None` if that was not asked for.
    pub fn count_of<'t>(
        &self,
        thread: &'t ThreadStat,
        counter: Counter,
    ) -> Option<&'t Measured<u64>> {
        let place = self.totals.iter().position(|total| total.counter == counter)?;
        thread.seen.counts.get(place)
    }
}

impl ThreadStat {
    fn of(seen: ObservedThread, counters: &[Counter]) -> Self {
        let count = |counter| {
            let own = counters.iter().position(|&known| known == counter);
            match own.and_then(|place| seen.counts.get(place)) {
                Some(count) => count.clone(),
                None => unasked(counter),
            }
        };
        let life = seen.scheduling.value();
        let mut rates = Rates::of(count, life.map_or(Nanos::ZERO, |life| life.wall));
        // What was scheduled is known better than counted, and without asking for it.
        if let Some(life) = life {
            rates.cpus = ratio(life.on_cpu.0, life.wall.0, 1.0);
            if let Some(switches) = switches(life) {
                rates.switches_per_second = ratio(switches, life.wall.0, 1e9);
            }
        }
        Self { seen, rates }
    }

    /// Its CPU time, if it is known.
    pub fn on_cpu(&self) -> Option<Nanos> {
        self.seen.scheduling.value().map(|life| life.on_cpu)
    }
}

/// Times that a thread left its CPU.
pub(super) fn switches(life: &Scheduling) -> Option<u64> {
    Some(life.voluntary_switches? + life.preemptions?)
}

impl Rates {
    fn of(count: impl Fn(Counter) -> Measured<u64>, wall: Nanos) -> Self {
        let over = |above: Counter, below: Counter, factor: f64| match (count(above), count(below))
        {
            (Measured::Is(above), Measured::Is(below)) => ratio(above, below, factor),
            (Measured::Not(reason), _) | (_, Measured::Not(reason)) => Measured::Not(reason),
        };
        let misses =
            MISSES.iter().map(|&counter| (counter, over(counter, Counter::Instructions, 1e3)));
        let in_time = |counter, factor| match count(counter) {
            Measured::Is(count) => ratio(count, wall.0, factor),
            Measured::Not(reason) => Measured::Not(reason),
        };
        Self {
            cpus: in_time(Counter::TaskClock, 1.0),
            switches_per_second: in_time(Counter::ContextSwitches, 1e9),
            ipc: over(Counter::Instructions, Counter::Cycles, 1.0),
            misses_per_thousand: misses.collect(),
        }
    }
}

const MISSES: [Counter; 5] = [
    Counter::CacheMisses,
    Counter::L1dReadMisses,
    Counter::LlcReadMisses,
    Counter::DtlbReadMisses,
    Counter::BranchMisses,
];

fn ratio(above: u64, below: u64, factor: f64) -> Measured<f64> {
    match below {
        0 => Measured::Not("there is nothing to relate it to".to_owned()),
        _ => Measured::Is(above as f64 * factor / below as f64),
    }
}

fn unasked(counter: Counter) -> Measured<u64> {
    Measured::Not(format!("{} was not asked for", counter.name()))
}

impl Lives {
    fn of(threads: &[ObservedThread]) -> Measured<Self> {
        let mut lives = threads.iter().filter_map(|thread| thread.scheduling.value()).peekable();
        if lives.peek().is_none() {
            return Measured::Not("no thread was seen".to_owned());
        }
        let zero = Nanos::ZERO;
        let none = Self { lives: zero, on_cpu: zero, waiting: zero, blocked: zero };
        Measured::Is(lives.fold(none, |all, life| Self {
            lives: all.lives + life.wall,
            on_cpu: all.on_cpu + life.on_cpu,
            waiting: all.waiting + life.preempted,
            blocked: all.blocked + life.voluntary,
        }))
    }
}

impl Coverage {
    fn of(threads: &[ObservedThread]) -> Measured<Self> {
        let counted = || threads.iter().filter(|thread| thread.counted_from.value().is_some());
        if counted().next().is_none() {
            return Measured::Not("no thread's counters were opened".to_owned());
        }
        let on_cpu = |thread: &ObservedThread| Some(thread.scheduling.value()?.on_cpu);
        let delays = counted().filter_map(|thread| thread.counted_from.value().copied());
        let delays = delays.filter(|&delay| delay > Nanos::ZERO).collect();
        let add = |sum: Nanos, time: Nanos| sum + time;
        Measured::Is(Self {
            counted: counted().count() as u64,
            late: Late::of(delays),
            on_cpu: counted().filter_map(on_cpu).fold(Nanos::ZERO, add),
            uncounted: counted().map(|thread| thread.uncounted).fold(Nanos::ZERO, add),
        })
    }
}

impl Late {
    fn of(mut delays: Vec<Nanos>) -> Option<Self> {
        delays.sort();
        let (median, worst) = (*delays.get(delays.len() / 2)?, *delays.last()?);
        Some(Self { threads: delays.len() as u64, median, worst })
    }
}

impl Interval {
    /// What was counted from `before` to `after`, sums since the start both; none before the first.
    pub fn between(before: &[Total], after: &[Total], end: Nanos) -> Self {
        let counted = |total: &Total| {
            let before = before.iter().find(|earlier| earlier.counter == total.counter);
            let value = match (&total.value, before.map(|total| &total.value)) {
                (Measured::Is(after), Some(Measured::Is(before))) => {
                    // What is scaled up may come out a little lower than before.
                    Measured::Is(after.saturating_sub(*before))
                }
                (value, _) => value.clone(),
            };
            (total.counter, value)
        };
        Self { end, counts: after.iter().map(counted).collect() }
    }
}
