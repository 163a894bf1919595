//! A parallel iterator: the operation on the thread that calls it, and what all threads that run
//! parts of it share. `part` has the parts: splits, leaves, reductions.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::buffer::Record;
use super::event::{self, OperationKind, Origin};
use super::ids::EventId;
use super::join::Mark;
use super::lane::{Lane, Mode};
use super::link::{Arrival, Link};
use super::log::{Count, Counter};
use super::notebook::Notebook;
use super::operation::{OpenOperation, Wait};
use super::part::Half;
use super::places::{Call, Place};
use super::progress::Progress;
use super::recorder::{self, Detail, Identity};
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
    pub(super) call: &'c Call<'c>,
    pub(super) seen: Seen,
    /// Its number among all iterators of the recording; 0 if its parts are not recorded.
    pub(super) serial: u64,
    /// The recording.
    epoch: u64,
    /// Its id as an operation, if it is timed, or 0.
    pub(super) operation: u64,
    /// When it was called, and in which detail, if it is timed.
    pub(super) start: Ticks,
    pub(super) detail: Option<Detail>,
    /// The lane that called it.
    pub(super) caller: u32,
    /// Joins around it.
    depth: u32,
    /// The phase that its caller was in, or 0.
    phase: u64,
    /// Whether its items come from one iterator that all leaves share.
    pub(super) bridged: bool,
    /// What other threads than the caller did of it.
    others: Others,
    /// The task that took the first half in, where a thread outside the pool split it off, or 0.
    taken_in: AtomicU64,
    /// When the caller had nothing left of it to do itself, as far as is known; written by the
    /// caller alone. 0 is unknown.
    wait_at: AtomicU64,
    wait_nested: AtomicU64,
}

/// What other threads than the caller did of a parallel iterator. Each adds to it when it has done what
/// it came for: once, but for each leaf of a stolen half of which nothing else is seen. So it has lines
/// of its own: the others read the rest of the [`Run`] for each leaf. CPUs fetch two lines at once.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Others {
    splits: AtomicU64,
    leaves: AtomicU64,
    items: AtomicU64,
    reductions: AtomicU64,
    steals: AtomicU64,
}

/// A parallel iterator that is under way. Closed by [`OpenIterator::close`], by reference, as it is
/// large; when dropped before, a panic went through it.
#[must_use = "the operation ends when this is dropped"]
#[derive(Debug)]
pub struct OpenIterator<'l, 'c> {
    lane: &'l Lane,
    run: Run<'c>,
    root: Half,
    /// `None` if nothing of it is recorded.
    opened: Option<Opened<'l>>,
}

#[derive(Debug)]
struct Opened<'l> {
    notebook: &'l Notebook,
    place: &'l Place,
    serial: u64,
    /// `None` if it is not timed.
    operation: Option<Box<OpenOperation<'l>>>,
    outer: Option<Box<Outer>>,
}

/// The parallel iterator of which a thread was running a part when it began with another.
#[derive(Debug)]
struct Outer {
    iterating: u64,
    progress: Progress,
}

impl Outer {
    /// The thread turns to the iterator `serial`, mostly from none.
    #[inline]
    fn leave(lane: &Lane, notebook: &Notebook, serial: u64) -> Option<Box<Self>> {
        match lane.iterating.replace(serial) {
            0 => None,
            iterating => {
                let progress = notebook.progress.replace(&Progress::default());
                Some(Box::new(Self { iterating, progress }))
            }
        }
    }

    /// It turns back; what it has done meanwhile.
    #[inline]
    fn resume(outer: Option<Box<Self>>, lane: &Lane, notebook: &Notebook) -> Progress {
        let outer = outer.map(|outer| *outer);
        lane.iterating.set(outer.as_ref().map_or(0, |outer| outer.iterating));
        notebook.progress.replace(&outer.map_or_else(Progress::default, |outer| outer.progress))
    }
}

