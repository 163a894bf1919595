//! Counters of threads and of tasks, against loops of which every instruction is known. What the
//! machine is that `tools/pmu` runs these on, `pmu.rs` tells; elsewhere they say little and pass.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod pmu_support;
mod recording;

use std::fs;
use std::os::unix::fs::MetadataExt;

use pmu_support::{Expected, MILLION, execute, expected, figure, is_about, is_emulated};
use rayprism::facade as rayon;
use rayprism::linux::perf::{Plan, Target, ThreadCounters, WORDS};
use rayprism::model::*;
use recording::*;

const HARDWARE_HERE: [Counter; 4] = [
    Counter::Cycles,
    Counter::Instructions,
    Counter::StalledCyclesFrontend,
    Counter::StalledCyclesBackend,
];
/// What counts the kernel's doing alone.
const KERNELS: [Counter; 2] = [Counter::ContextSwitches, Counter::CpuMigrations];
const NOT_COUNTED: &str = "this CPU's PMU does not count it";

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn reason(info: &CounterInfo) -> &str {
    match &info.availability {
        Availability::Unavailable(reason) => reason,
        other => panic!("{:?} is {other:?}", info.counter),
    }
}

/// What a plan says where the emulated counters are: what is there counts, what is not has the
/// reason that is the right one.
fn assert_is_of_the_emulated_machine(infos: &[CounterInfo]) {
    let user = !is_root();
    for info in infos {
        let counter = info.counter;
        let there = (Availability::Available, user);
        let found = (info.availability.clone(), info.user_only);
        if HARDWARE_HERE.contains(&counter) {
            assert_eq!(found, there, "{counter:?}");
        } else if counter.is_hardware() {
            assert_eq!(reason(info), NOT_COUNTED, "{counter:?}");
        } else if user && KERNELS.contains(&counter) {
            let expected = "perf_event_paranoid is 2, which keeps it from users; set it with \
                            `sysctl kernel.perf_event_paranoid=1`, or give the program CAP_PERFMON";
            assert_eq!(reason(info), expected, "{counter:?}");
        } else {
            assert_eq!(found, there, "{counter:?}");
        }
    }
}

#[test]
fn the_plan_has_what_there_is_and_reasons_for_the_rest() {
    let plan = Plan::probe(Counter::ALL);
    let counters: Vec<_> = plan.infos().iter().map(|info| info.counter).collect();
    assert_eq!(counters, Counter::ALL);
    match expected() {
        Expected::Anything => {}
        Expected::Emulated => {
            assert_is_of_the_emulated_machine(plan.infos());
            assert_eq!(plan.hardware_groups(), 1);
            assert_eq!(plan.switch_records(), Ok(()));
        }
        Expected::Refused => {
            let denied = "perf_event_paranoid is 3, which allows users nothing; set it with \
                          `sysctl kernel.perf_event_paranoid=2`, or give the program CAP_PERFMON";
            plan.infos().iter().for_each(|info| assert_eq!(reason(info), denied));
            assert_eq!(plan.switch_records(), Err(denied));
            assert_eq!((plan.words(), plan.hardware_groups()), (0, 0));
        }
    }
}

/// No other counter has shown by then that there is a PMU.
#[test]
fn a_counter_that_is_missing_is_missing_alone() {
    if is_emulated() {
        for &counter in Counter::ALL.iter().filter(|counter| counter.is_hardware()) {
            let plan = Plan::probe(&[counter]);
            assert_is_of_the_emulated_machine(plan.infos());
        }
    }
}

/// Six counters for anything, and one that counts cycles alone.
#[test]
fn the_plan_makes_groups_as_large_as_the_hardware_has_room() {
    if !is_emulated() {
        return;
    }
    let groups = |counters: &[Counter]| Plan::probe(counters).hardware_groups();
    let (cycles, instructions) = (Counter::Cycles, Counter::Instructions);
    for (counter, room) in [(instructions, 6), (cycles, 7)] {
        for (wanted, taken) in [(1, 1), (room, 1), (room + 1, 2), (2 * room, 2)] {
            assert_eq!(groups(&vec![counter; wanted]), taken, "{wanted} {counter:?}");
        }
    }
    assert_eq!(groups(&[[cycles; 1].as_slice(), &[instructions; 6]].concat()), 1);
    assert_eq!(groups(&[[instructions; 6].as_slice(), &[cycles; 1]].concat()), 1);
    assert_eq!(groups(&[[cycles; 2].as_slice(), &[instructions; 6]].concat()), 2);
}

