//! A node of a lane's forest, and what its event's kind says about callers and waiting.

use super::position::Position;
use crate::model::{Event, EventId, Lane, Nanos, SecondHalf};

/// An event in its place among those around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    event: Position,
    parent: Option<Position>,
    owner: Option<Position>,
}

impl Frame {
    pub(super) fn new(event: usize, parent: Option<usize>, owner: Option<usize>) -> Self {
        let [parent, owner] = [parent, owner].map(|around| around.map(Position::new));
        Self { event: Position::new(event), parent, owner }
    }

    /// Its event's index in [`Lane::events`].
    pub fn event(self) -> usize {
        self.event.index()
    }

    /// The index, among the frames, of the innermost one around it.
    pub fn parent(self) -> Option<usize> {
        self.parent.map(Position::index)
    }

    /// Likewise of the innermost task, or collapsed tasks, around it: whose code it is part of.
    pub fn owner(self) -> Option<usize> {
        self.owner.map(Position::index)
    }

    pub(super) fn event_of(self, lane: &Lane) -> &Event {
        &lane.events[self.event()]
    }
}

/// The frames around one, from the innermost outwards.
pub(super) fn ancestors(frames: &[Frame], frame: usize) -> impl Iterator<Item = Frame> + '_ {
    let parent = |frame: &Frame| frame.parent().map(|parent| frames[parent]);
    std::iter::successors(parent(&frames[frame]), parent)
}

/// The tasks and collapsed tasks around a frame, from the innermost outwards. Joins between them are
/// skipped, as there may be one for each level of a deep recursion.
pub(super) fn owners(frames: &[Frame], frame: usize) -> impl Iterator<Item = usize> + '_ {
    std::iter::successors(frames[frame].owner(), |&owner| frames[owner].owner())
}

/// From when on the event's worker has nothing of its own to do in it; `None` if it never waits.
///
/// After a panic in a join's first half rayon waits for the second if it was stolen, and returns at
/// once if it was not: in neither case is there work.
pub(super) fn waits_from(event: &Event) -> Option<Nanos> {
    match event {
        Event::Join(join) if join.second != SecondHalf::Inline => Some(join.first_end),
        Event::Operation(operation) => Some(operation.wait),
        Event::Task(_)
        | Event::Join(_)
        | Event::Leaf(_)
        | Event::Reduction(_)
        | Event::Collapsed(_) => None,
    }
}

/// The instant within an event at which it changes from one part to the next.
pub(super) fn turn(event: &Event) -> Option<Nanos> {
    match event {
        Event::Join(join) => Some(join.first_end),
        Event::Operation(operation) => Some(operation.wait),
        Event::Task(_) | Event::Leaf(_) | Event::Reduction(_) | Event::Collapsed(_) => None,
    }
}

/// The task that an event says it was called in.
pub(super) fn caller(event: &Event) -> Option<EventId> {
    match event {
        Event::Join(join) => Some(join.task),
        Event::Operation(operation) => operation.task,
        Event::Leaf(leaf) => leaf.task,
        Event::Reduction(reduction) => reduction.task,
        Event::Task(_) | Event::Collapsed(_) => None,
    }
}
