//! The parts of a parallel iterator: a half is split into halves, or is a leaf; two results are
//! reduced to one. Each part is a guard on the stack of the thread that runs it.
//!
//! A part that is fine and runs in its place is counted and nothing else: its guard holds nothing.

use std::panic::Location;

use super::buffer::Record;
use super::clock::now;
use super::event::{self, SecondHalf};
use super::ids::EventId;
use super::iterator::{Arrived, Run, Seen};
use super::lane::Lane;
use super::link::Link;
use super::log::Counter;
use super::notebook::{Around, Feed, Notebook, Prelude, Short, add};
use super::recorder::{Detail, Identity};
use super::time::Ticks;

/// A stretch of a parallel iterator's items, and where it comes from. Goes to the thread that runs
/// it; small, as rayon moves it several times on that way.
#[derive(Clone, Copy, Debug)]
pub struct Half {
    /// The id of what split it off, or 0.
    parent: u64,
    /// When, in ticks, or 0.
    pushed: u64,
    /// How many items it has, or [`UNKNOWN`].
    items: u64,
    /// Which lane split it off.
    lane: u32,
    /// What was open and timed on that lane then.
    level: u16,
    /// Splits around it.
    depth: u8,
    flags: u8,
}

/// A number of items that is not known beforehand.
const UNKNOWN: u64 = u64::MAX;

/// The first half of a split.
const FIRST: u8 = 1;
/// The second half of a split.
const SECOND: u8 = 2;
/// It is timed.
const TIMED: u8 = 4;
/// Its end is to be noted: a timed split may wait from there on.
const MARKED: u8 = 8;
/// It belongs to a stolen half of which only the leaves are seen.
const LOOSE: u8 = 16;
/// It was split off by a thread that is no worker.
const OUTSIDE: u8 = 32;
/// Of a second half: the first was not asked for yet.
const AWAITED: u8 = 64;
/// Of a second half: the first is to be timed.
const FIRST_TIMED: u8 = 128;

impl Half {
    /// Of an iterator that is not recorded.
    pub(super) const NONE: Self =
        Self { parent: 0, pushed: 0, items: UNKNOWN, lane: 0, level: 0, depth: 0, flags: 0 };

    #[inline]
    pub(super) fn root(
        notebook: &Notebook,
        lane: &Lane,
        run: &Run<'_>,
        items: Option<u64>,
        start: Ticks,
    ) -> Self {
        let (timed, worker) = (run.operation != 0, notebook.pool() != 0);
        Self {
            parent: if timed { run.operation } else { lane.task.get() },
            pushed: start.0,
            items: items.unwrap_or(UNKNOWN),
            lane: lane.number.get(),
            level: lane.level.get() as u16,
            depth: 0,
            flags: if timed { TIMED } else { 0 } | if worker { 0 } else { OUTSIDE },
        }
    }

    #[inline]
    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether it is not a half but all.
    #[inline]
    fn is_whole(&self) -> bool {
        !self.is(FIRST | SECOND)
    }

    /// Whether this lane split it off, and nothing else that is timed was begun on it since.
    #[inline]
    pub(super) fn is_of(&self, lane: &Lane) -> bool {
        self.lane == lane.number.get() && self.level == lane.level.get() as u16
    }

    pub(super) fn is_loose(&self) -> bool {
        self.is(LOOSE)
    }

    pub(super) fn is_first_from_outside(&self) -> bool {
        self.is(OUTSIDE) && self.is(FIRST)
    }

    pub(super) fn is_second_from_outside(&self) -> bool {
        self.is(OUTSIDE) && self.is(SECOND)
    }

    /// The link of the job that it runs as, in the pool of `here`: what a worker splits off stays in
    /// its pool.
    pub(super) fn link(&self, site: &'static Location<'static>, here: &Notebook) -> Link {
        let Self { parent, pushed, lane, .. } = *self;
        let pool = if self.is(OUTSIDE) { 0 } else { here.pool() };
        Link { parent, pushed, lane, pool, ..Link::unrecorded(site) }
    }

    /// Both sides of it, cut after `items` and otherwise like it, one level deeper.
    #[inline]
    fn cut(self, items: Option<u64>) -> [Self; 2] {
        let first = items.unwrap_or(UNKNOWN);
        let second = match items {
            Some(first) if self.items != UNKNOWN => self.items.saturating_sub(first),
            _ => UNKNOWN,
        };
        let depth = self.depth.saturating_add(1);
        let flags = self.flags & (LOOSE | OUTSIDE);
        [
            Self { items: first, depth, flags: flags | FIRST, ..self },
            Self { items: second, depth, flags: flags | SECOND, ..self },
        ]
    }

