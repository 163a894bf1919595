//! What a migration costs: from the push of a task to its start elsewhere, and from its end until
//! who waits for it goes on.

use foldhash::HashMap;

use serde::Serialize;

use super::super::rank::rank;
use crate::model::{Event, EventId, Join, Measured, Nanos, Origin, SecondHalf, Task};
use crate::timeline::{Row, State};

/// What one migration costs, as the middle of those that were recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Burden {
    /// Steals with a time of push.
    pub steals: u64,
    /// From push to start, of half of the stolen tasks at most.
    pub start: Nanos,
    /// Joins that waited for a stolen half and for nothing else.
    pub resumed: u64,
    /// From the end of the half to the return of the join, likewise; `None` if no join waited so.
    pub resume: Option<Nanos>,
}

impl Burden {
    /// Of the workers of one pool.
    pub(super) fn of(workers: &[&Row]) -> Measured<Self> {
        let stolen: Vec<&Task> = workers.iter().flat_map(|row| stolen(row)).collect();
        let starts = stolen.iter().filter_map(|task| Some(task.span.start - task.pushed?));
        let starts = sorted(starts.collect());
        let ends = stolen.iter().filter_map(|task| Some((task.parent?, task.span.end))).collect();
        let resumes = sorted(workers.iter().flat_map(|row| resumes(row, &ends)).collect());
        match rank(&starts, 50) {
            Some(start) => Measured::Is(Self {
                steals: starts.len() as u64,
                start,
                resumed: resumes.len() as u64,
                resume: rank(&resumes, 50),
            }),
            None => Measured::Not("no steal was recorded with its time of push".to_owned()),
        }
    }

    /// Both together; where no join waited, what it would take to go on is not in it.
    pub fn total(&self) -> Nanos {
        self.resume.map_or(self.start, |resume| self.start + resume)
    }
}

fn sorted(mut times: Vec<Nanos>) -> Vec<Nanos> {
    times.sort_unstable();
    times
}

fn stolen<'t>(row: &Row<'t>) -> impl Iterator<Item = &'t Task> {
    row.lane().events.iter().filter_map(|event| match event {
        Event::Task(task) if task.origin == Origin::Stolen => Some(task),
        _ => None,
    })
}

/// How long the joins of a lane took to go on that did nothing but wait when their half ended.
fn resumes(row: &Row, ends: &HashMap<EventId, Nanos>) -> Vec<Nanos> {
    let events = row.lane().events.iter().enumerate();
    let resume = |(index, event)| match event {
        &Event::Join(ref join @ Join { second: SecondHalf::Stolen, .. }) => {
            let &end = ends.get(&join.id)?;
            resume(row, index, join, end)
        }
        _ => None,
    };
    events.filter_map(resume).collect()
}

fn resume(row: &Row, index: usize, join: &Join, end: Nanos) -> Option<Nanos> {
    if end < join.first_end || end >= join.span.end {
        return None;
    }
    let stretches = row.stretches();
    let at = stretches.partition_point(|stretch| stretch.span.end <= end);
    let wait = stretches.get(at)?;
    let waits = wait.state == State::Waiting && wait.event() == Some(index);
    (waits && wait.span.end == join.span.end).then(|| join.span.end - end)
}
