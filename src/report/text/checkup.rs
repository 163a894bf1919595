//! A machine's checkup: a line for each check, and below it what it costs and what helps.

use std::io::{self, Write};

use super::style::{Paint, Style, columns, padding, wrap};
use crate::model::Measured;
use crate::report::checkup::{Area, Check, Checkup, Verdict};

const INDENT: usize = 2;
const GAP: usize = 3;

/// Writes a checkup.
///
/// # Errors
///
/// Those of `out`.
pub fn write_checkup(checkup: &Checkup, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let style = *style;
    let kernel = match &checkup.host.kernel {
        Measured::Is(release) => format!("   kernel {release}"),
        Measured::Not(_) => String::new(),
    };
    let title = style.paint(Paint::Title, &checkup.host.os);
    writeln!(out, "{title}{kernel}")?;
    let lines = lines(&checkup.checks);
    let labels = lines.iter().map(|line| columns(line.label)).max();
    let Some(labels) = labels else { return Ok(()) };
    let mut area = None;
    for line in &lines {
        if area != Some(line.area) {
            area = Some(line.area);
            writeln!(out, "\n{}", style.paint(Paint::Title, heading(line.area)))?;
        }
        write_line(line, labels, style, out)?;
    }
    writeln!(out)?;
    write_conclusion(&lines, style, out)
}

/// A check as shown; counters that are alike in everything share a line.
struct Line<'c> {
    area: Area,
    verdict: Verdict,
    label: &'c str,
    names: Vec<&'c str>,
    found: &'c str,
    costs: Vec<&'c str>,
    remedy: Option<&'c str>,
}

fn lines(checks: &[Check]) -> Vec<Line<'_>> {
    let mut lines: Vec<Line> = Vec::new();
    for check in checks {
        let line = line(check);
        match lines.iter_mut().find(|other| other.takes_in(&line)) {
            Some(other) => {
                other.names.extend(line.names);
                let is_new = |cost: &&str| !other.costs.contains(cost);
                let costs: Vec<_> = line.costs.into_iter().filter(is_new).collect();
                other.costs.extend(costs);
            }
            None => lines.push(line),
        }
    }
    // What can be counted first; all else has its place.
    lines.sort_by_key(|line| (line.area, (line.area == Area::Counters).then_some(line.verdict)));
    lines
}

fn line(check: &Check) -> Line<'_> {
    // `unavailable: for a reason` of a counter is a label and the reason.
    let (label, found) = match check.area {
        Area::Counters => {
            let end = check.found.find([':', ' ']).unwrap_or(check.found.len());
            let (label, rest) = check.found.split_at(end);
            (label, rest.trim_start_matches(':').trim())
        }
        _ => (check.id, check.found.as_str()),
    };
    let names = if check.area == Area::Counters { vec![check.id] } else { Vec::new() };
    Line {
        area: check.area,
        verdict: check.verdict,
        label,
        names,
        found,
        costs: check.cost.iter().map(String::as_str).collect(),
        remedy: check.remedy.as_deref(),
    }
}

impl Line<'_> {
    fn takes_in(&self, other: &Line) -> bool {
        let key = |line: &Line| {
            (
                line.verdict,
                line.label.to_owned(),
                line.found.to_owned(),
                line.remedy.map(str::to_owned),
            )
        };
        self.area == Area::Counters && self.area == other.area && key(self) == key(other)
    }

    /// What stands beside the label, and what below it.
    fn texts(&self) -> (String, Option<&str>) {
        if self.names.is_empty() {
            return (self.found.to_owned(), None);
        }
        (self.names.join(", "), Some(self.found).filter(|found| !found.is_empty()))
    }
}

fn write_line(line: &Line, labels: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let verdict = word(line.verdict);
    let paint = if line.verdict == Verdict::Limits { Paint::Warning } else { Paint::Plain };
    let verdict = style.paint(paint, verdict) + &padding(verdict, columns(word(Verdict::Limits)));
    let label = style.paint(Paint::Label, line.label) + &padding(line.label, labels);
    let start = INDENT + columns(word(Verdict::Limits)) + GAP + labels + GAP;
    let (text, more) = line.texts();
    let first = hanging(&text, start, style);
    let indent = margin(INDENT);
    let gap = margin(GAP);
    writeln!(out, "{}", format!("{indent}{verdict}{gap}{label}{gap}{first}").trim_end())?;
    if let Some(more) = more {
        writeln!(out, "{}{}", margin(start), hanging(more, start, style))?;
    }
    let costs = (!line.costs.is_empty()).then(|| line.costs.join("; "));
    write_below("cost", costs.as_deref(), start, style, out)?;
    write_below("remedy", line.remedy, start, style, out)
}

fn write_below(
    what: &str,
    text: Option<&str>,
    start: usize,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(text) = text else { return Ok(()) };
    let what = format!("{what:<6}{}", margin(GAP));
    let text = hanging(text, start + columns(&what), style);
    writeln!(out, "{}{}{text}", margin(start), style.paint(Paint::Label, &what))
}

fn write_conclusion(lines: &[Line], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let limiting = || lines.iter().filter(|line| line.verdict == Verdict::Limits);
    let mut names: Vec<String> =
        limiting().filter(|line| line.names.is_empty()).map(|line| line.label.to_owned()).collect();
    match limiting().flat_map(|line| &line.names).copied().collect::<Vec<_>>().as_slice() {
        [] => {}
        [one] => names.push((*one).to_owned()),
        several => names.push(format!("{} counters", several.len())),
    }
    let text = match names.as_slice() {
        [] => "everything is there that the analysis can use".to_owned(),
        names => format!("the analysis is limited by: {}", names.join(", ")),
    };
    writeln!(out, "{}", wrap(&text, style.width).join("\n"))
}

fn heading(area: Area) -> &'static str {
    match area {
        Area::Processors => "processors",
        Area::Clocks => "clocks",
        Area::Events => "performance events",
        Area::Counters => "counters",
        Area::Accounting => "without performance events",
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Note => "note",
        Verdict::Limits => "limits",
    }
}

/// A text that continues below its own beginning.
fn hanging(text: &str, start: usize, style: Style) -> String {
    let lines = wrap(text, style.width.saturating_sub(start));
    lines.join(&format!("\n{}", margin(start)))
}

fn margin(width: usize) -> String {
    " ".repeat(width)
}
