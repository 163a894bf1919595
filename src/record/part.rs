//! The parts of a parallel iterator: a half is split into halves, or is a leaf; two results are
//! reduced to one. Each part is a guard on the stack of the thread that runs it.
//!
//! A part that is fine and runs in place is counted and nothing else: its guard holds nothing.

use std::panic::Location;
use std::sync::atomic::Ordering::Relaxed;

use super::buffer::Record;
use super::clock::now;
use super::event::{self, SecondHalf};
use super::ids::EventId;
use super::iterator::{Run, Seen};
use super::lane::Lane;
use super::link::Link;
use super::log::{Count, Counter};
use super::notebook::{Around, Feed, Notebook, Prelude, Short};
use super::recorder::{Detail, Identity};
use super::task::Running;
use super::time::Ticks;

/// A stretch of a parallel iterator's items, and where it comes from. Goes to the thread that runs
/// it.
#[derive(Clone, Copy, Debug)]
pub struct Half {
    /// The id of what split it off, or 0.
    parent: u64,
    /// When, in ticks, or 0.
    pushed: u64,
    /// How many items it has.
    items: Option<u64>,
    /// Which lane split it off, and that lane's pool, or 0.
    lane: u32,
    pool: u32,
    /// What was open on that lane then: see [`Notebook::level`].
    level: u32,
    depth: u16,
    side: Side,
    /// Whether it is timed.
    timed: bool,
    /// Whether its end is to be noted, as a timed split may wait from there on.
    marked: bool,
    /// Whether it belongs to a stolen half of which only the leaves are seen.
    loose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    All,
    First,
    Second,
}

impl Half {
    /// Of an iterator that is not recorded.
    pub(super) const ROOT: Self = Self {
        parent: 0,
        pushed: 0,
        items: None,
        lane: 0,
        pool: 0,
        level: 0,
        depth: 0,
        side: Side::All,
        timed: false,
        marked: false,
        loose: false,
    };

    #[inline]
    pub(super) fn root(notebook: &Notebook, run: &Run<'_>, start: Ticks, task: u64) -> Self {
        Self {
            parent: if run.operation != 0 { run.operation } else { task },
            pushed: start.0,
            lane: notebook.lane().0,
            pool: notebook.pool(),
            level: notebook.level.get(),
            timed: run.operation != 0,
            ..Self::ROOT
        }
    }

    /// Whether it runs where it was split off, in its place on the stack.
    #[inline]
    pub(super) fn is_in_place(&self, here: &Notebook) -> bool {
        self.lane == here.lane().0 && self.level == here.level.get()
    }

    pub(super) fn is_first_from_outside(&self) -> bool {
        self.pool == 0 && self.side == Side::First
    }

    pub(super) fn is_second_from_outside(&self) -> bool {
        self.pool == 0 && self.side == Side::Second
    }

    pub(super) fn link(&self, site: &'static Location<'static>) -> Link {
        let Self { parent, pushed, lane, pool, .. } = *self;
        Link { parent, pushed, lane, pool, ..Link::unrecorded(site) }
    }

    /// Both sides of it, cut after `items`, split off by `here`.
    #[inline]
    fn cut(&self, items: Option<u64>, here: &Notebook, timed: [bool; 2]) -> [Self; 2] {
        let depth = self.depth.saturating_add(1);
        let side = Self { lane: here.lane().0, pool: here.pool(), depth, ..*self };
        let level = here.level.get();
        let first = Self { items, level, side: Side::First, timed: timed[0], ..side };
        let rest = self.items.zip(items).map(|(all, first)| all.saturating_sub(first));
        [first, Self { items: rest, side: Side::Second, timed: timed[1], marked: false, ..first }]
    }
}

/// The end of a part, for the split that it is a half of.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    lane: u32,
    /// Whether it ran as a task of its own.
    as_job: bool,
    /// When it ended, in ticks, if the half was marked.
    at: u64,
    /// Ticks of other tasks on its lane until then.
    nested: u64,
}

/// A part that is under way, on the thread that runs it.
#[derive(Debug)]
struct Part<'r, 'c, 'l> {
    run: &'r Run<'c>,
    lane: &'l Lane,
    half: Half,
    open: Option<Box<Open<'l>>>,
}

