//! A parallel iterator says what it is, where it was made and what the user calls it; where its
//! inside is out of sight, it says that.

mod recording;

use rayon::prelude::*;
use rayprism::Labelled;
use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

fn chain<'t>(trace: &'t Trace, operation: &Operation) -> &'t str {
    trace.chain(operation.chain.expect("a chain")).expect("in the trace")
}

fn recorded_alone(f: impl FnOnce() + Send) -> Trace {
    let _alone = alone();
    let trace = record(Detail::Full, 2, f);
    assert_whole(&trace);
    trace
}

fn iterators(trace: &Trace) -> Vec<&Operation> {
    let all = operations(trace).into_iter().map(|(_, operation)| operation);
    all.filter(|operation| operation.kind != OperationKind::Install).collect()
}

#[test]
fn by_its_chain_and_line() {
    let line = line!() + 2;
    let trace = recorded_alone(|| {
        let sum: u64 = (0..10_u64).into_par_iter().map(|n| n * 2).sum();
        assert_eq!(sum, 90);
    });
    let operation = only(iterators(&trace));
    assert_eq!(chain(&trace, operation), "Range<u64> → map → sum");
    let (file, at) = place(&trace, operation.site);
    assert!(file.ends_with("tests/iterators_say_what_they_are.rs"), "{file}");
    assert_eq!(at, line);
    let tally = trace.lanes.iter().flat_map(|lane| &lane.tallies).find(|t| t.operations == 1);
    let tally = tally.expect("the caller's");
    assert_eq!((tally.site, tally.chain), (operation.site, operation.chain));
}

#[test]
fn by_its_label_wherever_that_stands() {
    let trace = recorded_alone(|| {
        let numbers = [1_u64, 2, 3];
        let _: u64 = numbers.par_iter().labelled("at the source").map(|n| n + 1).sum();
        let _: u64 = numbers.par_iter().map(|n| n + 1).labelled("later").sum();
        let _: Vec<_> = numbers.par_iter().enumerate().labelled(String::from("indexed")).collect();
        let _: u64 = numbers.par_iter().labelled("first").map(|n| n + 1).labelled("last").sum();
    });
    let labels: Vec<_> = iterators(&trace).iter().map(|o| o.label.as_deref()).collect();
    assert_eq!(labels, ["at the source", "later", "indexed", "last"].map(Some));
    let chains: Vec<_> = iterators(&trace).iter().map(|o| chain(&trace, o)).collect();
    assert_eq!(chains[0], "&[u64] → map → sum");
    assert_eq!(chains[1], chains[0]);
    assert_eq!(tallied(&trace).items, 12);
}

#[test]
fn a_stock_iterator_is_seen_from_its_label_on() {
    use rayprism::facade::real::iter::IntoParallelIterator as Stock;
    let trace = recorded_alone(|| {
        let _: u64 = Stock::into_par_iter(0..100_u64).map(|n| n + 1).sum();
        let sum: u64 = Stock::into_par_iter(0..100_u64).labelled("seen").map(|n| n + 1).sum();
        assert_eq!(sum, 5_050);
    });
    assert_eq!(only(iterators(&trace)).label.as_deref(), Some("seen"));
    assert_eq!((tallied(&trace).operations, tallied(&trace).items), (1, 100));
}

#[test]
fn an_iterator_of_iterators_is_one() {
    let trace = recorded_alone(|| {
        let twice = (0..10_u64).into_par_iter().into_par_iter().map(|n| n).into_par_iter();
        assert_eq!(twice.sum::<u64>(), 45);
    });
    let operation = only(iterators(&trace));
    assert_eq!(chain(&trace, operation), "Range<u64> → map → sum");
    assert_eq!(tallied(&trace).items, 10);
}

#[test]
fn opaque_where_its_parts_are_out_of_sight() {
    let trace = recorded_alone(|| {
        let mut numbers: Vec<u64> = (0..100).rev().collect();
        assert_eq!(numbers.par_iter().chunks(7).map(|chunk| chunk.len()).sum::<usize>(), 100);
        assert_eq!(numbers.par_iter().step_by(10).count(), 10);
        numbers.par_sort();
        assert_eq!(numbers[0], 0);
    });
    let kinds: Vec<_> = iterators(&trace).iter().map(|operation| operation.kind).collect();
    let opaque = OperationKind::OpaqueIterator;
    assert_eq!(kinds, [opaque, opaque, OperationKind::Sort]);
    assert!(kinds.iter().all(|kind| kind.is_opaque()));
    assert!(iterators(&trace).iter().all(|operation| operation.iteration.is_none()));
    assert_eq!(chain(&trace, iterators(&trace)[0]), "&[u64] → chunks → map → sum");
    assert_eq!(tallied(&trace).leaves, 0);
}

#[test]
fn a_bridge_tells_the_producer_from_the_work() {
    let _alone = alone();
    let (begun, go_on) = (Flag::new(), Flag::new());
    let pool = pool(2);
    let ((), trace) = recorded(Detail::Full, || {
        pool.install(|| {
            // The second item is not there before somebody works on the first.
            let items = (0..2).inspect(|&item| {
                if item == 1 {
                    begun.wait()
                }
            });
            items.par_bridge().for_each(|item| {
                if item == 0 {
                    begun.raise();
                    go_on.wait();
                } else {
                    go_on.raise();
                }
            });
        });
    });
    assert_whole(&trace);
    let (_, iteration) = only(iterations(&trace));
    assert_eq!(iteration.items, 2);
    let leaves = leaves(&trace);
    let of =
        |figure: fn(&Leaf) -> Nanos| leaves.iter().map(|(_, leaf)| figure(leaf)).sum::<Nanos>();
    assert!(of(|leaf| leaf.producing) > Nanos::ZERO);
    for (_, leaf) in &leaves {
        assert!(leaf.waited + leaf.producing <= leaf.span.duration() + Nanos(2));
    }
    assert_eq!(leaves.iter().map(|(_, leaf)| leaf.items).sum::<u64>(), 2);
}

#[test]
fn a_fine_operation_is_tallied_all_the_same() {
    let _alone = alone();
    // Far more than are kept whole.
    let trace = record(Detail::Auto, 1, || {
        for _ in 0..20_000 {
            assert_eq!((0..10_usize).into_par_iter().map(|n| n as u64).sum::<u64>(), 45);
        }
    });
    assert_whole(&trace);
    let tally = tallied(&trace);
    assert_eq!((tally.operations, tally.items), (20_000, 200_000));
    assert_eq!((tally.splits, tally.leaves), (20_000, 40_000));
    assert_eq!(tally.reductions, 20_000);
    let kept = iterations(&trace).len();
    assert!(kept < 5_000, "{kept} of 20,000 were kept one by one");
}
