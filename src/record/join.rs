//! A join that is timed: the guard around it, and the mark between its halves.

use std::panic::Location;

use super::clock::now;
use super::event::{self, SecondHalf};
use super::lane::Lane;
use super::link::Link;
use super::notebook::{Notebook, Short};
use super::recorder::Detail;
use super::time::Ticks;

/// The instant at which a thread had no more work of its own, and what it had done until then. The
/// sum of short events until then stays in the notebook, where a panic does not reach it.
#[derive(Debug)]
pub struct Mark {
    pub(super) at: Ticks,
    joins: u64,
    pub(super) nested: u64,
}

impl Lane {
    /// Where the first half of a join, or the body of a scope, ends.
    #[inline]
    pub fn mark(&self) -> Mark {
        let Some((notebook, detail)) = self.notebook().zip(self.mode.get().timed()) else {
            let nested = self.notebook().map_or(0, |notebook| notebook.nested.get());
            return Mark { at: now(), joins: self.count(), nested };
        };
        let at = now();
        self.go_to(notebook, detail, self.depth.get());
        notebook.set_before_wait();
        Mark { at, joins: self.joins.get(), nested: notebook.nested.get() }
    }
}

/// A join that is being timed. Closed by [`OpenJoin::close`]; when dropped before, a half panicked.
#[must_use = "the join ends when this is dropped"]
#[derive(Debug)]
pub struct OpenJoin<'l> {
    lane: &'l Lane,
    notebook: &'l Notebook,
    epoch: u64,
    detail: Detail,
    site: &'static Location<'static>,
    id: u64,
    depth: u32,
    /// Joins of the task before the first half, this one included.
    joins: u64,
    start: Ticks,
    outer: Option<Box<Short>>,
    /// How many sums of others are set aside.
    set_aside: usize,
    closed: bool,
}

impl<'l> OpenJoin<'l> {
    #[inline]
    pub(super) fn new(
        lane: &'l Lane,
        notebook: &'l Notebook,
        detail: Detail,
        site: &'static Location<'static>,
    ) -> Self {
        let depth = lane.depth.get();
        lane.go_to(notebook, detail, depth.saturating_add(1));
        notebook.timed_joins.set(notebook.timed_joins.get() + 1);
        Self {
            lane,
            notebook,
            epoch: notebook.epoch(),
            detail,
            site,
            id: notebook.next_id(),
            depth,
            joins: lane.joins.get(),
            outer: notebook.take_short(),
            set_aside: notebook.set_aside(),
            closed: false,
            start: now(),
        }
    }

    /// What the second half carries, should another worker run it.
    #[inline]
    pub fn link(&self) -> Link {
        Link {
            site: self.site,
            parent: self.id,
            pushed: self.start.0,
            lane: self.notebook.lane().0,
            pool: self.notebook.pool(),
            depth: self.depth.saturating_add(1),
        }
    }

    /// The join returned.
    #[inline]
    pub fn close(mut self, mark: Mark, second: SecondHalf) {
        let end = now();
        self.closed = true;
        let second_joins = self.lane.count() - mark.joins;
        self.leave();
        let waited = match second {
            SecondHalf::Inline | SecondHalf::Unknown => 0,
            SecondHalf::SameWorker | SecondHalf::Stolen => self.waited(&mark, end),
        };
        if second == SecondHalf::Inline {
            self.learn(mark.at, end);
        }
        let record = event::Join {
            flags: event::join_flags(second, false),
            small: event::small_depth(self.depth),
            text: 0,
            start: self.start.0,
            first_end: mark.at.0,
            end: end.0,
            id: self.id,
            task: self.lane.task.get(),
            first_joins: mark.joins - self.joins,
            second_joins,
        };
        self.write(record, waited);
    }

    #[inline]
    fn leave(&self) {
        self.lane.go_to(self.notebook, self.detail, self.depth);
    }

    fn waited(&self, mark: &Mark, end: Ticks) -> u64 {
        let nested = self.notebook.nested.get().saturating_sub(mark.nested);
        Notebook::since(end, mark.at).saturating_sub(nested)
    }

    #[inline]
    fn learn(&self, middle: Ticks, end: Ticks) {
        let first = Notebook::since(middle, self.start);
        let second = Notebook::since(end, middle);
        let target = self.notebook.coarse.get();
        self.notebook.depths.learn(self.depth, first + second, first.max(second), target);
    }

    #[inline]
    fn write(&mut self, record: event::Join, waited: u64) {
        let notebook = self.notebook;
        if self.epoch != notebook.epoch() {
            return;
        }
        notebook.waited.set(notebook.waited.get() + waited);
        let ticks = record.end.saturating_sub(record.start);
        let stolen = record.second() == Some(SecondHalf::Stolen);
        let panicked = record.flags & event::PANICKED != 0;
        let kept = notebook.keeps(self.detail, ticks, stolen || panicked);
        let kept = kept.then(|| event::Join { text: notebook.site(self.site), ..record }.encode());
        let wait = Short { waited, ..Short::at(record.start, record.end) };
        let before = notebook.take_before_wait(self.set_aside);
        notebook.settle(kept.as_ref(), before, self.outer.take(), (waited > 0).then_some(wait));
    }
}

impl Drop for OpenJoin<'_> {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let end = now();
        self.leave();
        let record = event::Join {
            flags: event::join_flags(SecondHalf::Unknown, true),
            small: event::small_depth(self.depth),
            text: 0,
            start: self.start.0,
            first_end: end.0,
            end: end.0,
            id: self.id,
            task: self.lane.task.get(),
            first_joins: self.lane.count() - self.joins,
            second_joins: 0,
        };
        self.write(record, 0);
    }
}
