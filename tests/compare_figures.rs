//! Two recordings beside each other, from constructed pairs: rows that hold the same, differences
//! that add up, and what is beyond the spread.

use rayprism::analysis::compare::{
    Answer, Comparison, Condition, Limit, PoolChange, Side, Spread, Test,
};
use rayprism::analysis::{Component, CoreTime, Decomposition, Missing, Part};
use rayprism::model::*;

fn part(component: Component, time: i64) -> Part {
    let time = CoreTime(time);
    Part { component, time, low: time, high: time }
}

/// A pool of two in a window of 1000 ns; what is left of its core-time is `starved`.
fn pool(parts: &[(Component, i64)], missing: &[(Component, Component)]) -> Decomposition {
    let named: i64 = parts.iter().map(|(_, time)| time).sum();
    let rest = part(Component::Starved, 2000 - named);
    let missing = missing.iter().map(|&(component, within)| Missing {
        component,
        reason: "constructed".to_owned(),
        within,
    });
    Decomposition {
        pool: PoolId(1),
        workers: 2,
        window: Span { start: Nanos(100), end: Nanos(1100) },
        core_time: Nanos(2000),
        parts: parts.iter().map(|&(c, time)| part(c, time)).chain([rest]).collect(),
        missing: missing.collect(),
        callers: CoreTime::ZERO,
        lowered: CoreTime::ZERO,
        counted: Measured::Not("constructed".to_owned()),
        inflation: Measured::Not("constructed".to_owned()),
        join_cost: Measured::Not("constructed".to_owned()),
        verdict: None,
    }
}

fn samples(times: &[u64]) -> Samples {
    Samples(times.iter().copied().map(Nanos).collect())
}

fn compare(times: [&[u64]; 2], pools: [Vec<Measured<Decomposition>>; 2]) -> Comparison {
    let [a, b] = times.map(samples);
    Comparison::of([&a, &b], [&pools[0], &pools[1]])
}

fn of_pools(a: &Decomposition, b: &Decomposition) -> Comparison {
    compare([&[10], &[10]], [a, b].map(|whole| vec![Measured::Is(whole.clone())]))
}

fn of_times(a: &[u64], b: &[u64]) -> Comparison {
    compare([a, b], [vec![], vec![]])
}

fn only(comparison: &Comparison) -> &PoolChange {
    let pools = comparison.pools.value().expect("paired");
    let [Measured::Is(pool)] = pools.as_slice() else { panic!("{pools:?}") };
    pool
}

fn answer(condition: Condition, comparison: &Comparison) -> (Answer, String) {
    let judgement = condition.judge("as typed", comparison);
    assert_eq!(judgement.condition, "as typed");
    (judgement.answer, judgement.because)
}

fn spread(comparison: &Comparison) -> Spread {
    *comparison.wall.spread.value().expect("enough repetitions")
}

use Component::*;

#[test]
fn differences_are_of_each_component_and_add_up() {
    let a = pool(&[(Work, 900), (Runtime, 300), (Serial, 400)], &[]);
    let b = pool(&[(Work, 880), (Runtime, 700), (Reduce, 20)], &[]);
    let comparison = of_pools(&a, &b);
    let change = only(&comparison);
    let times: Vec<_> =
        change.components.iter().map(|c| (c.component, c.difference.time.0)).collect();
    let expected = [(Work, -20), (Runtime, 400), (Reduce, 20), (Serial, -400), (Starved, 0)];
    assert_eq!(times, expected);
    // Equal in size: in the order of the table.
    assert_eq!(change.most, [Runtime, Serial, Work, Reduce]);
    assert_eq!(change.difference, CoreTime(0));
    let runtime = change.component(Runtime).expect("a row");
    assert_eq!(
        (runtime.a.cores, runtime.b.cores, runtime.b.share),
        (Some(0.3), Some(0.7), Some(0.35))
    );
    assert!((runtime.difference_cores.expect("a window") - 0.4).abs() < 1e-12);
}

#[test]
fn intervals_of_two_estimates_make_one_of_their_difference() {
    let mut a = pool(&[(Runtime, 300)], &[]);
    let b = pool(&[(Runtime, 700)], &[]);
    (a.parts[0].low, a.parts[0].high) = (CoreTime(250), CoreTime(400));
    let comparison = of_pools(&a, &b);
    let difference = only(&comparison).component(Runtime).expect("a row").difference;
    let ends = [difference.low, difference.time, difference.high].map(|time| time.0);
    assert_eq!(ends, [300, 400, 450]);
}

