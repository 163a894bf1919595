//! An event's fields as `args`, and its name and category. Points in time stand there as durations
//! relative to the event's start, which is what a reader of the page wants to see.
//!
//! The differences wrap, so that even times in a wrong order come back as they were.
//! [`line`](super::line) is the other direction.

use std::io;

use serde::Serialize;

use super::json::write_integer;
use super::number::write_whole;
use super::text::write_json;
use super::texts::Texts;
use crate::model::{
    Collapsed, Event, EventId, Iteration, Join, Leaf, Nanos, OffCpu, Operation, Origin, Outcome,
    Reduction, SiteId, Span, Task, Values,
};

/// The category and the name of a join that is a split of a parallel iterator.
pub(super) const SPLIT: &str = "split";

/// An event's category, by which the reader knows its kind.
pub(super) fn category(event: &Event) -> &'static str {
    match event {
        Event::Task(_) => "task",
        Event::Join(join) if join.operation.is_some() => SPLIT,
        Event::Join(_) => "join",
        Event::Operation(_) => "operation",
        Event::Leaf(_) => "leaf",
        Event::Reduction(_) => "reduction",
        Event::Collapsed(_) => "collapsed",
    }
}

/// What a viewer writes on the event.
pub(super) fn name<'a>(event: &'a Event, texts: &'a Texts<'_>) -> &'a str {
    match event {
        Event::Task(task) => task_name(task.origin),
        Event::Join(_) | Event::Leaf(_) | Event::Reduction(_) => category(event),
        Event::Operation(operation) => operation_name(operation, texts),
        Event::Collapsed(_) => "collapsed tasks",
    }
}

fn task_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Root => "task (root)",
        Origin::Local => "task (local)",
        Origin::Stolen => "task (stolen)",
        Origin::Injected => "task (injected)",
        Origin::Broadcast => "task (broadcast)",
        Origin::Migrated => "task (migrated)",
    }
}

/// Its label, else what it is.
fn operation_name<'a>(operation: &'a Operation, texts: &'a Texts<'_>) -> &'a str {
    let label = operation.label.as_deref();
    let chain = operation.chain.and_then(|chain| texts.name(chain));
    let own = [label, chain].into_iter().flatten().find(|text| !text.trim().is_empty());
    own.unwrap_or_else(|| operation.kind.name())
}

/// The fields of a JSON object, one after the other.
pub(super) struct Fields<'a> {
    buffer: &'a mut Vec<u8>,
    texts: &'a Texts<'a>,
    first: bool,
}

impl<'a> Fields<'a> {
    /// Fields to be appended to `buffer`, which ends in `{`.
    pub(super) fn new(buffer: &'a mut Vec<u8>, texts: &'a Texts<'a>) -> Self {
        Self { buffer, texts, first: true }
    }

