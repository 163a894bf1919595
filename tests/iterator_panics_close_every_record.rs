//! A panic goes through a recorded parallel iterator as through rayon's, closes every record, marks
//! those that it went through, and leaves the recorder counting right on the same workers.

mod recording;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::iter::plumbing::{
    Consumer, Folder, Producer, ProducerCallback, Reducer, UnindexedConsumer, bridge,
};
use rayon::prelude::*;
use rayprism::facade as rayon;
use rayprism::facade::Labelled;
use rayprism::model::*;
use recording::*;

const DETAILS: [Detail; 3] = [Detail::Count, Detail::Auto, Detail::Full];

/// What a panic went through.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Marked {
    operations: usize,
    /// None are seen under an indexed adaptor.
    splits: usize,
    leaves: usize,
    reductions: usize,
    tasks: usize,
}

/// An operation that panicked in one of its leaves.
const A_LEAF: Marked = Marked { operations: 1, leaves: 1, splits: 0, reductions: 0, tasks: 0 };

fn marked(trace: &Trace) -> Marked {
    let is = |outcome| outcome == Outcome::Panicked;
    Marked {
        operations: operations(trace).iter().filter(|(_, of)| is(of.outcome)).count(),
        splits: joins(trace).iter().filter(|(_, of)| is(of.outcome)).count(),
        leaves: leaves(trace).iter().filter(|(_, of)| is(of.outcome)).count(),
        reductions: reductions(trace).iter().filter(|(_, of)| is(of.outcome)).count(),
        tasks: tasks(trace).iter().filter(|(_, of)| is(of.outcome)).count(),
    }
}

/// The numbers below `n`, each in a leaf of its own, of which all parts are seen.
fn whole(n: u32) -> impl IndexedParallelIterator<Item = u32> {
    (0..n).into_par_iter().with_max_len(1).labelled("panics")
}

/// The same, under an indexed adaptor.
fn indexed(n: u32) -> impl IndexedParallelIterator<Item = u32> {
    (0..n).into_par_iter().labelled("panics").with_max_len(1)
}

/// Runs `part`, which must panic, and then what is clean, in pools of so many workers.
#[track_caller]
fn assert_closed(pools: &[usize], expected: Marked, part: impl Fn() + Sync) {
    assert_closed_by(pools, part, |trace| assert_eq!(marked(trace), expected));
}

/// The same, where it depends on thieves what is marked.
fn assert_closed_by(pools: &[usize], part: impl Fn() + Sync, check: impl Fn(&Trace)) {
    let _alone = alone();
    for detail in DETAILS {
        for &workers in pools {
            let pool = pool(workers);
            let ((), trace) = recorded(detail, || {
                pool.install(|| {
                    assert_panics("boom", &part);
                    clean();
                });
                pool.install(clean);
                pool.broadcast(|_| ());
            });
            assert_whole(&trace);
            assert_clean(&trace, 2);
            if detail != Detail::Count {
                check(&trace);
            }
        }
    }
}

/// Without tasks: how many there are depends on thieves.
fn no_tasks(marked: Marked) -> Marked {
    Marked { tasks: 0, ..marked }
}

fn fail_at(n: u32, at: u32) -> u32 {
    if n == at { fail("boom") } else { n }
}

/// Its result does not matter: there is none.
fn nothing<T>(_: T) {}

#[test]
fn in_a_leaf_at_any_place() {
    for at in [0, 3, 7] {
        let expected = Marked { splits: 3, ..A_LEAF };
        assert_closed(&[1], expected, || whole(8).for_each(|n| nothing(fail_at(n, at))));
        assert_closed_by(
            &[2, 8],
            || nothing(whole(8).map(|n| fail_at(n, at)).sum::<u32>()),
            |trace| assert_eq!(no_tasks(marked(trace)), expected),
        );
    }
}

/// rayon runs the other halves all the same; what is above the panic is never reduced.
#[test]
fn in_a_leaf_and_the_others_are_counted() {
    for at in [0, 3, 7] {
        assert_closed_by(
            &[1, 2, 8],
            || nothing(whole(8).map(|n| fail_at(n, at)).collect::<Vec<_>>()),
            |trace| {
                let Tally { operations, splits, leaves, items, reductions, .. } =
                    labelled(trace, "panics");
                assert_eq!([operations, splits, leaves, items, reductions], [1, 7, 8, 7, 4]);
            },
        );
        assert_closed_by(
            &[1, 2, 8],
            || nothing(indexed(8).map(|n| fail_at(n, at)).collect::<Vec<_>>()),
            |trace| {
                let Tally { operations, splits, leaves, items, .. } = labelled(trace, "panics");
                assert_eq!([operations, splits, leaves, items], [1, 7, 8, 7]);
            },
        );
    }
}

