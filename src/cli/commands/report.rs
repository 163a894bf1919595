//! `report FILE`: the report of a trace, from the file alone.

use crate::cli::args::{ByArg, ReportArgs};
use crate::cli::failure::Failure;
use crate::cli::show::By;
use crate::cli::{show, terminal, traces};

pub(in crate::cli) fn report(args: &ReportArgs) -> Result<(), Failure> {
    let by = args.by.map(rows);
    let trace = traces::read(&args.file, args.limit)?;
    let report = show::report_by(&trace, by)
        .map_err(|problem| traces::contradicts_itself(&args.file, problem))?;
    if args.json {
        return terminal::print(|out| show::json(&[report], out));
    }
    terminal::print(|out| show::text(&[report], &terminal::style(), out))
}

fn rows(by: ByArg) -> By {
    match by {
        ByArg::Operation => By::Operation,
        ByArg::Region => By::Region,
        ByArg::Site => By::Site,
        ByArg::Worker => By::Worker,
        ByArg::Phase => By::Phase,
    }
}