    /// All fields of an event but its times.
    pub(super) fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Task(task) => self.task(task),
            Event::Join(join) => self.join(join),
            Event::Operation(operation) => self.operation(operation),
            Event::Leaf(leaf) => self.leaf(leaf),
            Event::Reduction(reduction) => self.reduction(reduction),
            Event::Collapsed(collapsed) => self.collapsed(collapsed),
        }
    }

    /// An event's true times, for a slice that shows others.
    pub(super) fn times(&mut self, span: Span) -> io::Result<()> {
        self.whole("start_ns", span.start.0)?;
        self.whole("end_ns", span.end.0)
    }

    fn task(&mut self, task: &Task) -> io::Result<()> {
        let Task { span, id, origin, parent, pushed, depth, joins, spawns, .. } = task;
        let Task { outcome, site, counters, .. } = task;
        self.id("id", Some(*id))?;
        self.word("origin", origin)?;
        self.id("parent", *parent)?;
        if let Some(pushed) = pushed {
            self.whole("queue_ns", span.start.0.wrapping_sub(pushed.0))?;
        }
        if let Some(depth) = depth {
            self.whole("depth", u64::from(*depth))?;
        }
        self.whole("joins", *joins)?;
        self.whole("spawns", *spawns)?;
        if let Some(counters) = counters {
            self.counters(counters)?;
        }
        self.ending(*outcome, *site)
    }

    /// An object of those that were counted.
    fn counters(&mut self, Values(values): &Values) -> io::Result<()> {
        self.key("counters");
        self.buffer.push(b'{');
        let mut fields = Fields::new(self.buffer, self.texts);
        for (name, value) in self.texts.counters().zip(values) {
            if let Some(value) = value {
                fields.whole(name, *value)?;
            }
        }
        self.buffer.push(b'}');
        Ok(())
    }

    /// Where the core-time went while an operation ran: derived, and not read back.
    pub(super) fn core_time(&mut self, parts: &[(&str, i64)]) {
        self.key("core_ns");
        self.buffer.push(b'{');
        let mut fields = Fields::new(self.buffer, self.texts);
        for (name, nanos) in parts {
            fields.key(name);
            if *nanos < 0 {
                fields.buffer.push(b'-');
            }
            write_integer(fields.buffer, nanos.unsigned_abs());
        }
        self.buffer.push(b'}');
    }

    /// All of a stretch off the CPU but its times. Its length stands here for the user, who would
    /// else see it rounded.
    pub(super) fn off_cpu(&mut self, off: &OffCpu, shown: Span) -> io::Result<()> {
        let OffCpu { span: _, preempted, from_cpu, to_cpu } = off;
        if *preempted {
            self.flag("runnable");
        }
        for (key, cpu) in [("from_cpu", from_cpu), ("to_cpu", to_cpu)] {
            if let Some(cpu) = cpu {
                self.whole(key, u64::from(*cpu))?;
            }
        }
        self.whole("ns", shown.duration().0)
    }

    fn join(&mut self, join: &Join) -> io::Result<()> {
        let Join { span, id, task, operation, first_end, depth, outcome, site, .. } = join;
        let Join { first_joins, second_joins, second, elided, .. } = join;
        self.id("id", Some(*id))?;
        self.id("operation", *operation)?;
        self.id("task", Some(*task))?;
        self.whole("depth", u64::from(*depth))?;
        self.whole("first_ns", first_end.0.wrapping_sub(span.start.0))?;
        // Those of a split are not known and 0.
        if operation.is_none() || (*first_joins, *second_joins) != (0, 0) {
            self.whole("first_joins", *first_joins)?;
            self.whole("second_joins", *second_joins)?;
        }
        self.word("second", second)?;
        if let Some(half) = elided {
            self.word("elided", half)?;
        }
        self.ending(*outcome, *site)
    }

    fn operation(&mut self, operation: &Operation) -> io::Result<()> {
        let Operation { span, id, task, kind, wait, outcome, site, label, chain, iteration } =
            operation;
        self.id("id", Some(*id))?;
        self.id("task", *task)?;
        self.word("kind", kind)?;
        if kind.is_opaque() {
            self.flag("opaque");
        }
        self.whole("own_ns", wait.0.wrapping_sub(span.start.0))?;
        if let Some(label) = label {
            self.word("label", label)?;
        }
        if let Some(chain) = chain {
            self.key("chain");
            self.texts.write_chain(*chain, self.buffer)?;
        }
        if let Some(iteration) = iteration {
            self.iteration(iteration)?;
        }
        self.ending(*outcome, *site)
    }

    fn iteration(&mut self, iteration: &Iteration) -> io::Result<()> {
        let Iteration { items, leaves, splits, reductions, steals } = iteration;
        self.whole("items", *items)?;
        self.whole("leaves", *leaves)?;
        self.whole("splits", *splits)?;
        if let Some(reductions) = reductions {
            self.whole("reductions", *reductions)?;
        }
        self.whole("steals", *steals)
    }

    fn leaf(&mut self, leaf: &Leaf) -> io::Result<()> {
        let Leaf { span: _, id, operation, task, depth, items, waited, producing, outcome } = leaf;
        self.id("id", Some(*id))?;
        self.id("operation", Some(*operation))?;
        self.id("task", *task)?;
        self.whole("depth", u64::from(*depth))?;
        self.whole("items", *items)?;
        // Only under `par_bridge` is there anything to say.
        if (*waited, *producing) != (Nanos::ZERO, Nanos::ZERO) {
            self.whole("waited_ns", waited.0)?;
            self.whole("producing_ns", producing.0)?;
        }
        self.ending(*outcome, None)
    }

    fn reduction(&mut self, reduction: &Reduction) -> io::Result<()> {
        let Reduction { span: _, id, operation, task, depth, outcome } = reduction;
        self.id("id", Some(*id))?;
        self.id("operation", Some(*operation))?;
        self.id("task", *task)?;
        self.whole("depth", u64::from(*depth))?;
        self.ending(*outcome, None)
    }

    fn collapsed(&mut self, collapsed: &Collapsed) -> io::Result<()> {
        let Collapsed { span: _, tasks, busy, waited, joins, spawns, queued } = collapsed;
        self.whole("tasks", *tasks)?;
        self.whole("busy_ns", busy.0)?;
        self.whole("waited_ns", waited.0)?;
        self.whole("joins", *joins)?;
        self.whole("spawns", *spawns)?;
        self.whole("queued_ns", queued.0)
    }

    fn ending(&mut self, outcome: Outcome, site: Option<SiteId>) -> io::Result<()> {
        if let Some(site) = site {
            self.key("site");
            self.texts.write_site(site, self.buffer)?;
        }
        if outcome == Outcome::Panicked {
            self.flag("panicked");
        }
        Ok(())
    }

    pub(super) fn flag(&mut self, key: &str) {
        self.key(key);
        self.buffer.extend_from_slice(b"true");
    }

    fn key(&mut self, key: &str) {
        let opening: &[u8] = if self.first { b"\"" } else { b",\"" };
        self.first = false;
        self.buffer.extend_from_slice(opening);
        self.buffer.extend_from_slice(key.as_bytes());
        self.buffer.extend_from_slice(b"\":");
    }

    pub(super) fn whole(&mut self, key: &str, number: u64) -> io::Result<()> {
        self.key(key);
        write_whole(self.buffer, number)
    }

    fn id(&mut self, key: &str, id: Option<EventId>) -> io::Result<()> {
        let Some(id) = id else { return Ok(()) };
        self.key(key);
        write_id(self.buffer, id)
    }

    pub(super) fn word(&mut self, key: &str, word: &impl Serialize) -> io::Result<()> {
        self.key(key);
        write_json(self.buffer, word)
    }
}

/// As the model spells it, without the detour through formatting: every event has one or two.
fn write_id(buffer: &mut Vec<u8>, id: EventId) -> io::Result<()> {
    buffer.push(b'"');
    write_integer(buffer, u64::from(id.lane().0));
    buffer.push(b':');
    write_integer(buffer, id.sequence());
    buffer.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_spelt_as_the_model_does() {
        for (lane, sequence) in [(1, 0), (2, 17), ((1 << 23) - 1, (1 << 40) - 1)] {
            let id = EventId::new(crate::model::LaneId(lane), sequence).unwrap();
            let mut buffer = Vec::new();
            write_id(&mut buffer, id).unwrap();
            assert_eq!(buffer, serde_json::to_vec(&id).unwrap());
        }
    }
}
