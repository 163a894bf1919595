//! A pool from a stock rayon builder: with the hook its workers are known from the start and have
//! CPU time; without it a worker is known from its first call through the facade. In both, stock
//! joins are invisible, and the pool is marked as one in which not every call is seen.

mod recording;

use std::sync::atomic::{AtomicUsize, Ordering};

use rayprism::Session;
use rayprism::analysis::{Activity, Window};
use rayprism::facade::{self, Profiled, real};
use rayprism::model::*;
use rayprism::timeline::Timeline;
use recording::*;

fn stock_tree(depth: u32) {
    if depth > 0 {
        real::join(|| stock_tree(depth - 1), || stock_tree(depth - 1));
    }
}

fn workers(trace: &Trace) -> Vec<&Lane> {
    trace.lanes.iter().filter(|lane| lane.role != Role::Outside).collect()
}

#[test]
fn with_the_hook() {
    let _alone = alone();
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        let session = Session::builder().detail(detail).start().unwrap();
        let started = std::sync::Arc::new(AtomicUsize::new(0));
        let counter = std::sync::Arc::clone(&started);
        let pool = real::ThreadPoolBuilder::new()
            .num_threads(3)
            .profiled_with(&session, move |_| _ = counter.fetch_add(1, Ordering::Relaxed))
            .build()
            .unwrap();
        pool.broadcast(|_| ());
        pool.install(|| stock_tree(6));
        pool.install(|| tree(4));
        pool.scope(|_| facade::scope(|scope| scope.spawn(|_| stock_tree(3))));
        let trace = session.stop();
        assert_whole(&trace);
        assert_eq!(started.load(Ordering::Relaxed), 3);
        let Counts { joins, spawns, injected, .. } = trace.counts();
        assert_eq!((joins, spawns, injected), (15, 1, 0));
        assert_eq!(only(trace.pools.clone()).threads, 3);
        assert!(!trace.pools[0].every_call_seen);
        assert_eq!(workers(&trace).len(), 3);
        assert!(workers(&trace).iter().all(|lane| lane.cpu.value().is_some()));
        if detail != Detail::Count {
            // Not idle: nobody knows what they did without a task.
            let timeline = Timeline::new(&trace).unwrap();
            let activity = Activity::of(&timeline, Window::of(&timeline));
            let times = activity.pools[0].times.value().unwrap();
            assert_eq!(times.idle.value(), None);
            // What the facade was called from came unseen.
            assert!(origins(&trace)[&Origin::Root] >= 2);
        }
    }
}

#[test]
fn with_the_hook_and_no_handler() {
    let _alone = alone();
    let session = Session::builder().detail(Detail::Full).start().unwrap();
    let builder = real::ThreadPoolBuilder::new().num_threads(2).profiled(&session);
    let pool = builder.build().unwrap();
    pool.install(|| stolen_join(|| (), || ()));
    let trace = session.stop();
    assert_whole(&trace);
    assert_eq!((trace.counts().joins, trace.counts().steals), (1, 1));
}

/// Their workers have the same indices, and no public call tells the pools apart.
#[test]
fn without_the_hook_several_pools_of_several_sizes() {
    let _alone = alone();
    let ((), trace) = recorded(Detail::Full, || {
        for size in [1, 3, 2, 3] {
            let pool = real::ThreadPoolBuilder::new().num_threads(size).build().unwrap();
            pool.broadcast(|_| tree(3));
        }
    });
    assert_valid(&trace);
    assert_eq!((trace.counts().joins, workers(&trace).len()), (9 * 7, 9));
    let mut sizes: Vec<_> = trace.pools.iter().map(|pool| pool.threads).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 2, 3, 3]);
    assert!(trace.pools.iter().all(|pool| !pool.every_call_seen));
}

#[test]
fn without_the_hook_steals_are_seen_between_known_workers() {
    let _alone = alone();
    let pool = real::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let ((), trace) = recorded(Detail::Full, || pool.install(|| stolen_join(|| (), || ())));
    assert_whole(&trace);
    assert_eq!((trace.counts().joins, trace.counts().steals), (1, 1));
    assert_eq!(only(trace.pools.clone()).threads, 2);
}

/// Each is a task of its own, of which `auto` sums up the short ones.
#[test]
fn calls_that_came_unseen_are_no_jobs_in_sums_either() {
    let _alone = alone();
    let pool = real::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let calls = || pool.install(|| (0..10_000).for_each(|_| tree(1)));
    let ((), trace) = recorded(Detail::Auto, calls);
    assert_whole(&trace);
    assert_eq!((trace.counts().joins, trace.counts().tasks), (10_000, 0));
    let summed: u64 = sums(&trace).iter().map(|(_, sum)| sum.joins).sum();
    assert!(summed > 1_000, "{summed}");
}
