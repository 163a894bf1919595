//! One trace's section: title, warnings, facts, workers, parallel iterators, and how it was
//! recorded.

use std::io::{self, Write};

use super::facts::{self, Fact};
use super::style::{Paint, Style, columns, fill, wrap};
use super::units::{counted, mean, ordinal, percent, picos, range, ratio, signed_picos, thousands};
use super::{breakdown, call_sites, decomposition, findings, idling, kernel, outside, workers};
use crate::analysis::{
    Component, Decomposition, JoinCost, JoinCostCheck, JoinCostSource, Latency, OwnCost, Steals,
    Theft, WindowEnds, WorkSpan,
};
use crate::model::{ClockSource, Counts, LaneId, Losses, Measured};
use crate::report::{Report, RunFigures};
use crate::timeline::Causality;

/// Pairs of thief and victim that are named; the JSON report has all.
const NAMED_THEFTS: usize = 8;

/// Writes one report as a section that ends with a newline.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let style = *style;
    write_title(report, style, out)?;
    write_warnings(&warnings(report), style, out)?;
    let all = || report.activity.pools.iter().zip(&report.decompositions).enumerate();
    let shown = || all().filter(|(at, _)| report.is_in_detail(*at)).map(|(_, pool)| pool);
    let named = report.activity.pools.len() > 1;
    for (pool, whole) in shown() {
        let name = named.then(|| workers::pool_name(pool));
        decomposition::write(name.as_deref(), whole, report.window, style, out)?;
    }
    findings::write(&report.findings, style, out)?;
    if let Some(breakdown) = &report.breakdown {
        breakdown::write(breakdown, style, out)?;
    }
    writeln!(out)?;
    facts::write(&figures(report), style, out)?;
    for (pool, _) in shown() {
        writeln!(out)?;
        workers::write(pool, named, style, out)?;
    }
    write_others(all().count() - shown().count(), style, out)?;
    outside::write(report, style, out)?;
    call_sites::write(&report.call_sites, style, out)?;
    writeln!(out)?;
    facts::write(&circumstances(report), style, out)
}

/// Pools that are left out for the sake of those that worked more.
fn write_others(pools: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if pools == 0 {
        return Ok(());
    }
    let pools = counted(pools as u64, "pool");
    let note = format!(
        "{pools} more are left out, as there are many; what they did is in the JSON report"
    );
    writeln!(out)?;
    for line in wrap(&note, style.width.saturating_sub(2)) {
        writeln!(out, "  {}", style.paint(Paint::Label, &line))?;
    }
    Ok(())
}

fn write_title(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let title = title(report);
    let parts = subtitle(report);
    let parts = std::iter::once(title.as_str()).chain(parts.iter().map(String::as_str));
    let lines = fill(parts, "   ", style.width).join("\n  ");
    let rest = lines.strip_prefix(&title).map_or("", |rest| rest);
    writeln!(out, "{}{rest}", style.paint(Paint::Title, &title))
}

pub(super) fn title(report: &Report) -> String {
    match &report.run {
        Some(run) => format!("{} · {}", run.workload, run.variant),
        None => report.title.clone(),
    }
}

/// What follows the title: what it was run with, how long it took, and beside what.
fn subtitle(report: &Report) -> Vec<String> {
    let Some(run) = &report.run else {
        let workers: u64 = report.activity.pools.iter().map(|pool| u64::from(pool.threads)).sum();
        let workers = (workers > 0).then(|| counted(workers, "worker"));
        return workers.into_iter().chain([report.window.span.duration().to_string()]).collect();
    };
    let named = run.parameters.iter().map(|p| format!("{} {}", p.name, p.value));
    let settings = named.chain([counted(run.threads.into(), "worker")]).collect::<Vec<_>>();
    let wall = run.wall.map(|wall| wall.median.to_string());
    [Some(settings.join(", ")), wall, beside(run)].into_iter().flatten().collect()
}

/// `0.26× of serial (72.0 ms)`; nothing for the baseline itself.
fn beside(run: &RunFigures) -> Option<String> {
    let baseline = run.baseline.as_ref().filter(|baseline| baseline.variant != run.variant)?;
    let (speed_up, wall) = (baseline.speed_up?, baseline.wall?);
    Some(format!("{} of {} ({})", ratio(speed_up), baseline.variant, wall.median))
}

