//! What must hold of the events of one lane beside their nesting.

use super::frame::{caller, owners, turn};
use super::position::Position;
use super::{Frame, Named, Pointer, Problem, is_whole};
use crate::model::{ChainId, Event, EventId, Lane, Leaf, Origin, Role, SiteId, Span, Task, Trace};

/// Where a lane's ids stand among its events, in the order of the ids. A recorder counts them up in
/// the order of opening, so that they are in that order, or nearly so, from the start.
pub(super) struct Ids(Vec<(EventId, Position)>);

impl Ids {
    fn of(lane: &Lane) -> Result<Self, Problem> {
        let ids = lane.events.iter().enumerate();
        let ids = ids.filter_map(|(index, event)| Some((event.id()?, Position::new(index))));
        let mut ids: Vec<_> = ids.collect();
        ids.sort_by_key(|&(id, _)| id);
        match ids.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => {
                let [first, second] = [0, 1].map(|at| Named::at(lane, pair[at].1.index()));
                Err(Problem::DuplicateId { lane: lane.id, first, second })
            }
            None => Ok(Self(ids)),
        }
    }

    fn get(&self, id: EventId) -> Option<usize> {
        let at = self.0.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(self.0[at].1.index())
    }
}

/// Checks each event by itself, and that no id comes twice.
pub(super) fn each(trace: &Trace, lane: &Lane, presence: Span) -> Result<Ids, Problem> {
    for event in &lane.events {
        check_times(lane, event, presence)?;
        check_place(trace, lane, event)?;
        match event {
            Event::Task(task) => check_push(lane, event, task)?,
            Event::Leaf(leaf) => check_leaf(lane, event, leaf)?,
            _ => {}
        }
    }
    Ids::of(lane)
}

fn check_times(lane: &Lane, event: &Event, presence: Span) -> Result<(), Problem> {
    let (span, named, lane) = (event.span(), Named::of(event), lane.id);
    if span.start > span.end {
        return Err(Problem::Backwards { lane, event: named });
    }
    if !presence.contains(span) {
        return Err(Problem::OutsideThread { lane, event: named, presence });
    }
    match turn(event) {
        Some(at) if at < span.start || at > span.end => {
            Err(Problem::TurnOutside { lane, event: named, at })
        }
        _ => Ok(()),
    }
}

fn check_place(trace: &Trace, lane: &Lane, event: &Event) -> Result<(), Problem> {
    let named = Named::of(event);
    if event.id().is_some_and(|id| id.lane() != lane.id) {
        return Err(Problem::ForeignId { lane: lane.id, event: named });
    }
    if lane.role == Role::Outside && !possible_outside(event) {
        return Err(Problem::NotAWorker { lane: lane.id, event: named });
    }
    check_texts(trace, lane, Pointer::Event(named), event.site(), event.chain())
}

/// Checks that the trace has what is pointed to.
fn check_texts(
    trace: &Trace,
    lane: &Lane,
    from: Pointer,
    site: Option<SiteId>,
    chain: Option<ChainId>,
) -> Result<(), Problem> {
    if let Some(site) = site.filter(|&site| trace.site(site).is_none()) {
        return Err(Problem::UnknownSite { lane: lane.id, from, site, sites: trace.sites.len() });
    }
    match chain.filter(|&chain| trace.chain(chain).is_none()) {
        Some(chain) => {
            let chains = trace.chains.len();
            Err(Problem::UnknownChain { lane: lane.id, from, chain, chains })
        }
        None => Ok(()),
    }
}

/// A thread that is no worker may run an operation of one leaf itself, and the reduction of a split
/// that it made.
fn possible_outside(event: &Event) -> bool {
    matches!(event, Event::Operation(_) | Event::Leaf(_) | Event::Reduction(_))
}

fn check_push(lane: &Lane, event: &Event, task: &Task) -> Result<(), Problem> {
    let (named, lane) = (Named::of(event), lane.id);
    if let Some(pushed) = task.pushed.filter(|&pushed| pushed > task.span.start) {
        return Err(Problem::PushedLate { lane, task: named, pushed });
    }
    match task.parent {
        Some(parent) if task.origin == Origin::Stolen && parent.lane() == lane => {
            Err(Problem::StolenFromItself { lane, task: named, parent })
        }
        _ => Ok(()),
    }
}

