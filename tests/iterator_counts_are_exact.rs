//! Parallel iterators: splits, leaves, items and reductions are counted exactly, at every level of
//! detail and with any number of workers.

mod recording;

use rayon::prelude::*;
use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

const LEVELS: [Detail; 3] = [Detail::Count, Detail::Auto, Detail::Full];

/// What `f` counts, at each level of detail and with several numbers of workers.
fn each(f: impl Fn() + Sync, check: impl Fn(&Trace)) {
    let _alone = alone();
    for detail in LEVELS {
        for workers in [1, 2, 8] {
            let trace = record(detail, workers, &f);
            assert_whole(&trace);
            check(&trace);
        }
    }
}

/// What is counted adds up, as far as parallel iterators go whose reductions are seen.
fn assert_adds_up(tally: &Tally) {
    assert_eq!(tally.splits, tally.leaves - tally.operations, "{tally:?}");
    assert_eq!(tally.splits, tally.reductions, "{tally:?}");
}

#[test]
fn of_a_plain_chain() {
    each(
        || assert_eq!((0..10_000_u64).into_par_iter().map(|n| n * 2).sum::<u64>(), 99_990_000),
        |trace| {
            let tally = tallied(trace);
            assert_eq!((tally.operations, tally.items), (1, 10_000));
            assert_adds_up(&tally);
        },
    );
}

#[test]
fn of_the_leaves_that_a_minimum_leaves() {
    each(
        || assert_eq!((0..8_u32).into_par_iter().with_min_len(8).count(), 8),
        |trace| {
            let tally = tallied(trace);
            assert_eq!((tally.operations, tally.items), (1, 8));
            assert_eq!((tally.splits, tally.leaves), (0, 1));
        },
    );
}

#[test]
fn of_the_leaves_that_a_maximum_forces() {
    each(
        || assert_eq!((0..64_u32).into_par_iter().with_max_len(1).max(), Some(63)),
        |trace| {
            let tally = tallied(trace);
            assert_eq!((tally.operations, tally.items), (1, 64));
            assert_eq!((tally.splits, tally.leaves, tally.reductions), (63, 64, 0));
        },
    );
}

#[test]
fn of_items_that_nobody_knows_beforehand() {
    let text = "one two three four five six seven eight";
    each(
        || assert_eq!(text.par_split_whitespace().map(str::len).sum::<usize>(), 32),
        |trace| {
            let tally = tallied(trace);
            assert_eq!((tally.operations, tally.items), (1, 8));
            assert_adds_up(&tally);
        },
    );
}

#[test]
fn of_nested_iterators() {
    let rows: Vec<Vec<u64>> = (0..16).map(|row| (0..row).collect()).collect();
    each(
        || {
            let sums: Vec<u64> = rows.par_iter().map(|row| row.par_iter().sum()).collect();
            assert_eq!(sums.len(), 16);
        },
        |trace| {
            let tally = tallied(trace);
            assert_eq!((tally.operations, tally.items), (17, 16 + 120));
            assert_adds_up(&tally);
        },
    );
}

#[test]
fn of_two_zipped_sources_once() {
    let (a, b): (Vec<u64>, Vec<u64>) = ((0..100).collect(), (0..100).rev().collect());
    each(
        || assert!(a.par_iter().zip(b.par_iter()).all(|(a, b)| a + b == 99)),
        |trace| {
            let tally = tallied(trace);
            assert_eq!(tally.operations, 1);
            assert_eq!(tally.splits, tally.leaves - 1);
            assert_eq!((tally.items, tally.reductions), (100, 0));
        },
    );
}

#[test]
fn of_operations_called_from_outside() {
    let _alone = alone();
    for detail in LEVELS {
        let ((), trace) = recorded(detail, || {
            let sum: u64 = (0..1_000_u64).into_par_iter().sum();
            assert_eq!(sum, 499_500);
        });
        assert_whole(&trace);
        let tally = tallied(&trace);
        assert_eq!((tally.operations, tally.items), (1, 1_000));
        assert_adds_up(&tally);
    }
}

/// Nothing is handed to the pool where there is nothing to split.
#[test]
fn of_a_leaf_that_a_thread_outside_runs_itself() {
    let _alone = alone();
    for detail in [Detail::Auto, Detail::Full] {
        let ((), trace) = recorded(detail, || assert_eq!(rayon::iter::once(1).sum::<u32>(), 1));
        assert_whole(&trace);
        let (lane, leaf) = only(leaves(&trace));
        assert_eq!((lane.role, leaf.items, leaf.task), (Role::Outside, 1, None), "{detail:?}");
    }
}

#[test]
fn of_one_operation_by_its_record() {
    let _alone = alone();
    let trace = record(Detail::Full, 2, || {
        let sum: u64 =
            (0..1_000_u32).into_par_iter().with_min_len(5).with_max_len(10).map(u64::from).sum();
        assert_eq!(sum, 499_500);
        let sum: u64 = (0..1_000_u64).into_par_iter().sum();
        assert_eq!(sum, 499_500);
    });
    assert_whole(&trace);
    let all = iterations(&trace);
    let [(indexed, chunked), (_, plain)] = all[..] else { panic!("two of {all:?}") };
    assert_eq!(indexed.kind, OperationKind::Iterator);
    assert_eq!((chunked.items, chunked.leaves, chunked.splits), (1_000, 128, 127));
    assert_eq!(chunked.reductions, None);
    assert_eq!(plain.reductions, Some(plain.splits));
    assert_eq!(plain.splits, plain.leaves - 1);
    let of = |id: EventId| move |leaf: &&(&Lane, &Leaf)| leaf.1.operation == id;
    let leaves = leaves(&trace);
    assert_eq!(leaves.iter().filter(of(indexed.id)).map(|leaf| leaf.1.items).sum::<u64>(), 1_000);
    assert_eq!(leaves.iter().filter(of(indexed.id)).count(), 128);
    assert_eq!(reductions(&trace).len() as u64, plain.splits);
}

/// `find_any` ends such an iterator soon, but its one leaf was given all of it.
#[test]
fn of_more_items_than_a_number_can_tell() {
    let _alone = alone();
    let trace = record(Detail::Full, 2, || {
        for _ in 0..2 {
            let all = rayon::iter::repeat_n((), usize::MAX).with_min_len(usize::MAX);
            assert!(all.find_any(|()| true).is_some());
        }
    });
    assert_whole(&trace);
    assert!(rayprism::report::Report::of(&trace).is_ok());
    assert_eq!((tallied(&trace).operations, tallied(&trace).items), (2, u64::MAX));
}
