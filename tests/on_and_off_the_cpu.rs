//! A worker's time on the CPU and off it: each part on a lane made by hand, and that the parts add up
//! on any.

mod timeline_fixture;

use proptest::prelude::*;
use rayprism::analysis::{OnOff, OnOffParts};
use rayprism::model::*;
use rayprism::report::Report;
use timeline_fixture::*;

fn off(start: u64, end: u64, preempted: bool) -> OffCpu {
    OffCpu { span: span(start, end), preempted, from_cpu: Some(0), to_cpu: Some(1) }
}

/// Sums as a recorder would take them, over the whole of `wall`.
fn sums(source: SchedulingSource, wall: u64, off_cpu: &[OffCpu]) -> Scheduling {
    let of = |preempted| {
        let stretches = off_cpu.iter().filter(|off| off.preempted == preempted);
        let (mut nanos, mut number) = (0, 0);
        for stretch in stretches {
            nanos += stretch.span.duration().0;
            number += 1;
        }
        (nanos, number)
    };
    let ((voluntary, left), (preempted, forced)) = (of(false), of(true));
    let known = source == SchedulingSource::SwitchRecords;
    Scheduling {
        source,
        wall: Nanos(wall),
        on_cpu: Nanos(wall - voluntary - preempted),
        voluntary: Nanos(voluntary),
        preempted: Nanos(preempted),
        voluntary_switches: known.then_some(left),
        preemptions: known.then_some(forced),
        migrations: known.then_some(left + forced),
    }
}

fn watched(wall: u64, off_cpu: Vec<OffCpu>) -> Watched {
    let sums = sums(SchedulingSource::SwitchRecords, wall, &off_cpu);
    Watched { scheduling: Measured::Is(sums), off_cpu, ..Watched::default() }
}

/// `crossed`, in which worker 0 has jobs from 200 to 500, 600 to 800 and 900 to 1000 ns of a window
/// from 100 to 1100.
fn crossed_with(off_cpu: Vec<OffCpu>) -> Trace {
    let mut trace = crossed();
    trace.lanes[1].watched = watched(1200, off_cpu);
    trace
}

fn first_of(trace: &Trace) -> OnOff {
    Report::of(trace).expect("sound").activity.pools[0].workers[0].on_off.clone()
}

fn parts(figures: [u64; 6]) -> OnOffParts {
    let [working, searching, preempted, blocked, yielded, asleep] = figures.map(Nanos);
    let unplaced = Nanos::ZERO;
    OnOffParts { working, searching, preempted, blocked, yielded, asleep, unplaced }
}

#[test]
fn what_a_worker_was_off_the_cpu_for_depends_on_its_job() {
    let off_cpu = vec![
        // Before the window, and into it.
        off(40, 120, false),
        // Looking for work.
        off(150, 160, true),
        // In its task, before its join and in the first half.
        off(250, 280, true),
        off(300, 340, false),
        // Waiting in the join.
        off(510, 560, false),
        off(570, 575, true),
        // In the task that it runs meanwhile.
        off(650, 700, false),
        // Asleep to the end, beyond the window.
        off(1050, 1200, false),
    ];
    let on_off = first_of(&crossed_with(off_cpu));
    // Of 600 with a job 120 were off the CPU, of 400 without one 135.
    let expected = parts([480, 265, 30, 90, 15, 120]);
    assert_eq!(on_off.parts, Measured::Is(expected));
    assert_eq!((expected.on_cpu(), expected.off_cpu()), (Nanos(745), Nanos(255)));
}

#[test]
fn a_stretch_over_the_end_of_a_job_belongs_to_what_was_at_its_start() {
    let expected = |figures| Measured::Is(parts(figures));
    let over_the_end = first_of(&crossed_with(vec![off(950, 1020, true)]));
    assert_eq!(over_the_end.parts, expected([550, 380, 70, 0, 0, 0]));
    let over_the_start = first_of(&crossed_with(vec![off(150, 210, false)]));
    assert_eq!(over_the_start.parts, expected([590, 350, 0, 0, 0, 60]));
}

