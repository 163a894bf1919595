//! What the analysis should make of a variant: data, for people who want to know beforehand and for
//! the tests, which hold the analysis to it. Nothing is analysed here.

use std::fmt;

use super::Integer;

/// What decides whether workers that move more memory than a cache holds are in each other's way.
pub(super) const MEMORY: &str = "as the memory serves all cores at once, or not";
/// What it is where it does not.
pub(super) const SHARED_MEMORY: Expected =
    Expected::new(Verdict::Contention, &["memory-bound-inflation"]);

/// What should be found, with several workers.
#[derive(Clone, Copy, Debug)]
pub struct Diagnosis {
    /// Numbers with which it is so; at the defaults and at those of a quick run if there are none.
    pub with: &'static [(&'static Integer, u64)],
    /// The verdict, and what says why.
    pub expected: Expected,
    /// What it is on other machines, and what decides that; `None` if it is so on all.
    pub other: Option<Other>,
}

/// A verdict, and the lints of which one says why.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Which losses are the largest.
    pub verdict: Verdict,
    /// Lints of which one should speak, which one depends on what the machine counts; none where
    /// nothing is wrong, and of threads in no pool.
    pub findings: &'static [&'static str],
}

/// What is found instead, as the machine is.
#[derive(Clone, Copy, Debug)]
pub struct Other {
    /// The other verdicts, each of which is as right.
    pub instead: &'static [Expected],
    /// What decides which one it is.
    pub because: &'static str,
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
    /// Of threads in no pool: they were hardly active.
    Parked,
    /// Likewise: they waited.
    Blocked,
    /// Likewise: they waited, or had no CPU, which is not told apart.
    OffCpu,
    /// Likewise: they were on a CPU for much longer than the serial code is.
    MoreWork,
    /// Likewise: they were not.
    Work,
}

impl Expected {
    /// Nothing is wrong.
    pub const HEALTHY: Self = Self::new(Verdict::Healthy, &[]);

    /// A verdict, and the lints of which one says why.
    pub const fn new(verdict: Verdict, findings: &'static [&'static str]) -> Self {
        Self { verdict, findings }
    }
}

impl Diagnosis {
    /// Nothing is wrong.
    pub const HEALTHY: Self = Self::new(Verdict::Healthy, &[]);

    /// A verdict, and the lints of which one says why.
    pub const fn new(verdict: Verdict, findings: &'static [&'static str]) -> Self {
        Self { with: &[], expected: Expected::new(verdict, findings), other: None }
    }

    /// What threads in no pool mostly do: of these no lint speaks.
    pub const fn of_threads(verdict: Verdict) -> Self {
        Self::new(verdict, &[])
    }

    /// Or one of these, for a reason that the machine has.
    pub const fn or(mut self, instead: &'static [Expected], because: &'static str) -> Self {
        self.other = Some(Other { instead, because });
        self
    }

    /// With these numbers only.
    pub const fn at(mut self, with: &'static [(&'static Integer, u64)]) -> Self {
        self.with = with;
        self
    }

    /// All that may be found, each of which is right.
    pub fn all(&self) -> impl Iterator<Item = Expected> + use<> {
        let others = self.other.map_or(&[][..], |other| other.instead);
        std::iter::once(self.expected).chain(others.iter().copied())
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
            Self::Parked => "parked",
            Self::Blocked => "blocked",
            Self::OffCpu => "off-cpu",
            Self::MoreWork => "more-work",
            Self::Work => "work",
        }
    }

    /// Whether it is of threads in no pool.
    pub fn is_of_threads(self) -> bool {
        matches!(self, Self::Parked | Self::Blocked | Self::OffCpu | Self::MoreWork | Self::Work)
    }
}

impl fmt::Display for Expected {
    /// `granularity: task-too-small`, `threads: blocked`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = if self.verdict.is_of_threads() { "threads: " } else { "" };
        write!(f, "{threads}{}", self.verdict.name())?;
        match self.findings {
            [] => Ok(()),
            findings => write!(f, ": {}", findings.join(" or ")),
        }
    }
}

impl fmt::Display for Diagnosis {
    /// `at size 10, queueing: injected-from-outside`, `contention: memory-bound-inflation, or healthy
    /// (as the memory is)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with
            .iter()
            .try_for_each(|(number, value)| write!(f, "at {} {value}, ", number.name))?;
        write!(f, "{}", self.expected)?;
        let Some(Other { instead, because }) = self.other else { return Ok(()) };
        instead.iter().try_for_each(|expected| write!(f, ", or {expected}"))?;
        write!(f, " ({because})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SIZE: Integer = Integer { name: "size", about: "", min: 1, max: 1_000, default: || 100 };

    #[test]
    fn a_diagnosis_says_with_what_it_is_so_and_what_else_it_may_be() {
        static SMALL: Diagnosis =
            Diagnosis::new(Verdict::Queueing, &["late-wakeup"]).at(&[(&SIZE, 10)]);
        let all = [
            Diagnosis::HEALTHY.to_string(),
            SMALL.to_string(),
            Diagnosis::of_threads(Verdict::MoreWork).to_string(),
            Diagnosis::new(Verdict::Contention, &["one", "two"])
                .or(&[Expected::HEALTHY], "as the memory is")
                .to_string(),
        ];
        let expected = [
            "healthy",
            "at size 10, queueing: late-wakeup",
            "threads: more-work",
            "contention: one or two, or healthy (as the memory is)",
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn the_first_outcome_is_the_one_that_is_stated_first() {
        let both = Diagnosis::new(Verdict::Granularity, &["one"]).or(&[Expected::HEALTHY], "");
        let verdicts: Vec<_> = both.all().map(|expected| expected.verdict).collect();
        assert_eq!(verdicts, [Verdict::Granularity, Verdict::Healthy]);
    }
}
