//! At `auto` the first events of a lane are whole; after that short joins are only counted and
//! short jobs are summed up, so that little is timed and nothing is lost.

mod recording;

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

/// Events that a lane keeps whole at first.
const WHOLE: u64 = 4_096;

#[test]
fn of_a_deep_tree_less_than_a_twentieth_is_timed() {
    // Joins longer than some 5 µs are timed. Without optimization one of eight leaves is that long.
    let least = if cfg!(debug_assertions) { 2 } else { 20 };
    let _alone = alone();
    for workers in [1, 2] {
        let trace = record(Detail::Auto, workers, || tree(20));
        assert_valid(&trace);
        let Counts { joins, timed_joins, .. } = trace.counts();
        assert_eq!(joins, (1 << 20) - 1);
        assert!(timed_joins >= WHOLE);
        assert!(timed_joins < joins / least, "{timed_joins} of {joins} timed");
    }
}

#[test]
fn a_small_tree_is_whole() {
    let _alone = alone();
    let trace = record(Detail::Auto, 1, || tree(11));
    assert_whole(&trace);
    assert_eq!(joins(&trace).len(), 2_047);
    assert!(sums(&trace).is_empty());
}

#[test]
fn the_first_events_of_a_large_one_are_whole() {
    let _alone = alone();
    let trace = record(Detail::Auto, 1, || tree(16));
    assert_valid(&trace);
    // In the order of ending: both halves of a join end before it.
    let mut all: Vec<_> = joins(&trace).into_iter().map(|(_, join)| join).collect();
    all.sort_by_key(|join| (join.span.end, join.depth));
    all.iter().take(WHOLE as usize).for_each(|join| {
        let held = (1 << (15 - join.depth)) - 1;
        assert_eq!((join.first_joins, join.second_joins), (held, held));
        assert_eq!(join.second, SecondHalf::Inline);
    });
    let whole = all.iter().take(WHOLE as usize).filter(|join| join.depth == 15).count();
    assert!(whole > WHOLE as usize / 3, "{whole} leaves");
}

/// What is timed holds what is not: the outermost join counts all.
#[test]
fn joins_that_are_kept_count_those_that_are_not() {
    let _alone = alone();
    let trace = record(Detail::Auto, 1, || tree(17));
    let (_, outermost) =
        only(joins(&trace).into_iter().filter(|(_, join)| join.depth == 0).collect());
    let half = (1 << 16) - 1;
    assert_eq!((outermost.first_joins, outermost.second_joins), (half, half));
    let (_, task) = only(tasks(&trace));
    assert_eq!(task.joins, 2 * half + 1);
}

/// A million jobs of next to nothing, in a scope and detached.
#[test]
fn short_jobs_are_summed_up_and_none_is_missing() {
    let _alone = alone();
    let jobs = 1_000_000;
    for workers in [1, 2] {
        let pool = pool(workers);
        let ((), trace) = recorded(Detail::Auto, || {
            pool.scope(|scope| {
                for _ in 0..jobs / 1_000 {
                    scope.spawn(|scope| (1..1_000).for_each(|_| scope.spawn(|_| ())));
                }
            });
            pool.broadcast(|_| ());
        });
        assert_valid(&trace);
        let Counts { spawns, tasks, .. } = trace.counts();
        assert_eq!((spawns, tasks), (jobs, jobs + 1 + workers as u64));
        assert_jobs_add_up(&trace);
        let events: usize = trace.lanes.iter().map(|lane| lane.events.len()).sum();
        assert!(events < jobs as usize / 10, "{events} events");
        assert!(sums(&trace).iter().map(|(_, sum)| sum.tasks).sum::<u64>() > jobs / 2);
    }
}

#[test]
fn short_jobs_in_no_task_are_summed_up_and_none_is_missing() {
    let _alone = alone();
    let jobs = 100_000;
    let pool = pool(2);
    let ((), trace) = recorded(Detail::Auto, || {
        let done: &'static std::sync::atomic::AtomicU64 = Box::leak(Box::default());
        for _ in 0..jobs {
            pool.spawn(|| _ = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
        while done.load(std::sync::atomic::Ordering::Relaxed) < jobs {
            std::thread::yield_now();
        }
        pool.broadcast(|_| ());
    });
    assert_valid(&trace);
    let Counts { spawns, tasks, injected, .. } = trace.counts();
    assert_eq!((spawns, injected, tasks), (jobs, jobs, jobs + 2));
    assert_jobs_add_up(&trace);
    assert!(sums(&trace).iter().map(|(_, sum)| sum.tasks).sum::<u64>() > jobs / 2);
}

/// Every job is a task, in a sum, or among the losses.
fn assert_jobs_add_up(trace: &Trace) {
    for lane in &trace.lanes {
        let held = held(lane).tasks;
        assert_eq!(lane.losses.overwritten, 0);
        assert_eq!(held + lane.losses.dropped, lane.counts.tasks, "{:?}", lane.losses);
    }
}

/// A panic ends a join whose first half has run short jobs: they are not forgotten.
#[test]
fn short_jobs_in_a_join_that_panics_are_not_missing() {
    let _alone = alone();
    let trace = record(Detail::Auto, 1, || {
        rayon::scope(|scope| {
            (0..10_000).for_each(|_| scope.spawn(|_| ()));
            assert_panics("boom", || {
                rayon::join(
                    || {
                        // The first yield runs the second half unless it is stolen; it is last in.
                        (0..9_000).for_each(|_| _ = rayon::yield_local());
                    },
                    || fail("boom"),
                )
            });
        });
    });
    assert_valid(&trace);
    assert_jobs_add_up(&trace);
}
