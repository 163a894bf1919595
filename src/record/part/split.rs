//! How a half is cut in two: on a thread that also sees the end of that, or, under an indexed adaptor,
//! on one that sees no more of it than its leaves. When both halves have ended, see `open_split`.

use super::super::clock::now;
use super::super::ids::EventId;
use super::super::iterator::Run;
use super::super::lane::Lane;
use super::super::listener::Opening;
use super::super::log::Counter;
use super::super::notebook::Notebook;
use super::super::progress::add;
use super::super::recorder::Identity;
use super::super::time::Ticks;
use super::half::{FIRST, Half, LAG, LOOSE, MARKED, SECOND, TIMED};
use super::open_split::OpenSplit;
use super::{Open, Timed};

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