/// What a part has to close beside counting.
#[derive(Debug)]
struct Open<'l> {
    /// Before `running`, as it lies in it.
    timed: Option<Timed<'l>>,
    running: Option<Running<'l>>,
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
        notebook.level.set(notebook.level.get() + 1);
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
    fn leave(&self) -> bool {
        self.notebook.level.set(self.notebook.level.get().saturating_sub(1));
        self.epoch == self.notebook.epoch()
    }

    /// Writes its record if it took long enough, or matters.
    fn write(self, end: Ticks, matters: bool, waited: u64, record: impl FnOnce() -> Record) {
        let Self { notebook, start, .. } = self;
        notebook.waited.set(notebook.waited.get() + waited);
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
        let running = self.arrive(lane, who, half, false);
        let as_job = running.is_some();
        let unrecorded = Part { run: self, lane, half: *half, open: None };
        let Some(notebook) = self.notebook(lane) else {
            let part = Part { open: Open::new(None, running), ..unrecorded };
            return ([*half; 2], OpenSplit { part, as_job });
        };
        let half = self.touch(notebook, half);
        let children_timed = self.count_split(lane, notebook, &half);
        let timed = self.timed_split(lane, notebook, &half);
        let (id, start) = timed.as_ref().map_or((0, 0), |timed| (timed.id, timed.start.0));
        let parent = if id != 0 { id } else { self.parent_on(lane, notebook, &half) };
        let from = Half { parent, pushed: start, marked: id != 0, ..half };
        let halves = from.cut(items, notebook, children_timed);
        let part = Part { half, open: Open::new(timed, running), ..unrecorded };
        (halves, OpenSplit { part, as_job })
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
        let Some(notebook) = self.notebook(lane).or_else(|| self.join(lane, who)) else {
            return [*half; 2];
        };
        let half = self.touch(notebook, half);
        let timed = self.count_split(lane, notebook, &half);
        let in_place = half.is_in_place(notebook) && !half.loose;
        let parent = self.parent_on(lane, notebook, &half);
        let from = Half { parent, pushed: 0, marked: false, loose: !in_place, ..half };
        let [first, second] = from.cut(items, notebook, timed);
        if in_place || half.is_in_place(notebook) {
            return [first, second];
        }
        // The thief sees the half by its leaves: the first of them tells of the theft.
        let Half { parent, pushed, lane, pool, level, side, .. } = half;
        [Half { parent, pushed, lane, pool, level, side, ..first }, second]
    }

    /// Splits a half without counting it: a reducer that is made apart does that.
    pub fn split_off(&self, lane: &Lane, half: &Half) -> [Half; 2] {
        let Some(notebook) = self.notebook(lane) else { return [*half; 2] };
        let half = self.touch(notebook, half);
        let parent = self.parent_on(lane, notebook, &half);
        let timed = [half.timed; 2];
        Half { parent, pushed: 0, marked: false, ..half }.cut(None, notebook, timed)
    }

    /// What pushes the halves of a split that is not timed: the task, outside of one the operation.
    /// 0 where a thief makes it that is seen by its leaves only.
    fn parent_on(&self, lane: &Lane, here: &Notebook, half: &Half) -> u64 {
        let known = EventId::from_word(half.parent).filter(|id| id.lane() == here.lane());
        match lane.task.get() {
            0 => known.map_or(0, EventId::word),
            task => task,
        }
    }

    /// The iterator has got to its first part, at the latest now.
    #[inline]
    fn touch(&self, notebook: &Notebook, half: &Half) -> Half {
        let prelude = notebook.prelude.replace(Prelude::Over);
        match prelude {
            Prelude::Open(items) if half.side == Side::All => {
                Half { items: half.items.or(items), ..*half }
            }
            _ => *half,
        }
    }

    /// Counts a split; whether its halves are to be timed.
    #[inline]
    fn count_split(&self, lane: &Lane, notebook: &Notebook, half: &Half) -> [bool; 2] {
        let Some(place) = notebook.place(&self.call) else { return [false; 2] };
        notebook.count(place, Count::Splits, 1);
        if self.operation == 0 {
            return [false; 2];
        }
        self.counts.splits.fetch_add(1, Relaxed);
        let depth = u32::from(half.depth) + 1;
        match self.detail(lane) {
            Some(detail) if half.timed => [(); 2].map(|()| notebook.times(detail, place, depth)),
            _ => [false; 2],
        }
    }

    /// The detail in which a thread records times of its parts, if it does.
    #[inline]
    fn detail(&self, lane: &Lane) -> Option<Detail> {
        if self.operation == 0 {
            return None;
        }
        // A thread outside the pool has no task; it has timed the operation.
        lane.mode.get().timed().or(Some(Detail::Auto).filter(|_| !lane.in_task()))
    }

    fn timed_split<'l>(
        &self,
        lane: &'l Lane,
        notebook: &'l Notebook,
        half: &Half,
    ) -> Option<Timed<'l>> {
        let detail = self.detail(lane).filter(|_| half.timed)?;
        if !lane.in_task() {
            // Outside the pool there are no joins: the caller waits for the pool from here on.
            self.note_wait(now(), notebook);
            return None;
        }
        notebook.with_log(|log| log.add(Counter::TimedSplits, 1));
        Some(Timed::open(notebook, lane, detail, None))
    }

    /// Begins a leaf on the thread of `lane`.
    #[inline]
    pub fn leaf<'r, 'l>(
        &'r self,
        lane: &'l Lane,
        who: impl Fn() -> Identity,
        half: &Half,
    ) -> OpenLeaf<'r, 'c, 'l> {
        let running = self.arrive(lane, who, half, half.loose);
        let as_job = running.is_some();
        let unrecorded = Part { run: self, lane, half: *half, open: None };
        let Some(notebook) = self.notebook(lane) else {
            let part = Part { open: Open::new(None, running), ..unrecorded };
            return OpenLeaf { part, as_job, fed: false };
        };
        let half = self.touch(notebook, half);
        self.count_leaf(notebook);
        let timed = self.detail(lane).filter(|_| half.timed).map(|detail| {
            notebook.with_log(|log| log.add(Counter::TimedLeaves, 1));
            let timed = Timed::open(notebook, lane, detail, None);
            Timed { feed: self.bridged.then(|| notebook.feed.replace(&Feed::begun())), ..timed }
        });
        let fed = self.bridged && timed.is_some();
        let part = Part { half, open: Open::new(timed, running), ..unrecorded };
        OpenLeaf { part, as_job, fed }
    }

    #[inline]
    fn count_leaf(&self, notebook: &Notebook) {
        if let Some(place) = notebook.place(&self.call) {
            notebook.count(place, Count::Leaves, 1);
        }
        if self.operation != 0 {
            self.counts.leaves.fetch_add(1, Relaxed);
        }
    }

    #[inline]
    fn count_items(&self, notebook: &Notebook, items: u64) {
        if let Some(place) = notebook.place(&self.call) {
            notebook.count(place, Count::Items, items);
        }
        if self.operation != 0 {
            self.counts.items.fetch_add(items, Relaxed);
        }
    }
}

