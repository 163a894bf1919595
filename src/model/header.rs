//! What a report needs beside the events: the program, the clock, the machine, the run.

use serde::{Deserialize, Serialize};

use super::{Kernel, Measured, Nanos};

/// Everything about the recording as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// What was recorded: a workload and its variant, or a program's name.
    pub title: String,
    /// The version of rayprism that recorded it.
    pub rayprism: String,
    /// From the recording's start to its end.
    pub duration: Nanos,
    /// How much was asked for.
    pub detail: Detail,
    /// Whether the program was built with debug assertions, which make most code slow.
    pub debug_assertions: bool,
    /// The one clock.
    pub clock: ClockInfo,
    /// What the recording itself cost.
    pub costs: Costs,
    /// What rayon's own work costs where nothing is in its way.
    #[serde(default = "not_calibrated")]
    pub rayon: Measured<RayonCosts>,
    /// Where it ran.
    pub machine: Machine,
    /// What the kernel and the hardware said.
    #[serde(default)]
    pub kernel: Kernel,
    /// The measurement that the recording is part of; `None` for a program recorded once.
    pub run: Option<Run>,
}

/// How much is recorded. Counts of joins and spawns are exact at every level but `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// Nothing.
    Off,
    /// Counts; no clock is read.
    Count,
    /// Counts, and the times of what is coarse enough to matter.
    Auto,
    /// Counts, and the times of every join.
    Full,
}

impl Detail {
    /// Its name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Count => "count",
            Self::Auto => "auto",
            Self::Full => "full",
        }
    }
}

/// The clock that every time in the trace was read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockInfo {
    /// Which clock.
    pub source: ClockSource,
    /// Ticks per second, from readings at both ends of the recording.
    pub ticks_per_second: u64,
    /// No converted time is further than this from the OS clock.
    pub error: Nanos,
}

/// A clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockSource {
    /// The CPU's time stamp counter.
    Tsc,
    /// The operating system's monotonic clock, and why not the counter.
    Os {
        /// Why the counter was not used, a bare lower-case phrase.
        reason: String,
    },
}

/// What recording costs the recorded program, measured on this machine when the recording began.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// One join that is counted only, in picoseconds.
    pub counted_join_ps: u64,
    /// One join that is timed and recorded, in picoseconds.
    pub timed_join_ps: u64,
    /// One task that is timed and recorded, in picoseconds.
    pub task_ps: u64,
    /// One split of a parallel iterator that is timed and recorded, with its reduction, in
    /// picoseconds.
    #[serde(default)]
    pub timed_split_ps: u64,
    /// One leaf of a parallel iterator that is timed and recorded, in picoseconds.
    #[serde(default)]
    pub timed_leaf_ps: u64,
    /// One leaf of a parallel iterator that is counted only, in picoseconds.
    #[serde(default)]
    pub counted_leaf_ps: u64,
    /// One reading of a thread's counters, of which a task that is read takes two, in picoseconds; 0 if
    /// there were none.
    #[serde(default)]
    pub reading_ps: u64,
    /// What an elided join takes for the question whether it is elided, in picoseconds.
    #[serde(default)]
    pub elided_join_ps: u64,
}

impl Costs {
    /// Of a recording that costs nothing.
    pub const NOTHING: Self = Self {
        counted_join_ps: 0,
        timed_join_ps: 0,
        task_ps: 0,
        timed_split_ps: 0,
        timed_leaf_ps: 0,
        counted_leaf_ps: 0,
        reading_ps: 0,
        elided_join_ps: 0,
    };
}

/// What rayon takes for an empty call, on this machine, in a pool of one worker and without being
/// recorded. With several workers each costs more, as far as they look into each other's deques.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RayonCosts {
    /// A join of two empty halves, in picoseconds.
    pub join_ps: u64,
    /// Pushing an empty task within a scope, in picoseconds of the thread that pushes it.
    pub spawn_ps: u64,
    /// Taking and running such a task, in picoseconds of the worker that does.
    pub job_ps: u64,
}

fn not_calibrated() -> Measured<RayonCosts> {
    Measured::Not("the recording is of a version that did not calibrate it".to_owned())
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name, as it gives it.
    pub cpu: Measured<String>,
    /// Logical CPUs that the process may run on.
    pub cpus: Measured<u32>,
    /// Operating system and architecture.
    pub os: String,
}

