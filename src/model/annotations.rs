//! What an analysis says of a trace, to be shown beside its events in files that others open.

use std::collections::HashMap;

use super::{EventId, Nanos};

/// Figures that stand in a file for whoever looks at it in a viewer. They are derived: reading the
/// file leaves them out, as they are computed again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    /// How many cores each component took over time.
    pub cores: Vec<CoresTrack>,
    /// The core-time of each component while an operation ran, in nanoseconds, by name.
    pub operations: HashMap<EventId, Vec<(&'static str, i64)>>,
}

/// One component of one pool over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoresTrack {
    /// Whose: `cores`, or with the pool's number.
    pub name: String,
    /// The component's name.
    pub component: &'static str,
    /// From when on how many, in thousandths of a core.
    pub milli_cores: Vec<(Nanos, i64)>,
}
