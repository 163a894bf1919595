//! At `auto`, one half of a join above fine ones now and then runs with its joins as plain calls, to
//! find out what rayon takes for them. Nothing else is to be seen of it: counts and results are
//! exact, panics and calls that cannot be elided go on as ever.

mod recording;

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

/// Joins of the half that was elided, if one was.
fn elided(join: &Join) -> Option<u64> {
    join.elided.map(|half| match half {
        Half::First => join.first_joins,
        Half::Second => join.second_joins,
    })
}

fn samples(trace: &Trace) -> Vec<&Join> {
    let joins = joins(trace).into_iter().map(|(_, join)| join);
    joins.filter(|join| join.elided.is_some()).collect()
}

/// Sums up a perfect tree's leaves, with a join at each of its inner nodes.
fn leaves_of(depth: u32) -> u64 {
    if depth == 0 {
        return 1;
    }
    let (a, b) = rayon::join(|| leaves_of(depth - 1), || leaves_of(depth - 1));
    a + b
}

fn assert_few_are_elided(trace: &Trace) {
    for lane in &trace.lanes {
        let of_lane = joins(trace).into_iter().filter(|(of, _)| of.id == lane.id);
        let elided: u64 = of_lane.filter_map(|(_, join)| elided(join)).sum();
        assert!(elided * 100 <= lane.counts.joins, "{elided} of {}", lane.counts.joins);
    }
}

#[test]
fn of_a_naive_recursion() {
    let _alone = alone();
    for workers in [1, 2] {
        let pool = pool(workers);
        let (sum, trace) = recorded(Detail::Auto, || pool.install(|| leaves_of(18)));
        assert_eq!((sum, trace.counts().joins), (1 << 18, (1 << 18) - 1));
        assert_valid(&trace);
        assert_few_are_elided(&trace);
        let samples = samples(&trace);
        assert!(samples.len() >= 6, "{} samples", samples.len());
        for join in &samples {
            assert_eq!((join.second, join.outcome), (SecondHalf::Inline, Outcome::Returned));
            // Of a perfect tree both halves are alike: the elided one was counted to the last join.
            let held = (1 << (17 - join.depth)) - 1;
            assert_eq!((join.first_joins, join.second_joins), (held, held));
        }
        let first = samples.iter().filter(|join| join.elided == Some(Half::First)).count();
        assert!(first > 0 && first < samples.len(), "{first} of {}", samples.len());
    }
}

#[test]
fn never_where_all_joins_are_timed_or_none_is() {
    let _alone = alone();
    for detail in [Detail::Count, Detail::Full] {
        let trace = record(detail, 1, || tree(15));
        assert!(samples(&trace).is_empty());
        assert_eq!(trace.counts().joins, (1 << 15) - 1);
    }
}

#[test]
fn never_among_the_first_events() {
    let _alone = alone();
    let trace = record(Detail::Auto, 1, || tree(12));
    assert!(samples(&trace).is_empty());
}

/// Every leaf panics, and is caught four levels above it: panics go through elided halves, too, and
/// the other leaves below run all the same.
#[test]
fn with_panics_within() {
    fn failing(depth: u32) {
        match depth {
            0 => fail("boom"),
            4 => assert_panics("boom", || rayon::join(|| failing(3), || failing(3))),
            _ => drop(rayon::join(|| failing(depth - 1), || failing(depth - 1))),
        }
    }
    let _alone = alone();
    for workers in [1, 2] {
        let pool = pool(workers);
        let ((), trace) = recorded(Detail::Auto, || {
            pool.install(|| failing(17));
            pool.install(|| tree(16));
        });
        assert_eq!(trace.counts().joins, (1 << 17) - 1 + (1 << 16) - 1);
        assert_valid(&trace);
        assert_few_are_elided(&trace);
    }
}