    /// Split off by a thread, with what it has open.
    #[inline]
    fn from(self, lane: &Lane, here: &Notebook) -> Self {
        let (number, level) = (lane.number.get(), lane.level.get() as u16);
        let outside = if here.pool() == 0 { OUTSIDE } else { 0 };
        Self { lane: number, level, flags: self.flags & !OUTSIDE | outside, ..self }
    }

    /// A second half that tells of the first.
    #[inline]
    pub fn with_first(first: &Self, second: Self) -> Self {
        let timed = if first.is(TIMED) { FIRST_TIMED } else { 0 };
        Self { flags: second.flags | AWAITED | timed, ..second }
    }

    /// The first half that a second one tells of, and the second without it.
    #[inline]
    pub fn take_first(self) -> Option<(Self, Self)> {
        let flags = self.flags & (LOOSE | OUTSIDE) | FIRST;
        let timed = if self.is(FIRST_TIMED) { TIMED } else { 0 };
        let marked = if self.pushed != 0 { MARKED } else { 0 };
        let first = Self { items: UNKNOWN, flags: flags | timed | marked, ..self };
        let second = Self { flags: self.flags & !(AWAITED | FIRST_TIMED), ..self };
        self.is(AWAITED).then_some((first, second))
    }
}

/// Who ran a half, for the split that it is a half of.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    lane: u32,
    /// Whether it ran as a task of its own.
    as_job: bool,
}

impl Done {
    const UNKNOWN: Self = Self { lane: 0, as_job: false };
}

/// What a part has to close beside counting: boxed, as most parts have nothing.
#[derive(Debug)]
struct Open<'r, 'c, 'l> {
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
    start: Ticks,
    /// The short events around it; `None` outside of tasks.
    around: Option<Around>,
    feed: Option<Feed>,
}

impl<'l> Timed<'l> {
    fn open(notebook: &'l Notebook, lane: &Lane, detail: Detail, start: Option<Ticks>) -> Self {
        lane.level.set(lane.level.get() + 1);
        Self {
            notebook,
            epoch: notebook.epoch(),
            detail,
            id: notebook.next_id(),
            around: lane.in_task().then(|| notebook.step_in()),
            feed: None,
            // The clock is read last, so that the bookkeeping is not in the part's time.
            start: start.unwrap_or_else(now),
        }
    }

    /// The part ended; false if another recording has begun meanwhile.
    fn leave(&self, lane: &Lane) -> bool {
        lane.level.set(lane.level.get().saturating_sub(1));
        self.epoch == self.notebook.epoch()
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
    /// Splits a half after `items` items, where that is known, on the thread of `lane`.
    #[inline]
    pub fn split<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: &Half,
        items: Option<u64>,
    ) -> ([Half; 2], OpenSplit<'r, 'c, 'l>) {
        match self.quiet(lane, half) {
            Some((notebook, half)) => {
                add(&notebook.progress.splits, 1);
                (half.cut(items), OpenSplit { run: self, lane, open: None })
            }
            None => self.split_loudly(lane, who, half, items),
        }
    }