/// A plan's counters, open for the calling thread.
struct Open {
    plan: Plan,
    counters: ThreadCounters,
}

impl Open {
    fn here(plan: &Plan) -> Self {
        let counters = ThreadCounters::open(plan, Target::OwnThread).unwrap();
        Self { plan: plan.clone(), counters }
    }

    fn words(&self, here: bool) -> Vec<u64> {
        let mut words = [0; WORDS];
        let length = match here {
            true => self.counters.read_here(&mut words),
            false => self.counters.read(&mut words),
        };
        words[..length.unwrap()].to_vec()
    }

    /// What is counted of `work`.
    fn count(&self, here: bool, work: impl FnOnce()) -> Vec<u64> {
        let before = self.words(here);
        work();
        let after = self.words(here);
        after.iter().zip(&before).map(|(after, before)| after - before).collect()
    }

    fn value(&self, counter: Counter, words: &[u64]) -> u64 {
        let infos = self.plan.infos();
        let position = infos.iter().position(|info| info.counter == counter).unwrap();
        self.plan.values(words).get(position).unwrap()
    }
}

/// Counters for this thread, where hardware counters count.
fn open() -> Option<Open> {
    let plan = Plan::probe(Counter::ALL);
    let counts = plan.infos()[Counter::Instructions as usize].availability.is_measured();
    assert!(counts || expected() != Expected::Emulated, "{:?}", plan.infos());
    if !counts {
        figure("not tested, for there are no counters here");
    }
    counts.then(|| Open::here(&plan))
}

/// Reading takes instructions as well, always the same; a clock tick in between takes more. The
/// least of some is therefore exact.
#[test]
fn the_instructions_of_a_loop_are_counted_one_by_one() {
    let Some(open) = open() else { return };
    for here in [false, true] {
        let least = |work: u64| {
            let counted = || open.count(here, || execute(work));
            let all = (0..10).map(|_| open.value(Counter::Instructions, &counted()));
            all.min().unwrap()
        };
        let nothing = least(2);
        for asked in [10_000, 100_000, MILLION] {
            let counted = least(2 + asked) - nothing;
            figure(format_args!(
                "{asked} instructions: {counted}, read_here: {here}; none: {nothing}"
            ));
            assert!(counted.abs_diff(asked) <= 20, "{counted} of {asked}");
        }
    }
}

#[test]
fn what_is_counted_all_the_time_is_available() {
    let Some(open) = open() else { return };
    let words = open.count(false, || execute(20 * MILLION));
    let [cycles, instructions] =
        [Counter::Cycles, Counter::Instructions].map(|counter| open.value(counter, &words));
    figure(format_args!("20000000 instructions: {instructions}, {cycles} cycles, {words:?}"));
    if is_emulated() {
        assert!(is_about(instructions, 20 * MILLION), "{instructions}");
        assert!(cycles.abs_diff(2 * instructions) <= instructions / 50, "{instructions} {cycles}");
        for stalled in [Counter::StalledCyclesFrontend, Counter::StalledCyclesBackend] {
            assert_eq!(open.value(stalled, &words), 0);
        }
        assert_is_of_the_emulated_machine(&open.plan.infos_after([words.as_slice()]));
    }
}

/// Enabled and running, the first two words.
fn share(words: &[u64]) -> f64 {
    words[1] as f64 / words[0] as f64
}

/// Two to four programs that count the same thread, each with a plan's worth of counters.
#[test]
fn counters_of_several_take_turns_and_are_estimates() {
    if !is_emulated() {
        return;
    }
    let plan = Plan::probe(Counter::ALL);
    for number in [3, 4] {
        let all: Vec<Open> = (0..number).map(|_| Open::here(&plan)).collect();
        let before: Vec<_> = all.iter().map(|open| open.words(false)).collect();
        execute(50 * MILLION);
        for (open, before) in all.iter().zip(before) {
            let words: Vec<_> = open
                .words(false)
                .iter()
                .zip(before)
                .map(|(after, before)| after - before)
                .collect();
            let instructions = open.value(Counter::Instructions, &words);
            figure(format_args!(
                "50000000 instructions under {number} plans: {instructions}, {:.1} % of the time",
                share(&words) * 100.0
            ));
            assert!((0.1..0.95).contains(&share(&words)), "{words:?}");
            assert!((49 * MILLION..55 * MILLION).contains(&instructions), "{instructions}");
            assert_multiplexed(&open.plan.infos_after([words.as_slice()]));
        }
    }
}

