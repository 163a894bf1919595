//! A perfect tree of depth d makes 2^d − 1 joins: at every detail that counts, whatever the number
//! of workers, however the tree is entered, every time.

mod recording;

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

const DETAILS: [Detail; 3] = [Detail::Count, Detail::Auto, Detail::Full];

fn assert_joins(trace: &Trace, depth: u32) {
    let all = (1 << depth) - 1;
    assert_joins_and_timed(trace, all, all);
}

fn assert_joins_and_timed(trace: &Trace, all: u64, timed: u64) {
    assert_eq!(trace.counts().joins, all, "{:?}", trace.header.detail);
    assert_whole(trace);
    if trace.header.detail == Detail::Full {
        assert_eq!(trace.counts().timed_joins, timed);
        assert_eq!(joins(trace).len() as u64, timed);
        assert_eq!(trace.counts().migrated, 0);
    }
}

#[test]
fn in_pools_of_every_size() {
    let _alone = alone();
    for detail in DETAILS {
        for workers in [1, 2, 4, 8] {
            for depth in [0, 1, 2, 5, 11] {
                assert_joins(&record(detail, workers, || tree(depth)), depth);
                assert_joins(&record(detail, workers, || tree_in_context(depth)), depth);
            }
        }
    }
}

#[test]
fn called_from_outside_into_the_global_pool() {
    let _alone = alone();
    for detail in DETAILS {
        for depth in [0, 1, 2, 5, 12] {
            let ((), trace) = recorded(detail, || tree(depth));
            assert_joins(&trace, depth);
            // Here the outermost join is an operation of the caller, and timed as such.
            let ((), trace) = recorded(detail, || tree_in_context(depth));
            let all = (1 << depth) - 1;
            assert_joins_and_timed(&trace, all, all.saturating_sub(1));
        }
    }
}

#[test]
fn every_time() {
    let _alone = alone();
    let pool = pool(4);
    for detail in DETAILS {
        for _ in 0..50 {
            let ((), trace) = recorded(detail, || pool.install(|| tree(11)));
            assert_joins(&trace, 11);
            let ((), trace) = recorded(detail, || pool.install(|| tree_in_context(9)));
            assert_joins(&trace, 9);
        }
    }
}

#[test]
fn of_uneven_trees() {
    fn fibonacci(n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let (a, b) = rayon::join(|| fibonacci(n - 1), || fibonacci(n - 2));
        a + b
    }
    let _alone = alone();
    let pool = pool(2);
    for detail in DETAILS {
        let (result, trace) = recorded(detail, || pool.install(|| fibonacci(18)));
        // As many joins as leaves less one; fib(n + 1) leaves.
        assert_eq!((result, trace.counts().joins), (2_584, 4_180));
        assert_whole(&trace);
    }
}

#[test]
fn nothing_is_recorded_when_off() {
    let _alone = alone();
    let trace = record(Detail::Off, 2, || tree(8));
    assert_eq!(trace.counts(), Counts::default());
    assert!(trace.lanes.iter().all(|lane| lane.events.is_empty()));
}
