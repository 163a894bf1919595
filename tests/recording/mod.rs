//! What the tests of recorder and facade share: one recording at a time, trees, checks that hold
//! for every trace, and meeting points that force a steal or a wait without a clock.
#![allow(dead_code, reason = "each test file uses its part")]

#[cfg(target_os = "linux")]
pub(crate) mod cpu;
pub(crate) mod truth;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rayon::prelude::*;
use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::facade::Labelled;
use rayprism::model::*;
use rayprism::timeline::Timeline;

pub(crate) use rayon::{ThreadPool, ThreadPoolBuilder};

/// There is one recording per process: the tests of a file take turns.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pool whose workers have all started. To be made before a recording, not in it.
pub(crate) fn pool(workers: usize) -> ThreadPool {
    let pool = ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool");
    pool.broadcast(|_| ());
    pool
}

/// What is recorded while `f` runs, at default settings otherwise.
pub(crate) fn recorded<R>(detail: Detail, f: impl FnOnce() -> R) -> (R, Trace) {
    let session = Session::builder().detail(detail).start().expect("the only recording");
    let result = f();
    (result, session.stop())
}

/// What is recorded while `f` runs in a pool of its own, which is gone when the recording ends.
pub(crate) fn record(detail: Detail, workers: usize, f: impl FnOnce() + Send) -> Trace {
    let pool = pool(workers);
    let ((), trace) = recorded(detail, move || pool.install(f));
    trace
}

/// A join at every inner node of a perfect tree: 2^depth − 1 joins.
pub(crate) fn tree(depth: u32) {
    if depth > 0 {
        rayon::join(|| tree(depth - 1), || tree(depth - 1));
    }
}

/// The same through `join_context`.
pub(crate) fn tree_in_context(depth: u32) {
    if depth > 0 {
        rayon::join_context(|_| tree_in_context(depth - 1), |_| tree_in_context(depth - 1));
    }
}

/// A flag that one thread raises and others wait for.
#[derive(Debug, Default)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    pub(crate) const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_up(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Keeps the thread busy until the flag is up: no job runs on it meanwhile.
    pub(crate) fn wait(&self) {
        while !self.is_up() {
            thread::yield_now();
        }
    }
}

/// A join whose second half another worker takes: the first does not end before that has begun.
pub(crate) fn stolen_join(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    let begun = Flag::new();
    rayon::join(
        || {
            begun.wait();
            first();
        },
        || {
            begun.raise();
            second();
        },
    );
}

/// Proves a trace, and that nothing of it is missing.
pub(crate) fn assert_whole(trace: &Trace) {
    assert_eq!(trace.losses(), Losses::default());
    assert_valid(trace);
}

/// Proves a trace of which nothing was lost by the recorder: every event is in order, and what the
/// events hold is what the lanes counted.
pub(crate) fn assert_valid(trace: &Trace) {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(timeline.causality().violated, 0);
    if trace.header.detail >= Detail::Auto {
        trace.lanes.iter().for_each(assert_counts_are_held);
    }
}

/// Holds where every task of a lane is in a task or in a sum of short ones, and has ended: only then
/// is it counted.
fn assert_counts_are_held(lane: &Lane) {
    let is_open = |event: &Event| event.outcome() == Some(Outcome::Open);
    if lane.losses.any() || lane.events.iter().any(is_open) {
        return;
    }
    let (held, counts) = (held(lane), lane.counts);
    assert_eq!(held.tasks, counts.tasks, "tasks of {lane:#?}");
    assert_eq!(held.steals, counts.steals, "steals of {lane:#?}");
    assert_eq!(held.migrated, counts.migrated, "migrated of {lane:#?}");
    assert_eq!(held.injected, counts.injected, "injected of {lane:#?}");
    assert_eq!(held.joins, counts.joins, "joins of {lane:#?}");
}

