//! A thread's time on and off the CPU, folded from its switch records as they come.

use crate::linux::perf::Direction;
use crate::model::{Nanos, OffCpu, Scheduling, SchedulingSource, Span};

/// Stretches off the CPU that are kept for themselves; of more, only the longer ones.
const KEPT: usize = 1 << 17;
/// When there are too many, those below this go first, then those below four times as much.
const FIRST_LEAST: u64 = 5_000;

/// When a thread was on the CPU, from when it was first seen.
#[derive(Debug)]
pub(in crate::session) struct Presence {
    opened: Nanos,
    /// From here on it is in `state`.
    since: Nanos,
    state: State,
    cpu: Option<u32>,
    stretches: Vec<OffCpu>,
    /// Shorter ones are summed up only.
    least: u64,
    sums: Sums,
    /// Records that must have been there and were not.
    missing: u64,
    /// Of these, those that the kernel has told of and whose place has not shown yet.
    unplaced: u64,
    dropped: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Which of the two only the first record tells; if there is none, whether it could run.
    NotYetKnown {
        could_run: bool,
    },
    On,
    Off {
        preempted: bool,
    },
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    on: u64,
    voluntary: u64,
    preempted: u64,
    voluntary_switches: u64,
    preemptions: u64,
    migrations: u64,
}

/// All that is known of a thread's presence, on the clock of the records.
#[derive(Debug)]
pub(in crate::session) struct Present {
    pub(in crate::session) scheduling: Scheduling,
    pub(in crate::session) stretches: Vec<OffCpu>,
    /// Records lost that left a gap.
    pub(in crate::session) missing: u64,
    /// Stretches that are in the sums alone.
    pub(in crate::session) dropped: u64,
}

impl Presence {
    /// The thread itself says that it is there.
    pub(in crate::session) fn on_cpu(at: Nanos) -> Self {
        Self::new(at, State::On)
    }

    /// Another thread looks at it, and finds that it could run, or not.
    pub(in crate::session) fn seen_from_outside(at: Nanos, could_run: bool) -> Self {
        Self::new(at, State::NotYetKnown { could_run })
    }

    fn new(at: Nanos, state: State) -> Self {
        Self {
            opened: at,
            since: at,
            state,
            cpu: None,
            stretches: Vec::new(),
            least: 0,
            sums: Sums::default(),
            missing: 0,
            unplaced: 0,
            dropped: 0,
        }
    }

    /// Forgets what was before; the thread is still where it is.
    pub(in crate::session) fn restart(&mut self, at: Nanos) {
        let (state, cpu) = (self.state, self.cpu);
        *self = Self { cpu, ..Self::new(at.max(self.since), state) };
    }

    /// The thread left a CPU or came back.
    pub(in crate::session) fn switch(&mut self, at: Nanos, cpu: u32, direction: Direction) {
        // The first moments after opening may be told twice.
        let at = at.max(self.since);
        match direction {
            Direction::In => self.come(at, cpu),
            Direction::Out => self.go(at, cpu, false),
            Direction::Preempted => self.go(at, cpu, true),
        }
    }

    /// So many records were lost.
    pub(in crate::session) fn lose(&mut self, records: u64) {
        self.missing += records;
        self.unplaced += records;
    }

    fn come(&mut self, at: Nanos, cpu: u32) {
        let preempted = match self.state {
            State::Off { preempted } => preempted,
            State::NotYetKnown { could_run } => could_run,
            // It must have left in between.
            State::On => return self.miss(at, State::On, cpu),
        };
        self.sums.migrations += u64::from(self.cpu.is_some_and(|before| before != cpu));
        self.add_off(at, preempted, Some(cpu));
        self.enter(at, State::On, cpu);
    }

    fn go(&mut self, at: Nanos, cpu: u32, preempted: bool) {
        let next = State::Off { preempted };
        if let State::Off { .. } = self.state {
            return self.miss(at, next, cpu);
        }
        self.sums.on += (at - self.since).0;
        self.count_departure(preempted);
        self.enter(at, next, cpu);
    }

    fn count_departure(&mut self, preempted: bool) {
        if preempted {
            self.sums.preemptions += 1;
        } else {
            self.sums.voluntary_switches += 1;
        }
    }

    /// A record is missing: the time since the last one goes on as it was.
    fn miss(&mut self, at: Nanos, next: State, cpu: u32) {
        match self.unplaced.checked_sub(1) {
            Some(unplaced) => self.unplaced = unplaced,
            None => self.missing += 1,
        }
        match self.state {
            State::Off { preempted } => self.add_off(at, preempted, None),
            State::On | State::NotYetKnown { .. } => self.sums.on += (at - self.since).0,
        }
        if let State::Off { preempted } = next {
            self.count_departure(preempted);
        }
        self.enter(at, next, cpu);
    }

    fn enter(&mut self, at: Nanos, state: State, cpu: u32) {
        (self.since, self.state, self.cpu) = (at, state, Some(cpu));
    }

