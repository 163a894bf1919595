//! Phases: stretches of the program that it names itself, entered and left on a thread in any order,
//! and notes. They stand beside the events of the thread's lane: nothing that is timed depends on
//! them, and they need not nest.
//!
//! A job carries the phase in which it was pushed. Where another one is current, or none, on the
//! thread that runs it, it begins with a stretch of its own phase there, *inherited*, and ends it. A
//! job that brings no link leaves the thread's phase as it is.

use std::cell::{Cell, RefCell};

use super::clock::now;
use super::event::{self, INHERITED};
use super::lane::{Lane, Mode};
use super::link::Arrival;
use super::log::Counter;
use super::notebook::Notebook;
use super::recorder::{self, Detail, Identity};
use super::time::Ticks;

/// Phases of a lane that are kept whatever their length, and notes.
const WHOLE: u64 = 4_096;

/// A phase that is entered: a number that no other one of the process has, that of the phase it was
/// opened in or 0, and its name.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    /// Its number, from 1.
    pub number: u64,
    /// That of the phase in which it was opened, or 0.
    pub within: u64,
    /// Its name.
    pub name: &'static str,
}

/// What a thread has entered and not left.
#[derive(Debug, Default)]
pub(super) struct Phases {
    stack: RefCell<Vec<Entered>>,
    /// The number of the topmost, or 0.
    current: Cell<u64>,
    /// Phases and notes that were kept in this recording.
    kept: Cell<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Entered {
    number: u64,
    within: u64,
    /// Empty where it is inherited.
    name: &'static str,
    start: Ticks,
    /// The recording in which it was counted as entered.
    epoch: u64,
    inherited: bool,
}

/// The phase that a task brought, if it did, and when it began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brought(Option<(u64, Ticks)>);

impl Phases {
    /// A new recording: its room is not used yet.
    pub(super) fn start_over(&self) {
        self.kept.set(0);
    }

    /// The number of the phase that the thread is in, or 0.
    #[inline]
    pub(super) fn current(&self) -> u64 {
        self.current.get()
    }

    fn push(&self, entered: Entered) {
        self.stack.borrow_mut().push(entered);
        self.current.set(entered.number);
    }

    /// Takes out the one that was found; phases may end in any order.
    fn take(&self, find: impl FnOnce(&[Entered]) -> Option<usize>) -> Option<Entered> {
        let mut stack = self.stack.borrow_mut();
        let place = find(&stack)?;
        let entered = stack.remove(place);
        self.current.set(stack.last().map_or(0, |top| top.number));
        Some(entered)
    }
}

impl Notebook {
    /// A task begins that came by `arrival`.
    #[inline]
    pub(super) fn bring_phase(&self, arrival: &Arrival) -> Brought {
        match arrival {
            Arrival::Job(link) | Arrival::Broadcast(link)
                if link.lane != 0 && link.phase != self.phases.current() =>
            {
                self.inherit(link.phase)
            }
            _ => Brought(None),
        }
    }

    #[cold]
    fn inherit(&self, number: u64) -> Brought {
        self.with_log(|log| log.add(Counter::Phases, 1));
        let (start, epoch) = (now(), self.epoch());
        let entered = Entered { number, within: 0, name: "", start, epoch, inherited: true };
        self.phases.push(entered);
        Brought(Some((number, start)))
    }

    /// The task ends, at a time if it is timed.
    #[inline]
    pub(super) fn drop_phase(&self, Brought(brought): Brought, detail: Option<Detail>, at: Ticks) {
        if let Some(brought) = brought {
            self.end_inherited(brought, detail, at);
        }
    }

    #[cold]
    fn end_inherited(&self, brought: (u64, Ticks), detail: Option<Detail>, at: Ticks) {
        let is_it = |other: &Entered| other.inherited && (other.number, other.start) == brought;
        let entered = self.phases.take(|stack| stack.iter().rposition(is_it));
        if let Some((entered, detail)) = entered.zip(detail) {
            self.write_phase(&entered, detail, at);
        }
    }

