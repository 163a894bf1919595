//! Programs that are off the CPU for a known time: the decomposition says how long, and why.
#![cfg(target_os = "linux")]

mod recording;

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rayprism::analysis::decomposition::parts_of;
use rayprism::analysis::{Component, CoreTime, Decomposition, Group, Verdict, Window};
use rayprism::model::*;
use rayprism::timeline::Timeline;
use rayprism::{Session, region};
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
    // The first sleeps once, the last waits for three and sleeps.
    assert!(known >= Nanos(10 * nanos(SLEEP).0));
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

/// The recording of `f` in a pool of two, and of `serial` on this thread alone, put in as what the
/// first is compared with.
fn beside_its_elision(f: impl FnOnce() + Send, serial: impl FnOnce()) -> Trace {
    let (_, elision) = recorded(Detail::Auto, || region("serial", serial));
    let mut trace = record(Detail::Auto, 2, f);
    let split = |trace: &Trace| {
        let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
        parts_of(&timeline, Window::of(&timeline))
    };
    let (serial, own) = (split(&elision), split(&trace));
    let samples = |trace: &Trace| Samples(vec![trace.header.duration]);
    let baseline = |variant: &str, samples, parts| Baseline {
        variant: variant.to_owned(),
        serial: variant == "serial",
        samples,
        parts,
    };
    trace.header.run = Some(Run {
        workload: "constructed".to_owned(),
        variant: "parallel".to_owned(),
        threads: 2,
        parameters: Vec::new(),
        samples: samples(&trace),
        recorded: 0,
        baseline: Some(baseline("serial", samples(&elision), serial)),
        one_worker: Some(baseline("parallel", samples(&trace), own)),
    });
    trace
}

/// The program's own sleeps, for so much time at least: no loss, and nobody's contention.
fn assert_own(whole: &Decomposition, slept: Duration) {
    if !is_switching_known(whole) {
        return;
    }
    let slept = nanos(slept);
    let blocked = time(whole, &[Component::BlockedOwn, Component::BlockedExcess]).0;
    // A sleep is as long as asked for, but for what the thread takes to go.
    assert!(blocked >= CoreTime::from(Nanos(slept.0 * 9 / 10)).0, "{whole:#?}");
    assert!(whole.time(Component::BlockedExcess).0 <= tenth(slept), "{whole:#?}");
    assert!(whole.part(Component::Blocked).is_none(), "{whole:#?}");
    assert!(whole.group(Group::Contention).time.0 <= tenth(slept), "{whole:#?}");
    assert_ne!(whole.verdict, Some(Verdict::Bound(Group::Contention)));
}

#[test]
fn a_program_that_sleeps_serially_too_is_not_contended() {
    let _alone = alone();
    let sleep = || thread::sleep(5 * SLEEP);
    let trace = beside_its_elision(sleep, sleep);
    let whole = decomposed(&trace);
    assert_own(&whole, 5 * SLEEP);
    // While the one task sleeps, the other worker has nothing to do.
    if is_switching_known(&whole) {
        let (_, task) = only(tasks(&trace));
        assert_is(&whole, &[Component::Serial], task.span.duration());
    }
}

#[test]
fn two_sleeps_at_the_same_time_are_as_long_as_one_after_the_other() {
    let _alone = alone();
    let sleep = || thread::sleep(5 * SLEEP);
    let serial = || {
        sleep();
        sleep();
    };
    let trace = beside_its_elision(|| stolen_join(sleep, sleep), serial);
    assert_own(&decomposed(&trace), 10 * SLEEP);
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
