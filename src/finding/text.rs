//! Figures in sentences.

pub(super) use crate::model::thousands;
use crate::model::{Nanos, short_location};

/// A share of 1 as `6.0 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Nanoseconds that may have parts.
pub(super) fn nanos(nanos: f64) -> String {
    match nanos {
        ..10.0 => format!("{nanos:.1} ns"),
        _ => Nanos(nanos.round() as u64).to_string(),
    }
}

/// ` at src/main.rs:7:5`; nothing where it is not known.
pub(super) fn at(site: Option<&str>) -> String {
    site.map_or_else(String::new, |site| format!(" at {}", short_location(site)))
}

/// `4 to 16`, or `4` alone.
pub(super) fn range(from: u64, to: u64) -> String {
    match from == to {
        true => thousands(from),
        false => format!("{} to {}", thousands(from), thousands(to)),
    }
}
