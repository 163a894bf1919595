//! What a level of detail cannot tell, and why.

use crate::model::{Counts, Detail, Lane, Measured};

/// Why there are no times at this level; `None` if there are.
pub fn no_times(detail: Detail) -> Option<&'static str> {
    match detail {
        Detail::Off => Some("nothing is recorded at detail `off`"),
        Detail::Count => Some("no clock is read at detail `count`"),
        Detail::Auto | Detail::Full => None,
    }
}

/// Counts, if any are kept at this level.
pub fn counts(detail: Detail, counts: Counts) -> Measured<Counts> {
    match detail {
        Detail::Off => Measured::Not("nothing is recorded at detail `off`".to_owned()),
        Detail::Count | Detail::Auto | Detail::Full => Measured::Is(counts),
    }
}

/// Why a lane's times cannot be told apart; `None` if they can.
pub fn no_times_of(detail: Detail, lane: &Lane) -> Option<String> {
    if let Some(reason) = no_times(detail) {
        return Some(reason.to_owned());
    }
    let losses = lane.losses;
    let lost = losses.dropped + losses.overwritten;
    match (lost, losses.unfinished) {
        (0, 0) => None,
        (0, _) => Some("tasks were still open at the end".to_owned()),
        (_, _) => Some("events were lost".to_owned()),
    }
}
