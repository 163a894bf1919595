//! What two articles on parallel code claim, as data: which code against which, and what they saw.
//!
//! The figures are theirs. Where an article gives none, the direction is the claim. What becomes of a
//! claim on another machine is [`super::reproduce`]'s.

use serde::Serialize;

use crate::model::Nanos;

/// An article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// What it is about.
    pub about: &'static str,
    /// The cores of its machine.
    pub cores: u32,
}

/// A claim, with what it takes to try it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// Who claims it.
    pub source: &'static Source,
    /// What is run, in a few words.
    pub what: &'static str,
    /// The workload.
    pub workload: &'static str,
    /// Its parameters, as they are typed; the others are at their defaults.
    pub with: &'static [(&'static str, &'static str)],
    /// The variant that the claim is about.
    pub variant: &'static str,
    /// The one that it is compared with.
    pub than: &'static str,
    /// What the source saw.
    pub saw: Saw,
}

/// What a source saw of a variant, compared with another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Saw {
    /// Both times.
    Times {
        /// The other variant's.
        than: Nanos,
        /// This one's.
        this: Nanos,
    },
    /// It is faster.
    Faster,
    /// It is slower.
    Slower,
    /// It is not as many times faster as there are cores.
    Short,
}

impl Saw {
    /// How many times as fast as the other variant, where the source gives figures.
    pub fn ratio(self) -> Option<f64> {
        match self {
            Self::Times { than, this } => Some(than.0 as f64 / this.0 as f64),
            Self::Faster | Self::Slower | Self::Short => None,
        }
    }
}

static RAYON: Source = Source { about: "rayon", cores: 10 };
static NUMBA: Source = Source { about: "parallel Numba code", cores: 20 };

const SERIAL: &str = "serial";

const fn micros(micros: u64) -> Nanos {
    Nanos(micros * 1_000)
}

const fn millis(millis: u64) -> Nanos {
    micros(millis * 1_000)
}

/// All claims: those of the same workload and parameters stand together, as they run together.
pub static CLAIMS: &[Claim] = &[
    Claim {
        source: &RAYON,
        what: "sum of 10,000,000 items in parallel",
        workload: "sum",
        with: &[("size", "10000000")],
        variant: "par-iter",
        than: SERIAL,
        saw: Saw::Times { than: millis(3_200), this: millis(459) },
    },
    Claim {
        source: &RAYON,
        what: "sum of 10 items in parallel",
        workload: "sum",
        with: &[("size", "10")],
        variant: "par-iter",
        than: SERIAL,
        saw: Saw::Times { than: micros(36), this: micros(456) },
    },
    Claim {
        source: &RAYON,
        what: "hashes of 100 items in parallel",
        workload: "hash",
        with: &[("size", "100")],
        variant: "par-iter",
        than: SERIAL,
        saw: Saw::Faster,
    },
    Claim {
        source: &RAYON,
        what: "sum, min and max as reductions",
        workload: "reduce",
        with: &[],
        variant: "par-iter",
        than: SERIAL,
        saw: Saw::Faster,
    },
    Claim {
        source: &RAYON,
        what: "two blocking calls in a join",
        workload: "two-sleeps",
        with: &[],
        variant: "join",
        than: SERIAL,
        saw: Saw::Faster,
    },
    Claim {
        source: &RAYON,
        what: "a join instead of two new threads",
        workload: "two-sleeps",
        with: &[("size", "1")],
        variant: "join",
        than: "os-threads",
        saw: Saw::Faster,
    },
    Claim {
        source: &RAYON,
        what: "tree, a join at every node",
        workload: "invert-tree",
        with: &[("depth", "23"), ("cutoff", "6")],
        variant: "join",
        than: SERIAL,
        saw: Saw::Times { than: millis(72), this: millis(281) },
    },
    Claim {
        source: &RAYON,
        what: "tree, joins on the first 6 levels",
        workload: "invert-tree",
        with: &[("depth", "23"), ("cutoff", "6")],
        variant: "join-cutoff",
        than: SERIAL,
        saw: Saw::Times { than: millis(72), this: millis(15) },
    },
    Claim {
        source: &RAYON,
        what: "tree, tokio's tasks on 6 levels",
        workload: "invert-tree",
        with: &[("depth", "23"), ("cutoff", "6")],
        variant: "tokio-cutoff",
        than: SERIAL,
        saw: Saw::Times { than: millis(72), this: millis(188) },
    },
    Claim {
        source: &NUMBA,
        what: "matrices, tiny tasks in nested loops",
        workload: "matmul",
        with: &[],
        variant: "par-naive",
        than: SERIAL,
        saw: Saw::Slower,
    },
    Claim {
        source: &NUMBA,
        what: "matrices, a row a task instead",
        workload: "matmul",
        with: &[],
        variant: "par-rows",
        than: "par-naive",
        saw: Saw::Faster,
    },
    Claim {
        source: &NUMBA,
        what: "matrices, a library instead of loops",
        workload: "matmul",
        with: &[],
        variant: "tuned",
        than: "par-rows",
        saw: Saw::Faster,
    },
    Claim {
        source: &NUMBA,
        what: "counters packed in one cache line",
        workload: "false-sharing",
        with: &[],
        variant: "packed",
        than: "padded",
        saw: Saw::Slower,
    },
    Claim {
        source: &NUMBA,
        what: "one mutex for all items",
        workload: "shared-lock",
        with: &[],
        variant: "mutex-per-item",
        than: SERIAL,
        saw: Saw::Slower,
    },
    Claim {
        source: &NUMBA,
        what: "arrays larger than the caches",
        workload: "bandwidth",
        with: &[],
        variant: "par",
        than: SERIAL,
        saw: Saw::Short,
    },
    Claim {
        source: &NUMBA,
        what: "equal chunks of unequal work",
        workload: "imbalance",
        with: &[],
        variant: "static-chunks",
        than: "par-iter",
        saw: Saw::Slower,
    },
    Claim {
        source: &NUMBA,
        what: "a quarter of the work is serial",
        workload: "amdahl",
        with: &[("serial-percent", "25")],
        variant: "par",
        than: SERIAL,
        saw: Saw::Short,
    },
    Claim {
        source: &NUMBA,
        what: "items from a slow serial iterator",
        workload: "slow-producer",
        with: &[],
        variant: "par-bridge",
        than: SERIAL,
        saw: Saw::Short,
    },
    Claim {
        source: &NUMBA,
        what: "a pool started for the occasion",
        workload: "cold-pool",
        with: &[],
        variant: "cold",
        than: "warm",
        saw: Saw::Slower,
    },
];

impl Claim {
    /// Whether it is tried in the same run as another one.
    pub fn runs_with(&self, other: &Self) -> bool {
        (self.workload, self.with) == (other.workload, other.with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_the_sources() {
        let ratio = |what: &str| {
            let claim = CLAIMS.iter().find(|claim| claim.what == what).unwrap();
            (claim.saw.ratio().unwrap() * 100.0).round() / 100.0
        };
        assert_eq!(ratio("sum of 10,000,000 items in parallel"), 6.97);
        assert_eq!(1.0 / ratio("sum of 10 items in parallel"), 12.5);
        assert_eq!(ratio("tree, a join at every node"), 0.26);
        assert_eq!(ratio("tree, joins on the first 6 levels"), 4.8);
    }

    #[test]
    fn claims_that_run_together_stand_together() {
        for (at, claim) in CLAIMS.iter().enumerate() {
            let before = CLAIMS[..at].iter().rposition(|other| other.runs_with(claim));
            assert!(before.is_none_or(|before| before + 1 == at), "{claim:?}");
        }
    }
}
