//! What is open, on which thread, in which span: what a task that begins elsewhere looks its parent
//! up in. Touched only while somebody listens.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::Span;

use crate::record::{EventId, Link};

/// Something that tasks may come from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Its span, or that around it where a filter has taken its own out.
    pub(super) span: Span,
    /// Whether it is a task: of two sources, the other one says more.
    pub(super) is_task: bool,
    /// The index of the worker that opened it.
    pub(super) worker: Option<u32>,
}

struct Entry {
    source: Source,
    /// Tasks that were spawned in it and have not ended.
    holds: u32,
    /// Whether it has ended itself.
    ended: bool,
}

/// Threads look up what others opened rarely, and each opens its own often.
const SHARDS: usize = 64;

type Shard = Mutex<HashMap<EventId, Entry>>;

static OPEN: LazyLock<[Shard; SHARDS]> = LazyLock::new(|| std::array::from_fn(|_| Shard::default()));

fn shard(id: EventId) -> MutexGuard<'static, HashMap<EventId, Entry>> {
    let shard = &OPEN[id.lane().0 as usize % SHARDS];
    // Nothing that a panic could leave half-done happens under the lock.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes what has been opened.
pub(super) fn insert(id: EventId, source: Source) {
    shard(id).insert(id, Entry { source, holds: 0, ended: false });
}

/// It has ended; nothing is pushed from it any more.
pub(super) fn end(id: EventId) {
    let mut open = shard(id);
    let Some(entry) = open.get_mut(&id) else { return };
    entry.ended = true;
    let gone = if entry.holds == 0 { open.remove(&id) } else { None };
    drop(open);
    // Closes the span, which is for the subscriber to take its time about.
    drop(gone);
}

/// Where a task comes from: what pushed it, or what was open around the push if that says more.
pub(super) fn source(parent: Option<EventId>, around: Option<EventId>) -> Option<(EventId, Source)> {
    let find = |id: Option<EventId>| {
        let id = id?;
        Some((id, shard(id).get(&id)?.source.clone()))
    };
    let parent = find(parent);
    match &parent {
        Some((_, source)) if !source.is_task => parent,
        _ => find(around).or(parent),
    }
}

/// Keeps the span open in which a task was spawned until the task has ended, however long that
/// outlives what spawned it. Goes with the job; one word, because a job that nobody listens to has
/// to carry it, too.
#[derive(Debug)]
pub(crate) struct Hold(Option<EventId>);

impl Hold {
    /// Of the job that carries `link`.
    pub(crate) fn of(link: &Link) -> Self {
        let held = link.around().filter(|&id| match shard(id).get_mut(&id) {
            Some(entry) => {
                entry.holds += 1;
                true
            }
            None => false,
        });
        Self(held)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some(id) = self.0 else { return };
        let mut open = shard(id);
        let Some(entry) = open.get_mut(&id) else { return };
        entry.holds -= 1;
        let gone = if entry.holds == 0 && entry.ended { open.remove(&id) } else { None };
        drop(open);
        drop(gone);
    }
}
