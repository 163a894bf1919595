//! From traces, or a machine's facts, to what is printed: the only place of the command line that
//! knows reports.

use std::io::{self, Write};

use super::Outcome;
use crate::analysis::annotations as annotate;
use crate::analysis::compare::Answer;
use crate::model::{Annotations, Host, Trace};
use crate::report;
use crate::report::checkup::Checkup;
use crate::timeline::{Problem, Timeline};

pub(super) use crate::analysis::By;
pub(super) use crate::analysis::break_even::{Point, Search};
pub(super) use crate::finding::Prediction;
pub(super) use crate::report::claims::{CLAIMS, Claim};
pub(super) use crate::report::compare::Compared;
pub(super) use crate::report::overview::{Overview, Row};
pub(super) use crate::report::reproduce::{Here, Reproduced, Tried};
pub(super) use crate::report::text::Style;
pub(super) use crate::report::{BreakEvenReport, Report, Verified, Wall};

/// The report of each trace.
pub(super) fn reports<'a>(
    traces: impl IntoIterator<Item = &'a Trace>,
) -> Result<Vec<Report>, Problem> {
    traces.into_iter().map(Report::of).collect()
}

/// The report of a trace with the decomposition in rows, if they are asked for.
pub(super) fn report_by(trace: &Trace, by: Option<By>) -> Result<Report, Problem> {
    Report::by(trace, by)
}

/// What the analysis says of a trace, for viewers; nothing of one that contradicts itself.
pub(super) fn annotations(trace: &Trace) -> Annotations {
    Timeline::new(trace).map_or_else(|_| Annotations::default(), |timeline| annotate(&timeline))
}

/// Each report, and then, if there are several, one table of them all.
pub(super) fn text(reports: &[Report], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (index, report) in reports.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        report::text::write(report, style, out)?;
    }
    if reports.len() > 1 {
        writeln!(out)?;
        report::text::write_comparison(reports, style, out)?;
    }
    Ok(())
}

/// All reports as JSON.
pub(super) fn json(reports: &[Report], out: &mut dyn Write) -> io::Result<()> {
    report::json::write(reports, out)
}

/// The same, and what came of following their advice.
pub(super) fn json_verified(
    reports: &[Report],
    verified: &[Verified],
    out: &mut dyn Write,
) -> io::Result<()> {
    report::json::write_verified(reports, verified, out)
}

/// What is to be said of a machine.
pub(super) fn checkup(host: Host) -> Checkup {
    Checkup::of(host)
}

/// A checkup for people.
pub(super) fn checkup_text(
    checkup: &Checkup,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    report::text::write_checkup(checkup, style, out)
}

/// A checkup for scripts.
pub(super) fn checkup_json(checkup: &Checkup, out: &mut dyn Write) -> io::Result<()> {
    report::json::write_checkup(checkup, out)
}

/// A comparison for people.
pub(super) fn compared_text(
    compared: &Compared,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    report::text::write_compared(compared, style, out)
}

/// A comparison for scripts.
pub(super) fn compared_json(compared: &Compared, out: &mut dyn Write) -> io::Result<()> {
    report::json::write_compared(compared, out)
}

/// A table of all workloads for people.
pub(super) fn overview_text(
    overview: &Overview,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    report::text::write_overview(overview, style, out)
}

/// The same for scripts.
pub(super) fn overview_json(overview: &Overview, out: &mut dyn Write) -> io::Result<()> {
    report::json::write_overview(overview, out)
}

/// A search for a break-even for people.
pub(super) fn break_even_text(
    report: &BreakEvenReport,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    report::text::write_break_even(report, style, out)
}

/// The same for scripts.
pub(super) fn break_even_json(report: &BreakEvenReport, out: &mut dyn Write) -> io::Result<()> {
    report::json::write_break_even(report, out)
}

/// What became of claims, for people.
pub(super) fn reproduced_text(
    reproduced: &Reproduced,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    report::text::write_reproduced(reproduced, style, out)
}

/// The same for scripts.
pub(super) fn reproduced_json(reproduced: &Reproduced, out: &mut dyn Write) -> io::Result<()> {
    report::json::write_reproduced(reproduced, out)
}

/// How a comparison ends: as the worst of its conditions does.
pub(super) fn outcome(compared: &Compared) -> Outcome {
    let is = |answer| compared.conditions.iter().any(|judgement| judgement.answer == answer);
    if is(Answer::Holds) {
        Outcome::Holds
    } else if is(Answer::NotKnown) {
        Outcome::NotKnown
    } else {
        Outcome::Done
    }
}
