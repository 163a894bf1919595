//! Threads that end, pools that are dropped, threads that call in from outside, and every way of
//! making workers: each thread has one lane, with the right role, for as long as it was there.

mod recording;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

fn workers(trace: &Trace) -> Vec<(PoolId, u32)> {
    let role = |lane: &Lane| match lane.role {
        Role::Worker { pool, index } => Some((pool, index)),
        Role::Outside => None,
    };
    trace.lanes.iter().filter_map(role).collect()
}

fn outside(trace: &Trace) -> Vec<&Lane> {
    trace.lanes.iter().filter(|lane| lane.role == Role::Outside).collect()
}

#[test]
fn a_pool_dropped_while_recording_keeps_its_lanes() {
    let _alone = alone();
    let ((), trace) = recorded(Detail::Full, || {
        let ended = std::sync::Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let counter = std::sync::Arc::clone(&ended);
            let pool = ThreadPoolBuilder::new()
                .num_threads(2)
                .spawn_handler(move |worker| {
                    let counter = std::sync::Arc::clone(&counter);
                    // Counts when the worker's lane is closed, which its thread's locals do.
                    thread::spawn(move || {
                        thread::spawn(|| worker.run()).join().unwrap();
                        counter.fetch_add(1, Ordering::Release);
                    });
                    Ok(())
                })
                .build()
                .unwrap();
            pool.install(|| tree(6));
        }
        while ended.load(Ordering::Acquire) < 6 {
            thread::yield_now();
        }
    });
    assert_whole(&trace);
    assert_eq!(trace.counts().joins, 3 * 63);
    assert_eq!(trace.pools.iter().map(|pool| pool.threads).collect::<Vec<_>>(), [2, 2, 2]);
    assert_eq!(workers(&trace).len(), 6);
    for lane in trace.lanes.iter().filter(|lane| lane.role != Role::Outside) {
        let (started, ended) = (lane.started.unwrap(), lane.ended.unwrap());
        let cpu = *lane.cpu.value().expect("a worker's CPU time");
        assert!(started < ended && ended <= trace.header.duration);
        assert!(cpu <= ended, "{cpu} of CPU time in a life that ended at {ended}");
    }
}

#[test]
fn a_pool_that_did_nothing_is_none_of_the_recordings_business() {
    let _alone = alone();
    let (idle, busy) = (pool(3), pool(2));
    let ((), trace) = recorded(Detail::Full, || busy.install(|| tree(3)));
    assert_eq!((trace.pools.len(), workers(&trace).len()), (1, 2));
    drop(idle);
}

#[test]
fn an_idle_worker_has_a_lane_of_its_own_beside_the_others() {
    let _alone = alone();
    let pool = pool(4);
    let ((), trace) = recorded(Detail::Full, || pool.install(|| ()));
    assert_whole(&trace);
    let indices: Vec<_> = workers(&trace).into_iter().map(|(_, index)| index).collect();
    assert_eq!(indices, [0, 1, 2, 3]);
    let at_work = trace.lanes.iter().filter(|l| l.role != Role::Outside && l.counts.tasks > 0);
    assert_eq!(at_work.count(), 1);
}

#[test]
fn outside_threads_have_a_lane_each() {
    let _alone = alone();
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        let pool = pool(2);
        let ((), trace) = recorded(detail, || {
            thread::scope(|scope| {
                for n in 0..8 {
                    let pool = &pool;
                    let caller = thread::Builder::new().name(format!("caller {n}"));
                    let work = move || (0..5).for_each(|_| pool.install(|| tree(4)));
                    caller.spawn_scoped(scope, work).unwrap();
                }
            });
        });
        assert_whole(&trace);
        assert_eq!((trace.counts().joins, trace.counts().injected), (8 * 5 * 15, 40));
        let callers = outside(&trace);
        let names: HashSet<_> = callers.iter().map(|lane| lane.name.clone().unwrap()).collect();
        assert_eq!((callers.len(), names.len()), (8, 8));
        assert_eq!(workers(&trace).len(), 2);
        if detail != Detail::Count {
            assert!(callers.iter().all(|lane| lane.events.len() == 5));
        }
    }
}

#[test]
fn outside_threads_that_end_are_not_in_the_next_recording() {
    let _alone = alone();
    let pool = pool(1);
    let call = || thread::scope(|s| s.spawn(|| pool.install(|| ())).join().unwrap());
    let ((), first) = recorded(Detail::Full, call);
    let ((), second) = recorded(Detail::Full, call);
    let (first, second) = (only(outside(&first)).id, only(outside(&second)).id);
    assert_ne!(first, second);
}

