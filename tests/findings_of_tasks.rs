//! Findings on tasks: too small, too few, unequal, queued for too long. Each where it is, and next to
//! the threshold where it is not.

mod findings_support;
mod timeline_fixture;

use findings_support::*;
use rayprism::analysis::Component::*;
use rayprism::finding::{Advice, Unit};
use rayprism::model::{Event, Join, Leaf, Nanos, Operation, SiteId, Task, Trace};
use timeline_fixture::*;

/// Enough to be no healthy trace, and no finding.
const LOST: (rayprism::analysis::Component, i64) = (Unattributed, 400_000);

fn first_task(trace: &mut Trace, lane: usize) -> &mut Task {
    let Event::Task(task) = &mut trace.lanes[lane].events[0] else { panic!("a task") };
    task
}

#[test]
fn task_too_small_fires_for_splits_with_the_items_of_a_leaf() {
    let all = found_of(&iterated(100_000, 1_000), &[(Runtime, 400_000)]);
    let finding = the(&all, "task-too-small");
    assert!(near(finding.measured.value, 0.2) && finding.threshold.value == 0.05);
    assert!(near(evidence(finding, "managing one").0, 400_000.0 / 9_999.0));
    assert!(near(evidence(finding, "work of one").0, 1_600_000.0 / 9_999.0));
    assert_eq!(finding.evidence[0].site.as_deref(), Some("src/main.rs:7:5"));
    assert!(near(finding.loss.unwrap().cores, 0.4) && near(finding.loss.unwrap().share, 0.2));
    // 19 · 40 ns are 760, of 100 ns for each item; 16 tasks are to remain, of up to twice the items.
    assert_eq!(advice(finding), Advice::MinLen { from: 8, to: 3_125 });
    assert!(finding.next.contains("with_min_len(128)"), "{}", finding.next);
    // 2^9 leaves of 195 items, 40 ns each, beside 1.6 ms of work, 3 µs of it the caller's alone: for two
    // workers 0.81 ms, and as the last of them may end a leaf later, half of 3.1 µs more.
    let predicted = finding.predicted.unwrap();
    assert_eq!((predicted.at, predicted.from), (128, Nanos(811_741)));
    assert!((1_000..3_000).contains(&(predicted.to - predicted.from).0), "{predicted:?}");
    assert!(finding.what.contains("at src/main.rs:7:5"), "{}", finding.what);
}

/// Of 200 items, 16 tasks of 8 or more are not to be had; a call as short as that had better be serial.
#[test]
fn task_too_small_fires_for_a_call_that_is_too_small_as_a_whole() {
    let all = found_of(&iterated(200, 100), &[(Runtime, 400_000)]);
    let finding = the(&all, "task-too-small");
    assert_eq!(advice(finding), Advice::Serially);
    assert!(finding.next.contains("run this call serially"), "{}", finding.next);
}

/// A binary recursion of 2^20 − 1 joins, of which those of the first two depths were timed.
fn recursion() -> Trace {
    let mut trace = iterated(100_000, 1_000);
    let at = |depth, first_joins, join: Join| {
        let site = Some(SiteId(0));
        Event::Join(Join { depth, first_joins, second_joins: first_joins, site, ..join })
    };
    trace.lanes[1].events.extend([
        at(0, 524_287, join(2, 3, 1, [200_000, 500_000, 990_000])),
        at(1, 262_143, join(2, 4, 1, [210_000, 300_000, 499_000])),
        at(1, 262_143, join(2, 5, 1, [510_000, 700_000, 989_000])),
    ]);
    first_task(&mut trace, 1).joins = (1 << 20) - 1;
    trace.lanes[1].counts.joins = (1 << 20) - 1;
    trace.lanes[1].counts.timed_joins = 3;
    trace.sort_events();
    trace
}

