//! The threads of a program as the kernel tells of them from outside, joined to the lanes of its
//! processes by their numbers.

use std::collections::HashMap;

use super::super::collect;
use super::super::observer::{Lost, Observed, Presence, Seen as Watch, Shift, present};
use crate::linux::perf::Direction;
use crate::linux::program::{Did, Seen};
use crate::model::{
    Availability, Counter, CounterInfo, Kernel, Measured, Nanos, Observed as Program,
    ObservedThread, OffCpu, Reading, Scheduling, SchedulingSource, Total, Values, Watched,
};
use crate::record::Member;
use crate::record::parent::{Live, Shared, Taken};

/// A thread's counts are kept if at least so much of its CPU time is in them, in percent.
const COUNTED: u64 = 99;

/// All threads that were seen.
#[derive(Default)]
pub(super) struct Threads {
    threads: Vec<Thread>,
    /// The last one of each number.
    latest: HashMap<u32, usize>,
    /// The recordings that have begun.
    recordings: Vec<Live>,
    /// When processes began the program that they run last.
    execs: HashMap<u32, Nanos>,
}

struct Thread {
    process: u32,
    thread: u32,
    began: Nanos,
    /// When its process began the program that it is of, if that was seen.
    exec: Nanos,
    /// Since its beginning, or its process's recording's if that is later.
    presence: Presence,
    ended: Option<Nanos>,
    /// The recording of its process, once that has begun. A process records once; one that starts
    /// another program begins with a new first thread.
    recording: Option<usize>,
}

impl Threads {
    /// Takes what a thread did.
    pub(super) fn take(&mut self, seen: Seen, shared: &Shared) {
        self.notice_recordings(shared);
        let Seen { at, cpu, process, thread, did } = seen;
        match did {
            Did::Begin => {
                // It can run, and has yet to be let.
                let mut presence = Presence::on_cpu(at);
                presence.switch(at, cpu, Direction::Preempted);
                self.insert(process, thread, at, presence);
            }
            Did::Exec => {
                let others = self.threads.iter_mut().filter(|other| other.process == process);
                others.for_each(|other| other.ended = other.ended.or(Some(at)));
                self.execs.insert(process, at);
                self.insert(process, thread, at, Presence::on_cpu(at));
            }
            Did::Switch(direction) => {
                let place = self.alive(process, thread, at);
                if self.is_recorded_until(place, at) {
                    self.threads[place].presence.switch(at, cpu, direction);
                }
            }
            Did::End => {
                if let Some(&place) = self.latest.get(&thread) {
                    self.threads[place].ended = Some(at);
                }
            }
            Did::Lose(records) => {
                // Each of them may be any thread's.
                let alive = self.threads.iter_mut().filter(|thread| thread.ended.is_none());
                alive.for_each(|thread| thread.presence.lose(records));
            }
        }
    }

    fn insert(&mut self, process: u32, thread: u32, began: Nanos, presence: Presence) -> usize {
        self.latest.insert(thread, self.threads.len());
        let exec = self.execs.get(&process).copied().unwrap_or(Nanos::ZERO);
        let (ended, recording) = (None, None);
        self.threads.push(Thread { process, thread, began, exec, presence, ended, recording });
        self.threads.len() - 1
    }

    /// A thread that does something lives, though the record of its beginning may be lost.
    fn alive(&mut self, process: u32, thread: u32, at: Nanos) -> usize {
        let known = self.latest.get(&thread).copied();
        let alive = |place: &usize| self.threads[*place].ended.is_none();
        known.filter(alive).unwrap_or_else(|| {
            self.insert(process, thread, at, Presence::seen_from_outside(at, true))
        })
    }

    /// Processes tell of their recordings at once; what they do from then on is told here some
    /// milliseconds later.
    fn notice_recordings(&mut self, shared: &Shared) {
        while let Some(live) =
            u32::try_from(self.recordings.len()).ok().and_then(|n| shared.live(n))
        {
            self.recordings.push(live);
        }
    }

    /// Has the thread's presence begin with its process's recording, if that has begun by `at`; false
    /// if it has ended by then.
    fn is_recorded_until(&mut self, place: usize, at: Nanos) -> bool {
        let thread = &mut self.threads[place];
        if thread.recording.is_none() {
            let begun = |live: &Live| {
                live.process() == thread.process && (thread.exec..=at).contains(&live.start())
            };
            thread.recording = self.recordings.iter().rposition(begun);
            let start = thread.recording.map(|index| self.recordings[index].start());
            if let Some(start) = start.filter(|&start| start > thread.began) {
                thread.presence.restart(start);
            }
        }
        let live = thread.recording.map(|index| &self.recordings[index]);
        live.and_then(Live::end).is_none_or(|end| at <= end)
    }

    /// What was seen of the threads of a recording.
    pub(super) fn observed(&mut self, taken: &Taken, program: &Program, shift: Shift) -> Observed {
        let watches: Vec<(Watch, Option<&ObservedThread>)> = taken
            .recording
            .threads
            .iter()
            .filter_map(|(member, _)| self.watch(member, taken, program, shift))
            .collect();
        let counted = watches.iter().filter_map(|(_, thread)| *thread);
        let kernel = Kernel {
            counters: counters(&program.totals, counted),
            switch_records: match &program.events {
                Measured::Is(_) => Measured::Is(shift.error),
                Measured::Not(reason) => Measured::Not(reason.clone()),
            },
            ..from_outside()
        };
        Observed::from_outside(kernel, watches.into_iter().map(|(watch, _)| watch).collect())
    }

