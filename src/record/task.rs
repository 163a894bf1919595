//! A task that a thread runs: the guard around it, and the state of the one that it interrupts.

use super::clock::now;
use super::event::{self, Origin};
use super::gauge::Begun;
use super::ids::EventId;
use super::lane::{LONG_BUDGET, Lane, Mode};
use super::link::{Arrival, Link};
use super::listener::{self, Closed, Opening, Told};
use super::log::Counter;
use super::notebook::{Notebook, Short};
use super::phase::Brought;
use super::recorder::{self, Detail, Identity};
use super::time::Ticks;

impl Lane {
    /// Begins a task on this thread; the guard ends it.
    pub fn begin(&self, who: impl Fn() -> Identity, arrival: Arrival) -> Running<'_> {
        let switch = recorder::switch();
        let saved = Saved::of(self);
        if switch.detail == Detail::Off {
            return self.begin_unrecorded(saved);
        }
        let notebook = self.attach(&who);
        if notebook.pool() == 0 {
            // Only workers run tasks: the thread has become one since it was registered.
            who().seat.into_iter().for_each(|seat| notebook.take_seat(seat));
        }
        if !notebook.join_recording(switch) {
            return self.begin_unrecorded(saved);
        }
        self.begin_recorded(saved, notebook, switch.detail, arrival)
    }

    fn begin_unrecorded(&self, saved: Saved) -> Running<'_> {
        self.stop_recording();
        Running { lane: self, saved, recorded: None, returned: false }
    }

    fn stop_recording(&self) {
        self.mode.set(Mode::Off);
        self.task.set(0);
        self.refill(LONG_BUDGET);
    }

    fn begin_recorded<'l>(
        &'l self,
        saved: Saved,
        notebook: &'l Notebook,
        detail: Detail,
        arrival: Arrival,
    ) -> Running<'l> {
        let mut recorded = Recorded::new(notebook, arrival);
        notebook.with_log(|log| log.add(Counter::Begun, 1));
        notebook.prelude.set(false);
        self.mode.set(Mode::of(detail));
        let is_timed = self.mode.get().timed().is_some();
        recorded.brought = notebook.bring_phase(&arrival);
        recorded.outer_heard = notebook.listen_from(is_timed, recorded.parent(), arrival.around());
        self.task.set(recorded.id);
        self.spawns.set(0);
        self.budget.set(0);
        self.left.set(0);
        self.joins.set(0);
        match self.mode.get().timed() {
            Some(detail) => {
                let depth = match arrival {
                    // Where a stolen half of a counted join stands is not known, but it is fine.
                    Arrival::Migrated(_) | Arrival::Taken(_) => {
                        notebook.depths.first_fine(notebook.coarse.get())
                    }
                    _ => recorded.depth.unwrap_or(0),
                };
                self.go_to(notebook, detail, depth);
                let recorded = recorded.told(arrival.around());
                Running { lane: self, saved, recorded: Some(recorded.started()), returned: false }
            }
            None => {
                self.refill(LONG_BUDGET);
                Running { lane: self, saved, recorded: Some(recorded), returned: false }
            }
        }
    }

    /// Runs `f` as a task in full detail, whatever the process records.
    pub(super) fn in_full<R>(&self, f: impl FnOnce() -> R) -> R {
        let notebook = self.notebook().expect("a detached lane has a notebook");
        let running = self.begin_recorded(Saved::of(self), notebook, Detail::Full, Arrival::Root);
        let result = f();
        running.done();
        result
    }
}

/// A task that this thread runs. Ends when dropped: as panicked, unless [`Running::done`] does it.
#[must_use = "the task ends when this is dropped"]
#[derive(Debug)]
pub struct Running<'l> {
    lane: &'l Lane,
    saved: Saved,
    recorded: Option<Recorded<'l>>,
    returned: bool,
}

