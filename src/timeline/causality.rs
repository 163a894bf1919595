//! Order across lanes. Within a lane one thread read the clock, and a wrong order is a
//! [`Problem`](super::Problem); between lanes it may be the clock that is wrong, so violations are
//! counted and shown, not refused.

use super::links::{Links, events};
use crate::model::{Event, Join, Lane, Outcome, Task, Trace};

/// How often an order that must hold between two lanes was looked at, and how often it did not hold.
///
/// The second half of a join or split is pushed after that starts, and ends before it returns. What
/// another lane does of a parallel iterator lies between that one's call and its return.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Causality {
    /// Pairs of times compared.
    pub checked: u64,
    /// Those in the wrong order.
    pub violated: u64,
}

impl Causality {
    pub(super) fn of(trace: &Trace, links: &Links<'_>) -> Self {
        let compared = events(trace).flat_map(|(lane, event)| compared(lane, event, links));
        compared.flatten().fold(Self::default(), |sum, holds| Self {
            checked: sum.checked + 1,
            violated: sum.violated + u64::from(!holds),
        })
    }
}

/// Whether each of two orders holds; `None` where there is nothing to compare.
fn compared(lane: &Lane, event: &Event, links: &Links<'_>) -> [Option<bool>; 2] {
    let named = match event {
        Event::Task(task) => task.parent.and_then(|parent| links.get(parent)),
        _ => event.part_of().and_then(|operation| links.get(operation)),
    };
    match (event, named) {
        (Event::Task(task), Some((_, Event::Join(join)))) => half(task, join),
        (Event::Task(_), _) => [None, None],
        (_, Some((its_lane, operation))) if its_lane.id != lane.id => within(event, operation),
        _ => [None, None],
    }
}

fn half(task: &Task, join: &Join) -> [Option<bool>; 2] {
    let push = task.pushed.map(|pushed| join.span.start <= pushed);
    let ends = join.outcome != Outcome::Open;
    [push, ends.then_some(task.span.end <= join.span.end)]
}

/// What was under way on one lane when events began to be missing there went on on others.
fn within(part: &Event, whole: &Event) -> [Option<bool>; 2] {
    let ends = whole.outcome() != Some(Outcome::Open);
    let (part, whole) = (part.span(), whole.span());
    [Some(whole.start <= part.start), ends.then_some(part.end <= whole.end)]
}
