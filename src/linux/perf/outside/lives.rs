//! Threads' lives from records in the order of time: on a CPU, waiting for one, or blocked. The
//! three add up to each life by construction, since every moment of it is in exactly one of them.

use std::collections::HashMap;

use super::counting::Opening;
use super::record::{Record, What};
use crate::linux::perf::switches::Direction;
use crate::model::{Nanos, Scheduling, SchedulingSource};

/// All threads that were seen. A number may stand for several, one after the other.
#[derive(Debug, Default)]
pub(super) struct Lives {
    lives: Vec<Life>,
    /// The last thread of each number.
    latest: HashMap<u32, usize>,
    /// Records that were older than what was known already.
    pub(super) late: u64,
}

/// A thread's life so far.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) process: u32,
    pub(super) thread: u32,
    pub(super) name: Option<String>,
    pub(super) began: Nanos,
    pub(super) has_ended: bool,
    /// Its counters, if it was tried to open them.
    pub(super) opened: Option<Opened>,
    state: State,
    /// Since when it is in this state.
    since: Nanos,
    /// Where it was on last.
    cpu: Option<u32>,
    on: Nanos,
    waiting: Nanos,
    blocked: Nanos,
    voluntary: u64,
    preemptions: u64,
    migrations: u64,
}

/// A thread's counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// The place of their tally.
    pub(super) tally: usize,
    /// How long after the thread's beginning they were open.
    pub(super) from: Nanos,
    /// The thread's CPU time before that.
    pub(super) uncounted: Nanos,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    On,
    Waiting,
    Blocked,
}

impl Lives {
    /// Takes the next record.
    pub(super) fn take(&mut self, record: &Record) {
        let Record { at, cpu, ref what } = *record;
        match *what {
            What::Began { process, thread, parent } => self.begin(at, process, thread, parent),
            What::Ended { thread } => {
                if let Some(place) = self.latest.get(&thread).copied() {
                    self.advance(place, at);
                    self.lives[place].has_ended = true;
                }
            }
            What::Switched { process, thread, direction } => {
                let place = self.alive(at, process, thread);
                self.advance(place, at);
                self.lives[place].switch(cpu, direction);
            }
            What::Named { process, thread, ref name, by_exec } => {
                if by_exec {
                    self.take_over(process, thread);
                }
                let place = self.alive(at, process, thread);
                let life = &mut self.lives[place];
                life.name = Some(name.clone());
                life.cpu = life.cpu.or(Some(cpu));
            }
            What::Lost(_) => {}
        }
    }

    /// The last thread of this number.
    fn place_of(&self, thread: u32) -> Option<usize> {
        self.latest.get(&thread).copied()
    }

    pub(super) fn all(&self) -> &[Life] {
        &self.lives
    }

    /// Takes those that still live to `at`.
    pub(super) fn close(&mut self, at: Nanos) {
        for place in 0..self.lives.len() {
            if !self.lives[place].has_ended {
                self.advance(place, at);
            }
        }
    }

    /// Takes an opening of counters, after all records that are older.
    pub(super) fn open(&mut self, opening: &Opening) {
        let Some(place) = self.place_of(opening.thread) else { return };
        let life = &mut self.lives[place];
        // What had ended before is not what was opened.
        let is_meant = !life.has_ended || life.since >= opening.asked;
        if is_meant && life.opened.is_none() {
            life.opened = Some(Opened {
                tally: opening.tally,
                from: opening.at.saturating_since(life.began),
                uncounted: life.on_until(opening.at),
            });
        }
    }

    /// A new thread bears its parent's name, and can run at once.
    fn begin(&mut self, at: Nanos, process: u32, thread: u32, parent: u32) {
        let name = self.place_of(parent).and_then(|place| self.lives[place].name.clone());
        self.insert(Life { name, ..Life::new(at, process, thread, State::Waiting) });
    }

    fn insert(&mut self, life: Life) -> usize {
        self.latest.insert(life.thread, self.lives.len());
        self.lives.push(life);
        self.lives.len() - 1
    }

    /// A thread that does something lives: the first one from its `exec` on, and others if the
    /// record of their beginning was lost.
    fn alive(&mut self, at: Nanos, process: u32, thread: u32) -> usize {
        let known = self.place_of(thread).filter(|&place| !self.lives[place].has_ended);
        known.unwrap_or_else(|| self.insert(Life::new(at, process, thread, State::On)))
    }

    /// Of a process that starts another program, one thread is left, and has the process's number
    /// whatever it had before.
    fn take_over(&mut self, process: u32, thread: u32) {
        let live = |life: &Life| life.process == process && !life.has_ended;
        if self.place_of(thread).is_some_and(|place| live(&self.lives[place])) {
            return;
        }
        if let Some(place) = self.lives.iter().rposition(live) {
            self.lives[place].thread = thread;
            self.latest.insert(thread, place);
        }
    }

    fn advance(&mut self, place: usize, at: Nanos) {
        let life = &mut self.lives[place];
        if at < life.since {
            self.late += 1;
            return;
        }
        let part = at - life.since;
        match life.state {
            State::On => life.on += part,
            State::Waiting => life.waiting += part,
            State::Blocked => life.blocked += part,
        }
        life.since = at;
    }
}

impl Life {
    fn new(at: Nanos, process: u32, thread: u32, state: State) -> Self {
        Self {
            process,
            thread,
            name: None,
            began: at,
            has_ended: false,
            opened: None,
            state,
            since: at,
            cpu: None,
            on: Nanos::ZERO,
            waiting: Nanos::ZERO,
            blocked: Nanos::ZERO,
            voluntary: 0,
            preemptions: 0,
            migrations: 0,
        }
    }