#[test]
fn in_any_item_of_a_leaf() {
    for at in [0, 3, 7] {
        let one_leaf = move || (0..8_u32).into_par_iter().with_min_len(8);
        assert_closed(&[1, 4], A_LEAF, || {
            one_leaf().labelled("panics").for_each(|n| nothing(fail_at(n, at)));
        });
        assert_closed(&[1, 4], A_LEAF, || one_leaf().for_each(|n| nothing(fail_at(n, at))));
        assert_closed(&[1, 4], A_LEAF, || {
            nothing(one_leaf().fold(|| 0, |sum, n| sum + fail_at(n, at)).sum::<u32>());
        });
    }
}

#[test]
fn in_a_leaf_under_an_indexed_adaptor() {
    let (a, b): (Vec<u32>, Vec<u32>) = ((0..8).collect(), (0..8).collect());
    for at in [0, 3, 7] {
        let parts: [&(dyn Fn() + Sync); 5] = [
            &|| indexed(8).for_each(|n| nothing(fail_at(n, at))),
            &|| indexed(8).enumerate().for_each(|(_, n)| nothing(fail_at(n, at))),
            &|| nothing(indexed(8).rev().map(|n| fail_at(n, at)).collect::<Vec<_>>()),
            &|| {
                let pairs = a.par_iter().zip(b.par_iter()).with_max_len(1);
                pairs.for_each(|(&n, _)| nothing(fail_at(n, at)));
            },
            // Below the adaptor, it is in the iterator that the leaf goes through.
            &|| {
                let mapped = a.par_iter().map(|&n| fail_at(n, at));
                nothing(mapped.enumerate().with_max_len(1).count());
            },
        ];
        for part in parts {
            assert_closed(&[1], A_LEAF, part);
            assert_closed_by(&[2, 8], part, |trace| {
                assert_eq!(no_tasks(marked(trace)), A_LEAF);
            });
        }
    }
}

/// Two items in two leaves: the second one's worker has begun with it before the first one goes on.
fn stolen(two: impl IndexedParallelIterator<Item = u32>, f: impl Fn(u32) + Sync) {
    let begun = Flag::new();
    two.for_each(|n| {
        if n == 0 {
            begun.wait();
        } else {
            begun.raise();
        }
        f(n);
    });
}

#[test]
fn in_a_stolen_leaf() {
    let expected = Marked { splits: 1, tasks: 1, ..A_LEAF };
    assert_closed(&[2, 8], expected, || stolen(whole(2), |n| nothing(fail_at(n, 1))));
    let expected = Marked { splits: 0, ..expected };
    assert_closed(&[2, 8], expected, || stolen(indexed(2), |n| nothing(fail_at(n, 1))));
}

#[test]
fn in_a_leaf_whose_other_half_is_stolen() {
    let expected = Marked { splits: 1, ..A_LEAF };
    assert_closed(&[2, 8], expected, || stolen(whole(2), |n| nothing(fail_at(n, 0))));
    assert_closed(&[2, 8], A_LEAF, || stolen(indexed(2), |n| nothing(fail_at(n, 0))));
}

#[test]
fn in_both_of_two_leaves_it_is_the_firsts() {
    let both = |n| fail(["boom", "second"][n as usize]);
    let expected = Marked { leaves: 2, splits: 1, tasks: 1, ..A_LEAF };
    assert_closed(&[2, 8], expected, || stolen(whole(2), both));
    assert_closed(&[2, 8], Marked { splits: 0, ..expected }, || stolen(indexed(2), both));
}

#[test]
fn in_a_reduction() {
    // That of all eight, of a half, of the last two.
    for (sum, splits) in [(28, 0), (22, 1), (13, 2)] {
        let expected = Marked { operations: 1, reductions: 1, splits, ..Marked::default() };
        let part = || nothing(whole(8).reduce(|| 0, |a, b| fail_at(a + b, sum)));
        assert_closed(&[1], expected, part);
        assert_closed_by(&[2, 8], part, |trace| assert_eq!(no_tasks(marked(trace)), expected));
    }
}

