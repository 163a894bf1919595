//! What the facade records is a tree of tracing spans for whoever listens, with stable names and
//! fields; a task that another thread runs is below what pushed it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod recording;
mod spans_support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayprism::facade as rayon;
use rayprism::facade::Labelled;
use rayprism::facade::prelude::*;
use rayprism::model::*;
use recording::*;
use spans_support::{Collector, Told, Tree};
use tracing::info_span;

/// What is told while `f` runs in a pool and all of it is recorded, and the recording.
fn told(detail: Detail, workers: usize, f: impl FnOnce() + Send) -> (Tree, Trace) {
    let pool = pool(workers);
    let (((), trace), tree) = Collector::listening(|| recorded(detail, || pool.install(f)));
    tree.assert_closed();
    (tree, trace)
}

/// How many events of each kind a trace has, by the names of their spans.
fn counts(trace: &Trace) -> [(&'static str, usize); 6] {
    let count = |wanted: fn(&Event) -> bool| {
        let events = trace.lanes.iter().flat_map(|lane| &lane.events);
        events.filter(|event| wanted(event)).count()
    };
    [
        ("task", count(|event| matches!(event, Event::Task(_)))),
        ("join", count(|e| matches!(e, Event::Join(join) if join.operation.is_none()))),
        ("split", count(|e| matches!(e, Event::Join(join) if join.operation.is_some()))),
        ("leaf", count(|event| matches!(event, Event::Leaf(_)))),
        ("reduction", count(|event| matches!(event, Event::Reduction(_)))),
        ("steal", count(|e| matches!(e, Event::Task(task) if task.origin == Origin::Stolen))),
    ]
}

fn assert_same_counts(tree: &Tree, trace: &Trace) {
    let told = tree.counts();
    for (name, count) in counts(trace) {
        assert_eq!(told.get(name).copied().unwrap_or(0), count, "{name} of {tree:#?}");
    }
}

#[test]
fn a_stolen_half_is_below_its_join() {
    let _alone = alone();
    // The first half goes on until the second is through, so that nothing of that is stolen back.
    let done = Flag::new();
    let (tree, trace) = told(Detail::Full, 2, || {
        stolen_join(
            || done.wait(),
            || {
                info_span!("the program's own").in_scope(|| tree_of_joins(2));
                done.raise();
            },
        );
    });
    assert_whole(&trace);
    assert_same_counts(&tree, &trace);
    let stolen = tree.only("steal");
    let task = tree.parent(stolen).unwrap();
    assert_eq!(tree.path(task), "install;task;join;task");
    let join = tree.parent(task).unwrap();
    assert_ne!(task.thread, join.thread);
    assert_eq!((task.field("origin"), task.field("migrated")), (Some("stolen"), Some("true")));
    assert_eq!((task.field("depth"), task.field("joins")), (Some("1"), Some("3")));
    assert_eq!((join.field("depth"), join.field("second")), (Some("0"), Some("stolen")));
    assert_eq!(stolen.field("thief"), task.field("worker"));
    assert_eq!(stolen.field("victim"), join.field("worker"));
    assert_eq!(stolen.field("counted"), Some("false"));
    assert_eq!(stolen.field("queue_ns"), task.field("queue_ns"));
    assert!(join.field("site").unwrap().contains("recording"), "{join:#?}");
    let own = tree.only("the program's own");
    assert_eq!(tree.path(own), "install;task;join;task;the program's own");
    // The joins of the half lie in it, and each below the one around it.
    let joins = tree.named("join");
    let within: Vec<_> = joins.iter().filter(|inner| tree.is_below(inner, own)).collect();
    assert_eq!(within.len(), 3);
}

fn tree_of_joins(depth: u32) {
    tree(depth);
}

#[test]
fn names_targets_and_levels_are_what_is_documented() {
    let _alone = alone();
    let (tree, trace) = told(Detail::Full, 2, || {
        rayprism::region("named", || {
            rayon::scope(|scope| scope.spawn(|_| ()));
            rayon::broadcast(|_| ());
        });
        let sum: u32 = (0..1_000_u32).into_par_iter().with_min_len(100).labelled("sum").sum();
        assert_eq!(sum, 499_500);
        let mut numbers = [3, 1, 2];
        numbers.par_sort();
        stolen_join(|| (), || ());
    });
    assert_whole(&trace);
    assert_same_counts(&tree, &trace);
    let documented = include_str!("../src/spans/mod.rs");
    for Told { name, target, level, .. } in &tree.0 {
        let level = level.as_str().to_lowercase();
        let is_documented = |line: &str| {
            line.contains(&format!("`{target}`"))
                && line.contains(&format!("`{name}`"))
                && (line.contains(&format!(", {level}")))
        };
        assert!(documented.lines().any(is_documented), "{name} {target} {level}");
    }
    assert_eq!(tree.only("region").field("label"), Some("named"));
    assert_eq!(tree.only("par_iter").field("label"), Some("sum"));
    for name in ["install", "scope", "broadcast", "par_sort"] {
        tree.only(name);
    }
    let leaves = tree.named("leaf");
    let items: u64 =
        leaves.iter().map(|leaf| leaf.field("items").unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(items, 1_000);
    let operation = tree.only("par_iter");
    for part in ["split", "leaf", "reduction"].into_iter().flat_map(|name| tree.named(name)) {
        assert!(tree.is_below(part, operation), "{part:#?}");
    }
    let spawned =
        tree.named("task").into_iter().find(|task| tree.path(task).ends_with("scope;task"));
    assert!(spawned.is_some(), "{tree:#?}");
}

#[test]
fn a_stolen_half_of_a_counted_join_is_below_what_was_recorded_around_it() {
    let _alone = alone();
    const STEALS: usize = 20;
    let (tree, trace) = told(Detail::Auto, 2, || {
        // More short joins than `auto` keeps whole: after them it takes such joins for fine, and
        // counts them. A steal takes longer, so that it has to see short ones again.
        let short = |n| (0..n).for_each(|_| tree(1));
        short(10_000);
        rayprism::region("around", || {
            for _ in 0..STEALS {
                short(100);
                stolen_join(|| (), || info_span!("own").in_scope(|| ()));
            }
        });
    });
    assert!(trace.counts().migrated > 0, "some joins are only counted");
    let own = tree.named("own");
    assert_eq!(own.len(), STEALS);
    let counted = own.iter().filter(|own| tree.path(own) == "install;task;region;task;own").count();
    let timed = own.iter().filter(|own| tree.path(own) == "install;task;region;join;task;own");
    assert_eq!(counted + timed.count(), STEALS);
    let migrated = trace.counts().migrated;
    assert!(0 < counted && counted as u64 <= migrated, "{counted} of {migrated}");
    for steal in tree.named("steal") {
        let task = tree.parent(steal).unwrap();
        let is_counted = task.field("origin") == Some("migrated");
        assert_eq!(steal.field("counted"), Some(if is_counted { "true" } else { "false" }));
        assert_eq!(steal.field("thief"), task.field("worker"));
        assert_ne!(steal.field("thief"), steal.field("victim"));
    }
}

#[test]
fn a_job_that_outlives_what_spawned_it_keeps_its_parent() {
    let _alone = alone();
    let gone = Flag::new();
    let (sender, receiver) = std::sync::mpsc::channel();
    let gone = std::sync::Arc::new(gone);
    let (tree, _) = {
        let pool = pool(2);
        let (((), trace), tree) = Collector::listening(|| {
            recorded(Detail::Full, || {
                pool.install(|| {
                    let gone = std::sync::Arc::clone(&gone);
                    rayprism::region("spawner", || {
                        rayon::spawn(move || {
                            gone.wait();
                            info_span!("late").in_scope(|| ());
                            sender.send(()).unwrap();
                        });
                    });
                });
                gone.raise();
                receiver.recv().unwrap();
                // Every worker is through with what it ran.
                pool.broadcast(|_| ());
            })
        });
        (tree, trace)
    };
    let late = tree.only("late");
    assert_eq!(tree.path(late), "install;task;region;task;late");
    tree.assert_closed();
}

#[test]
fn a_panic_closes_every_span() {
    let _alone = alone();
    let (tree, _) = told(Detail::Full, 2, || {
        let result = catch_unwind(AssertUnwindSafe(|| {
            stolen_join(|| (), || panic!("on purpose"));
        }));
        assert!(result.is_err());
        let result = catch_unwind(AssertUnwindSafe(|| {
            (0..100).into_par_iter().with_max_len(10).for_each(|n| assert_ne!(n, 55));
        }));
        assert!(result.is_err());
        // What comes after is where it belongs.
        rayprism::region("after", || ());
    });
    let stolen = tree.parent(tree.named("steal")[0]).unwrap();
    assert_eq!(stolen.field("panicked"), Some("true"));
    assert_eq!(tree.parent(stolen).unwrap().field("panicked"), Some("true"));
    assert_eq!(tree.only("par_iter").field("panicked"), Some("true"));
    assert!(tree.named("leaf").iter().any(|leaf| leaf.field("panicked") == Some("true")));
    assert_eq!(tree.path(tree.only("region")), "install;task;region");
}

#[test]
fn a_filter_that_takes_the_parts_out_leaves_one_tree() {
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::layer::SubscriberExt;

    let _alone = alone();
    let pool = pool(2);
    let collector = Collector::default();
    let filtered = collector.clone().with_filter(LevelFilter::DEBUG);
    let subscriber = tracing_subscriber::registry().with(filtered);
    tracing::subscriber::with_default(subscriber, || {
        recorded(Detail::Full, || {
            pool.install(|| stolen_join(|| (), || info_span!("own").in_scope(|| ())));
        })
    });
    let tree = collector.tree();
    assert_eq!(tree.path(tree.only("own")), "install;own");
    assert_eq!(tree.0.len(), 2);
    tree.assert_closed();
}

#[test]
fn without_a_recording_there_is_nothing_to_hear() {
    let _alone = alone();
    let pool = pool(2);
    let ((), tree) = Collector::listening(|| pool.install(|| tree(4)));
    assert!(tree.0.is_empty(), "{tree:#?}");
}

#[test]
fn in_a_recording_nobody_has_to_listen() {
    let _alone = alone();
    let trace = record(Detail::Full, 2, || tree(4));
    assert_whole(&trace);
}
