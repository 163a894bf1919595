//! Figures as text.

pub(super) use crate::model::thousands;
use crate::model::{Measured, Nanos};

/// Stands for a figure that there is none of.
pub(super) const NONE: &str = "–";

/// A count with its noun, in the plural but for one.
pub(super) fn counted(number: u64, noun: &str) -> String {
    match noun.strip_suffix("leaf") {
        _ if number == 1 => format!("1 {noun}"),
        Some(before) => format!("{} {before}leaves", thousands(number)),
        None if noun.ends_with("ch") => format!("{} {noun}es", thousands(number)),
        None => format!("{} {noun}s", thousands(number)),
    }
}

/// A mean of counts: `3`, `12.5`, `1,042`.
pub(super) fn mean(mean: f64) -> String {
    if mean.fract() == 0.0 || mean >= 999.95 {
        return thousands(mean.round() as u64);
    }
    format!("{mean:.1}")
}

/// `0.31×`, `12.4×`.
pub(super) fn ratio(ratio: f64) -> String {
    let decimals = if ratio < 9.995 { 2 } else { 1 };
    format!("{ratio:.decimals$}×")
}

/// A share of 1 as `6.0 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Picoseconds as nanoseconds, `0.88 ns`, `41.2 ns`; a nanosecond's parts matter for costs.
pub(super) fn picos(picos: u64) -> String {
    let nanos = picos as f64 / 1e3;
    let decimals = if nanos < 9.995 { 2 } else { usize::from(nanos < 99.95) };
    format!("{nanos:.decimals$} ns")
}

/// The same of a difference, with a sign before what is less than nothing.
pub(super) fn signed_picos(difference: i64) -> String {
    let sign = if difference < 0 { "−" } else { "" };
    format!("{sign}{}", picos(difference.unsigned_abs()))
}

/// `60.2 – 71.9 ms`, or each with its unit where these differ.
pub(super) fn range(from: Nanos, to: Nanos) -> String {
    let (from, to) = (from.to_string(), to.to_string());
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} – {to}"),
        _ => format!("{from} – {to}"),
    }
}

/// `1st`, `2nd`, `11th`.
pub(super) fn ordinal(number: u64) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{}{ending}", thousands(number))
}

/// The value as `show` shows it, or [`NONE`].
pub(super) fn or_none<T>(measured: &Measured<T>, show: impl FnOnce(&T) -> String) -> String {
    measured.value().map_or_else(|| NONE.to_owned(), show)
}

/// Why there is no value.
pub(super) fn reason<T>(measured: &Measured<T>) -> Option<&str> {
    match measured {
        Measured::Is(_) => None,
        Measured::Not(reason) => Some(reason),
    }
}