    /// Keeps a phase that ended if it took long enough, or is among the first.
    fn write_phase(&self, entered: &Entered, detail: Detail, end: Ticks) {
        if entered.epoch != self.epoch() {
            // Another recording has begun since.
            return;
        }
        let Entered { number, within, name, start, inherited, .. } = *entered;
        let long = Self::since(end, start) >= self.coarse.get();
        if !long && !self.has_room(detail) {
            return;
        }
        self.phases.kept.set(self.phases.kept.get() + 1);
        self.with_log(|log| log.add(Counter::KeptPhases, 1));
        let name = (!inherited).then_some(name);
        let record = event::Phase {
            flags: if inherited { INHERITED } else { 0 },
            small: 0,
            text: name.map_or(0, |name| self.label(Some(name)) as u32),
            start: start.0,
            end: end.0,
            number,
            within,
            spare_a: 0,
            spare_b: 0,
            spare_c: 0,
        };
        self.push(&record.encode());
    }

    fn has_room(&self, detail: Detail) -> bool {
        let few = self.phases.kept.get() < WHOLE;
        self.keeps_what_matters() && (few || detail == Detail::Full)
    }
}

impl Lane {
    /// The thread enters a phase.
    pub fn enter_phase(&self, who: impl Fn() -> Identity, phase: Phase) {
        let notebook = self.attach(&who);
        let recording = self.notes_into(who).map(|(notebook, _)| notebook);
        if let Some(notebook) = recording {
            notebook.with_log(|log| log.add(Counter::Phases, 1));
        }
        let Phase { number, within, name } = phase;
        let epoch = recording.map_or(0, Notebook::epoch);
        let start = now();
        notebook.phases.push(Entered { number, within, name, start, epoch, inherited: false });
    }

    /// The thread leaves a phase.
    pub fn leave_phase(&self, who: impl Fn() -> Identity, phase: Phase) {
        let end = now();
        let Some(notebook) = self.notebook() else { return };
        let find = |stack: &[Entered]| {
            stack.iter().rposition(|entered| entered.number == phase.number && !entered.inherited)
        };
        let Some(entered) = notebook.phases.take(find) else { return };
        if let Some((notebook, detail)) = self.notes_into(who) {
            notebook.write_phase(&notebook.entered_before(entered), detail, end);
        }
    }

    /// The recording is about to end: what the thread is in is written as far as it has come.
    pub fn write_open_phases(&self, who: impl Fn() -> Identity) {
        let end = now();
        let Some((notebook, detail)) = self.notes_into(who) else { return };
        let open: Vec<Entered> = notebook.phases.stack.borrow().clone();
        for entered in open.iter().filter(|entered| !entered.inherited) {
            notebook.write_phase(&notebook.entered_before(*entered), detail, end);
        }
    }

    /// The number of the phase that the thread is in, or 0.
    pub fn phase(&self) -> u64 {
        self.notebook().map_or(0, |notebook| notebook.phases.current())
    }

    /// Something happens that the program wants to be noted, in a phase or 0.
    pub fn note(&self, who: impl Fn() -> Identity, phase: u64, text: &str) {
        let at = now();
        let Some((notebook, detail)) = self.notes_into(who) else { return };
        notebook.with_log(|log| log.add(Counter::Phases, 1));
        if !notebook.has_room(detail) {
            return;
        }
        let text = notebook.with_log(|log| notebook.texts.note(log, text)).unwrap_or(0);
        notebook.phases.kept.set(notebook.phases.kept.get() + 1);
        notebook.with_log(|log| log.add(Counter::KeptPhases, 1));
        let record = event::Note {
            flags: 0,
            small: 0,
            text,
            at: at.0,
            phase,
            spare_a: 0,
            spare_b: 0,
            spare_c: 0,
            spare_d: 0,
            spare_e: 0,
        };
        notebook.push(&record.encode());
    }

    /// Where the thread notes what the program says, if times are recorded.
    fn notes_into(&self, who: impl Fn() -> Identity) -> Option<(&Notebook, Detail)> {
        let switch = recorder::switch();
        let mode = if self.in_task() { self.mode.get() } else { Mode::of(switch.detail) };
        let detail = mode.timed()?;
        Some((self.recording(switch, who)?, detail))
    }
}

impl Notebook {
    /// A phase that was entered before the recording began is in it from its start.
    fn entered_before(&self, entered: Entered) -> Entered {
        if entered.epoch == self.epoch() {
            return entered;
        }
        self.with_log(|log| log.add(Counter::Phases, 1));
        Entered { epoch: self.epoch(), ..entered }
    }
}