#[test]
fn task_too_small_fires_for_joins_with_the_depths_to_cut_off_at() {
    let all = found_of(&recursion(), &[(Runtime, 1_000_000)]);
    let finding = the(&all, "task-too-small");
    // Nearly all of it is for joins: 0.94 ns each, beside 0.95 of work. 2^4 are the 16 tasks that
    // are to remain; 2^15 of 30 ns are the last that are longer than 19 · 0.94 ns.
    assert!((finding.measured.value - 0.5).abs() < 0.01, "{}", finding.measured.value);
    assert_eq!(advice(finding), Advice::CutOff { from: 4, to: 15 });
    assert!(finding.next.contains("cut off at depth 4 to 15"), "{}", finding.next);
}

#[test]
fn task_too_small_fires_for_joins_of_which_none_was_timed() {
    let mut trace = iterated(100_000, 1_000);
    first_task(&mut trace, 1).joins = 1_000_000;
    trace.lanes[1].counts.joins = 1_000_000;
    let all = found_of(&trace, &[(Runtime, 1_000_000)]);
    let Advice::TaskTime { least } = advice(the(&all, "task-too-small")) else { panic!("{all:?}") };
    // 19 times 0.99 ns, a join's share of all that was managed, rounded up.
    assert_eq!(least, Nanos(19));
}

#[test]
fn task_too_small_fires_for_spawned_tasks() {
    let mut trace = iterated(100_000, 1_000);
    trace.lanes.iter_mut().flat_map(|lane| &mut lane.tallies).for_each(|tally| tally.splits = 0);
    let Event::Operation(called) = &mut trace.lanes[0].events[1] else { panic!("the call") };
    called.iteration = Some(Box::new(iteration(100_000, 1, 0, 0)));
    trace.lanes[2].events.pop();
    trace.lanes[2].counts.timed_leaves = 0;
    trace.lanes[2].tallies.clear();
    trace.lanes[1].tallies[0].leaves = 1;
    trace.lanes[1].tallies[0].reductions = 0;
    first_task(&mut trace, 1).spawns = 1_000;
    let all = found_of(&trace, &[(Runtime, 400_000)]);
    // 19 · 400 ns are 7,600; one works for 1,600.
    assert_eq!(advice(the(&all, "task-too-small")), Advice::Batch { tasks: 5 });
}

#[test]
fn task_too_small_stays_silent_below_a_twentieth() {
    let all = found_of(&iterated(100_000, 1_000), &[(Runtime, 99_000), LOST]);
    assert!(of(&all, "task-too-small").is_none(), "{all:?}");
    let all = found_of(&iterated(100_000, 1_000), &[(Runtime, 101_000), LOST]);
    assert!(of(&all, "task-too-small").is_some());
}

/// The same, called by both workers, so often each.
fn nested(calls: u64) -> Trace {
    let mut trace = iterated(100_000, 1_000);
    trace.lanes[0].tallies[0].operations = 0;
    for lane in &mut trace.lanes[1..] {
        lane.tallies[0].operations = calls;
    }
    trace
}

#[test]
fn nested_parallelism_too_fine_fires_where_workers_call_it_often() {
    let all = found_of(&nested(8), &[(Runtime, 400_000)]);
    let finding = the(&all, "nested-parallelism-too-fine");
    assert_eq!((finding.measured.value, finding.threshold.value), (16.0, 16.0));
    assert!(near(evidence(finding, "splits of one call").0, 25_000.0));
    assert_eq!(evidence(finding, "items of one call"), (6_250.0, Unit::Items));
    assert_eq!(advice(finding), Advice::Serially);
}

#[test]
fn nested_parallelism_too_fine_stays_silent_with_fewer_calls_or_one_caller() {
    let silent = |trace: &Trace| {
        let all = found_of(trace, &[(Runtime, 400_000)]);
        assert!(of(&all, "nested-parallelism-too-fine").is_none(), "{all:?}");
    };
    silent(&nested(7));
    let mut one = nested(100);
    one.lanes[1].tallies[0].operations = 0;
    silent(&one);
}