#[test]
fn the_building_thread_can_be_a_worker() {
    let _alone = alone();
    // rayon never lets go of such a thread: it is one of its own.
    let recording = || {
        let spin = std::time::Instant::now();
        while spin.elapsed().as_millis() < 50 {
            std::hint::spin_loop();
        }
        recorded(Detail::Full, || {
            let pool = ThreadPoolBuilder::new().num_threads(2).use_current_thread();
            let pool = pool.build().unwrap();
            assert_eq!(rayon::current_thread_index(), Some(0));
            pool.install(|| stolen_join(|| tree(3), || tree(4)));
            tree(2);
        })
        .1
    };
    let trace = thread::scope(|scope| scope.spawn(recording).join().unwrap());
    assert_whole(&trace);
    assert_eq!(trace.counts().joins, 1 + 7 + 15 + 3);
    assert!(trace.counts().steals >= 1);
    assert_eq!(only(trace.pools.clone()).threads, 2);
    assert_eq!(workers(&trace).len(), 2);
    assert!(outside(&trace).is_empty());
    // What its thread did before the recording is not in its CPU time.
    for lane in &trace.lanes {
        let cpu = *lane.cpu.value().expect("a worker's CPU time");
        assert!(cpu <= trace.header.duration, "{cpu} in {}", trace.header.duration);
    }
}

#[test]
fn scoped_workers_are_workers() {
    let _alone = alone();
    let ((), trace) = recorded(Detail::Full, || {
        let pool = ThreadPoolBuilder::new().num_threads(3).thread_name(|n| format!("scoped {n}"));
        pool.build_scoped(|worker| worker.run(), |pool| pool.install(|| tree(5))).unwrap();
    });
    assert_whole(&trace);
    assert_eq!(trace.counts().joins, 31);
    let only_pool = only(trace.pools.clone());
    assert_eq!((only_pool.threads, only_pool.every_call_seen), (3, true));
    let lanes = trace.lanes.iter().filter(|lane| lane.role != Role::Outside);
    // They run on threads that rayon names.
    let mut names: Vec<_> = lanes.map(|lane| lane.name.clone().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["scoped 0", "scoped 1", "scoped 2"]);
}

#[test]
fn workers_that_the_user_spawns_are_workers() {
    let _alone = alone();
    let ((), trace) = recorded(Detail::Full, || {
        let pool = ThreadPoolBuilder::new()
            .num_threads(2)
            .spawn_handler(|worker| {
                let name = format!("mine {}", worker.index());
                thread::Builder::new().name(name).spawn(|| worker.run()).map(drop)
            })
            .build()
            .unwrap();
        pool.broadcast(|_| ());
        pool.install(|| tree(5));
    });
    assert_whole(&trace);
    assert_eq!((trace.counts().joins, workers(&trace).len()), (31, 2));
    let lanes = trace.lanes.iter().filter(|lane| lane.role != Role::Outside);
    let names: Vec<_> = lanes.map(|lane| lane.name.clone().unwrap()).collect();
    assert_eq!(names, ["mine 0", "mine 1"]);
}

#[test]
fn the_users_handlers_run() {
    let _alone = alone();
    static CALLS: Mutex<Vec<(&str, usize)>> = Mutex::new(Vec::new());
    let call = |what, n| CALLS.lock().unwrap().push((what, n));
    let ((), trace) = recorded(Detail::Full, || {
        ThreadPoolBuilder::new()
            .num_threads(2)
            .start_handler(move |n| call("start", n))
            .exit_handler(move |n| call("exit", n))
            .panic_handler(move |_| call("panic", 0))
            .build_scoped(
                |worker| worker.run(),
                |pool| {
                    pool.spawn(|| fail("detached"));
                    // The handler runs before the job's worker is free again.
                    pool.broadcast(|_| ());
                    while !CALLS.lock().unwrap().contains(&("panic", 0)) {
                        thread::yield_now();
                    }
                },
            )
            .unwrap();
    });
    assert_whole(&trace);
    let mut calls = CALLS.lock().unwrap().clone();
    calls.sort_unstable();
    assert_eq!(calls, [("exit", 0), ("exit", 1), ("panic", 0), ("start", 0), ("start", 1)]);
}

/// A job in a start or exit handler is recorded like any other.
#[test]
fn handlers_may_use_rayon() {
    let _alone = alone();
    let ((), trace) = recorded(Detail::Full, || {
        ThreadPoolBuilder::new()
            .num_threads(2)
            .start_handler(|_| tree(3))
            .exit_handler(|_| tree(2))
            .build_scoped(|worker| worker.run(), |pool| pool.install(|| tree(4)))
            .unwrap();
    });
    assert_whole(&trace);
    assert_eq!(trace.counts().joins, 2 * 7 + 2 * 3 + 15);
}

/// A thread's own locals may call rayon when they are dropped, after rayprism's are gone.
#[test]
fn a_thread_may_use_rayon_in_its_destructors() {
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            rayon::join(|| (), || ());
        }
    }
    thread_local!(static LAST: Last = const { Last });
    let _alone = alone();
    let session = Session::builder().detail(Detail::Full).start().unwrap();
    thread::spawn(|| {
        // Locals are dropped in the reverse order of their first use.
        LAST.with(|_| ());
        tree(1);
    })
    .join()
    .unwrap();
    assert_eq!(session.stop().counts().joins, 2);
}