    /// Where a part is counted, if that is all that happens to it.
    #[inline]
    fn quiet<'l>(&self, lane: &'l Lane, half: &Half) -> Option<(&'l Notebook, Half)> {
        if half.is(TIMED | MARKED | LOOSE) || !self.is_in_place(lane, half) {
            return None;
        }
        let notebook = lane.notebook()?;
        let half = if half.is_whole() { touch(notebook, half) } else { *half };
        // When a half of a half is split off, nobody notes.
        Some((notebook, Half { pushed: 0, ..half }))
    }

    #[cold]
    fn split_loudly<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: &Half,
        items: Option<u64>,
    ) -> ([Half; 2], OpenSplit<'r, 'c, 'l>) {
        if self.serial == 0 {
            return ([*half; 2], OpenSplit { run: self, lane, open: None });
        }
        let half = self.touch(lane, half);
        let in_place = self.is_in_place(lane, &half);
        let arrived = if in_place { None } else { self.arrive(lane, &who, &half) };
        let mut open = Open { half, timed: None, arrived };
        let Some(notebook) = self.notebook(lane) else {
            return ([half; 2], OpenSplit { run: self, lane, open: open.boxed() });
        };
        add(&notebook.progress.splits, 1);
        open.timed = self.time_split(lane, notebook, &half);
        let (id, start) = open.timed.as_ref().map_or((0, 0), |timed| (timed.id, timed.start.0));
        let parent = if id != 0 { id } else { parent_on(lane, notebook, &half) };
        let from = Half { parent, pushed: start, ..half }.from(lane, notebook);
        let [mut first, mut second] = from.cut(items);
        if id != 0 {
            notebook.set_first_end(lane.level.get(), (0, 0));
            first.flags |= MARKED;
        }
        self.time_halves(lane, notebook, &half, [&mut first, &mut second]);
        ([first, second], OpenSplit { run: self, lane, open: open.boxed() })
    }

    /// Splits a half after `items` items, on a thread that will see no more of it than its leaves.
    #[inline]
    pub fn split_unseen(
        &self,
        lane: &Lane,
        who: impl FnOnce() -> Identity,
        half: &Half,
        items: Option<u64>,
    ) -> [Half; 2] {
        match self.quiet(lane, half) {
            Some((notebook, half)) => {
                add(&notebook.progress.splits, 1);
                half.cut(items)
            }
            None => self.split_unseen_loudly(lane, who, half, items),
        }
    }

    #[cold]
    fn split_unseen_loudly(
        &self,
        lane: &Lane,
        who: impl FnOnce() -> Identity,
        half: &Half,
        items: Option<u64>,
    ) -> [Half; 2] {
        if self.serial == 0 {
            return [*half; 2];
        }
        let Some(notebook) = self.notebook(lane).or_else(|| self.join(lane, who)) else {
            return [*half; 2];
        };
        let half = self.touch(lane, half);
        if self.is_in_place(lane, &half) && !half.is_loose() {
            add(&notebook.progress.splits, 1);
            self.time_split_from_outside(lane, notebook, &half);
            let parent = parent_on(lane, notebook, &half);
            let [mut first, mut second] =
                Half { parent, pushed: 0, ..half }.from(lane, notebook).cut(items);
            self.time_halves(lane, notebook, &half, [&mut first, &mut second]);
            return [first, second];
        }
        self.split_elsewhere(notebook);
        let parent = parent_on(lane, notebook, &half);
        // The thief sees the half by its leaves: the first of them tells of the theft.
        let [mut first, second] = half.cut(items);
        let mut second = Half { parent, pushed: 0, ..second }.from(lane, notebook);
        first.flags = half.flags & !TIMED | LOOSE;
        second.flags |= LOOSE;
        self.time_halves(lane, notebook, &half, [&mut first, &mut second]);
        [first, second]
    }

    /// Splits a half without counting it: a reducer that is made apart does that.
    pub fn split_off(&self, lane: &Lane, half: &Half) -> [Half; 2] {
        let Some(notebook) = self.notebook(lane) else { return [*half; 2] };
        let half = self.touch(lane, half);
        let parent = parent_on(lane, notebook, &half);
        let [mut first, mut second] =
            Half { parent, pushed: 0, ..half }.from(lane, notebook).cut(None);
        (first.flags, second.flags) =
            (first.flags | half.flags & TIMED, second.flags | half.flags & TIMED);
        [first, second]
    }

    fn touch(&self, lane: &Lane, half: &Half) -> Half {
        match self.notebook(lane).filter(|_| half.is_whole()) {
            Some(notebook) => touch(notebook, half),
            None => *half,
        }
    }

    /// Marks those halves that are to be timed.
    fn time_halves(&self, lane: &Lane, notebook: &Notebook, half: &Half, halves: [&mut Half; 2]) {
        let Some(detail) = self.detail(lane).filter(|_| half.is(TIMED)) else { return };
        let Some(place) = notebook.place(&self.call) else { return };
        for half in halves {
            if notebook.times(detail, place, u32::from(half.depth)) {
                half.flags |= TIMED;
            }
        }
    }

    /// The detail in which a thread records times of its parts, if it does.
    fn detail(&self, lane: &Lane) -> Option<Detail> {
        if self.operation == 0 {
            return None;
        }
        // A thread outside the pool has no task; it has timed the operation.
        lane.mode.get().timed().or(Some(Detail::Auto).filter(|_| !lane.in_task()))
    }

    fn time_split<'l>(
        &self,
        lane: &'l Lane,
        notebook: &'l Notebook,
        half: &Half,
    ) -> Option<Timed<'l>> {
        let detail = self.detail(lane).filter(|_| half.is(TIMED))?;
        if !lane.in_task() {
            self.time_split_from_outside(lane, notebook, half);
            return None;
        }
        notebook.with_log(|log| log.add(Counter::TimedSplits, 1));
        Some(Timed::open(notebook, lane, detail, None))
    }

    /// Outside the pool there are no joins: the caller waits for the pool from here on.
    fn time_split_from_outside(&self, lane: &Lane, notebook: &Notebook, half: &Half) {
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
        half: &Half,
    ) -> OpenLeaf<'r, 'c, 'l> {
        match self.quiet(lane, half) {
            Some((_, Half { items, .. })) => {
                OpenLeaf { leaf: Leaf { run: self, lane, items }, fed: false, open: None }
            }
            None => self.leaf_loudly(lane, who, half),
        }
    }

    #[cold]
    fn leaf_loudly<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: &Half,
    ) -> OpenLeaf<'r, 'c, 'l> {
        if self.serial == 0 {
            return OpenLeaf { leaf: Leaf { run: self, lane, items: 0 }, fed: false, open: None };
        }
        let half = self.touch(lane, half);
        let in_place = self.is_in_place(lane, &half) && !half.is_loose();
        let arrived = if in_place { None } else { self.arrive(lane, who, &half) };
        let timed = self.notebook(lane).and_then(|notebook| {
            let detail = self.detail(lane).filter(|_| half.is(TIMED))?;
            notebook.with_log(|log| log.add(Counter::TimedLeaves, 1));
            let timed = Timed::open(notebook, lane, detail, None);
            let feed = self.bridged.then(|| notebook.feed.replace(&Feed::begun()));
            Some(Timed { feed, ..timed })
        });
        let fed = self.bridged && timed.is_some();
        let open = Open { half, timed, arrived }.boxed();
        OpenLeaf { leaf: Leaf { run: self, lane, items: half.items }, fed, open }
    }
}

