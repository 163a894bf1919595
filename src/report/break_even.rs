//! From how many items on a workload's parallel code pays: what was searched, and what was found.

use serde::Serialize;

use crate::analysis::BreakEven;
use crate::model::Parameter;

/// A search for the number of items from which on parallel code is faster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakEvenReport {
    /// The workload.
    pub workload: String,
    /// The variant that is serial.
    pub serial: String,
    /// The variant that is parallel.
    pub parallel: String,
    /// The parameter that is the number of items.
    pub parameter: String,
    /// All other parameters.
    pub parameters: Vec<Parameter>,
    /// Workers of the pool.
    pub threads: u32,
    /// Whether the program was built with debug assertions.
    pub debug_assertions: bool,
    /// What was found.
    #[serde(flatten)]
    pub found: BreakEven,
}
