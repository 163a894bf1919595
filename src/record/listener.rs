//! Telling a front end what is opened and closed while it happens. Who listens, and what becomes of
//! it, is the front end's: the recorder knows no subscriber.
//!
//! Only what is timed is told of, so the count-down is as fast as without: whether anybody hears is
//! asked where a task or an operation begins, and kept in the notebook until the next one does.

use std::fmt::Debug;
use std::panic::Location;
use std::sync::OnceLock;

use super::event::{OperationKind, Origin, SecondHalf};
use super::ids::EventId;
use super::notebook::Notebook;
use super::recorder::Seat;
use super::time::Ticks;

/// Is told of what a thread opens and closes, by that thread.
pub trait Listener: Debug + Sync {
    /// Whether it wants to be told of what this thread opens from here on.
    fn hears(&self) -> bool;
    /// Whether it wants to be told of a task, and of what that opens, that comes from what has the
    /// first id, or was open around that.
    fn hears_from(&self, parent: Option<EventId>, around: Option<EventId>) -> bool;
    /// Something begins on this thread, within what is open there.
    fn opened(&self, opened: &Opened<'_>);
    /// Something ends that it may have been told of.
    fn closed(&self, id: EventId, closed: Closed);
    /// What this thread opened last and has not closed.
    fn innermost(&self) -> Option<EventId>;
}

/// What begins.
#[derive(Debug)]
pub struct Opened<'a> {
    /// Its id, as it will stand in its record.
    pub id: EventId,
    /// What it is.
    pub what: Opening<'a>,
    /// The worker on which it begins; `None` for a thread that is none.
    pub seat: Option<Seat>,
    /// Joins or splits around it, where they are known.
    pub depth: Option<u32>,
    /// Where the code stands that called or pushed it, if that was noted.
    pub site: Option<&'static Location<'static>>,
}

/// What it is that begins.
#[derive(Debug)]
pub enum Opening<'a> {
    /// A task.
    Task {
        /// How it came here.
        origin: Origin,
        /// What pushed it, where that is recorded.
        parent: Option<EventId>,
        /// What was open where it was pushed, where `parent` is not known, or is no more than the
        /// task around.
        around: Option<EventId>,
        /// How long it was queued, in ticks, where that is known.
        queued: Option<u64>,
    },
    /// A join.
    Join,
    /// A call that waits for others.
    Operation {
        /// Which call.
        kind: OperationKind,
        /// The name that the user gave it.
        label: Option<&'a str>,
    },
    /// A split of a parallel iterator.
    Split,
    /// A part of a parallel iterator that is run item by item.
    Leaf,
    /// Two results of a parallel iterator are made one.
    Reduction,
}

/// How it ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closed {
    /// Whether a panic went through it.
    pub panicked: bool,
    /// Of a leaf that returned: its items.
    pub items: Option<u64>,
    /// Of a join or split: how its second half was run.
    pub second: Option<SecondHalf>,
    /// Of a task: the joins called in it.
    pub joins: Option<u64>,
}

static LISTENER: OnceLock<&'static dyn Listener> = OnceLock::new();

/// Makes a listener known to all recordings from the next one on. The first one stays.
pub fn listen_with(listener: &'static dyn Listener) {
    // Whoever comes second is the same front end once more.
    let _ = LISTENER.set(listener);
}

/// Whether somebody listens who wants to be told.
#[inline]
pub(super) fn is_heard() -> bool {
    LISTENER.get().is_some_and(|listener| listener.hears())
}

/// Whether somebody wants to be told of a task that comes from there.
#[inline]
pub(super) fn is_heard_from(parent: u64, around: u64) -> bool {
    let word = EventId::from_word;
    LISTENER.get().is_some_and(|listener| listener.hears_from(word(parent), word(around)))
}

/// What was opened last on this thread of what the listener was told of, as the word of an id.
#[cold]
pub(super) fn innermost() -> u64 {
    let innermost = LISTENER.get().and_then(|listener| listener.innermost());
    innermost.map_or(0, EventId::word)
}

/// Something that the listener was told of, if it was. To be closed on every way on which that
/// ends, also if its record goes nowhere.
#[derive(Debug, Default)]
pub(super) struct Told(bool);

impl Told {
    /// Tells of it, if somebody hears.
    #[inline]
    pub(super) fn of(
        notebook: &Notebook,
        id: u64,
        depth: Option<u32>,
        site: Option<&'static Location<'static>>,
        what: impl FnOnce() -> Opening<'static>,
    ) -> Self {
        if !notebook.heard.get() {
            return Self(false);
        }
        Self(tell(notebook, id, depth, site, what()))
    }

    /// Tells of an operation, which may have a name.
    #[inline]
    pub(super) fn of_operation(
        notebook: &Notebook,
        id: u64,
        site: &'static Location<'static>,
        kind: OperationKind,
        label: Option<&str>,
    ) -> Self {
        if !notebook.heard.get() {
            return Self(false);
        }
        Self(tell(notebook, id, None, Some(site), Opening::Operation { kind, label }))
    }

    /// Tells that it ended, once.
    #[inline]
    pub(super) fn close(&mut self, id: u64, closed: impl FnOnce() -> Closed) {
        if self.0 {
            self.0 = false;
            tell_end(id, closed());
        }
    }
}

#[cold]
fn tell(
    notebook: &Notebook,
    id: u64,
    depth: Option<u32>,
    site: Option<&'static Location<'static>>,
    what: Opening<'_>,
) -> bool {
    let Some((listener, id)) = LISTENER.get().zip(EventId::from_word(id)) else { return false };
    let seat = notebook.member.seat();
    listener.opened(&Opened { id, what, seat, depth, site });
    true
}

#[cold]
fn tell_end(id: u64, closed: Closed) {
    if let Some((listener, id)) = LISTENER.get().zip(EventId::from_word(id)) {
        listener.closed(id, closed);
    }
}

/// How long something was queued that was pushed at `pushed`, if a clock was read then.
pub(super) fn queued(pushed: u64, now: Ticks) -> Option<u64> {
    (pushed != 0).then(|| now.0.saturating_sub(pushed))
}