    fn switch(&mut self, cpu: u32, direction: Direction) {
        self.state = match direction {
            Direction::In => State::On,
            Direction::Out => State::Blocked,
            Direction::Preempted => State::Waiting,
        };
        match direction {
            Direction::In => self.migrations += u64::from(self.cpu.is_some_and(|last| last != cpu)),
            Direction::Out => self.voluntary += 1,
            Direction::Preempted => self.preemptions += 1,
        }
        self.cpu = Some(cpu);
    }

    /// Its CPU time before `at`, which is later than its records so far.
    fn on_until(&self, at: Nanos) -> Nanos {
        match self.state {
            State::On if !self.has_ended => self.on + at.saturating_since(self.since),
            _ => self.on,
        }
    }

    pub(super) fn scheduling(&self) -> Scheduling {
        Scheduling {
            source: SchedulingSource::SwitchRecords,
            wall: self.since.saturating_since(self.began),
            on_cpu: self.on,
            voluntary: self.blocked,
            preempted: self.waiting,
            voluntary_switches: Some(self.voluntary),
            preemptions: Some(self.preemptions),
            migrations: Some(self.migrations),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lives(records: &[(u64, u32, What)]) -> Lives {
        let mut lives = Lives::default();
        for (at, cpu, what) in records {
            lives.take(&Record { at: Nanos(*at), cpu: *cpu, what: what.clone() });
        }
        lives
    }

    fn switched(thread: u32, direction: Direction) -> What {
        What::Switched { process: 1, thread, direction }
    }

    fn named(process: u32, thread: u32, name: &str, by_exec: bool) -> What {
        What::Named { process, thread, name: name.to_owned(), by_exec }
    }

    #[test]
    fn every_moment_of_a_life_is_in_one_part() {
        let lives = lives(&[
            (10, 0, named(1, 1, "main", true)),
            (12, 0, What::Began { process: 1, thread: 2, parent: 1 }),
            (15, 1, switched(2, Direction::In)),
            (25, 1, switched(2, Direction::Preempted)),
            (26, 0, switched(2, Direction::In)),
            (30, 0, switched(2, Direction::Out)),
            (70, 0, switched(2, Direction::In)),
            (72, 0, What::Ended { thread: 2 }),
        ]);
        let worker = &lives.all()[1];
        let parts = worker.scheduling();
        assert_eq!(worker.name.as_deref(), Some("main"));
        assert_eq!((parts.wall, parts.on_cpu), (Nanos(60), Nanos(10 + 4 + 2)));
        assert_eq!((parts.preempted, parts.voluntary), (Nanos(3 + 1), Nanos(40)));
        assert_eq!((parts.voluntary_switches, parts.preemptions), (Some(1), Some(1)));
        assert_eq!(parts.migrations, Some(1));
    }

    #[test]
    fn a_number_used_again_is_another_thread() {
        let lives = lives(&[
            (10, 0, named(1, 1, "main", true)),
            (11, 0, What::Began { process: 1, thread: 2, parent: 1 }),
            (12, 0, What::Ended { thread: 2 }),
            (13, 0, What::Began { process: 1, thread: 2, parent: 1 }),
            (15, 0, What::Ended { thread: 2 }),
        ]);
        let walls: Vec<_> = lives.all().iter().map(|life| life.scheduling().wall.0).collect();
        assert_eq!(walls, [0, 1, 2]);
    }

    #[test]
    fn a_thread_that_starts_a_program_becomes_its_first() {
        let lives = lives(&[
            (10, 0, named(1, 1, "main", true)),
            (11, 0, What::Began { process: 1, thread: 2, parent: 1 }),
            (12, 0, switched(2, Direction::In)),
            (13, 0, What::Ended { thread: 1 }),
            (14, 0, named(1, 1, "other", true)),
            (20, 0, What::Ended { thread: 1 }),
        ]);
        assert_eq!(lives.all().len(), 2);
        assert_eq!(lives.all()[1].name.as_deref(), Some("other"));
        assert_eq!(lives.all()[1].scheduling().wall, Nanos(9));
    }

    #[test]
    fn counters_are_of_who_had_the_number_when_they_were_opened() {
        let mut lives = lives(&[
            (10, 0, named(1, 1, "main", true)),
            (11, 0, What::Began { process: 1, thread: 2, parent: 1 }),
            (13, 0, switched(2, Direction::In)),
            (19, 0, What::Ended { thread: 2 }),
        ]);
        let opening =
            |asked, at| Opening { thread: 2, tally: 7, asked: Nanos(asked), at: Nanos(at) };
        lives.open(&opening(20, 21));
        assert_eq!(lives.all()[1].opened, None);
        lives.take(&Record {
            at: Nanos(30),
            cpu: 0,
            what: What::Began { process: 1, thread: 2, parent: 1 },
        });
        lives.take(&Record { at: Nanos(32), cpu: 0, what: switched(2, Direction::In) });
        lives.open(&opening(36, 37));
        let opened = Opened { tally: 7, from: Nanos(7), uncounted: Nanos(5) };
        assert_eq!(lives.all()[2].opened, Some(opened));
        assert_eq!(lives.all()[1].opened, None);
    }

    #[test]
    fn what_comes_late_is_counted_and_moves_no_time() {
        let lives = lives(&[
            (10, 0, named(1, 1, "main", true)),
            (20, 0, switched(1, Direction::Out)),
            (15, 0, switched(1, Direction::In)),
            (30, 0, What::Ended { thread: 1 }),
        ]);
        let parts = lives.all()[0].scheduling();
        assert_eq!(lives.late, 1);
        assert_eq!(parts.on_cpu + parts.voluntary + parts.preempted, parts.wall);
    }
}
