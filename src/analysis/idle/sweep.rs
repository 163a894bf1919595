//! The sweep: from changes in order of time to sums.

use super::IdleSplit;
use crate::model::{Measured, Nanos};

/// One worker, or one task, in the whole numbers that the sweep counts in: short tasks that are
/// summed up make a worker busy in part.
pub(super) const ONE: i64 = 1 << 32;

/// Something goes up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    pub(super) at: Nanos,
    pub(super) what: What,
    /// In units of [`ONE`].
    pub(super) by: i64,
}

/// What changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// Workers in tasks that do not wait.
    Busy,
    /// Workers that wait in a task, with nothing else to run.
    Waiting,
    /// Workers without a task.
    NoTask,
    /// Of the last two, those that sleep.
    Asleep,
    /// Workers that wait for the iterator that all share.
    Producer,
    /// Tasks pushed and not begun, and joins that could go on, whose worker runs nothing.
    Queued,
    /// Joins that could go on, whose worker runs something else.
    Pinned,
    /// Operations whose inside is invisible.
    Opaque,
    /// Threads that are no workers and work.
    Caller,
    /// The window, from its start to its end.
    Window,
}

const KINDS: usize = What::Window as usize + 1;

pub(super) fn sweep(mut changes: Vec<Change>) -> IdleSplit {
    changes.sort_unstable();
    let mut state = [0_i64; KINDS];
    let (mut sums, mut since) = (Sums::default(), Nanos::ZERO);
    for Change { at, what, by } in changes {
        if at > since {
            sums.add(&state, (at - since).0);
            since = at;
        }
        state[what as usize] += by;
    }
    sums.split()
}

/// Workers times nanoseconds, in units of [`ONE`].
#[derive(Default)]
struct Sums {
    busy: u128,
    opaque: u128,
    caller: u128,
    scheduling: u128,
    waking: u128,
    pinned: u128,
    hand_over: u128,
    serial: u128,
    starved: u128,
    producer: u128,
}

impl Sums {
    /// So long, it was as `state` says.
    fn add(&mut self, state: &[i64; KINDS], nanos: u64) {
        let now = |what: What| state[what as usize].max(0);
        if now(What::Window) == 0 {
            return;
        }
        let mut add = |sum: fn(&mut Self) -> &mut u128, share: i64| {
            *sum(self) += share as u128 * u128::from(nanos);
        };
        let (busy, no_task) = (now(What::Busy), now(What::NoTask));
        add(|sums| &mut sums.busy, busy);
        add(|sums| &mut sums.producer, now(What::Producer));
        let hidden = if now(What::Opaque) > 0 { no_task } else { 0 };
        add(|sums| &mut sums.opaque, hidden);
        let there = now(What::Waiting) + no_task - hidden;
        let caller = now(What::Caller).min(ONE).min(there);
        add(|sums| &mut sums.caller, caller);
        let idle = there - caller;
        let scheduling = idle.min(now(What::Queued));
        let waking = part(scheduling, now(What::Asleep).min(there), there);
        add(|sums| &mut sums.waking, waking);
        add(|sums| &mut sums.scheduling, scheduling);
        let pinned = (idle - scheduling).min(now(What::Pinned));
        add(|sums| &mut sums.pinned, pinned);
        add(nothing_to_run(busy + caller), idle - scheduling - pinned);
    }

    fn split(self) -> IdleSplit {
        // Rounded down: a nanosecond each.
        let nanos = |sum: u128| Nanos((sum / ONE as u128) as u64);
        IdleSplit {
            busy: nanos(self.busy),
            opaque: nanos(self.opaque),
            caller: nanos(self.caller),
            scheduling: nanos(self.scheduling),
            waking: Measured::Is(nanos(self.waking)),
            pinned: nanos(self.pinned),
            hand_over: nanos(self.hand_over),
            serial: nanos(self.serial),
            starved: nanos(self.starved),
            producer: nanos(self.producer),
        }
    }
}

/// Why there is nothing to run, by how many are busy. One that is busy in part, with short tasks,
/// counts as the nearer whole number.
fn nothing_to_run(busy: i64) -> fn(&mut Sums) -> &mut u128 {
    match (busy + ONE / 2) / ONE {
        0 => |sums| &mut sums.hand_over,
        1 => |sums| &mut sums.serial,
        _ => |sums| &mut sums.starved,
    }
}

