//! A half of a split, on its way to the thread that runs it, and who ran it, on the way back. What
//! becomes of it there is not known here.

use super::super::event::SecondHalf;
use super::super::ids::EventId;
use super::super::iterator::Run;
use super::super::lane::Lane;
use super::super::link::Link;
use super::super::notebook::Notebook;
use super::super::time::Ticks;

/// A stretch of a parallel iterator's items, and where it comes from. Goes to the thread that runs
/// it; two words, as rayon moves it several times on that way, and each word more is paid for with
/// several.
#[derive(Clone, Copy, Debug)]
pub struct Half {
    /// The word of the id of what split it off. Where that has none, the sequence is 0, and the
    /// lane still that of the thread that did.
    pub(super) parent: u64,
    /// From the lowest bit: flags, splits around it (8 bits each), what was open and timed on that
    /// thread (16 bits), and when it was split off (32 bits: [`Self::LAG`]).
    pub(super) rest: u64,
}

/// The first half of a split.
pub(super) const FIRST: u64 = 1;
/// The second half of a split.
pub(super) const SECOND: u64 = 2;
/// It is timed.
pub(super) const TIMED: u64 = 4;
/// Its end is to be noted: a timed split may wait from there on.
pub(super) const MARKED: u64 = 8;
/// It belongs to a stolen half of which only the leaves are seen.
pub(super) const LOOSE: u64 = 16;
/// It was split off by a thread that is no worker.
const OUTSIDE: u64 = 32;
/// Of a second half: the first was not asked for yet.
const AWAITED: u64 = 64;
/// Of a second half: the first is to be timed.
const FIRST_TIMED: u64 = 128;

/// Bits of a number of splits, and where they begin.
const DEPTH: (u64, u32) = (0xff, 8);
/// Likewise of what was open.
const LEVEL: (u64, u32) = (0xffff, 16);
/// Likewise of the time.
pub(super) const LAG: (u64, u32) = (0xffff_ffff, 32);
/// What stands there if the time was not noted, or is too far off.
const UNNOTED: u64 = 0;
/// Ticks of the unit of time: 32 bits of it are nearly half a minute at 2.6 GHz.
const LAG_TICKS: u64 = 16;

impl Half {
    /// Of an iterator that is not recorded.
    pub(in super::super) const NONE: Self = Self { parent: 0, rest: 0 };

    #[inline]
    pub(in super::super) fn root(notebook: &Notebook, lane: &Lane, run: &Run<'_>) -> Self {
        let timed = run.operation != 0;
        let parent = if timed { run.operation } else { lane.task.get() };
        let all = Self { parent, rest: 0 }.with(TIMED, timed);
        all.from(lane, notebook, parent, timed.then_some(run.start), run)
    }

    /// The same, to be counted only.
    pub(in super::super) fn untimed(self) -> Self {
        self.with(TIMED, false)
    }

    #[inline]
    pub(super) fn is(self, flag: u64) -> bool {
        self.rest & flag != 0
    }

    #[inline]
    pub(super) fn with(self, flag: u64, set: bool) -> Self {
        Self { rest: if set { self.rest | flag } else { self.rest & !flag }, ..self }
    }

    #[inline]
    pub(super) fn part(self, (mask, shift): (u64, u32)) -> u64 {
        self.rest >> shift & mask
    }

    #[inline]
    pub(super) fn with_part(self, (mask, shift): (u64, u32), value: u64) -> Self {
        Self { rest: self.rest & !(mask << shift) | (value & mask) << shift, ..self }
    }

    #[inline]
    pub(super) fn depth(self) -> u32 {
        self.part(DEPTH) as u32
    }

    /// Whether this lane split it off, and nothing else that is timed was begun on it since.
    #[inline]
    pub(in super::super) fn is_of(self, lane: &Lane) -> bool {
        let (number, level) = (u64::from(lane.number.get()), u64::from(lane.level.get()));
        EventId::lane_of(self.parent) == number && self.part(LEVEL) == level & LEVEL.0
    }

