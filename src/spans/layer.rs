//! The program's own spans and events, into the recording: a layer for a subscriber.
//!
//! It keeps a number in each span and tells the thread's lane of entering and leaving. What becomes
//! of that is the recorder's part.

use std::fmt::{self, Debug, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Filter, Layer as _};
use tracing_subscriber::registry::LookupSpan;

use crate::record::{Identity, Lane, Phase};

/// A layer that puts the program's own spans and events into the recording, as phases and notes.
///
/// Made by [`rayprism::layer`](crate::layer). It costs a few hundred nanoseconds a span, whoever
/// else listens, and nothing in a join: rayprism's own spans are filtered out before it.
pub type Layer<S> = Filtered<Phases, NotOurs, S>;

/// The calling thread's lane, and who the thread is: only the front end knows.
#[derive(Clone, Copy)]
pub(crate) struct Threads {
    pub(crate) lane: fn() -> &'static Lane,
    pub(crate) who: fn() -> Identity,
}

static THREADS: OnceLock<Threads> = OnceLock::new();

/// A layer for the threads of a front end.
pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(threads: Threads) -> Layer<S> {
    // Whoever comes second is the same front end once more.
    let _ = THREADS.set(threads);
    Phases { threads }.with_filter(NotOurs)
}

/// The recording is about to end: the spans that the calling thread is in are in it as far as they
/// have come.
pub(crate) fn write_open_phases() {
    if let Some(threads) = THREADS.get() {
        (threads.lane)().write_open_phases(threads.who);
    }
}

/// Records spans as phases. See [`Layer`].
#[derive(Clone, Copy)]
pub struct Phases {
    threads: Threads,
}

impl Debug for Phases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Phases").finish_non_exhaustive()
    }
}

/// Lets all pass but what rayprism itself tells: that is in the recording already.
#[derive(Clone, Copy, Debug)]
pub struct NotOurs;

impl NotOurs {
    fn lets_pass(metadata: &Metadata<'_>) -> bool {
        !metadata.target().starts_with("rayprism::")
    }
}

impl<S> Filter<S> for NotOurs {
    fn enabled(&self, metadata: &Metadata<'_>, _context: &Context<'_, S>) -> bool {
        Self::lets_pass(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if Self::lets_pass(metadata) { Interest::always() } else { Interest::never() }
    }
}

/// What is kept in a span.
#[derive(Clone, Copy)]
struct Own {
    number: u64,
    within: u64,
    name: &'static str,
}

impl Own {
    fn phase(&self) -> Phase {
        Phase { number: self.number, within: self.within, name: self.name }
    }
}

/// Numbers of spans, of all threads and recordings.
static LAST: AtomicU64 = AtomicU64::new(0);

impl Phases {
    fn of<S: Subscriber + for<'a> LookupSpan<'a>>(
        id: &Id,
        context: &Context<'_, S>,
    ) -> Option<Own> {
        context.span(id)?.extensions().get::<Own>().copied()
    }

    /// The span that the thread is in: by what the subscriber says, else by what a task brought.
    fn current(&self) -> u64 {
        (self.threads.lane)().phase()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Phases {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let parent = span.parent().and_then(|parent| parent.extensions().get::<Own>().copied());
        let within = match parent {
            Some(parent) => parent.number,
            None if attributes.is_contextual() => self.current(),
            None => 0,
        };
        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        span.extensions_mut().insert(Own { number, within, name: span.name() });
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(own) = Self::of(id, &context) {
            (self.threads.lane)().enter_phase(self.threads.who, own.phase());
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(own) = Self::of(id, &context) {
            (self.threads.lane)().leave_phase(self.threads.who, own.phase());
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let span = context.event_span(event);
        let own = span.and_then(|span| span.extensions().get::<Own>().copied());
        let phase = own.map_or_else(|| self.current(), |own| own.number);
        let mut text = Message::default();
        event.record(&mut text);
        let text = if text.0.is_empty() { event.metadata().name() } else { &text.0 };
        (self.threads.lane)().note(self.threads.who, phase, text);
    }
}

/// An event's message, cut where it gets long: traces are no logs.
#[derive(Default)]
struct Message(String);

/// Bytes of a message that are kept.
const LONGEST: usize = 160;

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.add(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // The end of the room ends it.
            let _ = write!(self, "{value:?}");
        }
    }
}

impl Message {
    fn add(&mut self, text: &str) -> bool {
        let room = LONGEST.saturating_sub(self.0.len());
        let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|&e| e <= room);
        let end = end.last().unwrap_or(0);
        self.0.push_str(&text[..end]);
        end == text.len()
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.add(text) { Ok(()) } else { Err(fmt::Error) }
    }
}