pub(super) fn write_warnings(
    warnings: &[String],
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let label = "  warning   ";
    for warning in warnings {
        let lines = wrap(warning, style.width.saturating_sub(columns(label)));
        let text = lines.join(&format!("\n{}", " ".repeat(columns(label))));
        writeln!(out, "{}{text}", style.paint(Paint::Warning, label))?;
    }
    Ok(())
}

/// What makes figures doubtful, the worst first.
pub(super) fn warnings(report: &Report) -> Vec<String> {
    let mut warnings = doubts(report.debug_assertions, report.losses, report.causality);
    if report.open > 0 {
        let open = match report.open {
            1 => "a task or call was".to_owned(),
            open => format!("{} tasks and calls were", thousands(open)),
        };
        warnings.push(format!(
            "{open} under way at the end; joins that they had only counted by then are not in the counts"
        ));
    }
    warnings
}

/// What makes the figures of such a recording doubtful.
pub(super) fn doubts(debug_assertions: bool, missing: Losses, causality: Causality) -> Vec<String> {
    let debug = "the program was built with debug assertions, which make most code slow; \
                 measure a release build";
    let mut warnings = Vec::new();
    warnings.extend(debug_assertions.then(|| debug.to_owned()));
    warnings.extend(losses(missing));
    if causality.violated > 0 {
        let (violated, checked) = (thousands(causality.violated), thousands(causality.checked));
        warnings.push(format!(
            "{violated} of {checked} times on two lanes stand in the wrong order: the CPUs' clocks \
             may differ"
        ));
    }
    warnings
}

fn losses(losses: Losses) -> Option<String> {
    let parts = [
        (losses.dropped, "event", "dropped (buffer full)"),
        (losses.overwritten, "event", "overwritten by newer ones"),
        (losses.unfinished, "task", "still open at the end and not counted"),
        (losses.clamped, "time", "in the wrong order and moved"),
        (losses.texts, "text", "(call sites, labels, chains) without room"),
        (losses.switches, "switch record", "lost, so that times on and off the CPU are wrong"),
        (losses.off_cpu, "short stretch", "off the CPU kept in sum alone"),
        (losses.phases, "tracing span", "and events not kept (too short, or open at the end)"),
    ];
    let named = |(number, noun, how): (u64, &str, &str)| format!("{} {how}", counted(number, noun));
    let parts: Vec<String> = parts.into_iter().filter(|part| part.0 > 0).map(named).collect();
    (!parts.is_empty()).then(|| format!("the trace is not whole: {}", parts.join(", ")))
}

fn figures(report: &Report) -> Vec<Fact> {
    let counts = &report.counts;
    let mut facts: Vec<Fact> = report.run.as_ref().and_then(median).into_iter().collect();
    facts.push(window(report));
    facts.push(Fact::measured("joins", counts, |counts| {
        (thousands(counts.joins), format!("{} of them timed", thousands(counts.timed_joins)))
    }));
    facts.push(Fact::measured("tasks", counts, tasks));
    facts.push(steals(&report.steals));
    if report.steals.exact.value().is_some_and(|&steals| steals > 0) {
        facts.push(Fact::measured("queued", &report.steals.latency, latency));
    }
    if report.activity.pools.is_empty() {
        facts.push(Fact::new("workers", "0", "no pool was used"));
        return facts;
    }
    facts.extend(idling::figures(report));
    facts.push(Fact::measured("busy", &report.activity.busy_cores, |cores| {
        (format!("{cores:.2}"), "cores on average".to_owned())
    }));
    facts.extend(report.decompositions.iter().filter_map(|whole| join_cost(whole.value()?)));
    facts.extend(report.join_check.as_ref().map(join_check));
    facts.extend(report.work_spans.iter().filter_map(|measured| parallelism(measured.value()?)));
    facts.extend(kernel::figures(&report.kernel));
    facts.push(own_share(report));
    facts
}

