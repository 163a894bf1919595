//! A job that another worker of the pool runs than the one that pushed it is a steal: recorded with
//! thief, victim, time of push, and the join or task that pushed it.

mod recording;

use std::sync::atomic::{AtomicUsize, Ordering};

use rayprism::analysis::Steals;
use rayprism::facade as rayon;
use rayprism::model::*;
use rayprism::timeline::Timeline;
use recording::*;

fn here() -> usize {
    rayon::current_thread_index().expect("a worker")
}

fn index(lane: &Lane) -> usize {
    match lane.role {
        Role::Worker { index, .. } => index as usize,
        Role::Outside => panic!("a worker, not {lane:?}"),
    }
}

/// Which workers ran the two halves.
struct Halves {
    victim: AtomicUsize,
    thief: AtomicUsize,
}

fn record_stolen_half(detail: Detail) -> (Halves, Trace) {
    // The first half goes on until the second is through, so that nothing of that is stolen back.
    let done = Flag::new();
    let halves = Halves { victim: AtomicUsize::new(9), thief: AtomicUsize::new(9) };
    let trace = record(detail, 2, || {
        stolen_join(
            || {
                halves.victim.store(here(), Ordering::Relaxed);
                done.wait();
            },
            || {
                tree(3);
                halves.thief.store(here(), Ordering::Relaxed);
                done.raise();
            },
        );
    });
    (halves, trace)
}

#[test]
fn of_second_halves() {
    let _alone = alone();
    for detail in [Detail::Auto, Detail::Full] {
        let (halves, trace) = record_stolen_half(detail);
        assert_whole(&trace);
        assert_eq!(trace.counts().steals, 1);
        let all = tasks(&trace);
        let (thief, stolen) =
            only(all.iter().copied().filter(|(_, task)| task.origin == Origin::Stolen).collect());
        let (victim, join) = only(
            joins(&trace).into_iter().filter(|(_, j)| j.second == SecondHalf::Stolen).collect(),
        );
        assert_eq!(index(thief), halves.thief.into_inner());
        assert_eq!(index(victim), halves.victim.into_inner());
        assert_ne!(thief.id, victim.id);
        assert_eq!(stolen.parent, Some(join.id));
        assert_eq!((stolen.joins, stolen.depth), (7, Some(1)));
        assert_eq!((join.first_joins, join.second_joins), (0, 0));
        let pushed = stolen.pushed.expect("a time of push");
        assert!(join.span.start <= pushed && pushed <= stolen.span.start);
        assert!(stolen.span.start <= join.first_end && stolen.span.end <= join.span.end);
        assert_eq!(stolen.site, join.site);
        let timeline = Timeline::new(&trace).unwrap();
        let theft = only(Steals::of(&timeline).matrix);
        assert_eq!((theft.thief, theft.victim, theft.count), (thief.id, victim.id, 1));
    }
}

#[test]
fn as_an_upper_bound_where_joins_are_only_counted() {
    let _alone = alone();
    let (_, trace) = record_stolen_half(Detail::Count);
    let Counts { joins, steals, migrated, tasks, .. } = trace.counts();
    assert_eq!((joins, steals, migrated, tasks), (8, 0, 1, 2));
}

#[test]
fn of_spawned_jobs() {
    let _alone = alone();
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        let (victim, thief) = (AtomicUsize::new(9), AtomicUsize::new(9));
        let trace = record(detail, 2, || {
            let begun = Flag::new();
            rayon::scope(|scope| {
                scope.spawn(|_| {
                    begun.raise();
                    thief.store(here(), Ordering::Relaxed);
                });
                begun.wait();
                victim.store(here(), Ordering::Relaxed);
            });
        });
        assert_whole(&trace);
        let Counts { steals, migrated, injected, .. } = trace.counts();
        assert_eq!((steals, migrated, injected), (1, 0, 1));
        if detail != Detail::Count {
            let all = tasks(&trace);
            let parent = only(all.iter().filter(|(_, t)| t.origin == Origin::Injected).collect());
            let (lane, stolen) =
                only(all.iter().filter(|(_, t)| t.origin == Origin::Stolen).collect());
            assert_eq!(index(lane), thief.into_inner());
            assert_eq!(index(parent.0), victim.into_inner());
            assert_eq!(stolen.parent, Some(parent.1.id));
            assert!(stolen.pushed.expect("a time of push") <= stolen.span.start);
        }
    }
}

#[test]
fn of_jobs_spawned_by_a_worker_and_run_by_it_there_are_none() {
    let _alone = alone();
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        let trace = record(detail, 1, || {
            rayon::scope(|scope| (0..100).for_each(|_| scope.spawn(|_| ())));
        });
        assert_whole(&trace);
        let Counts { spawns, tasks, steals, injected, .. } = trace.counts();
        assert_eq!((spawns, tasks, steals, injected), (100, 101, 0, 1));
    }
}

/// Every one of many halves is forced onto another worker than the one that called its join.
#[test]
fn each_of_many() {
    fn chain(n: u32) {
        if n > 0 {
            stolen_join(|| (), || chain(n - 1));
        }
    }
    let _alone = alone();
    for workers in [2, 4, 8] {
        let trace = record(Detail::Full, workers, || chain(100));
        assert_whole(&trace);
        let Counts { joins, steals, tasks, .. } = trace.counts();
        assert_eq!((joins, steals, tasks), (100, 100, 101));
        let stolen = origins(&trace)[&Origin::Stolen];
        assert_eq!(stolen, 100);
    }
}
