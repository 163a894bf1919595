//! What rayon takes for a join is found from pairs of halves whose truth is constructed.

mod timeline_fixture;

use rayprism::analysis::join_cost::{JoinCost, JoinCostCheck, JoinCostSource, JoinCosts};
use rayprism::model::*;
use rayprism::timeline::Timeline;
use timeline_fixture::*;

/// Nanoseconds of a half's own code, beside each of its joins.
const WORK: u64 = 40;
/// What a join costs in the lanes below, in nanoseconds, and the profiler's share in that of a half
/// that runs as usual, and of an elided half.
const RAYON: u64 = 22;
const COUNTED: u64 = 1;
const ELIDED: u64 = 5;

/// A join whose halves have so many joins, and take what those take; `extra` is more time of the
/// first half and of the second.
#[derive(Clone, Copy)]
struct Pair {
    joins: [u64; 2],
    elided: Half,
    extra: [u64; 2],
    site: Option<SiteId>,
}

impl Pair {
    fn new(number: u64) -> Self {
        let elided = if number.is_multiple_of(2) { Half::First } else { Half::Second };
        Self { joins: [100 + number % 7, 100 + number % 5], elided, extra: [0, 0], site: None }
    }

    fn times(&self) -> [u64; 2] {
        let time = |half: Half, at: usize| {
            let rayon = if self.elided == half { ELIDED } else { COUNTED + RAYON };
            self.joins[at] * (WORK + rayon) + self.extra[at]
        };
        [time(Half::First, 0), time(Half::Second, 1)]
    }
}

/// One worker that calls them all in one task, each 1 µs after the one before.
fn traced(pairs: &[Pair]) -> Trace {
    let mut at = 1_000;
    let mut events = Vec::new();
    for (pair, sequence) in pairs.iter().zip(2..) {
        let [first, second] = pair.times();
        events.push(Event::Join(Join {
            first_joins: pair.joins[0],
            second_joins: pair.joins[1],
            elided: Some(pair.elided),
            site: pair.site,
            ..join(1, sequence, 1, [at, at + first, at + first + second])
        }));
        at += first + second + 1_000;
    }
    let joins = pairs.iter().map(|pair| 1 + pair.joins.iter().sum::<u64>()).sum();
    let root = Task { joins, ..task(1, 1, 500, at) };
    events.push(Event::Task(root));
    let mut trace = trace(at + 1_000, vec![worker(1, 0, events)]);
    trace.sort_events();
    trace.header.costs.counted_join_ps = COUNTED * 1_000;
    trace.header.costs.elided_join_ps = ELIDED * 1_000;
    trace
}

fn costs(trace: &Trace) -> JoinCosts {
    JoinCosts::of(&Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}")))
}

fn by_elision(pairs: u64, picos: u64, low: u64, high: u64) -> JoinCost {
    JoinCost { picos, low, high, source: JoinCostSource::Elision { pairs } }
}

#[test]
fn the_profilers_own_work_is_taken_off() {
    let pairs: Vec<_> = (0..10).map(Pair::new).collect();
    let costs = costs(&traced(&pairs));
    assert_eq!(costs.all, Measured::Is(by_elision(10, 22_000, 22_000, 22_000)));
}

/// Noise that is as often in the one half as in the other, and now and then a long stop.
#[test]
fn noise_widens_the_interval_around_the_truth() {
    // Knuth's multiplicative generator, of which the upper bits are good enough.
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut noisy = |number: u64| {
        let stop = if random(50) == 0 { 90_000 } else { 0 };
        let extra = [random(401) + stop, random(401)];
        Pair { extra, ..Pair::new(number) }
    };
    let pairs: Vec<_> = (0..200).map(&mut noisy).collect();
    let Measured::Is(cost) = costs(&traced(&pairs)).all else { panic!("there are enough") };
    assert_eq!(cost.source, JoinCostSource::Elision { pairs: 200 });
    assert!(cost.low < RAYON * 1_000 && RAYON * 1_000 < cost.high, "{cost:?}");
    assert!(cost.low <= cost.picos && cost.picos <= cost.high, "{cost:?}");
    assert!(cost.high - cost.low < 2_000, "{cost:?}");
}

