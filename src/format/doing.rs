//! What a lane's thread was doing, as far as its slices tell: had it a job, did it wait, or neither?
//! For what is drawn beside the events; what a report says rests on the timeline.

use std::iter::Peekable;

use super::nest::{Slice, Slices, What};
use crate::model::{Event, Idle, Lane, Nanos, Role};

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It runs a job; a thread that is no worker, its own part of a call.
    Job,
    /// It waits in a join or operation for others, and runs nothing else meanwhile; also where a
    /// worker says so itself, as the waits of joins that were only counted are no slices.
    Wait,
    /// Neither.
    Nothing,
}

/// When a lane's thread came to do what, in order of time. Collapsed tasks are left out: when each
/// ran is not known.
#[derive(Debug)]
pub(super) struct Doings<'a> {
    events: Peekable<ByEvents<'a>>,
    idle: Peekable<std::slice::Iter<'a, Idle>>,
    /// What is done as the events tell.
    told: Doing,
    /// Until when the worker says that it has no job, within one.
    idle_until: Option<Nanos>,
}

impl<'a> Doings<'a> {
    pub(super) fn of(lane: &'a Lane) -> Self {
        Self {
            events: ByEvents::of(lane).peekable(),
            idle: lane.idling.stretches.iter().peekable(),
            told: Doing::Nothing,
            idle_until: None,
        }
    }
}

impl Iterator for Doings<'_> {
    type Item = (Nanos, Doing);

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.events.peek().map(|(at, _)| *at);
        let comes_first = |at: Nanos| next.is_none_or(|next| at < next);
        if let Some(end) = self.idle_until.take().filter(|end| comes_first(*end)) {
            return Some((end, self.told));
        }
        while let Some(idle) = self.idle.next_if(|idle| comes_first(idle.span().start)) {
            if self.told == Doing::Job {
                self.idle_until = Some(idle.span().end);
                return Some((idle.span().start, Doing::Wait));
            }
        }
        let (at, doing) = self.events.next()?;
        self.told = doing;
        Some((at, doing))
    }
}

/// The same, as far as the lane's events tell.
#[derive(Debug)]
struct ByEvents<'a> {
    slices: Peekable<Slices<'a>>,
    /// A worker has a job only within a task, whatever call it is in.
    in_operation: Doing,
    /// The ends of the slices around, and what is done in each.
    open: Vec<(Nanos, Doing)>,
}

impl<'a> ByEvents<'a> {
    fn of(lane: &'a Lane) -> Self {
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

impl Iterator for ByEvents<'_> {
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
