//! rayon says "migrated" of every second half that ran as a job, also of those that no other worker
//! ran: none of these is a steal.

mod recording;

use std::sync::atomic::{AtomicBool, Ordering};

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

/// Records what `join` does in a pool of one worker, where there is nobody to steal. `join` gets
/// what its second half must call with `migrated()`.
fn assert_migrates_unstolen(joins_in_it: u64, join: impl Fn(&(dyn Fn(bool) + Sync)) + Sync) {
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        let migrated = AtomicBool::new(false);
        let trace = record(detail, 1, || join(&|is| migrated.store(is, Ordering::Relaxed)));
        assert!(migrated.into_inner(), "the case is constructed wrongly");
        assert_whole(&trace);
        let counts = trace.counts();
        assert_eq!((counts.steals, counts.joins), (0, joins_in_it));
        // At `count` nobody knows, and the figure is called an upper bound.
        assert_eq!(counts.migrated, u64::from(detail == Detail::Count));
        if detail > Detail::Count {
            let halves = joins(&trace);
            let second = halves.iter().map(|(_, join)| join.second);
            let moved: Vec<_> = second.filter(|second| *second != SecondHalf::Inline).collect();
            assert_eq!(moved, [SecondHalf::SameWorker]);
            assert_eq!(origins(&trace).get(&Origin::Local), Some(&1));
            assert_eq!(origins(&trace).get(&Origin::Stolen), None);
        }
    }
}

#[test]
fn where_the_first_half_yields() {
    let _alone = alone();
    assert_migrates_unstolen(1, |tell| {
        rayon::join_context(
            |_| assert_eq!(rayon::yield_local(), Some(rayon::Yield::Executed)),
            |context| tell(context.migrated()),
        );
    });
}

#[test]
fn where_an_inner_second_half_yields() {
    let _alone = alone();
    assert_migrates_unstolen(2, |tell| {
        rayon::join_context(
            |_| {
                rayon::join(
                    || (),
                    || {
                        assert_eq!(rayon::yield_now(), Some(rayon::Yield::Executed));
                    },
                );
            },
            |context| tell(context.migrated()),
        );
    });
}

#[test]
fn where_the_first_half_waits_for_another_pool() {
    let _alone = alone();
    let other = pool(1);
    assert_migrates_unstolen(1, |tell| {
        // The other pool's job ends only after the second half has run on the waiting worker.
        let ran = Flag::new();
        rayon::join_context(
            |_| other.install(|| ran.wait()),
            |context| {
                tell(context.migrated());
                ran.raise();
            },
        );
    });
}

#[test]
fn where_the_join_came_from_outside() {
    let _alone = alone();
    // So that the global pool has one worker, and none could steal.
    ThreadPoolBuilder::new().num_threads(1).build_global().expect("not built yet");
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        let (migrated, trace) =
            recorded(detail, || rayon::join_context(|a| a.migrated(), |b| b.migrated()));
        assert_eq!(migrated, (true, true));
        assert_whole(&trace);
        let Counts { joins, steals, migrated, injected, tasks, .. } = trace.counts();
        assert_eq!((joins, steals, migrated, injected, tasks), (1, 0, 0, 1, 2));
    }
}
