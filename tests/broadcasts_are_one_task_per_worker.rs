//! A broadcast is one task on each worker and never a steal; a spawned one counts as one spawn.

mod recording;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

fn assert_shares(trace: &Trace, workers: usize, broadcasts: usize) {
    assert_whole(trace);
    assert_eq!(trace.counts().steals, 0);
    if trace.header.detail == Detail::Count {
        return;
    }
    let all = tasks(trace);
    let shares: Vec<_> = all.iter().filter(|(_, t)| t.origin == Origin::Broadcast).collect();
    let lanes: HashSet<_> = shares.iter().map(|(lane, _)| lane.id).collect();
    assert_eq!((lanes.len(), shares.len()), (workers, workers * broadcasts));
}

#[test]
fn called_from_outside_and_from_within() {
    let _alone = alone();
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        for workers in [1, 2, 4, 8] {
            let pool = pool(workers);
            let ((), trace) = recorded(detail, || {
                assert_eq!(pool.broadcast(|context| context.index()).len(), workers);
                pool.install(|| assert_eq!(rayon::broadcast(|_| ()).len(), workers));
            });
            assert_shares(&trace, workers, 2);
            let Counts { spawns, tasks, injected, .. } = trace.counts();
            assert_eq!((spawns, tasks, injected), (0, 2 * workers as u64 + 1, 1));
        }
    }
}

#[test]
fn spawned() {
    let _alone = alone();
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        for workers in [1, 2, 4] {
            let pool = pool(workers);
            let ((), trace) = recorded(detail, || {
                let ran: &'static AtomicUsize = Box::leak(Box::default());
                pool.spawn_broadcast(|_| _ = ran.fetch_add(1, Ordering::Relaxed));
                pool.scope(|scope| {
                    scope.spawn_broadcast(|_, _| _ = ran.fetch_add(1, Ordering::Relaxed));
                });
                pool.scope_fifo(|scope| {
                    scope.spawn_broadcast(|_, _| _ = ran.fetch_add(1, Ordering::Relaxed));
                });
                // Each worker takes its shares in order, so the spawned one is over after this.
                pool.broadcast(|_| ());
                assert_eq!(ran.load(Ordering::Relaxed), 3 * workers);
            });
            assert_shares(&trace, workers, 4);
            let Counts { spawns, tasks, injected, .. } = trace.counts();
            assert_eq!((spawns, tasks, injected), (3, 4 * workers as u64 + 2, 2));
        }
    }
}
