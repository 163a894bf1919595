//! The parts of a parallel iterator: a half is split into halves, or is a leaf; two results are
//! reduced to one. Each part is a guard on the stack of the thread that runs it.
//!
//! A part that is fine and runs in its place is counted and nothing else: its guard holds nothing.

use super::buffer::Record;
use super::clock::now;
use super::event::{self, SecondHalf};
use super::ids::EventId;
use super::iterator::{Arrived, Run, Seen};
use super::lane::Lane;
use super::link::Link;
use super::listener::{Closed, Opening, Told};
use super::log::Counter;
use super::notebook::{Around, Feed, Notebook, Short, add};
use super::recorder::{Detail, Identity};
use super::time::Ticks;

/// A stretch of a parallel iterator's items, and where it comes from. Goes to the thread that runs
/// it; two words, as rayon moves it several times on that way, and each word more is paid for with
/// several.
#[derive(Clone, Copy, Debug)]
pub struct Half {
    /// The word of the id of what split it off. Where that has none, the sequence is 0, and the
    /// lane still that of the thread that did.
    parent: u64,
    /// From the lowest bit: flags, splits around it (8 bits each), what was open and timed on that
    /// thread (16 bits), and when it was split off (32 bits: [`Self::LAG`]).
    rest: u64,
}

/// The first half of a split.
const FIRST: u64 = 1;
/// The second half of a split.
const SECOND: u64 = 2;
/// It is timed.
const TIMED: u64 = 4;
/// Its end is to be noted: a timed split may wait from there on.
const MARKED: u64 = 8;
/// It belongs to a stolen half of which only the leaves are seen.
const LOOSE: u64 = 16;
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
const LAG: (u64, u32) = (0xffff_ffff, 32);
/// What stands there if the time was not noted, or is too far off.
const UNNOTED: u64 = 0;
/// Ticks of the unit of time: 32 bits of it are nearly half a minute at 2.6 GHz.
const LAG_TICKS: u64 = 16;

impl Half {
    /// Of an iterator that is not recorded.
    pub(super) const NONE: Self = Self { parent: 0, rest: 0 };

    #[inline]
    pub(super) fn root(notebook: &Notebook, lane: &Lane, run: &Run<'_>) -> Self {
        let timed = run.operation != 0;
        let parent = if timed { run.operation } else { lane.task.get() };
        let all = Self { parent, rest: 0 }.with(TIMED, timed);
        all.from(lane, notebook, parent, timed.then_some(run.start), run)
    }

    /// The same, to be counted only.
    pub(super) fn untimed(self) -> Self {
        self.with(TIMED, false)
    }

    #[inline]
    fn is(self, flag: u64) -> bool {
        self.rest & flag != 0
    }

    #[inline]
    fn with(self, flag: u64, set: bool) -> Self {
        Self { rest: if set { self.rest | flag } else { self.rest & !flag }, ..self }
    }

    #[inline]
    fn part(self, (mask, shift): (u64, u32)) -> u64 {
        self.rest >> shift & mask
    }

    #[inline]
    fn with_part(self, (mask, shift): (u64, u32), value: u64) -> Self {
        Self { rest: self.rest & !(mask << shift) | (value & mask) << shift, ..self }
    }

    fn depth(self) -> u32 {
        self.part(DEPTH) as u32
    }

    /// Whether this lane split it off, and nothing else that is timed was begun on it since.
    #[inline]
    pub(super) fn is_of(self, lane: &Lane) -> bool {
        let (number, level) = (u64::from(lane.number.get()), u64::from(lane.level.get()));
        EventId::lane_of(self.parent) == number && self.part(LEVEL) == level & LEVEL.0
    }

    pub(super) fn is_loose(self) -> bool {
        self.is(LOOSE)
    }

    pub(super) fn is_first_from_outside(self) -> bool {
        self.is(OUTSIDE) && self.is(FIRST)
    }

