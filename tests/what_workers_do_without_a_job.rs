//! Figures of a hand-made trace that was seen from within rayon, and reasons where it was not.

#![cfg(feature = "read")]

mod timeline_fixture;

use rayprism::analysis::{IdleFigures, KeptIdle, Latency, SleepSource, WakeUps};
use rayprism::model::*;
use rayprism::report::Report;
use rayprism::timeline::Timeline;
use timeline_fixture::*;

fn figures(trace: &Trace) -> IdleFigures {
    IdleFigures::of(&Timeline::new(trace).expect("sound"))
}

fn latency(count: u64, times: [u64; 3]) -> Latency {
    let [median, p90, max] = times.map(Nanos);
    Latency { count, median, p90, max }
}

#[test]
fn all_threads_are_counted_together() {
    let counts = IdleCounts { searches: 10, failed_rounds: 5, yields: 0, sleeps: 5, wakes: 3 };
    assert_eq!(figures(&within()).counts, Measured::Is(counts));
    let report = Report::of(&within()).expect("sound");
    let workers = &report.activity.pools[0].workers;
    let first = IdleCounts { searches: 6, failed_rounds: 3, yields: 0, sleeps: 3, wakes: 1 };
    assert_eq!(workers[0].idling, Measured::Is(first));
}

#[test]
fn time_is_that_of_the_stretches() {
    let kept = KeptIdle {
        searches: 10,
        searching: Nanos(310 + 630),
        sleeps: 5,
        sleeping: Nanos(290 + 440),
    };
    assert_eq!(figures(&within()).kept, Measured::Is(kept));
}

#[test]
fn wake_ups_are_told_by_reason_and_last_until_the_worker_runs() {
    let wake_ups = WakeUps { for_jobs: 2, for_latches: 1, latency: latency(3, [30, 30, 30]) };
    assert_eq!(figures(&within()).wake_ups, Measured::Is(wake_ups));
}

#[test]
fn a_job_from_outside_waits_in_the_injector() {
    assert_eq!(figures(&within()).injected, Measured::Is(latency(1, [50, 50, 50])));
    // Which needs no look into rayon.
    assert_eq!(figures(&crossed()).injected, Measured::Is(latency(1, [50, 50, 50])));
    let report = Report::of(&within()).expect("sound");
    let waits = report.distributions[0].injector_waits.value().expect("there is one");
    assert_eq!((waits.count, waits.max), (1, Nanos(50)));
}

/// Both tasks that came to workers that slept were their next.
#[test]
fn who_slept_is_known_without_the_kernel() {
    let found = figures(&within());
    assert_eq!(found.sleeps_from, Measured::Is(SleepSource::Rayon));
    let report = Report::of(&within()).expect("sound");
    let wake_ups = report.distributions[0].wake_ups.value().expect("there are some");
    assert_eq!((wake_ups.count, wake_ups.min, wake_ups.max), (2, Nanos(50), Nanos(50)));
}

#[test]
fn rayons_word_comes_before_the_kernels() {
    let mut both = watched();
    for (lane, seen) in both.lanes.iter_mut().zip(within().lanes) {
        lane.idling = seen.idling;
    }
    assert_eq!(figures(&both).sleeps_from, Measured::Is(SleepSource::Rayon));
    assert_eq!(figures(&watched()).sleeps_from, Measured::Is(SleepSource::SwitchRecords));
}

#[test]
fn sleeps_that_were_not_kept_are_missed() {
    let mut trace = within();
    let Measured::Is(counts) = &mut trace.lanes[1].idling.counts else { panic!("counted") };
    counts.sleeps += 1;
    let reason = "some sleeps were too short to be kept".to_owned();
    assert_eq!(figures(&trace).sleeps_from, Measured::Not(reason));
    // When the events broke off, the counts went on.
    trace.lanes[1].broken = Some(Nanos(1200));
    assert_eq!(figures(&trace).sleeps_from, Measured::Is(SleepSource::Rayon));
}

#[test]
fn what_was_not_seen_has_its_reason() {
    let found = figures(&crossed());
    let reason = "the trace was recorded without it";
    assert_eq!(found.counts, Measured::Not(reason.to_owned()));
    assert_eq!(found.kept, Measured::Not(reason.to_owned()));
    assert_eq!(found.wake_ups, Measured::Not(reason.to_owned()));
    let mut counted = within();
    counted.header.detail = Detail::Count;
    let found = figures(&counted);
    assert!(found.counts.value().is_some());
    assert_eq!(found.kept, Measured::Not("no clock is read at detail `count`".to_owned()));
}
