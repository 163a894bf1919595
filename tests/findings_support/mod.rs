//! Findings of constructed traces, with core-time by component as it is measured or as a test says.
#![allow(dead_code, reason = "each test file uses its part")]

use rayprism::analysis::{
    Activity, Component, CoreTime, Decomposition, Group, InflationCauses, KernelFigures, OwnCost,
    Part, Steals, Verdict, Window, call_sites,
};
use rayprism::finding::{Advice, Finding, Picture, Unit, findings};
use rayprism::model::{Costs, Measured, Nanos, OperationKind, RayonCosts, Site, SiteId, Trace};
use rayprism::timeline::Timeline;

use crate::timeline_fixture::*;

/// What is found, with the measured decomposition.
pub(crate) fn found(trace: &Trace) -> Vec<Finding> {
    with(trace, |whole| whole)
}

/// The same, with the first pool's core-time in these components, what is left of it being work.
pub(crate) fn found_of(trace: &Trace, parts: &[(Component, i64)]) -> Vec<Finding> {
    found_as(trace, |whole| set(whole, parts))
}

/// Likewise, inflated by so much, for these reasons: instructions, cycles of each, frequency.
pub(crate) fn found_inflated(trace: &Trace, causes: [i64; 3]) -> Vec<Finding> {
    let inflation: i64 = causes.iter().sum();
    let [instructions, cycles_per_instruction, frequency] = causes.map(CoreTime);
    let causes = InflationCauses { instructions, cycles_per_instruction, frequency };
    found_as(trace, |whole| Decomposition {
        inflation: Measured::Is(causes),
        ..set(whole, &[(Component::Inflation, inflation)])
    })
}

fn found_as(trace: &Trace, change: impl Fn(Decomposition) -> Decomposition) -> Vec<Finding> {
    with(trace, |whole| {
        let whole = whole.map(&change);
        assert!(whole.value().is_some(), "{whole:?}");
        whole
    })
}

fn with(
    trace: &Trace,
    change: impl Fn(Measured<Decomposition>) -> Measured<Decomposition>,
) -> Vec<Finding> {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let window = Window::of(&timeline);
    let of = |pool| change(Decomposition::of(&timeline, window, pool));
    let decompositions: Vec<_> = timeline.pools().iter().map(of).collect();
    let activity = Activity::of(&timeline, window);
    findings(&Picture {
        timeline: &timeline,
        window,
        decompositions: &decompositions,
        call_sites: &call_sites(&timeline),
        steals: &Steals::of(&timeline),
        kernel: &KernelFigures::of(trace),
        own_cost: &OwnCost::of(&timeline, activity.core_time),
        activity: &activity,
    })
}

fn set(whole: Decomposition, parts: &[(Component, i64)]) -> Decomposition {
    let part = |&(component, time): &(Component, i64)| {
        let time = CoreTime(time);
        Part { component, time, low: time, high: time }
    };
    let named: CoreTime = parts.iter().map(|&(_, time)| CoreTime(time)).sum();
    let work = CoreTime::from(whole.core_time) - named;
    let mut all: Vec<Part> = parts.iter().map(part).collect();
    all.push(part(&(Component::Work, work.0)));
    let whole = Decomposition { parts: all, ..whole };
    let share = whole.losses().cores(whole.core_time).expect("time passes");
    let lossy = Verdict::Mixed(Group::Queueing, Group::Granularity);
    let verdict = if share <= 0.15 { Verdict::Healthy } else { lossy };
    Decomposition { verdict: Some(verdict), ..whole }
}

/// The finding of this name, if there is one.
pub(crate) fn of<'f>(findings: &'f [Finding], id: &str) -> Option<&'f Finding> {
    findings.iter().find(|finding| finding.id == id)
}

/// The finding of this name, sound in itself.
pub(crate) fn the<'f>(findings: &'f [Finding], id: &str) -> &'f Finding {
    let names: Vec<&str> = findings.iter().map(|finding| finding.id).collect();
    let finding = of(findings, id).unwrap_or_else(|| panic!("{id} is not in {names:?}"));
    assert!(!finding.what.is_empty() && !finding.next.is_empty() && !finding.wrong_if.is_empty());
    assert_eq!(finding.measured.unit, finding.threshold.unit);
    finding
}