/// An iterator has got to its first part. A source within it may have told how many items there are.
#[inline]
fn touch(notebook: &Notebook, half: &Half) -> Half {
    match notebook.prelude.replace(Prelude::Over) {
        Prelude::Open(Some(items)) => Half { items, ..*half },
        Prelude::Open(None) | Prelude::Over => *half,
    }
}

/// What pushes the halves of a split that is not timed: the task, outside of one the operation. 0
/// where a thief makes it that is seen by its leaves only.
fn parent_on(lane: &Lane, here: &Notebook, half: &Half) -> u64 {
    let known = EventId::from_word(half.parent).filter(|id| id.lane() == here.lane());
    match lane.task.get() {
        0 => known.map_or(0, EventId::word),
        task => task,
    }
}

impl<'r, 'c, 'l> Open<'r, 'c, 'l> {
    fn boxed(self) -> Option<Box<Self>> {
        let needed = self.timed.is_some() || self.arrived.is_some() || self.half.is(MARKED);
        needed.then(|| Box::new(self))
    }

    /// The part has ended, `at` if it was timed: notes when, if that matters, and ends its task.
    fn done(mut self: Box<Self>, lane: &Lane, run: &Run<'_>, at: Option<Ticks>) -> Done {
        let as_job = self.arrived.is_some();
        if let Some(notebook) = run.notebook(lane).filter(|_| self.half.is(MARKED)) {
            notebook.set_before_wait();
            let at = at.unwrap_or_else(now);
            notebook.set_first_end(lane.level.get(), (at.0, notebook.nested.get()));
        }
        if let Some(arrived) = self.arrived.take() {
            arrived.done();
        }
        Done { lane: lane.number.get(), as_job }
    }
}

/// A split: until both of its halves have ended.
#[must_use = "the split ends when this is dropped"]
#[derive(Debug)]
pub struct OpenSplit<'r, 'c, 'l> {
    run: &'r Run<'c>,
    lane: &'l Lane,
    open: Option<Box<Open<'r, 'c, 'l>>>,
}

