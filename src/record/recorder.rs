//! The process's one recorder: whether a recording is under way, with which settings, and which
//! threads and pools it knows. Everything here is cold; the hot path reads one word of it, and
//! that only where a task begins.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::attach::{self, Section};
use super::clock::{self, Anchor};
use super::gauge::Gauge;
use super::ids::{LaneId, PoolId};
use super::log::{Figures, Log};
use super::mapping::Entry;
use super::time::{Nanos, Ticks};

/// How much is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Detail {
    /// Nothing.
    Off = 0,
    /// Counts only.
    Count = 1,
    /// Counts, and the times of coarse joins and tasks.
    Auto = 2,
    /// Counts, and the times of every join and task.
    Full = 3,
}

/// What a lane does when its buffer fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// Keeps coarser events only, more so the less room is left.
    Collapse,
    /// Overwrites the oldest events.
    Ring,
    /// Keeps no further events.
    Stop,
}

/// How to record.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How much.
    pub detail: Detail,
    /// Events that each lane has room for, 64 bytes each.
    pub capacity: usize,
    /// What to do when that room is used up.
    pub on_full: OnFull,
    /// What reads the counters of a thread, if there are any.
    pub gauge: Option<Gauge>,
}

/// A worker's place: its pool and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The pool.
    pub pool: PoolId,
    /// The index, as rayon counts.
    pub index: u32,
}

/// Who a thread is. The front end knows; the recorder asks once per thread.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its place in a pool; `None` for a thread that is no worker.
    pub seat: Option<Seat>,
    /// Its name.
    pub name: Option<String>,
    /// The operating system's number for it, where that is known.
    pub thread: Option<u32>,
    /// CPU time that it has used so far, where that is known.
    pub cpu: Option<Nanos>,
}

/// A thread that records, or could.
#[derive(Debug)]
pub struct Member {
    /// Its lane.
    pub lane: LaneId,
    /// Its name.
    pub name: Option<String>,
    /// The operating system's number for it, where that is known.
    pub thread: Option<u32>,
    /// Its place in a pool; a thread may take one after it was registered.
    seat: Mutex<Option<Seat>>,
    /// When it was registered.
    pub started: Ticks,
    /// Its CPU time then, where that is known.
    pub cpu: Option<Nanos>,
    /// When it ended, and its CPU time then: written once, by the thread.
    ended: Mutex<Option<Ended>>,
    /// Where another process reads the same.
    entry: Mutex<Option<Entry>>,
}

/// The end of a thread.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// When.
    pub at: Ticks,
    /// CPU time of the whole thread, where that is known.
    pub cpu: Option<Nanos>,
}

impl Member {
    fn new(lane: LaneId, identity: Identity) -> Self {
        Self::known(lane, identity, clock::now(), None)
    }

    /// One of which all is known.
    pub(super) fn known(
        lane: LaneId,
        Identity { seat, name, thread, cpu }: Identity,
        started: Ticks,
        ended: Option<Ended>,
    ) -> Self {
        let (seat, ended, entry) = (Mutex::new(seat), Mutex::new(ended), Mutex::new(None));
        Self { lane, name, thread, seat, started, cpu, ended, entry }
    }

    fn identity(&self) -> Identity {
        let Self { name, thread, cpu, .. } = self;
        Identity { seat: self.seat(), name: name.clone(), thread: *thread, cpu: *cpu }
    }

    fn entry(&self) -> Option<Entry> {
        lock(&self.entry).clone()
    }

    /// Its place in a pool; `None` for a thread that is no worker.
    pub fn seat(&self) -> Option<Seat> {
        *lock(&self.seat)
    }

    pub(super) fn take_seat(&self, seat: Seat) {
        *lock(&self.seat) = Some(seat);
        self.entry().into_iter().for_each(|entry| entry.set_seat(Some(seat)));
    }

    fn end(&self, ended: Ended) {
        *lock(&self.ended) = Some(ended);
        self.entry().into_iter().for_each(|entry| entry.set_ended(ended.at, ended.cpu));
    }

    /// Its end; `None` while it runs.
    pub fn ended(&self) -> Option<Ended> {
        *lock(&self.ended)
    }
}

/// A pool that workers registered for.
#[derive(Clone, Copy, Debug)]
pub struct PoolEntry {
    /// Its number.
    pub id: PoolId,
    /// Its workers.
    pub threads: u32,
    /// Whether every rayon call in it comes through the front end.
    pub every_call_seen: bool,
    /// Whether its first worker is the thread that built it, which has a life of its own.
    pub uses_current_thread: bool,
    /// Whether its workers' searches and sleeps do.
    pub idling_seen: bool,
}