impl Running<'_> {
    /// How it came here; `None` if it is not recorded.
    pub fn origin(&self) -> Option<Origin> {
        self.recorded.as_ref().map(|recorded| recorded.origin)
    }

    /// The task returned.
    pub fn done(mut self) {
        self.returned = true;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let lane = self.lane;
        let detail = lane.mode.get().timed();
        // The clock is read first, so that what follows is not in the task's time.
        let at = if detail.is_some() { now() } else { Ticks(0) };
        let (joins, spawns) = (lane.count(), lane.spawns.get());
        let end = End { at, joins, spawns, panicked: !self.returned };
        self.saved.restore(lane);
        let Some(mut recorded) = self.recorded.take() else { return };
        recorded.told.close(recorded.id, || Closed {
            panicked: end.panicked,
            joins: Some(end.joins),
            ..Closed::default()
        });
        recorded.notebook.heard.set(recorded.outer_heard);
        recorded.notebook.drop_phase(recorded.brought, detail, at);
        if recorded.epoch != recorded.notebook.epoch() {
            return;
        }
        // Counts are published here, inside the job, before rayon sets the job's latch.
        recorded.count(&end);
        let notebook = recorded.notebook;
        if let Some(detail) = detail {
            let level = recorded.level;
            recorded.write(&end, detail, lane.mode.get().timed().is_some());
            notebook.leave(level);
        }
        // Last, so that a task which has ended is whole.
        notebook.with_log(|log| log.add(Counter::Ended, 1));
    }
}

/// The state of the task that another one interrupts.
#[derive(Debug)]
struct Saved {
    left: u32,
    budget: u32,
    mode: Mode,
    depth: u32,
    joins: u64,
    spawns: u64,
    task: u64,
    /// The recording that it belongs to.
    epoch: Option<u64>,
}

impl Saved {
    fn of(lane: &Lane) -> Self {
        Self {
            epoch: lane.notebook().map(Notebook::epoch),
            left: lane.left.get(),
            budget: lane.budget.get(),
            mode: lane.mode.get(),
            depth: lane.depth.get(),
            joins: lane.joins.get(),
            spawns: lane.spawns.get(),
            task: lane.task.get(),
        }
    }

    fn restore(&self, lane: &Lane) {
        lane.left.set(self.left);
        lane.budget.set(self.budget);
        lane.mode.set(self.mode);
        lane.depth.set(self.depth);
        lane.joins.set(self.joins);
        lane.spawns.set(self.spawns);
        lane.task.set(self.task);
        if self.mode.is_recorded() && self.epoch != lane.notebook().map(Notebook::epoch) {
            // Another recording began meanwhile; what is left of this task belongs to neither.
            lane.stop_recording();
        }
    }
}

/// The end of a task.
struct End {
    at: Ticks,
    joins: u64,
    spawns: u64,
    panicked: bool,
}

/// What a recorded task remembers until it ends.
#[derive(Debug)]
struct Recorded<'l> {
    notebook: &'l Notebook,
    /// The recording that it belongs to: its end is not written into another one.
    epoch: u64,
    id: u64,
    origin: Origin,
    /// The link it came with; `None` if it came without.
    link: Option<Link>,
    depth: Option<u32>,
    start: Ticks,
    told: Told,
    /// The counters at its start, if it is expected to be worth reading them.
    counters: Option<Box<Begun>>,
    outer_timed_joins: u64,
    outer_waited: u64,
    outer_nested: u64,
    outer_short: Option<Box<Short>>,
    outer_heard: bool,
    brought: Brought,
    /// Its place among what is open.
    level: u64,
}

impl<'l> Recorded<'l> {
    fn new(notebook: &'l Notebook, arrival: Arrival) -> Self {
        let (link, origin) = match arrival {
            Arrival::Root | Arrival::Rest(_) => (None, Origin::Root),
            Arrival::Migrated(_) => (None, Origin::Migrated),
            Arrival::Taken(Some(from)) if from != notebook.lane() => (None, Origin::Stolen),
            Arrival::Taken(_) => (None, Origin::Local),
            Arrival::Broadcast(link) => (Some(link), Origin::Broadcast),
            Arrival::Job(link) => (Some(link), link.origin(notebook)),
        };
        let depth = match arrival {
            Arrival::Migrated(_) | Arrival::Taken(_) => None,
            _ => Some(link.map_or(0, |link| link.depth)),
        };
        Self {
            notebook,
            epoch: notebook.epoch(),
            id: notebook.next_id(),
            origin,
            link,
            depth,
            start: Ticks(0),
            told: Told::default(),
            counters: None,
            outer_timed_joins: notebook.timed_joins.replace(0),
            outer_waited: notebook.waited.replace(0),
            outer_nested: notebook.nested.replace(0),
            outer_short: notebook.take_short(),
            outer_heard: false,
            brought: Brought::default(),
            level: 0,
        }
    }