/// What the CPU counts is estimated, and what the kernel counts is not.
fn assert_multiplexed(infos: &[CounterInfo]) {
    for info in infos.iter().filter(|info| info.availability.is_measured()) {
        let estimated = info.availability == Availability::Estimated;
        assert_eq!(estimated, info.counter.is_hardware(), "{info:?}");
    }
}

/// A plan that does not fit has groups of its own that take turns.
#[test]
fn a_plan_larger_than_the_hardware_takes_turns_with_itself() {
    if !is_emulated() {
        return;
    }
    let plan = Plan::probe(&[Counter::Instructions; 13]);
    assert_eq!(plan.hardware_groups(), 3);
    let open = Open::here(&plan);
    let words = open.count(false, || execute(50 * MILLION));
    let groups = [&words[..8], &words[8..16], &words[16..]];
    for group in groups {
        let scaled = group[2] as f64 / share(group);
        figure(format_args!(
            "50000000 instructions: {scaled:.0}, scaled up from {:.1} % of the time",
            share(group) * 100.0
        ));
        assert!((0.2..0.5).contains(&share(group)), "{words:?}");
        assert!((49e6..55e6).contains(&scaled), "{scaled}");
    }
    assert!((0.95..1.05).contains(&groups.map(share).iter().sum::<f64>()), "{words:?}");
    assert_eq!(plan.infos_after([words.as_slice()])[0].availability, Availability::Estimated);
}

fn workers(trace: &Trace) -> impl Iterator<Item = &Lane> {
    trace.lanes.iter().filter(|lane| matches!(lane.role, Role::Worker { .. }))
}

/// The value of a counter of each task that came in such a way, in their order.
fn of_tasks(trace: &Trace, counter: Counter, origin: Origin) -> Vec<u64> {
    let position = trace.header.kernel.position(counter).expect("it is counted");
    let tasks = tasks(trace).into_iter().filter(|(_, task)| task.origin == origin);
    let value = |(_, task): (&Lane, &Task)| {
        let counters = task.counters.as_ref().unwrap_or_else(|| panic!("not read: {task:#?}"));
        counters.get(position).unwrap_or_else(|| panic!("no value: {task:#?}"))
    };
    tasks.map(value).collect()
}

/// Lanes have counted no less than their tasks, and every reading no less than the one before.
fn assert_totals_cover_tasks(trace: &Trace, counter: Counter) {
    let position = trace.header.kernel.position(counter).expect("it is counted");
    for lane in workers(trace) {
        let own = tasks(trace).into_iter().filter(|(of, _)| std::ptr::eq(*of, lane));
        let values = own.filter_map(|(_, task)| task.counters.as_ref()?.get(position));
        let (sum, total) = (values.sum::<u64>(), lane.watched.total(position).unwrap());
        assert!(total >= sum, "{counter:?}: {total} of {sum}");
        let values = lane.watched.readings.iter().map(|reading| reading.values.get(position));
        assert!(values.is_sorted());
    }
}

/// A task that waits for another one, both on one worker: each has its own.
#[test]
fn a_tasks_instructions_are_its_own() {
    if !is_emulated() {
        return;
    }
    let (outer, inner) = (6 * MILLION, 10 * MILLION);
    let trace = record(Detail::Full, 1, || {
        rayon::scope(|scope| {
            scope.spawn(|_| execute(inner));
            execute(outer);
        });
    });
    assert_is_of_the_emulated_machine(&trace.header.kernel.counters);
    for (origin, executed) in [(Origin::Injected, outer), (Origin::Local, inner)] {
        let instructions = only(of_tasks(&trace, Counter::Instructions, origin));
        let cycles = only(of_tasks(&trace, Counter::Cycles, origin));
        figure(format_args!("a task of {executed} instructions: {instructions}, {cycles} cycles"));
        assert!(is_about(instructions, executed), "{origin:?}: {instructions} of {executed}");
        assert!(cycles.abs_diff(2 * instructions) <= instructions / 20, "{instructions} {cycles}");
    }
    assert_totals_cover_tasks(&trace, Counter::Instructions);
    assert_totals_cover_tasks(&trace, Counter::Cycles);
}

