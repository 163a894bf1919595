//! The events of a lane as slices that a viewer can stack: derived waits put in, and whatever
//! crosses the slice around it cut short, because viewers drop a slice that does not nest.
//!
//! It draws; it does not judge. Whether a trace is valid is the timeline's question.

use crate::model::{Event, Nanos, SecondHalf, Span};

/// What a viewer draws as one bar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice<'a> {
    /// What it stands for.
    pub(super) what: What<'a>,
    /// Where it is drawn: within the slice around it.
    pub(super) shown: Span,
}

/// What a slice stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    /// An event of the lane.
    Event(&'a Event),
    /// The rest of a join or operation, in which its caller waited for others.
    Wait,
}

/// The slices of a lane in drawing order: by start, and what encloses before what it encloses.
/// Its memory is the depth of nesting.
#[derive(Debug)]
pub(super) struct Slices<'a> {
    events: std::slice::Iter<'a, Event>,
    open: Vec<Open>,
}

/// A slice that is not over yet.
#[derive(Debug)]
struct Open {
    end: Nanos,
    /// When its wait begins; taken once the wait is drawn or given up.
    wait: Option<Nanos>,
    /// Where the last slice drawn in it ends.
    filled: Nanos,
}

impl<'a> Slices<'a> {
    /// The slices of `events`, which stand in the order that
    /// [`Lane::events`](crate::model::Lane::events) promises.
    pub(super) fn new(events: &'a [Event]) -> Self {
        Self { events: events.iter(), open: Vec::new() }
    }

    /// Opens the waits and closes the slices that are due before `next` (at the end: all of them).
    fn advance(&mut self, next: Option<Nanos>) -> Option<Slice<'a>> {
        while let Some(top) = self.open.last_mut() {
            if let Some(wait) = top.wait.take_if(|wait| next.is_none_or(|next| *wait <= next))
                && top.filled <= wait
            {
                let shown = Span { start: wait, end: top.end };
                return Some(self.draw(What::Wait, shown, None));
            }
            if next.is_some_and(|next| next < top.end) {
                break;
            }
            self.open.pop();
        }
        None
    }

    fn draw_event(&mut self, event: &'a Event) -> Slice<'a> {
        let span = event.span();
        let around = self.open.last().map_or(span.end, |top| top.end);
        let shown = Span { start: span.start, end: span.end.min(around).max(span.start) };
        let wait = wait_of(event).filter(|wait| shown.start <= *wait && *wait < shown.end);
        self.draw(What::Event(event), shown, wait)
    }

    fn draw(&mut self, what: What<'a>, shown: Span, wait: Option<Nanos>) -> Slice<'a> {
        if let Some(top) = self.open.last_mut() {
            top.filled = top.filled.max(shown.end);
        }
        self.open.push(Open { end: shown.end, wait, filled: shown.start });
        Slice { what, shown }
    }
}

impl<'a> Iterator for Slices<'a> {
    type Item = Slice<'a>;

    fn next(&mut self) -> Option<Slice<'a>> {
        let next = self.events.as_slice().first().map(|event| event.span().start);
        if let Some(wait) = self.advance(next) {
            return Some(wait);
        }
        self.events.next().map(|event| self.draw_event(event))
    }
}

/// When the caller of a join or operation had nothing left to do itself.
fn wait_of(event: &Event) -> Option<Nanos> {
    match event {
        Event::Join(join) => (join.second == SecondHalf::Stolen).then_some(join.first_end),
        Event::Operation(operation) => Some(operation.wait),
        Event::Task(_) | Event::Leaf(_) | Event::Reduction(_) | Event::Collapsed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Collapsed, EventId, Join, LaneId, Outcome};

    fn span(start: u64, end: u64) -> Span {
        Span { start: Nanos(start), end: Nanos(end) }
    }

    fn join(start: u64, first_end: u64, end: u64, second: SecondHalf) -> Event {
        let id = EventId::new(LaneId(1), 1).unwrap();
        Event::Join(Join {
            span: span(start, end),
            id,
            task: id,
            operation: None,
            first_end: Nanos(first_end),
            depth: 0,
            first_joins: 0,
            second_joins: 0,
            second,
            elided: None,
            outcome: Outcome::Returned,
            site: None,
        })
    }

    fn collapsed(start: u64, end: u64) -> Event {
        Event::Collapsed(Collapsed {
            span: span(start, end),
            tasks: 1,
            busy: Nanos(0),
            waited: Nanos(0),
            joins: 0,
            spawns: 0,
            queued: Nanos(0),
        })
    }

    /// Start, end and whether it is a wait, of each slice.
    fn drawn(events: &[Event]) -> Vec<(u64, u64, bool)> {
        Slices::new(events)
            .map(|Slice { what, shown }| (shown.start.0, shown.end.0, matches!(what, What::Wait)))
            .collect()
    }

    #[test]
    fn a_stolen_second_half_is_waited_for() {
        let events = [
            join(0, 60, 100, SecondHalf::Stolen),
            join(10, 20, 60, SecondHalf::Inline),
            collapsed(60, 100),
        ];
        let expected = [(0, 100, false), (10, 60, false), (60, 100, true), (60, 100, false)];
        assert_eq!(drawn(&events), expected);
    }

    #[test]
    fn the_waits_of_nested_joins_come_innermost_first() {
        let events = [join(0, 60, 100, SecondHalf::Stolen), join(0, 20, 60, SecondHalf::Stolen)];
        let expected = [(0, 100, false), (0, 60, false), (20, 60, true), (60, 100, true)];
        assert_eq!(drawn(&events), expected);
    }

    #[test]
    fn a_wait_that_another_slice_crosses_is_left_out() {
        let events = [join(0, 60, 100, SecondHalf::Stolen), collapsed(50, 70), collapsed(80, 90)];
        assert_eq!(drawn(&events), [(0, 100, false), (50, 70, false), (80, 90, false)]);
    }

    #[test]
    fn a_wait_of_no_length_is_left_out() {
        assert_eq!(drawn(&[join(0, 100, 100, SecondHalf::Stolen)]), [(0, 100, false)]);
    }

    #[test]
    fn a_slice_that_crosses_its_parent_is_cut_at_the_parents_end() {
        let events = [collapsed(0, 100), collapsed(50, 150), collapsed(120, 130)];
        assert_eq!(drawn(&events), [(0, 100, false), (50, 100, false), (120, 130, false)]);
    }
}
