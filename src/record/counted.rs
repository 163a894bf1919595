//! A parallel iterator that is counted, and nothing else: its call site is known to be fine, so no
//! clock is read and no record is written for it.
//!
//! Its parts run as they are. Each thread that runs some of them keeps count on its own stack, and
//! adds that to its tally of the call site when it has done what it came for. A half that runs as a
//! job is a task, and knows who split it off.

use super::event::Origin;
use super::ids::EventId;
use super::lane::{Lane, Mode};
use super::link::{Arrival, Link};
use super::log::Count;
use super::notebook::Notebook;
use super::places::{Call, Place};
use super::progress::{Progress, add};
use super::recorder::{Detail, Identity};
use super::task::Running;

/// What a thread does of a parallel iterator that is counted only. Ends when it is dropped.
#[derive(Debug)]
pub struct Counted<'l, 'c> {
    carried: Carried<'c>,
    own: Own<'l>,
}

/// What its halves carry to threads that run them as jobs.
#[derive(Clone, Copy, Debug)]
pub struct Carried<'c> {
    call: &'c Call<'c>,
    /// The task that splits it off, or 0.
    task: u64,
    /// The phase that the task is in, or 0.
    phase: u64,
    /// Joins around it.
    depth: u32,
}

/// What the thread counts.
#[derive(Debug)]
struct Own<'l> {
    /// `None` if it records nothing.
    at: Option<CountedAt<'l>>,
    epoch: u64,
    progress: Progress,
}

/// Where a thread counts a parallel iterator.
#[derive(Clone, Copy, Debug)]
pub struct CountedAt<'l> {
    notebook: &'l Notebook,
    place: &'l Place,
}

impl Lane {
    /// Where to count a parallel iterator that this thread calls in a recorded task, if that is all
    /// that is to be done about it.
    #[inline]
    pub fn counts_iterator(&self, call: &Call<'_>) -> Option<CountedAt<'_>> {
        let detail = match self.mode.get() {
            Mode::Auto => Some(Detail::Auto),
            Mode::Count => None,
            _ => return None,
        };
        let notebook = self.notebook()?;
        if notebook.heard.get() || notebook.prelude.get() {
            return None;
        }
        let place = notebook.place(call)?;
        if place.meaning.opaque || !notebook.only_counts(detail, place) {
            return None;
        }
        notebook.count(place, Count::Operations, 1);
        Some(CountedAt { notebook, place })
    }
}

impl<'l, 'c> Counted<'l, 'c> {
    /// What `lane` does of `call`. Made where it stays: to move it would cost more than all else.
    #[inline(always)]
    pub fn new(lane: &Lane, call: &'c Call<'c>, at: Option<CountedAt<'l>>) -> Self {
        Self {
            carried: Carried {
                call,
                task: lane.task.get(),
                phase: at.map_or(0, |at| at.notebook.phases.current()),
                depth: lane.depth.get(),
            },
            own: Own {
                at,
                epoch: at.map_or(0, |at| at.notebook.epoch()),
                progress: Progress::default(),
            },
        }
    }

    /// What its halves carry.
    #[inline]
    pub fn carried(&self) -> &Carried<'c> {
        &self.carried
    }

    /// Two halves are split off.
    #[inline]
    pub fn split(&self) {
        add(&self.own.progress.splits, 1);
    }

    /// Two results are about to be reduced.
    #[inline]
    pub fn reduce(&self) {
        add(&self.own.progress.reductions, 1);
    }

    /// A leaf begins.
    #[inline]
    pub fn leaf(&self) {
        add(&self.own.progress.leaves, 1);
    }

    /// It ended, after so many items.
    #[inline]
    pub fn items(&self, items: u64) {
        add(&self.own.progress.items, items);
    }
}

impl Drop for Own<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(CountedAt { notebook, place }) = self.at {
            // Another recording may have begun meanwhile.
            if notebook.epoch() == self.epoch {
                notebook.tally(place, &self.progress);
            }
        }
    }
}

impl<'c> Carried<'c> {
    /// Runs a half of it as a task of this thread, to which it came as a job.
    pub fn run<R>(
        &self,
        lane: &Lane,
        who: impl Fn() -> Identity,
        half: impl FnOnce(&Counted<'_, 'c>) -> R,
    ) -> R {
        let (site, pool) = (self.call.site, lane.attach(&who).pool());
        let from = EventId::lane_of(self.task) as u32;
        let link = Link {
            parent: self.task,
            lane: from,
            pool,
            depth: self.depth,
            phase: self.phase,
            ..Link::unrecorded(site)
        };
        let running = lane.begin(&who, Arrival::Job(link));
        let at = running.origin().and_then(|origin| {
            let notebook = lane.notebook()?;
            let place = notebook.place(self.call)?;
            if origin == Origin::Stolen {
                notebook.count(place, Count::Steals, 1);
            }
            Some(CountedAt { notebook, place })
        });
        let own = Counted::new(lane, self.call, at);
        let result = half(&own);
        // Before the task ends and whoever waits for it may go on.
        drop(own);
        Running::done(running);
        result
    }
}
