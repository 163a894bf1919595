//! When workers slept. rayon's own word comes first, where the recording has it: it tells a worker that
//! sleeps from one that a page fault or a lock keeps from looking for work, and needs no rights. Else
//! the kernel's switch records stand in: who leaves the CPU of its own will and has no job is asleep.

use serde::Serialize;

use super::decomposition::no_switches;
use crate::model::{IdleCounts, Lane, Measured, Span};

/// Where it is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SleepSource {
    /// rayon itself, seen from within.
    Rayon,
    /// The kernel's switch records.
    SwitchRecords,
}

/// Where a worker's sleeps are known from, or why they are not.
pub(super) fn source(lane: &Lane) -> Measured<SleepSource> {
    if are_told(lane) {
        return Measured::Is(SleepSource::Rayon);
    }
    match no_switches(lane) {
        None => Measured::Is(SleepSource::SwitchRecords),
        Some(_) if lane.idling.counts.value().is_some() => {
            Measured::Not("some sleeps were too short to be kept".to_owned())
        }
        Some(reason) => Measured::Not(reason),
    }
}

/// Whether rayon itself tells when a worker slept. Where events broke off, what came before is whole,
/// and the counts went on.
pub(super) fn are_told(lane: &Lane) -> bool {
    let Some(IdleCounts { sleeps, .. }) = lane.idling.counts.value() else { return false };
    lane.broken.is_some() || lane.idling.sleeps().count() as u64 == *sleeps
}

/// When a worker slept, in order of time; where rayon did not tell, when it may have.
pub fn spans(lane: &Lane) -> Vec<Span> {
    if are_told(lane) {
        return lane.idling.sleeps().map(|sleep| sleep.span).collect();
    }
    let off = lane.watched.off_cpu.iter().filter(|off| !off.preempted);
    off.map(|off| off.span).collect()
}