#[test]
fn reduction_heavy_fires_with_the_items_that_leave_fewer_reductions() {
    let mut trace = iterated(100_000, 1_000);
    let sum = reduction(2, 3, Some(1), id(1, 2), [200_000, 300_000]);
    trace.lanes[1].events.push(Event::Reduction(sum));
    let all = found_of(&trace, &[(Reduce, 400_000)]);
    let finding = the(&all, "reduction-heavy");
    assert!(near(finding.measured.value, 0.2));
    assert_eq!(evidence(finding, "1 reductions"), (100_000.0, Unit::Nanos));
    assert_eq!(advice(finding), Advice::MinLen { from: 3_125, to: 3_125 });
    let silent = found_of(&trace, &[(Reduce, 99_000), LOST]);
    assert!(of(&silent, "reduction-heavy").is_none());
}

#[test]
fn reduction_heavy_stays_silent_where_no_reduction_was_seen() {
    let all = found_of(&iterated(100_000, 1_000), &[(Reduce, 400_000)]);
    assert!(of(&all, "reduction-heavy").is_none(), "{all:?}");
}

/// Leaves on workers, each within the worker's one task, of a call that lasts a millisecond.
fn leaves(items: u64, counted: u64, workers: &[&[[u64; 2]]]) -> Trace {
    let call = id(1, 2);
    let lanes = (2..).zip(workers).map(|(number, spans)| {
        let Some(end) = spans.last().map(|span| span[1]) else {
            return worker(number, number - 2, Vec::new());
        };
        let whole = task(number, 1, spans[0][0], end);
        let task = Event::Task(Task { parent: Some(call), ..whole });
        let leaf = |(sequence, &span): (u64, &[u64; 2])| {
            Event::Leaf(Leaf { items, ..leaf(number, sequence, Some(1), call, span) })
        };
        worker(number, number - 2, [vec![task], (2..).zip(*spans).map(leaf).collect()].concat())
    });
    let mut lanes: Vec<_> = lanes.collect();
    let called = Operation {
        iteration: Some(Box::new(iteration(items * counted, counted, counted - 1, counted - 1))),
        site: Some(SiteId(0)),
        ..iterator(1, 2, [0, 10, 1_000_000])
    };
    let kept: u64 = workers.iter().map(|spans| spans.len() as u64).sum();
    lanes[0].tallies[0].leaves += counted - kept;
    lanes[0].tallies[0].items += items * (counted - kept);
    lanes.insert(0, outside(1, vec![region(1_000_000), Event::Operation(called)]));
    at_one_site(free(trace(1_000_000, lanes)))
}

#[test]
fn too_few_tasks_fires_with_two_leaves_for_four_workers() {
    let two: &[&[[u64; 2]]] = &[&[[1_000, 990_000]], &[[1_000, 990_000]], &[], &[]];
    let all = found(&leaves(3_200, 2, two));
    let finding = the(&all, "too-few-tasks");
    assert_eq!((finding.measured.value, finding.threshold.value), (2.0, 16.0));
    // Two of four workers have nothing to run for 989 µs.
    assert!((finding.loss.unwrap().cores - 1.978).abs() < 0.01, "{finding:?}");
    assert_eq!(advice(finding), Advice::MaxLen { items: 200 });
    // And two leaves of a single item cannot be more.
    let all = found(&leaves(1, 2, two));
    assert_eq!(the(&all, "too-few-tasks").advice, None);
}

#[test]
fn too_few_tasks_stays_silent_from_four_for_each_worker_on() {
    let two: &[&[[u64; 2]]] = &[&[[1_000, 990_000]], &[[1_000, 990_000]], &[], &[]];
    let silent = |counted| of(&found(&leaves(3_200, counted, two)), "too-few-tasks").is_none();
    assert!(!silent(15));
    assert!(silent(16));
}