#[test]
fn workers_together_are_the_sum_or_the_reason() {
    let mut trace = crossed_with(vec![off(250, 280, true)]);
    let pool = |trace: &Trace| Report::of(trace).expect("sound").activity.pools[0].on_off.clone();
    let reason = "the trace was recorded without it".to_owned();
    assert_eq!(pool(&trace).parts, Measured::Not(reason.clone()));
    assert_eq!(pool(&trace).sums, Measured::Not(reason));
    trace.lanes[2].watched = watched(1000, vec![off(0, 100, false), off(100, 350, false)]);
    // Worker 1 has jobs for 130 ns and sleeps before them.
    let both = pool(&trace);
    assert_eq!(both.parts, Measured::Is(parts([570 + 130, 400 + 620, 30, 0, 0, 250])));
    let sums = both.sums.value().expect("measured");
    assert_eq!((sums.wall, sums.voluntary, sums.preempted), (Nanos(2200), Nanos(350), Nanos(30)));
    assert_eq!((sums.voluntary_switches, sums.migrations), (Some(2), Some(3)));
}

#[test]
fn accounts_give_sums_and_say_why_no_parts() {
    let mut trace = crossed();
    let sums = sums(SchedulingSource::Accounting, 1200, &[off(0, 300, false)]);
    trace.lanes[1].watched.scheduling = Measured::Is(sums);
    let on_off = first_of(&trace);
    assert_eq!(on_off.sums, Measured::Is(sums));
    let reason = "the kernel's accounts give sums alone".to_owned();
    assert_eq!(on_off.parts, Measured::Not(reason));
}

#[test]
fn where_events_are_lost_jobs_are_not_known() {
    let mut trace = crossed_with(vec![off(250, 280, true)]);
    trace.lanes[1].losses.dropped = 1;
    assert_eq!(first_of(&trace).parts, Measured::Not("events were lost".to_owned()));
}

#[test]
fn what_is_in_the_sums_alone_is_told() {
    let mut trace = crossed_with(vec![off(250, 280, true), off(510, 520, false)]);
    trace.lanes[1].watched.off_cpu.pop();
    trace.lanes[1].losses.off_cpu = 1;
    let expected = OnOffParts { unplaced: Nanos(10), ..parts([570, 400, 30, 0, 0, 0]) };
    assert_eq!(first_of(&trace).parts, Measured::Is(expected));
}

#[test]
fn counters_of_all_workers_and_what_they_make_together() {
    let mut trace = crossed();
    let denied = "no permission".to_owned();
    let counters = [
        (Counter::Cycles, Availability::Available),
        (Counter::Instructions, Availability::Estimated),
        (Counter::CacheMisses, Availability::Available),
        (Counter::BranchMisses, Availability::Unavailable(denied.clone())),
        (Counter::StalledCyclesBackend, Availability::Unavailable("no such".to_owned())),
        (Counter::MajorFaults, Availability::Unavailable(denied.clone())),
    ];
    let info = |(counter, availability)| CounterInfo { counter, availability, user_only: true };
    trace.header.kernel.counters = counters.map(info).to_vec();
    let reading = |at, [cycles, instructions, misses]: [u64; 3]| {
        let values = [Some(cycles), Some(instructions), Some(misses), None, None, None];
        Reading { at: Nanos(at), values: Values(values.into()) }
    };
    trace.lanes[0].watched.readings = vec![reading(1200, [7, 7, 7])];
    trace.lanes[1].watched.readings = vec![reading(9, [1, 1, 1]), reading(1200, [400, 900, 3])];
    trace.lanes[2].watched.readings = vec![reading(1200, [600, 600, 6])];
    let kernel = Report::of(&trace).expect("sound").kernel;
    assert_eq!(kernel.counter(Counter::Cycles).unwrap().workers, Measured::Is(1000));
    assert_eq!(kernel.instructions_per_cycle, Measured::Is(1.5));
    assert_eq!(kernel.cache_misses_per_1000_instructions, Measured::Is(6.0));
    let branches = &kernel.counter(Counter::BranchMisses).unwrap().workers;
    assert_eq!(branches, &Measured::Not(denied.clone()));
    assert_eq!(
        kernel.uncounted(),
        [
            (&*denied, vec![Counter::BranchMisses, Counter::MajorFaults]),
            ("no such", vec![Counter::StalledCyclesBackend]),
        ]
    );
    trace.lanes[2].watched.readings.clear();
    let unread =
        "not every worker's counters could be read; `ulimit -n` may leave no room for more"
            .to_owned();
    let kernel = Report::of(&trace).expect("sound").kernel;
    assert_eq!(kernel.instructions_per_cycle, Measured::Not(unread));
    assert!(kernel.counter(Counter::MinorFaults).is_none());
}

