//! One entry of a file, back to an event: the other direction of [`fields`](super::fields).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::fields::SPLIT;
use super::index::Index;
use super::number::{Micros, Whole};
use super::{NOTE, OFF_CPU, PHASE, WAIT};
use crate::model::{
    ChainId, Collapsed, Counter, Event, EventId, Half, Iteration, Join, Leaf, Nanos, Note, OffCpu,
    Operation, OperationKind, Origin, Outcome, Phase, PhaseId, Reduction, SecondHalf, SiteId, Span,
    Task, Values,
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
}

/// What an entry says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// An event.
    Event(Event),
    /// A stretch off the CPU.
    OffCpu(OffCpu),
    /// A stretch in one of the program's spans.
    Phase(Phase),
    /// One of its events.
    Note(Note),
}

/// An entry with the keys of all kinds, so that their order does not matter.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    ph: Text<'a>,
    #[serde(borrow)]
    cat: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    tid: Option<u64>,
    ts: Option<Micros>,
    dur: Option<Micros>,
    #[serde(borrow)]
    args: Option<Args<'a>>,
}

/// The `args` of all kinds of events.
#[derive(Debug, serde::Deserialize)]
struct Args<'a> {
    id: Option<EventId>,
    origin: Option<Origin>,
    parent: Option<EventId>,
    queue_ns: Option<Whole>,
    depth: Option<u32>,
    joins: Option<Whole>,
    spawns: Option<Whole>,
    counters: Option<BTreeMap<Counter, Whole>>,
    task: Option<EventId>,
    operation: Option<EventId>,
    first_ns: Option<Whole>,
    first_joins: Option<Whole>,
    second_joins: Option<Whole>,
    second: Option<SecondHalf>,
    elided: Option<Half>,
    kind: Option<OperationKind>,
    own_ns: Option<Whole>,
    chain: Option<Index>,
    items: Option<Whole>,
    leaves: Option<Whole>,
    splits: Option<Whole>,
    reductions: Option<Whole>,
    steals: Option<Whole>,
    producing_ns: Option<Whole>,
    #[serde(borrow)]
    label: Option<Text<'a>>,
    tasks: Option<Whole>,
    busy_ns: Option<Whole>,
    waited_ns: Option<Whole>,
    queued_ns: Option<Whole>,
    site: Option<Index>,
    panicked: Option<bool>,
    phase: Option<Whole>,
    within: Option<Whole>,
    inherited: Option<bool>,
    unnamed: Option<bool>,
    runnable: Option<bool>,
    from_cpu: Option<u32>,
    to_cpu: Option<u32>,
    start_ns: Option<Whole>,
    end_ns: Option<Whole>,
}

impl Line<'_> {
    /// What it says and of which thread; `None` if all of it is derived. `counters` are the header's.
    pub(super) fn said(&self, counters: &[Counter]) -> Result<Option<(u64, Said)>, EventProblem> {
        if self.ph.0 == "i" {
            return self.note();
        }
        if self.ph.0 != "X" {
            return Ok(None);
        }
        let Text(category) = self.cat.as_ref().ok_or(EventProblem::Missing("cat"))?;
        if *category == WAIT {
            return Ok(None);
        }
        let tid = self.tid.ok_or(EventProblem::Missing("tid"))?;
        let args = self.args.as_ref().ok_or(EventProblem::Missing("args"))?;
        let span = args.span(self.ts, self.dur)?;
        let event = match &**category {
            OFF_CPU => return Ok(Some((tid, Said::OffCpu(args.off_cpu(span))))),
            PHASE => return Ok(Some((tid, Said::Phase(self.phase(args, span))))),
            "task" => Event::Task(args.task(span, counters)?),
            "join" => Event::Join(args.join(span)?),
            SPLIT => Event::Join(args.split(span)?),
            "operation" => Event::Operation(args.operation(span)?),
            "leaf" => Event::Leaf(args.leaf(span)?),
            "reduction" => Event::Reduction(args.reduction(span)?),
            "collapsed" => Event::Collapsed(args.collapsed(span)?),
            other => return Err(EventProblem::Category(other.to_owned())),
        };
        Ok(Some((tid, Said::Event(event))))
    }

    fn note(&self) -> Result<Option<(u64, Said)>, EventProblem> {
        if self.cat.as_ref().is_none_or(|Text(category)| *category != NOTE) {
            return Ok(None);
        }
        let tid = self.tid.ok_or(EventProblem::Missing("tid"))?;
        let args = self.args.as_ref().ok_or(EventProblem::Missing("args"))?;
        let Span { start: at, .. } = args.span(self.ts, Some(Micros::ZERO))?;
        let phase = args.phase.map(|Whole(number)| PhaseId(number));
        Ok(Some((tid, Said::Note(Note { at, phase, text: self.own_name(args) }))))
    }

    fn phase(&self, args: &Args<'_>, span: Span) -> Phase {
        let id = |number: Option<Whole>| number.map(|Whole(number)| PhaseId(number));
        Phase {
            span,
            id: id(args.phase),
            within: id(args.within),
            name: self.own_name(args),
            inherited: args.inherited == Some(true),
        }
    }

    /// What the program called it: in the `args` if viewers would not show all of it.
    fn own_name(&self, args: &Args<'_>) -> Option<Arc<str>> {
        if args.unnamed == Some(true) {
            return None;
        }
        args.label.as_ref().or(self.name.as_ref()).map(|Text(name)| Arc::from(&**name))
    }
}

