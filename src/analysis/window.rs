//! The stretch of the recording that figures are of.

use serde::Serialize;

use crate::model::{Nanos, Span};
use crate::timeline::Timeline;

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
    /// The first event's start and the last one's end, on any lane: setting up a pool before and
    /// writing files after are not the program's.
    Events,
    /// The recording's own, as it holds no event.
    Recording,
}

impl Window {
    /// The window of a trace.
    pub fn of(timeline: &Timeline) -> Self {
        let whole = Span { start: Nanos::ZERO, end: timeline.trace().header.duration };
        match timeline.extent() {
            Some(span) => Self { span, ends: WindowEnds::Events },
            None => Self { span: whole, ends: WindowEnds::Recording },
        }
    }
}
