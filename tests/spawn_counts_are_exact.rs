//! Every spawn is counted once and every job runs as one task, at every detail that counts.

mod recording;

use std::sync::mpsc;

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

const DETAILS: [Detail; 3] = [Detail::Count, Detail::Auto, Detail::Full];

/// Two spawns at each inner node: 2^(depth + 1) − 2 of them.
fn spawn_tree<'s>(scope: &rayon::Scope<'s>, depth: u32) {
    if depth > 0 {
        scope.spawn(move |scope| spawn_tree(scope, depth - 1));
        scope.spawn(move |scope| spawn_tree(scope, depth - 1));
    }
}

fn spawn_tree_fifo<'s>(scope: &rayon::ScopeFifo<'s>, depth: u32) {
    if depth > 0 {
        scope.spawn_fifo(move |scope| spawn_tree_fifo(scope, depth - 1));
        scope.spawn_fifo(move |scope| spawn_tree_fifo(scope, depth - 1));
    }
}

/// A scope at each inner node, with one spawn.
fn scope_tree(depth: u32) {
    if depth > 0 {
        rayon::scope(|scope| {
            scope.spawn(|_| scope_tree(depth - 1));
            scope_tree(depth - 1);
        });
    }
}

/// `entries`: jobs by which pools are entered, which are no spawns.
fn assert_spawns(trace: &Trace, spawns: u64, entries: u64) {
    let counts = trace.counts();
    assert_eq!(counts.spawns, spawns, "{:?}", trace.header.detail);
    assert_eq!(counts.tasks, spawns + entries, "{:?}", trace.header.detail);
    assert_eq!((counts.joins, counts.migrated), (0, 0));
    assert_whole(trace);
}

#[test]
fn in_scopes() {
    let _alone = alone();
    for detail in DETAILS {
        for workers in [1, 2, 8] {
            let spawns = (1 << 11) - 2;
            let trace = record(detail, workers, || rayon::scope(|scope| spawn_tree(scope, 10)));
            assert_spawns(&trace, spawns, 1);
            let trace =
                record(detail, workers, || rayon::scope_fifo(|scope| spawn_tree_fifo(scope, 10)));
            assert_spawns(&trace, spawns, 1);
            let trace =
                record(detail, workers, || rayon::in_place_scope(|scope| spawn_tree(scope, 10)));
            assert_spawns(&trace, spawns, 1);
            let trace = record(detail, workers, || scope_tree(9));
            assert_spawns(&trace, (1 << 9) - 1, 1);
        }
    }
}

#[test]
fn in_scopes_entered_from_outside() {
    let _alone = alone();
    let pool = pool(2);
    for detail in DETAILS {
        let ((), trace) = recorded(detail, || rayon::scope(|scope| spawn_tree(scope, 8)));
        assert_spawns(&trace, (1 << 9) - 2, 1);
        let ((), trace) = recorded(detail, || pool.scope_fifo(|scope| spawn_tree_fifo(scope, 8)));
        assert_spawns(&trace, (1 << 9) - 2, 1);
        // Two spawns come from outside, the others from workers; the body is no job.
        let ((), trace) = recorded(detail, || pool.in_place_scope(|scope| spawn_tree(scope, 8)));
        assert_spawns(&trace, (1 << 9) - 2, 0);
        assert_eq!(trace.counts().injected, 2);
        let ((), trace) =
            recorded(detail, || rayon::in_place_scope_fifo(|scope| spawn_tree_fifo(scope, 8)));
        assert_spawns(&trace, (1 << 9) - 2, 0);
        assert_eq!(trace.counts().injected, 2);
    }
}

#[test]
fn of_detached_jobs() {
    let _alone = alone();
    for detail in DETAILS {
        let pool = pool(2);
        let ((), trace) = recorded(detail, || {
            let (done, all) = mpsc::channel();
            for n in 0..50 {
                let sends = [done.clone(), done.clone(), done.clone(), done.clone()];
                let [here, fifo, global, within] = sends;
                pool.spawn(move || {
                    // On a worker: its own pool.
                    rayon::spawn(move || within.send(n).unwrap());
                    here.send(n).unwrap();
                });
                pool.spawn_fifo(move || fifo.send(n).unwrap());
                rayon::spawn(move || global.send(n).unwrap());
            }
            drop(done);
            assert_eq!(all.iter().count(), 200);
            // The last job may still be closing its record: its worker must go idle.
            rayon::broadcast(|_| ());
            pool.broadcast(|_| ());
        });
        let broadcast = 2 + rayon::current_num_threads() as u64;
        assert_spawns(&trace, 200, broadcast);
    }
}