    /// Tells of it, if somebody hears.
    #[inline]
    fn told(self, around: u64) -> Self {
        let site = self.link.map(|link| link.site);
        let told = Told::of(self.notebook, self.id, self.depth, site, || Opening::Task {
            origin: self.origin,
            parent: EventId::from_word(self.parent()),
            around: EventId::from_word(around),
            queued: listener::queued(self.pushed(), now()),
        });
        Self { told, ..self }
    }

    /// The clock is read last, so that the task's own bookkeeping is not in it.
    #[inline]
    fn started(self) -> Self {
        let level = self.notebook.enter(&self.beginning().encode());
        let counters = self.notebook.gauges.begin(self.origin);
        Self { counters, level, start: self.notebook.begins(level), ..self }
    }

    fn count(&self, end: &End) {
        let timed_joins = self.notebook.timed_joins.replace(self.outer_timed_joins);
        self.notebook.elision.task_ended(end.joins);
        self.notebook.with_log(|log| {
            log.add(Counter::Joins, end.joins);
            log.add(Counter::TimedJoins, timed_joins);
            log.add(Counter::Spawns, end.spawns);
            log.add(Counter::Tasks, self.jobs());
            match self.origin {
                Origin::Stolen => log.add(Counter::Steals, 1),
                Origin::Injected => log.add(Counter::Injected, 1),
                Origin::Migrated => log.add(Counter::Migrated, 1),
                Origin::Root | Origin::Local | Origin::Broadcast => {}
            }
        });
    }

    /// Writes the task, or adds it to the short ones of the task around it, if it is `inside` one.
    fn write(mut self, end: &End, detail: Detail, inside: bool) {
        let notebook = self.notebook;
        let ticks = Notebook::since(end.at, self.start);
        let within = notebook.short.replace(Short::NONE);
        let busy = ticks.saturating_sub(notebook.waited.get() + notebook.nested.get());
        notebook.waited.set(self.outer_waited);
        notebook.nested.set(self.outer_nested + ticks);
        let outer = self.outer_short.take().map_or(Short::NONE, |outer| *outer);
        let counted = notebook.gauges.end(self.origin, ticks, self.counters.take());
        if notebook.keeps(detail, ticks, end.panicked || self.origin == Origin::Stolen) {
            notebook.short.set(outer);
            if let Some(counted) = counted {
                counted.records(self.id).for_each(|record| notebook.push(&record));
            }
            notebook.write(&self.record(end).encode(), &within);
            return;
        }
        let sum = outer.plus(within).plus(self.sum(end, busy));
        if inside {
            notebook.short.set(sum);
        } else {
            notebook.keep_loose(sum);
        }
    }

    /// How many jobs it is: a root is none, but code that came unseen.
    fn jobs(&self) -> u64 {
        u64::from(self.origin != Origin::Root)
    }

    fn sum(&self, end: &End, busy: u64) -> Short {
        let queued = match self.pushed() {
            0 => 0,
            pushed => self.start.0.saturating_sub(pushed),
        };
        let (joins, spawns) = (end.joins, end.spawns);
        Short {
            tasks: self.jobs(),
            busy,
            joins,
            spawns,
            queued,
            ..Short::at(self.start.0, end.at.0)
        }
    }

    /// The word of the id of what pushed it, or 0.
    fn parent(&self) -> u64 {
        self.link.map_or(0, |link| link.parent)
    }

    /// Ticks when it was pushed, or 0.
    fn pushed(&self) -> u64 {
        self.link.map_or(0, |link| link.pushed)
    }

    fn record(&self, end: &End) -> event::Task {
        event::Task {
            flags: event::task_flags(self.origin, self.depth.is_some(), end.panicked),
            text: self.link.map_or(0, |link| self.notebook.site(link.site)),
            start: self.start.0,
            end: end.at.0,
            joins: end.joins,
            spawns: end.spawns,
            ..self.beginning()
        }
    }

    /// What is known of it where it begins. Where it was called is looked up at its end alone, which
    /// short tasks are spared.
    fn beginning(&self) -> event::Task {
        event::Task {
            flags: event::task_flags(self.origin, self.depth.is_some(), false),
            small: event::small_depth(self.depth.unwrap_or(0)),
            text: 0,
            start: 0,
            end: 0,
            id: self.id,
            parent: self.parent(),
            pushed: self.pushed(),
            joins: 0,
            spawns: 0,
        }
    }
}
