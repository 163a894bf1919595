//! What a thread keeps for itself while it records: who it is, what it has learnt of the program,
//! its running sums. Private to the thread and out of the hot path's cache line.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::Arc;

use super::buffer::{Record, WORDS};
use super::clock::now;
use super::depths::Depths;
use super::elision::Elision;
use super::event;
use super::gauge::Gauges;
use super::ids::{EventId, LaneId};
use super::listener;
use super::log::{Count, Log};
use super::phase::Phases;
use super::places::{Call, Place, Places};
use super::recorder::{self, Detail, Member, OnFull, Seat, Settings, Switch};
use super::texts::Texts;
use super::time::Ticks;

/// Events of a lane that are kept whole at first in `auto`, so that small runs are seen in full.
const WHOLE: u32 = 4_096;

/// A join, task or wait shorter than this is not kept for itself in `auto`: about 5 µs, whether a
/// tick is one nanosecond of the OS clock or a third of one.
fn coarse_ticks() -> u64 {
    match super::clock::choose(None) {
        super::clock::Source::Tsc => 13_000,
        super::clock::Source::Os(_) => 5_000,
    }
}

/// What stands where no sum is pending.
const NO_RECORD: Record = [0; WORDS];

/// Fine parts of parallel iterators that are counted before one is looked at again.
const FINE_PARTS: u32 = 1_024;

/// Each time half of the remaining room is used up, only events this much longer are kept.
const SQUEEZE: u64 = 8;

pub(super) struct Notebook {
    pub(super) member: Arc<Member>,
    lane: LaneId,
    pool: Cell<u32>,
    /// The word of the last id.
    last_id: Cell<u64>,
    epoch: Cell<u64>,
    /// What `owned_log` holds, reached without a borrow flag; null if that is `None`.
    log: Cell<*const Log>,
    owned_log: RefCell<Option<Arc<Log>>>,
    pub(super) texts: Texts,
    places: Places,
    pub(super) depths: Depths,
    /// Ticks below which an event is fine.
    pub(super) coarse: Cell<u64>,
    whole: Cell<u32>,
    /// Events written at which the next squeeze is due.
    squeeze_at: Cell<u64>,
    squeezed: Cell<bool>,
    pub(super) timed_joins: Cell<u64>,
    /// Ticks that the current task has waited.
    pub(super) waited: Cell<u64>,
    /// Ticks of other tasks that ran while the current one was open.
    pub(super) nested: Cell<u64>,
    /// Events that are not kept for themselves, since the last one that was.
    pub(super) short: Cell<Short>,
    /// Those of the joins and operations that are open, until each began to wait.
    before_wait: RefCell<Vec<Short>>,
    /// How many that are.
    set_aside: Cell<usize>,
    /// Fine parts of parallel iterators until one is looked at again.
    unlooked: Cell<u32>,
    /// What the thread did of the parallel iterator that it is running a part of.
    pub(super) progress: Progress,
    /// When the first halves of timed splits ended, by level: ticks, and ticks of other tasks until
    /// then.
    first_ends: RefCell<Vec<(u64, u64)>>,
    /// Whether a parallel iterator was opened whose first part is still to come. Another one that is
    /// opened meanwhile is a part of it: the source within an adaptor.
    pub(super) prelude: Cell<bool>,
    pub(super) feed: Feed,
    pub(super) gauges: Gauges,
    pub(super) elision: Elision,
    pub(super) phases: Phases,
    /// Whether a listener is told of what is opened.
    pub(super) heard: Cell<bool>,
    /// Fine joins until one is timed again, while a listener makes them take the slow path.
    linked: Cell<u32>,
    /// When the thread began to look for work, and how many rounds found none; while it does.
    pub(super) search: Cell<Option<Looking>>,
}

/// A search for work that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looking {
    /// Its start, or 0 where no clock is read.
    pub(super) start: Ticks,
    pub(super) rounds: u64,
    pub(super) yields: u64,
}

