//! Steal arrows: from where a task was pushed to where another thread began it.

use super::nest::{Slices, What};
use crate::model::{Event, EventId, Nanos, Origin, SecondHalf, Task, Trace};

/// An arrow between two lanes, both ends within a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    /// When the task was pushed.
    pub(super) from: Nanos,
    /// When it was begun.
    pub(super) to: Nanos,
    /// Whether the task was stolen or injected.
    pub(super) origin: Origin,
}

/// The arrows of a trace, by the events at their ends.
#[derive(Debug, Default)]
pub(super) struct Arrows {
    /// In order of time; an arrow's number is its position.
    all: Vec<Arrow>,
    /// In order of the event that pushed.
    leaving: Vec<(Place, u32)>,
    /// In order of the task.
    arriving: Vec<(Place, u32)>,
}

/// An event by its lane's position in [`Trace::lanes`], and by its own in the lane.
type Place = (u32, u32);

/// A task that another thread pushed, whose pusher is still to be found.
#[derive(Clone, Copy)]
struct Taken {
    parent: EventId,
    place: Place,
    arrow: Arrow,
}

impl Arrows {
    /// Those of all stolen and injected tasks whose pusher is in the trace. Needs memory for these
    /// tasks alone. A trace that outgrows 32 bits has none beyond.
    pub(super) fn of(trace: &Trace) -> Self {
        let mut found = find_pushers(trace, &taken(trace));
        found.truncate(u32::MAX as usize);
        found.sort_unstable_by_key(|(from, Taken { place, arrow, .. })| {
            (arrow.from, from.0, arrow.to, *place)
        });
        let numbered = || (0..).zip(&found);
        let mut arrows = Self {
            all: found.iter().map(|(_, taken)| taken.arrow).collect(),
            leaving: numbered().map(|(number, (from, _))| (*from, number)).collect(),
            arriving: numbered().map(|(number, (_, taken))| (taken.place, number)).collect(),
        };
        arrows.leaving.sort_unstable();
        arrows.arriving.sort_unstable();
        arrows
    }

    /// Those of a lane, to be taken event by event.
    pub(super) fn of_lane(&self, lane: usize) -> LaneArrows<'_> {
        let [leaving, arriving] = [&self.leaving, &self.arriving].map(|arrows| part(arrows, lane));
        LaneArrows { all: &self.all, leaving, arriving }
    }
}

fn part(arrows: &[(Place, u32)], lane: usize) -> &[(Place, u32)] {
    let first = arrows.partition_point(|((of, _), _)| (*of as usize) < lane);
    let length = arrows[first..].partition_point(|((of, _), _)| *of as usize == lane);
    &arrows[first..first + length]
}

/// The arrows of a lane whose events are still to come.
#[derive(Debug)]
pub(super) struct LaneArrows<'a> {
    all: &'a [Arrow],
    leaving: &'a [(Place, u32)],
    arriving: &'a [(Place, u32)],
}

impl<'a> LaneArrows<'a> {
    /// Those that leave from the lane's event at this position, and those that arrive at it. Events
    /// are asked for in order.
    pub(super) fn at(&mut self, event: usize) -> Ends<'a> {
        let [leaving, arriving] = [&mut self.leaving, &mut self.arriving].map(|arrows| {
            let here = arrows.iter().take_while(|((_, of), _)| *of as usize == event).count();
            let (here, rest) = arrows.split_at(here);
            *arrows = rest;
            here
        });
        Ends { all: self.all, leaving, arriving }
    }
}

/// The arrows at one event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends<'a> {
    all: &'a [Arrow],
    leaving: &'a [(Place, u32)],
    arriving: &'a [(Place, u32)],
}

impl<'a> Ends<'a> {
    /// Each with its number, from 1.
    pub(super) fn leaving(self) -> impl Iterator<Item = (u64, &'a Arrow)> {
        self.of(self.leaving)
    }

    /// Likewise.
    pub(super) fn arriving(self) -> impl Iterator<Item = (u64, &'a Arrow)> {
        self.of(self.arriving)
    }

