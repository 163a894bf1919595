//! The state machine: a stack of open events that proves that a lane's events nest, and places
//! each in the innermost one around it.

use std::cmp::Reverse;

use super::{Frame, Named, Problem};
use crate::model::{Event, Lane, Span};

/// The events of a lane as a forest, parents before children.
pub(super) fn build(lane: &Lane) -> Result<Vec<Frame>, Problem> {
    let mut frames: Vec<Frame> = Vec::with_capacity(lane.events.len());
    let mut open: Vec<usize> = Vec::new();
    for event in in_opening_order(lane)? {
        close_before(lane, &frames, &mut open, event)?;
        let parent = open.last().copied();
        let owner = parent.and_then(|parent| owner_within(lane, &frames, parent));
        frames.push(Frame::new(event, parent, owner));
        open.push(frames.len() - 1);
    }
    Ok(frames)
}

/// The owner of what lies directly in `parent`.
fn owner_within(lane: &Lane, frames: &[Frame], parent: usize) -> Option<usize> {
    match frames[parent].event_of(lane) {
        Event::Task(_) | Event::Collapsed(_) => Some(parent),
        Event::Join(_) | Event::Operation(_) | Event::Leaf(_) | Event::Reduction(_) => {
            frames[parent].owner()
        }
    }
}

/// Pops what ended before an event starts; what stays on top contains it.
fn close_before(
    lane: &Lane,
    frames: &[Frame],
    open: &mut Vec<usize>,
    event: usize,
) -> Result<(), Problem> {
    let span = lane.events[event].span();
    while let Some(&top) = open.last() {
        let around = frames[top].event_of(lane);
        if around.span().contains(span) {
            break;
        }
        if around.span().end > span.start {
            let (first, second) = (Named::of(around), Named::at(lane, event));
            return Err(Problem::Overlap { lane: lane.id, first, second });
        }
        open.pop();
    }
    Ok(())
}

/// The model's order, and within equal spans the order of opening, which ids count. Collapsed tasks
/// have no id and are the innermost of them: a recorded task among them would be shorter.
fn in_opening_order(lane: &Lane) -> Result<Vec<usize>, Problem> {
    for pair in lane.events.windows(2) {
        if key(pair[0].span()) > key(pair[1].span()) {
            let (first, second) = (Named::of(&pair[0]), Named::of(&pair[1]));
            return Err(Problem::Unsorted { lane: lane.id, first, second });
        }
    }
    let mut order: Vec<usize> = (0..lane.events.len()).collect();
    order.sort_by_key(|&index| opening(&lane.events[index]));
    Ok(order)
}

fn key(span: Span) -> impl Ord {
    (span.start, Reverse(span.end))
}

fn opening(event: &Event) -> impl Ord + use<> {
    (key(event.span()), event.id().is_none(), event.id())
}
