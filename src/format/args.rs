//! What a file says of an event, back to the event: the other direction of
//! [`fields`](super::fields), for both formats.

use std::sync::Arc;

use super::fields::Category;
use super::keys::{Key, Word};
use crate::model::{
    ChainId, Collapsed, Counter, Event, EventId, Idle, Iteration, Join, LaneId, Leaf, Nanos, Note,
    OffCpu, Operation, Outcome, Phase, PhaseId, Reduction, Search, SiteId, Sleep, Span, Task,
    Values, Wake, parse_event_id,
};

/// Why an entry is no event of rayprism's.
#[derive(Debug, thiserror::Error)]
pub enum EventProblem {
    /// A key that rayprism always writes is not there, or its value is out of range.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// Its category is none of those that rayprism writes.
    #[error("its category `{0}` is unknown")]
    Category(String),
    /// It ends after 2⁶⁴ ns.
    #[error("it ends beyond the largest time there is")]
    Overflow,
    /// It is on a thread that the header does not list.
    #[error("its thread {tid} is none of the header's {lanes} lanes")]
    Lane {
        /// The thread.
        tid: u64,
        /// How many lanes the header lists.
        lanes: usize,
    },
    /// It points to a call site that the header does not list.
    #[error("its call site {site} is none of the header's {sites}")]
    Site {
        /// The call site's index.
        site: u32,
        /// How many the header lists.
        sites: usize,
    },
    /// It points to a chain that the header does not list.
    #[error("its chain {chain} is none of the header's {chains}")]
    Chain {
        /// The chain's index.
        chain: u32,
        /// How many the header lists.
        chains: usize,
    },
    /// It has a value of a counter that the header does not list.
    #[error("its counter `{0}` is none of the header's")]
    Counter(&'static str),
    /// It is an event on a thread for stretches off the CPU, or the other way round.
    #[error("its thread {0} is for entries of another category")]
    Thread(u64),
    /// A value is not what rayprism writes under its key.
    #[error("its `{key}` is not {wanted}")]
    Value {
        /// The key.
        key: &'static str,
        /// What should stand there.
        wanted: &'static str,
    },
    /// A word is none of those that rayprism writes under its key.
    #[error("its `{key}` is `{word}`, which is unknown")]
    Word {
        /// The key.
        key: &'static str,
        /// The word.
        word: String,
    },
    /// Slices of its thread do not nest.
    #[error("it ends, and nothing is open on its thread")]
    Nesting,
}

/// What an entry says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// An event.
    Event(Event),
    /// A stretch off the CPU.
    OffCpu(OffCpu),
    /// A stretch without a job.
    Idle(Idle),
    /// A stretch in a span of the program's own.
    Phase(Phase),
    /// An event of its own.
    Note(Note),
}

/// The value of a field as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// There is none.
    Absent,
    /// A whole number; of a call site or a chain, its number.
    Whole(u64),
    Text(&'a str),
    Flag(bool),
}

/// The fields of an entry, in any order. What it has no use for, it forgets.
#[derive(Debug)]
pub(super) struct Args<'a> {
    values: [Value<'a>; Key::ALL.len()],
    counters: Option<Vec<(Counter, u64)>>,
}

impl<'a> Args<'a> {
    pub(super) fn new() -> Self {
        Self { values: [Value::Absent; Key::ALL.len()], counters: None }
    }

    pub(super) fn set(&mut self, key: Key, value: Value<'a>) {
        self.values[key as usize] = value;
    }

    /// Gives it the value of a counter.
    pub(super) fn count(&mut self, counter: Counter, value: u64) {
        self.counters.get_or_insert_default().push((counter, value));
    }

    /// Says that it has counters, even if it has a value of none.
    pub(super) fn has_counters(&mut self) {
        self.counters.get_or_insert_default();
    }