#[test]
fn what_one_does_not_tell_apart_is_together_in_both() {
    let missing =
        [(Useful, Work), (Algorithmic, Work), (Inflation, Work), (LateWakeUp, Scheduling)];
    let a = pool(&[(Work, 900), (Scheduling, 300)], &missing);
    let fine =
        [(Useful, 500), (Algorithmic, 200), (Inflation, -50), (StealLatency, 80), (LateWakeUp, 20)];
    let b = pool(&fine, &[]);
    for (a, b, side, sign) in [(&a, &b, Side::A, 1), (&b, &a, Side::B, -1)] {
        let comparison = of_pools(a, b);
        let change = only(&comparison);
        let rows: Vec<_> =
            change.components.iter().map(|c| (c.component, c.difference.time.0)).collect();
        assert_eq!(rows, [(Work, -250 * sign), (Scheduling, -200 * sign), (Starved, 450 * sign)]);
        assert_eq!(rows.iter().map(|(_, time)| time).sum::<i64>(), change.difference.0);
        // Of steal latency the coarser one says nothing; it is in the same row all the same.
        let mut merged: Vec<_> = change.merged.iter().map(|m| (m.component, m.within)).collect();
        merged.sort();
        let steals = (StealLatency, Scheduling);
        assert_eq!(merged, [&missing[..3], &[steals], &missing[3..]].concat());
        assert!(change.merged.iter().all(|m| m.side == side && m.reason == "constructed"));
    }
    let comparison = of_pools(&b, &b);
    assert_eq!((&only(&comparison).merged, only(&comparison).components.len()), (&vec![], 6));
}

#[test]
fn pools_without_a_partner_are_not_compared() {
    let one = || Measured::Is(pool(&[(Work, 900)], &[]));
    let not = |reason: &str| Measured::<Decomposition>::Not(reason.to_owned());
    let reason = |a: Vec<_>, b: Vec<_>| match compare([&[10], &[10]], [a, b]).pools {
        Measured::Not(reason) => reason,
        Measured::Is(pools) => match pools.as_slice() {
            [Measured::Not(reason)] => reason.clone(),
            pools => panic!("{pools:?}"),
        },
    };
    assert_eq!(reason(vec![], vec![]), "no pool was used");
    assert_eq!(reason(vec![one()], vec![one(), one()]), "A used 1 pool and B 2 pools");
    assert_eq!(reason(vec![], vec![one()]), "A used no pool and B 1 pool");
    assert_eq!(reason(vec![one()], vec![not("too late")]), "B: too late");
    assert_eq!(reason(vec![not("too late")], vec![not("too late")]), "too late");
}

#[test]
fn medians_differ_where_their_intervals_are_apart() {
    let before = [100, 101, 102, 103, 104, 105, 106];
    let after = before.map(|time| time + 7);
    let apart = of_times(&before, &after);
    assert_eq!(apart.wall.ratio, Some(110.0 / 103.0));
    let spread_of = spread(&apart);
    assert_eq!((spread_of.test, spread_of.beyond), (Test::MedianIntervals, true));
    assert_eq!((spread_of.a, spread_of.b), ([Nanos(100), Nanos(106)], [Nanos(107), Nanos(113)]));
    assert_eq!((spread_of.low, spread_of.high), (107.0 / 106.0, 113.0 / 100.0));
    assert!(!spread(&of_times(&before, &before.map(|time| time + 6))).beyond);
    assert!(spread(&of_times(&after, &before)).beyond, "faster is a change as well");
    // Of twelve the two at either end do not count: one that took long changes nothing.
    let twelve: Vec<u64> = (1..=11).map(|time| 100 + time).chain([900]).collect();
    assert_eq!(spread(&of_times(&twelve, &before)).a, [Nanos(103), Nanos(110)]);
}

#[test]
fn few_repetitions_tell_by_their_ranges_or_not_at_all() {
    let reason = |a: &[u64], b: &[u64]| match of_times(a, b).wall.spread {
        Measured::Not(reason) => reason,
        Measured::Is(spread) => panic!("{spread:?}"),
    };
    assert_eq!(reason(&[10], &[20]), "one repetition of each has no spread");
    assert_eq!(reason(&[10], &[20, 21]), "one repetition of A has no spread");
    assert_eq!(reason(&[10, 11], &[20]), "one repetition of B has no spread");
    let few = "3 and 3 repetitions are too few: chance alone sets 10 % of such pairs apart";
    assert_eq!(reason(&[10, 11, 12], &[20, 21, 22]), few);
    assert_eq!(reason(&[], &[20, 21]), "there is a recording without repetitions");
    assert_eq!(of_times(&[0], &[5]).wall.ratio, None);

    let four = spread(&of_times(&[10, 11, 12, 13], &[20, 21, 22, 23]));
    let Test::Ranges { chance } = four.test else { panic!("{four:?}") };
    assert!((chance - 2.0 / 70.0).abs() < 1e-12 && four.beyond);
}