    pub(super) fn is_second_from_outside(self) -> bool {
        self.is(OUTSIDE) && self.is(SECOND)
    }

    /// The link of the job that it runs as, in the pool of `here`: what a worker splits off stays in
    /// its pool.
    pub(super) fn link(self, run: &Run<'_>, here: &Notebook) -> Link {
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
    fn cut(self) -> [Self; 2] {
        let depth = (self.part(DEPTH) + 1).min(DEPTH.0);
        let kept = LOOSE | OUTSIDE | LEVEL.0 << LEVEL.1;
        let side = Self { rest: self.rest & kept | depth << DEPTH.1, ..self };
        [side.with(FIRST, true), side.with(SECOND, true)]
    }

    /// Split off by `lane`, by what has the id `parent`, and when, if that is noted.
    #[inline]
    fn from(
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
    pub(super) const QUIETLY: Self = Self(0);

    fn on(lane: &Lane, as_job: bool) -> Self {
        Self(lane.number.get() & !AS_JOB | if as_job { AS_JOB } else { 0 })
    }

    fn fate(self, here: &Lane) -> SecondHalf {
        match self.0 & AS_JOB {
            0 => SecondHalf::Inline,
            _ if self.0 & !AS_JOB == here.number.get() => SecondHalf::SameWorker,
            _ => SecondHalf::Stolen,
        }
    }
}

/// What a part has to close beside counting: boxed, as most parts have nothing.
#[derive(Debug)]
struct Open<'r, 'c, 'l> {
    run: &'r Run<'c>,
    lane: &'l Lane,
    half: Half,
    /// Before `arrived`, as it lies in it.
    timed: Option<Timed<'l>>,
    arrived: Option<Arrived<'r, 'c, 'l>>,
}

/// A part that is timed.
#[derive(Debug)]
struct Timed<'l> {
    notebook: &'l Notebook,
    epoch: u64,
    detail: Detail,
    id: u64,
    /// How many were open, with it.
    level: u32,
    start: Ticks,
    /// The short events around it; `None` outside of tasks.
    around: Option<Around>,
    feed: Option<Feed>,
    told: Told,
}

impl<'l> Timed<'l> {
    fn open(
        notebook: &'l Notebook,
        lane: &Lane,
        detail: Detail,
        what: (Opening<'static>, Half, &Run<'_>),
        start: Option<Ticks>,
    ) -> Self {
        let level = lane.level.get() + 1;
        lane.level.set(level);
        let id = notebook.next_id();
        let (what, half, run) = what;
        let told = Told::of(notebook, id, Some(half.depth()), Some(run.call.site), || what);
        Self {
            told,
            notebook,
            epoch: notebook.epoch(),
            detail,
            id,
            level,
            around: lane.in_task().then(|| notebook.step_in()),
            feed: None,
            // The clock is read last, so that the bookkeeping is not in the part's time.
            start: start.unwrap_or_else(now),
        }
    }

    /// The part ended; false if it cannot be written: another recording has begun meanwhile, or
    /// another part that began within it is still open. That happens to leaves whose iterators
    /// somebody keeps side by side, and is true of both: their time is that of what is around them.
    fn leave(&mut self, lane: &Lane, closed: Closed) -> bool {
        self.told.close(self.id, || closed);
        let level = lane.level.get();
        lane.level.set(level.saturating_sub(1));
        let (same, in_order) = (self.epoch == self.notebook.epoch(), level == self.level);
        if same && !in_order {
            if let Some(around) = self.around.take() {
                self.notebook.step_out(around, None, None);
            }
        }
        same && in_order
    }

    /// Writes its record if it took long enough, or matters.
    fn write(self, end: Ticks, matters: bool, waited: u64, record: impl FnOnce() -> Record) {
        let Self { notebook, start, .. } = self;
        add(&notebook.waited, waited);
        let kept = notebook.keeps(self.detail, Notebook::since(end, start), matters);
        let kept = kept.then(record);
        let wait = Short { waited, ..Short::at(start.0, end.0) };
        match self.around {
            Some(around) => {
                notebook.step_out(around, kept.as_ref(), (waited > 0).then_some(wait));
            }
            None => kept.iter().for_each(|record| notebook.push(record)),
        }
    }
}

