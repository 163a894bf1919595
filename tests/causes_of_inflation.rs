//! Why the same work takes longer beside other workers, from constructed counts: instructions, cycles
//! of each and frequency explain all of it, or it is said why they do not.

mod timeline_fixture;

use rayprism::analysis::decomposition::{Decomposition, baseline_of};
use rayprism::analysis::{Component, CoreTime, InflationCauses, Window};
use rayprism::model::*;
use rayprism::timeline::Timeline;
use timeline_fixture::*;

const COUNTERS: [Counter; 2] = [Counter::Cycles, Counter::Instructions];

/// What one of two tasks counted.
#[derive(Clone, Copy)]
struct Counted {
    cycles: u64,
    instructions: u64,
}

/// A pool whose workers are each in one task all the time, and nothing has a cost.
fn busy_pool(length: u64, tasks: &[Option<Counted>]) -> Trace {
    let lanes = (0..).zip(tasks).map(|(index, counted)| {
        let values = counted.map(|it| Values([Some(it.cycles), Some(it.instructions)].into()));
        let task = Task { counters: values, ..task(index + 1, 1, 0, length) };
        worker(index + 1, index, vec![Event::Task(task)])
    });
    let mut trace = trace(length, lanes.collect());
    trace.header.costs = Costs::NOTHING;
    trace.header.rayon = Measured::Is(RayonCosts { join_ps: 0, spawn_ps: 0, job_ps: 0 });
    let available =
        |counter| CounterInfo { counter, availability: Availability::Available, user_only: false };
    trace.header.kernel.counters = COUNTERS.map(available).to_vec();
    trace.pools[0].threads = tasks.len() as u32;
    trace
}

/// `trace` of two workers, beside `alone` of one.
fn beside(trace: Trace, alone: &Trace) -> Decomposition {
    let samples = || Samples(vec![Nanos(1000)]);
    let of = |serial, trace: &Trace| baseline_of("it".to_owned(), serial, samples(), Ok(trace));
    let run = Run {
        workload: "constructed".to_owned(),
        variant: "it".to_owned(),
        threads: 2,
        parameters: Vec::new(),
        samples: samples(),
        recorded: 0,
        baseline: Some(of(true, alone)),
        one_worker: Some(of(false, alone)),
    };
    let mut trace = trace;
    trace.header.run = Some(run);
    let timeline = Timeline::new(&trace).unwrap_or_else(|problem| panic!("{problem}"));
    match Decomposition::of(&timeline, Window::of(&timeline), &timeline.pools()[0]) {
        Measured::Is(whole) => whole,
        Measured::Not(reason) => panic!("{reason}"),
    }
}

/// Alone it takes 1000 ns, 2000 instructions and 3000 cycles.
fn alone() -> Trace {
    busy_pool(1000, &[Some(Counted { cycles: 3000, instructions: 2000 })])
}

fn causes(length: u64, each: Counted) -> InflationCauses {
    let whole = beside(busy_pool(length, &[Some(each); 2]), &alone());
    let Measured::Is(causes) = whole.inflation else { panic!("{:?}", whole.inflation) };
    let InflationCauses { instructions, cycles_per_instruction, frequency } = causes;
    let sum = instructions + cycles_per_instruction + frequency;
    assert_eq!(sum, whole.time(Component::Inflation), "{causes:?}");
    causes
}

fn all(instructions: i64, cycles_per_instruction: i64, frequency: i64) -> InflationCauses {
    let [instructions, cycles_per_instruction, frequency] =
        [instructions, cycles_per_instruction, frequency].map(CoreTime);
    InflationCauses { instructions, cycles_per_instruction, frequency }
}

#[test]
fn one_cause_explains_it_all() {
    let of = |cycles, instructions| causes(1000, Counted { cycles, instructions });
    // In both halves together: as many instructions, twice the cycles.
    assert_eq!(of(3000, 1000), all(0, 1000, 0));
    assert_eq!(of(3000, 2000), all(1000, 0, 0));
    assert_eq!(of(1500, 1000), all(0, 0, 1000));
    // Twice the work in the same time, as the CPU is twice as fast: no cause takes time by itself.
    let same = causes(500, Counted { cycles: 1500, instructions: 1000 });
    assert_eq!(same, all(0, 0, 0));
}

/// Twice as long, by twice the instructions and half the cycles for each at half the frequency: with
/// L = 1000 / ln 2 each of the three is 1000, once less than nothing.
#[test]
fn causes_that_work_against_each_other_add_up() {
    let mixed = causes(1000, Counted { cycles: 1500, instructions: 2000 });
    assert_eq!(mixed, all(1000, -1000, 1000));
}

fn reason(trace: Trace, alone: &Trace) -> String {
    match beside(trace, alone).inflation {
        Measured::Not(reason) => reason,
        Measured::Is(causes) => panic!("{causes:?}"),
    }
}

#[test]
fn what_was_not_counted_in_work_alone_is_not_split() {
    let counted = Some(Counted { cycles: 3000, instructions: 1000 });
    let both = || busy_pool(1000, &[counted; 2]);
    assert!(beside(both(), &alone()).inflation.value().is_some());

    let half = reason(busy_pool(1000, &[counted, None]), &alone());
    assert!(half.starts_with("50 % of the work was in tasks long enough"), "{half}");
    let other = reason(both(), &busy_pool(1000, &[None]));
    assert!(other.starts_with("of the run in a pool of one worker: 0 % of the work"), "{other}");

    let mut waits = both();
    let [first, second] = [0, 1].map(|lane| {
        let Event::Task(task) = waits.lanes[lane].events[0].clone() else { panic!("a task") };
        task
    });
    // The first task waits from 100 on for a half that the other worker stole.
    let join = Join { second: SecondHalf::Stolen, ..join(1, 2, 1, [50, 100, 1000]) };
    let first = Task { joins: 1, ..first };
    let second = Task { span: span(60, 1000), ..stolen(second, id(1, 2), 50) };
    waits.lanes = vec![
        worker(1, 0, vec![Event::Task(first), Event::Join(join)]),
        worker(2, 1, vec![Event::Task(second)]),
    ];
    let waiting = reason(waits, &alone());
    // 100 and 940 ns of work in the 1000 and 940 that were counted.
    assert_eq!(waiting, "of the time in which tasks were counted only 54 % was work");

    let mut totals = both();
    totals.header.kernel.from_outside = true;
    assert_eq!(reason(totals, &alone()), "counts are totals of threads, not of tasks");
    let mut none = busy_pool(1000, &[None; 2]);
    none.header.kernel.counters[1].availability = Availability::Unavailable("no PMU".to_owned());
    assert_eq!(reason(none, &alone()), "`instructions` was not counted");
}
