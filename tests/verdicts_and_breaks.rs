//! Verdicts on traces whose parts are known by construction, and what is left of a recording that lost
//! its beginning.

mod timeline_fixture;

use rayprism::analysis::Component::*;
use rayprism::analysis::{Component, CoreTime, Decomposition, Group, Verdict, Window};
use rayprism::model;
use rayprism::model::{
    Baseline, Costs, Event, Lane, Losses, Measured, Nanos, OffCpu, Operation, OperationKind, Parts,
    RayonCosts, Run, Samples, SchedulingSource, Task, Trace, Watched,
};
use rayprism::timeline::Timeline;
use timeline_fixture::*;

/// Whose switch records are there, and say that it never left the CPU.
fn watched(lane: Lane) -> Lane {
    let scheduling = model::Scheduling {
        source: SchedulingSource::SwitchRecords,
        wall: Nanos(1000),
        on_cpu: Nanos(1000),
        voluntary: Nanos::ZERO,
        preempted: Nanos::ZERO,
        voluntary_switches: Some(0),
        preemptions: Some(0),
        migrations: Some(0),
    };
    let watched = Watched { scheduling: Measured::Is(scheduling), ..lane.watched };
    Lane { watched, ..lane }
}

/// The decomposition of the one pool's time, and that it is all the time there is.
fn decomposed(trace: &Trace) -> Decomposition {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let window = Window::of(&timeline);
    let Measured::Is(whole) = Decomposition::of(&timeline, window, &timeline.pools()[0]) else {
        panic!("there are times")
    };
    let all: CoreTime = whole.parts.iter().map(|part| part.time).sum();
    assert_eq!(all, CoreTime::from(whole.core_time), "{whole:?}");
    // Each part is rounded by itself.
    assert!(whole.time(Component::Unattributed).0.abs() < 10, "{whole:?}");
    whole
}

fn listed(whole: &Decomposition) -> Vec<(Component, i64)> {
    let parts = whole.parts.iter();
    let parts = parts.filter(|part| part.component != Component::Unattributed);
    parts.map(|part| (part.component, part.time.0)).collect()
}

fn off(start: u64, end: u64) -> OffCpu {
    OffCpu { span: span(start, end), preempted: false, from_cpu: None, to_cpu: None }
}

/// Recording costs nothing, and neither does rayon, unless changed.
fn free(mut trace: Trace) -> Trace {
    trace.header.costs = Costs::NOTHING;
    trace.header.rayon = Measured::Is(RayonCosts { join_ps: 0, spawn_ps: 0, job_ps: 0 });
    trace
}

/// An `install` from outside, from 0 to 1000, whose task runs on worker 0 from 100 to 900.
fn installed(events: Vec<Event>, other: Lane) -> Trace {
    let install = operation(1, 1, [0, 10, 1000]);
    let task = Task { parent: Some(install.id), pushed: Some(Nanos(20)), ..task(2, 1, 100, 900) };
    let joins = events.iter().filter(|event| matches!(event, Event::Join(_))).count() as u64;
    let task = Event::Task(Task { joins, ..task });
    let caller = outside(1, vec![Event::Operation(install)]);
    free(trace(1000, vec![caller, worker(2, 0, [vec![task], events].concat()), other]))
}

/// The same with switch records of all threads, which left the CPU as their lanes say.
fn with_switches(mut trace: Trace) -> Trace {
    trace.lanes = trace.lanes.into_iter().map(watched).collect();
    trace
}

fn ran(threads: u32, one_worker: Option<u64>) -> Trace {
    let samples = |time| Samples(vec![Nanos(time)]);
    let parts = |work, blocked| {
        Measured::Is(Parts {
            work: Nanos(work),
            runtime: Nanos::ZERO,
            reduce: Nanos::ZERO,
            blocked: Some(Nanos(blocked)),
            preempted: Some(Nanos::ZERO),
        })
    };
    let baseline = |serial, work, blocked| Baseline {
        variant: "serial".to_owned(),
        serial,
        samples: samples(1000),
        parts: parts(work, blocked),
        counted: Measured::Not("constructed".to_owned()),
    };
    let mut trace = with_switches(installed(Vec::new(), worker(3, 1, Vec::new())));
    trace.lanes[1].watched.off_cpu = vec![off(400, 500)];
    trace.header.run = Some(Run {
        workload: "constructed".to_owned(),
        variant: "one".to_owned(),
        threads,
        parameters: Vec::new(),
        samples: samples(1000),
        recorded: 0,
        baseline: Some(baseline(true, 500, 30)),
        one_worker: one_worker.map(|work| baseline(false, work, 30)),
    });
    trace
}