    /// What the entry says; `None` if all of it is derived. `counters` are the header's.
    pub(super) fn said(
        &self,
        category: Category,
        shown: Option<Span>,
        counters: &[Counter],
    ) -> Result<Option<Said>, EventProblem> {
        if category == Category::Wait {
            return Ok(None);
        }
        let span = match self.true_span()? {
            Some(span) => span,
            None => shown.ok_or(EventProblem::Missing("ts"))?,
        };
        Ok(Some(Said::Event(match category {
            Category::Wait => return Ok(None),
            Category::OffCpu => return Ok(Some(Said::OffCpu(self.off_cpu(span)?))),
            Category::Phase => return Ok(Some(Said::Phase(self.phase(span)?))),
            Category::Note => return Ok(Some(Said::Note(self.note(span)?))),
            Category::Search => return Ok(Some(Said::Idle(Idle::Search(self.search(span)?)))),
            Category::Sleep => return Ok(Some(Said::Idle(Idle::Sleep(self.sleep(span)?)))),
            Category::Task => Event::Task(self.task(span, counters)?),
            Category::Join => Event::Join(self.join(span)?),
            Category::Split => Event::Join(self.split(span)?),
            Category::Operation => Event::Operation(self.operation(span)?),
            Category::Leaf => Event::Leaf(self.leaf(span)?),
            Category::Reduction => Event::Reduction(self.reduction(span)?),
            Category::Collapsed => Event::Collapsed(self.collapsed(span)?),
        })))
    }

    /// Where the slice shows other times than the event's, they stand beside its fields.
    pub(super) fn true_span(&self) -> Result<Option<Span>, EventProblem> {
        let [start, end] = [self.maybe(Key::StartNs)?, self.maybe(Key::EndNs)?];
        let span = |(start, end)| Span { start: Nanos(start), end: Nanos(end) };
        Ok(start.zip(end).map(span))
    }

    fn off_cpu(&self, span: Span) -> Result<OffCpu, EventProblem> {
        Ok(OffCpu {
            span,
            preempted: self.flag(Key::Runnable)?,
            from_cpu: self.maybe_small(Key::FromCpu)?,
            to_cpu: self.maybe_small(Key::ToCpu)?,
        })
    }

    fn phase(&self, span: Span) -> Result<Phase, EventProblem> {
        Ok(Phase {
            span,
            id: self.maybe(Key::Phase)?.map(PhaseId),
            within: self.maybe(Key::Within)?.map(PhaseId),
            name: self.maybe_text(Key::Label)?.map(Arc::from),
            inherited: self.flag(Key::Inherited)?,
        })
    }

    fn note(&self, span: Span) -> Result<Note, EventProblem> {
        Ok(Note {
            at: span.start,
            phase: self.maybe(Key::Phase)?.map(PhaseId),
            text: self.maybe_text(Key::Label)?.map(Arc::from),
        })
    }

    fn search(&self, span: Span) -> Result<Search, EventProblem> {
        Ok(Search {
            span,
            rounds: self.whole(Key::Rounds)?,
            yields: self.whole(Key::Yields)?,
            end: self.word(Key::Ended)?,
        })
    }

    fn sleep(&self, span: Span) -> Result<Sleep, EventProblem> {
        let wake = match self.maybe(Key::WokenNs)? {
            Some(woken) => Some(Wake {
                at: after(span.start, woken),
                by: LaneId(self.small(Key::WokenBy)?),
                reason: self.word(Key::WokenFor)?,
            }),
            None => None,
        };
        Ok(Sleep { span, wake, open: self.flag(Key::Open)? })
    }

    fn task(&self, span: Span, counters: &[Counter]) -> Result<Task, EventProblem> {
        let pushed = self.maybe(Key::QueueNs)?;
        Ok(Task {
            span,
            id: self.id(Key::Id)?,
            origin: self.word(Key::Origin)?,
            parent: self.maybe_id(Key::Parent)?,
            pushed: pushed.map(|queue| Nanos(span.start.0.wrapping_sub(queue))),
            depth: self.maybe_small(Key::Depth)?,
            joins: self.whole(Key::Joins)?,
            spawns: self.whole(Key::Spawns)?,
            outcome: self.outcome()?,
            site: self.site()?,
            counters: self.values(counters)?,
        })
    }