/// What a lane's events add up to, where each task was kept. Tasks in sums count as tasks only,
/// so a lane that has some is compared by tasks and joins.
pub(crate) fn held(lane: &Lane) -> Counts {
    let mut held = Counts::default();
    let mut summed = false;
    for event in &lane.events {
        match event {
            Event::Task(task) => {
                held.joins += task.joins;
                held.spawns += task.spawns;
                held.tasks += u64::from(task.origin != Origin::Root);
                held.steals += u64::from(task.origin == Origin::Stolen);
                held.migrated += u64::from(task.origin == Origin::Migrated);
                held.injected += u64::from(task.origin == Origin::Injected);
            }
            Event::Join(join) if join.operation.is_some() => held.timed_splits += 1,
            Event::Join(_) => held.timed_joins += 1,
            Event::Collapsed(collapsed) => {
                summed = true;
                held.joins += collapsed.joins;
                held.spawns += collapsed.spawns;
                held.tasks += collapsed.tasks;
            }
            Event::Leaf(_) => held.timed_leaves += 1,
            Event::Operation(_) | Event::Reduction(_) => {}
        }
    }
    if summed {
        let Counts { steals, migrated, injected, .. } = lane.counts;
        held = Counts { steals, migrated, injected, ..held };
    }
    held
}

pub(crate) fn tasks(trace: &Trace) -> Vec<(&Lane, &Task)> {
    events(trace, |event| match event {
        Event::Task(task) => Some(task),
        _ => None,
    })
}

pub(crate) fn joins(trace: &Trace) -> Vec<(&Lane, &Join)> {
    events(trace, |event| match event {
        Event::Join(join) => Some(join),
        _ => None,
    })
}

pub(crate) fn operations(trace: &Trace) -> Vec<(&Lane, &Operation)> {
    events(trace, |event| match event {
        Event::Operation(operation) => Some(operation),
        _ => None,
    })
}

pub(crate) fn leaves(trace: &Trace) -> Vec<(&Lane, &Leaf)> {
    events(trace, |event| match event {
        Event::Leaf(leaf) => Some(leaf),
        _ => None,
    })
}

pub(crate) fn reductions(trace: &Trace) -> Vec<(&Lane, &Reduction)> {
    events(trace, |event| match event {
        Event::Reduction(reduction) => Some(reduction),
        _ => None,
    })
}

/// Parallel iterators, and what they did.
pub(crate) fn iterations(trace: &Trace) -> Vec<(&Operation, Iteration)> {
    let operations = operations(trace).into_iter();
    operations
        .filter_map(|(_, operation)| Some((operation, *operation.iteration.clone()?)))
        .collect()
}

/// What all lanes counted of parallel iterators, whatever their call site.
pub(crate) fn tallied(trace: &Trace) -> Tally {
    let all = trace.lanes.iter().flat_map(|lane| &lane.tallies);
    let none = Tally {
        site: None,
        chain: None,
        label: None,
        operations: 0,
        splits: 0,
        leaves: 0,
        items: 0,
        reductions: 0,
        steals: 0,
    };
    all.fold(none, |sum, tally| Tally {
        operations: sum.operations + tally.operations,
        splits: sum.splits + tally.splits,
        leaves: sum.leaves + tally.leaves,
        items: sum.items.saturating_add(tally.items),
        reductions: sum.reductions + tally.reductions,
        steals: sum.steals + tally.steals,
        ..sum
    })
}

/// Two parallel iterators by which workers show that they record as ever: one of which all parts are
/// seen, one of which only splits and leaves are.
pub(crate) fn clean() {
    let all = (0..64_u32).into_par_iter().with_max_len(1).labelled("clean");
    assert_eq!(all.map(|n| n + 1).sum::<u32>(), 65 * 32);
    let all = (0..64_u32).into_par_iter().labelled("clean, indexed").with_max_len(1);
    assert_eq!(all.map(|n| n + 1).sum::<u32>(), 65 * 32);
}

