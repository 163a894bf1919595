//! Entering a pool, from outside, from another pool's worker or from its own, puts each task on a
//! lane of the right pool. What enters is injected, never a steal.

mod recording;

use rayprism::model::*;
use recording::*;

fn pool_of(lane: &Lane) -> Option<PoolId> {
    match lane.role {
        Role::Worker { pool, .. } => Some(pool),
        Role::Outside => None,
    }
}

#[test]
fn where_one_installs_into_the_other() {
    let _alone = alone();
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        let (outer, inner) = (pool(2), pool(3));
        let ((), trace) = recorded(detail, || {
            outer.install(|| {
                tree(2);
                inner.install(|| {
                    tree(3);
                    outer.install(|| tree(4));
                });
            });
        });
        assert_whole(&trace);
        let counts = trace.counts();
        assert_eq!((counts.joins, counts.injected), (3 + 7 + 15, 3));
        let sizes: Vec<_> = trace.pools.iter().map(|p| (p.threads, p.every_call_seen)).collect();
        assert_eq!(sizes, [(2, true), (3, true)]);
        let joins_in = |pool: &Pool| -> u64 {
            let lanes = trace.lanes.iter().filter(|lane| pool_of(lane) == Some(pool.id));
            lanes.map(|lane| lane.counts.joins).sum()
        };
        assert_eq!(trace.pools.iter().map(joins_in).collect::<Vec<_>>(), [18, 7]);
        if detail == Detail::Count {
            continue;
        }
        let installs = operations(&trace);
        assert_eq!(installs.len(), 3);
        let mut injected: Vec<_> =
            tasks(&trace).into_iter().filter(|(_, task)| task.origin == Origin::Injected).collect();
        injected.sort_by_key(|(_, task)| task.span.start);
        let pools: Vec<_> = injected.iter().map(|(lane, _)| pool_of(lane).unwrap()).collect();
        let (first, second) = (trace.pools[0].id, trace.pools[1].id);
        assert_eq!(pools, [first, second, first]);
        for (lane, task) in injected {
            let (caller, install) =
                *installs.iter().find(|(_, o)| Some(o.id) == task.parent).expect("its install");
            assert_ne!(pool_of(lane), pool_of(caller));
            assert_eq!(task.pushed, Some(install.span.start));
            assert_eq!(install.wait, install.span.start);
            assert!(install.span.contains(task.span));
        }
    }
}

#[test]
fn where_a_worker_installs_into_its_own() {
    let _alone = alone();
    let pool = pool(2);
    let ((), trace) = recorded(Detail::Full, || pool.install(|| pool.install(|| tree(3))));
    assert_whole(&trace);
    assert_eq!((trace.counts().injected, trace.counts().joins), (1, 7));
    // No second task: the inner install is an operation in the first, and never waits.
    let (_, inner) = only(
        operations(&trace).into_iter().filter(|(_, operation)| operation.task.is_some()).collect(),
    );
    assert_eq!((inner.kind, inner.wait), (OperationKind::Install, inner.span.end));
    assert_eq!(trace.counts().tasks, 1 + trace.counts().steals);
}

#[test]
fn where_a_worker_spawns_into_the_other() {
    let _alone = alone();
    for detail in [Detail::Count, Detail::Full] {
        // Each with one worker, of the same index.
        let (outer, inner) = (pool(1), pool(1));
        let ((), trace) = recorded(detail, || {
            outer.install(|| {
                let ran: &'static Flag = Box::leak(Box::default());
                inner.spawn(|| ran.raise());
                ran.wait();
            });
            inner.install(|| ());
        });
        assert_whole(&trace);
        let Counts { spawns, tasks, steals, injected, .. } = trace.counts();
        assert_eq!((spawns, tasks, steals, injected), (1, 3, 0, 3));
    }
}

#[test]
fn where_a_scope_of_one_is_spawned_into_from_the_other() {
    let _alone = alone();
    let (outer, inner) = (pool(1), pool(1));
    let ((), trace) = recorded(Detail::Full, || {
        outer.scope(|scope| inner.install(|| scope.spawn(|_| tree(2))));
    });
    assert_whole(&trace);
    let job = only(tasks(&trace).into_iter().filter(|(_, t)| t.joins == 3).collect());
    assert_eq!(pool_of(job.0), Some(trace.pools[0].id));
    assert_eq!(job.1.origin, Origin::Injected);
    assert_eq!(trace.counts().steals, 0);
}
