//! Threads that are in no pool: for how long each was in regions or calls of its own. What it did there
//! is not seen.

use serde::Serialize;

use super::Window;
use crate::model::{Event, LaneId, Measured, Nanos, Role, Span};
use crate::timeline::{Row, Timeline};

/// A thread in no pool, other than the one that opened the window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutsideThread {
    /// Its lane.
    pub lane: LaneId,
    /// Its name.
    pub name: Option<String>,
    /// Time in regions and calls within the window, on a CPU or not.
    pub active: Nanos,
    /// How many stretches that is.
    pub stretches: u64,
    /// CPU time of the thread in the whole recording.
    pub cpu: Measured<Nanos>,
}

/// The threads in no pool, in the order of their lanes, without the one that opened the window: what it
/// does is the window itself.
pub fn outside_threads(timeline: &Timeline, window: Window) -> Vec<OutsideThread> {
    let rows = || timeline.rows().iter().filter(|row| row.lane().role == Role::Outside);
    let opened = |row: &&Row| spans(row).any(|span| span.start <= window.span.start);
    let opener = rows().find(opened).map(|row| row.lane().id);
    let others = rows().filter(|row| Some(row.lane().id) != opener);
    let threads = others.map(|row| OutsideThread::of(row, window));
    threads.filter(|thread| thread.stretches > 0).collect()
}

impl OutsideThread {
    fn of(row: &Row, window: Window) -> Self {
        let lane = row.lane();
        let mut spans: Vec<Span> = spans(row).collect();
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let (mut active, mut stretches, mut covered) = (Nanos::ZERO, 0, window.span.start);
        for span in spans {
            let end = span.end.min(window.span.end);
            // What lies within another one is a part of it.
            if end > covered {
                active += end.saturating_since(span.start.max(covered));
                stretches += 1;
                covered = end;
            }
        }
        Self { lane: lane.id, name: lane.name.clone(), active, stretches, cpu: lane.cpu.clone() }
    }
}

fn spans<'r>(row: &'r Row) -> impl Iterator<Item = Span> + use<'r> {
    let operations = row.lane().events.iter();
    operations.filter(|event| matches!(event, Event::Operation(_))).map(Event::span)
}
