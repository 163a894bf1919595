//! One recording at a time; each holds what began in it, whatever ran before, across its borders,
//! or after.

mod recording;

use std::sync::Arc;
use std::thread;

use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::model::*;
use rayprism::session::StartError;
use recording::*;

const DETAILS: [Detail; 3] = [Detail::Count, Detail::Auto, Detail::Full];

#[test]
fn a_second_one_at_the_same_time_is_an_error() {
    let _alone = alone();
    let first = Session::builder().start().unwrap();
    let error = Session::builder().start().unwrap_err();
    assert_eq!(error, StartError::AlreadyRecording);
    assert_eq!(error.to_string(), "another recording is under way in this process; stop it first");
    pool(1).install(|| tree(3));
    assert_eq!(first.stop().counts().joins, 7);
    drop(Session::builder().start().expect("the first one is over"));
}

#[test]
fn a_dropped_one_is_discarded() {
    let _alone = alone();
    let pool = pool(2);
    let session = Session::builder().detail(Detail::Full).start().unwrap();
    pool.install(|| tree(5));
    drop(session);
    let ((), trace) = recorded(Detail::Full, || pool.install(|| tree(2)));
    assert_whole(&trace);
    assert_eq!((trace.counts().joins, joins(&trace).len()), (3, 3));
}

#[test]
fn one_after_another_has_its_own_counts_and_events() {
    let _alone = alone();
    let pool = pool(2);
    for round in 0..20 {
        for detail in DETAILS {
            let depth = 1 + round % 7;
            // Between the recordings nothing counts.
            pool.install(|| tree(9));
            let ((), trace) = recorded(detail, || pool.install(|| tree(depth)));
            assert_whole(&trace);
            assert_eq!(trace.counts().joins, (1 << depth) - 1);
            assert_eq!(trace.counts().injected, 1);
            assert_eq!(trace.header.detail, detail);
        }
    }
}

#[test]
fn counting_reads_no_clock_and_writes_no_event() {
    let _alone = alone();
    let trace = record(Detail::Count, 2, || {
        rayprism::region("unseen", || tree(6));
        rayon::scope(|scope| scope.spawn(|_| tree(6)));
    });
    assert!(trace.lanes.iter().all(|lane| lane.events.is_empty()));
    assert!(trace.sites.is_empty());
    let Counts { joins, timed_joins, spawns, .. } = trace.counts();
    assert_eq!((joins, timed_joins, spawns), (126, 0, 1));
}

/// A pool of one worker that is kept in a task until the end of `during`.
fn across(during: impl FnOnce(), rest: impl FnOnce() + Send) {
    let pool = pool(1);
    let (inside, go_on) = (Flag::new(), Flag::new());
    thread::scope(|scope| {
        let call = scope.spawn(|| {
            pool.install(|| {
                tree(4);
                // A job within the task, whose end publishes no more than its own counts.
                rayon::scope(|scope| scope.spawn(|_| ()));
                inside.raise();
                go_on.wait();
                rest();
            });
        });
        inside.wait();
        during();
        go_on.raise();
        call.join().expect("no panic");
    });
}

#[test]
fn what_began_before_is_not_in_it_and_what_begins_in_it_is() {
    let _alone = alone();
    for detail in DETAILS {
        let mut session = None;
        across(
            || session = Some(Session::builder().detail(detail).start().unwrap()),
            || {
                tree(5);
                // A job that begins now, pushed by a task that nobody recorded.
                rayon::scope(|scope| scope.spawn(|_| tree(3)));
                tree(5);
            },
        );
        let trace = session.unwrap().stop();
        assert_whole(&trace);
        let Counts { joins, spawns, .. } = trace.counts();
        assert_eq!((joins, spawns), (7, 0), "{detail:?}");
    }
}

