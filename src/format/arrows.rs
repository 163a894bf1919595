//! Steal arrows: from where a task was pushed to where another thread began it.

use super::nest::{Slices, What};
use crate::model::{Event, EventId, LaneId, Nanos, Origin, SecondHalf, Task, Trace};

/// An arrow between two lanes, both ends within a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrow {
    /// The push.
    pub(crate) from: Point,
    /// The task's start.
    pub(crate) to: Point,
    /// Whether the task was stolen or injected.
    pub(crate) origin: Origin,
}

/// A moment on a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    /// When.
    pub(crate) at: Nanos,
    /// The lane's position in [`Trace::lanes`].
    pub(crate) lane: usize,
}

/// A task that another thread pushed, whose pusher is still to be found.
struct Taken {
    parent: EventId,
    pushed: Nanos,
    start: Point,
    origin: Origin,
}

/// The arrows of all stolen and injected tasks whose pusher is in the trace, in order of time.
/// Needs memory for these tasks alone.
pub(crate) fn arrows(trace: &Trace) -> Vec<Arrow> {
    let taken = taken(trace);
    let mut arrows = Vec::with_capacity(taken.len());
    for (lane, events) in trace.lanes.iter().map(|lane| &lane.events).enumerate() {
        if pushed_on(&taken, trace.lanes[lane].id) {
            find_pushers(&taken, lane, events, &mut arrows);
        }
    }
    arrows.sort_by_key(|arrow| (arrow.from, arrow.to));
    arrows
}

/// All tasks that may get an arrow, by parent.
fn taken(trace: &Trace) -> Vec<Taken> {
    let mut taken = Vec::new();
    for (lane, events) in trace.lanes.iter().map(|lane| &lane.events).enumerate() {
        let tasks = events.iter().filter_map(|event| match event {
            Event::Task(task) => taken_task(lane, task),
            _ => None,
        });
        taken.extend(tasks);
    }
    taken.sort_by_key(|taken| taken.parent);
    taken
}

fn taken_task(lane: usize, task: &Task) -> Option<Taken> {
    let crossed = matches!(task.origin, Origin::Stolen | Origin::Injected);
    let (parent, pushed) = (task.parent?, task.pushed?);
    let start = Point { at: task.span.start, lane };
    // Viewers cannot draw an arrow backwards.
    (crossed && pushed <= start.at).then_some(Taken { parent, pushed, start, origin: task.origin })
}

fn pushed_on(taken: &[Taken], lane: LaneId) -> bool {
    let first = taken.partition_point(|taken| taken.parent.lane() < lane);
    taken.get(first).is_some_and(|taken| taken.parent.lane() == lane)
}

fn find_pushers(taken: &[Taken], lane: usize, events: &[Event], arrows: &mut Vec<Arrow>) {
    for slice in Slices::new(events) {
        let What::Event(event) = slice.what else { continue };
        let Some(id) = pusher(event) else { continue };
        let first = taken.partition_point(|taken| taken.parent < id);
        let pushed_by_it = taken[first..].iter().take_while(|taken| taken.parent == id);
        let within = pushed_by_it
            .filter(|taken| slice.shown.start <= taken.pushed && taken.pushed < slice.shown.end);
        arrows.extend(within.map(|taken| Arrow {
            from: Point { at: taken.pushed, lane },
            to: taken.start,
            origin: taken.origin,
        }));
    }
}

/// The event's id, if what it pushed can have been taken: a join that ran both of its halves in
/// place, the commonest event by far, pushed nothing that was.
fn pusher(event: &Event) -> Option<EventId> {
    match event {
        Event::Join(join) if join.second == SecondHalf::Inline => None,
        _ => event.id(),
    }
}
