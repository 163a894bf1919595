//! What was counted of a recording's workers, what was not, and why: a line each.

use super::facts::Fact;
use super::units::thousands;
use crate::analysis::{CounterFigures, KernelFigures};
use crate::model::{Availability, Counter, Measured};
use crate::report::Report;

/// What the CPU counted, as ratios.
pub(super) fn figures(kernel: &KernelFigures) -> Vec<Fact> {
    let ratio = |label, ratio: &Measured<f64>, what: &str, of: [Counter; 2]| {
        let value = ratio.value()?;
        let remark = format!("{what}{}", remark(kernel, of));
        Some(Fact::new(label, format!("{value:.2}"), remark))
    };
    let ipc = ratio(
        "IPC",
        &kernel.instructions_per_cycle,
        "instructions per cycle of all workers",
        [Counter::Instructions, Counter::Cycles],
    );
    let misses = ratio(
        "misses",
        &kernel.cache_misses_per_1000_instructions,
        "cache misses per 1,000 instructions",
        [Counter::CacheMisses, Counter::Instructions],
    );
    ipc.into_iter().chain(misses).collect()
}

/// `, estimated (multiplexed); user code only`, as far as it holds.
fn remark(kernel: &KernelFigures, of: [Counter; 2]) -> String {
    let of = of.map(|counter| kernel.counter(counter));
    let any = |holds: fn(&CounterFigures) -> bool| of.into_iter().flatten().any(holds);
    let estimated = any(|figures| figures.availability == Availability::Estimated);
    let parts = [
        (estimated, ", estimated (multiplexed)"),
        (any(|figures| figures.user_only), "; user code only"),
        (kernel.from_outside, "; totals of threads, with their search for work"),
    ];
    parts.into_iter().filter(|part| part.0).map(|part| part.1).collect()
}

/// Where the times on and off the CPU are from, what else was counted, and what was not.
pub(super) fn circumstances(report: &Report) -> Vec<Fact> {
    let kernel = &report.kernel;
    if report.activity.pools.is_empty() {
        return Vec::new();
    }
    let line = |label, parts: Vec<String>, separator| {
        (!parts.is_empty()).then(|| Fact::new(label, "", parts.join(separator)))
    };
    let facts = [
        line("kernel", switches(kernel).into_iter().collect(), ""),
        line("counted", counted(report), ", "),
        line("uncounted", uncounted(kernel), "; "),
    ];
    facts.into_iter().flatten().collect()
}

/// What there is of switch records; of none beside counters [`uncounted`] tells.
fn switches(kernel: &KernelFigures) -> Option<String> {
    match &kernel.switch_records {
        Measured::Is(error) => {
            Some(format!("switch records, their times within {error} of the trace's clock"))
        }
        Measured::Not(why) if kernel.counters.is_empty() => Some(format!("not measured ({why})")),
        Measured::Not(_) => None,
    }
}

/// What could not be had, what has one reason in common together.
fn uncounted(kernel: &KernelFigures) -> Vec<String> {
    let records = match &kernel.switch_records {
        Measured::Not(why) if !kernel.counters.is_empty() => Some(why.as_str()),
        _ => None,
    };
    let mut groups: Vec<(&str, Vec<&str>)> =
        kernel.uncounted().into_iter().map(|(why, counters)| (why, names(&counters))).collect();
    if let Some(why) = records {
        match groups.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(RECORDS),
            None => groups.push((why, vec![RECORDS])),
        }
    }
    groups.into_iter().map(|(why, names)| format!("{} ({why})", names.join(", "))).collect()
}

const RECORDS: &str = "switch records";

/// Counters that stand nowhere else in the section, with what they counted, if anything: what could
/// not be counted stands on a line of its own.
fn counted(report: &Report) -> Vec<String> {
    let counters = report.kernel.counters.iter().filter(|figures| !is_shown(report, figures));
    let one = |figures: &CounterFigures| {
        let number = *figures.workers.value().filter(|&&number| number > 0)?;
        let mut text = format!("{} {}", thousands(number), figures.counter.name());
        if figures.availability == Availability::Estimated {
            text.push_str(" (estimated)");
        }
        Some(text)
    };
    counters.filter_map(one).collect()
}

fn is_shown(report: &Report, figures: &CounterFigures) -> bool {
    let kernel = &report.kernel;
    let pools = &report.activity.pools;
    let in_table = || {
        pools.iter().all(|pool| pool.on_off.sums.value().is_some_and(|s| s.migrations.is_some()))
    };
    match figures.counter {
        Counter::TaskClock => true,
        Counter::ContextSwitches | Counter::CpuMigrations => in_table(),
        Counter::Cycles | Counter::Instructions => kernel.instructions_per_cycle.value().is_some(),
        Counter::CacheMisses => kernel.cache_misses_per_1000_instructions.value().is_some(),
        _ => false,
    }
}

/// The names of counters; all of the CPU's have one.
fn names(counters: &[Counter]) -> Vec<&'static str> {
    let mut hardware = Counter::ALL.iter().filter(|counter| counter.is_hardware());
    let all_of_hardware = hardware.all(|counter| counters.contains(counter));
    let single = counters.iter().filter(|counter| !(all_of_hardware && counter.is_hardware()));
    let together = all_of_hardware.then_some("hardware counters");
    together.into_iter().chain(single.map(|counter| counter.name())).collect()
}