/// What one join took, and how that is known; `None` where there was none.
fn join_cost(whole: &Decomposition) -> Option<Fact> {
    let JoinCost { picos: cost, low, high, source } = *whole.join_cost.value()?;
    whole.part(Component::Runtime)?;
    let how = match source {
        JoinCostSource::Elision { pairs } => {
            let (low, high) = (picos(low), picos(high));
            format!(
                "of rayon's work each, by {} with and without; 95 %: {low} – {high}",
                counted(pairs, "pair")
            )
        }
        JoinCostSource::Calibrated => {
            "of rayon's work each, as empty ones take in a pool of one worker".to_owned()
        }
    };
    Some(Fact::new("join cost", picos(cost), how))
}

/// The same by another way.
fn join_check(check: &JoinCostCheck) -> Fact {
    let JoinCostCheck { one_worker_ps, beyond_serial_ps, low_ps, high_ps } = *check;
    let [low, high] = [low_ps, high_ps].map(signed_picos);
    let doubt = if check.agrees() { "" } else { "; these contradict each other" };
    let remark = format!(
        "of rayon's work each in a pool of one worker, where the code takes {} a join longer than \
         serially ({low} – {high}){doubt}",
        signed_picos(beyond_serial_ps)
    );
    Fact::new("beside that", picos(one_worker_ps), remark)
}

/// How many workers could be kept busy.
fn parallelism(found: &WorkSpan) -> Option<Fact> {
    let parallelism = found.parallelism()?;
    // Joins that were only counted are taken as serial: there is as much, and more.
    let least = if found.untimed_joins > 0 { "≥ " } else { "" };
    let burdened = match (found.burdened_parallelism(), &found.burden) {
        (Some(burdened), Measured::Is(burden)) => {
            let each = burden.total();
            format!("; burdened with {each} a migration: {least}{}", mean(burdened))
        }
        _ => String::new(),
    };
    let remark = format!("work {} by span {}{burdened}", found.work, found.span);
    Some(Fact::new("parallelism", format!("{least}{}", mean(parallelism)), remark))
}

fn median(run: &RunFigures) -> Option<Fact> {
    let wall = run.wall?;
    let spread = range(wall.shortest, wall.longest);
    let spread = match wall.repetitions {
        1 => "one repetition".to_owned(),
        repetitions => format!("{spread} over {repetitions} repetitions"),
    };
    let remark = match run.recorded_wall().filter(|_| wall.repetitions > 1) {
        Some(recorded) => {
            let which = ordinal(u64::from(run.recorded) + 1);
            format!("{spread}; what follows is of the {which}, {recorded}")
        }
        None => spread,
    };
    Some(Fact::new("median", wall.median.to_string(), remark))
}

fn window(report: &Report) -> Fact {
    let length = report.window.span.duration().to_string();
    let ends = match report.window.ends {
        WindowEnds::Regions => "from the first region's start to the last one's end",
        WindowEnds::Events => "from the first event's start to the last one's end",
        WindowEnds::Recording => "the whole recording, as it holds no event",
    };
    Fact::new("window", length, ends)
}

