//! `report FILE`: the report of a trace, from the file alone.

use crate::cli::args::ReportArgs;
use crate::cli::failure::Failure;
use crate::cli::{show, terminal, traces};

pub(in crate::cli) fn report(args: &ReportArgs) -> Result<(), Failure> {
    let trace = traces::read(&args.file)?;
    let reports = show::reports([&trace])
        .map_err(|problem| traces::contradicts_itself(&args.file, problem))?;
    if args.json {
        return terminal::print(|out| show::json(&reports, out));
    }
    terminal::print(|out| show::text(&reports, &terminal::style(), out))
}
