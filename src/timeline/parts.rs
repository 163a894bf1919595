//! Parallel iterators: whether splits, leaves and reductions belong to an operation that can have
//! them, and are no more than it counted.
//!
//! An operation counts more than the trace holds: parts may be lost or were only counted. After an
//! early exit or a panic parts are missing altogether, so that these are bounds, never equalities.

use std::collections::BTreeMap;

use super::links::{Links, events};
use super::{Named, Problem};
use crate::model::{Event, EventId, Iteration, Lane, Operation, OperationKind, Trace};

pub(super) fn check(trace: &Trace, links: &Links<'_>) -> Result<(), Problem> {
    let mut held: BTreeMap<EventId, Held> = BTreeMap::new();
    for (lane, event) in events(trace) {
        let Some(operation) = event.part_of() else { continue };
        check_part(lane, event, operation, links)?;
        held.entry(operation).or_insert(Held::NONE).add(event);
    }
    for (lane, event) in events(trace) {
        if let Event::Operation(operation) = event {
            // An operation without an entry has no part among the events: it holds none.
            let held = held.get(&operation.id).copied().unwrap_or(Held::NONE);
            check_operation(lane, event, operation, held)?;
        }
    }
    Ok(())
}

/// Within one lane a part lies in its operation; between two it may be the clock that is wrong,
/// which is [`causality`](super::causality)'s matter.
fn check_part(
    lane: &Lane,
    event: &Event,
    operation: EventId,
    links: &Links<'_>,
) -> Result<(), Problem> {
    let Some((its_lane, named)) = links.get(operation) else { return Ok(()) };
    let (part, whole) = (Named::of(event), Named::of(named));
    if !is_iterator(named) {
        return Err(Problem::NoIterator { lane: lane.id, part, whole });
    }
    if its_lane.id == lane.id && !whole.span.contains(part.span) {
        return Err(Problem::OutsideOperation { lane: lane.id, part, operation: whole });
    }
    Ok(())
}

fn is_iterator(event: &Event) -> bool {
    matches!(event, Event::Operation(operation) if operation.kind == OperationKind::Iterator)
}

/// Each split makes one part more, and a reduction takes two results that a split made. Under an
/// indexed adaptor only leaves are seen.
fn check_operation(
    lane: &Lane,
    event: &Event,
    operation: &Operation,
    held: Held,
) -> Result<(), Problem> {
    let Some(iteration) = &operation.iteration else { return Ok(()) };
    let Iteration { items, leaves, splits, reductions, .. } = **iteration;
    // Where reductions are out of sight, none may stand among the events, and leaves may be of
    // splits that are out of sight, too.
    let (parts, reductions) = match reductions {
        Some(reductions) => (splits.saturating_add(1), reductions),
        None => (u64::MAX, 0),
    };
    let compared = [
        ("leaves counted", leaves, "parts made", parts),
        ("reductions counted", reductions, "splits", splits),
        ("splits in the events", held.splits, "counted", splits),
        ("leaves in the events", held.leaves, "counted", leaves),
        ("items in the events", held.items, "counted", items),
        ("reductions in the events", held.reductions, "counted", reductions),
    ];
    for (what, part, of, whole) in compared {
        if part > whole {
            let operation = Named::of(event);
            return Err(Problem::PartsMiscounted {
                lane: lane.id,
                operation,
                what,
                part,
                of,
                whole,
            });
        }
    }
    Ok(())
}

/// What the events hold of one operation.
#[derive(Clone, Copy)]
struct Held {
    splits: u64,
    leaves: u64,
    items: u64,
    reductions: u64,
}

impl Held {
    const NONE: Self = Self { splits: 0, leaves: 0, items: 0, reductions: 0 };

    fn add(&mut self, part: &Event) {
        match part {
            Event::Join(_) => self.splits += 1,
            Event::Leaf(leaf) => {
                self.leaves += 1;
                self.items = self.items.saturating_add(leaf.items);
            }
            Event::Reduction(_) => self.reductions += 1,
            Event::Task(_) | Event::Operation(_) | Event::Collapsed(_) => {}
        }
    }
}
