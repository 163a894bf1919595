//! A join that is timed: the guard around it, and the mark between its halves.

use std::panic::Location;

use super::buffer::Record;
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
    /// What is known of the join at its start, and all that its second half needs of it.
    link: Link,
    epoch: u64,
    detail: Detail,
    /// Joins of the task before the first half, this one included.
    joins: u64,
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
        let depth = lane.depth.get().saturating_add(1);
        lane.go_to(notebook, detail, depth);
        notebook.timed_joins.set(notebook.timed_joins.get() + 1);
        let (parent, outer) = (notebook.next_id(), notebook.take_short());
        let (lane_number, pool) = (notebook.lane().0, notebook.pool());
        Self {
            lane,
            notebook,
            epoch: notebook.epoch(),
            detail,
            joins: lane.joins.get(),
            outer,
            set_aside: notebook.set_aside(),
            closed: false,
            // The clock is read last, so that the bookkeeping is not in the join's time.
            link: Link { site, parent, depth, lane: lane_number, pool, pushed: now().0 },
        }
    }

    /// What the second half carries, should another worker run it. A reference, because every word
    /// that its closure captures is paid for by all joins.
    #[inline]
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// The join returned.
    #[inline]
    pub fn close(mut self, mark: Mark, second: SecondHalf) {
        let end = now();
        self.closed = true;
        let second_joins = self.lane.count() - mark.joins;
        self.leave();
        let waited = match second {
            SecondHalf::Inline => {
                self.learn(mark.at, end);
                0
            }
            SecondHalf::Unknown => 0,
            SecondHalf::SameWorker | SecondHalf::Stolen => self.waited(&mark, end),
        };
        let first_joins = mark.joins - self.joins;
        let flags = event::join_flags(second, false);
        let stolen = second == SecondHalf::Stolen;
        let record = self.record(flags, mark.at, end, [first_joins, second_joins]);
        self.write(record, waited, stolen);
    }

    #[inline]
    fn record(
        &self,
        flags: u8,
        first_end: Ticks,
        end: Ticks,
        [first_joins, second_joins]: [u64; 2],
    ) -> event::Join {
        event::Join {
            flags,
            small: event::small_depth(self.depth()),
            text: 0,
            start: self.link.pushed,
            first_end: first_end.0,
            end: end.0,
            id: self.link.parent,
            task: self.lane.task.get(),
            first_joins,
            second_joins,
        }
    }

    fn depth(&self) -> u32 {
        self.link.depth - 1
    }

    #[inline]
    fn leave(&self) {
        self.lane.go_to(self.notebook, self.detail, self.depth());
    }

    #[cold]
    fn waited(&self, mark: &Mark, end: Ticks) -> u64 {
        let nested = self.notebook.nested.get().saturating_sub(mark.nested);
        Notebook::since(end, mark.at).saturating_sub(nested)
    }

    #[inline]
    fn learn(&self, middle: Ticks, end: Ticks) {
        let notebook = self.notebook;
        if notebook.keeps_everything(self.detail) {
            return;
        }
        let first = Notebook::since(middle, Ticks(self.link.pushed));
        let second = Notebook::since(end, middle);
        let target = notebook.coarse.get();
        notebook.depths.learn(self.depth(), first + second, first.max(second), target);
    }

    #[inline]
    fn write(&mut self, record: event::Join, waited: u64, matters: bool) {
        let notebook = self.notebook;
        if self.epoch != notebook.epoch() {
            return;
        }
        let ticks = record.end.saturating_sub(record.start);
        let kept = notebook.keeps(self.detail, ticks, matters);
        if waited > 0 || self.outer.is_some() || notebook.holds_short(self.set_aside) {
            self.settle(kept, record, waited);
        } else if kept {
            // The common case: nothing but the join itself.
            notebook.push(&self.sited(record));
        }
    }

    #[inline]
    fn sited(&self, record: event::Join) -> Record {
        event::Join { text: self.notebook.site(self.link.site), ..record }.encode()
    }

    /// Writes what belongs to the join beside itself.
    #[cold]
    fn settle(&mut self, kept: bool, record: event::Join, waited: u64) {
        let notebook = self.notebook;
        notebook.waited.set(notebook.waited.get() + waited);
        let kept = kept.then(|| self.sited(record));
        let wait = Short { waited, ..Short::at(record.start, record.end) };
        let before = notebook.take_before_wait(self.set_aside);
        let wait = (waited > 0).then_some(wait);
        notebook.settle(kept.as_ref(), before, self.outer.take(), wait);
    }
}

impl Drop for OpenJoin<'_> {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let end = now();
        self.leave();
        let flags = event::join_flags(SecondHalf::Unknown, true);
        let record = self.record(flags, end, end, [self.lane.count() - self.joins, 0]);
        self.write(record, 0, true);
    }
}