impl<'r, 'c, 'l> OpenSplit<'r, 'c, 'l> {
    /// Both halves have ended; their results are to be reduced.
    #[inline]
    pub fn joined(mut self, _first: Done, second: Done) -> OpenReduction<'r, 'c, 'l> {
        let (run, lane) = (self.run, self.lane);
        if let Some(notebook) = lane.notebook().filter(|_| lane.iterating.get() == run.serial) {
            add(&notebook.progress.reductions, 1);
        }
        let mut open = self.open.take();
        if let Some(open) = &mut open {
            open.timed = open
                .timed
                .take()
                .and_then(|timed| end_split(run, lane, &open.half, timed, Some(second)));
        }
        OpenReduction { run, lane, open }
    }
}

impl Drop for OpenSplit<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        if let Some(timed) = open.timed.take() {
            end_split(self.run, self.lane, &open.half, timed, None);
        }
    }
}

/// Writes a split whose second half ended, or panicked; the reduction that follows it, timed from
/// its end.
#[cold]
fn end_split<'l>(
    run: &Run<'_>,
    lane: &'l Lane,
    half: &Half,
    timed: Timed<'l>,
    second: Option<Done>,
) -> Option<Timed<'l>> {
    let end = now();
    let (first_end, nested) = timed.notebook.first_end(lane.level.get());
    if !timed.leave(lane) {
        return None;
    }
    let (notebook, detail, start) = (timed.notebook, timed.detail, timed.start);
    // Halves that were not split off by this very split have no ends that it knows.
    let first_end = if first_end == 0 { end } else { Ticks(first_end) };
    let fate = match second {
        None => SecondHalf::Unknown,
        Some(Done { as_job: false, .. }) => SecondHalf::Inline,
        Some(Done { lane: other, .. }) if other == lane.number.get() => SecondHalf::SameWorker,
        Some(_) => SecondHalf::Stolen,
    };
    let nested = notebook.nested.get().saturating_sub(nested);
    let waited = match fate {
        SecondHalf::Inline | SecondHalf::Unknown => 0,
        _ => Notebook::since(end, first_end).saturating_sub(nested),
    };
    if fate == SecondHalf::Inline {
        let halves = [Notebook::since(first_end, start), Notebook::since(end, first_end)];
        learn(run, notebook, detail, half, halves);
    }
    let panicked = second.is_none();
    let (id, operation, task) = (timed.id, run.operation, lane.task.get());
    timed.write(end, panicked || fate == SecondHalf::Stolen, waited, || {
        event::Join {
            flags: event::join_flags(fate, panicked) | event::SPLIT,
            small: u16::from(half.depth),
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
    (!panicked).then(|| Timed::open(notebook, lane, detail, Some(end)))
}

/// How long a part took that ran in its place, by the halves of it.
fn learn(run: &Run<'_>, here: &Notebook, detail: Detail, half: &Half, halves: [u64; 2]) {
    if here.keeps_everything(detail) {
        return;
    }
    if let Some(place) = here.place(&run.call) {
        let [first, second] = halves;
        let (depth, longer) = (u32::from(half.depth), first.max(second));
        place.depths.learn(depth, first + second, longer, here.coarse.get());
    }
}

/// A reduction that is under way. When dropped before it is closed, a panic went through it.
#[must_use = "the reduction ends when this is dropped"]
#[derive(Debug)]
pub struct OpenReduction<'r, 'c, 'l> {
    run: &'r Run<'c>,
    lane: &'l Lane,
    open: Option<Box<Open<'r, 'c, 'l>>>,
}

impl<'l> OpenReduction<'_, '_, 'l> {
    /// It returned, and with it the half whose results it reduced.
    #[inline]
    pub fn close(mut self) -> Done {
        let Some(mut open) = self.open.take() else { return Done::UNKNOWN };
        let at = open.timed.take().and_then(|timed| self.write(&open.half, timed, false));
        open.done(self.lane, self.run, at)
    }

    /// When it ended, unless another recording has begun meanwhile.
    #[cold]
    fn write(&self, half: &Half, timed: Timed<'l>, panicked: bool) -> Option<Ticks> {
        let end = now();
        if !timed.leave(self.lane) {
            return None;
        }
        let (start, id, task) = (timed.start.0, timed.id, self.lane.task.get());
        let (operation, small) = (self.run.operation, u16::from(half.depth));
        timed.write(end, panicked, 0, || {
            let (flags, end) = (u8::from(panicked), end.0);
            let (text, spare_a, spare_b) = (0, 0, 0);
            event::Reduction {
                flags,
                small,
                text,
                start,
                end,
                id,
                operation,
                task,
                spare_a,
                spare_b,
            }
            .encode()
        });
        Some(end)
    }
}

impl Drop for OpenReduction<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        if let Some(timed) = open.timed.take() {
            self.write(&open.half, timed, true);
        }
    }
}