    /// The task's counters, in the header's order.
    fn values(&self, counters: &[Counter]) -> Result<Option<Values>, EventProblem> {
        let Some(counted) = &self.counters else { return Ok(None) };
        if let Some((alien, _)) = counted.iter().find(|(counter, _)| !counters.contains(counter)) {
            return Err(EventProblem::Counter(alien.name()));
        }
        let value =
            |counter| counted.iter().rfind(|(of, _)| of == counter).map(|(_, value)| *value);
        Ok(Some(Values(counters.iter().map(value).collect())))
    }

    fn join(&self, span: Span) -> Result<Join, EventProblem> {
        let joins = [self.whole(Key::FirstJoins)?, self.whole(Key::SecondJoins)?];
        self.halves(span, None, joins)
    }

    fn split(&self, span: Span) -> Result<Join, EventProblem> {
        let operation = self.id(Key::Operation)?;
        let [first, second] = [self.maybe(Key::FirstJoins)?, self.maybe(Key::SecondJoins)?];
        // Where they are left out they are not known and 0.
        self.halves(span, Some(operation), [first, second].map(|joins| joins.unwrap_or(0)))
    }

    fn halves(
        &self,
        span: Span,
        operation: Option<EventId>,
        [first_joins, second_joins]: [u64; 2],
    ) -> Result<Join, EventProblem> {
        Ok(Join {
            span,
            id: self.id(Key::Id)?,
            task: self.id(Key::Task)?,
            operation,
            first_end: after(span.start, self.whole(Key::FirstNs)?),
            depth: self.small(Key::Depth)?,
            first_joins,
            second_joins,
            second: self.word(Key::Second)?,
            elided: self.maybe_word(Key::Elided)?,
            outcome: self.outcome()?,
            site: self.site()?,
        })
    }

    fn operation(&self, span: Span) -> Result<Operation, EventProblem> {
        Ok(Operation {
            span,
            id: self.id(Key::Id)?,
            task: self.maybe_id(Key::Task)?,
            kind: self.word(Key::Kind)?,
            wait: after(span.start, self.whole(Key::OwnNs)?),
            outcome: self.outcome()?,
            site: self.site()?,
            label: self.maybe_text(Key::Label)?.map(str::to_owned),
            chain: self.maybe_index(Key::Chain)?.map(ChainId),
            iteration: self.iteration()?.map(Box::new),
        })
    }

    fn iteration(&self) -> Result<Option<Iteration>, EventProblem> {
        let Some(leaves) = self.maybe(Key::Leaves)? else { return Ok(None) };
        Ok(Some(Iteration {
            items: self.whole(Key::Items)?,
            leaves,
            splits: self.whole(Key::Splits)?,
            reductions: self.maybe(Key::Reductions)?,
            steals: self.whole(Key::Steals)?,
        }))
    }

    fn leaf(&self, span: Span) -> Result<Leaf, EventProblem> {
        let length = |length: Option<u64>| length.map_or(Nanos::ZERO, Nanos);
        Ok(Leaf {
            span,
            id: self.id(Key::Id)?,
            operation: self.id(Key::Operation)?,
            task: self.maybe_id(Key::Task)?,
            depth: self.small(Key::Depth)?,
            items: self.whole(Key::Items)?,
            // Lengths are left out where there is none.
            waited: length(self.maybe(Key::WaitedNs)?),
            producing: length(self.maybe(Key::ProducingNs)?),
            outcome: self.outcome()?,
        })
    }

    fn reduction(&self, span: Span) -> Result<Reduction, EventProblem> {
        Ok(Reduction {
            span,
            id: self.id(Key::Id)?,
            operation: self.id(Key::Operation)?,
            task: self.maybe_id(Key::Task)?,
            depth: self.small(Key::Depth)?,
            outcome: self.outcome()?,
        })
    }

    fn collapsed(&self, span: Span) -> Result<Collapsed, EventProblem> {
        Ok(Collapsed {
            span,
            tasks: self.whole(Key::Tasks)?,
            busy: Nanos(self.whole(Key::BusyNs)?),
            waited: Nanos(self.whole(Key::WaitedNs)?),
            joins: self.whole(Key::Joins)?,
            spawns: self.whole(Key::Spawns)?,
            queued: Nanos(self.whole(Key::QueuedNs)?),
        })
    }

