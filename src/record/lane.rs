//! The hot path: one thread's count-down, and what it does when that runs
//! out. README.md beside this file has the protocol.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use super::attach;
use super::ids::LaneId;
use super::join::Timed;
use super::log::Log;
use super::notebook::Notebook;
use super::recorder::{self, Detail, Identity, Seat, Settings, Switch};
use super::time::Nanos;

/// A thread's recording state. Lives as long as the thread, and never leaves it.
///
/// The count-down is the first word, so that a front end may decrement it in one instruction. It
/// is everything that a join costs on the fast path: it counts the joins, it says when the next
/// one is to be timed, and it never reads a clock.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Lane {
    /// Joins until the slow path: see [`Lane::tick`].
    pub(super) left: Cell<u32>,
    /// What `left` was last set to.
    pub(super) budget: Cell<u32>,
    pub(super) mode: Cell<Mode>,
    /// Joins around the next one, counted from the operation's first.
    pub(super) depth: Cell<u32>,
    /// Joins of the current task, up to the last refill of the count-down.
    pub(super) joins: Cell<u64>,
    /// Tasks spawned by the current task.
    pub(super) spawns: Cell<u64>,
    /// The current task's id, or 0.
    pub(super) task: Cell<u64>,
    notebook: Cell<*const Notebook>,
    /// The lane's number, or 0 while it is not known.
    pub(super) number: Cell<u32>,
    /// Operations and parts of parallel iterators that are open and timed.
    pub(super) level: Cell<u32>,
    /// The parallel iterator that the thread is running a part of, or 0.
    pub(super) iterating: Cell<u64>,
    // The line is full, and there is no padding in it: a front end may hold the image of a fresh
    // lane against this one byte by byte.
}

/// What the current task is recorded as: fixed when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Mode {
    /// There is no task: every join takes the slow path.
    NoTask = 0,
    /// A task that no recording asked for.
    Off = 1,
    /// Counted only.
    Count = 2,
    /// Timed where coarse.
    Auto = 3,
    /// Timed throughout.
    Full = 4,
    /// As `Auto`, but in a half whose joins are plain calls: every join takes the slow path.
    Elided = 5,
    /// As `Auto`, but every join of the program is plain calls, and takes the slow path.
    Serial = 6,
}

impl Mode {
    pub(super) fn of(detail: Detail) -> Self {
        match detail {
            Detail::Count | Detail::Auto | Detail::Full if attach::is_serial() => Self::Serial,
            Detail::Off => Self::Off,
            Detail::Count => Self::Count,
            Detail::Auto => Self::Auto,
            Detail::Full => Self::Full,
        }
    }

    pub(super) fn is_recorded(self) -> bool {
        !matches!(self, Self::NoTask | Self::Off)
    }

    /// The detail in which it reads the clock, if it does.
    #[inline]
    pub(super) fn timed(self) -> Option<Detail> {
        match self {
            Self::Auto | Self::Elided | Self::Serial => Some(Detail::Auto),
            Self::Full => Some(Detail::Full),
            Self::NoTask | Self::Off | Self::Count => None,
        }
    }
}

/// Joins that a fine subtree counts before one is looked at again: a wrong guess costs no more.
const FINE_BUDGET: u32 = 1_024;
/// Where nothing is timed, the count-down is as long as it can be.
pub(super) const LONG_BUDGET: u32 = u32::MAX;

/// What a join on the slow path is to do.
#[derive(Debug)]
pub enum Slow<'l> {
    /// The thread runs no task that is known: the front end begins one, or enters a pool.
    NoTask,
    /// Run it as it is; it has been counted. If its second half runs as a job, it arrives as
    /// [`Migrated`](super::Arrival::Migrated) with this.
    Counted(u64),
    /// Time it: open it with this.
    Timed(Timed<'l>),
    /// Call both halves, one after the other ([`call_both`](super::call_both)); it has been counted.
    /// A front end that cannot says so ([`Lane::stop_eliding`]) and takes it for counted.
    Elided,
}

impl Lane {
    /// A thread that has not recorded anything yet.
    pub const fn new() -> Self {
        Self {
            left: Cell::new(1),
            budget: Cell::new(1),
            mode: Cell::new(Mode::NoTask),
            depth: Cell::new(0),
            joins: Cell::new(0),
            spawns: Cell::new(0),
            task: Cell::new(0),
            notebook: Cell::new(ptr::null()),
            number: Cell::new(0),
            level: Cell::new(0),
            iterating: Cell::new(0),
        }
    }

    /// Counts a join; true if it must take the slow path, [`Lane::slow_join`].
    #[inline(always)]
    pub fn tick(&self) -> bool {
        let left = self.left.get().wrapping_sub(1);
        self.left.set(left);
        left == 0
    }

