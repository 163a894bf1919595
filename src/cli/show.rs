//! From traces to what is printed: the only place of the command line that knows reports.

use std::io::{self, Write};

use placeholder as report;
use placeholder::{Problem, Report};

use crate::model::Trace;

pub(super) use placeholder::text::Style;

/// The report of each trace.
pub(super) fn reports<'a>(
    traces: impl IntoIterator<Item = &'a Trace>,
) -> Result<Vec<Report>, Problem> {
    traces.into_iter().map(Report::of).collect()
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

/// Stands in for [`crate::report`] until that is there, with the same signatures.
mod placeholder {
    use std::io::{self, Write};

    use crate::model::{Counts, Run, Trace};

    pub(in crate::cli) struct Report {
        title: String,
        run: Option<Run>,
        counts: Counts,
    }

    /// `timeline::Problem`.
    #[derive(Debug, thiserror::Error)]
    #[error("no problem")]
    pub(in crate::cli) enum Problem {}

    impl Report {
        pub(super) fn of(trace: &Trace) -> Result<Self, Problem> {
            let header = &trace.header;
            Ok(Self {
                title: header.title.clone(),
                run: header.run.clone(),
                counts: trace.counts(),
            })
        }
    }

    pub(super) mod text {
        use super::*;

        #[derive(Clone, Copy, Debug)]
        pub(in crate::cli) struct Style {
            pub(in crate::cli) colour: bool,
            pub(in crate::cli) width: usize,
        }

        pub(in crate::cli::show) fn write(
            report: &Report,
            style: &Style,
            out: &mut dyn Write,
        ) -> io::Result<()> {
            let _ = (style.colour, style.width, &report.run);
            writeln!(out, "{}  {} joins", report.title, report.counts.joins)
        }

        pub(in crate::cli::show) fn write_comparison(
            reports: &[Report],
            style: &Style,
            out: &mut dyn Write,
        ) -> io::Result<()> {
            reports.iter().try_for_each(|report| write(report, style, out))
        }
    }

    pub(super) mod json {
        use super::*;

        pub(in crate::cli::show) fn write(
            reports: &[Report],
            out: &mut dyn Write,
        ) -> io::Result<()> {
            let all: Vec<_> = reports
                .iter()
                .map(|report| serde_json::json!({ "title": report.title, "counts": report.counts }))
                .collect();
            writeln!(out, "{}", serde_json::json!({ "reports": all }))
        }
    }
}
