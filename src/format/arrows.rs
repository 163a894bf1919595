//! Steal arrows: from where a task was pushed to where another thread began it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::nest::{Slices, What};
use crate::model::{Event, EventId, Nanos, Origin, SecondHalf, Task, Trace};

/// An arrow between two lanes, both ends within a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    /// Its number, from 1, in order of time.
    pub(super) number: u64,
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
    /// In order of the event that pushed.
    leaving: Vec<(Place, Arrow)>,
    /// In order of the task.
    arriving: Vec<(Place, Arrow)>,
}

/// An event by its lane's position in [`Trace::lanes`], and by its own in the lane.
type Place = (usize, usize);

/// A task that another thread pushed, whose pusher is still to be found.
struct Taken {
    parent: EventId,
    pushed: Nanos,
    start: Nanos,
    origin: Origin,
    place: Place,
}

impl Arrows {
    /// Those of all stolen and injected tasks whose pusher is in the trace. Needs memory for these
    /// tasks alone.
    pub(super) fn of(trace: &Trace) -> Self {
        let taken = taken(trace);
        let mut found = Vec::with_capacity(taken.len());
        find_pushers(trace, &taken, &mut found);
        found.sort_by_key(|(from, taken)| (taken.pushed, from.0, taken.start, taken.place));
        let numbered = (1..).zip(found).map(|(number, (from, taken))| {
            let Taken { pushed, start, origin, place, .. } = *taken;
            (from, place, Arrow { number, from: pushed, to: start, origin })
        });
        let mut arrows = Self::default();
        for (from, to, arrow) in numbered {
            arrows.leaving.push((from, arrow));
            arrows.arriving.push((to, arrow));
        }
        arrows.leaving.sort_by_key(|(place, arrow)| (*place, arrow.number));
        arrows.arriving.sort_by_key(|(place, _)| *place);
        arrows
    }

    /// Those of a lane, to be taken event by event.
    pub(super) fn of_lane(&self, lane: usize) -> LaneArrows<'_> {
        let of_lane = |arrows| part(arrows, lane);
        LaneArrows { leaving: of_lane(&self.leaving), arriving: of_lane(&self.arriving) }
    }
}

fn part(arrows: &[(Place, Arrow)], lane: usize) -> &[(Place, Arrow)] {
    let first = arrows.partition_point(|((of, _), _)| *of < lane);
    let length = arrows[first..].partition_point(|((of, _), _)| *of == lane);
    &arrows[first..first + length]
}

/// The arrows of a lane whose events are still to come.
#[derive(Debug)]
pub(super) struct LaneArrows<'a> {
    leaving: &'a [(Place, Arrow)],
    arriving: &'a [(Place, Arrow)],
}

impl<'a> LaneArrows<'a> {
    /// Those that leave from the lane's event at this position, and those that arrive at it. Events
    /// are asked for in order.
    pub(super) fn at(&mut self, event: usize) -> Ends<'a> {
        let ends = [&mut self.leaving, &mut self.arriving].map(|arrows| {
            let here = arrows.iter().take_while(|((_, of), _)| *of == event).count();
            let (here, rest) = arrows.split_at(here);
            *arrows = rest;
            here
        });
        Ends { leaving: ends[0], arriving: ends[1] }
    }
}

/// The arrows at one event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends<'a> {
    leaving: &'a [(Place, Arrow)],
    arriving: &'a [(Place, Arrow)],
}

impl<'a> Ends<'a> {
    pub(super) fn leaving(self) -> impl Iterator<Item = &'a Arrow> {
        self.leaving.iter().map(|(_, arrow)| arrow)
    }

    pub(super) fn arriving(self) -> impl Iterator<Item = &'a Arrow> {
        self.arriving.iter().map(|(_, arrow)| arrow)
    }

    pub(super) fn is_empty(self) -> bool {
        self.leaving.is_empty() && self.arriving.is_empty()
    }
}

/// All tasks that may get an arrow, by parent.
fn taken(trace: &Trace) -> Vec<Taken> {
    let mut taken = Vec::new();
    for (lane, events) in trace.lanes.iter().map(|lane| &lane.events).enumerate() {
        let tasks = events.iter().enumerate().filter_map(|(at, event)| match event {
            Event::Task(task) => taken_task((lane, at), task),
            _ => None,
        });
        taken.extend(tasks);
    }
    taken.sort_by_key(|taken| taken.parent);
    taken
}

fn taken_task(place: Place, task: &Task) -> Option<Taken> {
    let crossed = matches!(task.origin, Origin::Stolen | Origin::Injected);
    let (parent, pushed, start) = (task.parent?, task.pushed?, task.span.start);
    // Viewers cannot draw an arrow backwards.
    let forwards = crossed && pushed <= start;
    forwards.then_some(Taken { parent, pushed, start, origin: task.origin, place })
}

/// Each task with its pusher.
fn find_pushers<'t>(trace: &Trace, taken: &'t [Taken], found: &mut Vec<(Place, &'t Taken)>) {
    let children: HashMap<_, _, Spread> =
        taken.chunk_by(|a, b| a.parent == b.parent).map(|of| (of[0].parent, of)).collect();
    if children.is_empty() {
        return;
    }
    for (lane, events) in trace.lanes.iter().map(|lane| &lane.events).enumerate() {
        let events = Slices::new(events).filter_map(|slice| match slice.what {
            What::Event(event) => Some((event, slice.shown)),
            What::Wait => None,
        });
        for (at, (event, shown)) in events.enumerate() {
            let pushed = pusher(event).and_then(|id| children.get(&id)).copied();
            let within = pushed.unwrap_or_default().iter();
            let within = within.filter(|taken| shown.start <= taken.pushed);
            found.extend(
                within.filter(|taken| taken.pushed < shown.end).map(|taken| ((lane, at), taken)),
            );
        }
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

type Spread = BuildHasherDefault<Multiply>;

/// Spreads ids, which are numbers in sequence. Whoever makes a file so that they meet only makes
/// reading it slow.
#[derive(Default)]
struct Multiply(u64);

impl Hasher for Multiply {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }
}