impl Args<'_> {
    /// The event's times: where the slice shows others, they stand in the `args`.
    fn span(&self, ts: Option<Micros>, dur: Option<Micros>) -> Result<Span, EventProblem> {
        if let (Some(Whole(start)), Some(Whole(end))) = (self.start_ns, self.end_ns) {
            return Ok(Span { start: Nanos(start), end: Nanos(end) });
        }
        let start = ts.and_then(Micros::nanos).ok_or(EventProblem::Missing("ts"))?;
        let length = dur.and_then(Micros::nanos).ok_or(EventProblem::Missing("dur"))?;
        let end = start.0.checked_add(length.0).ok_or(EventProblem::Overflow)?;
        Ok(Span { start, end: Nanos(end) })
    }

    fn site(&self) -> Option<SiteId> {
        self.site.map(|Index(site)| SiteId(site))
    }

    fn off_cpu(&self, span: Span) -> OffCpu {
        OffCpu {
            span,
            preempted: self.runnable == Some(true),
            from_cpu: self.from_cpu,
            to_cpu: self.to_cpu,
        }
    }

    fn task(&self, span: Span, counters: &[Counter]) -> Result<Task, EventProblem> {
        Ok(Task {
            span,
            id: self.id.ok_or(EventProblem::Missing("id"))?,
            origin: self.origin.ok_or(EventProblem::Missing("origin"))?,
            parent: self.parent,
            pushed: self.queue_ns.map(|Whole(queue)| Nanos(span.start.0.wrapping_sub(queue))),
            depth: self.depth,
            joins: whole(self.joins, "joins")?,
            spawns: whole(self.spawns, "spawns")?,
            outcome: outcome(self.panicked),
            site: self.site(),
            counters: self.values(counters)?,
        })
    }

    /// The task's counters, in the header's order.
    fn values(&self, counters: &[Counter]) -> Result<Option<Values>, EventProblem> {
        let Some(counted) = &self.counters else { return Ok(None) };
        if let Some(alien) = counted.keys().find(|counter| !counters.contains(counter)) {
            return Err(EventProblem::Counter(alien.name()));
        }
        let value = |counter| counted.get(counter).map(|Whole(value)| *value);
        Ok(Some(Values(counters.iter().map(value).collect())))
    }

    fn join(&self, span: Span) -> Result<Join, EventProblem> {
        let joins =
            [whole(self.first_joins, "first_joins")?, whole(self.second_joins, "second_joins")?];
        self.halves(span, None, joins)
    }

    fn split(&self, span: Span) -> Result<Join, EventProblem> {
        let operation = self.operation.ok_or(EventProblem::Missing("operation"))?;
        let joins = [self.first_joins, self.second_joins];
        self.halves(span, Some(operation), joins.map(|joins| joins.map_or(0, |Whole(joins)| joins)))
    }

    fn halves(
        &self,
        span: Span,
        operation: Option<EventId>,
        [first_joins, second_joins]: [u64; 2],
    ) -> Result<Join, EventProblem> {
        Ok(Join {
            span,
            id: self.id.ok_or(EventProblem::Missing("id"))?,
            task: self.task.ok_or(EventProblem::Missing("task"))?,
            operation,
            first_end: after(span.start, whole(self.first_ns, "first_ns")?),
            depth: self.depth.ok_or(EventProblem::Missing("depth"))?,
            first_joins,
            second_joins,
            second: self.second.ok_or(EventProblem::Missing("second"))?,
            elided: self.elided,
            outcome: outcome(self.panicked),
            site: self.site(),
        })
    }

    fn operation(&self, span: Span) -> Result<Operation, EventProblem> {
        Ok(Operation {
            span,
            id: self.id.ok_or(EventProblem::Missing("id"))?,
            task: self.task,
            kind: self.kind.ok_or(EventProblem::Missing("kind"))?,
            wait: after(span.start, whole(self.own_ns, "own_ns")?),
            outcome: outcome(self.panicked),
            site: self.site(),
            label: self.label.as_ref().map(|Text(label)| label.clone().into_owned()),
            chain: self.chain.map(|Index(chain)| ChainId(chain)),
            iteration: self.iteration()?.map(Box::new),
        })
    }

    fn iteration(&self) -> Result<Option<Iteration>, EventProblem> {
        let Some(Whole(leaves)) = self.leaves else { return Ok(None) };
        Ok(Some(Iteration {
            items: whole(self.items, "items")?,
            leaves,
            splits: whole(self.splits, "splits")?,
            reductions: self.reductions.map(|Whole(reductions)| reductions),
            steals: whole(self.steals, "steals")?,
        }))
    }

    fn leaf(&self, span: Span) -> Result<Leaf, EventProblem> {
        Ok(Leaf {
            span,
            id: self.id.ok_or(EventProblem::Missing("id"))?,
            operation: self.operation.ok_or(EventProblem::Missing("operation"))?,
            task: self.task,
            depth: self.depth.ok_or(EventProblem::Missing("depth"))?,
            items: whole(self.items, "items")?,
            waited: nanos(self.waited_ns),
            producing: nanos(self.producing_ns),
            outcome: outcome(self.panicked),
        })
    }

    fn reduction(&self, span: Span) -> Result<Reduction, EventProblem> {
        Ok(Reduction {
            span,
            id: self.id.ok_or(EventProblem::Missing("id"))?,
            operation: self.operation.ok_or(EventProblem::Missing("operation"))?,
            task: self.task,
            depth: self.depth.ok_or(EventProblem::Missing("depth"))?,
            outcome: outcome(self.panicked),
        })
    }

    fn collapsed(&self, span: Span) -> Result<Collapsed, EventProblem> {
        Ok(Collapsed {
            span,
            tasks: whole(self.tasks, "tasks")?,
            busy: Nanos(whole(self.busy_ns, "busy_ns")?),
            waited: Nanos(whole(self.waited_ns, "waited_ns")?),
            joins: whole(self.joins, "joins")?,
            spawns: whole(self.spawns, "spawns")?,
            queued: Nanos(whole(self.queued_ns, "queued_ns")?),
        })
    }
}

fn whole(number: Option<Whole>, key: &'static str) -> Result<u64, EventProblem> {
    number.map(|Whole(number)| number).ok_or(EventProblem::Missing(key))
}

/// A length that is left out where there is none.
fn nanos(length: Option<Whole>) -> Nanos {
    length.map_or(Nanos::ZERO, |Whole(length)| Nanos(length))
}

fn after(start: Nanos, length: u64) -> Nanos {
    Nanos(start.0.wrapping_add(length))
}

fn outcome(panicked: Option<bool>) -> Outcome {
    if panicked == Some(true) { Outcome::Panicked } else { Outcome::Returned }
}

/// A string, borrowed from the file unless it has escapes.
#[derive(Debug)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}
