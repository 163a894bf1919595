//! Findings on the program's build, the profiler, the machine and its memory. Each where it is, and
//! next to the threshold where it is not.

mod findings_support;
mod timeline_fixture;

use findings_support::*;
use rayprism::analysis::Component::*;
use rayprism::finding::{Advice, Severity, Unit};
use rayprism::model::{
    Availability, Counter, CounterInfo, Event, Join, Measured, Nanos, OffCpu, Operation,
    OperationKind, Quota, SecondHalf, SiteId, Throttled, Throttling, Trace, Values,
};
use timeline_fixture::*;

const LOST: (rayprism::analysis::Component, i64) = (Unattributed, 400_000);

fn any() -> Trace {
    iterated(100_000, 1_000)
}

#[test]
fn debug_build_fires_before_all_else() {
    let mut trace = any();
    trace.header.debug_assertions = true;
    let all = found_of(&trace, &[(Serial, 400_000)]);
    assert_eq!(all[0].id, "debug-build");
    assert_eq!((all[0].severity, all[0].loss), (Severity::Premise, None));
    assert!(of(&all, "serial-fraction").is_some());
}

#[test]
fn debug_build_stays_silent_without_debug_assertions() {
    assert!(of(&found_of(&any(), &[(Serial, 400_000)]), "debug-build").is_none());
}

/// 9,998 leaves were only counted, for which this is the price.
fn counting_costs(counted_leaf_ps: u64) -> Trace {
    let mut trace = any();
    trace.header.costs.counted_leaf_ps = counted_leaf_ps;
    trace
}

#[test]
fn profiler_share_too_high_fires_and_names_what_it_withholds() {
    let parts = [(Serial, 400_000), (PoolStart, 200_000)];
    let all = found_of(&counting_costs(12_000), &parts);
    let finding = the(&all, "profiler-share-too-high");
    assert!(near(finding.measured.value, 9_998.0 * 12.0 / 2e6), "{finding:?}");
    assert_eq!(finding.severity, Severity::Premise);
    assert_eq!(evidence(finding, "counted leaves").0, 9_998.0);
    let withheld = |id: &str| finding.evidence.iter().any(|e| e.what == format!("withheld: {id}"));
    assert!(withheld("serial-fraction") && of(&all, "serial-fraction").is_none());
    // That threads were not there needs no task's time.
    assert!(!withheld("pool-start-dominates") && of(&all, "pool-start-dominates").is_some());
}

#[test]
fn profiler_share_too_high_stays_silent_up_to_a_twentieth() {
    let all = found_of(&counting_costs(10_000), &[(Serial, 400_000)]);
    assert!(of(&all, "profiler-share-too-high").is_none());
    assert!(of(&all, "serial-fraction").is_some());
}

fn sorting() -> Trace {
    let mut trace = any();
    let kind = OperationKind::Sort;
    let sort =
        Operation { kind, site: Some(SiteId(0)), ..operation(1, 3, [999_100, 999_100, 999_900]) };
    trace.lanes[0].events.push(Event::Operation(sort));
    trace
}

#[test]
fn opaque_time_fires_where_something_would_be_said() {
    let all = found_of(&sorting(), &[(Opaque, 102_000), (Serial, 400_000)]);
    let finding = the(&all, "opaque-time");
    assert!(near(finding.measured.value, 0.051));
    assert_eq!(evidence(finding, "opaque calls"), (800.0, Unit::Nanos));
    assert!(finding.evidence.iter().any(|e| e.what == "withheld: serial-fraction"));
}

#[test]
fn opaque_time_stays_silent_where_nothing_is_withheld() {
    assert!(found_of(&sorting(), &[(Opaque, 102_000), LOST]).is_empty());
    let all = found_of(&sorting(), &[(Opaque, 99_000), (Serial, 400_000)]);
    assert!(of(&all, "opaque-time").is_none() && of(&all, "serial-fraction").is_some());
}

#[test]
fn pool_start_dominates_fires_with_the_worker_that_came_last() {
    let mut trace = any();
    trace.lanes[2].started = Some(Nanos(2_500));
    let all = found_of(&trace, &[(PoolStart, 390_000)]);
    let finding = the(&all, "pool-start-dominates");
    assert!(near(finding.measured.value, 0.195));
    let came = &finding.evidence[0];
    assert_eq!((came.worker, came.span), (Some(1), Some(span(0, 2_500))));
    // Of four times the work the same start would be 5 %.
    assert_eq!(advice(finding), Advice::Merge { calls: 4 });
}

