//! A split that is under way: until both of its halves have ended. Whoever made it waits for the second
//! one where that was run as a job. The reduction of both results follows.

use super::super::clock::now;
use super::super::event::{self, SecondHalf};
use super::super::iterator::Run;
use super::super::lane::Lane;
use super::super::listener::{Closed, Opening};
use super::super::notebook::Notebook;
use super::super::progress::add;
use super::super::time::Ticks;
use super::half::{Done, TIMED};
use super::reduction::OpenReduction;
use super::{Open, Timed, learn};

/// A split: until both of its halves have ended.
#[must_use = "the split ends when this is dropped"]
#[derive(Debug)]
pub struct OpenSplit<'r, 'c, 'l> {
    pub(super) run: &'r Run<'c>,
    pub(super) open: Option<Box<Open<'r, 'c, 'l>>>,
}

impl<'r, 'c, 'l> OpenSplit<'r, 'c, 'l> {
    /// Both halves have ended; their results are to be reduced, on the thread of `lane`, which is
    /// that of the split.
    #[inline]
    pub fn joined(mut self, lane: &Lane, _first: Done, second: Done) -> OpenReduction<'r, 'c, 'l> {
        if let Some(notebook) = self.run.counting(lane) {
            add(&notebook.progress.reductions, 1);
        }
        let mut open = self.open.take();
        if let Some(open) = &mut open {
            open.end_split(Some(second));
        }
        OpenReduction { open }
    }
}

impl Drop for OpenSplit<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.end_split(None);
        }
    }
}

impl<'l> Open<'_, '_, 'l> {
    /// Writes a split whose second half ended, or panicked. The reduction that follows is timed from
    /// its end.
    #[cold]
    fn end_split(&mut self, second: Option<Done>) {
        let Some(mut timed) = self.timed.take() else {
            self.timed = second.and_then(|_| self.reduction_outside());
            return;
        };
        let Self { run, lane, half, .. } = *self;
        let end = now();
        let (first_end, nested) = timed.notebook.first_end(lane.level.get());
        let panicked = second.is_none();
        let fate = second.map_or(SecondHalf::Unknown, |done| done.fate(lane));
        if !timed.leave(lane, Closed { panicked, second: Some(fate), ..Closed::default() }) {
            return;
        }
        let (notebook, detail, start) = (timed.notebook, timed.detail, timed.start);
        // Halves that were not split off by this very split have no ends that it knows.
        let first_end = if first_end == 0 { end } else { Ticks(first_end) };
        let nested = notebook.nested.get().saturating_sub(nested);
        let waited = match fate {
            SecondHalf::Inline | SecondHalf::Unknown => 0,
            SecondHalf::SameWorker | SecondHalf::Stolen => {
                Notebook::since(end, first_end).saturating_sub(nested)
            }
        };
        if fate == SecondHalf::Inline {
            let halves = [Notebook::since(first_end, start), Notebook::since(end, first_end)];
            learn(run, notebook, detail, half, halves);
        }
        let (id, operation, task) = (timed.id, run.operation, lane.task.get());
        timed.write(end, panicked || fate == SecondHalf::Stolen, waited, || {
            event::Join {
                flags: event::join_flags(fate, panicked) | event::SPLIT,
                small: event::small_depth(half.depth()),
                text: notebook.site(run.call.site),
                start: start.0,
                first_end: first_end.0,
                end: end.0,
                id,
                task,
                first_joins: operation,
                second_joins: 0,
            }
            .encode()
        });
        let what = (Opening::Reduction, half, run);
        self.timed = (!panicked).then(|| Timed::open(notebook, lane, detail, what, Some(end)));
    }
}

impl<'l> Open<'_, '_, 'l> {
    /// Outside the pool a split is not timed, as its caller only waits; but the reduction is its own.
    fn reduction_outside(&self) -> Option<Timed<'l>> {
        let Self { run, lane, half, .. } = *self;
        let notebook = run.notebook(lane).filter(|_| half.is(TIMED) && !lane.in_task())?;
        let what = (Opening::Reduction, half, run);
        Some(Timed::open(notebook, lane, run.detail(lane)?, what, None))
    }
}
