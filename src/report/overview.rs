//! Many workloads in one table: of each variant what a reader asks for first.

use serde::Serialize;

use super::{Report, Wall};
use crate::analysis::{Mostly, Verdict};
use crate::finding::Severity;
use crate::model::{Measured, Parameter};

/// All workloads that were to run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overview {
    /// Whether the program was built with debug assertions.
    pub debug_assertions: bool,
    /// Repetitions of each variant.
    pub repetitions: usize,
    /// In the order in which they ran.
    pub rows: Vec<Row>,
}

/// A variant of a workload, or what came in the way of all of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The workload.
    pub workload: String,
    /// The variant, unless the workload could not be measured.
    pub variant: Measured<Variant>,
}

/// A variant, measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// Its workers.
    pub threads: u32,
    /// What it was run with.
    pub parameters: Vec<Parameter>,
    /// The wall time of a repetition; `None` if there are none.
    pub wall: Option<Wall>,
    /// The first variant's median by this one's; `None` if there is a time of zero, or none.
    pub speed_up: Option<f64>,
    /// What most of the loss is a matter of.
    pub verdict: Measured<Verdict>,
    /// What threads in no pool mostly did; `None` if there are none, or it is not known.
    pub threads_mostly: Option<Mostly>,
    /// The loss that is explained first, or else what all figures depend on.
    pub finding: Option<TopFinding>,
}

/// A finding, in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopFinding {
    /// Which lint found it.
    pub id: &'static str,
    /// The cores that it explains; `None` if it is about no loss.
    pub cores: Option<f64>,
}

impl Row {
    /// A report's row; `None` if it is of no workload.
    pub fn of(report: &Report) -> Option<Self> {
        let run = report.run.as_ref()?;
        let variant = Variant {
            name: run.variant.clone(),
            threads: run.threads,
            parameters: run.parameters.clone(),
            wall: run.wall,
            speed_up: run.baseline.as_ref().map_or(Some(1.0), |baseline| baseline.speed_up),
            verdict: report.verdict(),
            threads_mostly: report.outside_sum.as_ref().and_then(|sum| sum.mostly.value().copied()),
            finding: TopFinding::of(report),
        };
        Some(Self { workload: run.workload.clone(), variant: Measured::Is(variant) })
    }

    /// Of a workload that could not be measured.
    pub fn failed(workload: &str, reason: String) -> Self {
        Self { workload: workload.to_owned(), variant: Measured::Not(reason) }
    }
}

impl Overview {
    /// Workloads that could not be measured.
    pub fn failed(&self) -> usize {
        self.rows.iter().filter(|row| row.variant.value().is_none()).count()
    }
}

impl TopFinding {
    fn of(report: &Report) -> Option<Self> {
        let losses = report.findings.iter().filter(|finding| finding.severity == Severity::Loss);
        let finding = losses.chain(&report.findings).next()?;
        Some(Self { id: finding.id, cores: finding.loss.map(|loss| loss.cores) })
    }
}
