//! What the kernel says of the threads of a recording, gathered beside it: switch records and
//! counters over time, by a thread of its own; and each worker's own counters, for its tasks.

mod observed;
mod presence;
mod watch;

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use crate::linux;
use crate::linux::perf::{self, Bell, Plan, Rope, Target, ThreadCounters};
use crate::model::{Counter, LaneId, Nanos};
use crate::record::{self, GAUGE_WORDS, Gauge, Reading, clock};

pub(super) use observed::Observed;
#[cfg(feature = "cli")]
pub(super) use observed::{Lost, Seen, Shift, present};
#[cfg(feature = "cli")]
pub(super) use presence::Presence;
use watch::Watch;

const _: () = assert!(perf::WORDS == GAUGE_WORDS);

/// Between two readings of a thread's counters at first; each time there are too many, twice that.
const FIRST_PERIOD: Nanos = Nanos(10_000_000);
/// Readings of a thread that are kept.
const READINGS: usize = 1 << 10;
/// A task is read if it lasts so many times as long as a reading.
const WORTH: u64 = 100;

/// Watches the process's threads while a recording is under way.
#[derive(Debug)]
pub(super) struct Observer {
    shared: Arc<Shared>,
    /// The thread that drains, and what ends it; none if there is nothing to drain.
    thread: Option<(Rope, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Shared {
    plan: Plan,
    /// Of threads that run, for all that is known.
    watches: Mutex<Vec<Watch>>,
    /// Of threads that have ended: nothing of theirs is open any more.
    past: Mutex<Vec<Watch>>,
    /// The recording is about to end: nobody is watched any more. Changed under the lock of `watches`.
    over: AtomicBool,
}

/// The observer under way.
static CURRENT: Mutex<Option<Arc<Shared>>> = Mutex::new(None);
/// Its number; 0 if there is none.
static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Observer {
    /// Begins to watch the calling thread and all that are registered.
    pub(super) fn start() -> Self {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed) + 1;
        let shared = Arc::new(Shared {
            plan: plan().clone(),
            watches: Mutex::default(),
            past: Mutex::default(),
            over: AtomicBool::new(false),
        });
        if let Some(own) = linux::own_id() {
            shared.watch(None, own, Target::OwnThread);
        }
        shared.find_members();
        *lock(&CURRENT) = Some(Arc::clone(&shared));
        NUMBER.store(number, Ordering::Release);
        let thread = shared.needs_draining().then(|| drain_beside(&shared)).flatten();
        Self { shared, thread }
    }

    /// The recording begins: what was before is none of its.
    pub(super) fn begin(&self) {
        let mut watches = lock(&self.shared.watches);
        if let Ok(now) = perf::monotonic_now() {
            watches.iter_mut().for_each(|watch| watch.restart(now));
        }
    }

    /// What reads a task's counters, if there are any.
    pub(super) fn gauge(&self) -> Option<Gauge> {
        if self.shared.plan.words() == 0 {
            return None;
        }
        let cost = cost_of_reading()?;
        Some(Gauge { read: read_own, cost, least: WORTH * cost })
    }

    /// Stops gathering; what has been gathered stays.
    pub(super) fn halt(&mut self) {
        if let Some((rope, thread)) = self.thread.take() {
            rope.pull();
            // A panic in it has been printed; what it had gathered stands.
            let _ = thread.join();
        }
        self.shared.find_members();
        let mut watches = lock(&self.shared.watches);
        if let Ok(now) = perf::monotonic_now() {
            watches.iter_mut().for_each(|watch| watch.settle(now));
        }
        // A thread that ends from now on, or begins, finds nothing to do.
        self.shared.over.store(true, Ordering::Relaxed);
        lock(&self.shared.past).append(&mut watches);
        drop(watches);
        let mut current = lock(&CURRENT);
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &self.shared)) {
            NUMBER.store(0, Ordering::Release);
            *current = None;
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        // A fork has a copy of all this, but neither the thread nor the rings' memory, and whoever
        // held the locks is not in it.
        if !linux::is_fork() {
            self.halt();
        }
    }
}

