//! A join that is timed: the guard around it, and the mark between its halves.

use std::panic::Location;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use super::buffer::Record;
use super::clock::now;
use super::elision::Sample;
use super::event::{self, SecondHalf};
use super::lane::Lane;
use super::link::Link;
use super::listener::{Closed, Opening, Told};
use super::notebook::{Notebook, Short};
use super::recorder::Detail;
use super::time::Ticks;

/// The instant at which a thread had no more work of its own, and what it had done until then. The
/// sum of short events until then stays in the notebook, where a panic does not reach it.
#[derive(Debug)]
pub struct Mark {
    pub(super) at: Ticks,
    pub(super) joins: u64,
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
    halves: Halves,
    detail: Detail,
    /// Joins of the task before the first half, this one included.
    joins: u64,
    outer: Option<Box<Short>>,
    /// How many sums of others are set aside.
    set_aside: usize,
    returned: bool,
    told: Told,
}

/// What the two halves of a timed join are given, by reference: every word that a closure captures
/// or returns more is paid for with several.
///
/// All of it is written by the thread that called the join, but for `second`, which is written by
/// whoever runs the second half as a job: before the latch of that job is set, and so before it is
/// read. Hence relaxed.
#[derive(Debug)]
pub struct Halves {
    link: Link,
    /// What is found out at this join, if anything is.
    sample: Option<Sample>,
    /// The recording that the join belongs to, and its place among what is open there.
    epoch: u64,
    level: u64,
    /// The end of the first half, or 0: ticks, joins, and ticks of other tasks until then.
    first_end: AtomicU64,
    joins: AtomicU64,
    nested: AtomicU64,
    /// A [`SecondHalf`].
    second: AtomicU8,
}

impl Halves {
    fn new(link: Link, sample: Option<Sample>, [epoch, level]: [u64; 2]) -> Self {
        let (first_end, joins, nested) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let second = AtomicU8::new(SecondHalf::Inline as u8);
        Self { link, sample, epoch, level, first_end, joins, nested, second }
    }

    /// The first half has ended, on `lane`.
    #[inline]
    pub fn first_ended(&self, lane: &Lane) {
        let mark = lane.mark();
        self.first_end.store(mark.at.0, Relaxed);
        self.joins.store(mark.joins, Relaxed);
        self.nested.store(mark.nested, Relaxed);
        if let Some(notebook) = lane.notebook() {
            notebook.waits(self.epoch, self.level, mark.at);
        }
        if let Some(sample) = self.sample {
            lane.second_half_of(sample);
        }
    }

    /// The second half is about to run as a job, on `lane`; the link that the job came with.
    pub fn second_begins(&self, lane: &Lane) -> Link {
        self.second.store(self.link.second_half_on(lane) as u8, Relaxed);
        self.link
    }

    /// The mark between the halves; `None` if the first has not ended but by a panic.
    #[inline]
    fn mark(&self) -> Option<Mark> {
        let at = self.first_end.load(Relaxed);
        let (joins, nested) = (self.joins.load(Relaxed), self.nested.load(Relaxed));
        (at != 0).then_some(Mark { at: Ticks(at), joins, nested })
    }

    #[inline]
    fn second(&self) -> SecondHalf {
        SecondHalf::from_code(self.second.load(Relaxed)).unwrap_or(SecondHalf::Unknown)
    }
}

/// A join that is to be timed: what it is opened with. Apart from [`OpenJoin`], which is too large
/// to be handed through the slow path's answer.
#[derive(Clone, Copy, Debug)]
pub struct Timed<'l> {
    pub(super) lane: &'l Lane,
    pub(super) notebook: &'l Notebook,
    pub(super) detail: Detail,
}

impl<'l> Timed<'l> {
    /// Opens the join, called at `site`.
    #[inline]
    pub fn open(self, site: &'static Location<'static>) -> OpenJoin<'l> {
        let Self { lane, notebook, detail } = self;
        let depth = lane.depth.get().saturating_add(1);
        lane.go_to(notebook, detail, depth);
        notebook.timed_joins.set(notebook.timed_joins.get() + 1);
        let (parent, outer) = (notebook.next_id(), notebook.take_short());
        let (lane_number, pool) = (notebook.lane().0, notebook.pool());
        let joins = lane.joins.get();
        let is_due = notebook.elision.is_due(joins);
        let sample = if is_due { notebook.draw(lane, detail, depth - 1) } else { None };
        if let Some(sample) = sample {
            lane.first_half_of(sample);
        }
        let told = Told::of(notebook, parent, Some(depth - 1), Some(site), || Opening::Join);
        let level = notebook.enter(&beginning(depth - 1, parent, lane.task.get()).encode());
        OpenJoin {
            told,
            lane,
            notebook,
            detail,
            joins,
            outer,
            set_aside: notebook.set_aside(),
            returned: false,
            // The clock is read last, so that the bookkeeping is not in the join's time.
            halves: Halves::new(
                Link {
                    site,
                    parent,
                    depth,
                    lane: lane_number,
                    pool,
                    around: 0,
                    phase: notebook.phases.current(),
                    pushed: notebook.begins(level).0,
                },
                sample,
                [notebook.epoch(), level],
            ),
        }
    }
}

