//! One thread under observation: its counters, its switch records, and what is read where these
//! cannot be had.

use std::sync::Arc;

use super::presence::{Presence, Present};
use crate::linux;
use crate::linux::perf::{self, Plan, Record, SwitchRing, Target, ThreadCounters, WORDS};
use crate::model::{LaneId, Measured, Nanos, Scheduling, SchedulingSource};

/// A ring has room for 8,192 records; where there is not so much memory, for fewer.
const RING_BYTES: usize = 256 << 10;
const LEAST_RING_BYTES: usize = 16 << 10;

/// A thread under observation. All times are the kernel's monotonic clock's.
#[derive(Debug)]
pub(super) struct Watch {
    /// `None` as long as the thread has recorded nothing.
    pub(super) lane: Option<LaneId>,
    /// The kernel's number of the thread.
    pub(super) thread: u32,
    pub(super) opened: Nanos,
    /// When the thread ended, if it did.
    pub(super) ended: Option<Nanos>,
    pub(super) counters: Option<Arc<ThreadCounters>>,
    pub(super) readings: Vec<(Nanos, Box<[u64]>)>,
    /// What the counters had counted before.
    base: Box<[u64]>,
    /// `None` where there are no switch records, and once the thread has ended.
    ring: Option<SwitchRing>,
    /// What they have told; `None` where there are none, and once it was taken.
    presence: Option<Presence>,
    accounts: Accounts,
}

/// What the kernel accounts of every thread, at the beginning and at the end.
#[derive(Debug)]
struct Accounts {
    before: Option<Account>,
    after: Option<Account>,
}

/// Time on a CPU and time of waiting for one, since the thread began.
#[derive(Clone, Copy, Debug)]
struct Account {
    on_cpu: Nanos,
    waiting: Nanos,
}

impl Account {
    fn of(thread: u32) -> Option<Self> {
        Some(Self { on_cpu: linux::cpu_of(thread)?, waiting: linux::waiting_of(thread)? })
    }
}

impl Watch {
    /// Begins to watch a thread, as `target` says who that is, beside so many others.
    pub(super) fn open(
        plan: &Plan,
        lane: Option<LaneId>,
        thread: u32,
        target: Target,
        others: usize,
    ) -> Option<Self> {
        // Each counter is an open file. Half of them are the program's in any case: without its
        // counters a thread is still measured, without its files a program may fail.
        let files = (others + 1) * (1 + plan.files());
        let counters = (plan.words() > 0 && files <= linux::file_limit() / 2)
            .then(|| ThreadCounters::open(plan, target).ok())
            .flatten()
            .map(Arc::new);
        let opened = perf::monotonic_now().ok()?;
        let ring = plan.switch_records().ok().and_then(|()| open_ring(target).ok());
        let presence = match target {
            Target::OwnThread => Presence::on_cpu(opened),
            // Without /proc a guess: its first record tells better.
            _ => {
                let could_run = linux::is_runnable(thread).unwrap_or(true);
                Presence::seen_from_outside(opened, could_run)
            }
        };
        Some(Self {
            lane,
            thread,
            opened,
            ended: None,
            counters,
            readings: Vec::new(),
            base: vec![0; plan.words()].into(),
            presence: ring.is_some().then_some(presence),
            ring,
            accounts: Accounts { before: Account::of(thread), after: None },
        })
    }

    /// The recording begins: what was before is none of its.
    pub(super) fn restart(&mut self, at: Nanos) {
        self.drain(None);
        self.opened = at;
        self.readings.clear();
        self.accounts.before = Account::of(self.thread);
        if let Some(words) = self.words() {
            self.base = words;
        }
        if let Some(presence) = &mut self.presence {
            presence.restart(at);
        }
    }

    /// The ring's file, to be waited for while the thread runs.
    pub(super) fn file(&self) -> Option<i32> {
        self.ring.as_ref().filter(|_| self.ended.is_none()).map(SwitchRing::file)
    }