#[test]
fn pool_start_dominates_stays_silent_below_a_twentieth() {
    assert!(found_of(&any(), &[(PoolStart, 99_000), LOST]).is_empty());
}

fn blocked() -> Trace {
    off_the_cpu(
        any(),
        1,
        &[(10_000, 50_000, false), (60_000, 70_000, false), (80_000, 90_000, true)],
    )
}

#[test]
fn lock_contention_fires_with_the_longest_block_and_its_call_site() {
    let all = found_of(&blocked(), &[(BlockedExcess, 400_000)]);
    let finding = the(&all, "lock-contention");
    assert!(near(finding.measured.value, 0.2));
    let longest = &finding.evidence[0];
    assert_eq!((longest.worker, longest.span), (Some(0), Some(span(10_000, 50_000))));
    assert_eq!(longest.site.as_deref(), Some("src/main.rs:7:5"));
    assert_eq!(evidence(finding, "times off the CPU").0, 2.0);
    // 19 times 200 µs of waiting, by 800 µs of work between two waits.
    assert_eq!(advice(finding), Advice::Batch { tasks: 5 });
}

#[test]
fn lock_contention_fires_with_less_to_say_where_the_origin_is_not_known() {
    let all = found_of(&blocked(), &[(Blocked, 400_000)]);
    let finding = the(&all, "lock-contention");
    assert!(finding.what.contains("not known"), "{}", finding.what);
    assert_eq!(finding.advice, None);
}

#[test]
fn lock_contention_stays_silent_for_the_programs_own_blocking() {
    let all = found_of(&blocked(), &[(BlockedOwn, 400_000), LOST]);
    assert!(of(&all, "lock-contention").is_none(), "{all:?}");
    let all = found_of(&blocked(), &[(BlockedExcess, 99_000), LOST]);
    assert!(of(&all, "lock-contention").is_none(), "{all:?}");
}

#[test]
fn memory_bound_inflation_fires_and_says_what_is_not_measured() {
    let all = found_of(&any(), &[(Inflation, 400_000)]);
    let finding = the(&all, "memory-bound-inflation");
    // 2,000 µs for what takes 1,600 alone.
    assert!(near(finding.measured.value, 1.25));
    assert_eq!(evidence(finding, "work in a pool of one").0, 1_600_000.0);
    let missing = |e: &rayprism::finding::Evidence| e.what.contains("`cycles` was not counted");
    assert!(finding.evidence.iter().any(missing), "{finding:?}");
    assert_eq!(advice(finding), Advice::Workers { workers: 2 });
}

#[test]
fn memory_bound_inflation_rests_on_the_cycles_of_an_instruction_where_they_are_known() {
    let all = found_inflated(&any(), [50_000, 300_000, 50_000]);
    let finding = the(&all, "memory-bound-inflation");
    let slower = evidence(finding, "of the inflation, more cycles of each instruction");
    assert_eq!(slower, (300_000.0, Unit::Nanos));
    for other in [[300_000, 50_000, 50_000], [0, 100_000, 300_000]] {
        let all = found_inflated(&any(), other);
        assert!(of(&all, "memory-bound-inflation").is_none(), "{all:?}");
    }
}

#[test]
fn memory_bound_inflation_stays_silent_where_locks_cost_as_much() {
    let fires = |blocked: i64| {
        let all = found_of(&any(), &[(Inflation, 400_000), (BlockedExcess, blocked)]);
        of(&all, "memory-bound-inflation").is_some()
    };
    assert!(fires(200_000) && !fires(200_001));
    let all = found_of(&any(), &[(Inflation, 99_000), LOST]);
    assert!(of(&all, "memory-bound-inflation").is_none());
}

/// A task's counters, of 100,000 instructions.
fn counted(first_cache: u64, last_cache: u64) -> Trace {
    let mut trace = any();
    let counters =
        [Counter::Cycles, Counter::Instructions, Counter::L1dReadMisses, Counter::CacheMisses];
    trace.header.kernel.counters = counters
        .into_iter()
        .map(|counter| CounterInfo {
            counter,
            availability: Availability::Available,
            user_only: true,
        })
        .collect();
    let values = [300_000, 100_000, first_cache, last_cache].map(Some);
    let Event::Task(task) = &mut trace.lanes[1].events[0] else { panic!("a task") };
    task.counters = Some(Values(values.into()));
    trace
}