/// Every first half finds cold caches: as halves are elided in turn, it is no part of the figure.
#[test]
fn an_advantage_of_one_half_over_the_other_cancels_out() {
    let colder = |number| Pair { joins: [100, 100], extra: [700, 0], ..Pair::new(number) };
    let pairs: Vec<_> = (0..64).map(colder).collect();
    let costs = costs(&traced(&pairs));
    assert_eq!(costs.all, Measured::Is(by_elision(64, 22_000, 22_000, 22_000)));
}

/// Twenty pairs, of which ten were interrupted, and when.
fn interrupted() -> (Trace, Vec<Span>) {
    let pair = |number: u64| {
        let extra = if number.is_multiple_of(2) { [0, 50_000] } else { [0, 0] };
        Pair { extra, ..Pair::new(number) }
    };
    let trace = traced(&(0..20).map(pair).collect::<Vec<_>>());
    let spans = trace.lanes[0].events.iter().filter_map(|event| match event {
        Event::Join(join) if join.span.duration() > Nanos(50_000) => {
            Some(span(join.span.end.0 - 45_000, join.span.end.0 - 5_000))
        }
        _ => None,
    });
    let spans = spans.collect();
    (trace, spans)
}

#[test]
fn pairs_are_dropped_in_which_the_worker_was_off_the_cpu() {
    let (mut trace, spans) = interrupted();
    let off_cpu = |&span: &Span| OffCpu { span, preempted: true, from_cpu: None, to_cpu: None };
    trace.lanes[0].watched.off_cpu = spans.iter().map(off_cpu).collect();
    assert_eq!(costs(&trace).all, Measured::Is(by_elision(10, 22_000, 22_000, 22_000)));
}

#[test]
fn pairs_are_dropped_in_which_the_worker_had_no_job() {
    let (mut trace, spans) = interrupted();
    let search = |span: &Span| search(span.start.0, span.end.0, SearchEnd::Latch);
    trace.lanes[0].idling.stretches = spans.iter().map(search).collect();
    assert_eq!(costs(&trace).all, Measured::Is(by_elision(10, 22_000, 22_000, 22_000)));
}

#[test]
fn what_cannot_be_compared_is_not() {
    let mut pairs: Vec<_> = (0..6).map(Pair::new).collect();
    let small = Pair { joins: [7, 100], extra: [0, 9_000], ..Pair::new(0) };
    pairs.extend([small; 5]);
    let mut trace = traced(&pairs);
    let mut joins = trace.lanes[0].events.iter_mut().filter_map(|event| match event {
        Event::Join(join) => Some(join),
        _ => None,
    });
    joins.next().expect("six").outcome = Outcome::Panicked;
    joins.next().expect("six").elided = None;
    drop(joins);
    // Four are left.
    assert_eq!(costs(&trace).all.value().map(|cost| cost.source), Some(JoinCostSource::Calibrated));
}

#[test]
fn each_call_site_has_its_own_figure_if_it_has_enough_pairs() {
    let at = |site: u32, extra: u64| {
        move |number| {
            let pair = Pair { joins: [100, 100], site: Some(SiteId(site)), ..Pair::new(number) };
            let usual = if pair.elided == Half::First { [0, extra] } else { [extra, 0] };
            Pair { extra: usual, ..pair }
        }
    };
    let dear = (0..8).map(at(0, 3_000));
    let cheap = (0..6).map(at(1, 0));
    let rare = (0..5).map(at(2, 0));
    let mut trace = traced(&dear.chain(cheap).chain(rare).collect::<Vec<_>>());
    trace.sites = ["a.rs:1:1", "b.rs:1:1", "c.rs:1:1"]
        .map(|location| Site { location: location.to_owned() })
        .into();
    let costs = costs(&trace);
    let all = Measured::Is(by_elision(19, 22_000, 22_000, 52_000));
    assert_eq!(costs.all, all);
    assert_eq!(costs.at(Some(SiteId(0))), Measured::Is(by_elision(8, 52_000, 52_000, 52_000)));
    assert_eq!(costs.at(Some(SiteId(1))), Measured::Is(by_elision(6, 22_000, 22_000, 22_000)));
    assert_eq!((costs.at(Some(SiteId(2))), costs.at(None)), (all.clone(), all));
    assert_eq!(costs.by_site.len(), 2);
}

