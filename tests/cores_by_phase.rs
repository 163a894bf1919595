//! Where the cores went, by the program's own spans: each phase has what was done in it on every
//! worker, and what waited for it; all rows together are the pool's core-time.

#![cfg(all(feature = "layer", feature = "read"))]

mod recording;

use rayprism::analysis::{Breakdown, BreakdownRow, By, CoreTime, Decomposition, Window};
use rayprism::facade as rayon;
use rayprism::facade::prelude::*;
use rayprism::model::*;
use rayprism::report::Report;
use rayprism::report::text::{self, Style};
use rayprism::timeline::Timeline;
use recording::*;
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt;

/// Each component is rounded to the nanosecond for itself.
const ROUNDING: i64 = 100;

/// What is recorded while `f` runs, and the layer listens.
fn phased(f: impl FnOnce()) -> Trace {
    let subscriber = tracing_subscriber::registry().with(rayprism::layer());
    // Other test files would listen to each other; there is one to a process.
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(subscriber).expect("the first"));
    let ((), trace) = recorded(Detail::Auto, || rayprism::region("all", f));
    assert_valid(&trace);
    trace
}

fn rows(trace: &Trace) -> Vec<BreakdownRow> {
    let timeline = Timeline::new(trace).unwrap();
    let breakdown = Breakdown::of(&timeline, Window::of(&timeline), By::Phase);
    assert_eq!(breakdown.pools.len(), 1);
    breakdown.pools[0].value().expect("measured").clone()
}

fn row<'r>(rows: &'r [BreakdownRow], name: &str) -> &'r BreakdownRow {
    let found = rows.iter().find(|row| row.name.as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("no {name} in {rows:#?}"))
}

fn sum(row: &BreakdownRow) -> i64 {
    row.parts.iter().map(|(_, CoreTime(time))| time).sum()
}

fn all(trace: &Trace) -> i64 {
    let timeline = Timeline::new(trace).unwrap();
    let window = Window::of(&timeline);
    let whole = Decomposition::of(&timeline, window, &timeline.pools()[0]);
    whole.value().unwrap().core_time.0 as i64
}

/// Keeps a worker busy for about so many rounds of work.
fn work(rounds: u64) -> u64 {
    (0..rounds).fold(1, |sum, n| std::hint::black_box(sum ^ (n + sum.rotate_left(7))))
}

#[test]
fn phases_one_after_the_other_share_all_core_time() {
    let _alone = alone();
    let pool = pool(2);
    let trace = phased(|| {
        info_span!("serial").in_scope(|| {
            pool.install(|| work(2_000_000));
        });
        info_span!("parallel").in_scope(|| {
            pool.install(|| (0..64_u64).into_par_iter().for_each(|n| drop(work(40_000 + n))));
        });
        work(1_000_000);
    });
    let rows = rows(&trace);
    let all = all(&trace);
    let total: i64 = rows.iter().map(sum).sum();
    assert!((total - all).abs() <= ROUNDING, "{total} of {all}: {rows:#?}");
    let names: Vec<_> = rows.iter().map(|row| row.name.as_deref()).collect();
    assert_eq!(names.len(), 3);
    assert!(names.contains(&None), "what lies between them");
    // Each phase has the time of its threads, workers times its length.
    for name in ["serial", "parallel"] {
        let row = row(&rows, name);
        assert_eq!(row.calls, Some(1));
        let length = row.time.unwrap().0 as i64;
        assert!((sum(row) - 2 * length).abs() <= ROUNDING, "{row:#?}");
    }
    // One worker worked, and the other had nothing to do.
    let names = |name: &str| -> Vec<&str> {
        row(&rows, name).parts.iter().map(|(component, _)| component.name()).collect()
    };
    assert!(names("serial").contains(&"serial"), "{rows:#?}");
}

#[test]
fn phases_in_tasks_have_what_is_done_in_them_on_every_worker() {
    let _alone = alone();
    let pool = pool(2);
    let both = [Flag::new(), Flag::new()];
    let trace = phased(|| {
        info_span!("all of it").in_scope(|| {
            pool.install(|| {
                (0..2_usize).into_par_iter().with_max_len(1).for_each(|n| {
                    both[n].raise();
                    both[1 - n].wait();
                    for _ in 0..10 {
                        info_span!("inner").in_scope(|| work(200_000));
                    }
                });
            });
        });
    });
    let rows = rows(&trace);
    let inner = row(&rows, "inner");
    assert_eq!(inner.calls, Some(20));
    // It was work, of both: their spans' lengths, but for what was preempted and collapsed.
    let lengths = inner.time.unwrap().0 as i64;
    assert!((sum(inner) - lengths).abs() <= lengths / 100, "{inner:#?}");
    let (total, all) = (rows.iter().map(sum).sum::<i64>(), all(&trace));
    assert!((total - all).abs() <= ROUNDING, "{total} of {all}");
    assert_eq!(row(&rows, "all of it").calls, Some(1));
}

#[test]
fn a_stolen_half_of_a_counted_join_belongs_to_what_the_pool_was_called_from() {
    let _alone = alone();
    let pool = pool(2);
    let trace = phased(|| {
        info_span!("calling").in_scope(|| {
            pool.install(|| {
                for _ in 0..2_000 {
                    tree(3);
                }
                for _ in 0..20 {
                    stolen_join(|| (), || drop(work(20_000)));
                }
            });
        });
    });
    assert!(trace.counts().migrated > 0);
    let rows = rows(&trace);
    let calling = row(&rows, "calling");
    let length = calling.time.unwrap().0 as i64;
    assert!((sum(calling) - 2 * length).abs() <= ROUNDING, "{rows:#?}");
}

#[test]
fn the_report_has_them_without_being_asked() {
    let _alone = alone();
    let pool = pool(2);
    let trace = phased(|| {
        info_span!("a phase").in_scope(|| pool.install(|| rayon::join(|| work(9), || work(9))));
    });
    let report = Report::of(&trace).unwrap();
    assert_eq!(report.breakdown.as_ref().map(|breakdown| breakdown.by), Some(By::Phase));
    let mut shown = Vec::new();
    text::write(&report, &Style { colour: false, width: 100 }, &mut shown).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("a phase"), "{shown}");
    let other = Report::by(&trace, Some(By::Worker)).unwrap();
    assert_eq!(other.breakdown.map(|breakdown| breakdown.by), Some(By::Worker));
}
