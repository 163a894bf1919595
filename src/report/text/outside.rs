//! Threads in no pool: a table, what they took together beside the serial code, and what is not seen.

use std::io::{self, Write};

use super::style::{Paint, Style, wrap};
use super::table::{Column, Table};
use super::units::{or_none, ratio, reason, thousands};
use crate::analysis::OutsideThread;
use crate::model::Nanos;
use crate::report::Report;

/// Nothing where there are none.
pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let threads = &report.outside;
    if threads.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    table(threads).write(style, out)?;
    for note in notes(report) {
        for line in wrap(&note, style.width.saturating_sub(2)) {
            writeln!(out, "  {}", style.paint(Paint::Label, &line))?;
        }
    }
    Ok(())
}

fn table(threads: &[OutsideThread]) -> Table {
    let cells = |cell: &dyn Fn(&OutsideThread) -> String| threads.iter().map(cell).collect();
    let name = |thread: &OutsideThread| match &thread.name {
        Some(name) => name.clone(),
        None => format!("lane {}", thread.lane.0),
    };
    Table::new(vec![
        Column::text("thread", cells(&name)),
        Column::figures("active", cells(&|thread| thread.active.to_string())),
        Column::figures("stretches", cells(&|thread| thousands(thread.stretches))),
        Column::figures("CPU time", cells(&|thread| or_none(&thread.cpu, Nanos::to_string))),
    ])
}

fn notes(report: &Report) -> Vec<String> {
    let threads = &report.outside;
    let cpu: Option<Nanos> = threads.iter().map(|thread| thread.cpu.value().copied()).sum();
    let (time, how) = match cpu {
        Some(cpu) => (cpu, "on a CPU"),
        None => (threads.iter().map(|thread| thread.active).sum(), "active"),
    };
    let serial = report.run.as_ref().and_then(|run| run.baseline.as_ref()?.wall);
    let beside = serial.filter(|serial| serial.median > Nanos::ZERO).map(|serial| {
        let times = ratio(time.0 as f64 / serial.median.0 as f64);
        format!("{how} for {time} together, {times} what the serial code takes ({})", serial.median)
    });
    let mut reasons: Vec<&str> = threads.iter().filter_map(|thread| reason(&thread.cpu)).collect();
    reasons.dedup();
    let unmeasured = reasons.into_iter().map(|why| format!("CPU time: not measured ({why})"));
    let meaning = "active: in regions of their own, or awake as their runtime says, on a CPU or not; \
                   which of its tasks ran then, what was queued, and what they waited for is not \
                   visible to public hooks";
    beside.into_iter().chain(unmeasured).chain([meaning.to_owned()]).collect()
}
