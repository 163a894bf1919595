//! The parts of a parallel iterator: a half is split into halves, or is a leaf; two results are
//! reduced to one. Each part is a guard on the stack of the thread that runs it.
//!
//! A part that is fine and runs in its place is counted and nothing else: its guard holds nothing.

mod half;
mod leaf;
mod open_split;
mod reduction;
mod split;

use super::buffer::Record;
use super::clock::now;
use super::feed::Feed;
use super::iterator::{Arrived, Run};
use super::lane::Lane;
use super::listener::{Closed, Opening, Told};
use super::notebook::{Around, Notebook, Short};
use super::progress::add;
use super::recorder::Detail;
use super::time::Ticks;
use half::{LOOSE, MARKED, TIMED};

pub use half::{Done, Half};
pub use leaf::OpenLeaf;
pub use open_split::OpenSplit;
pub use reduction::OpenReduction;

/// What a part has to close beside counting: boxed, as most parts have nothing.
#[derive(Debug)]
struct Open<'r, 'c, 'l> {
    run: &'r Run<'c>,
    lane: &'l Lane,
    half: Half,
    /// Before `arrived`, as it lies in it.
    timed: Option<Timed<'l>>,
    arrived: Option<Arrived<'r, 'c, 'l>>,
}

/// A part that is timed.
#[derive(Debug)]
struct Timed<'l> {
    notebook: &'l Notebook,
    epoch: u64,
    detail: Detail,
    id: u64,
    /// How many were open, with it.
    level: u32,
    start: Ticks,
    /// The short events around it; `None` outside of tasks.
    around: Option<Around>,
    feed: Option<Feed>,
    told: Told,
}

impl<'l> Timed<'l> {
    fn open(
        notebook: &'l Notebook,
        lane: &Lane,
        detail: Detail,
        what: (Opening<'static>, Half, &Run<'_>),
        start: Option<Ticks>,
    ) -> Self {
        let level = lane.level.get() + 1;
        lane.level.set(level);
        let id = notebook.next_id();
        let (what, half, run) = what;
        let told = Told::of(notebook, id, Some(half.depth()), Some(run.call.site), || what);
        Self {
            told,
            notebook,
            epoch: notebook.epoch(),
            detail,
            id,
            level,
            around: lane.in_task().then(|| notebook.step_in()),
            feed: None,
            // The clock is read last, so that the bookkeeping is not in the part's time.
            start: start.unwrap_or_else(now),
        }
    }

    /// The part ended; false if it cannot be written: another recording has begun meanwhile, or
    /// another part that began within it is still open. That happens to leaves whose iterators
    /// somebody keeps side by side, and is true of both: their time is that of what is around them.
    fn leave(&mut self, lane: &Lane, closed: Closed) -> bool {
        self.told.close(self.id, || closed);
        let level = lane.level.get();
        lane.level.set(level.saturating_sub(1));
        let (same, in_order) = (self.epoch == self.notebook.epoch(), level == self.level);
        if same && !in_order {
            if let Some(around) = self.around.take() {
                self.notebook.step_out(around, None, None);
            }
        }
        same && in_order
    }

    /// Writes its record if it took long enough, or matters.
    fn write(self, end: Ticks, matters: bool, waited: u64, record: impl FnOnce() -> Record) {
        let Self { notebook, start, .. } = self;
        add(&notebook.waited, waited);
        let kept = notebook.keeps(self.detail, Notebook::since(end, start), matters);
        let kept = kept.then(record);
        let wait = Short { waited, ..Short::at(start.0, end.0) };
        match self.around {
            Some(around) => {
                notebook.step_out(around, kept.as_ref(), (waited > 0).then_some(wait));
            }
            None => kept.iter().for_each(|record| notebook.push(record)),
        }
    }
}

impl<'r, 'c, 'l> Open<'r, 'c, 'l> {
    fn boxed(self) -> Option<Box<Self>> {
        let needed = self.arrived.is_some() || self.half.is(TIMED | MARKED);
        needed.then(|| Box::new(self))
    }

    /// The part has ended, `at` if it was timed: notes when, if that matters, and ends its task.
    fn done(mut self: Box<Self>, at: Option<Ticks>) -> Done {
        let Self { run, lane, half, .. } = *self;
        let as_job = self.arrived.is_some();
        if let Some(notebook) = run.notebook(lane).filter(|_| half.is(MARKED)) {
            notebook.set_before_wait();
            let at = at.unwrap_or_else(now);
            notebook.set_first_end(lane.level.get(), (at.0, notebook.nested.get()));
        }
        if let Some(arrived) = self.arrived.take() {
            arrived.done();
        }
        Done::on(lane, as_job)
    }
}

impl Run<'_> {
    /// Where a part is counted, if that is all that happens to it.
    #[inline]
    fn quiet<'l>(&self, lane: &'l Lane, half: Half) -> Option<&'l Notebook> {
        if half.is(TIMED | MARKED | LOOSE) || !self.is_in_place(lane, half) {
            return None;
        }
        let notebook = lane.notebook()?;
        notebook.prelude.set(false);
        Some(notebook)
    }

    /// The detail in which a thread records times of its parts, if it does.
    #[inline]
    fn detail(&self, lane: &Lane) -> Option<Detail> {
        if self.operation == 0 {
            return None;
        }
        // A thread outside the pool has no task, but what it has called.
        if lane.in_task() { lane.mode.get().timed() } else { self.detail }
    }
}

/// How long a part took that ran in its place, by the halves of it.
#[inline]
fn learn(run: &Run<'_>, here: &Notebook, detail: Detail, half: Half, halves: [u64; 2]) {
    if here.keeps_everything(detail) {
        return;
    }
    if let Some(place) = here.place(run.call) {
        let [first, second] = halves;
        let (depth, longer) = (half.depth(), first.max(second));
        place.depths.learn(depth, first + second, longer, here.coarse.get());
    }
}
