//! An operation: a call that hands work to others and waits for it.

use std::cell::Cell;
use std::panic::Location;

use super::buffer::Record;
use super::clock::now;
use super::event::{self, OperationKind};
use super::join::Mark;
use super::lane::Lane;
use super::link::Link;
use super::listener::{Closed, Told};
use super::notebook::{Around, Notebook, Short};
use super::recorder::{self, Detail, Identity};
use super::time::Ticks;

impl Lane {
    /// Opens an operation on this thread, if it is to be recorded.
    pub fn open_operation(
        &self,
        who: impl FnOnce() -> Identity,
        kind: OperationKind,
        site: &'static Location<'static>,
        label: Option<&str>,
    ) -> Option<OpenOperation<'_>> {
        let switch = recorder::switch();
        let mode = self.mode_of_call(switch.detail);
        let detail = mode.timed()?;
        let notebook = self.recording(switch, who)?;
        notebook.listen(true);
        Some(OpenOperation::new(self, notebook, detail, kind, site, label))
    }
}

/// An operation that is under way. Closed by [`OpenOperation::close`]; when dropped before, a
/// panic went through it.
#[must_use = "the operation ends when this is dropped"]
#[derive(Debug)]
pub struct OpenOperation<'l> {
    lane: &'l Lane,
    notebook: &'l Notebook,
    epoch: u64,
    detail: Detail,
    kind: OperationKind,
    site: u32,
    label: u64,
    id: u64,
    start: Ticks,
    /// Ticks of other tasks on this lane before it.
    nested: u64,
    /// The short events around it, if it is in a task.
    around: Option<Around>,
    /// Whether a job was pushed for it: then its caller has nothing to do but wait for that.
    handed_over: Cell<bool>,
    closed: bool,
    told: Told,
    /// Its place among what is open.
    level: u64,
}

/// When an operation's caller began to wait.
#[derive(Debug)]
pub enum Wait {
    /// It never did.
    Never,
    /// At once: it handed everything over.
    FromStart,
    /// From a mark on.
    Since(Mark),
}

impl<'l> OpenOperation<'l> {
    pub(super) fn new(
        lane: &'l Lane,
        notebook: &'l Notebook,
        detail: Detail,
        kind: OperationKind,
        site: &'static Location<'static>,
        label: Option<&str>,
    ) -> Self {
        let id = notebook.next_id();
        let told = Told::of_operation(notebook, id, site, kind, label);
        let (site, label) = (notebook.site(site), notebook.label(label));
        lane.level.set(lane.level.get() + 1);
        let task = lane.task.get();
        let level = notebook.enter(&beginning(kind, site, id, task, label).encode());
        Self {
            lane,
            notebook,
            epoch: notebook.epoch(),
            detail,
            kind,
            site,
            label,
            id,
            nested: notebook.nested.get(),
            around: lane.in_task().then(|| notebook.step_in()),
            handed_over: Cell::new(false),
            closed: false,
            told,
            level,
            start: notebook.begins(level),
        }
    }

    /// Its id.
    #[inline]
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// When it was called.
    #[inline]
    pub(super) fn start(&self) -> Ticks {
        self.start
    }

    /// The detail in which it is timed.
    #[inline]
    pub(super) fn detail(&self) -> Detail {
        self.detail
    }

    /// What the job carries to which this operation hands everything over.
    pub fn link(&self, site: &'static Location<'static>) -> Link {
        self.handed_over.set(true);
        self.notebook.waits(self.epoch, self.level, self.start);
        Link {
            parent: self.id,
            pushed: self.start.0,
            lane: self.notebook.lane().0,
            pool: self.notebook.pool(),
            phase: self.notebook.phases.current(),
            ..Link::unrecorded(site)
        }
    }

    /// The operation returned.
    pub fn close(mut self, wait: Wait) {
        self.end(wait, false, None);
    }

    /// Ends it, once. `beside` is written with it if it is kept.
    pub(super) fn end(&mut self, wait: Wait, panicked: bool, beside: Option<Record>) {
        let end = now();
        self.closed = true;
        self.told.close(self.id, || Closed { panicked, ..Closed::default() });
        let notebook = self.notebook;
        self.lane.level.set(self.lane.level.get().saturating_sub(1));
        if self.epoch != notebook.epoch() {
            return;
        }
        let (since, waited) = self.waited(wait, end);
        notebook.waited.set(notebook.waited.get() + waited);
        let ticks = Notebook::since(end, self.start);
        // Outside of tasks an operation is what there is to see.
        let matters = panicked || !self.lane.in_task();
        let kept = notebook.keeps(self.detail, ticks, matters);
        if kept {
            beside.iter().for_each(|beside| notebook.push(beside));
        }
        let kept = kept.then(|| self.record(since, end, panicked).encode());
        let wait = Short { waited, ..Short::at(self.start.0, end.0) };
        match self.around.take() {
            Some(around) => {
                notebook.step_out(around, kept.as_ref(), (waited > 0).then_some(wait));
            }
            None => kept.iter().for_each(|record| notebook.push(record)),
        }
        notebook.leave(self.level);
    }

    /// From when on its caller waited, and how much of that was not filled with other tasks.
    fn waited(&self, wait: Wait, end: Ticks) -> (Ticks, u64) {
        let (since, nested) = match wait {
            Wait::Never => return (end, 0),
            Wait::FromStart => (self.start, self.nested),
            Wait::Since(mark) => (mark.at, mark.nested),
        };
        let nested = self.notebook.nested.get().saturating_sub(nested);
        (since, Notebook::since(end, since).saturating_sub(nested))
    }

    fn record(&self, wait: Ticks, end: Ticks, panicked: bool) -> event::Operation {
        event::Operation {
            flags: u8::from(panicked),
            start: self.start.0,
            wait: wait.0,
            end: end.0,
            ..beginning(self.kind, self.site, self.id, self.lane.task.get(), self.label)
        }
    }
}

/// What is known of it where it begins.
fn beginning(kind: OperationKind, site: u32, id: u64, task: u64, label: u64) -> event::Operation {
    event::Operation {
        flags: 0,
        small: kind as u16,
        text: site,
        start: 0,
        wait: 0,
        end: 0,
        id,
        task,
        label,
        spare: 0,
    }
}

impl Drop for OpenOperation<'_> {
    fn drop(&mut self) {
        if !self.closed {
            let wait = if self.handed_over.get() { Wait::FromStart } else { Wait::Never };
            self.end(wait, true, None);
        }
    }
}