    #[inline]
    pub(in super::super) fn is_loose(self) -> bool {
        self.is(LOOSE)
    }

    pub(in super::super) fn is_first_from_outside(self) -> bool {
        self.is(OUTSIDE) && self.is(FIRST)
    }

    pub(in super::super) fn is_second_from_outside(self) -> bool {
        self.is(OUTSIDE) && self.is(SECOND)
    }

    /// The link of the job that it runs as, in the pool of `here`: what a worker splits off stays in
    /// its pool.
    pub(in super::super) fn link(self, run: &Run<'_>, here: &Notebook) -> Link {
        let pool = if self.is(OUTSIDE) { 0 } else { here.pool() };
        let pushed = match self.part(LAG) {
            UNNOTED => 0,
            lag => run.start.0 + (lag - 1) * LAG_TICKS,
        };
        let parent = EventId::from_word(self.parent).filter(|id| id.sequence() != 0);
        Link {
            parent: parent.map_or(0, EventId::word),
            pushed,
            lane: EventId::lane_of(self.parent) as u32,
            pool,
            ..Link::unrecorded(run.call.site)
        }
    }

    /// Both sides of it, cut in its place, one level deeper; when is not noted.
    #[inline]
    pub(super) fn cut(self) -> [Self; 2] {
        let depth = (self.part(DEPTH) + 1).min(DEPTH.0);
        let kept = LOOSE | OUTSIDE | LEVEL.0 << LEVEL.1;
        let side = Self { rest: self.rest & kept | depth << DEPTH.1, ..self };
        [side.with(FIRST, true), side.with(SECOND, true)]
    }

    /// Split off by `lane`, by what has the id `parent`, and when, if that is noted.
    #[inline]
    pub(super) fn from(
        self,
        lane: &Lane,
        here: &Notebook,
        parent: u64,
        at: Option<Ticks>,
        run: &Run<'_>,
    ) -> Self {
        // Rounded up: nothing is pushed before what pushes it begins.
        let lag = at.map(|at| Notebook::since(at, run.start).div_ceil(LAG_TICKS) + 1);
        let lag = lag.filter(|&lag| lag <= LAG.0).unwrap_or(UNNOTED);
        let parent = if parent == 0 { EventId::first_word(here.lane()) } else { parent };
        Self { parent, ..self }
            .with_part(LEVEL, u64::from(lane.level.get()))
            .with_part(LAG, lag)
            .with(OUTSIDE, here.pool() == 0)
    }

    /// A second half that tells of the first.
    #[inline]
    pub fn with_first(first: Self, second: Self) -> Self {
        second.with(AWAITED, true).with(FIRST_TIMED, first.is(TIMED)).with(MARKED, first.is(MARKED))
    }

    /// The first half that a second one tells of, and the second without it.
    #[inline]
    pub fn take_first(self) -> Option<(Self, Self)> {
        let bare = self.with(AWAITED | FIRST_TIMED | MARKED, false);
        let first = bare.with(SECOND | TIMED, false).with(FIRST, true);
        let first = first.with(TIMED, self.is(FIRST_TIMED)).with(MARKED, self.is(MARKED));
        self.is(AWAITED).then_some((first, bare))
    }
}

/// Who ran a half, for the split that it is a half of: a lane, and the highest bit if it ran there
/// as a task of its own.
#[derive(Clone, Copy, Debug)]
pub struct Done(u32);

const AS_JOB: u32 = 1 << 31;

impl Done {
    /// Nobody needs to know.
    pub(in super::super) const QUIETLY: Self = Self(0);

    #[inline]
    pub(super) fn on(lane: &Lane, as_job: bool) -> Self {
        Self(lane.number.get() & !AS_JOB | if as_job { AS_JOB } else { 0 })
    }

    #[inline]
    pub(super) fn fate(self, here: &Lane) -> SecondHalf {
        match self.0 & AS_JOB {
            0 => SecondHalf::Inline,
            _ if self.0 & !AS_JOB == here.number.get() => SecondHalf::SameWorker,
            _ => SecondHalf::Stolen,
        }
    }
}
