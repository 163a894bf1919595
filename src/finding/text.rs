//! Figures in sentences.

use crate::model::{Nanos, short_location};

/// `8388607` as `8,388,607`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

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
