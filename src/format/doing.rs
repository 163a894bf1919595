//! What a lane's thread was doing, as far as its slices tell: had it a job, did it wait, or neither?
//! For what is drawn beside the events; what a report says rests on the timeline.

use std::iter::Peekable;

use super::nest::{Slice, Slices, What};
use crate::model::{Event, Lane, Nanos, Role};

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It runs a job; a thread that is no worker, its own part of a call.
    Job,
    /// It waits in a join or operation for others, and runs nothing else meanwhile.
    Wait,
    /// Neither.
    Nothing,
}

/// When a lane's thread came to do what, in order of time. Collapsed tasks are left out: when each
/// ran is not known.
#[derive(Debug)]
pub(super) struct Doings<'a> {
    slices: Peekable<Slices<'a>>,
    /// A worker has a job only within a task, whatever call it is in.
    in_operation: Doing,
    /// The ends of the slices around, and what is done in each.
    open: Vec<(Nanos, Doing)>,
}

impl<'a> Doings<'a> {
    pub(super) fn of(lane: &'a Lane) -> Self {
        let in_operation = match lane.role {
            Role::Worker { .. } => Doing::Nothing,
            Role::Outside => Doing::Job,
        };
        Self { slices: Slices::new(&lane.events).peekable(), in_operation, open: Vec::new() }
    }

    fn innermost(&self) -> Doing {
        self.open.last().map_or(Doing::Nothing, |(_, doing)| *doing)
    }

    fn within(&self, what: What<'_>) -> Doing {
        match what {
            What::Wait => Doing::Wait,
            What::Event(Event::Task(_) | Event::Leaf(_) | Event::Reduction(_)) => Doing::Job,
            What::Event(Event::Operation(_)) if self.innermost() == Doing::Nothing => {
                self.in_operation
            }
            What::Event(_) => self.innermost(),
        }
    }
}

impl Iterator for Doings<'_> {
    type Item = (Nanos, Doing);

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.slices.peek().map(|slice| slice.shown.start);
        let over = |(end, _): &mut (Nanos, Doing)| next.is_none_or(|next| *end <= next);
        if let Some((end, _)) = self.open.pop_if(over) {
            return Some((end, self.innermost()));
        }
        let Slice { what, shown } = self.slices.next()?;
        let doing = self.within(what);
        self.open.push((shown.end, doing));
        Some((shown.start, doing))
    }
}
