//! The split of a baseline, from constructed traces.

mod timeline_fixture;

use rayprism::analysis::Window;
use rayprism::analysis::decomposition::parts_of;
use rayprism::model::*;
use rayprism::timeline::Timeline;
use timeline_fixture::*;

fn parts(trace: &Trace) -> Measured<Parts> {
    let timeline = Timeline::new(trace).expect("sound");
    parts_of(&timeline, Window::of(&timeline))
}

/// A region from 100 to 1100 on the main thread, beside two workers that had nothing to do.
fn serial() -> Trace {
    let region = Operation { kind: OperationKind::Region, ..operation(1, 1, [100, 1100, 1100]) };
    let main = outside(1, vec![Event::Operation(region)]);
    trace(1200, vec![main, worker(2, 0, vec![]), worker(3, 1, vec![])])
}

fn off(start: u64, end: u64, preempted: bool) -> OffCpu {
    OffCpu { span: span(start, end), preempted, from_cpu: None, to_cpu: None }
}

fn watched_by(source: SchedulingSource, off_cpu: Vec<OffCpu>) -> Watched {
    let of = |forced: bool| {
        let kind = off_cpu.iter().filter(|off| off.preempted == forced);
        kind.map(|off| off.span.duration()).sum::<Nanos>()
    };
    let (voluntary, preempted) = (of(false), of(true));
    let scheduling = Scheduling {
        source,
        wall: Nanos(1200),
        on_cpu: Nanos(1200) - voluntary - preempted,
        voluntary,
        preempted,
        voluntary_switches: None,
        preemptions: None,
        migrations: None,
    };
    Watched { readings: vec![], scheduling: Measured::Is(scheduling), off_cpu }
}

const NOTHING: Parts = Parts {
    work: Nanos::ZERO,
    runtime: Nanos::ZERO,
    reduce: Nanos::ZERO,
    blocked: None,
    preempted: None,
};

#[test]
fn a_serial_run_is_the_callers_time_less_what_it_was_off_the_cpu() {
    let mut trace = serial();
    // Of the first 20 ns are before the window and 20 in it, of the last 40 and 60.
    let stretches =
        vec![off(80, 120, false), off(300, 350, true), off(400, 407, false), off(1060, 1160, true)];
    trace.lanes[0].watched = watched_by(SchedulingSource::SwitchRecords, stretches);
    let expected = Parts {
        work: Nanos(1000 - 27 - 90),
        blocked: Some(Nanos(27)),
        preempted: Some(Nanos(90)),
        ..NOTHING
    };
    assert_eq!(parts(&trace), Measured::Is(expected));
}

#[test]
fn without_switch_records_all_of_it_is_work_and_nothing_is_said_to_be_zero() {
    let mut trace = serial();
    let expected = Measured::Is(Parts { work: Nanos(1000), ..NOTHING });
    assert_eq!(parts(&trace), expected);
    trace.lanes[0].watched = watched_by(SchedulingSource::Accounting, vec![]);
    assert_eq!(parts(&trace), expected);
}

#[test]
fn a_thread_that_came_late_was_not_there_before() {
    let mut trace = serial();
    trace.lanes[0].started = Some(Nanos(100));
    let stretches = vec![off(80, 120, false)];
    trace.lanes[0].watched = watched_by(SchedulingSource::SwitchRecords, stretches);
    let zero = Some(Nanos::ZERO);
    let expected = Parts { work: Nanos(980), blocked: Some(Nanos(20)), preempted: zero, ..NOTHING };
    assert_eq!(parts(&trace), Measured::Is(expected));
}

#[test]
fn what_cannot_be_split_has_its_reason() {
    let reason = |trace: &Trace| match parts(trace) {
        Measured::Not(reason) => reason,
        Measured::Is(parts) => panic!("{parts:?}"),
    };
    let mut counted = serial();
    counted.header.detail = Detail::Count;
    assert_eq!(reason(&counted), "no clock is read at detail `count`");
    let mut lossy = serial();
    lossy.lanes[0].losses.dropped = 1;
    assert_eq!(reason(&lossy), "events were lost");
    let mut two = serial();
    let region = Operation { kind: OperationKind::Region, ..operation(4, 1, [200, 300, 300]) };
    two.lanes.insert(1, outside(4, vec![Event::Operation(region)]));
    assert_eq!(reason(&two), "several threads took part without a pool");
    assert_eq!(reason(&trace(1200, vec![])), "no thread recorded anything");
}

#[test]
fn a_run_in_a_pool_is_not_taken_for_the_callers_own() {
    let mut used = serial();
    used.lanes[1] = worker(2, 0, vec![Event::Task(task(2, 1, 500, 600))]);
    used.header.costs = Costs { task_ps: 0, ..used.header.costs };
    // The caller works all along in the place of an idle worker, and the other one for 100 ns.
    assert_eq!(parts(&used).value().expect("measured").work, Nanos(1100));
    let role = Role::Worker { pool: PoolId(2), index: 0 };
    used.lanes[2] = Lane { role, ..worker(3, 0, vec![Event::Task(task(3, 1, 700, 800))]) };
    used.pools = vec![pool(1, 1), pool(2, 1)];
    assert_eq!(parts(&used), Measured::Not("several pools took part".to_owned()));
}

/// One worker runs a task of 800 ns and waits for nothing: what its joins cost is taken from it.
#[test]
fn a_pool_of_one_worker_is_split_as_its_components_are() {
    let install = operation(1, 1, [100, 120, 1100]);
    let region = Operation { kind: OperationKind::Region, ..operation(1, 2, [90, 1110, 1110]) };
    let main = outside(1, vec![Event::Operation(region), Event::Operation(install)]);
    let ran = Task { joins: 10, ..task(2, 1, 200, 1000) };
    let mut whole = trace(1200, vec![main, worker(2, 0, vec![Event::Task(ran)])]);
    whole.header.costs = Costs { counted_join_ps: 0, task_ps: 0, ..whole.header.costs };
    // Ten joins of 12 ns; the caller works for 40 ns before the wait and after it.
    let expected = Parts { work: Nanos(800 - 120 + 40), runtime: Nanos(120), ..NOTHING };
    assert_eq!(parts(&whole), Measured::Is(expected));

    let stretches = vec![off(300, 350, true), off(400, 430, false)];
    whole.lanes[1].watched = watched_by(SchedulingSource::SwitchRecords, stretches);
    let told = *parts(&whole).value().expect("measured");
    assert_eq!((told.blocked, told.preempted), (Some(Nanos(30)), Some(Nanos(50))));
    assert_eq!(told.work + told.runtime, Nanos(800 - 80 + 40));

    whole.header.rayon = Measured::Not("constructed".to_owned());
    let Measured::Not(reason) = parts(&whole) else { panic!("nothing tells what a join costs") };
    assert!(reason.starts_with("task management is not told apart: "), "{reason}");
    assert!(reason.ends_with("constructed"), "{reason}");
}