impl<'l> Open<'l> {
    #[inline]
    fn new(timed: Option<Timed<'l>>, running: Option<Running<'l>>) -> Option<Box<Self>> {
        if timed.is_none() && running.is_none() {
            return None;
        }
        Some(Box::new(Self { timed, running }))
    }
}

impl<'l> Part<'_, '_, 'l> {
    /// Whether its caller has it done by itself, on the thread that called the iterator.
    fn is_callers(&self) -> bool {
        self.lane.id().is_some_and(|id| id.0 == self.run.caller)
    }

    /// The part has ended: notes when, if that matters, and ends its task.
    #[inline]
    fn done(&self, running: Option<Running<'l>>, as_job: bool, at: Option<Ticks>) -> Done {
        let notebook = self.run.notebook(self.lane);
        let lane = notebook.map_or(0, |notebook| notebook.lane().0);
        let mut done = Done { lane, as_job, at: 0, nested: 0 };
        if let Some(notebook) = notebook.filter(|_| self.half.marked) {
            notebook.set_before_wait();
            (done.at, done.nested) = (at.unwrap_or_else(now).0, notebook.nested.get());
        }
        if let Some(running) = running {
            running.done();
        }
        done
    }
}

/// A split: until both of its halves have ended.
#[must_use = "the split ends when this is dropped"]
#[derive(Debug)]
pub struct OpenSplit<'r, 'c, 'l> {
    part: Part<'r, 'c, 'l>,
    as_job: bool,
}

