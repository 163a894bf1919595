//! What the program says of itself: its own spans and events, as `tracing` tells them. They stand
//! beside a lane's events and need not nest, in them or in each other.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Nanos, Span};

/// What a thread's part of the program said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// By start, at equal starts the longer first.
    pub phases: Vec<Phase>,
    /// By time.
    pub notes: Vec<Note>,
}

impl Told {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.phases.is_empty() && self.notes.is_empty()
    }

    /// Sorts both into the order that is promised.
    pub fn sort(&mut self) {
        self.phases.sort_by_key(|phase| {
            (phase.span.start, std::cmp::Reverse(phase.span.end), phase.id, phase.inherited)
        });
        self.notes.sort_by_key(|note| note.at);
    }
}

/// One of the program's spans: no other one of the process has its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhaseId(pub u64);

/// A stretch in which a thread was in one of the program's spans.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// From entering to leaving, or from the start to the end of the task that brought it.
    pub span: Span,
    /// Which span; `None` where a task ran that was in none, while the thread was in one.
    pub id: Option<PhaseId>,
    /// The span in which it was opened.
    pub within: Option<PhaseId>,
    /// What it is called; `None` where that found no room.
    pub name: Option<Arc<str>>,
    /// Whether a task brought it from the thread that pushed it.
    pub inherited: bool,
}

/// One of the program's events.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// When.
    pub at: Nanos,
    /// The span that it is of.
    pub phase: Option<PhaseId>,
    /// What it says; `None` where that found no room.
    pub text: Option<Arc<str>>,
}