fn tasks(counts: &Counts) -> (String, String) {
    let parts = [
        (counts.spawns > 0).then(|| format!("{} spawned", thousands(counts.spawns))),
        Some(format!("{} injected from outside the pool", thousands(counts.injected))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (thousands(counts.tasks), parts.join(", "))
}

fn steals(steals: &Steals) -> Fact {
    Fact::measured("steals", &steals.exact, |&exact| {
        let more = steals.migrated.value().filter(|&&migrated| migrated > 0);
        let remark = match more {
            Some(&migrated) => {
                format!("exact; ≤ {} more from collapsed joins", thousands(migrated))
            }
            None => "exact".to_owned(),
        };
        (thousands(exact), remark)
    })
}

fn latency(latency: &Latency) -> (String, String) {
    let Latency { count, median, p90, max } = latency;
    let of = counted(*count, "steal");
    (median.to_string(), format!("from push to start, median of {of}; p90 {p90}, max {max}"))
}

fn own_share(report: &Report) -> Fact {
    let cost = &report.own_cost;
    match (&cost.share, cost.total.value()) {
        (Measured::Is(share), Some(total)) => {
            let core_time = report.activity.core_time;
            let remark = format!("{total} of the workers' {core_time}: {}", spelled_out(cost));
            Fact::new("own share", percent(*share), remark)
        }
        (share, _) => Fact::measured("own share", share, |&share| (percent(share), String::new())),
    }
}

/// The counts times the costs; what there is none of is left out.
fn spelled_out(cost: &OwnCost) -> String {
    let products = [
        (&cost.counted_joins, "counted join", cost.costs.counted_join_ps),
        (&cost.timed_joins, "timed join", cost.costs.timed_join_ps),
        (&cost.timed_tasks, "timed task", cost.costs.task_ps),
        (&cost.timed_splits, "timed split", cost.costs.timed_split_ps),
        (&cost.timed_leaves, "timed leaf", cost.costs.timed_leaf_ps),
        (&cost.counted_leaves, "counted leaf", cost.costs.counted_leaf_ps),
        (&cost.readings, "counter reading", cost.costs.reading_ps),
    ];
    let products = products.into_iter().filter_map(|(count, noun, cost)| {
        let &count = count.value().filter(|&&count| count > 0)?;
        Some(format!("{} × {}", counted(count, noun), picos(cost)))
    });
    let sum = products.collect::<Vec<_>>().join(" + ");
    if sum.is_empty() { "nothing was recorded".to_owned() } else { sum }
}

/// Who stole from whom, and how all of it was recorded.
fn circumstances(report: &Report) -> Vec<Fact> {
    let mut facts: Vec<Fact> = thefts(report).into_iter().collect();
    let error = format!("times are within {} of the OS clock", report.clock.error);
    facts.push(match &report.clock.source {
        ClockSource::Tsc => {
            let hertz = report.clock.ticks_per_second as f64 / 1e9;
            Fact::new("clock", "", format!("TSC at {hertz:.3} GHz; {error}"))
        }
        ClockSource::Os { reason } => {
            Fact::new("clock", "", format!("the OS's, as {reason}; {error}"))
        }
    });
    let machine = &report.machine;
    let cpus = match &machine.cpus {
        Measured::Is(cpus) => counted(u64::from(*cpus), "CPU"),
        Measured::Not(reason) => format!("CPUs not counted ({reason})"),
    };
    let cpu = match &machine.cpu {
        Measured::Is(cpu) => cpu.clone(),
        Measured::Not(reason) => format!("processor unknown ({reason})"),
    };
    facts.push(Fact::new("machine", "", format!("{cpu}, {cpus}, {}", machine.os)));
    facts.extend(kernel::circumstances(report));
    let detail = format!("rayprism {}, detail `{}`", report.rayprism, report.detail.name());
    facts.push(Fact::new("recorded", "", detail));
    facts
}

fn thefts(report: &Report) -> Option<Fact> {
    let mut matrix = report.steals.matrix.clone();
    matrix.sort_by_key(|theft| (std::cmp::Reverse(theft.count), theft.thief, theft.victim));
    let name = |theft: &Theft| {
        let (thief, victim) = (worker(report, theft.thief), worker(report, theft.victim));
        format!("worker {thief} from {victim}: {}", thousands(theft.count))
    };
    let mut parts: Vec<String> = matrix.iter().take(NAMED_THEFTS).map(name).collect();
    let others: u64 = matrix.iter().skip(NAMED_THEFTS).map(|theft| theft.count).sum();
    if others > 0 {
        parts.push(format!("other pairs: {}", thousands(others)));
    }
    if let Some(unknown) = report.steals.without_victim().filter(|&unknown| unknown > 0) {
        parts.push(format!("victim not recorded: {}", thousands(unknown)));
    }
    (!parts.is_empty()).then(|| Fact::new("stolen by", "", parts.join(", ")))
}

/// A worker's index, with its pool's number where there are several pools.
fn worker(report: &Report, lane: LaneId) -> String {
    let pools = &report.activity.pools;
    for pool in pools {
        if let Some(worker) = pool.workers.iter().find(|worker| worker.lane == lane) {
            return match pools.len() {
                1 => worker.index.to_string(),
                _ => format!("{}/{}", pool.pool.0, worker.index),
            };
        }
    }
    format!("lane {}", lane.0)
}