impl<'r, 'c, 'l> OpenSplit<'r, 'c, 'l> {
    /// Both halves have ended; their results are to be reduced.
    #[inline]
    pub fn joined(mut self, first: Done, second: Done) -> OpenReduction<'r, 'c, 'l> {
        let Self { part: Part { run, lane, half, .. }, as_job } = self;
        let mut open = self.part.open.take();
        if let Some(notebook) = run.notebook(lane) {
            if let Some(place) = notebook.place(&run.call) {
                notebook.count(place, Count::Reductions, 1);
            }
            if run.operation != 0 {
                run.counts.reductions.fetch_add(1, Relaxed);
            }
        }
        if let Some(open) = &mut open {
            if let Some(timed) = open.timed.take() {
                open.timed = end_split(run, lane, &half, timed, Ends::Both(first, second));
            }
        } else if half.timed && !lane.in_task() {
            open = run.notebook(lane).and_then(|notebook| {
                let timed = Timed::open(notebook, lane, Detail::Auto, None);
                Open::new(Some(timed), None)
            });
        }
        OpenReduction { part: Part { run, lane, half, open }, as_job }
    }
}

impl Drop for OpenSplit<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        let Some(open) = self.part.open.take() else { return };
        let Part { run, lane, half, .. } = &self.part;
        if let Some(timed) = open.timed {
            end_split(run, lane, half, timed, Ends::Panic);
        }
    }
}

/// How a split's halves ended.
enum Ends {
    Both(Done, Done),
    Panic,
}

