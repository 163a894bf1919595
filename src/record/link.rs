//! What a pushed job carries, so that whoever runs it knows where it came from.

use std::panic::Location;

use super::clock::now;
use super::event::{Origin, SecondHalf};
use super::ids::LaneId;
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
    /// As the second half of a join that was only counted.
    Migrated,
    /// The same, where the front end knows whose deque it was taken from: that of the thread itself,
    /// or another lane's.
    Taken(Option<LaneId>),
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
            pushed,
            lane: notebook.lane().0,
            pool: notebook.pool(),
            ..unrecorded
        }
    }
}

impl Link {
    /// A link that nothing was recorded for.
    pub(super) fn unrecorded(site: &'static Location<'static>) -> Self {
        Self { site, parent: 0, pushed: 0, lane: 0, pool: 0, depth: 0 }
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
