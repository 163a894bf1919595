//! Stretches off the CPU, and what each means: whether the thread had something to do decides.

use super::doing::{Doing, Doings};
use crate::model::{Lane, OffCpu, Role};

/// The stretches of a lane, each with its name.
///
/// One that reaches over the beginning or the end of a job is named by its start: a thread that is
/// off the CPU can begin nothing, so that only the clocks' error lies between.
pub(super) fn named(lane: &Lane) -> impl Iterator<Item = (&OffCpu, &'static str)> {
    let mut doings = Doings::of(lane).peekable();
    let mut now = Doing::Nothing;
    lane.watched.off_cpu.iter().map(move |off| {
        while let Some((_, doing)) = doings.next_if(|(at, _)| *at <= off.span.start) {
            now = doing;
        }
        (off, name(lane.role, now, off.preempted))
    })
}

/// A worker without a job looks for one and yields on the way, which the kernel takes for a
/// preemption. What a thread that is no worker does outside its calls is not known: it may have
/// been kept from work, but if it left the CPU by itself, it had none.
fn name(role: Role, doing: Doing, preempted: bool) -> &'static str {
    match (role, doing, preempted) {
        (Role::Outside, Doing::Wait, _) => "waiting",
        (_, Doing::Job, true) | (Role::Outside, Doing::Nothing, true) => "preempted",
        (_, Doing::Job, false) => "blocked",
        (_, Doing::Wait | Doing::Nothing, true) => "yielded",
        (_, Doing::Wait | Doing::Nothing, false) => "asleep",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Counts, Event, EventId, Idle, Join, LaneId, Losses, Measured, Nanos, Operation,
        OperationKind, Origin, Outcome, PoolId, Search, SearchEnd, SecondHalf, Sleep, Span, Task,
        Watched,
    };

    fn span(start: u64, end: u64) -> Span {
        Span { start: Nanos(start), end: Nanos(end) }
    }

    fn id(sequence: u64) -> EventId {
        EventId::new(LaneId(1), sequence).unwrap()
    }

    fn off(start: u64, preempted: bool) -> OffCpu {
        OffCpu { span: span(start, start + 5), preempted, from_cpu: None, to_cpu: None }
    }

    fn lane(role: Role, events: Vec<Event>, off_cpu: Vec<OffCpu>) -> Lane {
        Lane {
            id: LaneId(1),
            name: None,
            thread: Measured::Is(1),
            role,
            started: None,
            ended: None,
            cpu: Measured::Is(Nanos(1)),
            counts: Counts::default(),
            tallies: Vec::new(),
            losses: Losses::default(),
            broken: None,
            watched: Watched { off_cpu, ..Watched::default() },
            idling: Default::default(),
            told: Default::default(),
            events,
        }
    }

    fn task(start: u64, end: u64, sequence: u64) -> Event {
        Event::Task(Task {
            span: span(start, end),
            id: id(sequence),
            origin: Origin::Local,
            parent: None,
            pushed: None,
            depth: None,
            joins: 0,
            spawns: 0,
            outcome: Outcome::Returned,
            site: None,
            counters: None,
        })
    }

    fn names(lane: &Lane) -> Vec<&'static str> {
        named(lane).map(|(_, name)| name).collect()
    }

    const WORKER: Role = Role::Worker { pool: PoolId(1), index: 0 };

    #[test]
    fn a_worker_that_waits_in_a_join_has_no_job_but_those_it_runs_meanwhile() {
        let join = Event::Join(Join {
            span: span(110, 190),
            id: id(2),
            task: id(1),
            operation: None,
            first_end: Nanos(130),
            depth: 0,
            first_joins: 0,
            second_joins: 0,
            second: SecondHalf::Stolen,
            elided: None,
            outcome: Outcome::Returned,
            site: None,
        });
        let starts = [90, 100, 120, 130, 150, 160, 195, 200];
        let events = || vec![task(100, 200, 1), join.clone(), task(145, 155, 3)];
        let with = |preempted| starts.map(|start| off(start, preempted)).to_vec();
        let voluntary = lane(WORKER, events(), with(false));
        let expected =
            ["asleep", "blocked", "blocked", "asleep", "blocked", "asleep", "blocked", "asleep"];
        assert_eq!(names(&voluntary), expected);
        let preempted = lane(WORKER, events(), with(true));
        let named = |name| if name == "asleep" { "yielded" } else { "preempted" };
        assert_eq!(names(&preempted), expected.map(named));
    }

    #[test]
    fn a_worker_has_no_job_while_it_looks_for_one_in_a_task() {
        let search = |start, end, how| {
            Idle::Search(Search { span: span(start, end), rounds: 1, yields: 0, end: how })
        };
        let nap = Sleep { span: span(130, 150), wake: None, open: false };
        let events = vec![task(100, 200, 1), task(160, 170, 2)];
        let offs = [110, 120, 130, 145, 150, 160, 170, 180].map(|start| off(start, false));
        let mut lane = lane(WORKER, events, offs.to_vec());
        lane.idling.stretches = vec![
            search(50, 60, SearchEnd::Asleep),
            search(120, 130, SearchEnd::Asleep),
            Idle::Sleep(nap),
            search(150, 160, SearchEnd::Found),
            search(170, 180, SearchEnd::Latch),
        ];
        let expected =
            ["blocked", "asleep", "asleep", "asleep", "asleep", "blocked", "asleep", "blocked"];
        assert_eq!(names(&lane), expected);
    }

    #[test]
    fn a_thread_outside_waits_in_its_calls_and_works_before() {
        let call = Event::Operation(Operation {
            span: span(100, 200),
            id: id(1),
            task: None,
            kind: OperationKind::Install,
            wait: Nanos(120),
            outcome: Outcome::Returned,
            site: None,
            label: None,
            chain: None,
            iteration: None,
        });
        let with = |preempted| [90, 105, 130, 210].map(|start| off(start, preempted)).to_vec();
        let of = |preempted| lane(Role::Outside, vec![call.clone()], with(preempted));
        assert_eq!(names(&of(false)), ["asleep", "blocked", "waiting", "asleep"]);
        assert_eq!(names(&of(true)), ["preempted", "preempted", "waiting", "preempted"]);
    }

    #[test]
    fn one_that_outlasts_its_job_is_named_by_its_start() {
        let long = OffCpu { span: span(150, 300), ..off(150, true) };
        assert_eq!(names(&lane(WORKER, vec![task(100, 200, 1)], vec![long])), ["preempted"]);
    }
}
