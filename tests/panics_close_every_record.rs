//! A panic goes through the facade as through rayon, closes every record, marks those that it went
//! through, and leaves the recorder counting right on the same pool.

mod recording;

use std::sync::Arc;
use std::sync::mpsc;

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

const DETAILS: [Detail; 3] = [Detail::Count, Detail::Auto, Detail::Full];

/// How many tasks, joins and operations a panic went through.
fn panicked(trace: &Trace) -> (usize, usize, usize) {
    let is = |outcome| outcome == Outcome::Panicked;
    (
        tasks(trace).iter().filter(|(_, task)| is(task.outcome)).count(),
        joins(trace).iter().filter(|(_, join)| is(join.outcome)).count(),
        operations(trace).iter().filter(|(_, operation)| is(operation.outcome)).count(),
    )
}

/// Panics in a pool of `workers`, at every detail, then runs a tree of depth 8 there. `joins` and
/// `spawns` are what the panicking part makes, `marked` the tasks, joins and operations it marks.
#[track_caller]
fn assert_closed(
    workers: usize,
    (joins, spawns): (u64, u64),
    marked: (usize, usize, usize),
    part: impl Fn() + Sync,
) {
    let _alone = alone();
    for detail in DETAILS {
        let pool = pool(workers);
        let ((), trace) = recorded(detail, || {
            pool.install(|| assert_panics("boom", &part));
            pool.install(|| tree(8));
        });
        let counts = trace.counts();
        assert_eq!((counts.joins, counts.spawns), (joins + 255, spawns), "{detail:?}");
        assert_whole(&trace);
        if detail != Detail::Count {
            assert_eq!(panicked(&trace), marked, "{detail:?}");
            assert_depths(&trace);
        }
    }
}

/// The tree after the panic starts at depth 0 and goes down to 7.
fn assert_depths(trace: &Trace) {
    let deepest = |lane: &Lane| lane.events.iter().filter_map(depth).max();
    let deepest = trace.lanes.iter().filter_map(deepest).max();
    assert_eq!(deepest, Some(7));
}

fn depth(event: &Event) -> Option<u32> {
    match event {
        Event::Join(join) if join.outcome == Outcome::Returned => Some(join.depth),
        _ => None,
    }
}

/// rayon runs the second half all the same, as a job, before it lets the panic go on.
#[test]
fn in_a_first_half() {
    assert_closed(1, (2, 0), (0, 1, 0), || {
        rayon::join(|| fail("boom"), || tree(1));
    });
}

#[test]
fn in_a_first_half_whose_second_is_stolen() {
    assert_closed(2, (1, 0), (0, 1, 0), || stolen_join(|| fail("boom"), || ()));
}

#[test]
fn in_a_second_half_in_place() {
    assert_closed(1, (1, 0), (0, 1, 0), || {
        rayon::join(|| (), || fail("boom"));
    });
}

#[test]
fn in_a_stolen_second_half() {
    assert_closed(2, (1, 0), (1, 1, 0), || stolen_join(|| (), || fail("boom")));
}

#[test]
fn in_both_halves_it_is_the_firsts() {
    assert_closed(2, (1, 0), (1, 1, 0), || stolen_join(|| fail("boom"), || fail("second")));
}

#[test]
fn in_a_second_half_that_its_own_worker_ran_as_a_job() {
    assert_closed(1, (1, 0), (1, 1, 0), || {
        rayon::join(|| assert!(rayon::yield_local().is_some()), || fail("boom"));
    });
}

#[test]
fn deep_in_a_tree() {
    fn failing(depth: u32) {
        match depth {
            0 => fail("boom"),
            _ => drop(rayon::join(|| failing(depth - 1), || tree(depth - 1))),
        }
    }
    assert_closed(1, (63, 0), (0, 6, 0), || failing(6));
}

#[test]
fn in_a_spawned_job() {
    assert_closed(1, (1, 1), (1, 0, 1), || {
        rayon::scope(|scope| {
            scope.spawn(|_| {
                rayon::join(|| (), || ());
                fail("boom");
            });
        });
    });
}

#[test]
fn in_a_stolen_spawned_job() {
    assert_closed(2, (0, 1), (1, 0, 1), || {
        let begun = Flag::new();
        rayon::scope_fifo(|scope| {
            scope.spawn_fifo(|_| {
                begun.raise();
                fail("boom");
            });
            begun.wait();
        });
    });
}

#[test]
fn in_a_scopes_body() {
    assert_closed(1, (0, 1), (0, 0, 1), || {
        rayon::scope(|scope| {
            scope.spawn(|_| ());
            fail("boom");
        });
    });
    assert_closed(1, (0, 1), (0, 0, 1), || {
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| ());
            fail("boom");
        });
    });
}

#[test]
fn in_a_region() {
    assert_closed(1, (0, 0), (0, 0, 1), || rayprism::region("failing", || fail("boom")));
}

#[test]
fn in_an_install_into_another_pool() {
    let other = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    // A task there, an operation here.
    assert_closed(1, (1, 0), (1, 0, 1), || {
        other.install(|| {
            rayon::join(|| (), || ());
            fail("boom");
        })
    });
}

