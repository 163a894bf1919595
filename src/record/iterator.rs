//! A parallel iterator: the operation on the thread that calls it, and what all threads that run
//! parts of it share. `part` has the parts: splits, leaves, reductions.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::buffer::Record;
use super::event::{self, OperationKind, Origin};
use super::ids::EventId;
use super::join::Mark;
use super::lane::{Lane, Mode};
use super::link::{Arrival, Link};
use super::log::Count;
use super::notebook::{Notebook, Prelude};
use super::operation::{OpenOperation, Wait};
use super::part::Half;
use super::places::Call;
use super::recorder::{self, Identity};
use super::task::Running;
use super::time::Ticks;

/// What of a parallel iterator a front end sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Splits, leaves and reductions.
    Whole,
    /// Splits and leaves; reductions and waits happen out of sight.
    Leaves,
}

/// What all parts of a parallel iterator share. Lives on its caller's stack until all have ended.
#[derive(Debug)]
pub struct Run<'c> {
    pub(super) call: Call<'c>,
    pub(super) seen: Seen,
    /// The recording that its parts belong to; `None` if they are not recorded.
    epoch: Option<u64>,
    /// Its id, if it is timed, or 0.
    pub(super) operation: u64,
    /// The lane that called it.
    pub(super) caller: u32,
    /// Joins around it.
    depth: u32,
    /// Whether its items come from one iterator that all leaves share.
    pub(super) bridged: bool,
    text: u32,
    pub(super) counts: RunCounts,
    /// The task that took the first half in, where a thread outside the pool split it off, or 0.
    taken_in: AtomicU64,
    /// When the caller had nothing left of it to do itself, as far as is known; written by the
    /// caller alone. 0 is unknown.
    wait_at: AtomicU64,
    wait_nested: AtomicU64,
}

/// Counts of all parts of a timed parallel iterator. Every thread adds to them.
#[derive(Debug, Default)]
pub(super) struct RunCounts {
    pub(super) items: AtomicU64,
    pub(super) leaves: AtomicU64,
    pub(super) splits: AtomicU64,
    pub(super) reductions: AtomicU64,
    pub(super) steals: AtomicU64,
}

/// A parallel iterator that is under way. Closed by [`OpenIterator::close`]; when dropped before, a
/// panic went through it.
#[must_use = "the operation ends when this is dropped"]
#[derive(Debug)]
pub struct OpenIterator<'l, 'c> {
    lane: &'l Lane,
    /// `None` if it is not timed.
    operation: Option<OpenOperation<'l>>,
    run: Run<'c>,
    root: Half,
}

impl Lane {
    /// Opens a parallel iterator of `items` items, where that is known, on this thread.
    #[inline]
    pub fn open_iterator<'l, 'c>(
        &'l self,
        who: impl FnOnce() -> Identity,
        call: Call<'c>,
        seen: Seen,
        items: Option<u64>,
    ) -> OpenIterator<'l, 'c> {
        let switch = recorder::switch();
        let mode = match self.mode.get() {
            Mode::NoTask => Mode::of(switch.detail),
            mode => mode,
        };
        if mode.is_recorded() {
            if let Some(notebook) = self.recording(switch, who) {
                if notebook.prelude.get() == Prelude::Over {
                    return self.open_recorded(notebook, mode, call, seen, items);
                }
                // A source within an adaptor that is already open: that one sees all of it.
                notebook.prelude.set(Prelude::Open(items));
            }
        }
        OpenIterator {
            lane: self,
            operation: None,
            run: Run::unrecorded(call, seen),
            root: Half::ROOT,
        }
    }

    #[inline]
    fn open_recorded<'l, 'c>(
        &'l self,
        notebook: &'l Notebook,
        mode: Mode,
        call: Call<'c>,
        seen: Seen,
        items: Option<u64>,
    ) -> OpenIterator<'l, 'c> {
        let Some(place) = notebook.place(&call) else {
            let run = Run::unrecorded(call, seen);
            return OpenIterator { lane: self, operation: None, run, root: Half::ROOT };
        };
        notebook.count(place, Count::Operations, 1);
        notebook.prelude.set(Prelude::Open(items));
        let timed = mode.timed().filter(|&detail| notebook.times(detail, place, 0));
        let operation = timed.map(|detail| {
            let (site, label) = (call.site, call.label);
            OpenOperation::new(self, notebook, detail, OperationKind::Iterator, site, label)
        });
        let run = Run {
            epoch: (!place.meaning.opaque).then(|| notebook.epoch()),
            operation: operation.as_ref().map_or(0, OpenOperation::id),
            caller: notebook.lane().0,
            depth: self.depth.get(),
            bridged: place.meaning.bridged,
            text: place.chain.get(),
            ..Run::unrecorded(call, seen)
        };
        let start = operation.as_ref().map_or(Ticks(0), OpenOperation::start);
        let root = Half::root(notebook, &run, start, self.task.get());
        OpenIterator { lane: self, operation, run, root }
    }
}

impl<'c> OpenIterator<'_, 'c> {
    /// What its parts share.
    #[inline]
    pub fn run(&self) -> &Run<'c> {
        &self.run
    }

    /// All of it: the half that is not split off anything.
    #[inline]
    pub fn root(&self) -> Half {
        self.root
    }

    /// The call returned.
    #[inline]
    pub fn close(mut self) {
        self.end(false);
    }

    #[inline]
    fn end(&mut self, panicked: bool) {
        if self.run.caller == 0 {
            return;
        }
        if let Some(notebook) = self.lane.notebook() {
            notebook.prelude.set(Prelude::Over);
        }
        if let Some(mut operation) = self.operation.take() {
            let iteration = self.run.record(operation.id());
            operation.end(self.run.wait(self.lane), panicked, Some(iteration));
        }
        self.run.caller = 0;
    }
}