/// Of a ring the newest is kept: from the end of the oldest event that is there on, all is.
#[test]
fn what_is_left_of_a_ring_is_decomposed() {
    let work = |sequence, start, end| Event::Task(task(2, sequence, start, end));
    let mut first = worker(2, 0, vec![work(5, 300, 500), work(6, 600, 1000)]);
    first.losses.overwritten = 4;
    let second = worker(3, 1, vec![Event::Task(task(3, 1, 0, 1000))]);
    let trace = with_switches(free(trace(1000, vec![first, second])));
    let whole = decomposed(&trace);
    assert_eq!((whole.window, whole.core_time), (span(500, 1000), Nanos(1000)));
    assert_eq!(listed(&whole), [(Work, 400 + 500), (Serial, 100)]);
    // What was dropped at the end takes with it what was around it.
    let mut stopped = trace;
    stopped.lanes[0].losses = Losses { dropped: 4, ..Losses::default() };
    let timeline = Timeline::new(&stopped).unwrap();
    let whole = Decomposition::of(&timeline, Window::of(&timeline), &timeline.pools()[0]);
    assert!(matches!(whole, Measured::Not(_)));
}

fn verdict(trace: &Trace) -> Option<Verdict> {
    decomposed(trace).verdict
}

#[test]
fn the_verdict_names_the_largest_group_beyond_doubt() {
    let alone = installed(Vec::new(), worker(3, 1, Vec::new()));
    assert_eq!(verdict(&alone), Some(Verdict::Bound(Group::Parallelism)));
    let busy = installed(Vec::new(), worker(3, 1, vec![Event::Task(task(3, 1, 50, 990))]));
    assert_eq!(verdict(&busy), Some(Verdict::Healthy));
    let mut uncalibrated = busy;
    uncalibrated.header.rayon = Measured::Not("constructed".to_owned());
    assert_eq!(verdict(&uncalibrated), Some(Verdict::Undecided(Work)));
}

#[test]
fn no_verdict_rests_on_what_nobody_saw() {
    let sort = Operation {
        kind: OperationKind::Sort,
        task: Some(id(2, 1)),
        ..operation(2, 2, [200, 200, 260])
    };
    let trace = installed(vec![Event::Operation(sort)], worker(3, 1, Vec::new()));
    assert_eq!(verdict(&trace), Some(Verdict::Undecided(Opaque)));
}

/// Work may be anything from half to one and a half of what it is, and so may inflation.
#[test]
fn a_verdict_that_is_not_certain_names_both() {
    let mut trace = ran(2, Some(100));
    let run = trace.header.run.as_mut().unwrap();
    run.samples = Samples([500, 1000, 1500].map(Nanos).to_vec());
    run.baseline.as_mut().unwrap().parts = run.one_worker.as_ref().unwrap().parts.clone();
    let whole = decomposed(&trace);
    assert!(whole.group(Group::Contention).low < whole.group(Group::Parallelism).high);
    assert_eq!(whole.verdict, Some(Verdict::Mixed(Group::Parallelism, Group::Contention)));
}

/// A parallel formulation that needs a quarter of the serial work hides no loss behind that: half of
/// the core-time, in which the other worker has nothing to do, is still lost.
#[test]
fn a_better_algorithm_makes_up_for_no_loss() {
    let mut trace = ran(2, Some(700));
    let run = trace.header.run.as_mut().unwrap();
    let serial = run.baseline.as_mut().unwrap();
    let Measured::Is(parts) = &mut serial.parts else { panic!("constructed") };
    parts.work = Nanos(2_800);
    let whole = decomposed(&trace);
    assert_eq!(whole.time(Algorithmic), CoreTime(700 - 2_800));
    assert!(whole.losses() < CoreTime::ZERO);
    assert_eq!(whole.verdict, Some(Verdict::Bound(Group::Parallelism)));
}

/// A worker whose thread had not started by the recording's end has no lane.
#[test]
fn a_worker_that_never_came_is_still_to_start() {
    let busy = worker(3, 1, vec![Event::Task(task(3, 1, 0, 1000))]);
    let mut trace = installed(Vec::new(), busy);
    trace.pools[0].threads = 3;
    let whole = decomposed(&trace);
    assert_eq!(whole.time(PoolStart), CoreTime(1000));
    // Where not all threads could be recorded, it is not known what it did.
    trace.pools[0].every_call_seen = false;
    let whole = decomposed(&trace);
    assert_eq!(whole.part(PoolStart), None);
    assert!(whole.time(Opaque) >= CoreTime(1000), "{whole:?}");
}