#[test]
fn in_a_reduction_of_what_was_stolen_and_by_its_thief() {
    let reduce = |sum| {
        let begun = Flag::new();
        let items = whole(4).inspect(|&n| if n == 0 { begun.wait() } else { begun.raise() });
        nothing(items.reduce(|| 0, |a, b| fail_at(a + b, sum)));
    };
    let expected = Marked { operations: 1, reductions: 1, ..Marked::default() };
    assert_closed_by(&[2, 8], || reduce(6), |trace| assert_eq!(marked(trace), expected));
    assert_closed_by(
        &[2, 8],
        || reduce(5),
        |trace| assert_eq!(marked(trace), Marked { splits: 1, tasks: 1, ..expected }),
    );
}

/// Numbers of which some may not be split.
#[derive(Clone, Copy)]
struct Brittle<'f> {
    from: u32,
    to: u32,
    /// Splitting these panics.
    fails: (u32, u32),
    /// Goes up before it does.
    begun: &'f Flag,
}

impl ParallelIterator for Brittle<'_> {
    type Item = u32;

    fn drive_unindexed<C: UnindexedConsumer<u32>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }
}

impl IndexedParallelIterator for Brittle<'_> {
    fn len(&self) -> usize {
        (self.to - self.from) as usize
    }

    fn drive<C: Consumer<u32>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }

    fn with_producer<CB: ProducerCallback<u32>>(self, callback: CB) -> CB::Output {
        callback.callback(self)
    }
}

impl Producer for Brittle<'_> {
    type Item = u32;
    type IntoIter = std::ops::Range<u32>;

    fn into_iter(self) -> Self::IntoIter {
        self.from..self.to
    }

    fn max_len(&self) -> usize {
        1
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        if (self.from, self.to) == self.fails {
            self.begun.raise();
            fail("boom");
        }
        let middle = self.from + index as u32;
        (Self { to: middle, ..self }, Self { from: middle, ..self })
    }
}

#[test]
fn in_a_split_of_the_programs_producer() {
    // All, the first half, the last quarter; and how many splits are open then.
    for (fails, splits) in [((0, 8), 0), ((0, 4), 1), ((6, 8), 2)] {
        let begun = &Flag::new();
        let brittle = Brittle { from: 0, to: 8, fails, begun };
        let expected = Marked { operations: 1, splits, ..Marked::default() };
        let part = || nothing(brittle.labelled("panics").sum::<u32>());
        assert_closed(&[1], expected, part);
        assert_closed_by(&[2, 8], part, |trace| assert_eq!(no_tasks(marked(trace)), expected));
        let part = || nothing(brittle.labelled("panics").enumerate().count());
        let expected = Marked { splits: 0, ..expected };
        assert_closed(&[1], expected, part);
        assert_closed_by(&[2, 8], part, |trace| assert_eq!(no_tasks(marked(trace)), expected));
    }
}

#[test]
fn in_a_split_by_a_thief() {
    let expected = Marked { operations: 1, splits: 1, ..Marked::default() };
    let part = |is_whole: bool| {
        let begun = &Flag::new();
        let brittle = Brittle { from: 0, to: 4, fails: (2, 4), begun };
        let wait = |n| {
            if n < 2 {
                begun.wait()
            }
        };
        match is_whole {
            true => brittle.labelled("panics").for_each(wait),
            false => brittle.labelled("panics").rev().rev().for_each(wait),
        }
    };
    assert_closed_by(&[2, 8], || part(true), |trace| assert_eq!(no_tasks(marked(trace)), expected));
    assert_closed_by(
        &[2, 8],
        || part(false),
        |trace| assert_eq!(no_tasks(marked(trace)), Marked { splits: 0, ..expected }),
    );
}

/// Where a [`Counter`] panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Cutting,
    Reducer,
    SplitOffLeft,
    IntoFolder,
    Consume,
    Complete,
    Reduce,
}

/// Counts, until it panics.
#[derive(Clone, Copy)]
struct Counter(At, u32);

impl Counter {
    fn reach(self, at: At) -> Self {
        if self.0 == at { fail("boom") } else { self }
    }
}

impl Consumer<u32> for Counter {
    type Folder = Self;
    type Reducer = Self;
    type Result = u32;

    fn split_at(self, _index: usize) -> (Self, Self, Self) {
        self.reach(At::Cutting);
        (self, self, self)
    }

    fn into_folder(self) -> Self {
        self.reach(At::IntoFolder)
    }

    fn full(&self) -> bool {
        false
    }
}

impl UnindexedConsumer<u32> for Counter {
    fn split_off_left(&self) -> Self {
        self.reach(At::SplitOffLeft)
    }

    fn to_reducer(&self) -> Self {
        self.reach(At::Reducer)
    }
}

impl Folder<u32> for Counter {
    type Result = u32;

    fn consume(self, _item: u32) -> Self {
        let Self(at, items) = self.reach(At::Consume);
        Self(at, items + 1)
    }