/// What is counted while both CPUs are busy and execute `all`: while one of them waits its turn, the
/// emulator lets it count some of what the other one executes; mostly that of the kernel.
#[track_caller]
fn assert_beside_others(counted: u64, executed: u64, all: u64) {
    let with_the_others = counted >= executed && counted <= all + all / 8;
    assert!(with_the_others || is_about(counted, executed), "{counted} of {executed}");
}

#[test]
fn tasks_of_two_workers_have_what_each_executed() {
    if !is_emulated() {
        return;
    }
    let pool = pool(2);
    let work = |index: usize| [6 * MILLION, 24 * MILLION][index];
    let (_, trace) = recorded(Detail::Auto, || {
        pool.broadcast(|context| execute(work(context.index())));
    });
    assert_is_of_the_emulated_machine(&trace.header.kernel.counters);
    let mut instructions = of_tasks(&trace, Counter::Instructions, Origin::Broadcast);
    instructions.sort_unstable();
    figure(format_args!("tasks of 6000000 and 24000000 instructions: {instructions:?}"));
    assert_eq!(instructions.len(), 2);
    let pairs = instructions.iter().enumerate().map(|(index, &counted)| (counted, work(index)));
    pairs.for_each(|(counted, executed)| assert_beside_others(counted, executed, 30 * MILLION));
    assert_totals_cover_tasks(&trace, Counter::Instructions);
}

#[test]
fn stolen_tasks_have_their_thiefs_instructions() {
    if !is_emulated() {
        return;
    }
    let trace = record(Detail::Auto, 2, || {
        rayon::join(|| execute(30 * MILLION), || execute(8 * MILLION));
    });
    let [injected, stolen] = [Origin::Injected, Origin::Stolen]
        .map(|origin| only(of_tasks(&trace, Counter::Instructions, origin)));
    figure(format_args!("30000000 instructions here: {injected}; 8000000 stolen: {stolen}"));
    assert_beside_others(injected, 30 * MILLION, 38 * MILLION);
    assert_beside_others(stolen, 8 * MILLION, 38 * MILLION);
    assert_totals_cover_tasks(&trace, Counter::Instructions);
}

/// What counted in one recording would be in the way of the next.
#[test]
fn recordings_one_after_the_other_leave_the_counters_to_each_other() {
    if !is_emulated() {
        return;
    }
    let pool = pool(2);
    let files = || fs::read_dir("/proc/self/fd").unwrap().count();
    let before = files();
    for _ in 0..4 {
        let (_, trace) = recorded(Detail::Auto, || pool.broadcast(|_| execute(4 * MILLION)));
        assert_is_of_the_emulated_machine(&trace.header.kernel.counters);
        let instructions = of_tasks(&trace, Counter::Instructions, Origin::Broadcast);
        figure(format_args!("tasks of 4000000 instructions: {instructions:?}"));
        assert_eq!(instructions.len(), 2);
        assert_eq!(files(), before);
    }
}

/// Somebody else counts the worker as well.
#[test]
fn a_recording_in_which_counters_take_turns_is_estimated() {
    if !is_emulated() {
        return;
    }
    let pool = pool(1);
    let plan = Plan::probe(Counter::ALL);
    let others: Vec<ThreadCounters> = pool.install(|| {
        (0..3).map(|_| ThreadCounters::open(&plan, Target::OwnThread).unwrap()).collect()
    });
    let executed = 60 * MILLION;
    let (_, trace) = recorded(Detail::Auto, || pool.install(|| execute(executed)));
    drop(others);
    assert_multiplexed(&trace.header.kernel.counters);
    let instructions = only(of_tasks(&trace, Counter::Instructions, Origin::Injected));
    figure(format_args!("a task of {executed} instructions, with others counting: {instructions}"));
    let around = executed - executed / 20..executed + executed / 8;
    assert!(around.contains(&instructions), "{instructions}");
}

#[test]
fn where_nothing_may_be_counted_a_recording_says_why() {
    if expected() == Expected::Refused {
        let trace = record(Detail::Auto, 2, || tree(10));
        assert_whole(&trace);
        for info in &trace.header.kernel.counters {
            assert!(reason(info).starts_with("perf_event_paranoid is 3, "), "{info:?}");
        }
        assert!(trace.header.kernel.switch_records.value().is_none());
        for lane in workers(&trace) {
            let scheduling = lane.watched.scheduling.value().expect("accounts need no rights");
            assert_eq!(scheduling.source, SchedulingSource::Accounting);
        }
    }
}