impl<'c> Run<'c> {
    /// Splits a half on the thread of `lane`.
    #[inline]
    pub fn split<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: Half,
    ) -> ([Half; 2], OpenSplit<'r, 'c, 'l>) {
        match self.quiet(lane, half) {
            Some(notebook) => {
                add(&notebook.progress.splits, 1);
                (half.cut(), OpenSplit { run: self, open: None })
            }
            None => self.split_loudly(lane, who, half),
        }
    }

    /// Where a part is counted, if that is all that happens to it.
    #[inline]
    fn quiet<'l>(&self, lane: &'l Lane, half: Half) -> Option<&'l Notebook> {
        if half.is(TIMED | MARKED | LOOSE) || !self.is_in_place(lane, half) {
            return None;
        }
        let notebook = lane.notebook()?;
        notebook.prelude.set(false);
        Some(notebook)
    }

    #[cold]
    fn split_loudly<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: Half,
    ) -> ([Half; 2], OpenSplit<'r, 'c, 'l>) {
        if self.serial == 0 {
            return ([half; 2], OpenSplit { run: self, open: None });
        }
        let in_place = self.is_in_place(lane, half);
        let arrived = if in_place { None } else { self.arrive(lane, &who, half) };
        let mut open = Open { run: self, lane, half, timed: None, arrived };
        let Some(notebook) = self.notebook(lane) else {
            return ([half; 2], OpenSplit { run: self, open: open.boxed() });
        };
        notebook.prelude.set(false);
        add(&notebook.progress.splits, 1);
        open.timed = self.time_split(lane, notebook, half);
        let (id, start) = open.timed.as_ref().map_or((0, Ticks(0)), |t| (t.id, t.start));
        let parent = if id != 0 { id } else { parent_on(lane, notebook, half) };
        let at = (id != 0).then_some(start);
        let halves = half.cut().map(|side| side.from(lane, notebook, parent, at, self));
        let [first, second] = self.time_halves(lane, notebook, half, halves);
        if id != 0 {
            notebook.set_first_end(lane.level.get(), (0, 0));
        }
        ([first.with(MARKED, id != 0), second], OpenSplit { run: self, open: open.boxed() })
    }

    /// Splits a half on a thread that will see no more of it than its leaves.
    #[inline]
    pub fn split_unseen(
        &self,
        lane: &Lane,
        who: impl FnOnce() -> Identity,
        half: Half,
    ) -> [Half; 2] {
        match self.quiet(lane, half) {
            Some(notebook) => {
                add(&notebook.progress.splits, 1);
                half.cut()
            }
            None => self.split_unseen_loudly(lane, who, half),
        }
    }

    #[cold]
    fn split_unseen_loudly(
        &self,
        lane: &Lane,
        who: impl FnOnce() -> Identity,
        half: Half,
    ) -> [Half; 2] {
        if self.serial == 0 {
            return [half; 2];
        }
        let Some(notebook) = self.notebook(lane).or_else(|| self.join(lane, who)) else {
            return [half; 2];
        };
        notebook.prelude.set(false);
        let parent = parent_on(lane, notebook, half);
        let split_off = |side: Half| side.from(lane, notebook, parent, None, self);
        if self.is_in_place(lane, half) && !half.is_loose() {
            add(&notebook.progress.splits, 1);
            self.time_split_from_outside(lane, notebook, half);
            return self.time_halves(lane, notebook, half, half.cut().map(split_off));
        }
        self.split_elsewhere(notebook);
        let [first, second] = half.cut();
        // The thief sees the half by its leaves: the first of them tells of the theft.
        let first = Half { parent: half.parent, ..first }
            .with_part(LAG, half.part(LAG))
            .with(FIRST, half.is(FIRST))
            .with(SECOND, half.is(SECOND));
        let loose = [first, split_off(second)].map(|side| side.with(LOOSE, true));
        self.time_halves(lane, notebook, half, loose)
    }

    /// Splits a half without counting it: a reducer that is made apart does that.
    pub fn split_off(&self, lane: &Lane, half: Half) -> [Half; 2] {
        let Some(notebook) = self.notebook(lane) else { return [half; 2] };
        let parent = parent_on(lane, notebook, half);
        half.cut().map(|side| {
            let side = side.from(lane, notebook, parent, None, self);
            side.with(TIMED, half.is(TIMED))
        })
    }

    /// Marks those halves that are to be timed.
    fn time_halves(
        &self,
        lane: &Lane,
        notebook: &Notebook,
        half: Half,
        halves: [Half; 2],
    ) -> [Half; 2] {
        let Some(detail) = self.detail(lane).filter(|_| half.is(TIMED)) else { return halves };
        let Some(place) = notebook.place(self.call) else { return halves };
        halves.map(|side| side.with(TIMED, notebook.times(detail, place, side.depth())))
    }

    /// The detail in which a thread records times of its parts, if it does.
    fn detail(&self, lane: &Lane) -> Option<Detail> {
        if self.operation == 0 {
            return None;
        }
        // A thread outside the pool has no task, but what it has called.
        if lane.in_task() { lane.mode.get().timed() } else { self.detail }
    }

    fn time_split<'l>(
        &self,
        lane: &'l Lane,
        notebook: &'l Notebook,
        half: Half,
    ) -> Option<Timed<'l>> {
        let detail = self.detail(lane).filter(|_| half.is(TIMED))?;
        if !lane.in_task() {
            self.time_split_from_outside(lane, notebook, half);
            return None;
        }
        notebook.with_log(|log| log.add(Counter::TimedSplits, 1));
        Some(Timed::open(notebook, lane, detail, (Opening::Split, half, self), None))
    }

    /// Outside the pool there are no joins: the caller waits for the pool from here on.
    fn time_split_from_outside(&self, lane: &Lane, notebook: &Notebook, half: Half) {
        if half.is(TIMED) && !lane.in_task() {
            self.note_wait(now(), notebook);
        }
    }

    /// Begins a leaf on the thread of `lane`.
    #[inline]
    pub fn leaf<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: Half,
    ) -> OpenLeaf<'r, 'c, 'l> {
        match self.quiet(lane, half) {
            Some(_) => OpenLeaf { run: self, open: None },
            None => self.leaf_loudly(lane, who, half),
        }
    }

    #[cold]
    fn leaf_loudly<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: Half,
    ) -> OpenLeaf<'r, 'c, 'l> {
        if self.serial == 0 {
            return OpenLeaf { run: self, open: None };
        }
        let in_place = self.is_in_place(lane, half) && !half.is_loose();
        let arrived = if in_place { None } else { self.arrive(lane, who, half) };
        let timed = self.notebook(lane).and_then(|notebook| {
            notebook.prelude.set(false);
            let detail = self.detail(lane).filter(|_| half.is(TIMED))?;
            notebook.with_log(|log| log.add(Counter::TimedLeaves, 1));
            let timed = Timed::open(notebook, lane, detail, (Opening::Leaf, half, self), None);
            let feed = self.bridged.then(|| notebook.feed.replace(&Feed::begun()));
            Some(Timed { feed, ..timed })
        });
        OpenLeaf { run: self, open: Open { run: self, lane, half, timed, arrived }.boxed() }
    }
}