#[test]
fn with_too_few_pairs_it_is_the_calibrated_cost_or_not_measured() {
    let mut trace = traced(&(0..5).map(Pair::new).collect::<Vec<_>>());
    let calibrated =
        JoinCost { picos: 12_000, low: 12_000, high: 12_000, source: JoinCostSource::Calibrated };
    assert_eq!(costs(&trace).all, Measured::Is(calibrated));
    trace.header.rayon = Measured::Not("it was not calibrated".to_owned());
    let reason = "only 5 pairs of halves could be compared, and it was not calibrated";
    assert_eq!(costs(&trace).all, Measured::Not(reason.to_owned()));
    let mut trace = traced(&[]);
    trace.header.rayon = Measured::Not("it was not calibrated".to_owned());
    let reason = "no join was elided to compare it with, and it was not calibrated";
    assert_eq!(costs(&trace).at(None), Measured::Not(reason.to_owned()));
}

/// A run whose serial elision works for 600, and whose one worker works for 800 beside 200 of task
/// management, of 100 joins; each of eleven repetitions takes a hundredth longer than the one before.
fn with_baselines(runtime: u64) -> Trace {
    let mut trace = traced(&[]);
    trace.lanes[0].counts.joins = 100;
    let baseline = |serial, work: u64, runtime: u64| {
        let samples = (95..=105).map(|percent| Nanos((work + runtime) * percent / 100));
        let parts = Parts {
            work: Nanos(work),
            runtime: Nanos(runtime),
            reduce: Nanos::ZERO,
            blocked: None,
            preempted: None,
        };
        Baseline {
            variant: if serial { "serial" } else { "par" }.to_owned(),
            serial,
            samples: Samples(samples.collect()),
            parts: Measured::Is(parts),
            counted: Measured::Not("constructed".to_owned()),
        }
    };
    trace.header.run = Some(Run {
        workload: "known".to_owned(),
        variant: "par".to_owned(),
        threads: 2,
        parameters: Vec::new(),
        samples: Samples(vec![Nanos(500)]),
        recorded: 0,
        baseline: Some(baseline(true, 600, 0)),
        one_worker: Some(baseline(false, 1_000 - runtime, runtime)),
    });
    trace
}

/// Of eleven repetitions the median lies between the second and the tenth: 4 % to either side, of
/// 1,000 and of 600.
#[test]
fn baselines_tell_what_a_join_costs_at_most() {
    let check = JoinCostCheck::of(&with_baselines(200)).expect("there are baselines");
    let expected = JoinCostCheck {
        one_worker_ps: 2_000,
        beyond_serial_ps: 4_000,
        low_ps: 3_360,
        high_ps: 4_640,
    };
    assert_eq!(check, expected);
    assert!(check.agrees());
    let check = JoinCostCheck::of(&with_baselines(470)).expect("there are baselines");
    assert_eq!((check.one_worker_ps, check.high_ps), (4_700, 4_640));
    assert!(!check.agrees());
}

#[test]
fn without_joins_or_baselines_there_is_nothing_to_compare() {
    let mut without_joins = with_baselines(200);
    without_joins.lanes[0].counts.joins = 0;
    assert_eq!(JoinCostCheck::of(&without_joins), None);
    let mut without_baselines = with_baselines(200);
    without_baselines.header.run = None;
    assert_eq!(JoinCostCheck::of(&without_baselines), None);
}