#[test]
fn in_an_install_from_outside_and_in_place() {
    let _alone = alone();
    for detail in DETAILS {
        let pool = pool(2);
        let ((), trace) = recorded(detail, || {
            assert_panics("boom", || pool.install(|| fail("boom")));
            assert_panics("boom", || pool.install(|| pool.install(|| fail("boom"))));
            pool.install(|| tree(8));
        });
        assert_eq!(trace.counts().joins, 255);
        assert_whole(&trace);
        if detail != Detail::Count {
            assert_eq!(panicked(&trace), (2, 0, 3));
            // What panicked in place never waited.
            let (_, in_place) =
                only(operations(&trace).into_iter().filter(|(_, o)| o.task.is_some()).collect());
            assert_eq!(in_place.wait, in_place.span.end);
        }
    }
}

#[test]
fn in_joins_and_scopes_from_outside() {
    let _alone = alone();
    for detail in DETAILS {
        let ((), trace) = recorded(detail, || {
            assert_panics("boom", || rayon::join(|| fail("boom"), || ()));
            assert_panics("boom", || rayon::join(|| (), || fail("boom")));
            assert_panics("boom", || rayon::join_context(|_| (), |_| fail("boom")));
            assert_panics("boom", || rayon::scope(|_| fail("boom")));
            assert_panics("boom", || rayon::scope(|scope| scope.spawn(|_| fail("boom"))));
            assert_panics("boom", || rayon::in_place_scope(|_| fail("boom")));
            tree(8);
        });
        assert_eq!((trace.counts().joins, trace.counts().spawns), (3 + 255, 1));
        assert_whole(&trace);
        if detail != Detail::Count {
            assert_eq!(panicked(&trace).2, 6);
        }
    }
}

#[test]
fn in_a_broadcast() {
    let _alone = alone();
    for detail in DETAILS {
        let pool = pool(3);
        let ((), trace) = recorded(detail, || {
            assert_panics("boom", || {
                pool.broadcast(|context| {
                    if context.index() == 1 {
                        fail("boom");
                    }
                })
            });
            pool.install(|| tree(8));
        });
        assert_eq!(trace.counts().joins, 255);
        assert_whole(&trace);
        if detail != Detail::Count {
            assert_eq!(panicked(&trace), (1, 0, 1));
            let broadcast =
                tasks(&trace).iter().filter(|(_, t)| t.origin == Origin::Broadcast).count();
            assert_eq!(broadcast, 3);
        }
    }
}

#[test]
fn in_detached_jobs() {
    let _alone = alone();
    for detail in DETAILS {
        let (caught, handled) = mpsc::channel();
        let handler = move |payload: Box<dyn std::any::Any + Send>| {
            caught.send(*payload.downcast::<String>().unwrap()).unwrap();
        };
        let pool = ThreadPoolBuilder::new().num_threads(2).panic_handler(handler).build().unwrap();
        let ((), trace) = recorded(detail, || {
            pool.spawn(|| fail("spawn"));
            assert_eq!(handled.recv().unwrap(), "spawn");
            pool.spawn_fifo(|| fail("fifo"));
            assert_eq!(handled.recv().unwrap(), "fifo");
            pool.spawn_broadcast(|_| fail("broadcast"));
            assert_eq!([handled.recv().unwrap(), handled.recv().unwrap()], ["broadcast"; 2]);
            pool.install(|| tree(8));
        });
        let Counts { joins, spawns, tasks, steals, .. } = trace.counts();
        assert_eq!((joins, spawns), (255, 3));
        assert_whole(&trace);
        if detail == Detail::Full {
            assert_eq!(tasks, 4 + 1 + steals);
        }
        if detail != Detail::Count {
            assert_eq!(panicked(&trace), (4, 0, 0));
        }
    }
}

/// Joins that are only counted know nothing of panics, and need not.
#[test]
fn in_collapsed_joins() {
    fn failing(depth: u32) {
        match depth {
            0 => fail("boom"),
            _ => drop(rayon::join(|| tree(depth - 1), || failing(depth - 1))),
        }
    }
    let _alone = alone();
    for workers in [1, 2, 8] {
        let pool = Arc::new(pool(workers));
        let ((), trace) = recorded(Detail::Auto, || {
            // After this most joins are collapsed.
            pool.install(|| tree(17));
            for _ in 0..20 {
                pool.install(|| assert_panics("boom", || failing(10)));
            }
            pool.install(|| tree(17));
        });
        let before = (1 << 17) - 1;
        // Each level d of `failing` makes one join and a tree of depth d − 1.
        let failing: u64 = (1..=10).map(|depth| 1 << (depth - 1)).sum();
        let Counts { joins, timed_joins, .. } = trace.counts();
        assert_eq!(joins, 2 * before + 20 * failing);
        assert!(timed_joins < joins, "some are collapsed");
        assert_valid(&trace);
        assert_eq!(trace.losses().unfinished, 0);
    }
}
