//! A subscriber that keeps all it is told, and questions to ask of it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// A span or an event, as it was told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) number: usize,
    pub(crate) name: &'static str,
    pub(crate) target: &'static str,
    pub(crate) level: Level,
    /// The number of the span around it.
    pub(crate) parent: Option<usize>,
    pub(crate) fields: BTreeMap<&'static str, String>,
    /// Where it was opened.
    pub(crate) thread: ThreadId,
    pub(crate) entered: u32,
    pub(crate) left: u32,
    pub(crate) closed: bool,
    pub(crate) is_event: bool,
}

impl Told {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// The layer; clones see the same.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<Vec<Told>>>);

struct Number(usize);

impl Collector {
    fn all(&self) -> std::sync::MutexGuard<'_, Vec<Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was told while `f` ran with this as the thread's own subscriber.
    pub(crate) fn listening<R>(f: impl FnOnce() -> R) -> (R, Tree) {
        let collector = Self::default();
        let subscriber = tracing_subscriber::registry().with(collector.clone());
        let result = tracing::subscriber::with_default(subscriber, f);
        (result, collector.tree())
    }

    /// What was told so far.
    pub(crate) fn tree(&self) -> Tree {
        Tree(self.all().clone())
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).expect("a span that was just made");
        let number = |span: tracing_subscriber::registry::SpanRef<'_, S>| {
            span.extensions().get::<Number>().map(|number| number.0)
        };
        let parent = span.parent().and_then(number);
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut all = self.all();
        span.extensions_mut().insert(Number(all.len()));
        let told = told(all.len(), span.metadata(), parent, fields, false);
        all.push(told);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        self.change(id, &context, |told| told.fields.extend(fields.0));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let span = context.event_span(event);
        let parent = span.and_then(|span| span.extensions().get::<Number>().map(|number| number.0));
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut all = self.all();
        let told = told(all.len(), event.metadata(), parent, fields, true);
        all.push(told);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.change(id, &context, |told| told.entered += 1);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.change(id, &context, |told| told.left += 1);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.change(&id, &context, |told| told.closed = true);
    }
}

impl Collector {
    fn change<S>(&self, id: &Id, context: &Context<'_, S>, change: impl FnOnce(&mut Told))
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let number = context.span(id).and_then(|span| {
            let extensions = span.extensions();
            extensions.get::<Number>().map(|number| number.0)
        });
        change(&mut self.all()[number.expect("a span that is known")]);
    }
}

fn told(
    number: usize,
    metadata: &'static tracing::Metadata<'static>,
    parent: Option<usize>,
    fields: Fields,
    is_event: bool,
) -> Told {
    Told {
        number,
        name: metadata.name(),
        target: metadata.target(),
        level: *metadata.level(),
        parent,
        fields: fields.0,
        thread: thread::current().id(),
        entered: 0,
        left: 0,
        closed: false,
        is_event,
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

/// All that was told.
#[derive(Debug)]
pub(crate) struct Tree(pub(crate) Vec<Told>);

impl Tree {
    /// Those of a name, in the order of opening.
    pub(crate) fn named(&self, name: &str) -> Vec<&Told> {
        self.0.iter().filter(|told| told.name == name).collect()
    }

    /// The only one of a name.
    pub(crate) fn only(&self, name: &str) -> &Told {
        let named = self.named(name);
        assert_eq!(named.len(), 1, "one {name} of {self:#?}");
        named[0]
    }

    pub(crate) fn parent(&self, told: &Told) -> Option<&Told> {
        told.parent.map(|parent| &self.0[parent])
    }

    /// The names from the root down to this one.
    pub(crate) fn path(&self, told: &Told) -> String {
        match self.parent(told) {
            Some(parent) => format!("{};{}", self.path(parent), told.name),
            None => told.name.to_owned(),
        }
    }

    pub(crate) fn is_below(&self, told: &Told, ancestor: &Told) -> bool {
        told.number == ancestor.number
            || self.parent(told).is_some_and(|parent| self.is_below(parent, ancestor))
    }

    /// How many there are of each name.
    pub(crate) fn counts(&self) -> HashMap<&'static str, usize> {
        let mut counts = HashMap::new();
        self.0.iter().for_each(|told| *counts.entry(told.name).or_default() += 1);
        counts
    }

    /// Proves what holds of every tree: each span was left as often as it was entered, and closed.
    pub(crate) fn assert_closed(&self) {
        for told in self.0.iter().filter(|told| !told.is_event) {
            assert_eq!(told.entered, told.left, "{told:#?}");
            assert!(told.entered >= 1 && told.closed, "{told:#?}");
        }
    }
}
