//! What the packets of one sequence say, put together: their clock and categories, slices that begin
//! and end, and what is said of each.

use super::schema::Schema;
use super::wire::{Fields, Malformed, Wire};
use super::{CLOCK, event, packet};
use crate::format::args::{Args, EventProblem, Value};
use crate::format::error::ReadError;
use crate::format::fields::Category;
use crate::format::gather::{Gathered, Put};
use crate::format::keys::{Key, Shape};
use crate::model::{Nanos, Span};

/// What the packets of a sequence share.
#[derive(Default)]
pub(super) struct Sequence {
    /// The time of the last packet.
    now: u64,
    /// Whether its times count from the packet before.
    counts: bool,
    /// By their numbers.
    categories: Vec<(u64, Category)>,
    /// The slices that are open: where an event was put whose end is to come.
    open: Vec<Option<Put>>,
}

/// A track event's fields.
#[derive(Default)]
pub(super) struct TrackEvent<'a> {
    pub(super) of: u64,
    category: u64,
    args: Option<&'a [u8]>,
}

impl<'a> TrackEvent<'a> {
    pub(super) fn read(event: &'a [u8]) -> Result<Self, Malformed> {
        let mut read = Self::default();
        for field in Fields(event) {
            match field? {
                (event::TYPE, value) => read.of = value.number()?,
                (event::CATEGORY, value) => read.category = value.number()?,
                (event::ARGS, value) => read.args = Some(value.bytes()?),
                _ => {}
            }
        }
        Ok(read)
    }
}

/// What is wrong with a packet.
pub(super) enum Problem {
    Malformed,
    Packet(&'static str),
    Event(EventProblem),
    /// More than this is packed in it.
    TooLarge(u64),
    /// With it, what was packed in all is more than this.
    AllTooLarge(u64),
}

impl From<Malformed> for Problem {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<EventProblem> for Problem {
    fn from(problem: EventProblem) -> Self {
        Self::Event(problem)
    }
}

impl Problem {
    pub(super) fn at(self, packet: u64, byte: u64) -> ReadError {
        match self {
            Self::Malformed => ReadError::Packet { packet, byte, problem: "it is no message" },
            Self::Packet(problem) => ReadError::Packet { packet, byte, problem },
            Self::Event(problem) => ReadError::Event { entry: packet, byte, problem },
            Self::TooLarge(limit) => ReadError::EntryTooLarge { entry: packet, byte, limit },
            Self::AllTooLarge(limit) => ReadError::TooLarge { limit },
        }
    }
}

impl Sequence {
    /// Whether a slice of it has not ended.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Goes on to the time of an event.
    pub(super) fn step(&mut self, step: Option<u64>) -> Result<(), Problem> {
        let step = step.ok_or(Problem::Packet("its event has no time"))?;
        if !self.counts {
            return Err(Problem::Packet("its times do not count from the packet before"));
        }
        self.now = self.now.wrapping_add(step);
        Ok(())
    }

    pub(super) fn clear(&mut self, defaults: Option<&[u8]>) -> Result<(), Problem> {
        let mut clock = None;
        for field in Fields(defaults.unwrap_or_default()) {
            if let (packet::CLOCK, value) = field? {
                clock = Some(value.number()?);
            }
        }
        self.now = 0;
        self.counts = clock == Some(CLOCK);
        self.categories.clear();
        Ok(())
    }

    /// Takes in the categories.
    pub(super) fn intern(&mut self, interned: &[u8]) -> Result<(), Problem> {
        for field in Fields(interned) {
            let (1, value) = field? else { continue };
            let (mut number, mut name) = (0, "");
            for field in Fields(value.bytes()?) {
                match field? {
                    (1, value) => number = value.number()?,
                    (2, value) => name = value.text()?,
                    _ => {}
                }
            }
            let category = Category::named(name.as_bytes())
                .ok_or_else(|| EventProblem::Category(name.to_owned()))?;
            self.categories.push((number, category));
        }
        Ok(())
    }

    /// Begins a slice. All but the end of an event is known by then.
    pub(super) fn begin(
        &mut self,
        tid: u64,
        event: &TrackEvent<'_>,
        schema: &Schema,
        gathered: &mut Gathered,
    ) -> Result<(), Problem> {
        let mut categories = self.categories.iter().rev();
        let category = categories
            .find(|(number, _)| *number == event.category)
            .map(|(_, category)| *category)
            .ok_or(EventProblem::Missing("cat"))?;
        let mut args = Args::new();
        read_args(event.args.unwrap_or_default(), schema, gathered, &mut args)?;
        let now = Nanos(self.now);
        let shown = Span { start: now, end: now };
        let said = args.said(category, Some(shown), gathered.counters())?;
        let put = said.map(|said| gathered.add(tid, said)).transpose()?;
        // Whose own times stand beside its fields does not end with its slice.
        let ends = if args.true_span()?.is_none() { put } else { None };
        self.open.push(ends);
        Ok(())
    }

    pub(super) fn end(&mut self, gathered: &mut Gathered) -> Result<(), Problem> {
        if let Some(put) = self.open.pop().ok_or(EventProblem::Nesting)? {
            gathered.end(put, Nanos(self.now));
        }
        Ok(())
    }
}

fn read_args<'a>(
    args: &'a [u8],
    schema: &'a Schema,
    gathered: &Gathered,
    read: &mut Args<'a>,
) -> Result<(), Problem> {
    for field in Fields(args) {
        let (number, value) = field?;
        let Some(key) = schema.key(number) else { continue };
        let value = match key.shape() {
            Shape::Counters => {
                read_counters(value, read, gathered)?;
                continue;
            }
            Shape::CoreTime => continue,
            Shape::Whole | Shape::Site | Shape::Chain => Value::Whole(value.number()?),
            Shape::Text => Value::Text(value.text()?),
            Shape::Flag => Value::Flag(value.number()? == 1),
            Shape::Word(_) => Value::Text(word(schema, key, value)?),
        };
        read.set(key, value);
    }
    Ok(())
}

fn word<'a>(schema: &'a Schema, key: Key, value: Wire<'_>) -> Result<&'a str, Problem> {
    let unknown = EventProblem::Value { key: key.name(), wanted: "one of the schema's words" };
    Ok(schema.word(key, value.number()?).ok_or(unknown)?)
}

fn read_counters(value: Wire<'_>, args: &mut Args<'_>, gathered: &Gathered) -> Result<(), Problem> {
    args.has_counters();
    for field in Fields(value.bytes()?) {
        let (number, value) = field?;
        let at = (number as usize).wrapping_sub(1);
        let counter = gathered.counters().get(at).ok_or(Problem::Packet("a counter is unknown"))?;
        args.count(*counter, value.number()?);
    }
    Ok(())
}