    fn add_off(&mut self, end: Nanos, preempted: bool, to_cpu: Option<u32>) {
        let span = Span { start: self.since, end };
        let nanos = span.duration().0;
        *(if preempted { &mut self.sums.preempted } else { &mut self.sums.voluntary }) += nanos;
        if nanos < self.least {
            self.dropped += 1;
            return;
        }
        self.stretches.push(OffCpu { span, preempted, from_cpu: self.cpu, to_cpu });
        while self.stretches.len() >= KEPT {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        self.least = (self.least * 4).max(FIRST_LEAST);
        let before = self.stretches.len();
        self.stretches.retain(|stretch| stretch.span.duration().0 >= self.least);
        self.dropped += (before - self.stretches.len()) as u64;
    }

    /// The thread ends, or the recording does. The parts add up to the time from the first sight
    /// until then.
    pub(in crate::session) fn finish(mut self, end: Nanos) -> Present {
        let end = end.max(self.since);
        match self.state {
            State::On | State::NotYetKnown { could_run: true } => {
                self.sums.on += (end - self.since).0;
            }
            State::Off { preempted } => self.add_off(end, preempted, None),
            State::NotYetKnown { could_run: false } => self.add_off(end, false, None),
        }
        let Sums { on, voluntary, preempted, .. } = self.sums;
        let Sums { voluntary_switches, preemptions, migrations, .. } = self.sums;
        let scheduling = Scheduling {
            source: SchedulingSource::SwitchRecords,
            wall: end - self.opened,
            on_cpu: Nanos(on),
            voluntary: Nanos(voluntary),
            preempted: Nanos(preempted),
            voluntary_switches: Some(voluntary_switches),
            preemptions: Some(preemptions),
            migrations: Some(migrations),
        };
        let (missing, dropped) = (self.missing, self.dropped);
        Present { scheduling, stretches: self.stretches, missing, dropped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos([wall, on, voluntary, preempted]: [u64; 4], present: &Present) {
        let scheduling = present.scheduling;
        let found =
            [scheduling.wall, scheduling.on_cpu, scheduling.voluntary, scheduling.preempted];
        assert_eq!(found, [Nanos(wall), Nanos(on), Nanos(voluntary), Nanos(preempted)]);
        assert_eq!(wall, on + voluntary + preempted);
    }

    #[test]
    fn every_part_of_the_time_is_in_one_sum() {
        let mut presence = Presence::on_cpu(Nanos(100));
        presence.switch(Nanos(150), 0, Direction::Out);
        presence.switch(Nanos(250), 1, Direction::In);
        presence.switch(Nanos(260), 1, Direction::Preempted);
        presence.switch(Nanos(300), 1, Direction::In);
        presence.switch(Nanos(500), 1, Direction::Out);
        let present = presence.finish(Nanos(600));
        nanos([500, 260, 200, 40], &present);
        let scheduling = present.scheduling;
        assert_eq!(scheduling.voluntary_switches, Some(2));
        assert_eq!((scheduling.preemptions, scheduling.migrations), (Some(1), Some(1)));
        let stretches: Vec<_> = present
            .stretches
            .iter()
            .map(|off| (off.span.start.0, off.span.end.0, off.preempted, off.from_cpu, off.to_cpu))
            .collect();
        let expected = [
            (150, 250, false, Some(0), Some(1)),
            (260, 300, true, Some(1), Some(1)),
            (500, 600, false, Some(1), None),
        ];
        assert_eq!(stretches, expected);
        assert_eq!((present.missing, present.dropped), (0, 0));
    }

    #[test]
    fn a_thread_that_sleeps_throughout_writes_no_record() {
        nanos([90, 0, 90, 0], &Presence::seen_from_outside(Nanos(10), false).finish(Nanos(100)));
        nanos([90, 90, 0, 0], &Presence::seen_from_outside(Nanos(10), true).finish(Nanos(100)));
    }

    #[test]
    fn the_first_record_tells_what_was_before() {
        let mut asleep = Presence::seen_from_outside(Nanos(0), false);
        asleep.switch(Nanos(30), 0, Direction::In);
        nanos([100, 70, 30, 0], &asleep.finish(Nanos(100)));
        let mut waiting = Presence::seen_from_outside(Nanos(0), true);
        waiting.switch(Nanos(30), 0, Direction::In);
        nanos([100, 70, 0, 30], &waiting.finish(Nanos(100)));
        let mut running = Presence::seen_from_outside(Nanos(0), true);
        running.switch(Nanos(30), 0, Direction::Out);
        nanos([100, 30, 70, 0], &running.finish(Nanos(100)));
    }

    #[test]
    fn a_missing_record_is_counted_and_leaves_no_gap() {
        let mut presence = Presence::on_cpu(Nanos(0));
        presence.switch(Nanos(10), 0, Direction::In);
        presence.switch(Nanos(20), 0, Direction::Out);
        presence.switch(Nanos(50), 0, Direction::Preempted);
        let present = presence.finish(Nanos(60));
        nanos([60, 20, 30, 10], &present);
        assert_eq!(present.missing, 2);
    }

    #[test]
    fn a_record_that_the_kernel_says_is_lost_is_counted_once() {
        let mut presence = Presence::on_cpu(Nanos(0));
        presence.lose(3);
        presence.switch(Nanos(10), 0, Direction::In);
        assert_eq!(presence.finish(Nanos(20)).missing, 3);
    }

    #[test]
    fn of_very_many_stretches_the_long_ones_are_kept_and_the_sums_hold() {
        const SWITCHES: u64 = 200_000;
        let mut presence = Presence::on_cpu(Nanos(0));
        for n in 0..SWITCHES {
            let long = if n % 1_000 == 0 { 50_000 } else { 100 };
            let start = n * 100_000 + 1;
            presence.switch(Nanos(start), 0, Direction::Out);
            presence.switch(Nanos(start + long), 0, Direction::In);
        }
        let present = presence.finish(Nanos(SWITCHES * 100_000));
        let long = SWITCHES / 1_000;
        let off = long * 50_000 + (SWITCHES - long) * 100;
        nanos([SWITCHES * 100_000, SWITCHES * 100_000 - off, off, 0], &present);
        let kept_long = present.stretches.iter().filter(|off| off.span.duration().0 == 50_000);
        assert_eq!(kept_long.count() as u64, long);
        assert_eq!(present.stretches.len() as u64 + present.dropped, SWITCHES);
        assert!(present.stretches.len() < KEPT);
    }
}