/// What a thread did of one parallel iterator, until it is added to the tally.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) splits: Cell<u64>,
    pub(super) leaves: Cell<u64>,
    pub(super) items: Cell<u64>,
    pub(super) reductions: Cell<u64>,
}

impl Progress {
    /// Begins with `other`; what was there until then.
    #[inline]
    pub(super) fn replace(&self, other: &Self) -> Self {
        let Self { splits, leaves, items, reductions } = self;
        Self {
            splits: Cell::new(splits.replace(other.splits.get())),
            leaves: Cell::new(leaves.replace(other.leaves.get())),
            items: Cell::new(items.replace(other.items.get())),
            reductions: Cell::new(reductions.replace(other.reductions.get())),
        }
    }
}

/// One more of something, or several. An iterator may have more items than a number can tell.
#[inline]
pub(super) fn add(cell: &Cell<u64>, n: u64) {
    cell.set(cell.get().saturating_add(n));
}

/// What a leaf under `par_bridge` has got from the iterator that all leaves share.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// Whether there is such a leaf, and it is timed.
    pub(super) wanted: Cell<bool>,
    /// Ticks in that iterator's `next`.
    pub(super) producing: Cell<u64>,
    /// Ticks of work on its items.
    pub(super) working: Cell<u64>,
    /// When the last item was handed out.
    pub(super) handed: Cell<u64>,
}

impl Feed {
    /// Begins anew; what was there until then.
    pub(super) fn replace(&self, other: &Self) -> Self {
        Self {
            wanted: Cell::new(self.wanted.replace(other.wanted.get())),
            producing: Cell::new(self.producing.replace(other.producing.get())),
            working: Cell::new(self.working.replace(other.working.get())),
            handed: Cell::new(self.handed.replace(other.handed.get())),
        }
    }
}

/// The sums of short events around one that is open.
#[derive(Debug)]
pub(super) struct Around {
    outer: Option<Box<Short>>,
    set_aside: usize,
}

/// A sum of short events, on its way to a `Collapsed` record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) tasks: u64,
    pub(super) busy: u64,
    pub(super) waited: u64,
    pub(super) joins: u64,
    pub(super) spawns: u64,
    pub(super) queued: u64,
}

impl Short {
    pub(super) const NONE: Self = Self {
        first: u64::MAX,
        last: 0,
        tasks: 0,
        busy: 0,
        waited: 0,
        joins: 0,
        spawns: 0,
        queued: 0,
    };

    pub(super) fn is_none(&self) -> bool {
        self.last == 0
    }

    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            tasks: self.tasks + other.tasks,
            busy: self.busy + other.busy,
            waited: self.waited + other.waited,
            joins: self.joins + other.joins,
            spawns: self.spawns + other.spawns,
            queued: self.queued + other.queued,
        }
    }

    /// Nothing yet, but with a place in time.
    pub(super) fn at(first: u64, last: u64) -> Self {
        Self { first, last, ..Self::NONE }
    }

    fn record(&self) -> Record {
        event::Collapsed {
            flags: 0,
            small: 0,
            text: u32::try_from(self.tasks).unwrap_or(u32::MAX),
            start: self.first,
            end: self.last,
            busy: self.busy,
            waited: self.waited,
            joins: self.joins,
            spawns: self.spawns,
            queued: self.queued,
        }
        .encode()
    }
}

impl Notebook {
    pub(super) fn new(member: Arc<Member>) -> Self {
        let pool = member.seat().map_or(0, |seat| seat.pool.0);
        Self {
            lane: member.lane,
            pool: Cell::new(pool),
            last_id: Cell::new(EventId::first_word(member.lane)),
            epoch: Cell::new(0),
            log: Cell::new(ptr::null()),
            owned_log: RefCell::new(None),
            member,
            texts: Texts::new(),
            places: Places::new(),
            depths: Depths::new(),
            coarse: Cell::new(0),
            whole: Cell::new(0),
            squeeze_at: Cell::new(u64::MAX),
            squeezed: Cell::new(false),
            timed_joins: Cell::new(0),
            waited: Cell::new(0),
            nested: Cell::new(0),
            short: Cell::new(Short::NONE),
            before_wait: RefCell::new(Vec::new()),
            set_aside: Cell::new(0),
            unlooked: Cell::new(0),
            progress: Progress::default(),
            first_ends: RefCell::new(Vec::new()),
            prelude: Cell::new(false),
            feed: Feed::default(),
            gauges: Gauges::new(),
            elision: Elision::new(),
            phases: Phases::default(),
            heard: Cell::new(false),
            linked: Cell::new(0),
            search: Cell::new(None),
        }
    }

