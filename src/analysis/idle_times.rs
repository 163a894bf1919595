//! Time that a worker spent looking for work and asleep, as far as it was kept.

use serde::Serialize;

use super::{Window, detail};
use crate::model::{Detail, Idle, IdleCounts, Lane, Measured, Nanos, Span};

/// Time in the window without a job, as rayon itself tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct IdleTimes {
    /// In searches that were kept.
    pub searching: Nanos,
    /// In sleeps that were kept.
    pub sleeping: Nanos,
    /// Whether all were kept, in the whole recording. Short ones may not have been.
    pub all_kept: bool,
}

impl IdleTimes {
    /// Those of a lane's thread.
    pub(super) fn of(lane: &Lane, window: Window, level: Detail) -> Measured<Self> {
        let counts = match (&lane.idling.counts, detail::no_times(level)) {
            (Measured::Not(reason), _) => return Measured::Not(reason.clone()),
            (Measured::Is(_), Some(reason)) => return Measured::Not(reason.to_owned()),
            (Measured::Is(counts), None) => counts,
        };
        let (searching, sleeping) = (Nanos::ZERO, Nanos::ZERO);
        let none = Self { searching, sleeping, all_kept: all_kept(lane, counts) };
        let stretches = lane.idling.stretches.iter();
        Measured::Is(stretches.fold(none, |sum, idle| sum.with(idle, window.span)))
    }

    fn with(mut self, idle: &Idle, window: Span) -> Self {
        let part = match idle {
            Idle::Search(_) => &mut self.searching,
            Idle::Sleep(_) => &mut self.sleeping,
        };
        let Span { start, end } = idle.span();
        let (start, end) = (start.max(window.start), end.min(window.end));
        if start < end {
            *part += end - start;
        }
        self
    }

    /// The sum, or the first reason why there is none.
    pub(super) fn together<'a>(times: impl Iterator<Item = &'a Measured<Self>>) -> Measured<Self> {
        let sum = times.cloned().reduce(|sum, more| match (sum, more) {
            (Measured::Is(sum), Measured::Is(more)) => Measured::Is(Self {
                searching: sum.searching + more.searching,
                sleeping: sum.sleeping + more.sleeping,
                all_kept: sum.all_kept && more.all_kept,
            }),
            (Measured::Not(reason), _) | (_, Measured::Not(reason)) => Measured::Not(reason),
        });
        sum.unwrap_or_else(|| Measured::Not("no worker was recorded".to_owned()))
    }
}

fn all_kept(lane: &Lane, counts: &IdleCounts) -> bool {
    let sleeps = lane.idling.sleeps().count() as u64;
    let searches = lane.idling.stretches.len() as u64 - sleeps;
    searches == counts.searches && sleeps == counts.sleeps
}