/// A panic goes through a whole elided half, up to the join that is timed, and beyond.
#[test]
fn with_panics_through_the_half() {
    fn failing(depth: u32, path: u64) {
        if depth > 0 {
            let (left, right) = (path << 1, path << 1 | 1);
            rayon::join(|| failing(depth - 1, left), || failing(depth - 1, right));
        } else if path.is_multiple_of(1 << 7) {
            fail("boom");
        }
    }
    let _alone = alone();
    let pool = pool(1);
    let ((), trace) = recorded(Detail::Auto, || {
        for _ in 0..64 {
            pool.install(|| assert_panics("boom", || failing(12, 0)));
            pool.install(|| tree(12));
        }
    });
    assert_eq!(trace.counts().joins, 2 * 64 * ((1 << 12) - 1));
    assert_valid(&trace);
    assert_few_are_elided(&trace);
}

/// Contexts cannot be made by hand, so such joins go through rayon.
#[test]
fn never_with_joins_that_want_a_context() {
    fn mixed(depth: u32) {
        match depth {
            0 => {}
            1 => drop(rayon::join_context(|_| (), |_| ())),
            _ => drop(rayon::join(|| mixed(depth - 1), || mixed(depth - 1))),
        }
    }
    let _alone = alone();
    let trace = record(Detail::Auto, 1, || mixed(18));
    assert_eq!(trace.counts().joins, (1 << 18) - 1);
    assert!(samples(&trace).is_empty());
    assert_valid(&trace);
}

/// What halves do beside joins is as it ever is, and then they are not compared.
#[test]
fn never_where_halves_do_other_things() {
    use rayon::prelude::*;
    fn busy(depth: u32) -> u64 {
        match depth {
            0 => 0,
            1 => (0..4_u64).into_par_iter().sum(),
            2 => rayon::scope(|scope| {
                scope.spawn(|_| ());
                6
            }),
            _ => {
                let (a, b) = rayon::join(|| busy(depth - 1), || busy(depth - 1));
                a + b
            }
        }
    }
    fn iterating(depth: u32) -> u64 {
        if depth == 1 {
            return busy(1);
        }
        let (a, b) = rayon::join(|| iterating(depth - 1), || iterating(depth - 1));
        a + b
    }
    let _alone = alone();
    let pool = pool(1);
    for f in [busy, iterating] {
        let (sum, trace) = recorded(Detail::Auto, || pool.install(|| f(15)));
        let leaves = if f(2) == 6 { 1 << 13 } else { 1 << 14 };
        assert_eq!((sum, trace.counts().joins), (6 * leaves, leaves - 1));
        assert!(samples(&trace).is_empty());
        assert_valid(&trace);
    }
}

/// The next recording begins within a half: neither is disturbed.
#[test]
fn and_recordings_may_change_meanwhile() {
    let _alone = alone();
    let pool = pool(1);
    let session = rayprism::Session::builder().start().expect("the only recording");
    let mut session = Some(session);
    let mut calls = 0_u32;
    fn visit(depth: u32, leaf: &(dyn Fn() + Sync)) {
        if depth == 0 {
            return leaf();
        }
        rayon::join(|| visit(depth - 1, leaf), || visit(depth - 1, leaf));
    }
    let state = std::sync::Mutex::new((&mut session, &mut calls));
    pool.install(|| {
        visit(16, &|| {
            let mut state = state.lock().expect("one worker");
            *state.1 += 1;
            if (*state.1).is_multiple_of(6_007) {
                drop(state.0.take().expect("under way").stop());
                *state.0 = Some(rayprism::Session::builder().start().expect("the only one"));
            }
        });
    });
    let trace = session.expect("under way").stop();
    assert_eq!(trace.counts().joins, 0, "the task began before it");
    let (sum, trace) = recorded(Detail::Auto, || pool.install(|| leaves_of(17)));
    assert_eq!((sum, trace.counts().joins), (1 << 17, (1 << 17) - 1));
    assert_valid(&trace);
    assert!(!samples(&trace).is_empty());
}