/// A measurement of several repetitions, one of which is recorded in this trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The workload.
    pub workload: String,
    /// Its variant.
    pub variant: String,
    /// Workers of the pool.
    pub threads: u32,
    /// What it was run with, in the order to be shown.
    pub parameters: Vec<Parameter>,
    /// This variant's repetitions.
    pub samples: Samples,
    /// Which of them this trace holds, counted from 0.
    pub recorded: u32,
    /// What it is compared with.
    pub baseline: Option<Baseline>,
    /// The same variant in a pool of one worker; `None` if it was not run there, or if this is it.
    #[serde(default)]
    pub one_worker: Option<Baseline>,
}

/// A named setting of a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name, as on the command line.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Wall times of repetitions, in the order they ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Samples(pub Vec<Nanos>);

impl Samples {
    /// The middle one by length, the earlier of the two middle ones; `None` if there are none.
    pub fn median(&self) -> Option<Nanos> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len().checked_sub(1)? / 2).copied()
    }

    /// The index of the sample that [`median`](Self::median) returns.
    pub fn median_index(&self) -> Option<usize> {
        let median = self.median()?;
        self.0.iter().position(|&sample| sample == median)
    }

    /// The interval in which the median of all possible repetitions lies with a confidence of 95 %,
    /// by order statistics (Hettmansperger and Sheather's exact binomial ranks, without
    /// interpolation), whatever the distribution. With fewer than six samples there is none: then it
    /// is the shortest and the longest.
    pub fn median_interval(&self) -> Option<(Nanos, Nanos)> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let below = median_rank(sorted.len());
        Some((*sorted.get(below)?, sorted[sorted.len() - 1 - below]))
    }

    /// The shortest and the longest.
    pub fn range(&self) -> Option<(Nanos, Nanos)> {
        Some((*self.0.iter().min()?, *self.0.iter().max()?))
    }
}

/// How many of so many samples, at either end, lie outside a 95 % interval for their median: one less
/// than the largest `k` with `P(X < k) ≤ 2.5 %` for `X` binomial with `p = 1/2`.
pub fn median_rank(samples: usize) -> usize {
    // In logarithms: 2^−n is no number any more from some thousand on.
    let n = samples as f64;
    let (mut choose, mut below, mut rank) = (-n * std::f64::consts::LN_2, 0.0, 0);
    loop {
        below += choose.exp();
        if below > 0.025 || rank + 1 > samples / 2 {
            return rank.saturating_sub(1);
        }
        let k = rank as f64;
        choose += ((n - k) / (k + 1.0)).ln();
        rank += 1;
    }
}

/// Another variant, or the same one elsewhere, run interleaved with this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its name.
    pub variant: String,
    /// Whether it is the serial elision: the same work on the calling thread alone.
    #[serde(default)]
    pub serial: bool,
    /// Its repetitions.
    pub samples: Samples,
    /// Where the time of its median repetition went.
    #[serde(default = "not_split")]
    pub parts: Measured<Parts>,
    /// What the hardware counted in its work.
    #[serde(default = "not_counted")]
    pub counted: Measured<WorkCounts>,
}

fn not_split() -> Measured<Parts> {
    Measured::Not("the recording is of a version that did not split its baselines".to_owned())
}

fn not_counted() -> Measured<WorkCounts> {
    Measured::Not(
        "the recording is of a version that did not keep its baselines' counts".to_owned(),
    )
}

/// What the hardware counted in tasks: in their work, and in little else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkCounts {
    /// Time on a CPU in which it was counted.
    pub time: Nanos,
    /// Instructions.
    pub instructions: u64,
    /// Cycles of the CPU.
    pub cycles: u64,
}

/// Core-time of a baseline, by the same rules as that of the recording that is compared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// In the program's own code, on a CPU.
    pub work: Nanos,
    /// In rayon, with a job.
    pub runtime: Nanos,
    /// In reductions.
    pub reduce: Nanos,
    /// Off the CPU of its own will, with a job; `None` if that is in `work`.
    pub blocked: Option<Nanos>,
    /// Off the CPU though it could run, with a job; `None` if that is in `work`.
    pub preempted: Option<Nanos>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ranks of a table of exact 95 % intervals for a median, e.g. Conover, Practical Nonparametric
    /// Statistics, and Le Boudec, Performance Evaluation, appendix A: of 6 to 8 samples none lies outside at either end, of 9 to 11 one, of 20 five, of
    /// 100 thirty-nine.
    #[test]
    fn intervals_of_medians_are_those_of_the_tables() {
        let tabled = [
            (1, 0),
            (5, 0),
            (6, 0),
            (8, 0),
            (9, 1),
            (11, 1),
            (12, 2),
            (20, 5),
            (30, 9),
            (70, 26),
            (100, 39),
        ];
        for (samples, below) in tabled {
            assert_eq!(median_rank(samples), below, "{samples}");
        }
        assert!((4_880..4_920).contains(&median_rank(10_000)));
    }
}
