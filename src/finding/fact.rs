//! What a finding is: figures with their units, where they were seen, and what to try next.

use serde::Serialize;

use crate::analysis::CoreTime;
use crate::model::{LaneId, Nanos, PoolId, Span};

/// A cause of a loss, with what shows it and what to try.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Which lint found it; stable.
    pub id: &'static str,
    /// Whether other findings depend on it.
    pub severity: Severity,
    /// The pool whose time it is; `None` if it is the whole recording's.
    pub pool: Option<PoolId>,
    /// The core-time that it explains; `None` if it says how far to trust the others. Two findings
    /// may explain the same time.
    pub loss: Option<Loss>,
    /// What was measured.
    pub measured: Quantity,
    /// From where on it is a finding, in the same unit.
    pub threshold: Quantity,
    /// Where and when it was seen, the most telling first.
    pub evidence: Vec<Evidence>,
    /// What it is, in one sentence.
    pub what: String,
    /// What to try next, in the program's terms.
    pub next: String,
    /// The same as data, where it is a number.
    pub advice: Option<Advice>,
    /// What following it would make of the window, where that can be told.
    pub predicted: Option<Prediction>,
    /// What would make it wrong.
    pub wrong_if: &'static str,
}

/// How long the window would be if an advice were followed, on CPUs that are as free as they were.
///
/// From `W / P` to `W / P + (1 − 1/P) · (W / n + β)`: what greedy scheduling of `n` equal tasks takes
/// at most (R. L. Graham, *Bounds on Multiprocessing Timing Anomalies*, 1969, theorem 2), each moved
/// for `β`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Prediction {
    /// The number of the advice's range for which it is made.
    pub at: u64,
    /// No shorter than this.
    pub from: Nanos,
    /// No longer than this.
    pub to: Nanos,
}

/// In which order findings are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// All figures depend on it: said first.
    Premise,
    /// A loss.
    Loss,
}

/// A loss of core-time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Loss {
    /// How much.
    pub time: CoreTime,
    /// In cores of the window.
    pub cores: f64,
    /// Of the pool's core-time, 0 to 1.
    pub share: f64,
}

/// A figure with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantity {
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: Unit,
}

/// What a quantity is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A part of a whole, 0 to 1.
    Share,
    /// Nanoseconds.
    Nanos,
    /// Tasks, or leaves of a parallel iterator.
    Tasks,
    /// Workers or CPUs.
    Workers,
    /// Calls into rayon.
    Calls,
    /// Items of a parallel iterator.
    Items,
    /// So many times as much.
    Times,
    /// Events of a counter, for each 1000 instructions.
    PerThousandInstructions,
    /// Cycles for each instruction.
    CyclesPerInstruction,
}

impl Unit {
    /// So much of it.
    pub fn of(self, value: f64) -> Quantity {
        Quantity { value, unit: self }
    }
}

/// Something that was seen, and where; what is not known of it is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// What it is.
    pub what: String,
    /// The call site, `FILE:LINE:COLUMN`, or the label that the user gave it.
    pub site: Option<String>,
    /// The worker's index in its pool.
    pub worker: Option<u32>,
    /// The lane.
    pub lane: Option<LaneId>,
    /// When.
    pub span: Option<Span>,
    /// How much.
    pub value: Option<Quantity>,
}

impl Evidence {
    pub(super) fn new(what: impl Into<String>, value: Quantity) -> Self {
        Self { what: what.into(), value: Some(value), ..Self::default() }
    }

    pub(super) fn at(self, site: Option<String>) -> Self {
        Self { site, ..self }
    }

    pub(super) fn during(self, span: Span) -> Self {
        Self { span: Some(span), ..self }
    }
}

/// What to try, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    /// `with_min_len`, with anything from one number to the other.
    MinLen {
        /// At least so many items.
        from: u64,
        /// At most so many.
        to: u64,
    },
    /// `with_max_len`, with at most so many items.
    MaxLen {
        /// At most so many items.
        items: u64,
    },
    /// Joins only above a depth from one number to the other, counted from 0.
    CutOff {
        /// The least depth.
        from: u32,
        /// The greatest.
        to: u32,
    },
    /// Plain calls in place of rayon's.
    Serially,
    /// Plain calls for fewer items than this.
    SeriallyBelow {
        /// So many items.
        items: u64,
    },
    /// Tasks of at least so much time.
    TaskTime {
        /// So long.
        least: Nanos,
    },
    /// What so many tasks do now, in one.
    Batch {
        /// So many.
        tasks: u64,
    },
    /// Calls into rayon made one.
    Merge {
        /// So many.
        calls: u64,
    },
    /// So many workers.
    Workers {
        /// So many.
        workers: u32,
    },
    /// So many bytes from one worker's data to the next one's.
    Pad {
        /// So many.
        bytes: u32,
    },
    /// No more speed-up than this, in thousandths, however many workers there are.
    Bound {
        /// Thousandths.
        speed_up_milli: u64,
    },
}

/// What a lint says; what is the same each time stands in its [`Lint`](super::Lint).
pub(super) struct Found {
    /// `None` for a premise.
    pub(super) loss: Option<Loss>,
    pub(super) measured: Quantity,
    pub(super) threshold: Quantity,
    pub(super) evidence: Vec<Evidence>,
    pub(super) what: String,
    pub(super) next: String,
    pub(super) advice: Option<Advice>,
    pub(super) predicted: Option<Prediction>,
}