/// [`clean`] ran so many times, and was recorded exactly, whatever was before.
pub(crate) fn assert_clean(trace: &Trace, times: u64) {
    let [whole, indexed] = ["clean", "clean, indexed"].map(|label| labelled(trace, label));
    let counts = |tally: &Tally| [tally.operations, tally.splits, tally.leaves, tally.items];
    assert_eq!(counts(&whole), [1, 63, 64, 64].map(|n| n * times));
    assert_eq!(counts(&indexed), [1, 63, 64, 64].map(|n| n * times));
    assert_eq!((whole.reductions, indexed.reductions), (63 * times, 0));
    if trace.header.detail == Detail::Full {
        let all = iterations(trace).into_iter();
        all.filter(|(of, _)| of.label.as_deref().is_some_and(|label| label.starts_with("clean")))
            .for_each(|(operation, iteration)| assert_parts_are_kept(trace, operation, iteration));
    }
}

fn assert_parts_are_kept(trace: &Trace, operation: &Operation, iteration: Iteration) {
    let id = operation.id;
    assert_eq!(operation.outcome, Outcome::Returned);
    let leaves: Vec<_> =
        leaves(trace).into_iter().filter(|(_, leaf)| leaf.operation == id).collect();
    assert_eq!(leaves.len(), 64);
    assert!(leaves.iter().all(|(_, leaf)| (leaf.depth, leaf.items) == (6, 1)));
    let seen = iteration.reductions.unwrap_or(0);
    // Called from outside, the first split is in no task, and is none to the caller, who waits.
    let outside = u64::from(seen > 0 && operation.task.is_none());
    let splits: Vec<_> =
        joins(trace).into_iter().filter(|(_, of)| of.operation == Some(id)).collect();
    let reductions = reductions(trace).into_iter().filter(|(_, of)| of.operation == id);
    assert_eq!((splits.len() as u64, reductions.count() as u64), (seen - outside, seen));
}

/// What all lanes counted under a label.
pub(crate) fn labelled(trace: &Trace, label: &str) -> Tally {
    let mut trace = trace.clone();
    let lanes = trace.lanes.iter_mut();
    lanes.for_each(|lane| lane.tallies.retain(|tally| tally.label.as_deref() == Some(label)));
    tallied(&trace)
}

pub(crate) fn sums(trace: &Trace) -> Vec<(&Lane, &Collapsed)> {
    events(trace, |event| match event {
        Event::Collapsed(collapsed) => Some(collapsed),
        _ => None,
    })
}

fn events<'t, T>(
    trace: &'t Trace,
    pick: impl Fn(&'t Event) -> Option<&'t T>,
) -> Vec<(&'t Lane, &'t T)> {
    let of = |lane: &'t Lane| lane.events.iter().map(move |event| (lane, event));
    let all = trace.lanes.iter().flat_map(of);
    all.filter_map(|(lane, event)| Some((lane, pick(event)?))).collect()
}

/// The only one there is.
pub(crate) fn only<T: std::fmt::Debug>(mut things: Vec<T>) -> T {
    assert_eq!(things.len(), 1, "one of {things:#?}");
    things.remove(0)
}

/// How many tasks came in each way.
pub(crate) fn origins(trace: &Trace) -> HashMap<Origin, usize> {
    let mut origins = HashMap::new();
    tasks(trace).iter().for_each(|(_, task)| *origins.entry(task.origin).or_default() += 1);
    origins
}

pub(crate) fn origin_counts<const N: usize>(pairs: [(Origin, usize); N]) -> HashMap<Origin, usize> {
    pairs.into()
}

/// The file and line that an event points to.
pub(crate) fn place(trace: &Trace, site: Option<SiteId>) -> (String, u32) {
    let location = &trace.site(site.expect("a site")).expect("in the trace").location;
    let mut parts = location.rsplitn(3, ':');
    let (_column, line, file) = (parts.next(), parts.next(), parts.next());
    (file.expect("a file").replace('\\', "/"), line.expect("a line").parse().expect("a number"))
}

/// Runs `f`, which must panic with the text `payload`; says so exactly as rayon would.
pub(crate) fn assert_panics<R>(payload: &str, f: impl FnOnce() -> R) {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
    let Err(caught) = result else { panic!("expected the panic {payload:?}") };
    assert_eq!(caught.downcast_ref::<String>().map(String::as_str), Some(payload));
}

/// Panics with a payload of its own type, without the message on standard error.
pub(crate) fn fail(payload: &str) -> ! {
    std::panic::resume_unwind(Box::new(payload.to_owned()))
}