impl Lane {
    /// Opens a parallel iterator on this thread.
    #[inline]
    pub fn open_iterator<'l, 'c>(
        &'l self,
        who: impl FnOnce() -> Identity,
        call: &'c Call<'c>,
        seen: Seen,
    ) -> OpenIterator<'l, 'c> {
        let opened = self.recorded(who).and_then(|(notebook, mode)| {
            // A source within an adaptor that is already open: that one sees all of it.
            let inner = notebook.prelude.get();
            if inner { None } else { self.opened(notebook, mode, call) }
        });
        self.open(opened, call, seen)
    }

    #[inline]
    fn open<'l, 'c>(
        &'l self,
        opened: Option<Opened<'l>>,
        call: &'c Call<'c>,
        seen: Seen,
    ) -> OpenIterator<'l, 'c> {
        let run = Run::new(call, seen, self, opened.as_ref());
        let root = match &opened {
            Some(opened) => Half::root(opened.notebook, self, &run),
            None => Half::NONE,
        };
        OpenIterator { lane: self, run, root, opened }
    }

    /// Where this thread records what it calls now, if it does, and how.
    #[inline]
    fn recorded(&self, who: impl FnOnce() -> Identity) -> Option<(&Notebook, Mode)> {
        let switch = recorder::switch();
        let mode = self.mode_of_call(switch.detail);
        if !mode.is_recorded() {
            return None;
        }
        Some((self.recording(switch, who)?, mode))
    }

    #[inline]
    fn opened<'l>(
        &'l self,
        notebook: &'l Notebook,
        mode: Mode,
        call: &Call<'_>,
    ) -> Option<Opened<'l>> {
        let place = notebook.place(call)?;
        if !self.in_task() {
            // Open as a task is: what is done in it is tallied when it ends.
            notebook.with_log(|log| log.add(Counter::Begun, 1));
        }
        let opaque = place.meaning.opaque;
        if !opaque {
            notebook.count(place, Count::Operations, 1);
        }
        let timed = mode.timed().filter(|&detail| notebook.times(detail, place, 0));
        if timed.is_some() {
            notebook.listen(true);
        }
        let operation = timed.map(|detail| {
            let iterator = OperationKind::Iterator;
            let kind = if opaque { OperationKind::OpaqueIterator } else { iterator };
            Box::new(OpenOperation::new(self, notebook, detail, kind, call.site, call.label))
        });
        let serial = operation.as_ref().map_or_else(|| notebook.next_id(), |open| open.id());
        let serial = if opaque { 0 } else { serial };
        notebook.prelude.set(serial != 0);
        let outer = Outer::leave(self, notebook, serial);
        Some(Opened { notebook, place, serial, operation, outer })
    }
}

impl Lane {
    /// Opens a parallel iterator on a lane of no thread, see [`Lane::detached`].
    pub(super) fn open_detached<'l, 'c>(&'l self, call: &'c Call<'c>) -> OpenIterator<'l, 'c> {
        let notebook = self.notebook().expect("a detached lane has a notebook");
        self.open(self.opened(notebook, self.mode.get(), call), call, Seen::Whole)
    }
}

impl<'c> OpenIterator<'_, 'c> {
    /// Whether its parts are recorded.
    #[inline]
    pub fn has_parts(&self) -> bool {
        self.run.serial != 0
    }

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
    pub fn close(&mut self) {
        if let Some(opened) = self.opened.take() {
            self.end(opened, false);
        }
    }

    #[inline]
    fn end(&self, opened: Opened<'_>, panicked: bool) {
        let Opened { notebook, place, operation, outer, .. } = opened;
        notebook.prelude.set(false);
        let progress = Outer::resume(outer, self.lane, notebook);
        let is_same_recording = notebook.epoch() == self.run.epoch;
        if is_same_recording {
            notebook.tally(place, &progress);
        }
        if let Some(mut operation) = operation {
            let iteration = self.run.record(place, &progress);
            operation.end(self.run.wait(self.lane), panicked, Some(iteration));
        }
        if is_same_recording && !self.lane.in_task() {
            notebook.with_log(|log| log.add(Counter::Ended, 1));
        }
    }
}

impl Drop for OpenIterator<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(opened) = self.opened.take() {
            self.end(opened, true);
        }
    }
}

