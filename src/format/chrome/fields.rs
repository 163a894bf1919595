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
use crate::model::{
    Collapsed, Event, EventId, Join, Operation, OperationKind, Origin, Outcome, SiteId, Span, Task,
};

/// An event's category, by which the reader knows its kind.
pub(super) fn category(event: &Event) -> &'static str {
    match event {
        Event::Task(_) => "task",
        Event::Join(_) => "join",
        Event::Operation(_) => "operation",
        Event::Collapsed(_) => "collapsed",
    }
}

/// What a viewer writes on the event.
pub(super) fn name(event: &Event) -> &str {
    match event {
        Event::Task(task) => task_name(task.origin),
        Event::Join(_) => "join",
        Event::Operation(operation) => operation
            .label
            .as_deref()
            .filter(|label| !label.trim().is_empty())
            .unwrap_or_else(|| operation_name(operation.kind)),
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

fn operation_name(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Region => "region",
        OperationKind::Install => "install",
        OperationKind::Join => "join from outside",
        OperationKind::Scope => "scope",
        OperationKind::InPlaceScope => "in-place scope",
        OperationKind::Broadcast => "broadcast",
    }
}

/// The fields of a JSON object, one after the other.
pub(super) struct Fields<'a> {
    buffer: &'a mut Vec<u8>,
    /// The text of each call site, as JSON.
    sites: &'a SiteTexts,
    first: bool,
}

impl<'a> Fields<'a> {
    /// Fields to be appended to `buffer`, which ends in `{`.
    pub(super) fn new(buffer: &'a mut Vec<u8>, sites: &'a SiteTexts) -> Self {
        Self { buffer, sites, first: true }
    }

    /// All fields of an event but its times.
    pub(super) fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Task(task) => self.task(task),
            Event::Join(join) => self.join(join),
            Event::Operation(operation) => self.operation(operation),
            Event::Collapsed(collapsed) => self.collapsed(collapsed),
        }
    }

    /// An event's true times, for a slice that shows others.
    pub(super) fn times(&mut self, span: Span) -> io::Result<()> {
        self.whole("start_ns", span.start.0)?;
        self.whole("end_ns", span.end.0)
    }

    fn task(&mut self, task: &Task) -> io::Result<()> {
        let Task { span, id, origin, parent, pushed, depth, joins, spawns, outcome, site } = task;
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
        self.ending(*outcome, *site)
    }

    fn join(&mut self, join: &Join) -> io::Result<()> {
        let Join { span, id, task, first_end, depth, outcome, site, .. } = join;
        let Join { first_joins, second_joins, second, .. } = join;
        self.id("id", Some(*id))?;
        self.id("task", Some(*task))?;
        self.whole("depth", u64::from(*depth))?;
        self.whole("first_ns", first_end.0.wrapping_sub(span.start.0))?;
        self.whole("first_joins", *first_joins)?;
        self.whole("second_joins", *second_joins)?;
        self.word("second", second)?;
        self.ending(*outcome, *site)
    }

    fn operation(&mut self, operation: &Operation) -> io::Result<()> {
        let Operation { span, id, task, kind, wait, outcome, site, label } = operation;
        self.id("id", Some(*id))?;
        self.id("task", *task)?;
        self.word("kind", kind)?;
        self.whole("own_ns", wait.0.wrapping_sub(span.start.0))?;
        if let Some(label) = label {
            self.word("label", label)?;
        }
        self.ending(*outcome, *site)
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
            self.sites.write(site, self.buffer)?;
        }
        if outcome == Outcome::Panicked {
            self.key("panicked");
            self.buffer.extend_from_slice(b"true");
        }
        Ok(())
    }

    fn key(&mut self, key: &str) {
        let opening: &[u8] = if self.first { b"\"" } else { b",\"" };
        self.first = false;
        self.buffer.extend_from_slice(opening);
        self.buffer.extend_from_slice(key.as_bytes());
        self.buffer.extend_from_slice(b"\":");
    }

    fn whole(&mut self, key: &str, number: u64) -> io::Result<()> {
        self.key(key);
        write_whole(self.buffer, number)
    }

    fn id(&mut self, key: &str, id: Option<EventId>) -> io::Result<()> {
        let Some(id) = id else { return Ok(()) };
        self.key(key);
        write_id(self.buffer, id)
    }

    fn word(&mut self, key: &str, word: &impl Serialize) -> io::Result<()> {
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

/// Call sites as they stand in each event: the index for the reader, the line for the user.
#[derive(Debug)]
pub(super) struct SiteTexts(Vec<Vec<u8>>);

impl SiteTexts {
    /// `INDEX DIRECTORY/FILE:LINE:COLUMN` for each location.
    pub(super) fn new<'a>(locations: impl Iterator<Item = &'a str>) -> io::Result<Self> {
        let text = |(index, location)| format!("{index} {}", tail(location));
        let json = |text| {
            let mut buffer = Vec::new();
            write_json(&mut buffer, &text).map(|()| buffer)
        };
        locations.enumerate().map(text).map(json).collect::<io::Result<_>>().map(Self)
    }

    fn write(&self, site: SiteId, buffer: &mut Vec<u8>) -> io::Result<()> {
        match self.0.get(site.0 as usize) {
            Some(text) => {
                buffer.extend_from_slice(text);
                Ok(())
            }
            None => write_json(buffer, &format!("{} unknown", site.0)),
        }
    }
}

/// The last two components of a path, which tell one `mod.rs` from another.
fn tail(location: &str) -> &str {
    let mut separators = location.rmatch_indices(['/', '\\']);
    separators.nth(1).map_or(location, |(at, _)| &location[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_keep_their_last_directory() {
        assert_eq!(tail("/home/me/src/workload/mod.rs:31:9"), "workload/mod.rs:31:9");
        assert_eq!(tail("src/main.rs:1:1"), "src/main.rs:1:1");
        assert_eq!(tail("C:\\code\\src\\main.rs:1:1"), "src\\main.rs:1:1");
        assert_eq!(tail(""), "");
    }

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
