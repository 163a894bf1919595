//! The figures of a measurement of several repetitions: median, spread, ratio to a baseline.

use serde::Serialize;

use crate::finding::Prediction;
use crate::model::{Baseline, Nanos, Parameter, Run, Samples};

/// A measurement of several repetitions, one of which was recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunFigures {
    /// The workload.
    pub workload: String,
    /// Its variant.
    pub variant: String,
    /// Workers of the pool.
    pub threads: u32,
    /// What it was run with, in the order to be shown.
    pub parameters: Vec<Parameter>,
    /// The wall time of a repetition; `None` if there are none.
    pub wall: Option<Wall>,
    /// The wall times, in the order they ran.
    pub samples: Samples,
    /// Which of them the trace holds, counted from 0.
    pub recorded: u32,
    /// What it is compared with.
    pub baseline: Option<BaselineFigures>,
}

/// An advice that was followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The variant that follows it.
    pub variant: String,
    /// The parameter that takes the advised number.
    pub parameter: String,
    /// That number.
    pub value: u64,
    /// Workers of the pool.
    pub threads: u32,
    /// How long it was to take.
    pub predicted: Prediction,
    /// How long it took.
    pub measured: Wall,
}

/// Wall times, summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Wall {
    /// The middle one; the shorter of the two middle ones.
    pub median: Nanos,
    /// The shortest.
    pub shortest: Nanos,
    /// The longest.
    pub longest: Nanos,
    /// How many there are.
    pub repetitions: usize,
}

/// Another variant, run interleaved with this one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BaselineFigures {
    /// Its name.
    pub variant: String,
    /// Its wall times; `None` if there are none.
    pub wall: Option<Wall>,
    /// The baseline's median by this variant's: above 1, this one is faster.
    pub speed_up: Option<f64>,
}

impl RunFigures {
    pub(super) fn of(run: &Run) -> Self {
        let wall = Wall::of(&run.samples);
        Self {
            workload: run.workload.clone(),
            variant: run.variant.clone(),
            threads: run.threads,
            parameters: run.parameters.clone(),
            samples: run.samples.clone(),
            recorded: run.recorded,
            baseline: run.baseline.as_ref().map(|baseline| BaselineFigures::of(baseline, wall)),
            wall,
        }
    }

    /// The wall time of the repetition that the trace holds.
    pub fn recorded_wall(&self) -> Option<Nanos> {
        self.samples.0.get(self.recorded as usize).copied()
    }
}

impl Wall {
    /// Of so many; `None` of none.
    pub fn of(samples: &Samples) -> Option<Self> {
        let (shortest, longest) = samples.range()?;
        let (median, repetitions) = (samples.median()?, samples.0.len());
        Some(Self { median, shortest, longest, repetitions })
    }
}

impl BaselineFigures {
    fn of(baseline: &Baseline, this: Option<Wall>) -> Self {
        let wall = Wall::of(&baseline.samples);
        let ratio = |wall: Wall, this: Wall| wall.median.0 as f64 / this.median.0 as f64;
        Self {
            variant: baseline.variant.clone(),
            wall,
            speed_up: wall.zip(this.filter(|w| w.median > Nanos::ZERO)).map(|(w, t)| ratio(w, t)),
        }
    }
}
