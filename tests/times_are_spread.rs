//! How times are spread: ranks and powers of two of known times, and which times of a trace count.

#![cfg(feature = "read")]

mod timeline_fixture;

use proptest::prelude::*;
use rayprism::analysis::{Bucket, Distribution, Distributions, Window};
use rayprism::model::*;
use rayprism::timeline::Timeline;
use timeline_fixture::*;

fn distributions(trace: &Trace) -> Distributions {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    Distributions::of(&timeline, Window::of(&timeline), &timeline.pools()[0])
}

/// All of a few times: they are exact.
fn few(distribution: &Measured<Distribution>) -> (u64, u64, u64, u64) {
    let found = distribution.value().expect("measured");
    (found.count, found.min.0, found.median.0, found.max.0)
}

#[test]
fn short_times_are_exact() {
    let times: Vec<Nanos> = (1..=1000).map(Nanos).collect();
    let found = Distribution::of(&times).expect("there are some");
    assert_eq!((found.count, found.min, found.max), (1000, Nanos(1), Nanos(1000)));
    assert_eq!((found.median, found.p90, found.p99), (Nanos(500), Nanos(900), Nanos(990)));
    assert_eq!(found.buckets.len(), 10);
    assert_eq!(found.buckets[3], Bucket { from: Nanos(8), count: 8 });
    assert_eq!(found.buckets[9], Bucket { from: Nanos(512), count: 1000 - 511 });
    assert_eq!(Distribution::of(&[]), None);
}

proptest! {
    #[test]
    fn ranks_are_within_a_thousandth(
        mut times in prop::collection::vec(
            prop_oneof![0_u64..100, 0_u64..1_000_000_000_000, Just(u64::MAX)],
            1..200,
        ),
    ) {
        let found = Distribution::of(&times.iter().copied().map(Nanos).collect::<Vec<_>>());
        let found = found.expect("there are some");
        times.sort_unstable();
        let rank = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1] as f64;
        for (percent, at) in [(50, found.median), (90, found.p90), (99, found.p99)] {
            // What is longer than 292 years is not told apart.
            if rank(percent) < u64::MAX as f64 / 2.0 {
                prop_assert!((at.0 as f64 - rank(percent)).abs() <= rank(percent) / 1000.0);
            }
        }
        prop_assert_eq!(Some(&found.min.0), times.first());
        prop_assert_eq!(Some(&found.max.0), times.last());
        prop_assert_eq!(found.buckets.iter().map(|bucket| bucket.count).sum::<u64>(), found.count);
        let bounds: Vec<u64> = found.buckets.iter().map(|bucket| bucket.from.0).collect();
        prop_assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(bounds[0] <= found.min.0);
    }
}

#[test]
fn a_tasks_length_is_its_own_and_its_wait_from_push_to_start() {
    let found = distributions(&crossed());
    // 200 − 150, 600 − 400, 350 − 300.
    assert_eq!(few(&found.queue_waits), (3, 50, 50, 200));
    assert_eq!(few(&found.steal_latency), (2, 50, 50, 200));
    // 800 less a join's wait of 400; 200; 530 less one of 400.
    assert_eq!(few(&found.task_lengths), (3, 130, 200, 400));
    assert!(matches!(found.wake_ups, Measured::Not(_)));
}

#[test]
fn only_what_was_pushed_for_a_sleeper_is_a_wake_up() {
    // Worker 1 slept from 90 to 340 and began at 350 with what was pushed at 300; worker 0 was awake
    // when its first task was pushed, at the very end of its sleep.
    assert_eq!(few(&distributions(&watched()).wake_ups), (1, 50, 50, 50));
}

#[test]
fn tasks_before_the_window_do_not_count() {
    let mut trace = crossed();
    let region = Operation { kind: OperationKind::Region, ..operation(1, 9, [550, 1100, 1100]) };
    trace.lanes[0].events.push(Event::Operation(region));
    assert_eq!(few(&distributions(&trace).queue_waits), (1, 200, 200, 200));
}

#[test]
fn without_tasks_nothing_is_measured() {
    let found = distributions(&trace(100, vec![worker(1, 0, Vec::new())]));
    for none in [found.queue_waits, found.steal_latency, found.wake_ups, found.task_lengths] {
        assert!(matches!(none, Measured::Not(_)));
    }
}