#[test]
fn what_ends_after_it_is_open() {
    let _alone = alone();
    for detail in DETAILS {
        let mut session = Some(Session::builder().detail(detail).start().unwrap());
        let mut trace = None;
        across(|| trace = Some(session.take().unwrap().stop()), || tree(5));
        let trace = trace.unwrap();
        assert_valid(&trace);
        let is_open = |task: &Task| task.outcome == Outcome::Open;
        let open = tasks(&trace).into_iter().filter(|(_, task)| is_open(task)).count() as u64;
        // Without times it is a number alone.
        assert_eq!(open, u64::from(detail != Detail::Count));
        assert_eq!(trace.losses(), Losses { unfinished: 1 - open, ..Losses::default() });
        // Its joins are not counted before it ends, though at full detail they are recorded.
        assert_eq!(trace.counts().joins, 0);
        assert_eq!(joins(&trace).len(), if detail == Detail::Count { 0 } else { 15 });
    }
}

/// A task of the first recording runs on while there is a second one.
#[test]
fn a_task_that_spans_two_of_them_is_in_neither() {
    let _alone = alone();
    for (before, after) in DETAILS.into_iter().flat_map(|d| DETAILS.map(|e| (d, e))) {
        let mut session = Some(Session::builder().detail(before).start().unwrap());
        across(
            || {
                session.take().unwrap().stop();
                session = Some(Session::builder().detail(after).start().unwrap());
            },
            || {
                tree(5);
                rayprism::region("spans", || tree(2));
                rayon::scope(|scope| scope.spawn(|_| tree(3)));
                rayprism::region("spans", || tree(2));
                rayon::scope(|scope| scope.spawn(|_| tree(3)));
                tree(5);
            },
        );
        let trace = session.unwrap().stop();
        assert_whole(&trace);
        let Counts { joins, spawns, .. } = trace.counts();
        assert_eq!((joins, spawns), (14, 0), "{before:?}, then {after:?}");
        assert!(operations(&trace).is_empty());
    }
}

/// The same, where the spanning task is itself run while another one waits, and joins span, too.
#[test]
fn nor_are_the_tasks_around_it() {
    let _alone = alone();
    for (before, after) in DETAILS.into_iter().flat_map(|d| DETAILS.map(|e| (d, e))) {
        let mut session = Some(Session::builder().detail(before).start().unwrap());
        let pool = pool(1);
        let (inside, go_on) = (&Flag::new(), &Flag::new());
        thread::scope(|scope| {
            let call = scope.spawn(|| {
                pool.install(|| {
                    rayon::scope(|scope| {
                        scope.spawn(|_| {
                            rayon::join(
                                || {
                                    inside.raise();
                                    go_on.wait();
                                    rayon::scope(|scope| scope.spawn(|_| tree(3)));
                                    tree(2);
                                },
                                || tree(2),
                            );
                            tree(4);
                        });
                    });
                    tree(4);
                    rayon::scope(|scope| scope.spawn(|_| tree(3)));
                    tree(4);
                });
            });
            inside.wait();
            session.take().unwrap().stop();
            session = Some(Session::builder().detail(after).start().unwrap());
            go_on.raise();
            call.join().unwrap();
        });
        // Afterwards the worker counts as ever.
        pool.install(|| tree(6));
        let trace = session.unwrap().stop();
        assert_whole(&trace);
        let Counts { joins, spawns, injected, .. } = trace.counts();
        assert_eq!((joins, spawns, injected), (14 + 63, 0, 1), "{before:?}, then {after:?}");
    }
}

/// Whatever a recording is cut off in, its trace is sound.
#[test]
fn a_stop_at_any_moment_leaves_a_sound_trace() {
    let _alone = alone();
    for detail in [Detail::Auto, Detail::Full] {
        let pool = Arc::new(pool(2));
        let over = Arc::new(Flag::new());
        let busy = {
            let (pool, over) = (Arc::clone(&pool), Arc::clone(&over));
            thread::spawn(move || {
                while !over.is_up() {
                    pool.scope(|scope| {
                        for _ in 0..50 {
                            scope.spawn(|_| tree(2));
                        }
                    });
                    pool.install(|| tree(5));
                }
            })
        };
        for _ in 0..400 {
            let session = Session::builder().detail(detail).buffer_bytes(1 << 20).start().unwrap();
            let waited: u64 = (0..200_u64).map(std::hint::black_box).sum();
            assert_eq!(waited, 19_900);
            let trace = session.stop();
            assert_valid(&trace);
        }
        over.raise();
        busy.join().unwrap();
    }
}