/// Which counters there are, found once per process.
fn plan() -> &'static Plan {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    PLAN.get_or_init(|| Plan::probe(Counter::ALL))
}

/// Watches the calling thread, which has just begun, if anything is watched.
#[cfg(feature = "record")]
pub(crate) fn watch_own_thread(lane: Option<LaneId>) {
    if let (Some(shared), Some(own)) = (current(), linux::own_id()) {
        shared.watch(lane, own, Target::OwnThread);
    }
}

/// The calling thread ends: its last reading.
#[cfg(feature = "record")]
pub(crate) fn leave_own_thread() {
    let (Some(shared), Some(own)) = (current(), linux::own_id()) else { return };
    let mut watches = lock(&shared.watches);
    // Under the lock: times of readings are in their order.
    let Ok(now) = perf::monotonic_now() else { return };
    if let Some(watch) = watches.iter_mut().find(|watch| watch.thread == own) {
        watch.leave(now);
    }
}

fn current() -> Option<Arc<Shared>> {
    // Acquire: pairs with the Release in `start`. Most threads never see one.
    match NUMBER.load(Ordering::Acquire) {
        0 => None,
        _ if linux::is_fork() => None,
        _ => lock(&CURRENT).clone(),
    }
}

thread_local! {
    /// The calling thread's counters, and of which observer. They are the observer's, and closed with
    /// it: counters that a thread kept for itself would take turns with those of the next recording.
    static OWN: RefCell<(u64, Weak<ThreadCounters>)> = const { RefCell::new((0, Weak::new())) };
}

/// Reads the calling thread's counters: the gauge of the recorder.
fn read_own(reading: &mut Reading) -> usize {
    if linux::is_fork() {
        // The pages that the CPU is asked through are not a fork's.
        return 0;
    }
    let number = NUMBER.load(Ordering::Acquire);
    // Fails while the thread ends.
    let length = OWN.try_with(|own| {
        let mut own = own.borrow_mut();
        if own.0 != number {
            *own = (number, find_own()?);
        }
        own.1.upgrade()?.read_here(reading).ok()
    });
    match length {
        Ok(Some(length)) => length,
        // As the gauge has it: none could be read.
        Ok(None) | Err(_) => 0,
    }
}

/// The calling thread's counters, if it has any; `None` as long as it is not watched.
#[cold]
fn find_own() -> Option<Weak<ThreadCounters>> {
    let (shared, own) = (current()?, linux::own_id()?);
    let watches = lock(&shared.watches);
    let watch = watches.iter().rev().find(|watch| watch.thread == own)?;
    Some(watch.counters.as_ref().map_or_else(Weak::new, Arc::downgrade))
}

/// Ticks that a reading takes: the best of several, as interruptions only add. `None` if the
/// calling thread has no counters.
fn cost_of_reading() -> Option<u64> {
    let mut reading = [0; GAUGE_WORDS];
    let mut once = || {
        let before = clock::now();
        let length = read_own(&mut reading);
        (length > 0).then(|| clock::now().0.saturating_sub(before.0))
    };
    once()?;
    (0..16).filter_map(|_| once()).min()
}

fn drain_beside(shared: &Arc<Shared>) -> Option<(Rope, JoinHandle<()>)> {
    let (bell, rope) = Bell::hang().ok()?;
    let shared = Arc::clone(shared);
    let thread = thread::Builder::new().name("rayprism-observer".to_owned());
    // A signal that is not for it is not to be handled there: programs block those that they wait for.
    let thread = linux::without_signals(|| thread.spawn(move || shared.gather(&bell))).ok()?;
    Some((rope, thread))
}

impl Shared {
    fn watch(&self, lane: Option<LaneId>, thread: u32, target: Target) {
        if self.knows(&mut lock(&self.watches), lane, thread) {
            return;
        }
        // Opened while the lock is not held: the kernel takes its time.
        let watched = lock(&self.watches).len();
        let Some(watch) = Watch::open(&self.plan, lane, thread, target, watched) else { return };
        let mut watches = lock(&self.watches);
        if !self.knows(&mut watches, lane, thread) && !self.over.load(Ordering::Relaxed) {
            watches.push(watch);
        }
    }