    /// The slow path of a join that [`tick`](Self::tick) has counted.
    #[inline]
    pub fn slow_join(&self) -> Slow<'_> {
        match self.mode.get() {
            Mode::NoTask => {
                self.left.set(1);
                Slow::NoTask
            }
            Mode::Off | Mode::Count => {
                self.refill(LONG_BUDGET);
                Slow::Counted(0)
            }
            mode @ (Mode::Auto | Mode::Full) => match (mode.timed(), self.notebook()) {
                (_, Some(notebook)) if notebook.heard.get() && notebook.is_linked() => {
                    self.refill(1);
                    Slow::Counted(notebook.around())
                }
                (Some(detail), Some(notebook)) => {
                    Slow::Timed(Timed { lane: self, notebook, detail })
                }
                _ => Slow::Counted(0),
            },
            Mode::Serial => {
                self.refill(1);
                Slow::Elided
            }
            Mode::Elided => {
                if self.elide_join() {
                    Slow::Elided
                } else {
                    Slow::Counted(self.notebook().map_or(0, Notebook::around))
                }
            }
        }
    }

    /// Counts a join that does not come through [`tick`](Self::tick).
    pub fn count_join(&self) {
        self.joins.set(self.joins.get() + 1);
    }

    /// Joins of the current task so far.
    #[inline]
    pub(super) fn count(&self) -> u64 {
        self.joins.get() + u64::from(self.budget.get().wrapping_sub(self.left.get()))
    }

    #[inline]
    pub(super) fn refill(&self, budget: u32) {
        self.joins.set(self.count());
        self.budget.set(budget);
        self.left.set(budget);
    }

    /// Goes on at `depth`, with the count-down that suits it.
    #[inline]
    pub(super) fn go_to(&self, notebook: &Notebook, detail: Detail, depth: u32) {
        self.depth.set(depth);
        let is_fine = self.mode.get() != Mode::Serial && notebook.is_fine(detail, depth);
        if notebook.heard.get() {
            // Whoever listens wants to know where a stolen half comes from: no join goes unlinked.
            notebook.link_fine_joins(if is_fine { FINE_BUDGET } else { 0 });
            return self.refill(1);
        }
        self.refill(if is_fine { FINE_BUDGET } else { 1 });
    }

    /// As what an operation or a parallel iterator is recorded that this thread calls while the
    /// process records in `detail`.
    #[inline]
    pub(super) fn mode_of_call(&self, detail: Detail) -> Mode {
        match self.mode.get() {
            Mode::NoTask => Mode::of(detail),
            Mode::Elided => {
                self.stop_eliding();
                Mode::Auto
            }
            mode => mode,
        }
    }

    /// Whether a recorded or unrecorded task is open on this thread.
    pub fn in_task(&self) -> bool {
        self.mode.get() != Mode::NoTask
    }

    /// Makes the thread known as a worker, before its first event or after: a thread that called
    /// into pools may become a worker of one.
    pub fn register(&self, seat: Seat, who: impl FnOnce() -> Identity) {
        self.attach(who).take_seat(seat);
    }

    /// The lane's number, if the thread is known.
    pub fn id(&self) -> Option<LaneId> {
        self.notebook().map(Notebook::lane)
    }

    /// The thread ends. `cpu` is its whole CPU time, where that is known.
    ///
    /// # Safety
    ///
    /// No guard of this lane is open: no task, join or operation that it began.
    #[expect(unsafe_code, reason = "frees what guards point to")]
    pub unsafe fn retire(&self, cpu: Option<Nanos>) {
        let notebook = self.notebook.replace(ptr::null());
        if notebook.is_null() {
            return;
        }
        // SAFETY: made by `Box::into_raw` in `attach`, taken out of the cell above, so freed once;
        // references to it are held by guards alone, of which there are none.
        let notebook = unsafe { Box::from_raw(notebook.cast_mut()) };
        self.number.set(0);
        notebook.close();
        recorder::retire(&notebook.member, cpu);
    }

    #[inline]
    pub(super) fn notebook(&self) -> Option<&Notebook> {
        #[expect(
            unsafe_code,
            reason = "an Option<Box> would need drop glue in thread-local storage"
        )]
        // SAFETY: null, or made by `attach` on this thread and valid until `retire`. The lane is
        // not Sync, so only this thread reads it; no `&mut Notebook` is ever made before then.
        unsafe {
            self.notebook.get().as_ref()
        }
    }

    /// The notebook, if what this thread does now belongs to the recording that `switch` tells of:
    /// a task that began in an earlier one, or in none, does not.
    pub(super) fn recording(
        &self,
        switch: Switch,
        who: impl FnOnce() -> Identity,
    ) -> Option<&Notebook> {
        if self.in_task() {
            let recorded = self.notebook().filter(|_| self.mode.get().is_recorded());
            return recorded.filter(|notebook| notebook.epoch() == switch.epoch);
        }
        let notebook = self.attach(who);
        notebook.join_recording(switch).then_some(notebook)
    }

    pub(super) fn attach(&self, who: impl FnOnce() -> Identity) -> &Notebook {
        if let Some(notebook) = self.notebook() {
            return notebook;
        }
        let notebook = Box::new(Notebook::new(recorder::register(who())));
        self.number.set(notebook.lane().0);
        let notebook = Box::into_raw(notebook);
        self.notebook.set(notebook);
        #[expect(unsafe_code, reason = "see `notebook`")]
        // SAFETY: just made.
        unsafe {
            &*notebook
        }
    }
}

impl Lane {
    /// A lane of no thread, that writes where no collector looks: to measure what recording costs.
    pub(super) fn detached(log: Log, settings: &Settings) -> Self {
        let lane = Self::new();
        let notebook = Notebook::new(recorder::stranger());
        notebook.use_log(Arc::new(log), settings);
        lane.number.set(notebook.lane().0);
        lane.notebook.set(Box::into_raw(Box::new(notebook)));
        lane
    }
}

impl Default for Lane {
    fn default() -> Self {
        Self::new()
    }
}
