//! A join, task or operation points to the line of the program that called it, never to one of
//! rayprism's own; a region also bears its label.

mod recording;

use std::sync::mpsc;

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

const HERE: &str = "tests/call_sites_are_the_callers_lines.rs";

fn assert_all_here(trace: &Trace) {
    assert_whole(trace);
    for site in &trace.sites {
        let location = site.location.replace('\\', "/");
        assert!(location.starts_with(HERE), "{location}");
    }
}

/// The lines that tasks, joins and operations point to, each in order.
fn lines(trace: &Trace) -> [Vec<u32>; 3] {
    let line = |site| place(trace, site).1;
    let mut all = [
        tasks(trace).iter().map(|(_, task)| line(task.site)).collect::<Vec<_>>(),
        joins(trace).iter().map(|(_, join)| line(join.site)).collect(),
        operations(trace).iter().map(|(_, operation)| line(operation.site)).collect(),
    ];
    all.iter_mut().for_each(|lines| lines.sort_unstable());
    all
}

#[test]
fn of_joins_and_stolen_halves() {
    let _alone = alone();
    let trace = record(Detail::Full, 2, || {
        rayon::join(|| (), || ());
        rayon::join_context(|_| (), |_| ());
        let begun = Flag::new();
        rayon::join(|| begun.wait(), || begun.raise());
    });
    assert_all_here_but_the_helper(&trace);
    let first = line!() - 6;
    let [_, joins, _] = lines(&trace);
    assert_eq!(joins, [first, first + 1, first + 3]);
    // The others may be stolen, too.
    let all = tasks(&trace);
    let stolen = all.iter().filter(|(_, task)| task.origin == Origin::Stolen);
    let places: Vec<_> = stolen.map(|(_, task)| place(&trace, task.site)).collect();
    assert!(places.contains(&(HERE.to_owned(), first + 3)), "{places:?}");
}

/// The helper's own `install` is a call site, too.
fn assert_all_here_but_the_helper(trace: &Trace) {
    assert_whole(trace);
    let foreign: Vec<_> = trace
        .sites
        .iter()
        .filter(|site| !site.location.replace('\\', "/").starts_with(HERE))
        .collect();
    assert!(only(foreign).location.replace('\\', "/").starts_with("tests/recording/mod.rs"));
}

#[test]
fn of_everything_that_a_pool_offers() {
    let _alone = alone();
    let pool = pool(1);
    let ((), trace) = recorded(Detail::Full, || {
        let first = line!() + 1;
        pool.install(|| ());
        pool.join(|| (), || ());
        pool.scope(|scope| scope.spawn(|_| ()));
        pool.scope_fifo(|scope| scope.spawn_fifo(|_| ()));
        pool.in_place_scope(|scope| scope.spawn(|_| ()));
        pool.in_place_scope_fifo(|scope| scope.spawn_fifo(|_| ()));
        pool.broadcast(|_| ());
        pool.spawn(|| ());
        pool.spawn_fifo(|| ());
        pool.spawn_broadcast(|_| ());
        pool.install(rayon::yield_local);
        assert_eq!(line!(), first + 11);
    });
    assert_all_here(&trace);
    let first = line!() - 14;
    let line = |n: u32| first + n;
    let [tasks, joins, operations] = lines(&trace);
    let entered = [0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10];
    assert_eq!(tasks, entered.map(line));
    assert_eq!(joins, [line(1)]);
    // In the pool a scope is an operation once more, of the worker.
    assert_eq!(operations, [0, 1, 2, 2, 3, 3, 4, 5, 6, 10].map(line));
}

#[test]
fn of_free_functions_called_from_outside() {
    let _alone = alone();
    let (ran, all) = mpsc::channel();
    let [once, fifo, everywhere] = [ran.clone(), ran.clone(), ran];
    let ((), trace) = recorded(Detail::Full, || {
        let first = line!() + 1;
        rayon::join(|| (), || ());
        rayon::join_context(|_| (), |_| ());
        rayon::scope(|scope| scope.spawn(|_| ()));
        rayon::scope_fifo(|scope| scope.spawn_fifo(|_| ()));
        rayon::in_place_scope(|scope| scope.spawn(|_| ()));
        rayon::in_place_scope_fifo(|scope| scope.spawn_fifo(|_| ()));
        rayprism::region("here", || ());
        rayon::spawn(move || once.send(()).unwrap());
        rayon::spawn_fifo(move || fifo.send(()).unwrap());
        rayon::spawn_broadcast(move |_| everywhere.send(()).unwrap());
        assert_eq!(all.iter().count(), 2 + rayon::current_num_threads());
        // After this each worker has closed the records of what it ran.
        rayon::broadcast(|_| ());
        assert_eq!(line!(), first + 13);
    });
    assert_all_here(&trace);
    let first = line!() - 16;
    let (_, region) = only(
        operations(&trace)
            .into_iter()
            .filter(|(_, operation)| operation.kind == OperationKind::Region)
            .collect(),
    );
    assert_eq!(place(&trace, region.site), (HERE.to_owned(), first + 6));
    let [mut tasks, joins, operations] = lines(&trace);
    tasks.dedup();
    assert_eq!(tasks, [0, 1, 2, 3, 4, 5, 7, 8, 9, 12].map(|n| first + n));
    assert_eq!(joins, [first]);
    assert_eq!(operations, [0, 1, 2, 3, 4, 5, 6, 12].map(|n| first + n));
}

#[test]
fn and_labels_of_regions_are_the_users() {
    let _alone = alone();
    let long = "é".repeat(300);
    let trace = record(Detail::Full, 2, || {
        rayprism::region("outer", || {
            rayprism::region("", || tree(2));
            rayprism::region(&long, || ());
            rayprism::region("outer", || ());
        });
    });
    assert_whole(&trace);
    let labels: Vec<_> =
        operations(&trace).into_iter().filter_map(|(_, region)| region.label.clone()).collect();
    assert_eq!(labels, ["outer", "", &long, "outer"]);
    let outer = operations(&trace).into_iter().find(|(_, o)| o.label.is_some()).unwrap().1;
    assert_eq!(outer.wait, outer.span.end);
}

#[test]
fn and_a_region_on_a_thread_that_is_no_worker_is_on_its_lane() {
    let _alone = alone();
    let (result, trace) = recorded(Detail::Auto, || rayprism::region("alone", || 7));
    assert_eq!(result, 7);
    assert_whole(&trace);
    let (lane, region) = only(operations(&trace));
    assert_eq!((lane.role, region.task), (Role::Outside, None));
    assert_eq!(region.label.as_deref(), Some("alone"));
}