/// `whole · share / of`.
fn part(whole: i64, share: i64, of: i64) -> i64 {
    if of == 0 {
        return 0;
    }
    (i128::from(whole) * i128::from(share) / i128::from(of)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The split of stretches: what, from, to.
    fn swept(stretches: &[(What, u64, u64)]) -> IdleSplit {
        let changes = stretches.iter().flat_map(|&(what, from, to)| {
            let change = |at, by| Change { at: Nanos(at), what, by };
            [change(from, ONE), change(to, -ONE)]
        });
        let window = [(0, ONE), (100, -ONE)];
        let window = window.map(|(at, by)| Change { at: Nanos(at), what: What::Window, by });
        sweep(changes.chain(window).collect())
    }

    #[test]
    fn queued_work_makes_idle_time_scheduling_and_no_more_of_it_than_there_is() {
        let two = [(What::Busy, 0, 100), (What::NoTask, 0, 100), (What::NoTask, 0, 100)];
        let one_queued = swept(&[&two[..], &[(What::Queued, 10, 40)]].concat());
        assert_eq!((one_queued.scheduling, one_queued.serial), (Nanos(30), Nanos(170)));
        let queued = [(What::Queued, 10, 40); 5];
        let many = swept(&[&two[..], &queued].concat());
        assert_eq!((many.scheduling, many.serial), (Nanos(60), Nanos(140)));
        assert_eq!(many.total(), Nanos(300));
    }

    #[test]
    fn scheduling_is_shared_by_what_the_idle_did() {
        let split = swept(&[
            (What::Busy, 0, 100),
            (What::NoTask, 0, 100),
            (What::Waiting, 0, 100),
            (What::Asleep, 0, 50),
            (What::Queued, 0, 100),
        ]);
        assert_eq!(split.waking, Measured::Is(Nanos(25)));
        assert_eq!((split.scheduling, split.serial), (Nanos(100), Nanos(100)));
    }

    #[test]
    fn nothing_to_run_has_its_reason_by_the_number_of_the_busy() {
        let split = swept(&[
            (What::NoTask, 0, 100),
            (What::NoTask, 0, 100),
            (What::NoTask, 0, 20),
            (What::Busy, 20, 100),
            (What::NoTask, 0, 60),
            (What::Busy, 60, 100),
        ]);
        assert_eq!(split.hand_over, Nanos(80));
        assert_eq!(split.serial, Nanos(40 * 3));
        assert_eq!(split.starved, Nanos(40 * 2));
        assert_eq!(split.total(), Nanos(400));
    }

    #[test]
    fn a_caller_that_works_takes_one_idle_workers_place() {
        let idle = [(What::NoTask, 0, 100), (What::NoTask, 0, 100)];
        let split = swept(&[&idle[..], &[(What::Caller, 0, 30), (What::Caller, 10, 30)]].concat());
        assert_eq!(
            (split.caller, split.serial, split.hand_over),
            (Nanos(30), Nanos(30), Nanos(140))
        );
        let busy = [(What::Busy, 0, 100), (What::Caller, 0, 100)];
        let split = swept(&busy);
        assert_eq!((split.busy, split.total()), (Nanos(100), Nanos(100)));
    }

    #[test]
    fn a_join_that_could_go_on_pins_who_is_idle_for_it() {
        let split = swept(&[
            (What::Busy, 0, 100),
            (What::NoTask, 0, 100),
            (What::Pinned, 20, 60),
            (What::Queued, 50, 60),
        ]);
        assert_eq!(
            (split.pinned, split.scheduling, split.serial),
            (Nanos(30), Nanos(10), Nanos(60))
        );
    }

    #[test]
    fn what_is_invisible_is_not_idle() {
        let split = swept(&[
            (What::NoTask, 0, 100),
            (What::Waiting, 0, 100),
            (What::Opaque, 0, 40),
            (What::Producer, 0, 100),
        ]);
        assert_eq!((split.opaque, split.producer), (Nanos(40), Nanos(100)));
        assert_eq!(split.hand_over, Nanos(160));
    }

    #[test]
    fn what_lies_outside_the_window_does_not_count() {
        assert_eq!(swept(&[(What::Busy, 100, 200)]).total(), Nanos::ZERO);
    }
}