    fn watch<'p>(
        &mut self,
        member: &Member,
        taken: &Taken,
        program: &'p Program,
        shift: Shift,
    ) -> Option<(Watch, Option<&'p ObservedThread>)> {
        let thread = member.thread?;
        let started = collect::moment(&taken.recording, taken.source, member.started);
        let place = self.find(taken.process, thread, shift.start + started);
        let began = place.map(|place| self.threads[place].began);
        let seen = seen(program, taken.process, thread, began);
        // What was counted before the recording is none of it.
        let since_start = seen.filter(|seen| program.started + seen.began >= shift.start);
        let (scheduling, off_cpu, lost) = match place {
            Some(place) => {
                let (scheduling, off_cpu, lost) = self.presence(place, shift);
                (Measured::Is(scheduling), off_cpu, lost)
            }
            None => (accounted(since_start), Vec::new(), Lost::default()),
        };
        let at = ended(&scheduling, began, shift);
        let readings =
            since_start.map(|seen| Reading { at, values: values(seen, &program.totals) });
        let readings = readings.into_iter().collect();
        let watched = Watched { readings, scheduling, off_cpu };
        Some((Watch { lane: Some(member.lane), thread, watched, lost }, since_start))
    }

    /// The thread of this number that was there at a moment. A thread is registered when it has begun,
    /// by a clock that is read at another time than the kernel's.
    fn find(&self, process: u32, thread: u32, at: Nanos) -> Option<usize> {
        let is_it = |other: &Thread| {
            (other.process, other.thread) == (process, thread)
                && other.began <= at
                && other.ended.is_none_or(|ended| at <= ended)
        };
        self.threads.iter().rposition(is_it)
    }

    fn presence(&mut self, place: usize, shift: Shift) -> (Scheduling, Vec<OffCpu>, Lost) {
        let end = shift.end();
        self.is_recorded_until(place, end);
        let thread = &mut self.threads[place];
        let until = thread.ended.map_or(end, |ended| ended.min(end));
        // Each thread is asked for once.
        let presence = std::mem::replace(&mut thread.presence, Presence::on_cpu(until));
        present(presence.finish(until), shift)
    }
}

fn from_outside() -> Kernel {
    Kernel { from_outside: true, ..Kernel::unmeasured("the limit was not read") }
}

/// When the thread was last watched, in the recording.
fn ended(scheduling: &Measured<Scheduling>, began: Option<Nanos>, shift: Shift) -> Nanos {
    let wall = scheduling.value().map(|scheduling| scheduling.wall);
    let last = began.zip(wall).map(|(began, wall)| began.max(shift.start) + wall);
    shift.in_recording(last.unwrap_or(shift.end()))
}

/// What was counted of a thread.
fn seen(
    program: &Program,
    process: u32,
    thread: u32,
    began: Option<Nanos>,
) -> Option<&ObservedThread> {
    let is_it = |seen: &&ObservedThread| {
        (seen.process, seen.thread) == (process, thread)
            && began.is_none_or(|began| program.started + seen.began == began)
    };
    program.threads.iter().rev().find(is_it)
}

/// The kernel's accounts tell of a thread's whole life only.
fn accounted(seen: Option<&ObservedThread>) -> Measured<Scheduling> {
    match seen.map(|seen| &seen.scheduling) {
        Some(Measured::Is(scheduling)) if scheduling.source == SchedulingSource::Accounting => {
            Measured::Is(*scheduling)
        }
        Some(Measured::Not(reason)) => Measured::Not(reason.clone()),
        Some(Measured::Is(_)) | None => Measured::Not(
            "the thread was not seen from outside, or was there before the recording".to_owned(),
        ),
    }
}

fn values(seen: &ObservedThread, totals: &[Total]) -> Values {
    Values(totals.iter().enumerate().map(|(place, total)| value(seen, place, total)).collect())
}

/// A count that most of the thread's time is in; `None` if there is none.
fn value(seen: &ObservedThread, place: usize, total: &Total) -> Option<u64> {
    let on_cpu = seen.scheduling.value()?.on_cpu.0;
    let counted = on_cpu.saturating_sub(seen.uncounted.0);
    let is_whole = u128::from(counted) * 100 >= u128::from(on_cpu) * u128::from(COUNTED);
    // These the switch records tell, from the thread's beginning on.
    let is_told = matches!(total.counter, Counter::ContextSwitches | Counter::CpuMigrations);
    seen.counts.get(place)?.value().copied().filter(|_| is_whole || is_told)
}

/// The counters, in the order of the totals; available are those that some thread of the recording has.
fn counters<'p>(
    totals: &[Total],
    threads: impl Iterator<Item = &'p ObservedThread> + Clone,
) -> Vec<CounterInfo> {
    let info = |(place, total): (usize, &Total)| {
        let estimated = total.estimated
            || threads.clone().any(|thread| thread.estimated.contains(&total.counter));
        let is_counted = threads.clone().any(|thread| value(thread, place, total).is_some());
        let reason = || {
            let each = |thread: &'p ObservedThread| reason_of(thread.counts.get(place)?);
            let of_threads = threads.clone().find_map(each);
            reason_of(&total.value).or(of_threads).unwrap_or(UNCOUNTED).to_owned()
        };
        CounterInfo {
            counter: total.counter,
            availability: match is_counted {
                true if estimated => Availability::Estimated,
                true => Availability::Available,
                false => Availability::Unavailable(reason()),
            },
            user_only: total.user_only,
        }
    };
    totals.iter().enumerate().map(info).collect()
}

fn reason_of(count: &Measured<u64>) -> Option<&str> {
    match count {
        Measured::Is(_) => None,
        Measured::Not(reason) => Some(reason),
    }
}

const UNCOUNTED: &str = "of each thread, more than a hundredth of its CPU time was before its \
                         counters could be opened";
