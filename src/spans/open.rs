//! What is open, on which thread, in which span: what a task that begins elsewhere looks its parent
//! up in. Touched only while somebody listens.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::{Span, dispatcher};

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

static OPEN: LazyLock<[Shard; SHARDS]> =
    LazyLock::new(|| std::array::from_fn(|_| Shard::default()));

fn shard(id: EventId) -> MutexGuard<'static, HashMap<EventId, Entry>> {
    let shard = &OPEN[id.lane().0 as usize % SHARDS];
    // Nothing that a panic could leave half-done happens under the lock.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How much is in all shards together. Relaxed: what pushed a task was counted before, and that the
/// task is here at all orders the two.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Whether anything is open at all.
#[inline]
pub(super) fn is_any() -> bool {
    COUNT.load(Ordering::Relaxed) > 0
}

/// Notes what has been opened.
pub(super) fn insert(id: EventId, source: Source) {
    COUNT.fetch_add(1, Ordering::Relaxed);
    shard(id).insert(id, Entry { source, holds: 0, ended: false });
}

/// It has ended; nothing is pushed from it any more.
pub(super) fn end(id: EventId) {
    let mut open = shard(id);
    let Some(entry) = open.get_mut(&id) else { return };
    entry.ended = true;
    forget_if_over(open, id);
}

/// Forgets it if it has ended and nobody holds it: its span is closed with that.
fn forget_if_over(mut open: MutexGuard<'_, HashMap<EventId, Entry>>, id: EventId) {
    let is_over = open.get(&id).is_some_and(|entry| entry.ended && entry.holds == 0);
    let Some(Entry { source, .. }) = (if is_over { open.remove(&id) } else { None }) else {
        return;
    };
    COUNT.fetch_sub(1, Ordering::Relaxed);
    // A subscriber may take its time about a span that closes, and must be the thread's own
    // meanwhile: the registry closes the spans around it through that.
    drop(open);
    let subscriber = source.span.with_subscriber(|(_, subscriber)| subscriber.clone());
    match subscriber {
        Some(subscriber) => dispatcher::with_default(&subscriber, || drop(source)),
        None => drop(source),
    }
}

/// Where a task comes from: what pushed it, or what was open around the push if that says more.
pub(super) fn source(
    parent: Option<EventId>,
    around: Option<EventId>,
) -> Option<(EventId, Source)> {
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
        forget_if_over(open, id);
    }
}