/// What pushes the halves of a split that is not timed: the task, outside of one the operation. 0
/// where a thief makes it that is seen by its leaves only.
fn parent_on(lane: &Lane, here: &Notebook, half: Half) -> u64 {
    let known =
        EventId::from_word(half.parent).filter(|id| id.lane() == here.lane() && id.sequence() != 0);
    match lane.task.get() {
        0 => known.map_or(0, EventId::word),
        task => task,
    }
}

impl<'r, 'c, 'l> Open<'r, 'c, 'l> {
    fn boxed(self) -> Option<Box<Self>> {
        let needed = self.arrived.is_some() || self.half.is(TIMED | MARKED);
        needed.then(|| Box::new(self))
    }

    /// The part has ended, `at` if it was timed: notes when, if that matters, and ends its task.
    fn done(mut self: Box<Self>, at: Option<Ticks>) -> Done {
        let Self { run, lane, half, .. } = *self;
        let as_job = self.arrived.is_some();
        if let Some(notebook) = run.notebook(lane).filter(|_| half.is(MARKED)) {
            notebook.set_before_wait();
            let at = at.unwrap_or_else(now);
            notebook.set_first_end(lane.level.get(), (at.0, notebook.nested.get()));
        }
        if let Some(arrived) = self.arrived.take() {
            arrived.done();
        }
        Done::on(lane, as_job)
    }
}

