//! The stretch of the recording that figures are of.

use serde::Serialize;

use crate::model::{Event, Nanos, OperationKind, Role, Span};
use crate::timeline::{Row, Timeline};

/// The stretch of the recording that figures are of, and what marks its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// From when to when.
    #[serde(flatten)]
    pub span: Span,
    /// What marks its ends.
    pub ends: WindowEnds,
}

/// What marks the ends of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowEnds {
    /// The first region's start and the last one's end, of those that are in no task: the user has
    /// named what counts.
    Regions,
    /// The first event's start and the last one's end, on any lane, and those of the program's own
    /// spans: setting up a pool before and writing files after are not the program's.
    Events,
    /// The recording's own, as it holds no event.
    Recording,
}

impl Window {
    /// The window of a trace.
    pub fn of(timeline: &Timeline) -> Self {
        let whole = Span { start: Nanos::ZERO, end: timeline.trace().header.duration };
        match (regions(timeline), timeline.extent()) {
            (Some(span), _) => Self { span, ends: WindowEnds::Regions },
            (None, Some(span)) => {
                Self { span: with_phases(timeline, span), ends: WindowEnds::Events }
            }
            (None, None) => Self { span: whole, ends: WindowEnds::Recording },
        }
    }
}

/// With the program's own spans on threads that are no workers: in these, too, it has named what
/// counts, be it serial.
fn with_phases(timeline: &Timeline, events: Span) -> Span {
    let lanes = timeline.rows().iter().map(Row::lane);
    let outside = lanes.filter(|lane| lane.role == Role::Outside);
    let phases = outside.flat_map(|lane| &lane.told.phases);
    phases.fold(events, |all, phase| Span {
        start: all.start.min(phase.span.start),
        end: all.end.max(phase.span.end),
    })
}

/// From the first region's start to the last one's end.
fn regions(timeline: &Timeline) -> Option<Span> {
    let events = || timeline.rows().iter().flat_map(|row| &row.lane().events);
    let spans = || events().filter(|event| is_region(event)).map(Event::span);
    let start = spans().map(|span| span.start).min()?;
    let end = spans().map(|span| span.end).max()?;
    Some(Span { start, end })
}

/// A region within a task names a part of what is under way; it does not open the window.
fn is_region(event: &Event) -> bool {
    matches!(event, Event::Operation(operation)
        if operation.kind == OperationKind::Region && operation.task.is_none())
}