/// Writes a split; the reduction that follows it, timed from its end.
#[cold]
fn end_split<'l>(
    run: &Run<'_>,
    lane: &'l Lane,
    half: &Half,
    timed: Timed<'l>,
    ends: Ends,
) -> Option<Timed<'l>> {
    let end = now();
    if !timed.leave() {
        return None;
    }
    let (notebook, detail, start) = (timed.notebook, timed.detail, timed.start);
    let (first_end, second, waited) = match &ends {
        Ends::Panic => (end, SecondHalf::Unknown, 0),
        Ends::Both(first, second) => wait_of(notebook, end, first, second),
    };
    if second == SecondHalf::Inline && !notebook.keeps_everything(detail) {
        if let Some(place) = notebook.place(&run.call) {
            let halves = [Notebook::since(first_end, start), Notebook::since(end, first_end)];
            let longer = halves[0].max(halves[1]);
            let (depth, all) = (u32::from(half.depth), halves[0] + halves[1]);
            place.depths.learn(depth, all, longer, notebook.coarse.get());
        }
    }
    let panicked = matches!(ends, Ends::Panic);
    let (id, operation, task) = (timed.id, run.operation, lane.task.get());
    timed.write(end, panicked || second == SecondHalf::Stolen, waited, || {
        event::Join {
            flags: event::join_flags(second, panicked) | event::SPLIT,
            small: half.depth,
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

/// When the first half ended, how the second was run, and how long its worker waited for it.
fn wait_of(here: &Notebook, end: Ticks, first: &Done, second: &Done) -> (Ticks, SecondHalf, u64) {
    // Halves that were not split off by this very split have no ends that it knows.
    let first_end = if first.at == 0 { end } else { Ticks(first.at) };
    if !second.as_job {
        return (first_end, SecondHalf::Inline, 0);
    }
    let same = second.lane == here.lane().0;
    let how = if same { SecondHalf::SameWorker } else { SecondHalf::Stolen };
    let nested = here.nested.get().saturating_sub(first.nested);
    (first_end, how, Notebook::since(end, first_end).saturating_sub(nested))
}

/// A reduction that is under way. When dropped before it is closed, a panic went through it.
#[must_use = "the reduction ends when this is dropped"]
#[derive(Debug)]
pub struct OpenReduction<'r, 'c, 'l> {
    part: Part<'r, 'c, 'l>,
    as_job: bool,
}

impl<'l> OpenReduction<'_, '_, 'l> {
    /// It returned, and with it the half whose results it reduced.
    #[inline]
    pub fn close(mut self) -> Done {
        match self.part.open.take() {
            None => self.part.done(None, self.as_job, None),
            Some(open) => {
                let at = open.timed.and_then(|timed| self.write(timed, false));
                self.part.done(open.running, self.as_job, at)
            }
        }
    }

    /// When it ended, unless another recording has begun meanwhile.
    #[cold]
    fn write(&self, timed: Timed<'l>, panicked: bool) -> Option<Ticks> {
        let end = now();
        if !timed.leave() {
            return None;
        }
        let Part { run, lane, half, .. } = &self.part;
        let (start, id, task) = (timed.start.0, timed.id, lane.task.get());
        let (operation, small) = (run.operation, half.depth);
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
        let Some(open) = self.part.open.take() else { return };
        if let Some(timed) = open.timed {
            self.write(timed, true);
        }
    }
}

/// A leaf that is under way. When dropped before it is closed, a panic went through it.
#[must_use = "the leaf ends when this is dropped"]
#[derive(Debug)]
pub struct OpenLeaf<'r, 'c, 'l> {
    part: Part<'r, 'c, 'l>,
    as_job: bool,
    fed: bool,
}

impl<'l> OpenLeaf<'_, '_, 'l> {
    /// How many items it was given; `None` if they have to be counted one by one.
    #[inline]
    pub fn items(&self) -> Option<u64> {
        self.part.half.items
    }

    /// Whether [`Lane::consumed`] is to be called after each item.
    #[inline]
    pub fn is_fed(&self) -> bool {
        self.fed
    }

    /// It returned, after `counted` items, which counts if it was not given a number of them.
    #[inline]
    pub fn close(mut self, counted: u64) -> Done {
        let open = self.part.open.take();
        let at = self.end(open.as_ref().is_some_and(|open| open.timed.is_some()), counted);
        match open {
            None => self.part.done(None, self.as_job, at),
            Some(open) => {
                if let Some((timed, end)) = open.timed.zip(at) {
                    self.write(timed, end, false);
                }
                self.part.done(open.running, self.as_job, at)
            }
        }
    }

    /// When it ended, if it was timed; counts its items.
    #[inline]
    fn end(&self, timed: bool, counted: u64) -> Option<Ticks> {
        let end = timed.then(now);
        let run = self.part.run;
        let notebook = run.notebook(self.part.lane)?;
        run.count_items(notebook, self.items().unwrap_or(counted));
        if run.seen == Seen::Leaves && !self.as_job && self.part.is_callers() {
            match end {
                Some(end) => run.note_wait(end, notebook),
                None => run.forget_wait(),
            }
        }
        end
    }

    #[cold]
    fn write(&self, mut timed: Timed<'l>, end: Ticks, panicked: bool) {
        let notebook = timed.notebook;
        let feed = timed.feed.take().map(|before| notebook.feed.replace(&before));
        if !timed.leave() {
            return;
        }
        let Part { run, lane, half, .. } = &self.part;
        let ticks = Notebook::since(end, timed.start);
        if !notebook.keeps_everything(timed.detail) {
            if let Some(place) = notebook.place(&run.call) {
                place.depths.learn(u32::from(half.depth), ticks, 0, notebook.coarse.get());
            }
        }
        let (start, id, task) = (timed.start.0, timed.id, lane.task.get());
        let (operation, small) = (run.operation, half.depth);
        let items = half.items.unwrap_or(0);
        let fed = feed.is_some();
        timed.write(end, panicked, 0, || {
            if let Some(feed) = &feed {
                notebook.push(&feed.record(id, ticks));
            }
            let flags = u8::from(panicked) | if fed { event::FED } else { 0 };
            let (text, spare, end) = (0, 0, end.0);
            event::Leaf { flags, small, text, start, end, id, operation, task, items, spare }
                .encode()
        });
        if run.seen == Seen::Leaves && !self.as_job && self.part.is_callers() {
            notebook.set_before_wait();
        }
    }
}

impl Drop for OpenLeaf<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        let Some(open) = self.part.open.take() else { return };
        if let Some(timed) = open.timed {
            self.write(timed, now(), true);
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
        feed.producing.set(feed.producing.get() + Notebook::since(end, start));
        feed.handed.set(end.0);
        item
    }

    /// An item that [`produce`](Self::produce) gave has been worked on.
    pub fn consumed(&self) {
        if let Some(feed) = self.notebook().map(|notebook| &notebook.feed) {
            let ticks = Notebook::since(now(), Ticks(feed.handed.get()));
            feed.working.set(feed.working.get() + ticks);
        }
    }
}
