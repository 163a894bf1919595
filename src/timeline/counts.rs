//! Whether a lane's events hold no more than the lane counted.

use super::Problem;
use crate::model::{Event, Lane, Origin, Outcome, Tally};

/// Checks that a lane's events hold no more than it counted; less is possible, by loss or by
/// collapse. What is still open at the end is not counted, yet what it held may be recorded.
pub(super) fn check(lane: &Lane) -> Result<(), Problem> {
    let counts = lane.counts;
    let held = Held::by(lane);
    // Items may be more than a number can tell.
    let tallied =
        |figure: fn(&Tally) -> u64| lane.tallies.iter().map(figure).fold(0, u64::saturating_add);
    let compared = [
        ("timed joins counted", counts.timed_joins, "joins counted", counts.joins),
        ("joins in its events", held.joins, "counted", counts.joins),
        ("timed joins in its events", held.timed_joins, "counted", counts.timed_joins),
        ("tasks in its events", held.tasks, "counted", counts.tasks),
        ("steals in its events", held.steals, "counted", counts.steals),
        ("timed splits counted", counts.timed_splits, "tallied", tallied(|tally| tally.splits)),
        ("timed leaves counted", counts.timed_leaves, "tallied", tallied(|tally| tally.leaves)),
        ("timed splits in its events", held.splits, "counted", counts.timed_splits),
        ("timed leaves in its events", held.leaves, "counted", counts.timed_leaves),
        ("items in its events", held.items, "tallied", tallied(|tally| tally.items)),
        ("reductions in its events", held.reductions, "tallied", tallied(|tally| tally.reductions)),
    ];
    let is_open = |event: &Event| event.outcome() == Some(Outcome::Open);
    let all_ended = lane.losses.unfinished == 0 && !lane.events.iter().any(is_open);
    let bound = if all_ended { &compared[..] } else { &compared[..1] };
    for &(what, part, of, whole) in bound {
        if part > whole {
            return Err(Problem::Miscounted { lane: lane.id, what, part, of, whole });
        }
    }
    Ok(())
}

/// What the events of a lane say of its counts.
#[derive(Default)]
struct Held {
    joins: u64,
    timed_joins: u64,
    tasks: u64,
    steals: u64,
    splits: u64,
    leaves: u64,
    items: u64,
    reductions: u64,
}

impl Held {
    fn by(lane: &Lane) -> Self {
        lane.events.iter().fold(Self::default(), Self::and)
    }

    /// A root is code that came unseen, not a job.
    fn and(mut self, event: &Event) -> Self {
        match event {
            Event::Task(task) => {
                self.joins += task.joins;
                self.tasks += u64::from(task.origin != Origin::Root);
                self.steals += u64::from(task.origin == Origin::Stolen);
            }
            Event::Join(join) if join.operation.is_some() => self.splits += 1,
            Event::Join(_) => self.timed_joins += 1,
            Event::Leaf(leaf) => {
                self.leaves += 1;
                self.items = self.items.saturating_add(leaf.items);
            }
            Event::Reduction(_) => self.reductions += 1,
            Event::Collapsed(collapsed) => {
                self.joins += collapsed.joins;
                self.tasks += collapsed.tasks;
            }
            Event::Operation(_) => {}
        }
        self
    }
}