/// A leaf that is under way. When dropped before it is closed, a panic went through it.
///
/// It may lie within the iterator over the leaf's items: nothing here takes its address but to take
/// it apart, or the compiler would keep all of that iterator in memory while it loops.
#[must_use = "the leaf ends when this is dropped"]
#[derive(Debug)]
pub struct OpenLeaf<'r, 'c, 'l> {
    leaf: Leaf<'r, 'c, 'l>,
    fed: bool,
    open: Option<Box<Open<'r, 'c, 'l>>>,
}

/// What a leaf is.
#[derive(Clone, Copy, Debug)]
struct Leaf<'r, 'c, 'l> {
    run: &'r Run<'c>,
    lane: &'l Lane,
    items: u64,
}

impl OpenLeaf<'_, '_, '_> {
    /// Whether its items have to be counted one by one.
    #[inline]
    pub fn counts_items(&self) -> bool {
        self.leaf.items == UNKNOWN
    }

    /// Whether [`Lane::consumed`] is to be called after each item.
    #[inline]
    pub fn is_fed(&self) -> bool {
        self.fed
    }

    /// It returned, after `counted` items, which counts if it was not given a number of them.
    #[inline]
    pub fn close(mut self, counted: u64) -> Done {
        match self.open.take() {
            None => self.leaf.close_quietly(counted),
            Some(open) => self.leaf.close(open, counted),
        }
    }
}

impl Drop for OpenLeaf<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            self.leaf.panicked(open);
        }
    }
}

impl<'l> Leaf<'_, '_, 'l> {
    #[inline]
    fn close_quietly(self, counted: u64) -> Done {
        self.count(counted);
        if self.run.seen == Seen::Leaves {
            self.run.forget_wait();
        }
        Done::UNKNOWN
    }

    #[inline]
    fn count(self, counted: u64) {
        let Self { run, lane, items } = self;
        let notebook = lane.notebook().filter(|_| lane.iterating.get() == run.serial);
        if let Some(notebook) = notebook {
            add(&notebook.progress.leaves, 1);
            add(&notebook.progress.items, if items == UNKNOWN { counted } else { items });
        }
    }

    #[cold]
    fn close(self, mut open: Box<Open<'_, '_, 'l>>, counted: u64) -> Done {
        let Self { run, lane, .. } = self;
        let end = open.timed.is_some().then(now);
        self.count(counted);
        // Where reductions are seen, a caller's waits are those of its splits.
        let is_callers = open.arrived.is_none() && lane.number.get() == run.caller;
        if let Some(notebook) =
            run.notebook(lane).filter(|_| run.seen == Seen::Leaves && is_callers)
        {
            match end {
                Some(end) => run.note_wait(end, notebook),
                None => run.forget_wait(),
            }
        }
        if let Some((timed, end)) = open.timed.take().zip(end) {
            self.write(&open.half, timed, end, counted, false);
        }
        open.done(lane, run, end)
    }

    #[cold]
    fn panicked(self, mut open: Box<Open<'_, '_, 'l>>) {
        self.count(0);
        if let Some(timed) = open.timed.take() {
            self.write(&open.half, timed, now(), 0, true);
        }
    }

    fn write(self, half: &Half, mut timed: Timed<'l>, end: Ticks, counted: u64, panicked: bool) {
        let Self { run, lane, items } = self;
        let notebook = timed.notebook;
        let feed = timed.feed.take().map(|before| notebook.feed.replace(&before));
        if !timed.leave(lane) {
            return;
        }
        let ticks = Notebook::since(end, timed.start);
        learn(run, notebook, timed.detail, half, [ticks, 0]);
        let (start, id, task) = (timed.start.0, timed.id, lane.task.get());
        let (operation, small) = (run.operation, u16::from(half.depth));
        let items = if items == UNKNOWN { counted } else { items };
        timed.write(end, panicked, 0, || {
            if let Some(feed) = &feed {
                notebook.push(&feed.record(id, ticks));
            }
            let flags = u8::from(panicked) | if feed.is_some() { event::FED } else { 0 };
            let (text, spare, end) = (0, 0, end.0);
            event::Leaf { flags, small, text, start, end, id, operation, task, items, spare }
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
