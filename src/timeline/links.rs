//! The events that others name: what pushed a task, which operation a part belongs to. Looked up
//! once for all that is proven across lanes, and only for what is named: most events are not.

use foldhash::{HashMap, HashSet};

use crate::model::{Event, EventId, Lane, Trace};

/// Where the named events are.
pub(super) struct Links<'t>(HashMap<EventId, (&'t Lane, &'t Event)>);

impl<'t> Links<'t> {
    pub(super) fn of(trace: &'t Trace) -> Self {
        let named: HashSet<EventId> = events(trace).filter_map(|(_, event)| names(event)).collect();
        let wanted = |(lane, event): (&'t Lane, &'t Event)| {
            let id = event.id().filter(|id| named.contains(id))?;
            Some((id, (lane, event)))
        };
        Self(events(trace).filter_map(wanted).collect())
    }

    /// The event of that name and its lane; `None` if it is not in the trace. That contradicts
    /// nothing: it may be lost, or too short to be kept.
    pub(super) fn get(&self, id: EventId) -> Option<(&'t Lane, &'t Event)> {
        self.0.get(&id).copied()
    }
}

/// All events with their lanes.
pub(super) fn events(trace: &Trace) -> impl Iterator<Item = (&Lane, &Event)> {
    trace.lanes.iter().flat_map(|lane| lane.events.iter().map(move |event| (lane, event)))
}

fn names(event: &Event) -> Option<EventId> {
    match event {
        Event::Task(task) => task.parent,
        _ => event.part_of(),
    }
}
