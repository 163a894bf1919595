//! Threads in no pool: a table, what they mostly did, and what is not seen.

use std::io::{self, Write};

use super::style::{Paint, Style, wrap};
use super::table::{Column, Table};
use super::units::{counted, or_none, percent, ratio, reason, thousands};
use crate::analysis::outside::ActiveParts;
use crate::analysis::{Mostly, OutsideSum, OutsideThread};
use crate::model::{Measured, Nanos};
use crate::report::Report;

/// Nothing where there are none.
pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(sum) = &report.outside_sum else { return Ok(()) };
    writeln!(out)?;
    table(&report.outside).write(style, out)?;
    write_mostly(sum, style, out)?;
    for note in notes(&report.outside, sum) {
        for line in wrap(&note, style.width.saturating_sub(2)) {
            writeln!(out, "  {}", style.paint(Paint::Label, &line))?;
        }
    }
    Ok(())
}

/// CPU time is of the whole recording, and only of use where it is not told apart when it was.
fn table(threads: &[OutsideThread]) -> Table {
    let cells = |cell: &dyn Fn(&OutsideThread) -> String| threads.iter().map(cell).collect();
    let part = |of: fn(&ActiveParts) -> Nanos| {
        cells(&move |thread| or_none(&thread.parts, |parts| of(parts).to_string()))
    };
    let name = |thread: &OutsideThread| match &thread.name {
        Some(name) => name.clone(),
        None => format!("lane {}", thread.lane.0),
    };
    let mut table = Table::new(vec![
        Column::text("thread", cells(&name)),
        Column::figures("active", cells(&|thread| thread.active.to_string())),
        Column::figures("stretches", cells(&|thread| thousands(thread.stretches))),
    ]);
    if threads.iter().any(|thread| thread.parts.value().is_some()) {
        table.push(Column::figures("on CPU", part(|parts| parts.on_cpu)));
        table.push(Column::figures("preempted", part(|parts| parts.preempted)));
        table.push(Column::figures("blocked", part(|parts| parts.blocked)));
    }
    if threads.iter().any(|thread| thread.parts.value().is_none()) {
        let cpu = |thread: &OutsideThread| or_none(&thread.cpu, Nanos::to_string);
        table.push(Column::figures("CPU time", cells(&cpu)));
    }
    table
}

/// As a verdict is written; nothing where it is not known.
fn write_mostly(sum: &OutsideSum, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Measured::Is(mostly) = &sum.mostly else { return Ok(()) };
    let name = mostly_in_short(*mostly);
    let indent = 16;
    let lines = wrap(&told(sum, *mostly), style.width.saturating_sub(indent));
    let text = lines.join(&format!("\n{}", " ".repeat(indent)));
    writeln!(out)?;
    writeln!(
        out,
        "  {}{}{text}",
        style.paint(Paint::Title, name),
        " ".repeat(indent - 2 - name.len())
    )
}

/// What threads in no pool mostly did, in a word or two.
pub(super) fn mostly_in_short(mostly: Mostly) -> &'static str {
    match mostly {
        Mostly::MoreWork => "more work",
        Mostly::OffCpu => "off the CPU",
        Mostly::Parked | Mostly::Blocked | Mostly::Preempted | Mostly::Work => mostly.name(),
    }
}

fn told(sum: &OutsideSum, mostly: Mostly) -> String {
    let threads = counted(sum.threads as u64, "thread");
    let share = |part: fn(&ActiveParts) -> Nanos| {
        let part = sum.parts.value().map(|parts| part(parts).0 as f64 / sum.active.0.max(1) as f64);
        part.map_or_else(String::new, percent)
    };
    let beside = || match (sum.times(), &sum.on_cpu, &sum.serial) {
        (Some(times), Measured::Is(on_cpu), Measured::Is(serial)) => format!(
            "on a CPU for {on_cpu} together, {} what the serial code is ({serial})",
            ratio(times)
        ),
        _ => String::new(),
    };
    match mostly {
        Mostly::Parked => format!(
            "{threads} were active for {} together: what was waited for kept none of them",
            sum.active
        ),
        Mostly::Blocked => format!(
            "off the CPU of their own will for {} of the time in which {threads} were active: each \
             was kept by what it waited for",
            share(|parts| parts.blocked)
        ),
        Mostly::Preempted => format!(
            "without a CPU, though they could run, for {} of the time in which {threads} were active",
            share(|parts| parts.preempted)
        ),
        Mostly::OffCpu => format!(
            "on a CPU for {} only while {threads} were active for {}: the rest they waited, for \
             something or for a CPU",
            or_none(&sum.on_cpu, Nanos::to_string),
            sum.active
        ),
        Mostly::MoreWork => format!(
            "{}: what their tasks do, or managing them, is the cost, not waiting for them",
            beside()
        ),
        Mostly::Work => beside(),
    }
}

fn notes(threads: &[OutsideThread], sum: &OutsideSum) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    let mut not = |what: &str, why: &str| {
        let note = format!("{what}: not measured ({why})");
        if !reasons.contains(&note) {
            reasons.push(note);
        }
    };
    for thread in threads {
        if let Some(why) = reason(&thread.parts) {
            not("on a CPU, preempted or blocked", why);
            reason(&thread.cpu).into_iter().for_each(|why| not("CPU time", why));
        }
    }
    if let Some(why) = reason(&sum.mostly) {
        not("what they mostly did", why);
    }
    let meaning = "active: in regions of their own, or awake as their runtime says; which of its \
                   tasks ran then, what was queued, and what they waited for is not visible to \
                   public hooks";
    reasons.push(meaning.to_owned());
    reasons
}
