//! From what the recorder tells to spans that are entered and left: the listener.

use std::cell::RefCell;
use std::sync::OnceLock;

use tracing::Span;
use tracing::dispatcher::{self, DefaultGuard};
use tracing::span::EnteredSpan;

use super::emit::{self, Place};
use super::open::{self, Source};
use crate::record::clock::{self, Anchor, Scale};
use crate::record::{self, Closed, EventId, Listener, Opened, Opening, Origin};

/// From here on, what is recorded can be listened to.
pub(crate) fn listen() {
    START.get_or_init(Anchor::read);
    record::listen_with(&Bridge);
}

#[derive(Debug)]
struct Bridge;

/// What a thread has entered and not left.
struct Entered {
    id: EventId,
    /// Before `subscriber`, so that it is left while that is still the thread's own.
    span: EnteredSpan,
    /// The subscriber of the thread that pushed the task.
    subscriber: Option<DefaultGuard>,
}

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

impl Listener for Bridge {
    fn hears(&self) -> bool {
        emit::are_wanted()
    }

    fn hears_from(&self, parent: Option<EventId>, around: Option<EventId>) -> bool {
        // The subscriber is that of the thread that pushed the task, which may be no other's.
        emit::are_wanted() || (open::is_any() && open::source(parent, around).is_some())
    }

    fn opened(&self, opened: &Opened<'_>) {
        let (id, place) = (opened.id, Place::of(opened));
        let (span, subscriber) = match opened.what {
            Opening::Task { origin, parent, around, queued } => {
                let source = open::source(parent, around);
                enter_task(place, origin, queued, source)
            }
            Opening::Join => (emit::join(place), None),
            Opening::Operation { kind, label } => (emit::operation(place, kind, label), None),
            Opening::Split => (emit::split(place), None),
            Opening::Leaf => (emit::leaf(place), None),
            Opening::Reduction => (emit::reduction(place), None),
        };
        let around = if span.is_disabled() { Span::current() } else { span.clone() };
        let is_task = matches!(opened.what, Opening::Task { .. });
        open::insert(id, Source { span: around, is_task, worker: place.worker });
        let entered = Entered { id, span: span.entered(), subscriber };
        // Fails only while the thread ends, when nothing is opened any more.
        let _ = ENTERED.try_with(|stack| stack.borrow_mut().push(entered));
        tell_of_steal(opened);
    }

    fn closed(&self, id: EventId, closed: Closed) {
        let take = |stack: &RefCell<Vec<Entered>>| {
            let mut stack = stack.borrow_mut();
            let place = stack.iter().rposition(|entered| entered.id == id)?;
            Some(stack.remove(place))
        };
        let Ok(Some(Entered { span, subscriber, .. })) = ENTERED.try_with(take) else { return };
        emit::end(&span, closed);
        drop(span);
        open::end(id);
        drop(subscriber);
    }

    fn innermost(&self) -> Option<EventId> {
        ENTERED.try_with(|stack| stack.borrow().last().map(|entered| entered.id)).ok()?
    }
}

/// A task's span, in that of what pushed it and for the same subscriber. If a filter takes it out,
/// what pushed it takes its place.
fn enter_task(
    place: Place<'_>,
    origin: Origin,
    queued: Option<u64>,
    source: Option<(EventId, Source)>,
) -> (Span, Option<DefaultGuard>) {
    let queue_ns = queued.map(nanos);
    let Some((_, Source { span: parent, .. })) = source else {
        return (emit::task(place, origin, queue_ns, None), None);
    };
    let subscriber = parent.with_subscriber(|(_, subscriber)| dispatcher::set_default(subscriber));
    let span = emit::task(place, origin, queue_ns, Some(&parent));
    (if span.is_disabled() { parent } else { span }, subscriber)
}

/// An event within the task that was stolen, which has been entered.
fn tell_of_steal(opened: &Opened<'_>) {
    let Opening::Task { origin, parent, around, queued } = opened.what else { return };
    if !matches!(origin, Origin::Stolen | Origin::Migrated) {
        return;
    }
    let source = open::source(parent, around);
    let from = source.as_ref().map(|(id, _)| *id);
    if emit::is_steal(origin, from, opened.id) {
        let victim = source.and_then(|(_, source)| source.worker);
        let counted = origin == Origin::Migrated;
        emit::steal(Place::of(opened), victim, queued.map(nanos), counted);
    }
}

/// When this was first asked for.
static START: OnceLock<Anchor> = OnceLock::new();

/// Ticks as nanoseconds. The recording's own scale is known only when it has ended; this one is
/// kept once the clocks have been watched for long enough.
fn nanos(ticks: u64) -> u64 {
    static SCALE: OnceLock<Scale> = OnceLock::new();
    const LONG_ENOUGH: u64 = 100_000_000;
    if matches!(clock::choose(None), clock::Source::Os(_)) {
        return ticks;
    }
    if let Some(scale) = SCALE.get() {
        return scale.length(ticks).0;
    }
    let (start, now) = (*START.get_or_init(Anchor::read), Anchor::read());
    let scale = Scale::between(start, now);
    if now.os.saturating_since(start.os).0 >= LONG_ENOUGH {
        // Whoever came first has measured the same.
        let _ = SCALE.set(scale);
    }
    scale.length(ticks).0
}