#[test]
fn imbalance_at_the_tail_fires_with_the_last_leaf() {
    let last = [400_000, 990_000];
    let all = found(&leaves(100, 40, &[&[[1_000, 400_000], last], &[[1_000, 400_000]]]));
    let finding = the(&all, "imbalance-at-the-tail");
    // 590 µs, of two workers' time.
    assert!((finding.measured.value - 0.295).abs() < 0.001, "{finding:?}");
    let (alone, _) = evidence(finding, "ran alone");
    assert!((alone - 590_000.0).abs() < 10.0, "{alone}");
    let piece = &finding.evidence[0];
    assert_eq!((piece.worker, piece.span), (Some(0), Some(span(400_000, 990_000))));
    assert_eq!(piece.site.as_deref(), Some("src/main.rs:7:5"));
    // 50 µs are 5 % of the call: 12 pieces of the last one.
    assert_eq!(advice(finding), Advice::MaxLen { items: 8 });
}

#[test]
fn imbalance_at_the_tail_stays_silent_where_the_last_leaf_is_short() {
    let all =
        found(&leaves(100, 40, &[&[[1_000, 400_000], [400_000, 495_000]], &[[1_000, 400_000]]]));
    assert!(!all.is_empty() && of(&all, "imbalance-at-the-tail").is_none(), "{all:?}");
}

#[test]
fn serial_fraction_fires_with_the_bound_of_the_speed_up() {
    let all = found_of(&iterated(100_000, 1_000), &[(Serial, 400_000)]);
    let finding = the(&all, "serial-fraction");
    // One of two workers idle for 400 µs, beside 1,600 of work.
    assert!(near(finding.measured.value, 0.25));
    assert_eq!(advice(finding), Advice::Bound { speed_up_milli: 4_000 });
    // The microsecond before the call is not what took 400.
    assert!(finding.evidence.is_empty() && finding.next.starts_with("split the task"), "{all:?}");
}

#[test]
fn serial_fraction_stays_silent_below_a_twentieth() {
    let all = found_of(&iterated(100_000, 1_000), &[(Serial, 99_000), LOST]);
    assert!(of(&all, "serial-fraction").is_none(), "{all:?}");
}

#[test]
fn slow_producer_fires_with_the_workers_that_it_feeds() {
    let mut trace = iterated(100_000, 1_000);
    for event in trace.lanes.iter_mut().flat_map(|lane| &mut lane.events) {
        if let Event::Leaf(leaf) = event {
            (leaf.waited, leaf.producing) = (Nanos(60_000), Nanos(30_000));
        }
    }
    let all = found_of(&trace, &[(Producer, 400_000)]);
    let finding = the(&all, "slow-producer");
    assert!(near(finding.measured.value, 0.2));
    assert_eq!(evidence(finding, "waited").0, 120_000.0);
    assert_eq!(evidence(finding, "ran the iterator").0, 60_000.0);
    assert_eq!(evidence(finding, "worked").0, 20_000.0);
    // One that runs the iterator, and a third of one that works on what it makes.
    assert!(finding.what.contains("feeds 1.3 of 2"), "{}", finding.what);
    assert!(finding.next.contains("collect before par_bridge"), "{}", finding.next);
}

#[test]
fn slow_producer_stays_silent_below_a_twentieth() {
    let all = found_of(&iterated(100_000, 1_000), &[(Producer, 99_000), LOST]);
    assert!(of(&all, "slow-producer").is_none(), "{all:?}");
}

/// So many tasks of that length, each stolen 200 ns after it was pushed.
fn stealing(count: u64, length: u64) -> Trace {
    let mut trace = iterated(100_000, 1_000);
    for index in 0..count {
        let start = 200_000 + index * 2_000;
        let stolen = stolen(task(3, 3 + index, start, start + length), id(2, 1), start - 200);
        trace.lanes[2].events.push(Event::Task(stolen));
    }
    let counts = &mut trace.lanes[2].counts;
    (counts.tasks, counts.steals) = (counts.tasks + count, count);
    trace
}