/// A half that runs as a task of its own: on another thread than the one that split it off, or on
/// that while it waited for something else.
#[derive(Debug)]
pub(super) struct Arrived<'r, 'c, 'l> {
    run: &'r Run<'c>,
    lane: &'l Lane,
    /// `None` if the recording has changed.
    opened: Option<(&'l Notebook, &'l Place, Option<Box<Outer>>)>,
    running: Option<Running<'l>>,
}

impl Arrived<'_, '_, '_> {
    /// The half returned.
    pub(super) fn done(mut self) {
        self.add_up();
        self.running.take().into_iter().for_each(Running::done);
    }

    /// Adds what was done here to the tally, before the task ends and the caller may go on.
    fn add_up(&mut self) {
        let Some((notebook, place, outer)) = self.opened.take() else { return };
        let progress = Outer::resume(outer, self.lane, notebook);
        if notebook.epoch() == self.run.epoch {
            notebook.tally(place, &progress);
        }
        self.run.others.add(&progress);
    }
}

impl Drop for Arrived<'_, '_, '_> {
    fn drop(&mut self) {
        self.add_up();
    }
}

impl Others {
    fn add(&self, Progress { splits, leaves, items, reductions }: &Progress) {
        self.splits.fetch_add(splits.get(), Relaxed);
        self.leaves.fetch_add(leaves.get(), Relaxed);
        let more = |sum: u64| Some(sum.saturating_add(items.get()));
        let _always = self.items.fetch_update(Relaxed, Relaxed, more);
        self.reductions.fetch_add(reductions.get(), Relaxed);
    }
}

impl<'c> Run<'c> {
    #[inline]
    fn new(call: &'c Call<'c>, seen: Seen, lane: &Lane, opened: Option<&Opened<'_>>) -> Self {
        let operation = opened.and_then(|opened| opened.operation.as_ref());
        Self {
            call,
            seen,
            serial: opened.map_or(0, |opened| opened.serial),
            epoch: opened.map_or(0, |opened| opened.notebook.epoch()),
            operation: operation.map_or(0, |operation| operation.id()),
            start: operation.map_or(Ticks(0), |operation| operation.start()),
            detail: operation.map(|operation| operation.detail()),
            caller: lane.number.get(),
            depth: lane.depth.get(),
            phase: opened.map_or(0, |opened| opened.notebook.phases.current()),
            bridged: opened.is_some_and(|opened| opened.place.meaning.bridged),
            others: Others::default(),
            taken_in: AtomicU64::new(0),
            wait_at: AtomicU64::new(0),
            wait_nested: AtomicU64::new(0),
        }
    }

