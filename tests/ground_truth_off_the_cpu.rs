//! Programs that are off the CPU for a known time: the decomposition says how long, and why.
#![cfg(target_os = "linux")]

mod recording;

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rayprism::Session;
use rayprism::analysis::{Component, CoreTime, Decomposition, Group, Verdict};
use rayprism::model::*;
use recording::cpu::{own_wait, use_cpu};
use recording::truth::*;
use recording::*;

const SLEEP: Duration = Duration::from_millis(10);

/// By so much figures from two sources may differ, beside 2 ms: threads read the clock a moment
/// before they leave the CPU, and may be preempted there.
fn tenth(time: Nanos) -> i64 {
    CoreTime::from(Nanos(time.0 / 10)).0 + 2_000_000
}

fn nanos(time: Duration) -> Nanos {
    Nanos(u64::try_from(time.as_nanos()).expect("less than centuries"))
}

/// Runs `f`, and says how long that took.
fn timed(f: impl FnOnce()) -> Nanos {
    let start = Instant::now();
    f();
    nanos(start.elapsed())
}

/// Four tasks take turns with a lock, and each sleeps while it has it.
#[test]
fn waiting_for_a_lock_is_blocked() {
    let _alone = alone();
    let (lock, meeting, blocked) = (Mutex::new(()), Meeting::of(4), Mutex::new(Nanos::ZERO));
    let trace = record(Detail::Full, 4, || {
        on_four_workers(|_| {
            meeting.wait();
            let time = timed(|| {
                let _held = lock.lock().expect("not poisoned");
                thread::sleep(SLEEP);
            });
            *blocked.lock().expect("not poisoned") += time;
        });
    });
    let whole = decomposed(&trace);
    let known = blocked.into_inner().expect("not poisoned");
    assert!(known >= Nanos(4 * nanos(SLEEP).0), "each slept");
    if is_switching_known(&whole) {
        let off = time(&whole, &[Component::Blocked, Component::Preempted]);
        assert!(whole.time(Component::Blocked).0 <= CoreTime::from(known).0 + tenth(known));
        assert!(off.0 >= CoreTime::from(known).0 - tenth(known), "{known} known of {whole:#?}");
    }
}

/// Four busy threads for each CPU: the time for which each could run and did not is preempted.
#[test]
fn workers_without_a_cpu_are_preempted() {
    let _alone = alone();
    let cpus = thread::available_parallelism().expect("known").get();
    let count = (4 * cpus).min(64);
    let waits = Mutex::new(Some(Nanos::ZERO));
    let pool = pool(count);
    let (_, trace) = recorded(Detail::Auto, || {
        pool.broadcast(|_| {
            let before = own_wait();
            use_cpu(Duration::from_millis(40));
            let waited = own_wait().zip(before).map(|(after, before)| after - before);
            let mut waits = waits.lock().expect("not poisoned");
            *waits = waits.zip(waited).map(|(sum, waited)| sum + waited);
        });
    });
    let whole = decomposed(&trace);
    let told = waits.into_inner().expect("not poisoned");
    if let Some(told) = told.filter(|_| is_switching_known(&whole)) {
        let preempted = whole.time(Component::Preempted).0;
        let told = CoreTime::from(told).0;
        assert!((preempted - told).abs() < told / 4, "{told} ns told of {whole:#?}");
    }
}

/// Puts in that the serial elision sleeps as long as the tasks together, and works as much.
fn beside_its_elision(mut trace: Trace, slept: Nanos) -> Trace {
    let whole = decomposed(&trace);
    let work = Nanos(whole.time(Component::Work).0.unsigned_abs());
    let (runtime, reduce) = (Nanos::ZERO, Nanos::ZERO);
    let parts = Parts { work, runtime, reduce, blocked: Some(slept), preempted: Some(Nanos::ZERO) };
    let baseline = |serial| Baseline {
        variant: "by hand".to_owned(),
        serial,
        samples: Samples(vec![slept]),
        parts: Measured::Is(parts),
        counted: Measured::Not("constructed".to_owned()),
    };
    trace.header.run = Some(Run {
        workload: "constructed".to_owned(),
        variant: "parallel".to_owned(),
        threads: 2,
        parameters: Vec::new(),
        samples: Samples(vec![trace.header.duration]),
        recorded: 0,
        baseline: Some(baseline(true)),
        one_worker: Some(baseline(false)),
    });
    trace
}

/// The program's own sleeps: no loss, and nobody's contention.
fn assert_own(whole: &Decomposition, slept: Nanos) {
    if !is_switching_known(whole) {
        return;
    }
    let own = whole.time(Component::BlockedOwn).0;
    assert!((own - CoreTime::from(slept).0).abs() <= tenth(slept), "{slept} of {whole:#?}");
    // A thread reads the clock before it goes and when it is back: it was off for less.
    for none in [Component::BlockedExcess, Component::Blocked] {
        assert!(whole.part(none).is_none(), "{whole:#?}");
    }
    assert_eq!(whole.group(Group::Contention).time, CoreTime::ZERO);
    assert_ne!(whole.verdict, Some(Verdict::Bound(Group::Contention)));
}

#[test]
fn a_program_that_sleeps_serially_too_is_not_contended() {
    let _alone = alone();
    let mut slept = Nanos::ZERO;
    let trace = record(Detail::Auto, 2, || slept = timed(|| thread::sleep(5 * SLEEP)));
    let whole = decomposed(&beside_its_elision(trace.clone(), slept));
    assert_own(&whole, slept);
    // While the one task sleeps, the other worker has nothing to do.
    assert_is(&whole, &[Component::Serial], only(tasks(&trace)).1.span.duration());
}

#[test]
fn two_sleeps_at_the_same_time_are_as_long_as_one_after_the_other() {
    let _alone = alone();
    let (mut first, mut second) = (Nanos::ZERO, Nanos::ZERO);
    let sleep = || timed(|| thread::sleep(5 * SLEEP));
    let trace = record(Detail::Auto, 2, || stolen_join(|| first = sleep(), || second = sleep()));
    let slept = first + second;
    assert_own(&decomposed(&beside_its_elision(trace, slept)), slept);
}

/// What the kernel was not asked for is missing, and its time is in what it cannot be told from.
#[test]
fn unwatched_sleeps_are_missing_and_not_nothing() {
    let _alone = alone();
    let pool = pool(2);
    let session = Session::builder().kernel(false).start().expect("the only recording");
    pool.install(|| thread::sleep(SLEEP));
    let trace = session.stop();
    let whole = decomposed(&trace);
    assert!(!is_switching_known(&whole));
    assert_is(&whole, &[Component::Work], only(tasks(&trace)).1.span.duration());
}

/// Without the baseline, nobody knows whose sleeps they are.
#[test]
fn a_sleep_of_which_nothing_is_known_is_blocked() {
    let _alone = alone();
    let trace = record(Detail::Auto, 2, || thread::sleep(5 * SLEEP));
    let whole = decomposed(&trace);
    if is_switching_known(&whole) {
        let lane = tasks(&trace)[0].0;
        let [_, slept] = off_cpu(lane, tasks(&trace)[0].1.span);
        assert_is(&whole, &[Component::Blocked], slept);
        assert!(slept.0 >= nanos(5 * SLEEP).0 * 9 / 10);
    }
}
