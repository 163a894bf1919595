//! Arrows: from where a task was pushed to where another thread began it, and from who woke a worker
//! to where that runs again.

use super::nest::{Slices, What};
use super::wakes;
use crate::model::{Event, EventId, Nanos, Origin, SecondHalf, Task, Trace};

/// An arrow between two lanes, both ends within a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    /// When the task was pushed, or the worker woken.
    pub(super) from: Nanos,
    /// When the task was begun, or the worker ran again.
    pub(super) to: Nanos,
    pub(super) kind: Kind,
}

/// What an arrow stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A task was stolen.
    Steal,
    /// A task came into a pool from outside.
    Inject,
    /// A sleeping worker was woken.
    Wake,
}

/// The arrows of a trace, by what is at their ends.
#[derive(Debug, Default)]
pub(super) struct Arrows {
    /// Those of tasks, then those of wakes, both in order of time; an arrow's number is its position.
    all: Vec<Arrow>,
    tasks: Sides<Vec<End>>,
    wakes: Sides<Vec<End>>,
}

/// What is so of both ends of arrows.
#[derive(Clone, Copy, Debug, Default)]
struct Sides<T> {
    leaving: T,
    arriving: T,
}

/// Where an arrow ends, and its number.
type End = (Place, u32);

/// What an arrow ends in, by its lane's position in [`Trace::lanes`], and by its own in the lane: in
/// its events for arrows of tasks; for those of wakes in all that is drawn on it where they arrive, and
/// in its marks where they leave.
pub(super) type Place = (u32, u32);

/// An arrow whose ends are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) arrow: Arrow,
}

/// A task that another thread pushed, whose pusher is still to be found.
#[derive(Clone, Copy)]
struct Taken {
    parent: EventId,
    place: Place,
    arrow: Arrow,
}

impl Arrows {
    /// Those of all stolen and injected tasks whose pusher is in the trace, and of all wakes at whose
    /// ends something is drawn. Needs memory for these alone. A trace that outgrows 32 bits has none
    /// beyond.
    pub(super) fn of(trace: &Trace) -> Self {
        let mut arrows = Self::default();
        arrows.tasks = arrows.number(find_pushers(trace, &taken(trace)));
        arrows.wakes = arrows.number(wakes::of(trace));
        arrows
    }

    /// Takes some in, and tells their ends in order.
    fn number(&mut self, mut placed: Vec<Placed>) -> Sides<Vec<End>> {
        placed
            .sort_unstable_by_key(|Placed { from, to, arrow }| (arrow.from, from.0, arrow.to, *to));
        placed.truncate(u32::MAX as usize - self.all.len());
        let numbered = || (self.all.len() as u32..).zip(&placed);
        let mut sides = Sides {
            leaving: numbered().map(|(number, placed)| (placed.from, number)).collect::<Vec<_>>(),
            arriving: numbered().map(|(number, placed)| (placed.to, number)).collect::<Vec<_>>(),
        };
        self.all.extend(placed.iter().map(|placed| placed.arrow));
        sides.leaving.sort_unstable();
        sides.arriving.sort_unstable();
        sides
    }

    /// Those of a lane, to be taken slice by slice.
    pub(super) fn of_lane(&self, lane: usize) -> LaneArrows<'_> {
        let [tasks, wakes] = [&self.tasks, &self.wakes].map(|sides| sides.of_lane(lane));
        LaneArrows { all: &self.all, tasks, wakes }
    }
}

impl Sides<Vec<End>> {
    fn of_lane(&self, lane: usize) -> Sides<&[End]> {
        let Self { leaving, arriving } = self;
        Sides { leaving: part(leaving, lane), arriving: part(arriving, lane) }
    }
}

fn part(ends: &[End], lane: usize) -> &[End] {
    let first = ends.partition_point(|((of, _), _)| (*of as usize) < lane);
    let length = ends[first..].partition_point(|((of, _), _)| *of as usize == lane);
    &ends[first..first + length]
}