/// A split: until both of its halves have ended.
#[must_use = "the split ends when this is dropped"]
#[derive(Debug)]
pub struct OpenSplit<'r, 'c, 'l> {
    run: &'r Run<'c>,
    open: Option<Box<Open<'r, 'c, 'l>>>,
}

impl<'r, 'c, 'l> OpenSplit<'r, 'c, 'l> {
    /// Both halves have ended; their results are to be reduced, on the thread of `lane`, which is
    /// that of the split.
    #[inline]
    pub fn joined(mut self, lane: &Lane, _first: Done, second: Done) -> OpenReduction<'r, 'c, 'l> {
        if let Some(notebook) = self.run.counting(lane) {
            add(&notebook.progress.reductions, 1);
        }
        let mut open = self.open.take();
        if let Some(open) = &mut open {
            open.end_split(Some(second));
        }
        OpenReduction { open }
    }
}

impl Drop for OpenSplit<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.end_split(None);
        }
    }
}

impl<'l> Open<'_, '_, 'l> {
    /// Writes a split whose second half ended, or panicked. The reduction that follows is timed from
    /// its end.
    #[cold]
    fn end_split(&mut self, second: Option<Done>) {
        let Some(mut timed) = self.timed.take() else {
            self.timed = second.and_then(|_| self.reduction_outside());
            return;
        };
        let Self { run, lane, half, .. } = *self;
        let end = now();
        let (first_end, nested) = timed.notebook.first_end(lane.level.get());
        let panicked = second.is_none();
        let fate = second.map_or(SecondHalf::Unknown, |done| done.fate(lane));
        if !timed.leave(lane, Closed { panicked, second: Some(fate), ..Closed::default() }) {
            return;
        }
        let (notebook, detail, start) = (timed.notebook, timed.detail, timed.start);
        // Halves that were not split off by this very split have no ends that it knows.
        let first_end = if first_end == 0 { end } else { Ticks(first_end) };
        let nested = notebook.nested.get().saturating_sub(nested);
        let waited = match fate {
            SecondHalf::Inline | SecondHalf::Unknown => 0,
            SecondHalf::SameWorker | SecondHalf::Stolen => {
                Notebook::since(end, first_end).saturating_sub(nested)
            }
        };
        if fate == SecondHalf::Inline {
            let halves = [Notebook::since(first_end, start), Notebook::since(end, first_end)];
            learn(run, notebook, detail, half, halves);
        }
        let (id, operation, task) = (timed.id, run.operation, lane.task.get());
        timed.write(end, panicked || fate == SecondHalf::Stolen, waited, || {
            event::Join {
                flags: event::join_flags(fate, panicked) | event::SPLIT,
                small: event::small_depth(half.depth()),
                text: notebook.site(run.call.site),
                start: start.0,
                first_end: first_end.0,
                end: end.0,
                id,
                task,
                first_joins: operation,
                second_joins: 0,
            }
            .encode()
        });
        let what = (Opening::Reduction, half, run);
        self.timed = (!panicked).then(|| Timed::open(notebook, lane, detail, what, Some(end)));
    }
}