impl OpenJoin<'_> {
    /// What the halves' closures need.
    #[inline]
    pub fn halves(&self) -> &Halves {
        &self.halves
    }

    /// The join returned; called once. By reference, because moving it here would copy it.
    #[inline]
    pub fn close(&mut self) {
        self.returned = true;
        self.end();
    }

    #[inline]
    fn end(&mut self) {
        let end = now();
        let joins = self.lane.count();
        if let Some(sample) = self.halves.sample {
            self.lane.halves_ended(sample);
        }
        self.lane.go_to(self.notebook, self.detail, self.depth());
        let (panicked, halves) = (!self.returned, &self.halves);
        self.told.close(halves.link.parent, || {
            let second = halves.mark().map(|_| halves.second());
            Closed { panicked, second, ..Closed::default() }
        });
        if self.halves.epoch != self.notebook.epoch() {
            return;
        }
        match self.halves.mark() {
            Some(mark) => self.end_after(&mark, end, joins),
            None => self.end_without_second(end, joins),
        }
        self.notebook.leave(self.halves.level);
    }

    #[inline]
    fn end_after(&mut self, mark: &Mark, end: Ticks, joins: u64) {
        let second = self.halves.second();
        let waited = match second {
            SecondHalf::Inline | SecondHalf::Unknown => 0,
            SecondHalf::SameWorker | SecondHalf::Stolen => self.waited(mark, end),
        };
        let in_place = second == SecondHalf::Inline && self.returned;
        let joins = [mark.joins - self.joins, joins - mark.joins];
        let mut record = self.record(second, mark.at, end, joins);
        match self.halves.sample {
            Some(sample) => {
                let joins = in_place.then_some(joins);
                record.flags |= self.notebook.end_sample(self.lane, sample, joins);
            }
            // Where a half was elided, the join was quicker than such joins are.
            None if in_place => self.learn(mark.at, end),
            None => {}
        }
        let is_pair = record.flags & (event::ELIDED_FIRST | event::ELIDED_SECOND) != 0;
        self.write(record, waited, second == SecondHalf::Stolen || is_pair);
    }

    /// The first half panicked.
    #[cold]
    fn end_without_second(&mut self, end: Ticks, joins: u64) {
        if let Some(sample) = self.halves.sample {
            self.notebook.end_sample(self.lane, sample, None);
        }
        let record = self.record(SecondHalf::Unknown, end, end, [joins - self.joins, 0]);
        self.write(record, 0, false);
    }

    #[inline]
    fn record(
        &self,
        second: SecondHalf,
        first_end: Ticks,
        end: Ticks,
        [first_joins, second_joins]: [u64; 2],
    ) -> event::Join {
        event::Join {
            flags: event::join_flags(second, !self.returned),
            start: self.halves.link.pushed,
            first_end: first_end.0,
            end: end.0,
            first_joins,
            second_joins,
            ..beginning(self.depth(), self.halves.link.parent, self.lane.task.get())
        }
    }

    #[inline]
    fn depth(&self) -> u32 {
        self.halves.link.depth - 1
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
        let first = Notebook::since(middle, Ticks(self.halves.link.pushed));
        let second = Notebook::since(end, middle);
        let target = notebook.coarse.get();
        notebook.depths.learn(self.depth(), first + second, first.max(second), target);
    }

    #[inline]
    fn write(&mut self, record: event::Join, waited: u64, stolen: bool) {
        let notebook = self.notebook;
        let ticks = record.end.saturating_sub(record.start);
        let kept = notebook.keeps(self.detail, ticks, stolen || !self.returned);
        if waited > 0 || self.outer.is_some() || notebook.holds_short(self.set_aside) {
            self.settle(kept, record, waited);
        } else if kept {
            // The common case: nothing but the join itself.
            notebook.push(&self.sited(record));
        }
    }

    #[inline]
    fn sited(&self, record: event::Join) -> Record {
        event::Join { text: self.notebook.site(self.halves.link.site), ..record }.encode()
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

/// What is known of a join where it begins. Where it was called is looked up for those that are kept.
#[inline]
fn beginning(depth: u32, id: u64, task: u64) -> event::Join {
    event::Join {
        flags: event::join_flags(SecondHalf::Inline, false),
        small: event::small_depth(depth),
        text: 0,
        start: 0,
        first_end: 0,
        end: 0,
        id,
        task,
        first_joins: 0,
        second_joins: 0,
    }
}

impl Drop for OpenJoin<'_> {
    fn drop(&mut self) {
        if !self.returned {
            self.end();
        }
    }
}