    /// Whether a thread is watched, whose lane may not have been known until now, or was until it
    /// ended. Numbers of threads that have ended are given out again, those of lanes never.
    fn knows(&self, watches: &mut [Watch], lane: Option<LaneId>, thread: u32) -> bool {
        let is_it = |watch: &&mut Watch| match watch.ended {
            None => watch.thread == thread,
            Some(_) => lane.is_some() && watch.lane == lane,
        };
        match watches.iter_mut().find(is_it) {
            Some(watch) => {
                watch.lane = watch.lane.or(lane);
                true
            }
            None => {
                let past = lock(&self.past);
                lane.is_some() && past.iter().any(|watch| watch.lane == lane)
            }
        }
    }

    /// All that were watched.
    fn take(&self) -> Vec<Watch> {
        std::mem::take(&mut *lock(&self.past))
    }

    /// Threads that have become known to the recorder since.
    fn find_members(&self) {
        for member in record::members() {
            if let Some(thread) = member.thread {
                self.watch(Some(member.lane), thread, Target::Thread(thread));
            }
        }
    }

    fn needs_draining(&self) -> bool {
        self.plan.words() > 0 || self.plan.switch_records().is_ok()
    }

    /// Gathers until the bell rings.
    fn gather(&self, bell: &Bell) {
        let mut period = FIRST_PERIOD;
        let Ok(mut last) = perf::monotonic_now() else { return };
        loop {
            let now = perf::monotonic_now().unwrap_or(last);
            let patience = (last + period).saturating_since(now);
            let files: Vec<_> = lock(&self.watches).iter().filter_map(Watch::file).collect();
            let woken = bell.wait(&files, patience);
            if woken.rang {
                return;
            }
            let now = perf::monotonic_now().unwrap_or(last);
            let due = now >= last + period;
            self.take_in(&woken.ended, due);
            if due {
                self.find_members();
                period = self.thin_out(period);
                // After the work: on a machine with very many threads it takes a while.
                last = perf::monotonic_now().unwrap_or(now);
            }
        }
    }

    fn take_in(&self, ended: &[i32], due: bool) {
        let mut watches = lock(&self.watches);
        let Ok(now) = perf::monotonic_now() else { return };
        for watch in watches.iter_mut() {
            watch.drain(watch.ended);
            if watch.file().is_some_and(|file| ended.contains(&file)) {
                watch.leave(now);
            } else if due {
                watch.read(now);
            }
        }
        // Closed by this thread alone, which waits for these files.
        let over: Vec<Watch> = watches.extract_if(.., |watch| watch.ended.is_some()).collect();
        for mut watch in over {
            watch.close();
            lock(&self.past).push(watch);
        }
    }

    /// Every second reading goes, if there are too many, and from then on half as many are taken.
    fn thin_out(&self, period: Nanos) -> Nanos {
        let mut watches = lock(&self.watches);
        if watches.iter().all(|watch| watch.readings.len() < READINGS) {
            return period;
        }
        for watch in watches.iter_mut() {
            thin(&mut watch.readings);
        }
        period + period
    }
}

/// Every second one goes; the last one stays, which is the sum of all.
fn thin<T>(readings: &mut Vec<T>) {
    let mut to_come = readings.len();
    readings.retain(|_| {
        to_come -= 1;
        to_come.is_multiple_of(2)
    });
}

/// Nothing that a panic could leave half-done happens under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::thin;

    #[test]
    fn thinning_out_keeps_the_last() {
        for count in 0..9_u32 {
            let mut readings: Vec<u32> = (0..count).collect();
            thin(&mut readings);
            assert_eq!(readings.last().copied(), count.checked_sub(1));
            assert_eq!(readings.len() as u32, count.div_ceil(2));
        }
    }
}
