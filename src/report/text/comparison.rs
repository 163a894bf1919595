//! Several reports side by side, one row each.

use std::io::{self, Write};

use super::section::{title, warnings, write_warnings};
use super::style::{Paint, Style, fill};
use super::table::{Column, Table};
use super::units::{NONE, or_none, percent, range, ratio, thousands};
use crate::model::{Counts, Parameter};
use crate::report::{Report, RunFigures};

/// Writes a table of reports, in their order; nothing if there are none.
///
/// # Errors
///
/// Those of `out`.
pub fn write_comparison(reports: &[Report], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let style = *style;
    let Some(first) = reports.first() else { return Ok(()) };
    write_heading(first, reports, style, out)?;
    write_warnings(&doubts(reports), style, out)?;
    writeln!(out)?;
    table(reports).write(style, out)
}

fn write_heading(
    first: &Report,
    reports: &[Report],
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(workload) = common_workload(first, reports) else { return Ok(()) };
    let parameters = common_parameters(first, reports);
    let named: Vec<String> = parameters.iter().map(|p| format!("{} {}", p.name, p.value)).collect();
    let parts = [workload, &named.join(", ")];
    let lines = fill(parts.into_iter().filter(|part| !part.is_empty()), "   ", style.width);
    let rest = lines.join("\n  ");
    let rest = rest.strip_prefix(workload).map_or("", |rest| rest);
    writeln!(out, "{}{rest}", style.paint(Paint::Title, workload))
}

fn common_workload<'r>(first: &'r Report, reports: &[Report]) -> Option<&'r str> {
    let workload = first.run.as_ref().map(|run| run.workload.as_str())?;
    let same = |report: &Report| report.run.as_ref().is_some_and(|run| run.workload == workload);
    reports.iter().all(same).then_some(workload)
}

fn common_parameters<'r>(first: &'r Report, reports: &[Report]) -> Vec<&'r Parameter> {
    let has = |report: &Report, parameter| {
        report.run.as_ref().is_some_and(|run| run.parameters.contains(parameter))
    };
    let parameters = first.run.iter().flat_map(|run| &run.parameters);
    parameters.filter(|p| reports.iter().all(|report| has(report, p))).collect()
}

/// Every report's warnings; those of one alone begin with its name.
fn doubts(reports: &[Report]) -> Vec<String> {
    let each: Vec<Vec<String>> = reports.iter().map(warnings).collect();
    let mut doubts: Vec<String> = Vec::new();
    for (name, own) in names(reports).iter().zip(&each) {
        for warning in own {
            let general = each.iter().all(|others| others.contains(warning));
            let text = if general { warning.clone() } else { format!("{name}: {warning}") };
            if !doubts.contains(&text) {
                doubts.push(text);
            }
        }
    }
    doubts
}

fn table(reports: &[Report]) -> Table {
    let cells = |cell: fn(&Report) -> String| reports.iter().map(cell).collect::<Vec<_>>();
    let baseline = common_baseline(reports);
    let title = baseline.map_or_else(|| "× of baseline".to_owned(), |name| format!("× of {name}"));
    let speed_ups = reports.iter().map(|report| speed_up(report, baseline)).collect();
    Table::new(vec![
        Column::text("variant", names(reports)),
        Column::figures("workers", cells(threads)),
        Column::figures("median", cells(median)),
        Column::figures("spread", cells(spread)),
        Column::figures(&title, speed_ups),
        Column::figures("joins", cells(|report| count(report, |counts| counts.joins))),
        Column::figures("tasks", cells(|report| count(report, |counts| counts.tasks))),
        Column::figures("steals", cells(steals)),
        Column::figures("busy cores", cells(busy_cores)),
        Column::figures("own share", cells(own_share)),
    ])
}

fn common_baseline(reports: &[Report]) -> Option<&str> {
    let mut names =
        reports.iter().filter_map(|report| Some(&run(report)?.baseline.as_ref()?.variant));
    let first = names.next()?;
    names.all(|name| name == first).then_some(first)
}

fn run(report: &Report) -> Option<&RunFigures> {
    report.run.as_ref()
}

/// The variants, where the heading names the workload; else the titles.
fn names(reports: &[Report]) -> Vec<String> {
    let workload = reports.first().and_then(|first| common_workload(first, reports));
    let name = |report: &Report| match run(report).filter(|_| workload.is_some()) {
        Some(run) => run.variant.clone(),
        None => title(report),
    };
    reports.iter().map(name).collect()
}

fn threads(report: &Report) -> String {
    run(report).map_or_else(|| NONE.to_owned(), |run| run.threads.to_string())
}

/// Of the repetitions, or the one recording's window.
fn median(report: &Report) -> String {
    let wall = run(report).and_then(|run| run.wall).map(|wall| wall.median);
    wall.map_or_else(|| report.window.span.duration().to_string(), |wall| wall.to_string())
}

fn spread(report: &Report) -> String {
    let wall = run(report).and_then(|run| run.wall);
    wall.map_or_else(|| NONE.to_owned(), |wall| range(wall.shortest, wall.longest))
}

/// The baseline's own row has no baseline, and is 1.00 times itself.
fn speed_up(report: &Report, baseline: Option<&str>) -> String {
    let is_baseline = run(report).is_some_and(|run| Some(run.variant.as_str()) == baseline);
    let own = run(report).and_then(|run| run.baseline.as_ref()?.speed_up);
    own.or(is_baseline.then_some(1.0)).map_or_else(|| NONE.to_owned(), ratio)
}

fn count(report: &Report, part: fn(&Counts) -> u64) -> String {
    or_none(&report.counts, |counts| thousands(part(counts)))
}

fn steals(report: &Report) -> String {
    or_none(&report.counts, |counts| match counts.migrated {
        0 => thousands(counts.steals),
        more => format!("{} (≤ {})", thousands(counts.steals), thousands(counts.steals + more)),
    })
}

fn busy_cores(report: &Report) -> String {
    or_none(&report.activity.busy_cores, |cores| format!("{cores:.2}"))
}

fn own_share(report: &Report) -> String {
    or_none(&report.own_cost.share, |&share| percent(share))
}