/// The arrows of a lane whose slices are still to come.
#[derive(Debug)]
pub(super) struct LaneArrows<'a> {
    all: &'a [Arrow],
    tasks: Sides<&'a [End]>,
    wakes: Sides<&'a [End]>,
}

impl<'a> LaneArrows<'a> {
    /// Those at the slice at this position in all that is drawn on the lane; if it is an event, its
    /// position among these is given, too. Slices are asked for in order.
    pub(super) fn at(&mut self, slice: usize, event: Option<usize>) -> Ends<'a> {
        let tasks = match event {
            Some(event) => Sides {
                leaving: take(&mut self.tasks.leaving, event),
                arriving: take(&mut self.tasks.arriving, event),
            },
            // What is no event pushed no task and is none: it has no such arrows.
            None => Sides::default(),
        };
        let wakes = Sides { leaving: &[][..], arriving: take(&mut self.wakes.arriving, slice) };
        Ends { all: self.all, tasks, wakes }
    }

    /// The next mark of a wake, if it is to be drawn before what begins then: when it is, and its arrow.
    pub(super) fn mark(&mut self, next: Option<Nanos>) -> Option<(Nanos, Ends<'a>)> {
        let (here, rest) = self.wakes.leaving.split_at_checked(1)?;
        let at = self.all[here[0].1 as usize].from;
        if next.is_some_and(|next| next <= at) {
            return None;
        }
        self.wakes.leaving = rest;
        let wakes = Sides { leaving: here, arriving: &[][..] };
        Some((at, Ends { all: self.all, tasks: Sides::default(), wakes }))
    }
}

/// Takes off those at this position.
fn take<'a>(ends: &mut &'a [End], position: usize) -> &'a [End] {
    let here = ends.iter().take_while(|((_, of), _)| *of as usize == position).count();
    let (here, rest) = ends.split_at(here);
    *ends = rest;
    here
}

/// The arrows at one slice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends<'a> {
    all: &'a [Arrow],
    tasks: Sides<&'a [End]>,
    wakes: Sides<&'a [End]>,
}

impl<'a> Ends<'a> {
    /// Each with its number, from 1.
    pub(super) fn leaving(self) -> impl Iterator<Item = (u64, &'a Arrow)> {
        self.of(self.tasks.leaving, self.wakes.leaving)
    }

    /// Likewise.
    pub(super) fn arriving(self) -> impl Iterator<Item = (u64, &'a Arrow)> {
        self.of(self.tasks.arriving, self.wakes.arriving)
    }

    fn of(self, tasks: &'a [End], wakes: &'a [End]) -> impl Iterator<Item = (u64, &'a Arrow)> {
        let ends = tasks.iter().chain(wakes);
        ends.map(move |(_, number)| (u64::from(*number) + 1, &self.all[*number as usize]))
    }

    pub(super) fn is_empty(self) -> bool {
        [self.tasks, self.wakes].iter().all(|of| of.leaving.is_empty() && of.arriving.is_empty())
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
    let kind = match task.origin {
        Origin::Stolen => Kind::Steal,
        Origin::Injected => Kind::Inject,
        Origin::Root | Origin::Local | Origin::Broadcast | Origin::Migrated => return None,
    };
    let (parent, from, to) = (task.parent?, task.pushed?, task.span.start);
    // Viewers cannot draw an arrow backwards.
    (from <= to).then_some(Taken { parent, place, arrow: Arrow { from, to, kind } })
}

/// The arrows of those tasks whose pusher is found.
fn find_pushers(trace: &Trace, taken: &[Taken]) -> Vec<Placed> {
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
            found.extend(children.filter(within).map(|taken| Placed {
                from: (lane, at),
                to: taken.place,
                arrow: taken.arrow,
            }));
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
            arrow: Arrow { from: Nanos(0), to: Nanos(0), kind: Kind::Steal },
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