/// Both lengths and both ends of the leaf were rounded by themselves, hence a slack of one each.
fn check_leaf(lane: &Lane, event: &Event, leaf: &Leaf) -> Result<(), Problem> {
    let Leaf { span, waited, producing, .. } = *leaf;
    if waited.0.saturating_add(producing.0) <= span.duration().0 + 2 {
        return Ok(());
    }
    Err(Problem::LeafTooShort { lane: lane.id, leaf: Named::of(event), waited, producing })
}

/// Checks that whatever was called or run in a task lies in the one that it names.
pub(super) fn callers(lane: &Lane, frames: &[Frame], ids: &Ids) -> Result<(), Problem> {
    for (index, frame) in frames.iter().enumerate() {
        let event = frame.event_of(lane);
        match (event, caller(event)) {
            (_, Some(task)) => check_caller(lane, frames, index, ids, task)?,
            (Event::Operation(_), None) => check_no_caller(lane, frames, index)?,
            (Event::Leaf(_) | Event::Reduction(_), None) => {
                check_no_caller(lane, frames, index)?;
                check_outside(lane, event)?;
            }
            (Event::Task(_) | Event::Join(_) | Event::Collapsed(_), None) => {}
        }
    }
    Ok(())
}

fn check_caller(
    lane: &Lane,
    frames: &[Frame],
    index: usize,
    ids: &Ids,
    task: EventId,
) -> Result<(), Problem> {
    let event = frames[index].event_of(lane);
    let (named, span) = (Named::of(event), event.span());
    if task_around(lane, frames, index).and_then(Event::id) == Some(task) {
        return Ok(());
    }
    let Some(there) = ids.get(task).map(|there| Named::at(lane, there)) else {
        return check_missing(lane, frames, index, task);
    };
    // An empty event on the border of two tasks may lie in either.
    if span.start == span.end && there.span.contains(span) {
        return Ok(());
    }
    Err(Problem::NotInItsTask { lane: lane.id, event: named, task: there })
}

/// A task may be missing if it was lost, or if it is one of those summed up around the event.
fn check_missing(
    lane: &Lane,
    frames: &[Frame],
    index: usize,
    task: EventId,
) -> Result<(), Problem> {
    let owner = frames[index].owner().map(|owner| frames[owner].event_of(lane));
    let collapsed = matches!(owner, Some(Event::Collapsed(_)));
    if collapsed || !is_whole(lane) {
        return Ok(());
    }
    let event = Named::of(frames[index].event_of(lane));
    Err(Problem::MissingTask { lane: lane.id, event, task })
}

fn check_no_caller(lane: &Lane, frames: &[Frame], index: usize) -> Result<(), Problem> {
    let Some(task) = task_around(lane, frames, index) else { return Ok(()) };
    let (event, task) = (Named::of(frames[index].event_of(lane)), Named::of(task));
    if event.span.start == event.span.end {
        return Ok(());
    }
    Err(Problem::NamesNoTask { lane: lane.id, event, task })
}

/// A thread that is no worker runs code in no task.
fn check_outside(lane: &Lane, event: &Event) -> Result<(), Problem> {
    match lane.role {
        Role::Outside => Ok(()),
        Role::Worker { .. } => Err(Problem::InNoTask { lane: lane.id, event: Named::of(event) }),
    }
}

fn task_around<'l>(lane: &'l Lane, frames: &'l [Frame], index: usize) -> Option<&'l Event> {
    owners(frames, index)
        .map(|owner| frames[owner].event_of(lane))
        .find(|around| matches!(around, Event::Task(_)))
}

/// Checks that a lane's tallies point to what the trace has.
pub(super) fn tallies(trace: &Trace, lane: &Lane) -> Result<(), Problem> {
    for (index, tally) in lane.tallies.iter().enumerate() {
        check_texts(trace, lane, Pointer::Tally(index), tally.site, tally.chain)?;
    }
    Ok(())
}
