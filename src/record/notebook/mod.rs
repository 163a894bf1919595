//! What a thread keeps for itself while it records: who it is, what it has learnt of the program,
//! its running sums. Private to the thread and out of the hot path's cache line.

mod iterators;
mod kept;
mod listening;
mod short;
mod written;

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::Arc;

use super::depths::Depths;
use super::elision::Elision;
use super::feed::Feed;
use super::gauge::Gauges;
use super::ids::{EventId, LaneId};
use super::log::Log;
use super::phase::Phases;
use super::places::Places;
use super::progress::Progress;
use super::recorder::{self, Detail, Member, OnFull, Seat, Settings, Switch};
use super::texts::Texts;
use super::time::Ticks;
use kept::{WHOLE, coarse_ticks};

pub(super) use short::{Around, Short};

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

    #[inline]
    fn log(&self) -> Option<&Log> {
        #[expect(unsafe_code, reason = "a borrow flag would be checked for every record")]
        // SAFETY: null, or what `owned_log` holds: set together with it, and cleared before it is
        // taken out. That happens in `open_log` and `use_log` alone, which a task calls as it
        // begins; no reference that this gives lives through the beginning of a task, because
        // this module and its own hand out none and run no code of the user's while they have one.
        unsafe {
            self.log.get().as_ref()
        }
    }

    #[inline]
    pub(super) fn with_log<R>(&self, f: impl FnOnce(&Log) -> R) -> Option<R> {
        self.log().map(f)
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