    fn site(&self) -> Result<Option<SiteId>, EventProblem> {
        Ok(self.maybe_index(Key::Site)?.map(SiteId))
    }

    fn outcome(&self) -> Result<Outcome, EventProblem> {
        Ok(match (self.flag(Key::Panicked)?, self.flag(Key::Open)?) {
            (true, _) => Outcome::Panicked,
            (false, true) => Outcome::Open,
            (false, false) => Outcome::Returned,
        })
    }

    fn whole(&self, key: Key) -> Result<u64, EventProblem> {
        needed(key, self.maybe(key)?)
    }

    /// Numbers beyond 63 bits may stand as texts.
    fn maybe(&self, key: Key) -> Result<Option<u64>, EventProblem> {
        let alien = EventProblem::Value { key: key.name(), wanted: "a whole number of 64 bits" };
        match self.values[key as usize] {
            Value::Absent => Ok(None),
            Value::Whole(number) => Ok(Some(number)),
            Value::Text(text) => text.parse().map(Some).map_err(|_| alien),
            Value::Flag(_) => Err(alien),
        }
    }

    fn small(&self, key: Key) -> Result<u32, EventProblem> {
        needed(key, self.maybe_small(key)?)
    }

    fn maybe_small(&self, key: Key) -> Result<Option<u32>, EventProblem> {
        let alien = EventProblem::Value { key: key.name(), wanted: "a whole number of 32 bits" };
        match self.values[key as usize] {
            Value::Absent => Ok(None),
            Value::Whole(number) => u32::try_from(number).map(Some).map_err(|_| alien),
            Value::Text(_) | Value::Flag(_) => Err(alien),
        }
    }

    /// The number of a call site or a chain, which may have its text behind it.
    fn maybe_index(&self, key: Key) -> Result<Option<u32>, EventProblem> {
        let wanted = "a number and the text that it stands for";
        let alien = EventProblem::Value { key: key.name(), wanted };
        let index = match self.values[key as usize] {
            Value::Absent => return Ok(None),
            Value::Whole(number) => u32::try_from(number).ok(),
            Value::Text(text) => text.split_once(' ').and_then(|(index, _)| index.parse().ok()),
            Value::Flag(_) => None,
        };
        index.map(Some).ok_or(alien)
    }

    fn id(&self, key: Key) -> Result<EventId, EventProblem> {
        needed(key, self.maybe_id(key)?)
    }

    fn maybe_id(&self, key: Key) -> Result<Option<EventId>, EventProblem> {
        let Some(text) = self.maybe_text(key)? else { return Ok(None) };
        let alien = EventProblem::Value { key: key.name(), wanted: "an event id, LANE:SEQUENCE" };
        parse_event_id(text).map(Some).ok_or(alien)
    }

    fn word<W: Word>(&self, key: Key) -> Result<W, EventProblem> {
        needed(key, self.maybe_word(key)?)
    }

    fn maybe_word<W: Word>(&self, key: Key) -> Result<Option<W>, EventProblem> {
        let Some(text) = self.maybe_text(key)? else { return Ok(None) };
        let alien = || EventProblem::Word { key: key.name(), word: text.to_owned() };
        W::named(text).map(Some).ok_or_else(alien)
    }

    fn maybe_text(&self, key: Key) -> Result<Option<&'a str>, EventProblem> {
        match self.values[key as usize] {
            Value::Absent => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            Value::Whole(_) | Value::Flag(_) => {
                Err(EventProblem::Value { key: key.name(), wanted: "a text" })
            }
        }
    }

    fn flag(&self, key: Key) -> Result<bool, EventProblem> {
        match self.values[key as usize] {
            Value::Absent => Ok(false),
            Value::Flag(flag) => Ok(flag),
            Value::Whole(_) | Value::Text(_) => {
                Err(EventProblem::Value { key: key.name(), wanted: "true or false" })
            }
        }
    }
}

fn needed<T>(key: Key, value: Option<T>) -> Result<T, EventProblem> {
    value.ok_or(EventProblem::Missing(key.name()))
}

fn after(start: Nanos, length: u64) -> Nanos {
    Nanos(start.0.wrapping_add(length))
}