/// The value of the piece of evidence that begins so.
pub(crate) fn evidence(finding: &Finding, what: &str) -> (f64, Unit) {
    let found = finding.evidence.iter().find(|evidence| evidence.what.starts_with(what));
    let found = found.unwrap_or_else(|| panic!("{what}: {:?}", finding.evidence));
    let value = found.value.unwrap_or_else(|| panic!("{what} has no value"));
    (value.value, value.unit)
}

pub(crate) fn advice(finding: &Finding) -> Advice {
    finding.advice.unwrap_or_else(|| panic!("{finding:?}"))
}

/// `left == right` to a thousandth.
pub(crate) fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= right.abs() / 1e3
}

/// Recording costs nothing; a join of rayon's takes 12 ns.
pub(crate) fn free(mut trace: Trace) -> Trace {
    trace.header.costs = Costs::NOTHING;
    trace.header.rayon =
        Measured::Is(RayonCosts { join_ps: 12_000, spawn_ps: 40_000, job_ps: 60_000 });
    trace
}

/// The region that is the window, on lane 1.
pub(crate) fn region(end: u64) -> rayprism::model::Event {
    let region = operation(1, 1, [0, end, end]);
    rayprism::model::Event::Operation(rayprism::model::Operation {
        kind: OperationKind::Region,
        ..region
    })
}

/// Gives the trace one call site, for which all its parallel iterators are.
pub(crate) fn at_one_site(mut trace: Trace) -> Trace {
    trace.sites = vec![Site { location: "src/main.rs:7:5".to_owned() }];
    for tally in trace.lanes.iter_mut().flat_map(|lane| &mut lane.tallies) {
        tally.site = Some(SiteId(0));
    }
    trace
}

/// A parallel iterator over `items`, called once from outside, on two workers that have a task each
/// for a whole millisecond. Of 10,000 leaves and 9,999 splits a leaf of each worker is kept: `kept`
/// items at 100 ns each.
pub(crate) fn iterated(items: u64, kept: u64) -> Trace {
    use rayprism::model::{Event, Leaf, Operation, Tally, Task};
    let called = Operation {
        iteration: Some(Box::new(iteration(items, 10_000, 9_999, 9_999))),
        site: Some(SiteId(0)),
        ..iterator(1, 2, [1_000, 2_000, 999_000])
    };
    let call = called.id;
    let lane = |number: u32| {
        let task = Task {
            parent: Some(call),
            pushed: Some(Nanos(2_000)),
            ..task(number, 1, 3_000, 998_000)
        };
        let leaf = leaf(number, 2, Some(1), call, [4_000, 4_000 + 100 * kept]);
        let leaf = Leaf { items: kept, ..leaf };
        let mut lane = worker(number, number - 2, vec![Event::Task(task), Event::Leaf(leaf)]);
        let tally = &lane.tallies[0];
        lane.tallies[0] = Tally {
            items: items / 2,
            leaves: 5_000,
            splits: 5_000,
            reductions: 4_999,
            ..tally.clone()
        };
        lane
    };
    let caller = outside(1, vec![region(1_000_000), Event::Operation(called)]);
    let mut trace = trace(1_000_000, vec![caller, lane(2), lane(3)]);
    trace.lanes[2].tallies[0].splits = 4_999;
    at_one_site(free(trace))
}

/// Its workers' switch records say that they were off the CPU so.
pub(crate) fn off_the_cpu(mut trace: Trace, lane: usize, stretches: &[(u64, u64, bool)]) -> Trace {
    use rayprism::model::{OffCpu, Scheduling, SchedulingSource};
    trace.header.kernel.switch_records = Measured::Is(Nanos(100));
    for lane in &mut trace.lanes {
        lane.watched.scheduling = Measured::Is(Scheduling {
            source: SchedulingSource::SwitchRecords,
            wall: Nanos(1_000_000),
            on_cpu: Nanos(1_000_000),
            voluntary: Nanos::ZERO,
            preempted: Nanos::ZERO,
            voluntary_switches: Some(0),
            preemptions: Some(0),
            migrations: Some(0),
        });
    }
    let off = |&(start, end, preempted): &(u64, u64, bool)| OffCpu {
        span: span(start, end),
        preempted,
        from_cpu: None,
        to_cpu: None,
    };
    trace.lanes[lane].watched.off_cpu = stretches.iter().map(off).collect();
    trace
}
