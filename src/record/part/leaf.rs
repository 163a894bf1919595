//! A leaf: a half that is run item by item.

use super::super::clock::now;
use super::super::event;
use super::super::feed::Feed;
use super::super::iterator::{Run, Seen};
use super::super::lane::Lane;
use super::super::listener::{Closed, Opening};
use super::super::log::Counter;
use super::super::notebook::Notebook;
use super::super::progress::add;
use super::super::recorder::Identity;
use super::super::time::Ticks;
use super::half::{Done, Half, TIMED};
use super::{Open, Timed, learn};

/// A leaf that is under way. When dropped before it is closed, a panic went through it.
///
/// It may lie within the iterator over the leaf's items: nothing here takes its address but to take
/// it apart, or the compiler would keep all of that iterator in memory while it loops.
#[must_use = "the leaf ends when this is dropped"]
#[derive(Debug)]
pub struct OpenLeaf<'r, 'c, 'l> {
    run: &'r Run<'c>,
    open: Option<Box<Open<'r, 'c, 'l>>>,
}

impl<'c> Run<'c> {
    /// Begins a leaf on the thread of `lane`.
    #[inline]
    pub fn leaf<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: Half,
    ) -> OpenLeaf<'r, 'c, 'l> {
        match self.quiet(lane, half) {
            Some(_) => OpenLeaf { run: self, open: None },
            None => self.leaf_loudly(lane, who, half),
        }
    }

    #[cold]
    fn leaf_loudly<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: Half,
    ) -> OpenLeaf<'r, 'c, 'l> {
        if self.serial == 0 {
            return OpenLeaf { run: self, open: None };
        }
        let in_place = self.is_in_place(lane, half) && !half.is_loose();
        let arrived = if in_place { None } else { self.arrive(lane, who, half) };
        let timed = self.notebook(lane).and_then(|notebook| {
            notebook.prelude.set(false);
            let detail = self.detail(lane).filter(|_| half.is(TIMED))?;
            notebook.with_log(|log| log.add(Counter::TimedLeaves, 1));
            let timed = Timed::open(notebook, lane, detail, (Opening::Leaf, half, self), None);
            let feed = self.bridged.then(|| notebook.feed.replace(&Feed::begun()));
            Some(Timed { feed, ..timed })
        });
        OpenLeaf { run: self, open: Open { run: self, lane, half, timed, arrived }.boxed() }
    }
}

impl OpenLeaf<'_, '_, '_> {
    /// Whether [`Lane::consumed`] is to be called after each item.
    #[inline]
    pub fn is_fed(&self) -> bool {
        self.run.bridged && self.open.as_ref().is_some_and(|open| open.timed.is_some())
    }

    /// It returned, after `items` items, on the thread of `lane`, on which it began.
    #[inline]
    pub fn close(mut self, lane: &Lane, items: u64) -> Done {
        let open = self.open.take();
        if let Some(notebook) = self.run.counting(lane) {
            add(&notebook.progress.leaves, 1);
            add(&notebook.progress.items, items);
        }
        match open {
            None => {
                // Other threads' leaves say nothing of the caller's wait.
                if self.run.seen == Seen::Leaves && lane.number.get() == self.run.caller {
                    self.run.forget_wait();
                }
                Done::QUIETLY
            }
            Some(open) => open.close_leaf(items),
        }
    }
}

impl Drop for OpenLeaf<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            open.leaf_panicked();
        }
    }
}

impl Open<'_, '_, '_> {
    #[cold]
    fn close_leaf(mut self: Box<Self>, items: u64) -> Done {
        let Self { run, lane, .. } = *self;
        let end = self.timed.is_some().then(now);
        // Where reductions are seen, a caller's waits are those of its splits.
        let is_callers = self.arrived.is_none() && lane.number.get() == run.caller;
        if run.seen == Seen::Leaves && is_callers {
            match end.zip(run.notebook(lane)) {
                Some((end, notebook)) => run.note_wait(end, notebook),
                None => run.forget_wait(),
            }
        }
        if let Some(end) = end {
            self.end_leaf(end, items, false);
        }
        self.done(end)
    }

    #[cold]
    fn leaf_panicked(mut self: Box<Self>) {
        if let Some(notebook) = self.run.counting(self.lane) {
            add(&notebook.progress.leaves, 1);
        }
        self.end_leaf(now(), 0, true);
    }

    fn end_leaf(&mut self, end: Ticks, items: u64, panicked: bool) {
        let Some(mut timed) = self.timed.take() else { return };
        let Self { run, lane, half, .. } = *self;
        let notebook = timed.notebook;
        let feed = timed.feed.take().map(|before| notebook.feed.replace(&before));
        let items_of_it = (!panicked).then_some(items);
        if !timed.leave(lane, Closed { panicked, items: items_of_it, ..Closed::default() }) {
            return;
        }
        let ticks = Notebook::since(end, timed.start);
        learn(run, notebook, timed.detail, half, [ticks, 0]);
        let (start, id, task) = (timed.start.0, timed.id, lane.task.get());
        timed.write(end, panicked, 0, || {
            if let Some(feed) = &feed {
                notebook.push(&feed.record(id, ticks));
            }
            event::Leaf {
                flags: u8::from(panicked) | if feed.is_some() { event::FED } else { 0 },
                small: event::small_depth(half.depth()),
                text: 0,
                start,
                end: end.0,
                id,
                operation: run.operation,
                task,
                items,
                spare: 0,
            }
            .encode()
        });
        if run.seen == Seen::Leaves {
            notebook.set_before_wait();
        }
    }
}