const DURATION: u64 = 2_000;

/// Tasks, some with a join that waits from its middle on, one after the other.
fn events(numbers: &[u16]) -> Vec<Event> {
    let (mut at, mut events) = (0, Vec::new());
    for (pair, sequence) in numbers.chunks_exact(2).zip((1..).step_by(2)) {
        let start = at + u64::from(pair[0] % 50);
        // A task without length would have to stand behind a longer one that begins with it.
        let end = start + 1 + u64::from(pair[1] % 200);
        if end > DURATION {
            break;
        }
        events.push(Event::Task(task(1, sequence, start, end)));
        if pair[0].is_multiple_of(3) {
            let half = join(1, sequence + 1, sequence, [start, (start + end) / 2, end]);
            events.push(Event::Join(Join { second: SecondHalf::Stolen, ..half }));
        }
        at = end;
    }
    events
}

fn stretches(numbers: &[u16]) -> Vec<OffCpu> {
    let (mut at, mut off_cpu) = (0, Vec::new());
    for pair in numbers.chunks_exact(2) {
        let start = at + u64::from(pair[0] % 60);
        at = start + u64::from(pair[1] % 90);
        if at > DURATION {
            break;
        }
        off_cpu.push(off(start, at, pair[1].is_multiple_of(2)));
    }
    off_cpu
}

fn numbers() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..120)
}

proptest! {
    #[test]
    fn the_parts_add_up_to_the_time_that_the_worker_was_there(
        of_events in numbers(), of_stretches in numbers(), late in 0_u64..20,
    ) {
        let lane = Lane {
            watched: watched(DURATION, stretches(&of_stretches)),
            ..worker(1, 0, events(&of_events))
        };
        let first = lane.events.first().map_or(0, |event| event.span().start.0);
        let lane = Lane { started: Some(Nanos(late.min(first))), ..lane };
        let report = Report::of(&trace(DURATION, vec![lane.clone()])).expect("sound");
        let worker = &report.activity.pools[0].workers[0];
        let (parts, times) = (worker.on_off.parts.value().unwrap(), worker.times.value().unwrap());

        let window = report.window.span.duration();
        prop_assert_eq!(parts.on_cpu() + parts.off_cpu() + times.absent, window);
        // Painted, nanosecond by nanosecond.
        let seen = |at: u64| (report.window.span.start.0..report.window.span.end.0).contains(&at)
            && at >= late.min(first);
        let is_off = |at: u64| lane.watched.off_cpu.iter().any(|off| {
            (off.span.start.0..off.span.end.0).contains(&at)
        });
        let painted = (0..DURATION).filter(|&at| seen(at) && is_off(at)).count() as u64;
        prop_assert_eq!(parts.off_cpu(), Nanos(painted));
        prop_assert!(parts.working <= times.busy);
    }
}
