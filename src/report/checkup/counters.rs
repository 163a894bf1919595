//! Each counter, and what figures it takes with it.

use super::{Area, Check, Verdict, reason_and_remedy};
use crate::model::{Availability, Counter, CounterInfo, Host};

const AREA: Area = Area::Counters;

pub(super) fn checks(host: &Host) -> Vec<Check> {
    let counters = &host.events.counters;
    let is_counted =
        |info: &CounterInfo| info.counter.is_hardware() && info.availability.is_measured();
    let has_pmu = counters.iter().any(is_counted);
    counters.iter().map(|info| check(info, has_pmu)).collect()
}

fn check(info: &CounterInfo, has_pmu: bool) -> Check {
    let id = info.counter.name();
    match &info.availability {
        Availability::Available if info.user_only => AREA.note(
            id,
            "available: without what runs in the kernel",
            "what the kernel does for the program is not in the figures",
        ),
        Availability::Available => AREA.ok(id, "available"),
        Availability::Estimated => AREA.note(
            id,
            "estimated (multiplexed)",
            "figures are scaled up from a part of the time, and short tasks may have none",
        ),
        Availability::Unavailable(reason) => {
            let (reason, remedy) = reason_and_remedy(reason);
            let check = AREA.limits(id, format!("unavailable: {reason}"), lacks(info.counter));
            // What a PMU that is there does not count, nobody can make it count.
            let is_absent = info.counter.is_hardware() && has_pmu && remedy.is_none();
            let verdict = if is_absent { Verdict::Note } else { Verdict::Limits };
            Check { verdict, remedy: remedy.map(str::to_owned), ..check }
        }
    }
}

/// What there is not without it.
fn lacks(counter: Counter) -> &'static str {
    match counter {
        Counter::Cycles | Counter::Instructions => {
            "no instructions per cycle: a task that computes and one that waits look alike"
        }
        Counter::CacheReferences
        | Counter::CacheMisses
        | Counter::L1dReadMisses
        | Counter::LlcReadMisses
        | Counter::DtlbReadMisses => "no share of accesses that wait for memory",
        Counter::BranchMisses => "no share of branches that were guessed wrong",
        Counter::StalledCyclesFrontend | Counter::StalledCyclesBackend => {
            "no share of cycles that were lost"
        }
        Counter::TaskClock => "CPU time is read from the threads' clocks instead",
        Counter::ContextSwitches => "no number of times that a task lost its CPU",
        Counter::CpuMigrations => "no number of times that a task changed its CPU",
        Counter::MinorFaults | Counter::MajorFaults => {
            "no number of times that a task waited for its memory to be put in place"
        }
    }
}