/// A finished recording, raw.
#[derive(Debug)]
pub struct Recording {
    /// How it was recorded.
    pub settings: Settings,
    /// Both clocks at the start.
    pub start: Anchor,
    /// Both clocks at the end.
    pub end: Anchor,
    /// The process's pools, those of earlier recordings included.
    pub pools: Vec<PoolEntry>,
    /// The threads that were there, by lane, each with what it recorded.
    pub threads: Vec<(Arc<Member>, Option<Figures>)>,
}

/// A recording is under way already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyRecording;

/// The low bits hold the detail, the rest counts the recordings: one word to read, and a lane that
/// has not seen this recording yet knows it by the count.
static SWITCH: AtomicU64 = AtomicU64::new(0);
const DETAIL_BITS: u32 = 2;

static STATE: Mutex<State> = Mutex::new(State::new());

pub(super) struct State {
    lanes: u32,
    pools: Vec<PoolEntry>,
    members: Vec<Arc<Member>>,
    current: Option<Current>,
    /// Where the logs of the current recording lie, if another process reads them.
    section: Option<Section>,
}

struct Current {
    epoch: u64,
    settings: Settings,
    start: Anchor,
    logs: Vec<Arc<Log>>,
}

/// What the switch says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Switch {
    pub(super) epoch: u64,
    pub(super) detail: Detail,
}

#[inline]
pub(super) fn switch() -> Switch {
    // Acquire: pairs with the Release in `start`, so that a thread which sees a recording also
    // sees the clock that was chosen for it.
    let word = SWITCH.load(Ordering::Acquire);
    let detail = match word & ((1 << DETAIL_BITS) - 1) {
        0 => Detail::Off,
        1 => Detail::Count,
        2 => Detail::Auto,
        _ => Detail::Full,
    };
    Switch { epoch: word >> DETAIL_BITS, detail }
}

/// Whether a recording is under way.
#[inline]
pub fn is_recording() -> bool {
    switch().detail != Detail::Off
}

/// Starts a recording. Tasks that begin from here on are in it.
pub fn start(settings: Settings) -> Result<(), AlreadyRecording> {
    state().start(settings)
}

/// The same, into memory that another process reads.
pub(super) fn start_in(section: Section, settings: Settings) -> Result<(), AlreadyRecording> {
    let mut state = state();
    state.start(settings)?;
    state.pools.iter().for_each(|pool| section.tell_pool(pool));
    state.section = Some(section);
    state.members.iter().for_each(|member| state.tell(member, None));
    Ok(())
}

/// No task begins in the recording any more; what there is stays where it is, for the other process.
/// False if there is no such recording.
pub(super) fn end_in_section() -> bool {
    let state = state();
    let (Some(section), Some(current)) = (&state.section, &state.current) else { return false };
    SWITCH.store(current.epoch << DETAIL_BITS, Ordering::Release);
    section.set_end();
    true
}

/// What rayon's own calls cost, found out after the recording's end.
pub(super) fn tell_calibrated(calibrated: &Result<attach::Calibrated, String>) {
    state().section.iter().for_each(|section| section.tell_calibrated(calibrated));
}

/// Ends the recording and returns it; `None` if none is under way.
///
/// What the threads published is in it. A task that runs on is not; it is counted as unfinished.
pub fn stop() -> Option<Recording> {
    let mut state = state();
    let Current { epoch, settings, start, logs } = state.current.take()?;
    SWITCH.store(epoch << DETAIL_BITS, Ordering::Release);
    let end = Anchor::read();
    let figures = |member: &Member| {
        logs.iter().find(|log| log.lane() == member.lane).map(|log| log.figures())
    };
    let members = state.members.iter().filter(|member| member.started <= end.ticks);
    let mut threads: Vec<_> = members.map(|member| (Arc::clone(member), figures(member))).collect();
    threads.sort_by_key(|(member, _)| member.lane);
    let pools = state.pools.clone();
    state.members.retain(|member| member.ended().is_none());
    Some(Recording { settings, start, end, pools, threads })
}

/// Makes a pool known, before its workers start.
pub fn new_pool(threads: u32, every_call_seen: bool) -> PoolId {
    add_pool(threads, every_call_seen, false)
}

/// The same of one whose workers are seen while they have no job, too.
pub fn new_pool_seen_within(threads: u32) -> PoolId {
    add_pool(threads, true, true)
}

fn add_pool(threads: u32, every_call_seen: bool, idling_seen: bool) -> PoolId {
    let mut state = state();
    let id = PoolId(state.pools.len() as u32 + 1);
    let entry = PoolEntry { id, threads, every_call_seen, idling_seen, uses_current_thread: false };
    state.pools.push(entry);
    state.section.iter().for_each(|section| section.tell_pool(&entry));
    id
}

/// Corrects the number of a pool's workers, which a builder does not tell before it has built.
pub fn set_pool_threads(pool: PoolId, threads: u32) {
    change_pool(pool, |entry| entry.threads = threads);
}

