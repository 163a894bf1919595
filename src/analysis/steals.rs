//! Who stole from whom, and how long what was stolen had been lying there.

use std::collections::BTreeMap;

use serde::Serialize;

use super::detail;
use super::rank::rank;
use crate::model::{Event, LaneId, Measured, Nanos, Origin, Task};
use crate::timeline::Timeline;

/// The steals of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Steals {
    /// Of timed joins, spawns and leaves: exact.
    pub exact: Measured<u64>,
    /// At most so many more, of collapsed joins.
    pub migrated: Measured<u64>,
    /// Recorded steals by thief and victim, by lane; pairs without any are left out.
    pub matrix: Vec<Theft>,
    /// From push to start, of recorded steals.
    pub latency: Measured<Latency>,
}

/// How often one worker stole from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Theft {
    /// The lane that stole.
    pub thief: LaneId,
    /// The lane that had pushed.
    pub victim: LaneId,
    /// How often.
    pub count: u64,
}

/// Durations, by rank: each is one that occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// How many there are.
    pub count: u64,
    /// Half of them are at most this.
    pub median: Nanos,
    /// Nine of ten are at most this.
    pub p90: Nanos,
    /// The longest.
    pub max: Nanos,
}

impl Steals {
    /// The steals of a trace.
    pub fn of(timeline: &Timeline) -> Self {
        let trace = timeline.trace();
        let counts = detail::counts(trace.header.detail, trace.counts());
        Self {
            exact: counts.clone().map(|counts| counts.steals),
            migrated: counts.map(|counts| counts.migrated),
            matrix: matrix(timeline),
            latency: match detail::no_times(trace.header.detail) {
                Some(reason) => Measured::Not(reason.to_owned()),
                None => latency(timeline),
            },
        }
    }

    /// Steals whose victim is not recorded; `None` if steals were not counted.
    pub fn without_victim(&self) -> Option<u64> {
        let known: u64 = self.matrix.iter().map(|theft| theft.count).sum();
        self.exact.value().map(|exact| exact.saturating_sub(known))
    }
}

impl Latency {
    /// By nearest rank; `None` if there are no durations.
    pub(super) fn of(mut durations: Vec<Nanos>) -> Option<Self> {
        durations.sort_unstable();
        Some(Self {
            count: durations.len() as u64,
            median: rank(&durations, 50)?,
            p90: rank(&durations, 90)?,
            max: rank(&durations, 100)?,
        })
    }
}

fn latency(timeline: &Timeline) -> Measured<Latency> {
    let durations =
        stolen(timeline).filter_map(|(_, task)| Some(task.span.start - task.pushed?)).collect();
    match Latency::of(durations) {
        Some(latency) => Measured::Is(latency),
        None => Measured::Not("no steal was recorded with its time of push".to_owned()),
    }
}

fn matrix(timeline: &Timeline) -> Vec<Theft> {
    let mut counts: BTreeMap<(LaneId, LaneId), u64> = BTreeMap::new();
    for (thief, task) in stolen(timeline) {
        if let Some(parent) = task.parent {
            *counts.entry((thief, parent.lane())).or_insert(0) += 1;
        }
    }
    let theft = |((thief, victim), count)| Theft { thief, victim, count };
    counts.into_iter().map(theft).collect()
}

fn stolen<'t>(timeline: &Timeline<'t>) -> impl Iterator<Item = (LaneId, &'t Task)> {
    timeline.trace().lanes.iter().flat_map(|lane| {
        lane.events.iter().filter_map(|event| match event {
            Event::Task(task) if task.origin == Origin::Stolen => Some((lane.id, task)),
            _ => None,
        })
    })
}