#[test]
fn a_slowdown_holds_only_beyond_the_spread() {
    let before = [100, 101, 102, 103, 104, 105, 106];
    let slow = |more: u64| of_times(&before, &before.map(|time| time + more));
    let five = Condition::Slowdown(0.05);
    assert_eq!(answer(five, &slow(10)).0, Answer::Holds);
    let within = "the wall time changed by +5.8 %, within the spread of the repetitions";
    assert_eq!(answer(five, &slow(6)), (Answer::DoesNotHold, within.to_owned()));
    assert_eq!(answer(five, &slow(5)).0, Answer::DoesNotHold, "beyond nothing, and below 5 %");
    let faster = of_times(&before, &before.map(|time| time - 50));
    let less = "the wall time changed by −48.5 %".to_owned();
    assert_eq!(answer(five, &faster), (Answer::DoesNotHold, less));
    let once = "the wall time changed by +10.0 %, but one repetition of each has no spread";
    assert_eq!(answer(five, &of_times(&[100], &[110])), (Answer::NotKnown, once.to_owned()));
    // Whatever the spread is: what is not above the limit is no slowdown.
    assert_eq!(answer(five, &of_times(&[100], &[104])).0, Answer::DoesNotHold);
}

#[test]
fn a_speed_up_is_missed_only_wherever_in_the_spread() {
    let before = [300, 301, 302, 303, 304, 305, 306];
    let after = before.map(|time| time - 150);
    let comparison = of_times(&before, &after);
    let below = |limit| answer(Condition::SpeedUpBelow(limit), &comparison);
    assert_eq!(below(1.9).0, Answer::DoesNotHold);
    let within = "the speed-up is 1.98x, but 2.04x is within the spread of the repetitions";
    assert_eq!(below(2.0), (Answer::DoesNotHold, within.to_owned()));
    assert_eq!(below(2.1).0, Answer::Holds);
}

#[test]
fn a_component_is_judged_as_it_was_recorded() {
    let missing = [(Useful, Work), (Preempted, Work)];
    let a = pool(&[(Work, 900), (Serial, 100)], &missing);
    let b = pool(&[(Useful, 500), (Inflation, 500), (Serial, 700), (Preempted, 60)], &[]);
    let comparison = of_pools(&a, &b);
    let above = |component, limit| {
        answer(Condition::Component { component, above: true, limit }, &comparison)
    };
    let serial = "serial in the recorded repetition is 0.70 cores, +0.60 against A";
    assert_eq!(above(Serial, Limit::CoresMore(0.5)), (Answer::Holds, serial.to_owned()));
    assert_eq!(above(Serial, Limit::CoresMore(0.7)).0, Answer::DoesNotHold);
    assert_eq!(above(Serial, Limit::ShareMore(0.25)).0, Answer::Holds);
    assert_eq!(above(Serial, Limit::Share(0.35)).0, Answer::DoesNotHold);
    assert_eq!(above(Serial, Limit::Cores(0.6)).0, Answer::Holds);
    // Work is told apart further in the second, and is still work.
    let work = "work in the recorded repetition is 1.00 cores, +0.10 against A";
    assert_eq!(above(Work, Limit::CoresMore(0.05)), (Answer::Holds, work.to_owned()));
    // In the first it is not known, which matters only to a difference.
    assert_eq!(above(Preempted, Limit::Share(0.02)).0, Answer::Holds);
    let unknown = "A: preempted is in work (constructed)".to_owned();
    assert_eq!(above(Preempted, Limit::ShareMore(0.02)), (Answer::NotKnown, unknown));
    // There is none of it, and that is known.
    assert_eq!(above(Reduce, Limit::Share(0.0)).0, Answer::DoesNotHold);
}

#[test]
fn what_is_in_the_second_alone_needs_no_pool_in_the_first() {
    let b = vec![Measured::Is(pool(&[(Serial, 700)], &[]))];
    let comparison = compare([&[10], &[10]], [vec![], b]);
    let serial =
        |limit| answer(Condition::Component { component: Serial, above: true, limit }, &comparison);
    assert_eq!(serial(Limit::Share(0.1)).0, Answer::Holds);
    let reason = "A used no pool and B 1 pool".to_owned();
    assert_eq!(serial(Limit::ShareMore(0.1)), (Answer::NotKnown, reason));
}