    /// Takes in what the kernel has written, up to `until`.
    pub(super) fn drain(&mut self, until: Option<Nanos>) {
        let (Some(ring), Some(presence)) = (&mut self.ring, &mut self.presence) else { return };
        ring.drain(|record| match record {
            Record::Switch { at, .. } if until.is_some_and(|until| at > until) => {}
            Record::Switch { at, cpu, direction, .. } => presence.switch(at, cpu, direction),
            Record::Lost(records) => presence.lose(records),
            #[allow(unreachable_patterns, reason = "other records come from outside alone")]
            _ => {}
        });
    }

    /// Reads the counters.
    pub(super) fn read(&mut self, at: Nanos) {
        // A thread that has ended has said its last word.
        if let (Some(words), None) = (self.words(), self.ended) {
            self.readings.push((at, words));
        }
    }

    fn words(&self) -> Option<Box<[u64]>> {
        let mut words = [0; WORDS];
        let length = self.counters.as_ref()?.read(&mut words).ok()?;
        Some(words[..length].into())
    }

    /// What a reading says of the recording; `None` if it is not of these counters.
    pub(super) fn counted(&self, (_, words): &(Nanos, Box<[u64]>)) -> Option<Box<[u64]>> {
        let since = |(after, before): (&u64, &u64)| after.saturating_sub(*before);
        (words.len() == self.base.len()).then(|| words.iter().zip(&self.base).map(since).collect())
    }

    /// The thread ends.
    pub(super) fn leave(&mut self, at: Nanos) {
        if self.ended.is_none() {
            self.drain(Some(at));
            self.settle(at);
            self.ended = Some(at);
        }
    }

    /// The last readings, of the thread or of the recording.
    pub(super) fn settle(&mut self, at: Nanos) {
        self.read(at);
        if self.ended.is_none() {
            self.accounts.after = Account::of(self.thread);
        }
    }

    /// The recording has ended, if the thread has not; what it has settled stands.
    pub(super) fn finish(&mut self, end: Nanos) {
        if self.ended.is_none() {
            self.drain(Some(end));
            self.ended = Some(end);
        }
    }

    /// Files and memory go back to the program.
    pub(super) fn close(&mut self) {
        (self.counters, self.ring) = (None, None);
    }

    /// What was seen of its presence, after it has ended.
    pub(super) fn presence(&mut self) -> Option<Present> {
        Some(self.presence.take()?.finish(self.ended?))
    }

    /// The same from the kernel's accounts, in sums alone.
    pub(super) fn accounted(&self) -> Measured<Scheduling> {
        match (self.ended, self.accounts.before, self.accounts.after) {
            (Some(ended), Some(before), Some(after)) => {
                Measured::Is(accounted(ended.saturating_since(self.opened), before, after))
            }
            _ => Measured::Not("the kernel's accounts of the thread could not be read".to_owned()),
        }
    }
}

/// What neither runs nor waits for a CPU is off it of its own will.
fn accounted(wall: Nanos, before: Account, after: Account) -> Scheduling {
    // The three clocks are read one after the other, so that a part may be a little too long.
    let on_cpu = after.on_cpu.saturating_since(before.on_cpu).min(wall);
    let preempted = after.waiting.saturating_since(before.waiting).min(wall - on_cpu);
    Scheduling {
        source: SchedulingSource::Accounting,
        wall,
        on_cpu,
        voluntary: wall - on_cpu - preempted,
        preempted,
        voluntary_switches: None,
        preemptions: None,
        migrations: None,
    }
}

/// With as much memory as there is.
fn open_ring(target: Target) -> Result<SwitchRing, String> {
    let mut bytes = RING_BYTES;
    loop {
        match SwitchRing::open(target, bytes) {
            Err(_) if bytes > LEAST_RING_BYTES => bytes /= 2,
            opened => return opened,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_add_up_to_the_wall_time_whatever_the_clocks_say() {
        let account = |on_cpu, waiting| Account { on_cpu: Nanos(on_cpu), waiting: Nanos(waiting) };
        for (after, expected) in [
            (account(150, 80), [50, 30, 20]),
            (account(250, 80), [100, 0, 0]),
            (account(170, 160), [70, 0, 30]),
            (account(90, 50), [0, 100, 0]),
        ] {
            let scheduling = accounted(Nanos(100), account(100, 60), after);
            let parts = [scheduling.on_cpu, scheduling.voluntary, scheduling.preempted];
            assert_eq!(parts, expected.map(Nanos));
        }
    }
}
