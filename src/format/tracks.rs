//! Counter tracks: how many workers are busy and how many tasks wait to be run, over time.
//! A sweep over the events; how a file format spells a counter is that format's business.

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

/// Workers that are inside a task and do not wait in it for others; a task or a reduction that a
/// worker runs while it waits makes it busy again. Collapsed tasks are left out: when each ran is not known.
pub(super) fn busy_workers(trace: &Trace) -> Vec<Sample> {
    let mut changes = Changes::default();
    let workers = trace.lanes.iter().filter(|lane| matches!(lane.role, Role::Worker { .. }));
    for lane in workers {
        lane_busy(lane, &mut changes);
    }
    changes.samples()
}

/// Recorded tasks that were pushed and not yet started.
pub(super) fn queued_tasks(trace: &Trace) -> Vec<Sample> {
    let mut changes = Changes::default();
    for event in trace.lanes.iter().flat_map(|lane| &lane.events) {
        if let Event::Task(task) = event
            && let Some(pushed) = task.pushed.filter(|pushed| *pushed < task.span.start)
        {
            changes.up.push(pushed);
            changes.down.push(task.span.start);
        }
    }
    changes.samples()
}

fn lane_busy(lane: &Lane, changes: &mut Changes) {
    let mut busy = false;
    for (at, doing) in Doings::of(lane) {
        let now = doing == Doing::Job;
        changes.turn(busy, now, at);
        busy = now;
    }
}

/// When a counter went up by one, and when down, in any order.
#[derive(Default)]
struct Changes {
    up: Vec<Nanos>,
    down: Vec<Nanos>,
}

impl Changes {
    fn turn(&mut self, from: bool, to: bool, at: Nanos) {
        match (from, to) {
            (false, true) => self.up.push(at),
            (true, false) => self.down.push(at),
            _ => {}
        }
    }

    /// The counter's values, from zero at the recording's start; one sample a change.
    fn samples(mut self) -> Vec<Sample> {
        self.up.sort_unstable();
        self.down.sort_unstable();
        let (mut up, mut down) = (self.up.into_iter().peekable(), self.down.into_iter().peekable());
        let mut samples = vec![Sample { at: Nanos::ZERO, value: 0 }];
        let mut value: u64 = 0;
        while let Some(at) = earlier(up.peek(), down.peek()) {
            while up.next_if_eq(&at).is_some() {
                value += 1;
            }
            while down.next_if_eq(&at).is_some() {
                value -= 1;
            }
            note(&mut samples, Sample { at, value });
        }
        samples
    }
}

fn earlier(a: Option<&Nanos>, b: Option<&Nanos>) -> Option<Nanos> {
    a.into_iter().chain(b).min().copied()
}

fn note(samples: &mut Vec<Sample>, sample: Sample) {
    samples.pop_if(|last| last.at == sample.at);
    if samples.last().is_none_or(|last| last.value != sample.value) {
        samples.push(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(up: &[u64], down: &[u64]) -> Vec<(u64, u64)> {
        let nanos = |times: &[u64]| times.iter().map(|at| Nanos(*at)).collect();
        let changes = Changes { up: nanos(up), down: nanos(down) };
        changes.samples().into_iter().map(|Sample { at, value }| (at.0, value)).collect()
    }

    #[test]
    fn one_sample_a_change() {
        assert_eq!(samples(&[10, 20], &[40, 30]), [(0, 0), (10, 1), (20, 2), (30, 1), (40, 0)]);
    }

    #[test]
    fn what_cancels_out_is_no_change() {
        assert_eq!(samples(&[10, 20], &[20, 30]), [(0, 0), (10, 1), (30, 0)]);
    }

    #[test]
    fn a_change_at_the_start_replaces_the_zero() {
        assert_eq!(samples(&[0], &[5]), [(0, 1), (5, 0)]);
    }
}
