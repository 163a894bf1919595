//! What the kernel and the hardware counted of a recording's workers, and what they did not, and why.

use serde::Serialize;

use crate::model::{
    Availability, Counter, CounterInfo, Kernel, Lane, Measured, Nanos, Role, Trace,
};

/// What there is from the kernel and the hardware.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KernelFigures {
    /// The counters, in the recording's order.
    pub counters: Vec<CounterFigures>,
    /// Instructions by cycles, of all workers.
    pub instructions_per_cycle: Measured<f64>,
    /// Misses of the last-level cache by 1000 instructions, of all workers.
    pub cache_misses_per_1000_instructions: Measured<f64>,
    /// Whether switch records were read, and by how much their times may be off.
    pub switch_records: Measured<Nanos>,
    /// Whether the counts are totals of threads, taken from outside the program.
    pub from_outside: bool,
}

/// A counter, and what it counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CounterFigures {
    /// Which one.
    pub counter: Counter,
    /// Whether it was counted.
    pub availability: Availability,
    /// What ran in the kernel is not in it.
    pub user_only: bool,
    /// What it counted of all workers together, each for as long as its thread was watched: work,
    /// and the search for it.
    pub workers: Measured<u64>,
}

impl KernelFigures {
    /// The figures of a trace.
    pub fn of(trace: &Trace) -> Self {
        let kernel = &trace.header.kernel;
        let total = |counter| total_of(trace, counter);
        let instructions = total(Counter::Instructions);
        let by_instructions = quotient(total(Counter::CacheMisses), instructions.clone());
        Self {
            counters: kernel.counters.iter().map(|info| figures(trace, info)).collect(),
            instructions_per_cycle: quotient(instructions, total(Counter::Cycles)),
            cache_misses_per_1000_instructions: by_instructions.map(|misses| misses * 1e3),
            switch_records: kernel.switch_records.clone(),
            from_outside: kernel.from_outside,
        }
    }

    /// Counters that were not counted, by reason, in the recording's order.
    pub fn uncounted(&self) -> Vec<(&str, Vec<Counter>)> {
        let mut reasons: Vec<(&str, Vec<Counter>)> = Vec::new();
        for CounterFigures { counter, availability, .. } in &self.counters {
            let Availability::Unavailable(reason) = availability else { continue };
            match reasons.iter_mut().find(|(known, _)| known == reason) {
                Some((_, counters)) => counters.push(*counter),
                None => reasons.push((reason, vec![*counter])),
            }
        }
        reasons
    }

    /// A counter's figures, if it was asked for.
    pub fn counter(&self, counter: Counter) -> Option<&CounterFigures> {
        self.counters.iter().find(|figures| figures.counter == counter)
    }
}

fn figures(trace: &Trace, info: &CounterInfo) -> CounterFigures {
    let CounterInfo { counter, availability, user_only } = info.clone();
    CounterFigures { counter, availability, user_only, workers: total_of(trace, counter) }
}

/// What a counter counted of all workers, or why that is not known.
fn total_of(trace: &Trace, counter: Counter) -> Measured<u64> {
    let position = match position(&trace.header.kernel, counter) {
        Measured::Is(position) => position,
        Measured::Not(reason) => return Measured::Not(reason),
    };
    let mut workers = trace.lanes.iter().filter(|lane| lane.role != Role::Outside).peekable();
    if workers.peek().is_none() {
        return Measured::Not("no worker was recorded".to_owned());
    }
    let read = |lane: &Lane| lane.watched.total(position);
    match workers.try_fold(0, |sum: u64, lane| Some(sum.saturating_add(read(lane)?))) {
        Some(total) => Measured::Is(total),
        None => Measured::Not(
            "not every worker's counters could be read; `ulimit -n` may leave no room for more"
                .to_owned(),
        ),
    }
}

fn position(kernel: &Kernel, counter: Counter) -> Measured<usize> {
    let found = kernel.counters.iter().position(|info| info.counter == counter);
    match found.map(|position| (position, &kernel.counters[position].availability)) {
        Some((_, Availability::Unavailable(reason))) => Measured::Not(reason.clone()),
        Some((position, _)) => Measured::Is(position),
        None => Measured::Not(format!("`{}` was not asked for", counter.name())),
    }
}

fn quotient(dividend: Measured<u64>, divisor: Measured<u64>) -> Measured<f64> {
    match (dividend, divisor) {
        (Measured::Not(reason), _) | (_, Measured::Not(reason)) => Measured::Not(reason),
        (_, Measured::Is(0)) => Measured::Not("the workers did not run".to_owned()),
        (Measured::Is(dividend), Measured::Is(divisor)) => {
            Measured::Is(dividend as f64 / divisor as f64)
        }
    }
}
