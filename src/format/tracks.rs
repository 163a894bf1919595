//! Counter tracks: how many workers are busy and how many tasks wait to be run, over time.
//! A sweep over the events of all lanes at once, so that a track is drawn as it comes. Nothing is
//! kept of it but when tasks were pushed, eight bytes each. How a file format spells a counter is
//! that format's business.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::iter;

use super::doing::{Doing, Doings};
use crate::model::{Event, Lane, Nanos, Role, Trace};

/// The value that a counter has from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// From here on.
    pub(super) at: Nanos,
    /// Until the next sample.
    pub(super) value: u64,
}

/// Workers that are inside a task, and neither wait in it for others nor look for work; a task or a
/// reduction that a worker runs meanwhile makes it busy again. Collapsed tasks are left out: when each
/// ran is not known.
pub(super) fn busy_workers(trace: &Trace) -> impl Iterator<Item = Sample> {
    let workers = trace.lanes.iter().filter(|lane| matches!(lane.role, Role::Worker { .. }));
    samples(Merged::of(workers.map(|lane| Box::new(turns(lane)) as Changes<'_>)))
}

/// Recorded tasks that were pushed and not yet started.
pub(super) fn queued_tasks(trace: &Trace) -> impl Iterator<Item = Sample> {
    let mut pushed: Vec<Nanos> = trace.lanes.iter().flat_map(waits).map(|wait| wait.from).collect();
    // A lane's are nearly in order, of which this sort makes use.
    pushed.sort();
    let pushed = Box::new(pushed.into_iter().map(|at| (at, 1_i64))) as Changes<'_>;
    let started = trace.lanes.iter().map(|lane| {
        let started = waits(lane).map(|wait| (wait.until, -1_i64));
        Box::new(started) as Changes<'_>
    });
    samples(Merged::of(started.chain([pushed])))
}

/// A task was pushed, and started later.
struct Wait {
    from: Nanos,
    until: Nanos,
}

/// Those of a lane's tasks, in order of their ends.
fn waits(lane: &Lane) -> impl Iterator<Item = Wait> {
    lane.events.iter().filter_map(|event| {
        let Event::Task(task) = event else { return None };
        let until = task.span.start;
        task.pushed.filter(|from| *from < until).map(|from| Wait { from, until })
    })
}

/// When a worker became busy, and when it ceased to be.
fn turns(lane: &Lane) -> impl Iterator<Item = Change> {
    let mut busy = false;
    Doings::of(lane).filter_map(move |(at, doing)| {
        let before = std::mem::replace(&mut busy, doing == Doing::Job);
        (before != busy).then_some((at, if busy { 1 } else { -1 }))
    })
}

/// By how much a counter changes, and when.
type Change = (Nanos, i64);

/// Changes in order of time.
type Changes<'a> = Box<dyn Iterator<Item = Change> + 'a>;

/// Changes of several sources as one. Where a source is not in order, its time stands still.
struct Merged<'a> {
    sources: Vec<Changes<'a>>,
    /// The next change of each source that has one, and the source; the earliest is on top.
    next: BinaryHeap<Reverse<(Nanos, i64, usize)>>,
}

impl<'a> Merged<'a> {
    fn of(sources: impl Iterator<Item = Changes<'a>>) -> Self {
        let mut sources: Vec<_> = sources.collect();
        let first = |(source, changes): (usize, &mut Changes<'_>)| {
            changes.next().map(|(at, step)| Reverse((at, step, source)))
        };
        let next = sources.iter_mut().enumerate().filter_map(first).collect();
        Self { sources, next }
    }
}

impl Iterator for Merged<'_> {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        let mut top = self.next.peek_mut()?;
        let Reverse((at, step, source)) = *top;
        match self.sources[source].next() {
            Some((next, step)) => *top = Reverse((next.max(at), step, source)),
            None => drop(PeekMut::pop(top)),
        }
        Some((at, step))
    }
}

/// The counter's values, from zero at the recording's start; one sample an instant at which it
/// changes.
fn samples(changes: Merged<'_>) -> impl Iterator<Item = Sample> {
    let mut changes = changes.peekable();
    let (mut value, mut told, mut next) = (0_u64, None, Some(Nanos::ZERO));
    iter::from_fn(move || {
        loop {
            let at = next?;
            // What goes up in an instant may come down in it before.
            while let Some((_, step)) = changes.next_if(|(when, _)| *when == at) {
                value = value.wrapping_add_signed(step);
            }
            next = changes.peek().map(|(when, _)| *when);
            if told.replace(value) != Some(value) {
                return Some(Sample { at, value });
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(sources: &[&[(u64, i64)]]) -> Vec<(u64, u64)> {
        let changes = |source: &&[(u64, i64)]| {
            let source: Vec<Change> = source.iter().map(|(at, step)| (Nanos(*at), *step)).collect();
            Box::new(source.into_iter()) as Changes<'_>
        };
        let merged = Merged::of(sources.iter().map(changes));
        samples(merged).map(|Sample { at, value }| (at.0, value)).collect()
    }

    #[test]
    fn one_sample_a_change() {
        let changes: [&[_]; 3] = [&[(10, 1), (40, -1)], &[(20, 1), (30, -1)], &[]];
        assert_eq!(sampled(&changes), [(0, 0), (10, 1), (20, 2), (30, 1), (40, 0)]);
    }

    #[test]
    fn what_cancels_out_is_no_change() {
        let changes: [&[_]; 2] = [&[(10, 1), (20, -1)], &[(20, 1), (30, -1)]];
        assert_eq!(sampled(&changes), [(0, 0), (10, 1), (30, 0)]);
    }

    #[test]
    fn a_change_at_the_start_replaces_the_zero() {
        assert_eq!(sampled(&[&[(0, 1), (5, -1)]]), [(0, 1), (5, 0)]);
        assert_eq!(sampled(&[]), [(0, 0)]);
    }

    #[test]
    fn time_does_not_go_back() {
        let changes: [&[_]; 2] = [&[(10, 1), (5, -1), (20, 1)], &[(7, 1)]];
        assert_eq!(sampled(&changes), [(0, 0), (7, 1), (20, 2)]);
    }
}
