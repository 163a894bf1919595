//! Many workloads in one table, and below it what could not be had.

use std::io::{self, Write};

use super::decomposition::verdict_in_short;
use super::outside::mostly_in_short;
use super::section::write_warnings;
use super::style::{Paint, Style, wrap};
use super::table::{Column, Table};
use super::units::{NONE, counted, fine_ratio};
use crate::model::Measured;
use crate::report::overview::{Overview, Row, Variant};

/// Writes the table.
///
/// # Errors
///
/// Those of `out`.
pub fn write_overview(overview: &Overview, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let style = *style;
    let workloads = groups(overview);
    let measured = counted(workloads.len() as u64, "workload");
    let title = style.paint(Paint::Title, &measured);
    writeln!(
        out,
        "{title}   {} of each variant",
        counted(overview.repetitions as u64, "repetition")
    )?;
    let debug = "the program was built with debug assertions, which make most code slow; measure a \
                 release build";
    let debug = overview.debug_assertions.then(|| debug.to_owned());
    write_warnings(&debug.into_iter().collect::<Vec<_>>(), style, out)?;
    writeln!(out)?;
    table(&workloads).write(style, out)?;
    write_notes(overview, style, out)
}

/// Rows by workload, in their order.
fn groups(overview: &Overview) -> Vec<(&str, Vec<&Row>)> {
    let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
    for row in &overview.rows {
        match groups.last_mut().filter(|(name, _)| *name == row.workload) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((&row.workload, vec![row])),
        }
    }
    groups
}

/// A line for the workload, and one for each of its variants.
fn table(workloads: &[(&str, Vec<&Row>)]) -> Table {
    let mut lines: Vec<[String; 5]> = Vec::new();
    for (name, rows) in workloads {
        let missing = rows.iter().any(|row| row.variant.value().is_none());
        let verdict = if missing { "not measured, see below" } else { "" };
        lines.push([*name, "", "", verdict, ""].map(str::to_owned));
        lines.extend(rows.iter().filter_map(|row| Some(line(row.variant.value()?))));
    }
    let cells = |at: usize| lines.iter().map(|line| line[at].clone()).collect::<Vec<_>>();
    Table::new(vec![
        Column::text("workload", cells(0)),
        Column::figures("workers", cells(1)),
        Column::figures("× of first", cells(2)),
        Column::text("verdict", cells(3)),
        Column::text("top finding", cells(4)),
    ])
}

fn line(variant: &Variant) -> [String; 5] {
    let verdict = match (&variant.verdict, variant.threads_mostly) {
        (Measured::Is(verdict), _) => verdict_in_short(*verdict),
        (Measured::Not(_), Some(mostly)) => format!("(threads: {})", mostly_in_short(mostly)),
        (Measured::Not(_), None) => NONE.to_owned(),
    };
    [
        format!("  {}", variant.name),
        variant.threads.to_string(),
        variant.speed_up.map_or_else(|| NONE.to_owned(), fine_ratio),
        verdict,
        variant.finding.as_ref().map_or_else(String::new, |finding| finding.id.to_owned()),
    ]
}

/// Why there are no figures or no verdicts, each reason once.
fn write_notes(overview: &Overview, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for row in &overview.rows {
        let (reason, whose) = match &row.variant {
            Measured::Not(reason) => (reason, row.workload.clone()),
            Measured::Is(Variant { name, verdict: Measured::Not(reason), .. }) => {
                (reason, format!("{} {name}", row.workload))
            }
            Measured::Is(_) => continue,
        };
        match reasons.iter_mut().find(|(other, _)| other == reason) {
            Some((_, all)) => all.push(whose),
            None => reasons.push((reason, vec![whose])),
        }
    }
    for (reason, whose) in reasons {
        // Code that runs alone has no pool, which is no news.
        if reason == crate::report::NO_POOL {
            continue;
        }
        let note = format!("{}: not measured ({reason})", whose.join(", "));
        for line in wrap(&note, style.width.saturating_sub(2)) {
            writeln!(out, "  {}", style.paint(Paint::Label, &line))?;
        }
    }
    Ok(())
}