#[test]
fn false_sharing_suspicion_fires_where_lines_come_from_other_cores() {
    let all = found_of(&counted(1_000, 250), &[(Inflation, 1_000_000)]);
    let finding = the(&all, "false-sharing-suspicion");
    assert!(near(finding.measured.value, 2.0) && finding.threshold.value == 1.5);
    let misses = evidence(finding, "misses of the first cache");
    assert_eq!(misses, (10.0, Unit::PerThousandInstructions));
    assert_eq!(evidence(finding, "of these, from memory").0, 0.25);
    assert_eq!(advice(finding), Advice::Pad { bytes: 128 });
    assert!(finding.next.contains("pad to 128 bytes"), "{}", finding.next);
    // One cause is said for one loss.
    assert!(of(&all, "memory-bound-inflation").is_none());
}

#[test]
fn false_sharing_suspicion_stays_silent_without_evidence() {
    let silent = |trace: &Trace, inflation: i64| {
        let all = found_of(trace, &[(Inflation, inflation)]);
        assert!(of(&all, "false-sharing-suspicion").is_none(), "{all:?}");
        assert!(of(&all, "memory-bound-inflation").is_some(), "{all:?}");
    };
    silent(&any(), 1_000_000);
    silent(&counted(999, 100), 1_000_000);
    silent(&counted(1_000, 251), 1_000_000);
    silent(&counted(1_000, 250), 660_000);
    let all = found_of(&counted(1_000, 250), &[(Inflation, 1_000_000)]);
    let memory = found_of(&counted(1_000, 251), &[(Inflation, 1_000_000)]);
    assert_ne!(all, memory);
    let cycles = evidence(the(&memory, "memory-bound-inflation"), "cycles of an instruction");
    assert_eq!(cycles, (3.0, Unit::CyclesPerInstruction));
}

#[test]
fn oversubscribed_fires_with_the_workers_that_there_is_room_for() {
    let mut trace = off_the_cpu(any(), 1, &[(10_000, 50_000, true)]);
    trace.header.machine.cpus = Measured::Is(1);
    let all = found_of(&trace, &[(Preempted, 400_000)]);
    let finding = the(&all, "oversubscribed");
    assert_eq!((finding.measured.value, finding.threshold.value), (2.0, 1.0));
    assert_eq!(finding.evidence[0].worker, Some(0));
    assert_eq!(evidence(finding, "could run").0, 40_000.0);
    assert_eq!(finding.next, "set RAYON_NUM_THREADS=1");
    assert_eq!(advice(finding), Advice::Workers { workers: 1 });
}

#[test]
fn oversubscribed_stays_silent_with_a_cpu_for_each_worker() {
    let all = found_of(&any(), &[(Preempted, 400_000)]);
    assert!(of(&all, "oversubscribed").is_none(), "{all:?}");
    let mut few = any();
    few.header.machine.cpus = Measured::Is(1);
    assert!(of(&found_of(&few, &[(Preempted, 99_000), LOST]), "oversubscribed").is_none());
}

#[test]
fn cpus_taken_fires_where_each_worker_could_have_one() {
    let trace = off_the_cpu(any(), 1, &[(10_000, 50_000, true)]);
    let all = found_of(&trace, &[(Preempted, 400_000)]);
    let finding = the(&all, "cpus-taken");
    assert!(near(finding.measured.value, 0.2));
    assert_eq!(finding.evidence[0].worker, Some(0));
    assert_eq!(evidence(finding, "could run").0, 40_000.0);
}

#[test]
fn cpus_taken_stays_silent_with_more_workers_than_cpus() {
    let mut few = any();
    few.header.machine.cpus = Measured::Is(1);
    assert!(of(&found_of(&few, &[(Preempted, 400_000)]), "cpus-taken").is_none());
    assert!(of(&found_of(&any(), &[(Preempted, 99_000), LOST]), "cpus-taken").is_none());
}

