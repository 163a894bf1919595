//! A half of a parallel iterator that another worker runs is a steal: a task of its own, with the
//! split that pushed it, and the split's worker waits for it.

mod recording;

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

/// Two items that meet: each waits until the other has begun, so they are on two workers.
struct Meeting {
    begun: [Flag; 2],
}

impl Meeting {
    const fn new() -> Self {
        Self { begun: [Flag::new(), Flag::new()] }
    }

    fn item(&self, item: usize) {
        self.begun[item].raise();
        self.begun[1 - item].wait();
    }
}

fn stolen(trace: &Trace) -> Vec<(&Lane, &Task)> {
    let all = tasks(trace).into_iter();
    all.filter(|(_, task)| task.origin == Origin::Stolen).collect()
}

#[test]
fn a_stolen_half_is_a_task_and_its_split_waits() {
    let _alone = alone();
    for detail in [Detail::Auto, Detail::Full] {
        let (meeting, done) = (Meeting::new(), Flag::new());
        let trace = record(detail, 2, || {
            (0..2_usize).into_par_iter().for_each(|item| {
                meeting.item(item);
                // The first goes on until the second is through, so that nothing is stolen back.
                if item == 0 { done.wait() } else { done.raise() }
            });
        });
        assert_whole(&trace);
        let (thief, task) = only(stolen(&trace));
        let (victim, split) = only(joins(&trace));
        assert_eq!(split.second, SecondHalf::Stolen);
        assert_ne!(thief.id, victim.id);
        assert_eq!(task.parent, Some(split.id));
        let (operation, iteration) = only(iterations(&trace));
        assert_eq!(split.operation, Some(operation.id));
        assert_eq!((iteration.splits, iteration.leaves, iteration.steals), (1, 2, 1));
        assert_eq!((iteration.items, iteration.reductions), (2, Some(1)));
        let [first, second] = leaves(&trace)[..] else { panic!("two leaves") };
        let on = |lane: &Lane| if first.0.id == lane.id { first.1 } else { second.1 };
        assert!(split.first_end >= on(victim).span.end, "it waits after its own leaf");
        assert!(task.span.contains(on(thief).span));
        assert_eq!(on(thief).task, Some(task.id));
        assert_eq!(trace.counts().steals, 1);
        assert_eq!(tallied(&trace).steals, 1);
        let pushed = task.pushed.expect("a time of push");
        assert!(split.span.start <= pushed && pushed <= task.span.start);
        assert_eq!(place(&trace, task.site), place(&trace, operation.site));
    }
}

#[test]
fn under_an_indexed_adaptor_a_thief_is_seen_by_its_leaves() {
    let _alone = alone();
    let (meeting, done) = (Meeting::new(), Flag::new());
    let trace = record(Detail::Full, 2, || {
        [0_usize, 1].par_iter().enumerate().for_each(|(item, _)| {
            meeting.item(item);
            if item == 0 { done.wait() } else { done.raise() }
        });
    });
    assert_whole(&trace);
    let (thief, task) = only(stolen(&trace));
    let (operation, iteration) = only(iterations(&trace));
    assert_eq!((iteration.splits, iteration.leaves, iteration.steals), (1, 2, 1));
    assert_eq!((iteration.items, iteration.reductions), (2, None));
    let theirs = leaves(&trace).into_iter().filter(|(lane, _)| lane.id == thief.id);
    let (_, leaf) = only(theirs.filter(|(_, leaf)| leaf.task == Some(task.id)).collect());
    assert_eq!((leaf.operation, leaf.items), (operation.id, 1));
    assert!(operation.wait < operation.span.end, "its caller waits for the thief");
}

#[test]
fn nothing_is_stolen_with_one_worker() {
    let _alone = alone();
    let trace = record(Detail::Full, 1, || {
        (0..1_000_usize).into_par_iter().with_max_len(10).for_each(|_| ());
        assert_eq!((0..1_000_u64).into_par_iter().sum::<u64>(), 499_500);
    });
    assert_whole(&trace);
    assert_eq!((trace.counts().steals, tallied(&trace).steals), (0, 0));
    assert!(joins(&trace).iter().all(|(_, split)| split.second == SecondHalf::Inline));
    assert!(iterations(&trace).iter().all(|(operation, _)| operation.wait == operation.span.end));
}

#[test]
fn steals_agree_however_they_are_counted() {
    let _alone = alone();
    let sum = AtomicU64::new(0);
    let trace = record(Detail::Full, 8, || {
        for _ in 0..20 {
            (0..512_u64).into_par_iter().for_each(|n| {
                sum.fetch_add(n, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(sum.into_inner(), 20 * 130_816);
    assert_whole(&trace);
    let by_operation: u64 = iterations(&trace).iter().map(|(_, iteration)| iteration.steals).sum();
    assert_eq!(by_operation, tallied(&trace).steals);
    assert_eq!(by_operation, trace.counts().steals);
    assert_eq!(by_operation, stolen(&trace).len() as u64);
}

#[test]
fn an_operation_called_from_outside_enters_the_pool() {
    let _alone = alone();
    let ((), trace) = recorded(Detail::Full, || {
        assert_eq!((0..100_usize).into_par_iter().map(|n| n as u64).sum::<u64>(), 4_950);
    });
    assert_whole(&trace);
    let (lane, operation) = only(operations(&trace));
    assert_eq!(lane.role, Role::Outside);
    assert!(operation.wait < operation.span.end);
    let (_, iteration) = only(iterations(&trace));
    assert_eq!(iteration.reductions, Some(iteration.splits));
    let injected = tasks(&trace).into_iter().filter(|(_, task)| task.origin == Origin::Injected);
    let (_, first) = only(injected.collect());
    assert_eq!(first.parent, Some(operation.id));
    // The last two results are put together by the caller itself.
    let last = reductions(&trace).into_iter().filter(|(lane, _)| lane.role == Role::Outside);
    let (_, last) = only(last.collect());
    assert_eq!((last.task, last.depth), (None, 0));
}

#[test]
fn one_item_from_outside_is_run_on_the_spot() {
    let _alone = alone();
    let ((), trace) = recorded(Detail::Full, || {
        let here = std::thread::current().id();
        [1].par_iter().for_each(|_| assert_eq!(std::thread::current().id(), here));
    });
    assert_whole(&trace);
    let (lane, leaf) = only(leaves(&trace));
    assert_eq!((lane.role, leaf.task, leaf.items), (Role::Outside, None, 1));
    let (_, operation) = only(operations(&trace));
    assert_eq!(operation.wait, operation.span.end, "it never waits");
}