#[test]
fn steal_storm_fires_with_the_tasks_to_be_put_together() {
    let all = found_of(&stealing(16, 100), &[(StealLatency, 400_000)]);
    let finding = the(&all, "steal-storm");
    assert_eq!((finding.measured.value, finding.threshold.value), (0.5, 4.0));
    assert_eq!(evidence(finding, "steals").0, 16.0);
    assert_eq!(evidence(finding, "it had lain").0, 200.0);
    // 19 · 200 ns by 100.
    assert_eq!(advice(finding), Advice::Batch { tasks: 38 });
}

#[test]
fn steal_storm_stays_silent_with_few_steals_or_long_tasks() {
    let silent = |trace: &Trace| {
        let all = found_of(trace, &[(StealLatency, 400_000)]);
        assert!(of(&all, "steal-storm").is_none(), "{all:?}");
    };
    silent(&stealing(15, 100));
    silent(&stealing(16, 800));
}

#[test]
fn injected_from_outside_fires_with_the_items_from_which_a_call_pays() {
    let all = found_of(&iterated(100_000, 1_000), &[(HandOver, 1_400_000)]);
    let finding = the(&all, "injected-from-outside");
    assert!(near(finding.measured.value, 0.7));
    // Of one call, while both workers are without work.
    assert_eq!(evidence(finding, "handing one call").0, 700_000.0);
    assert_eq!(evidence(finding, "work of one call").0, 600_000.0);
    // It saves half of its work at most: that of 1.4 ms, at 100 ns for each item.
    assert_eq!(advice(finding), Advice::SeriallyBelow { items: 14_000 });
}

#[test]
fn injected_from_outside_fires_for_a_call_that_pays_with_how_much_larger_it_should_be() {
    let all = found_of(&iterated(100_000, 1_000), &[(HandOver, 390_000)]);
    assert_eq!(advice(the(&all, "injected-from-outside")), Advice::Merge { calls: 4 });
}

#[test]
fn injected_from_outside_fires_for_many_calls_with_one_install() {
    let mut trace = iterated(100_000, 1_000);
    let calls = (0..7).map(|index| {
        let at = 999_000 + index * 100;
        Event::Operation(operation(1, 3 + index, [at, at + 10, at + 90]))
    });
    trace.lanes[0].events.extend(calls);
    let all = found_of(&trace, &[(HandOver, 400_000)]);
    assert_eq!(advice(the(&all, "injected-from-outside")), Advice::Merge { calls: 8 });
}

#[test]
fn injected_from_outside_stays_silent_below_a_twentieth() {
    let all = found_of(&iterated(100_000, 1_000), &[(HandOver, 99_000), LOST]);
    assert!(of(&all, "injected-from-outside").is_none(), "{all:?}");
}

#[test]
fn late_wakeup_fires_with_the_longest_wait_for_a_worker() {
    let trace = off_the_cpu(iterated(100_000, 1_000), 2, &[(500, 2_900, false)]);
    let all = found_of(&trace, &[(LateWakeUp, 400_000)]);
    let finding = the(&all, "late-wakeup");
    assert!(near(finding.measured.value, 0.2));
    let wait = &finding.evidence[0];
    assert_eq!((wait.worker, wait.span), (Some(1), Some(span(2_000, 3_000))));
    assert_eq!(evidence(finding, "times that workers slept").0, 1.0);
    assert!(finding.next.contains("all 2 workers at once"), "{}", finding.next);
}

#[test]
fn late_wakeup_stays_silent_below_a_twentieth() {
    let trace = off_the_cpu(iterated(100_000, 1_000), 2, &[(500, 2_900, false)]);
    let all = found_of(&trace, &[(LateWakeUp, 99_000), LOST]);
    assert!(of(&all, "late-wakeup").is_none(), "{all:?}");
}
