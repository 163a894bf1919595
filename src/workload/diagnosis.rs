//! What the analysis should make of a variant: data, for people who want to know beforehand and for
//! the tests, which hold the analysis to it. Nothing is analysed here.

use std::fmt;

use super::Integer;

/// What should be found, in a pool of several workers.
#[derive(Clone, Copy, Debug)]
pub struct Diagnosis {
    /// Numbers with which it is so; at the defaults and at those of a quick run if there are none.
    pub with: &'static [(&'static Integer, u64)],
    /// Which losses are the largest.
    pub verdict: Verdict,
    /// Lints of which one should speak, which one depends on what the machine counts; none where
    /// nothing is wrong.
    pub findings: &'static [&'static str],
    /// Whether some machines have so much of what runs short here that nothing is wrong on them.
    pub or_healthy: bool,
}

/// A verdict, by the name that reports give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Little is lost.
    Healthy,
    /// Work waited for a worker, or a worker for a CPU.
    Queueing,
    /// Workers were in each other's way.
    Contention,
    /// Tasks are too small, or do more than the serial program.
    Granularity,
    /// There was not enough to do at the same time.
    Parallelism,
    /// Most is lost where no verdict rests on.
    Undecided,
}

impl Diagnosis {
    /// Nothing is wrong.
    pub const HEALTHY: Self = Self::new(Verdict::Healthy, &[]);

    /// A verdict, and the lints of which one says why.
    pub const fn new(verdict: Verdict, findings: &'static [&'static str]) -> Self {
        Self { with: &[], verdict, findings, or_healthy: false }
    }

    /// Or nothing, as the machine is.
    pub const fn or_healthy(mut self) -> Self {
        self.or_healthy = true;
        self
    }

    /// With these numbers only.
    pub const fn at(mut self, with: &'static [(&'static Integer, u64)]) -> Self {
        self.with = with;
        self
    }
}

impl Verdict {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Queueing => "queueing",
            Self::Contention => "contention",
            Self::Granularity => "granularity",
            Self::Parallelism => "parallelism",
            Self::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Diagnosis {
    /// `granularity: task-too-small`, `queueing: injected-from-outside, at size 10`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verdict.name())?;
        if !self.findings.is_empty() {
            write!(f, ": {}", self.findings.join(" or "))?;
        }
        if self.or_healthy {
            f.write_str(", or healthy, as the machine is")?;
        }
        self.with.iter().try_for_each(|(number, value)| write!(f, ", at {} {value}", number.name))
    }
}