impl<'l> Open<'_, '_, 'l> {
    /// Outside the pool a split is not timed, as its caller only waits; but the reduction is its own.
    fn reduction_outside(&self) -> Option<Timed<'l>> {
        let Self { run, lane, half, .. } = *self;
        let notebook = run.notebook(lane).filter(|_| half.is(TIMED) && !lane.in_task())?;
        let what = (Opening::Reduction, half, run);
        Some(Timed::open(notebook, lane, run.detail(lane)?, what, None))
    }
}

/// How long a part took that ran in its place, by the halves of it.
fn learn(run: &Run<'_>, here: &Notebook, detail: Detail, half: Half, halves: [u64; 2]) {
    if here.keeps_everything(detail) {
        return;
    }
    if let Some(place) = here.place(run.call) {
        let [first, second] = halves;
        let (depth, longer) = (half.depth(), first.max(second));
        place.depths.learn(depth, first + second, longer, here.coarse.get());
    }
}

/// A reduction that is under way. When dropped before it is closed, a panic went through it.
#[must_use = "the reduction ends when this is dropped"]
#[derive(Debug)]
pub struct OpenReduction<'r, 'c, 'l> {
    open: Option<Box<Open<'r, 'c, 'l>>>,
}

impl OpenReduction<'_, '_, '_> {
    /// It returned, and with it the half whose results it reduced.
    #[inline]
    pub fn close(mut self) -> Done {
        match self.open.take() {
            None => Done::QUIETLY,
            Some(mut open) => {
                let at = open.end_reduction(false);
                open.done(at)
            }
        }
    }
}

impl Drop for OpenReduction<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.end_reduction(true);
        }
    }
}

impl Open<'_, '_, '_> {
    /// Writes a reduction; when it ended, if it was timed and no other recording has begun
    /// meanwhile.
    #[cold]
    fn end_reduction(&mut self, panicked: bool) -> Option<Ticks> {
        let mut timed = self.timed.take()?;
        let Self { run, lane, half, .. } = *self;
        let end = now();
        if !timed.leave(lane, Closed { panicked, ..Closed::default() }) {
            return None;
        }
        let (start, id, task) = (timed.start.0, timed.id, lane.task.get());
        timed.write(end, panicked, 0, || {
            event::Reduction {
                flags: u8::from(panicked),
                small: event::small_depth(half.depth()),
                text: 0,
                start,
                end: end.0,
                id,
                operation: run.operation,
                task,
                spare_a: 0,
                spare_b: 0,
            }
            .encode()
        });
        Some(end)
    }
}

/// A leaf that is under way. When dropped before it is closed, a panic went through it.
///
/// It may lie within the iterator over the leaf's items: nothing here takes its address but to take
/// it apart, or the compiler would keep all of that iterator in memory while it loops.
#[must_use = "the leaf ends when this is dropped"]
#[derive(Debug)]
pub struct OpenLeaf<'r, 'c, 'l> {
    run: &'r Run<'c>,
    open: Option<Box<Open<'r, 'c, 'l>>>,
}

impl OpenLeaf<'_, '_, '_> {
    /// Whether [`Lane::consumed`] is to be called after each item.
    #[inline]
    pub fn is_fed(&self) -> bool {
        self.run.bridged && self.open.as_ref().is_some_and(|open| open.timed.is_some())
    }

    /// It returned, after `items` items, on the thread of `lane`, on which it began.
    #[inline]
    pub fn close(mut self, lane: &Lane, items: u64) -> Done {
        let open = self.open.take();
        if let Some(notebook) = self.run.counting(lane) {
            add(&notebook.progress.leaves, 1);
            add(&notebook.progress.items, items);
        }
        match open {
            None => {
                // Other threads' leaves say nothing of the caller's wait.
                if self.run.seen == Seen::Leaves && lane.number.get() == self.run.caller {
                    self.run.forget_wait();
                }
                Done::QUIETLY
            }
            Some(open) => open.close_leaf(items),
        }
    }
}