impl Drop for OpenIterator<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        self.end(true);
    }
}

impl<'c> Run<'c> {
    fn unrecorded(call: Call<'c>, seen: Seen) -> Self {
        Self {
            call,
            seen,
            epoch: None,
            operation: 0,
            caller: 0,
            depth: 0,
            bridged: false,
            text: 0,
            counts: RunCounts::default(),
            taken_in: AtomicU64::new(0),
            wait_at: AtomicU64::new(0),
            wait_nested: AtomicU64::new(0),
        }
    }

    /// The notebook of the thread that runs a part, if it belongs to the same recording.
    #[inline]
    pub(super) fn notebook<'l>(&self, lane: &'l Lane) -> Option<&'l Notebook> {
        let epoch = self.epoch?;
        lane.notebook().filter(|notebook| notebook.epoch() == epoch)
    }

    /// The notebook of a thread that has not come to this recording before.
    #[cold]
    pub(super) fn join<'l>(
        &self,
        lane: &'l Lane,
        who: impl FnOnce() -> Identity,
    ) -> Option<&'l Notebook> {
        let switch = Some(recorder::switch()).filter(|switch| Some(switch.epoch) == self.epoch)?;
        lane.recording(switch, who)
    }

    /// The guard of the task in which a half runs, if it runs as one: on another thread than the
    /// one that split it off, or on that while it waited for something else. `loose` is a half of
    /// which only its leaves are seen, so that each is a task of its own.
    #[inline]
    pub(super) fn arrive<'l>(
        &self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: &Half,
        loose: bool,
    ) -> Option<Running<'l>> {
        self.epoch?;
        match lane.notebook() {
            Some(here) if half.is_in_place(here) && !loose => None,
            _ => self.begin(lane, who, half),
        }
    }

    #[cold]
    fn begin<'l>(
        &self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: &Half,
    ) -> Option<Running<'l>> {
        let here = lane.attach(&who);
        if here.pool() == 0 && who().seat.is_none() {
            // Only workers run tasks.
            return None;
        }
        let running = lane.begin(&who, self.arrival(here, half));
        if half.is_first_from_outside() {
            self.taken_in.store(lane.task.get(), Relaxed);
        }
        if running.origin() == Some(Origin::Stolen) {
            self.count_steal(lane);
        }
        Some(running)
    }

    fn count_steal(&self, lane: &Lane) {
        self.counts.steals.fetch_add(1, Relaxed);
        if let Some(notebook) = self.notebook(lane) {
            if let Some(place) = notebook.place(&self.call) {
                notebook.count(place, Count::Steals, 1);
            }
        }
    }

    fn arrival(&self, here: &Notebook, half: &Half) -> Arrival {
        if half.is_in_place(here) {
            // What follows the first leaf of a stolen half.
            return Arrival::Root;
        }
        let link = Link { depth: self.depth, ..half.link(self.call.site) };
        if !half.is_second_from_outside() {
            return Arrival::Job(link);
        }
        // A thread outside the pool made this split. The pool took it in as one job, which ran the
        // first half, and the second unless that was stolen from it. If nobody is known to have
        // begun the first, the worker that has is not this one, so this is stolen, too.
        match EventId::from_word(self.taken_in.load(Relaxed)) {
            Some(first) if first.lane() == here.lane() => Arrival::Root,
            Some(first) => {
                let (parent, lane) = (first.word(), first.lane().0);
                Arrival::Job(Link { parent, lane, pool: here.pool(), ..link })
            }
            None => Arrival::Job(Link { parent: 0, lane: u32::MAX, pool: here.pool(), ..link }),
        }
    }

    /// The caller has nothing left of it to do itself.
    pub(super) fn note_wait(&self, at: Ticks, notebook: &Notebook) {
        self.wait_at.store(at.0, Relaxed);
        self.wait_nested.store(notebook.nested.get(), Relaxed);
    }

    /// It has, and when it will have done that is not known.
    #[inline]
    pub(super) fn forget_wait(&self) {
        self.wait_at.store(0, Relaxed);
    }

    /// Since when its caller waits. Where reductions are seen, a worker's waits are those of its
    /// splits.
    fn wait(&self, lane: &Lane) -> Wait {
        let at = self.wait_at.load(Relaxed);
        let nobody_else = lane.in_task() && self.counts.steals.load(Relaxed) == 0;
        if at == 0 || nobody_else {
            return Wait::Never;
        }
        let nested = self.wait_nested.load(Relaxed);
        Wait::Since(Mark { at: Ticks(at), joins: 0, nested })
    }

    fn record(&self, operation: u64) -> Record {
        let RunCounts { items, leaves, splits, reductions, steals } = &self.counts;
        let reductions_seen = if self.seen == Seen::Whole { event::REDUCTIONS_SEEN } else { 0 };
        event::Iteration {
            flags: if self.epoch.is_none() { event::OPAQUE } else { reductions_seen },
            small: 0,
            text: self.text,
            operation,
            items: items.load(Relaxed),
            leaves: leaves.load(Relaxed),
            splits: splits.load(Relaxed),
            reductions: reductions.load(Relaxed),
            steals: steals.load(Relaxed),
            spare: 0,
        }
        .encode()
    }
}