    fn complete(self) -> u32 {
        self.reach(At::Complete).1
    }

    fn full(&self) -> bool {
        false
    }
}

impl Reducer<u32> for Counter {
    fn reduce(self, left: u32, right: u32) -> u32 {
        self.reach(At::Reduce);
        left + right
    }
}

#[test]
fn in_each_part_of_the_programs_consumer() {
    // Of two items: one split, two leaves, one reduction. When the first leaf panics, rayon runs the
    // second all the same, in its place if nobody stole it.
    let split = Marked { operations: 1, splits: 1, ..Marked::default() };
    let both = Marked { leaves: 2, ..split };
    let reduction = Marked { reductions: 1, splits: 0, ..split };
    let indexed = [
        (At::Cutting, split),
        (At::IntoFolder, both),
        (At::Consume, both),
        (At::Complete, both),
        (At::Reduce, reduction),
    ];
    for (at, expected) in indexed {
        let part = || nothing(whole(2).drive(Counter(at, 0)));
        assert_closed(&[1], expected, part);
        assert_closed_by(&[2, 8], part, |trace| assert_eq!(no_tasks(marked(trace)), expected));
    }
    let unindexed = [(At::Reducer, split), (At::SplitOffLeft, split), (At::Reduce, reduction)];
    for (at, expected) in unindexed {
        let part = || {
            let halves = |(from, to): (u32, u32)| match to - from {
                1 => ((from, to), None),
                _ => ((from, from + 1), Some((from + 1, to))),
            };
            let items = rayon::iter::split((0, 2), halves).map(|(from, _)| from);
            nothing(items.labelled("panics").drive_unindexed(Counter(at, 0)));
        };
        assert_closed(&[1], expected, part);
        assert_closed_by(&[2, 8], part, |trace| assert_eq!(no_tasks(marked(trace)), expected));
    }
}

#[test]
fn in_the_iterator_that_feeds_a_bridge() {
    for at in [0, 3, 99] {
        assert_closed_by(
            &[1, 2, 8],
            || {
                let items = (0..100_u32).inspect(|&n| nothing(fail_at(n, at)));
                nothing(items.par_bridge().map(|n| n + 1).sum::<u32>());
            },
            |trace| {
                let Marked { operations, leaves, reductions, .. } = marked(trace);
                assert_eq!((operations, leaves, reductions), (1, 1, 0));
            },
        );
    }
}

#[test]
fn in_a_bridges_item() {
    for at in [0, 3, 99] {
        assert_closed_by(
            &[1, 2, 8],
            || (0..100_u32).par_bridge().for_each(|n| nothing(fail_at(n, at))),
            |trace| {
                let Marked { operations, leaves, reductions, .. } = marked(trace);
                assert_eq!((operations, leaves, reductions), (1, 1, 0));
            },
        );
    }
}

#[test]
fn in_an_iterator_within_another() {
    let within = |n: u32, inner: &(dyn Fn() + Sync)| {
        if n == 2 {
            inner()
        }
    };
    let inner_whole = || whole(8).for_each(|n| nothing(fail_at(n, 5)));
    let inner_indexed = || indexed(8).for_each(|n| nothing(fail_at(n, 5)));
    let two = Marked { operations: 2, leaves: 2, ..Marked::default() };
    let cases: [(usize, &(dyn Fn() + Sync)); 4] = [
        (2 + 3, &|| whole(4).for_each(|n| within(n, &inner_whole))),
        (2, &|| whole(4).for_each(|n| within(n, &inner_indexed))),
        (3, &|| indexed(4).for_each(|n| within(n, &inner_whole))),
        (0, &|| indexed(4).for_each(|n| within(n, &inner_indexed))),
    ];
    for (splits, part) in cases {
        let expected = Marked { splits, ..two };
        assert_closed(&[1], expected, part);
        assert_closed_by(&[2, 8], part, |trace| assert_eq!(no_tasks(marked(trace)), expected));
    }
}