impl Drop for OpenLeaf<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            open.leaf_panicked();
        }
    }
}

impl Open<'_, '_, '_> {
    #[cold]
    fn close_leaf(mut self: Box<Self>, items: u64) -> Done {
        let Self { run, lane, .. } = *self;
        let end = self.timed.is_some().then(now);
        // Where reductions are seen, a caller's waits are those of its splits.
        let is_callers = self.arrived.is_none() && lane.number.get() == run.caller;
        if run.seen == Seen::Leaves && is_callers {
            match end.zip(run.notebook(lane)) {
                Some((end, notebook)) => run.note_wait(end, notebook),
                None => run.forget_wait(),
            }
        }
        if let Some(end) = end {
            self.end_leaf(end, items, false);
        }
        self.done(end)
    }

    #[cold]
    fn leaf_panicked(mut self: Box<Self>) {
        if let Some(notebook) = self.run.counting(self.lane) {
            add(&notebook.progress.leaves, 1);
        }
        self.end_leaf(now(), 0, true);
    }

    fn end_leaf(&mut self, end: Ticks, items: u64, panicked: bool) {
        let Some(mut timed) = self.timed.take() else { return };
        let Self { run, lane, half, .. } = *self;
        let notebook = timed.notebook;
        let feed = timed.feed.take().map(|before| notebook.feed.replace(&before));
        let items_of_it = (!panicked).then_some(items);
        if !timed.leave(lane, Closed { panicked, items: items_of_it, ..Closed::default() }) {
            return;
        }
        let ticks = Notebook::since(end, timed.start);
        learn(run, notebook, timed.detail, half, [ticks, 0]);
        let (start, id, task) = (timed.start.0, timed.id, lane.task.get());
        timed.write(end, panicked, 0, || {
            if let Some(feed) = &feed {
                notebook.push(&feed.record(id, ticks));
            }
            event::Leaf {
                flags: u8::from(panicked) | if feed.is_some() { event::FED } else { 0 },
                small: event::small_depth(half.depth()),
                text: 0,
                start,
                end: end.0,
                id,
                operation: run.operation,
                task,
                items,
                spare: 0,
            }
            .encode()
        });
        if run.seen == Seen::Leaves {
            notebook.set_before_wait();
        }
    }
}

impl Feed {
    /// Of a leaf that begins.
    fn begun() -> Self {
        let feed = Self::default();
        feed.wanted.set(true);
        feed
    }

    /// Where the `ticks` of a leaf went. What was neither work nor `next` was spent waiting for
    /// the lock that stands before `next`.
    fn record(&self, leaf: u64, ticks: u64) -> Record {
        let (producing, working) = (self.producing.get(), self.working.get());
        event::Feed {
            flags: 0,
            small: 0,
            text: 0,
            leaf,
            waited: ticks.saturating_sub(producing).saturating_sub(working),
            producing,
            spare_a: 0,
            spare_b: 0,
            spare_c: 0,
            spare_d: 0,
        }
        .encode()
    }
}

impl Lane {
    /// Runs the `next` of an iterator that all leaves of a parallel one share.
    #[inline]
    pub fn produce<R>(&self, next: impl FnOnce() -> R) -> R {
        let Some(feed) = self.notebook().map(|notebook| &notebook.feed) else { return next() };
        if !feed.wanted.get() {
            return next();
        }
        let start = now();
        let item = next();
        let end = now();
        add(&feed.producing, Notebook::since(end, start));
        feed.handed.set(end.0);
        item
    }

    /// An item that [`produce`](Self::produce) gave has been worked on.
    pub fn consumed(&self) {
        if let Some(feed) = self.notebook().map(|notebook| &notebook.feed) {
            add(&feed.working, Notebook::since(now(), Ticks(feed.handed.get())));
        }
    }
}
