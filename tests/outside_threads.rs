//! Threads in no pool: when they were active, where they were meanwhile, and what they mostly did.

mod timeline_fixture;

use rayprism::analysis::Mostly;
use rayprism::analysis::outside::ActiveParts;
use rayprism::model::*;
use rayprism::report::Report;
use timeline_fixture::*;

fn region(lane: u32, sequence: u64, start: u64, end: u64) -> Event {
    let kind = OperationKind::Region;
    Event::Operation(Operation { kind, ..operation(lane, sequence, [start, end, end]) })
}

/// A thread with these regions, off the CPU in these stretches, of which some were forced.
fn thread(lane: u32, regions: &[(u64, u64)], off: &[(u64, u64, bool)]) -> Lane {
    let regions = (1..).zip(regions).map(|(at, &(start, end))| region(lane, at, start, end));
    let off_cpu = off.iter().map(|&(start, end, preempted)| OffCpu {
        span: span(start, end),
        preempted,
        from_cpu: None,
        to_cpu: None,
    });
    let length = |forced: bool| -> u64 {
        let kind = off.iter().filter(|(_, _, preempted)| *preempted == forced);
        kind.map(|(start, end, _)| end - start).sum()
    };
    let [voluntary, preempted] = [false, true].map(length);
    let scheduling = Measured::Is(Scheduling {
        source: SchedulingSource::SwitchRecords,
        wall: Nanos(1_000),
        on_cpu: Nanos(1_000 - voluntary - preempted),
        voluntary: Nanos(voluntary),
        preempted: Nanos(preempted),
        voluntary_switches: None,
        preemptions: None,
        migrations: None,
    });
    let watched = Watched { scheduling, off_cpu: off_cpu.collect(), ..Watched::default() };
    Lane { watched, cpu: Measured::Is(Nanos(123)), ..outside(lane, regions.collect()) }
}

/// A run of which the main thread opened the window, 0 to 1,000; the serial code is on a CPU for so
/// long.
fn report(serial: u64, threads: impl IntoIterator<Item = Lane>) -> Report {
    let main = outside(1, vec![region(1, 1, 0, 1_000)]);
    let mut trace = trace(1_000, std::iter::once(main).chain(threads).collect());
    trace.pools.clear();
    let parts = Parts {
        work: Nanos(serial),
        runtime: Nanos(0),
        reduce: Nanos(0),
        blocked: Some(Nanos(0)),
        preempted: Some(Nanos(0)),
    };
    let baseline = Baseline {
        variant: "serial".to_owned(),
        serial: true,
        samples: Samples(vec![Nanos(serial)]),
        parts: Measured::Is(parts),
        counted: Measured::Not("constructed".to_owned()),
    };
    trace.header.run = Some(Run {
        workload: "constructed".to_owned(),
        variant: "threads".to_owned(),
        threads: 2,
        parameters: vec![],
        samples: Samples(vec![Nanos(1_000)]),
        recorded: 0,
        baseline: Some(baseline),
        one_worker: None,
    });
    Report::of(&trace).expect("sound")
}

fn mostly(serial: u64, threads: impl IntoIterator<Item = Lane>) -> Measured<Mostly> {
    report(serial, threads).outside_sum.expect("threads").mostly
}

#[test]
fn what_a_thread_did_while_active_adds_up_and_counts_nothing_twice() {
    // Regions lie within one another, and stretches off the CPU reach out of them.
    let regions = [(100, 300), (150, 200), (400, 600)];
    let off = [(50, 120, false), (150, 250, false), (450, 500, true), (590, 800, false)];
    let report = report(100, [thread(2, &regions, &off)]);
    let [one] = report.outside.as_slice() else { panic!("{:?}", report.outside) };
    assert_eq!((one.active, one.stretches), (Nanos(400), 2));
    let expected =
        ActiveParts { on_cpu: Nanos(220), preempted: Nanos(50), blocked: Nanos(20 + 100 + 10) };
    assert_eq!(one.parts, Measured::Is(expected));
    let sum = report.outside_sum.expect("a thread");
    assert_eq!((sum.threads, sum.active, sum.on_cpu), (1, Nanos(400), Measured::Is(Nanos(220))));
    assert_eq!((sum.serial, sum.parts), (Measured::Is(Nanos(100)), Measured::Is(expected)));
}

#[test]
fn threads_that_are_hardly_active_are_parked_and_a_tenth_is_hardly() {
    let active = |length: u64| mostly(1_000, [thread(2, &[(0, length)], &[])]);
    assert_eq!(active(100), Measured::Is(Mostly::Parked));
    assert_eq!(active(101), Measured::Is(Mostly::Work));
}

#[test]
fn more_than_half_off_the_cpu_is_what_a_thread_mostly_did() {
    let off = |end: u64, preempted| mostly(1_000, [thread(2, &[(0, 400)], &[(0, end, preempted)])]);
    assert_eq!(off(200, false), Measured::Is(Mostly::Work));
    assert_eq!(off(201, false), Measured::Is(Mostly::Blocked));
    assert_eq!(off(201, true), Measured::Is(Mostly::Preempted));
}

#[test]
fn twice_the_serial_codes_time_together_is_more_work() {
    let beside = |serial| {
        mostly(serial, [thread(2, &[(0, 400)], &[]), thread(3, &[(0, 300)], &[(0, 100, true)])])
    };
    assert_eq!(beside(301), Measured::Is(Mostly::Work));
    assert_eq!(beside(300), Measured::Is(Mostly::MoreWork));
}

/// Of a thread that the kernel did not watch, time off the CPU may be anything.
#[test]
fn without_switch_records_being_off_the_cpu_is_not_told_apart() {
    let unwatched = |cpu| {
        let watched = Watched::default();
        [Lane { watched, cpu, ..thread(2, &[(0, 400)], &[]) }]
    };
    let off = mostly(100, unwatched(Measured::Is(Nanos(199))));
    assert_eq!(off, Measured::Is(Mostly::OffCpu));
    let on = mostly(100, unwatched(Measured::Is(Nanos(200))));
    assert_eq!(on, Measured::Is(Mostly::MoreWork));
    let unknown = Measured::Not("constructed".to_owned());
    assert_eq!(mostly(100, unwatched(unknown.clone())), unknown.map(|_: Nanos| Mostly::Work));
}

/// A new thread is watched a moment late: what it did before is not told.
#[test]
fn a_thread_that_was_active_before_it_was_watched_is_not_told_apart() {
    let watched_for = |wall| {
        let mut lane = thread(2, &[(400, 800)], &[(600, 700, false)]);
        let Measured::Is(sums) = &mut lane.watched.scheduling else { panic!("watched") };
        (sums.wall, sums.on_cpu) = (Nanos(wall), Nanos(wall - 100));
        let report = report(100, [lane]);
        report.outside[0].parts.value().copied()
    };
    // A hundredth of the 400 is no more than what clocks differ by.
    assert!(watched_for(596).is_some());
    assert_eq!(watched_for(595), None);
}

#[test]
fn without_threads_there_is_nothing_to_say() {
    assert_eq!(report(100, []).outside_sum, None);
}
