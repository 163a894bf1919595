//! The findings: what each is, what to try, and where it was seen.

use std::io::{self, Write};

use super::style::{Paint, Style, columns, padding, wrap};
use super::units::percent;
use crate::finding::Finding;
use crate::model::short_location;

/// Findings that are shown; the JSON report has all.
const SHOWN: usize = 5;
/// Call sites and workers that are named of each.
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
        writeln!(out, "{}{id}{}", " ".repeat(INDENT), loss.as_deref().unwrap_or_default())?;
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

/// Where it was seen: call sites, else workers.
fn seen(finding: &Finding) -> Option<String> {
    let places = finding.evidence.iter().filter_map(|evidence| {
        let at = match (&evidence.site, evidence.worker) {
            (Some(site), _) => format!("at {}", short_location(site)),
            (None, Some(worker)) => format!("on worker {worker}"),
            (None, None) => return None,
        };
        let what = &evidence.what;
        Some(if columns(what) == 0 { at } else { format!("{what} {at}") })
    });
    let places: Vec<String> = places.take(NAMED).collect();
    (!places.is_empty()).then(|| places.join("; "))
}
