//! Order across lanes. Within a lane one thread read the clock, and a wrong order is a
//! [`Problem`](super::Problem); between lanes it may be the clock that is wrong, so violations are
//! counted and shown, not refused.

use std::collections::{HashMap, HashSet};

use crate::model::{Event, EventId, Join, Task, Trace};

/// How often an order that must hold between two lanes was looked at, and how often it did not hold.
///
/// The second half of a join is pushed after the join starts, and ends before the join returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Causality {
    /// Pairs of times compared.
    pub checked: u64,
    /// Those in the wrong order.
    pub violated: u64,
}

impl Causality {
    pub(super) fn of(trace: &Trace) -> Self {
        let tasks = || events(trace).filter_map(pushed_by);
        let wanted: HashSet<EventId> = tasks().map(|(_, parent)| parent).collect();
        let joins: HashMap<EventId, &Join> = events(trace)
            .filter_map(as_join)
            .filter(|join| wanted.contains(&join.id))
            .map(|join| (join.id, join))
            .collect();
        tasks()
            .filter_map(|(task, parent)| Some((task, *joins.get(&parent)?)))
            .fold(Self::default(), Self::and)
    }

    fn and(self, (task, join): (&Task, &Join)) -> Self {
        let push = task.pushed.map(|pushed| join.span.start <= pushed);
        let end = Some(task.span.end <= join.span.end);
        [push, end].into_iter().flatten().fold(self, |sum, holds| Self {
            checked: sum.checked + 1,
            violated: sum.violated + u64::from(!holds),
        })
    }
}

fn events(trace: &Trace) -> impl Iterator<Item = &Event> {
    trace.lanes.iter().flat_map(|lane| &lane.events)
}

fn pushed_by(event: &Event) -> Option<(&Task, EventId)> {
    match event {
        Event::Task(task) => Some((task, task.parent?)),
        _ => None,
    }
}

fn as_join(event: &Event) -> Option<&Join> {
    match event {
        Event::Join(join) => Some(join),
        _ => None,
    }
}
