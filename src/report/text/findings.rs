//! The findings: what each is, what to try, and where it was seen.

use std::io::{self, Write};

use super::style::{Paint, Style, padding, wrap};
use super::units::{mean, percent, ratio};
use crate::finding::{Evidence, Finding, Quantity, Unit};
use crate::model::{Nanos, short_location};

/// Findings that are shown; the JSON report has all.
const SHOWN: usize = 5;
/// Figures that are shown of each.
const NAMED: usize = 3;
const INDENT: usize = 2;
const LABELS: usize = 9;

/// Writes the findings, each with a blank line before it.
pub(super) fn write(findings: &[Finding], style: Style, out: &mut dyn Write) -> io::Result<()> {
    for finding in findings.iter().take(SHOWN) {
        writeln!(out)?;
        let loss =
            finding.loss.map(|loss| format!("   {:.2} cores, {}", loss.cores, percent(loss.share)));
        let id = style.paint(Paint::Title, finding.id);
        writeln!(out, "{}{id}{}", " ".repeat(INDENT), loss.as_deref().map_or("", |loss| loss))?;
        write_line("", &finding.what, style, out)?;
        write_line("try", &finding.next, style, out)?;
        if let Some(seen) = seen(finding) {
            write_line("seen", &seen, style, out)?;
        }
        write_line("unless", finding.wrong_if, style, out)?;
    }
    let more = findings.len().saturating_sub(SHOWN);
    if more > 0 {
        writeln!(out)?;
        let note = format!("  {more} more: the JSON report has all");
        writeln!(out, "{}", style.paint(Paint::Label, &note))?;
    }
    Ok(())
}

fn write_line(label: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let start = INDENT + INDENT + LABELS;
    let lines = wrap(text, style.width.saturating_sub(start));
    let text = lines.join(&format!("\n{}", " ".repeat(start)));
    let padding = padding(label, LABELS);
    let label = style.paint(Paint::Label, label);
    writeln!(out, "{}{label}{padding}{text}", " ".repeat(INDENT + INDENT))
}

/// What was seen, and where: the place once, if it is the same for all.
fn seen(finding: &Finding) -> Option<String> {
    let evidence: Vec<&Evidence> = finding.evidence.iter().take(NAMED).collect();
    let places: Vec<Option<String>> = evidence.iter().map(|evidence| place(evidence)).collect();
    let one =
        places.first()?.clone().filter(|first| places.iter().all(|p| p.as_ref() == Some(first)));
    let parts = evidence.iter().zip(&places).map(|(evidence, place)| {
        let value = evidence.value.map(|value| format!(" {}", quantity(value)));
        let place = place.as_ref().filter(|_| one.is_none()).map(|place| format!(" {place}"));
        let value = value.as_deref().map_or("", |value| value);
        format!("{}{value}{}", evidence.what, place.as_deref().map_or("", |place| place))
    });
    let parts = parts.collect::<Vec<_>>().join("; ");
    Some(one.map_or(parts.clone(), |place| format!("{place}: {parts}")))
}

fn place(evidence: &Evidence) -> Option<String> {
    match (&evidence.site, evidence.worker) {
        (Some(site), _) => Some(format!("at {}", short_location(site))),
        (None, Some(worker)) => Some(format!("on worker {worker}")),
        (None, None) => None,
    }
}

fn quantity(Quantity { value, unit }: Quantity) -> String {
    match unit {
        Unit::Share => percent(value),
        Unit::Nanos if value < 9.95 => format!("{value:.1} ns"),
        Unit::Nanos => Nanos(value.round() as u64).to_string(),
        Unit::Times => ratio(value),
        Unit::PerThousandInstructions => format!("{value:.1} per 1000 instructions"),
        Unit::CyclesPerInstruction => format!("{value:.2} cycles per instruction"),
        Unit::Tasks | Unit::Workers | Unit::Calls | Unit::Items => mean(value),
    }
}
