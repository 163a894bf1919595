//! What a pushed job carries, so that whoever runs it knows where it came from.

use std::panic::Location;

use super::clock::now;
use super::event::{Origin, SecondHalf};
use super::ids::{EventId, LaneId};
use super::lane::Lane;
use super::log::Counter;
use super::notebook::Notebook;
use super::recorder::{self, Detail, Identity};

/// What a job carries to the worker that runs it.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub(super) site: &'static Location<'static>,
    /// What pushed it: the word of an [`EventId`], or 0.
    pub(super) parent: u64,
    /// When, or 0 where no clock was read.
    pub(super) pushed: u64,
    /// The lane that pushed it; 0 if nothing was recorded then.
    pub(super) lane: u32,
    /// That lane's pool, or 0.
    pub(super) pool: u32,
    pub(super) depth: u32,
    /// What was open around the push, where `parent` may be less; the word of an id, or 0.
    pub(super) around: u64,
    /// The phase that the thread was in which pushed it, or 0.
    pub(super) phase: u64,
}

/// How a task came to the thread that is about to run it.
#[derive(Clone, Copy, Debug)]
pub enum Arrival {
    /// Unseen: code on a worker that no recorded call brought there.
    Root,
    /// As a job that was pushed.
    Job(Link),
    /// As a share of a broadcast.
    Broadcast(Link),
    /// As a part of a parallel iterator whose beginning this thread has run before, or nobody is
    /// known to have: unseen, but for the operation, the word of an id or 0.
    Rest(u64),
    /// As the second half of a join that was only counted. What was open around that, as the word of
    /// an id, where somebody listens; else 0.
    Migrated(u64),
    /// The same, where the front end knows whose deque it was taken from: that of the thread itself,
    /// or another lane's.
    Taken(Option<LaneId>),
}

impl Arrival {
    /// What was open around the push, as the word of an id, or 0.
    pub(super) fn around(&self) -> u64 {
        match self {
            Self::Root | Self::Taken(_) => 0,
            Self::Rest(around) | Self::Migrated(around) => *around,
            Self::Job(link) | Self::Broadcast(link) => link.around,
        }
    }
}

impl Lane {
    /// A link for a task that this thread is about to push; counts the spawn.
    pub fn spawn(&self, who: impl FnOnce() -> Identity, site: &'static Location<'static>) -> Link {
        let link = self.link(who, site);
        if link.lane != 0 {
            self.count_spawn();
        }
        Link { depth: self.depth.get(), ..link }
    }

    fn count_spawn(&self) {
        if self.in_task() {
            self.spawns.set(self.spawns.get() + 1);
        } else if let Some(notebook) = self.notebook() {
            notebook.with_log(|log| log.add(Counter::Spawns, 1));
        }
    }

    /// A link for a job that is no spawn: what a pool is entered with.
    pub fn link(&self, who: impl FnOnce() -> Identity, site: &'static Location<'static>) -> Link {
        let unrecorded = Link::unrecorded(site);
        let switch = recorder::switch();
        if switch.detail == Detail::Off {
            return unrecorded;
        }
        let Some(notebook) = self.recording(switch, who) else { return unrecorded };
        let pushed = if switch.detail == Detail::Count { 0 } else { now().0 };
        Link {
            parent: self.task.get(),
            around: notebook.around(),
            phase: notebook.phases.current(),
            pushed,
            lane: notebook.lane().0,
            pool: notebook.pool(),
            ..unrecorded
        }
    }
}

impl Link {
    /// What was open around the push, if somebody listened.
    pub fn around(&self) -> Option<EventId> {
        EventId::from_word(self.around)
    }

    /// A link that nothing was recorded for.
    pub(super) fn unrecorded(site: &'static Location<'static>) -> Self {
        Self { site, parent: 0, pushed: 0, lane: 0, pool: 0, depth: 0, around: 0, phase: 0 }
    }

    pub(super) fn origin(&self, here: &Notebook) -> Origin {
        if self.lane == 0 {
            Origin::Root
        } else if self.lane == here.lane().0 {
            Origin::Local
        } else if self.pool != 0 && self.pool == here.pool() {
            Origin::Stolen
        } else {
            Origin::Injected
        }
    }

    /// How a join's second half was run that `lane` ran as a job.
    pub(super) fn second_half_on(&self, lane: &Lane) -> SecondHalf {
        match lane.id() {
            Some(id) if id.0 == self.lane => SecondHalf::SameWorker,
            _ => SecondHalf::Stolen,
        }
    }

    /// The same link, as of a task that was opened later: a half whose sibling runs in `lane`.
    pub fn from_task_of(self, lane: &Lane) -> Self {
        match lane.notebook() {
            Some(notebook) if lane.task.get() != 0 => Self {
                parent: lane.task.get(),
                lane: notebook.lane().0,
                pool: notebook.pool(),
                ..self
            },
            _ => self,
        }
    }
}