    /// Where a thread that runs parts of it counts them; `None` if it is not recorded.
    #[inline]
    pub(super) fn counting<'l>(&self, lane: &'l Lane) -> Option<&'l Notebook> {
        lane.notebook().filter(|_| self.serial != 0 && lane.iterating.get() == self.serial)
    }

    /// The notebook of the thread that runs a part, if it belongs to the same recording.
    #[inline]
    pub(super) fn notebook<'l>(&self, lane: &'l Lane) -> Option<&'l Notebook> {
        lane.notebook().filter(|notebook| self.serial != 0 && notebook.epoch() == self.epoch)
    }

    /// The notebook of a thread that has not come to this recording before.
    #[cold]
    pub(super) fn join<'l>(
        &self,
        lane: &'l Lane,
        who: impl FnOnce() -> Identity,
    ) -> Option<&'l Notebook> {
        let switch = Some(recorder::switch()).filter(|switch| switch.epoch == self.epoch)?;
        lane.recording(switch, who)
    }

    /// Whether a half runs where it was split off, in its place on the stack.
    #[inline]
    pub(super) fn is_in_place(&self, lane: &Lane, half: Half) -> bool {
        half.is_of(lane) && lane.iterating.get() == self.serial
    }

    /// A half is run that is not in its place: in a task of its own.
    #[cold]
    pub(super) fn arrive<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: Half,
    ) -> Option<Arrived<'r, 'c, 'l>> {
        let here = lane.attach(&who);
        if here.pool() == 0 && who().seat.is_none() {
            // Only workers run tasks.
            return None;
        }
        let running = lane.begin(&who, self.arrival(lane, here, half));
        if half.is_first_from_outside() {
            self.taken_in.store(lane.task.get(), Relaxed);
        }
        let opened = self.notebook(lane).and_then(|notebook| {
            let place = notebook.place(self.call)?;
            if running.origin() == Some(Origin::Stolen) {
                self.others.steals.fetch_add(1, Relaxed);
                notebook.count(place, Count::Steals, 1);
            }
            Some((notebook, place, Outer::leave(lane, notebook, self.serial)))
        });
        Some(Arrived { run: self, lane, opened, running: Some(running) })
    }

    fn arrival(&self, lane: &Lane, here: &Notebook, half: Half) -> Arrival {
        if half.is_of(lane) && half.is_loose() {
            // What follows the first leaf of a stolen half.
            return Arrival::Rest(self.operation);
        }
        let link = Link {
            depth: self.depth,
            around: self.operation,
            phase: self.phase,
            ..half.link(self, here)
        };
        if !half.is_second_from_outside() {
            return Arrival::Job(link);
        }
        // A thread outside the pool made this split. The pool took it in as one job, which ran the
        // first half, and the second unless that was stolen from it. If nobody is known to have
        // begun the first, the worker that has is not this one, so this is stolen, too.
        match EventId::from_word(self.taken_in.load(Relaxed)) {
            Some(first) if first.lane() == here.lane() => Arrival::Rest(self.operation),
            Some(first) => {
                let (parent, lane) = (first.word(), first.lane().0);
                Arrival::Job(Link { parent, lane, pool: here.pool(), ..link })
            }
            None => Arrival::Job(Link { parent: 0, lane: u32::MAX, pool: here.pool(), ..link }),
        }
    }

    /// A thread that sees nothing but the leaves of a stolen half has split that.
    #[cold]
    pub(super) fn split_elsewhere(&self, notebook: &Notebook) {
        if let Some(place) = notebook.place(self.call) {
            notebook.count(place, Count::Splits, 1);
        }
        self.others.splits.fetch_add(1, Relaxed);
    }

    /// The caller has nothing left of it to do itself.
    pub(super) fn note_wait(&self, at: Ticks, notebook: &Notebook) {
        self.wait_at.store(at.0, Relaxed);
        self.wait_nested.store(notebook.nested.get(), Relaxed);
    }

    /// It has, and when it will have done that is not known. What all threads read for each leaf shares
    /// the cache line, so that nothing is written that stands there already.
    #[inline]
    pub(super) fn forget_wait(&self) {
        if self.wait_at.load(Relaxed) != 0 {
            self.wait_at.store(0, Relaxed);
        }
    }

    /// Since when its caller waits. Where reductions are seen, a worker's waits are those of its
    /// splits.
    fn wait(&self, lane: &Lane) -> Wait {
        let at = self.wait_at.load(Relaxed);
        let nobody_else = lane.in_task() && self.others.steals.load(Relaxed) == 0;
        if at == 0 || nobody_else {
            return Wait::Never;
        }
        let nested = self.wait_nested.load(Relaxed);
        Wait::Since(Mark { at: Ticks(at), joins: 0, nested })
    }

    fn record(&self, place: &Place, own: &Progress) -> Record {
        let Others { splits, leaves, items, reductions, steals } = &self.others;
        let reductions_seen = if self.seen == Seen::Whole { event::REDUCTIONS_SEEN } else { 0 };
        event::Iteration {
            flags: if self.serial == 0 { event::OPAQUE } else { reductions_seen },
            small: 0,
            text: place.chain.get(),
            operation: self.operation,
            items: items.load(Relaxed).saturating_add(own.items.get()),
            leaves: leaves.load(Relaxed) + own.leaves.get(),
            splits: splits.load(Relaxed) + own.splits.get(),
            reductions: reductions.load(Relaxed) + own.reductions.get(),
            steals: steals.load(Relaxed),
            spare: 0,
        }
        .encode()
    }
}