    /// Which recording it writes into.
    #[inline]
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.get()
    }

    #[inline]
    pub(super) fn lane(&self) -> LaneId {
        self.lane
    }

    /// The pool that the thread works for; 0 for none.
    #[inline]
    pub(super) fn pool(&self) -> u32 {
        self.pool.get()
    }

    pub(super) fn take_seat(&self, seat: Seat) {
        self.member.take_seat(seat);
        self.pool.set(seat.pool.0);
    }

    /// Joins the recording that is under way; false if it has just ended.
    #[inline]
    pub(super) fn join_recording(&self, switch: Switch) -> bool {
        self.epoch.get() == switch.epoch || self.open_log(switch)
    }

    #[cold]
    fn open_log(&self, switch: Switch) -> bool {
        self.log.set(ptr::null());
        let old = self.owned_log.take();
        let Some((log, settings)) = recorder::open_log(&self.member, switch.epoch, old) else {
            return false;
        };
        self.use_log(log, &settings);
        self.epoch.set(switch.epoch);
        true
    }

    /// Starts afresh with an empty log.
    pub(super) fn use_log(&self, log: Arc<Log>, settings: &Settings) {
        let capacity = log.events.capacity();
        self.log.set(Arc::as_ptr(&log));
        self.owned_log.replace(Some(log));
        self.texts.forget();
        self.places.forget();
        self.depths.forget();
        self.gauges.start_over(settings.gauge);
        self.elision.start_over(settings.detail);
        self.phases.start_over();
        self.coarse.set(coarse_ticks());
        self.whole.set(if settings.detail == Detail::Auto { WHOLE } else { 0 });
        let squeezes = settings.on_full == OnFull::Collapse;
        self.squeeze_at.set(if squeezes { capacity / 2 } else { u64::MAX });
        self.squeezed.set(false);
        self.timed_joins.set(0);
        self.short.set(Short::NONE);
        self.before_wait.borrow_mut().clear();
        self.set_aside.set(0);
    }

    /// Asks anew whether somebody listens; in what is not timed there is nothing to hear, and on a
    /// lane of no thread nothing that concerns anybody.
    #[inline]
    pub(super) fn listen(&self, timed: bool) {
        let is_detached = self.epoch.get() == 0;
        self.heard.set(timed && !is_detached && listener::is_heard());
    }

    /// The same, for a task that comes from elsewhere; what it was before.
    #[inline]
    pub(super) fn listen_from(&self, timed: bool, parent: u64, around: u64) -> bool {
        let is_detached = self.epoch.get() == 0;
        self.heard.replace(timed && !is_detached && listener::is_heard_from(parent, around))
    }

    /// What is open around what is pushed now, as the word of an id, if somebody listens; else 0.
    #[inline]
    pub(super) fn around(&self) -> u64 {
        if self.heard.get() { listener::innermost() } else { 0 }
    }

    /// The joins from here on are fine and each is to carry what is around it.
    #[inline]
    pub(super) fn link_fine_joins(&self, joins: u32) {
        self.linked.set(joins);
    }

    /// Whether a join that took the slow path is one of those.
    pub(super) fn is_linked(&self) -> bool {
        let left = self.linked.get();
        self.linked.set(left.saturating_sub(1));
        left > 1
    }

    /// The next id of this lane.
    #[inline]
    pub(super) fn next_id(&self) -> u64 {
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        id
    }

    /// A number that grows by one with each id.
    #[inline]
    pub(super) fn ids_given(&self) -> u64 {
        self.last_id.get()
    }

    /// Whether joins at `depth` are only counted.
    #[inline]
    pub(super) fn is_fine(&self, detail: Detail, depth: u32) -> bool {
        !self.keeps_everything(detail) && self.depths.is_fine(depth, self.coarse.get())
    }

    /// Whether every join is timed and kept.
    #[inline]
    pub(super) fn keeps_everything(&self, detail: Detail) -> bool {
        (detail == Detail::Full && !self.squeezed.get()) || self.whole.get() > 0
    }

    /// Whether an event is kept for itself: one that took long, or one that `matters` (a steal, a
    /// panic) as long as there is room for all of those.
    #[inline]
    pub(super) fn keeps(&self, detail: Detail, ticks: u64, matters: bool) -> bool {
        if self.keeps_everything(detail) {
            self.whole.set(self.whole.get().saturating_sub(1));
            return true;
        }
        ticks >= self.coarse.get() || (matters && self.keeps_what_matters())
    }

    /// Whether there is still room for every event that matters, however short.
    #[inline]
    pub(super) fn keeps_what_matters(&self) -> bool {
        !self.squeezed.get()
    }

    /// Writes an event that is kept, and before it the short ones within it.
    pub(super) fn write(&self, record: &Record, within: &Short) {
        if !within.is_none() {
            self.push(&within.record());
        }
        self.push(record);
    }

    /// Writes a record.
    #[inline]
    pub(super) fn push(&self, record: &Record) {
        let Some(log) = self.log() else { return };
        if !log.events.push(record) {
            return break_off(log, record);
        }
        if log.events.written() >= self.squeeze_at.get() {
            self.squeeze(log);
        }
    }

    /// Something begins as a record without its end; the level that it is on.
    #[inline]
    pub(super) fn enter(&self, record: &Record) -> u64 {
        self.log().map_or(0, |log| log.open.enter(record))
    }

    /// The clock of what was entered last is read: last of all, so that the bookkeeping is not in it.
    #[inline]
    pub(super) fn begins(&self, level: u64) -> Ticks {
        let at = now();
        self.with_log(|log| log.open.begins(level, at.0));
        at
    }

    /// From an instant on, whoever opened it in a recording waits.
    #[inline]
    pub(super) fn waits(&self, epoch: u64, level: u64, since: Ticks) {
        if epoch == self.epoch() {
            self.with_log(|log| log.open.waits(level, since.0));
        }
    }

    /// It ends, after its record was written.
    #[inline]
    pub(super) fn leave(&self, level: u64) {
        self.with_log(|log| log.open.leave(level));
    }

    /// From here on only events that are longer still are kept. What room is left is halved each
    /// time, so that it lasts for any length of program.
    #[cold]
    fn squeeze(&self, log: &Log) {
        self.squeezed.set(true);
        self.whole.set(0);
        self.coarse.set(self.coarse.get().saturating_mul(SQUEEZE));
        let written = log.events.written();
        let room = log.events.capacity().saturating_sub(written);
        self.squeeze_at.set(if room < 2 { u64::MAX } else { written + room / 2 });
    }

    /// Takes the short events summed up so far, if there are any.
    #[inline]
    pub(super) fn take_short(&self) -> Option<Box<Short>> {
        if self.short.get().is_none() {
            return None;
        }
        Some(Box::new(self.short.replace(Short::NONE)))
    }

    /// Whether there are short events to be summed up or written with the innermost join or
    /// operation, before which there were sums of `others`.
    #[inline]
    pub(super) fn holds_short(&self, others: usize) -> bool {
        !self.short.get().is_none() || self.set_aside.get() > others
    }

    /// How many sums of short events are set aside, for those joins and operations that wait.
    #[inline]
    pub(super) fn set_aside(&self) -> usize {
        self.set_aside.get()
    }

    /// Sets aside the short events summed up so far, if there are any: the innermost open join or
    /// operation begins to wait.
    #[inline]
    pub(super) fn set_before_wait(&self) {
        if !self.short.get().is_none() {
            let mut sums = self.before_wait.borrow_mut();
            sums.push(self.short.replace(Short::NONE));
            self.set_aside.set(sums.len());
        }
    }

    /// Takes back what the innermost one set aside since there were `others`.
    #[inline]
    pub(super) fn take_before_wait(&self, others: usize) -> Option<Box<Short>> {
        if self.set_aside.get() <= others {
            return None;
        }
        self.set_aside.set(others);
        let own = self.before_wait.borrow_mut().drain(others..).reduce(Short::plus);
        own.map(Box::new)
    }

    /// Opens something in a task: what is short in it is summed up apart.
    #[inline]
    pub(super) fn step_in(&self) -> Around {
        Around { outer: self.take_short(), set_aside: self.set_aside() }
    }

    /// Closes it: see [`settle`](Self::settle).
    #[inline]
    pub(super) fn step_out(&self, around: Around, kept: Option<&Record>, wait: Option<Short>) {
        let Around { outer, set_aside } = around;
        if wait.is_some() || outer.is_some() || self.holds_short(set_aside) {
            let before = self.take_before_wait(set_aside);
            self.settle(kept, before, outer, wait);
        } else if let Some(record) = kept {
            // The common case: nothing but the event itself.
            self.push(record);
        }
    }

    /// Closes a join or an operation. If it is `kept`, the short events within it are written
    /// before it; else they, and its `wait`, are summed up with those around it.
    pub(super) fn settle(
        &self,
        kept: Option<&Record>,
        before_wait: Option<Box<Short>>,
        outer: Option<Box<Short>>,
        wait: Option<Short>,
    ) {
        let within = self.short.get();
        let outer = outer.map_or(Short::NONE, |outer| *outer);
        let before = before_wait.map_or(Short::NONE, |before| *before);
        match kept {
            Some(record) => {
                self.flush(&before);
                self.write(record, &within);
                self.short.set(outer);
            }
            None => {
                let wait = wait.unwrap_or(Short::NONE);
                self.short.set(outer.plus(before).plus(within).plus(wait));
            }
        }
    }

    /// Sums up a short event that lies in no task: there is none to be written with, so the sum is
    /// written for itself once it spans a while.
    pub(super) fn keep_loose(&self, sum: Short) {
        let long_enough = sum.last.saturating_sub(sum.first) >= 16 * self.coarse.get();
        if long_enough {
            return self.flush_pending(&sum);
        }
        self.short.set(sum);
        self.with_log(|log| log.set_pending(&sum.record(), || ()));
    }

    /// Writes a sum that was pending.
    fn flush_pending(&self, sum: &Short) {
        self.short.set(Short::NONE);
        self.with_log(|log| log.set_pending(&NO_RECORD, || self.flush(sum)));
    }

    /// Writes a sum of short events that lie in no task.
    fn flush(&self, sum: &Short) {
        if !sum.is_none() {
            self.write(&sum.record(), &Short::NONE);
        }
    }

    /// The thread ends: nothing may stay behind.
    pub(super) fn close(&self) {
        self.flush_pending(&self.short.get());
    }

    #[inline]
    fn log(&self) -> Option<&Log> {
        #[expect(unsafe_code, reason = "a borrow flag would be checked for every record")]
        // SAFETY: null, or what `owned_log` holds: set together with it, and cleared before it is
        // taken out. That happens in `open_log` and `use_log` alone, which a task calls as it
        // begins; no reference that this gives lives through the beginning of a task, because
        // this module hands out none and runs no code of the user's while it has one.
        unsafe {
            self.log.get().as_ref()
        }
    }

    #[inline]
    pub(super) fn with_log<R>(&self, f: impl FnOnce(&Log) -> R) -> Option<R> {
        self.log().map(f)
    }

    /// What this lane knows of a parallel iterator, and where it counts what it does of it.
    #[inline]
    pub(super) fn place(&self, call: &Call<'_>) -> Option<&Place> {
        let log = self.log()?;
        Some(self.places.find(self.epoch.get(), call, log, |place| self.name(log, place)))
    }

    #[cold]
    fn name(&self, log: &Log, place: &Place) -> [u32; 3] {
        let text = |text: &str| self.texts.text(log, text);
        let label = place.label.as_deref().map_or(0, text);
        [self.texts.site(log, place.site), text(&place.meaning.words), label]
    }

    /// Adds what was done of a parallel iterator to its tally.
    #[inline]
    pub(super) fn tally(&self, place: &Place, progress: &Progress) {
        let Some(log) = self.log() else { return };
        let Progress { splits, leaves, items, reductions } = progress;
        log.count_all(
            place.tally.get(),
            [
                (Count::Splits, splits.get()),
                (Count::Leaves, leaves.get()),
                (Count::Items, items.get()),
                (Count::Reductions, reductions.get()),
            ],
        );
    }

    /// The first half of a timed split ended, or has not yet: 0.
    pub(super) fn set_first_end(&self, level: u32, end: (u64, u64)) {
        let (mut ends, level) = (self.first_ends.borrow_mut(), level as usize);
        if ends.len() <= level {
            ends.resize(level + 1, (0, 0));
        }
        ends[level] = end;
    }

    /// When it did: ticks, or 0 if that is not known, and ticks of other tasks until then.
    pub(super) fn first_end(&self, level: u32) -> (u64, u64) {
        self.first_ends.borrow().get(level as usize).copied().unwrap_or((0, 0))
    }

    /// Counts at a place.
    #[inline]
    pub(super) fn count(&self, place: &Place, count: Count, n: u64) {
        if let Some(log) = self.log() {
            log.count(place.tally.get(), count, n);
        }
    }

    /// Whether a part of a parallel iterator, `depth` splits below its operation, is timed.
    #[inline]
    pub(super) fn times(&self, detail: Detail, place: &Place, depth: u32) -> bool {
        self.keeps_everything(detail)
            || !place.depths.is_fine(depth, self.coarse.get())
            || self.look_again()
    }

    /// Whether a parallel iterator is counted, and nothing else. Of one that is not,
    /// [`times`](Self::times) is asked next.
    #[inline]
    pub(super) fn only_counts(&self, detail: Option<Detail>, place: &Place) -> bool {
        let Some(detail) = detail else { return true };
        if self.keeps_everything(detail) || !place.depths.is_fine(0, self.coarse.get()) {
            return false;
        }
        let left = self.unlooked.get();
        self.unlooked.set(left.saturating_sub(1));
        left > 0
    }

    /// A fine part is timed now and then, so that a wrong guess is noticed.
    #[inline]
    fn look_again(&self) -> bool {
        match self.unlooked.get().checked_sub(1) {
            Some(left) => {
                self.unlooked.set(left);
                false
            }
            None => {
                self.unlooked.set(FINE_PARTS);
                true
            }
        }
    }

    /// A call site's number, for a record.
    #[inline]
    pub(super) fn site(&self, site: &'static std::panic::Location<'static>) -> u32 {
        self.with_log(|log| self.texts.site(log, site)).unwrap_or(0)
    }

    /// A label's number, for a record.
    pub(super) fn label(&self, label: Option<&str>) -> u64 {
        let number = label.and_then(|label| self.with_log(|log| self.texts.text(log, label)));
        u64::from(number.unwrap_or(0))
    }

    /// How long ago, or 0 where the clocks of two CPUs disagree.
    pub(super) fn since(later: Ticks, earlier: Ticks) -> u64 {
        later.0.saturating_sub(earlier.0)
    }
}

impl std::fmt::Debug for Notebook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notebook").field("member", &self.member).finish_non_exhaustive()
    }
}

/// There is no room for a record: from here on events are missing. Of short events that are summed up
/// those are, too, that came before.
#[cold]
fn break_off(log: &Log, record: &Record) {
    let at = match event::Raw::decode(record) {
        Some(event::Raw::Collapsed(collapsed)) => collapsed.start,
        _ => now().0,
    };
    log.open.break_off(at);
}