/// What is caught within an item goes no further.
#[test]
fn in_an_iterator_within_another_that_catches_it() {
    let caught = |inner: &(dyn Fn() + Sync)| {
        let result = catch_unwind(AssertUnwindSafe(inner));
        assert_eq!(result.unwrap_err().downcast_ref::<String>().unwrap(), "boom");
    };
    let inner_whole = || whole(8).for_each(|n| nothing(fail_at(n, 5)));
    let inner_indexed = || indexed(8).for_each(|n| nothing(fail_at(n, 5)));
    let outer = |inner: &(dyn Fn() + Sync)| {
        (0..4).into_par_iter().with_max_len(1).labelled("outer").for_each(|_| caught(inner));
        (0..4).into_par_iter().labelled("outer").with_max_len(1).for_each(|_| caught(inner));
        fail("boom");
    };
    for (splits, inner) in [(3, &inner_whole as &(dyn Fn() + Sync)), (0, &inner_indexed)] {
        assert_closed_by(
            &[1, 2, 8],
            || outer(inner),
            |trace| {
                let expected =
                    Marked { operations: 8, splits: 8 * splits, leaves: 8, ..Marked::default() };
                assert_eq!(no_tasks(marked(trace)), expected);
                let outer = labelled(trace, "outer");
                let Tally { operations, splits, leaves, items, reductions, .. } = outer;
                assert_eq!([operations, splits, leaves, items, reductions], [2, 6, 8, 8, 3]);
            },
        );
    }
}

/// Runs parallel iterators when it is dropped.
struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        clean();
    }
}

/// They are not what panics.
#[test]
fn in_a_leaf_that_runs_others_while_it_unwinds() {
    let _alone = alone();
    let work = |n| {
        let _last = (n == 2).then(|| Last);
        fail_at(n, 2);
    };
    let cases: [(usize, &(dyn Fn() + Sync)); 2] =
        [(2, &|| whole(4).for_each(work)), (0, &|| indexed(4).for_each(work))];
    for (splits, part) in cases {
        for (detail, workers) in DETAILS.into_iter().flat_map(|of| [1, 2, 8].map(|n| (of, n))) {
            let trace = record(detail, workers, || {
                assert_panics("boom", part);
                clean();
            });
            assert_whole(&trace);
            assert_clean(&trace, 2);
            if detail != Detail::Count {
                assert_eq!(no_tasks(marked(&trace)), Marked { splits, ..A_LEAF });
            }
        }
    }
}

#[test]
fn in_what_runs_out_of_sight() {
    let expected = Marked { operations: 1, ..Marked::default() };
    assert_closed(&[1, 2, 8], expected, || {
        (0..8_u32).into_par_iter().chunks(2).for_each(|chunk| nothing(fail_at(chunk[0], 4)));
    });
    assert_closed(&[1, 2, 8], expected, || {
        (0..8_u32).into_par_iter().step_by(2).for_each(|n| nothing(fail_at(n, 4)));
    });
}

#[test]
fn in_operations_called_from_outside() {
    let _alone = alone();
    for detail in DETAILS {
        for at in [0, 3, 7] {
            let ((), trace) = recorded(detail, || {
                assert_panics("boom", || whole(8).for_each(|n| nothing(fail_at(n, at))));
                assert_panics("boom", || indexed(8).for_each(|n| nothing(fail_at(n, at))));
                assert_panics("boom", || whole(1).for_each(|_| fail("boom")));
                assert_panics("boom", || indexed(1).for_each(|_| fail("boom")));
                assert_panics("boom", || {
                    (0..8_u32).par_bridge().for_each(|n| nothing(fail_at(n, at)));
                });
                assert_panics("boom", || {
                    nothing(whole(8).reduce(|| 0, |a, b| fail_at(a + b, 28)));
                });
                clean();
            });
            assert_whole(&trace);
            assert_clean(&trace, 1);
            if detail != Detail::Count {
                let Marked { operations, leaves, .. } = marked(&trace);
                assert_eq!((operations, leaves), (6, 5));
            }
        }
    }
}

/// Leaves that are only counted know nothing of panics, and need not.
#[test]
fn in_leaves_too_short_to_be_timed() {
    let _alone = alone();
    for workers in [1, 2, 8] {
        let pool = pool(workers);
        let ((), trace) = recorded(Detail::Auto, || {
            // After this most parts are only counted.
            pool.install(|| nothing(whole(1 << 14).sum::<u32>()));
            for _ in 0..20 {
                pool.install(|| {
                    assert_panics("boom", || {
                        nothing(whole(64).map(|n| fail_at(n, 33)).sum::<u32>())
                    });
                    clean();
                });
            }
        });
        assert_valid(&trace);
        assert_eq!(trace.losses(), Losses::default());
        assert_clean(&trace, 20);
        let Tally { operations, splits, items, reductions, .. } = labelled(&trace, "panics");
        assert_eq!(operations, 21);
        assert_eq!(splits, (1 << 14) - 1 + 20 * 63);
        assert_eq!(items, (1 << 14) + 20 * 63);
        assert_eq!(reductions, (1 << 14) - 1 + 20 * (63 - 6));
    }
}