/// Notes that a pool's first worker is the thread that built it.
pub fn set_pool_uses_current_thread(pool: PoolId) {
    change_pool(pool, |entry| entry.uses_current_thread = true);
}

fn change_pool(pool: PoolId, change: impl FnOnce(&mut PoolEntry)) {
    let mut state = state();
    let Some(entry) = state.pools.iter_mut().find(|entry| entry.id == pool) else { return };
    change(entry);
    let entry = *entry;
    state.section.iter().for_each(|section| section.tell_pool(&entry));
}

/// The threads that are registered and have not ended, by lane.
pub fn members() -> Vec<Arc<Member>> {
    state().members.iter().filter(|member| member.ended().is_none()).cloned().collect()
}

/// Registers a thread; it gets the next lane.
pub(super) fn register(identity: Identity) -> Arc<Member> {
    let mut state = state();
    state.lanes += 1;
    let member = Arc::new(Member::new(LaneId(state.lanes), identity));
    state.members.push(Arc::clone(&member));
    state.tell(&member, None);
    member
}

/// A thread that no recording looks for.
pub(super) fn stranger() -> Arc<Member> {
    let identity = Identity { seat: None, name: None, thread: None, cpu: None };
    Arc::new(Member::new(LaneId(1), identity))
}

/// Notes the end of a thread.
pub(super) fn retire(member: &Arc<Member>, cpu: Option<Nanos>) {
    let mut state = state();
    member.end(Ended { at: clock::now(), cpu });
    if state.current.is_none() {
        state.members.retain(|other| !Arc::ptr_eq(other, member));
    }
}

/// Makes a log for a thread in the current recording, if that is still the one of `epoch`. The
/// thread's `old` log serves again if it fits: its memory is committed already.
pub(super) fn open_log(
    member: &Member,
    epoch: u64,
    old: Option<Arc<Log>>,
) -> Option<(Arc<Log>, Settings)> {
    let mut state = state();
    let settings = state.current.as_ref().filter(|current| current.epoch == epoch)?.settings;
    let log = Arc::new(match old.map(Arc::try_unwrap) {
        _ if state.section.is_some() => state.log_in_section(member, &settings)?,
        Some(Ok(old)) if old.fits(&settings) => old.emptied(),
        _ => Log::new(member.lane, &settings),
    });
    state.current.as_mut()?.logs.push(Arc::clone(&log));
    Some((log, settings))
}

impl State {
    const fn new() -> Self {
        Self { lanes: 0, pools: Vec::new(), members: Vec::new(), current: None, section: None }
    }

    fn start(&mut self, settings: Settings) -> Result<(), AlreadyRecording> {
        if self.current.is_some() {
            return Err(AlreadyRecording);
        }
        self.members.retain(|member| member.ended().is_none());
        let epoch = switch().epoch + 1;
        let start = Anchor::read();
        self.current = Some(Current { epoch, settings, start, logs: Vec::new() });
        let word = epoch << DETAIL_BITS | settings.detail as u64;
        SWITCH.store(word, Ordering::Release);
        Ok(())
    }

    /// Puts a thread into the table that another process reads. Its number is `thread`, if that is
    /// not what it was when it was registered.
    fn tell(&self, member: &Member, thread: Option<u32>) {
        let Some(section) = &self.section else { return };
        let identity = member.identity();
        let identity = Identity { thread: thread.or(identity.thread), ..identity };
        let entry = section.tell_thread(member.lane, member.started, &identity);
        *lock(&member.entry) = entry;
    }

    fn log_in_section(&self, member: &Member, settings: &Settings) -> Option<Log> {
        let section = self.section.as_ref()?;
        let is_told = |entry: &Entry| section.has(entry);
        if !member.entry().as_ref().is_some_and(is_told) && !self.knows(member) {
            // It came through a fork, as its process's first and only thread. What it may have had
            // is a place in another table.
            self.tell(member, attach::own_process());
        }
        section.log(member.lane, settings, &member.entry().filter(is_told)?)
    }

    fn knows(&self, member: &Member) -> bool {
        self.members.iter().any(|known| std::ptr::eq(&**known, member))
    }

    /// In a fork: what was recorded, and who did, is of another process. False if something of that
    /// could still be written.
    pub(super) fn leave_to_parent(&mut self) -> bool {
        let is_cut_off = self.section.take().is_none_or(|section| section.leave_to_parent());
        SWITCH.store((switch().epoch + 1) << DETAIL_BITS, Ordering::Release);
        self.current = None;
        self.members.clear();
        is_cut_off
    }
}

pub(super) fn state() -> MutexGuard<'static, State> {
    lock(&STATE)
}

/// Nothing that a panic could leave half-done happens under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