/// Worker 0 joins from 100 µs on; who steals the second half at 600 µs looked for it until then, and was
/// off the CPU as the flags of these stretches say.
fn looking(off: &[(u64, u64, bool)]) -> Trace {
    let joined =
        Join { second: SecondHalf::Stolen, ..join(1, 2, 1, [100_000, 900_000, 1_000_000]) };
    let half = stolen(task(2, 1, 600_000, 1_000_000), joined.id, 100_000);
    let first = worker(1, 0, vec![Event::Task(task(1, 1, 0, 1_000_000)), Event::Join(joined)]);
    let trace = trace(1_000_000, vec![first, worker(2, 1, vec![Event::Task(half)])]);
    off_the_cpu(trace, 1, off)
}

#[test]
fn cpus_taken_knows_of_workers_that_looked_for_work_without_a_cpu() {
    // The first 50 µs, in which nothing was queued, lost nothing.
    let all = found(&free(looking(&[(50_000, 550_000, true)])));
    let finding = the(&all, "cpus-taken");
    assert!(near(finding.measured.value, 450.0 / 2_000.0), "{finding:?}");
    assert_eq!(evidence(finding, "looked for work").0, 450_000.0);
}

/// Worker 1 leaves CPU 1 for 500 µs. Worker 0 comes from CPU 0, and is there for the last so many of these.
fn beside_the_other(shared: u64) -> Trace {
    let mut trace = looking(&[(50_000, 550_000, true)]);
    let at = |off: &mut OffCpu, from, to| (off.from_cpu, off.to_cpu) = (Some(from), Some(to));
    at(&mut trace.lanes[1].watched.off_cpu[0], 1, 1);
    let moved = 550_000 - shared;
    // It stays there until the other comes back.
    let mut trace =
        off_the_cpu(trace, 0, &[(moved - 1_000, moved, false), (550_000, 551_000, false)]);
    let [comes, goes] = &mut trace.lanes[0].watched.off_cpu[..] else { panic!("two") };
    at(comes, 0, 1);
    at(goes, 1, 0);
    trace
}

#[test]
fn cpus_taken_tells_threads_of_the_program_from_others() {
    for (shared, own) in [(400_000, true), (100_000, false)] {
        let all = found(&free(beside_the_other(shared)));
        let finding = the(&all, "cpus-taken");
        assert_eq!(evidence(finding, "other threads of the program").0, shared as f64);
        assert_eq!(finding.what.starts_with("threads of the program shared CPUs"), own);
        assert_eq!(finding.next.contains("start_handler"), own, "{finding:?}");
    }
    let others = found(&free(looking(&[(50_000, 550_000, true)])));
    assert!(the(&others, "cpus-taken").what.starts_with("others had the CPUs"));
}

#[test]
fn cpus_taken_stays_silent_where_who_looked_had_a_cpu_or_slept() {
    for off in [vec![], vec![(50_000, 550_000, false)], vec![(100_000, 110_000, true)]] {
        let all = found(&free(looking(&off)));
        assert!(of(&all, "cpus-taken").is_none(), "{off:?}: {all:?}");
    }
}

fn throttled(throttled: u64) -> Trace {
    let mut trace = any();
    trace.header.kernel.throttled = Measured::Is(Throttled {
        quota: Quota { group: "/job".to_owned(), time: Nanos(150_000), period: Nanos(100_000) },
        stops: Throttling { periods: 10, throttled_periods: 5, throttled: Nanos(throttled) },
    });
    trace
}

#[test]
fn cgroup_throttled_fires_with_the_quota() {
    let all = found_of(&throttled(400_000), &[(Preempted, 400_000)]);
    let finding = the(&all, "cgroup-throttled");
    assert!(near(finding.measured.value, 0.2));
    assert_eq!(evidence(finding, "of the quota's periods"), (0.5, Unit::Share));
    assert_eq!(evidence(finding, "the quota is worth"), (1.5, Unit::Workers));
    assert_eq!(finding.next, "raise the quota of group /job, or set RAYON_NUM_THREADS=1");
    assert_eq!(advice(finding), Advice::Workers { workers: 1 });
}

#[test]
fn cgroup_throttled_stays_silent_below_a_twentieth_and_without_a_quota() {
    let parts = [(Preempted, 400_000)];
    assert!(of(&found_of(&throttled(99_000), &parts), "cgroup-throttled").is_none());
    assert!(of(&found_of(&any(), &parts), "cgroup-throttled").is_none());
}
