//! What rayon takes for a join is found from pairs of halves whose truth is constructed.

mod timeline_fixture;

use rayprism::analysis::join_cost::{JoinCost, JoinCostSource, JoinCosts};
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
    let noisy = |number: u64| {
        let noise = (number * 7_919) % 401;
        let stop = if number.is_multiple_of(11) { 90_000 } else { 0 };
        let extra = if number / 2 % 2 == 0 { [noise, stop] } else { [stop, noise] };
        Pair { extra, ..Pair::new(number) }
    };
    let pairs: Vec<_> = (0..200).map(noisy).collect();
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
    let pairs: Vec<_> = (0..40).map(colder).collect();
    let costs = costs(&traced(&pairs));
    assert_eq!(costs.all, Measured::Is(by_elision(40, 22_000, 15_000, 29_000)));
}

#[test]
fn pairs_are_dropped_in_which_the_worker_was_off_the_cpu() {
    let off = |number: u64| {
        let extra = if number.is_multiple_of(2) { [0, 50_000] } else { [0, 0] };
        Pair { extra, ..Pair::new(number) }
    };
    let mut trace = traced(&(0..20).map(off).collect::<Vec<_>>());
    let lane = &mut trace.lanes[0];
    let joins = lane.events.iter().filter_map(|event| match event {
        Event::Join(join) if join.span.duration() > Nanos(50_000) => Some(join),
        _ => None,
    });
    let off_cpu = |join: &Join| {
        let (start, end) = (join.span.end - Nanos(45_000), join.span.end - Nanos(5_000));
        OffCpu { span: Span { start, end }, preempted: true, from_cpu: None, to_cpu: None }
    };
    lane.watched.off_cpu = joins.map(off_cpu).collect();
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
