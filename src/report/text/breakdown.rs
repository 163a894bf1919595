//! The decomposition in rows: by operation, region, span, call site or worker.

use std::io::{self, Write};

use super::style::{Paint, Style, elide, wrap};
use super::table::{Column, Table};
use super::units::{NONE, counted, thousands};
use crate::analysis::{Breakdown, BreakdownRow, By, Component, CoreTime};
use crate::model::Measured;

/// Rows that are shown; the JSON report has all.
const SHOWN: usize = 30;
const WIDEST_NAME: usize = 44;

/// Writes a table for each pool, with a blank line before it.
pub(super) fn write(breakdown: &Breakdown, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for pool in &breakdown.pools {
        writeln!(out)?;
        match pool {
            Measured::Is(rows) if rows.iter().any(|row| row.name.is_some()) => {
                table(breakdown.by, &rows[..rows.len().min(SHOWN)]).write(style, out)?;
                let more = rows.len().saturating_sub(SHOWN) as u64;
                if more > 0 {
                    let more = counted(more, "row");
                    write_note(&format!("{more} not shown; the JSON report has all"), style, out)?;
                }
            }
            Measured::Is(_) => {
                let how = match breakdown.by {
                    By::Phase => "; put rayprism::layer() into the program's tracing subscriber",
                    _ => "",
                };
                write_note(&format!("no {} was recorded{how}", noun(breakdown.by)), style, out)?
            }
            Measured::Not(reason) => {
                let note = format!("by {}: not measured ({reason})", noun(breakdown.by));
                write_note(&note, style, out)?;
            }
        }
    }
    Ok(())
}

fn write_note(note: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for line in wrap(note, style.width.saturating_sub(2)) {
        writeln!(out, "  {}", style.paint(Paint::Label, &line))?;
    }
    Ok(())
}

fn noun(by: By) -> &'static str {
    match by {
        By::Operation => "operation",
        By::Region => "region",
        By::Phase => "span",
        By::Site => "call site",
        By::Worker => "worker",
    }
}

fn table(by: By, rows: &[BreakdownRow]) -> Table {
    let cells = |cell: &dyn Fn(&BreakdownRow) -> String| rows.iter().map(cell).collect::<Vec<_>>();
    let mut table = Table::new(vec![Column::text(noun(by), cells(&|row| name(by, row)))]);
    if rows.iter().any(|row| row.calls.is_some()) {
        let calls = |row: &BreakdownRow| row.calls.map_or_else(|| NONE.to_owned(), thousands);
        table.push(Column::figures("calls", cells(&calls)));
    }
    if rows.iter().any(|row| row.time.is_some()) && by != By::Worker {
        let time = |row: &BreakdownRow| row.time.map_or_else(String::new, |time| time.to_string());
        table.push(Column::figures("time", cells(&time)));
    }
    for &component in Component::ALL {
        if component != Component::Unattributed && rows.iter().any(|row| has(row, component)) {
            let cell = |row: &BreakdownRow| of(row, component);
            table.push(Column::figures(component.name(), cells(&cell)));
        }
    }
    if rows.iter().any(|row| row.idle.is_some()) && by == By::Worker {
        let idle = |row: &BreakdownRow| row.idle.map_or_else(String::new, |idle| idle.to_string());
        table.push(Column::figures("without a job", cells(&idle)));
    }
    table
}

fn name(by: By, row: &BreakdownRow) -> String {
    match (&row.name, by) {
        (Some(name), _) => elide(name, WIDEST_NAME),
        (None, By::Operation | By::Region) => "between them".to_owned(),
        (None, By::Phase | By::Site | By::Worker) => "elsewhere".to_owned(),
    }
}

fn has(row: &BreakdownRow, wanted: Component) -> bool {
    row.parts.iter().any(|(component, _)| *component == wanted)
}

fn of(row: &BreakdownRow, wanted: Component) -> String {
    let part = row.parts.iter().find(|(component, _)| *component == wanted);
    part.map_or_else(|| NONE.to_owned(), |(_, time): &(Component, CoreTime)| time.to_string())
}