    fn of(self, ends: &'a [(Place, u32)]) -> impl Iterator<Item = (u64, &'a Arrow)> {
        ends.iter().map(move |(_, number)| (u64::from(*number) + 1, &self.all[*number as usize]))
    }

    pub(super) fn is_empty(self) -> bool {
        self.leaving.is_empty() && self.arriving.is_empty()
    }
}

/// All tasks that may get an arrow, by parent.
fn taken(trace: &Trace) -> Vec<Taken> {
    let mut taken = Vec::new();
    for (lane, events) in (0..).zip(trace.lanes.iter().map(|lane| &lane.events)) {
        taken.extend((0..=u32::MAX).zip(events).filter_map(|(at, event)| match event {
            Event::Task(task) => taken_task((lane, at), task),
            _ => None,
        }));
    }
    taken.sort_unstable_by_key(|taken| (taken.parent, taken.place));
    taken
}

fn taken_task(place: Place, task: &Task) -> Option<Taken> {
    let crossed = matches!(task.origin, Origin::Stolen | Origin::Injected);
    let (parent, from, to) = (task.parent?, task.pushed?, task.span.start);
    // Viewers cannot draw an arrow backwards.
    let forwards = crossed && from <= to;
    forwards.then_some(Taken { parent, place, arrow: Arrow { from, to, origin: task.origin } })
}

/// Each task with the place of its pusher.
fn find_pushers(trace: &Trace, taken: &[Taken]) -> Vec<(Place, Taken)> {
    let mut found = Vec::with_capacity(taken.len());
    if taken.is_empty() {
        return found;
    }
    let mut near = 0;
    for (lane, events) in (0..).zip(trace.lanes.iter().map(|lane| &lane.events)) {
        let events = Slices::new(events).filter_map(|slice| match slice.what {
            What::Event(event) => Some((event, slice.shown)),
            What::Wait => None,
        });
        for (at, (event, shown)) in (0..=u32::MAX).zip(events) {
            let Some(parent) = pusher(event) else { continue };
            near = seek(taken, near, parent);
            let children = taken[near..].iter().take_while(|taken| taken.parent == parent);
            let within = |taken: &&Taken| (shown.start..shown.end).contains(&taken.arrow.from);
            found.extend(children.filter(within).map(|taken| ((lane, at), *taken)));
        }
    }
    found
}

/// The position of the first task with this parent, or where it would be. Looks near another
/// position first, as ids are in the order of events but for a few.
fn seek(taken: &[Taken], near: usize, parent: EventId) -> usize {
    let before = |taken: &Taken| taken.parent < parent;
    let (mut low, mut high, mut step) = (near, near, 1);
    while taken.get(high).is_some_and(before) {
        low = high + 1;
        high += step;
        step *= 2;
    }
    while low > 0 && !before(&taken[low - 1]) {
        high = low - 1;
        low = low.saturating_sub(step);
        step *= 2;
    }
    let high = high.min(taken.len());
    low + taken[low..high].partition_point(before)
}

/// The event's id, if what it pushed can have been taken: a join that ran both of its halves in
/// place, the commonest event by far, pushed nothing that was.
fn pusher(event: &Event) -> Option<EventId> {
    match event {
        Event::Join(join) if join.second == SecondHalf::Inline => None,
        _ => event.id(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LaneId;

    #[test]
    fn what_is_sought_is_found_from_everywhere() {
        let id = |sequence| EventId::new(LaneId(1), sequence).unwrap();
        let taken = |sequence: &u64| Taken {
            parent: id(*sequence),
            place: (0, 0),
            arrow: Arrow { from: Nanos(0), to: Nanos(0), origin: Origin::Stolen },
        };
        for length in 0..20 {
            let parents: Vec<u64> = (0..length).map(|at| 2 + at / 3 * 2).collect();
            let taken: Vec<Taken> = parents.iter().map(taken).collect();
            for (near, parent) in
                (0..=taken.len()).flat_map(|near| (1..18).map(move |id| (near, id)))
            {
                let expected = parents.partition_point(|of| *of < parent);
                assert_eq!(seek(&taken, near, id(parent)), expected, "{parents:?} {near} {parent}");
            }
        }
    }
}
