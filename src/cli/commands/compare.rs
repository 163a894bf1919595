//! `compare A B`: two traces beside each other, from their files alone, and conditions on them.

use std::path::Path;

use crate::cli::args::{CompareArgs, LimitArgs};
use crate::cli::failure::Failure;
use crate::cli::show::{self, Compared, Report};
use crate::cli::{Outcome, conditions, terminal, traces};

pub(in crate::cli) fn compare(args: &CompareArgs) -> Result<Outcome, Failure> {
    // What was typed wrong shall not wait for large files.
    let conditions = conditions::parse_all(&args.fail_if)?;
    let (a, b) = (report(&args.a, args.limit)?, report(&args.b, args.limit)?);
    let names = [&args.a, &args.b].map(|path| path.display().to_string());
    let compared = Compared::of([(&names[0], &a), (&names[1], &b)], &conditions);
    if args.json {
        terminal::print(|out| show::compared_json(&compared, out))?;
    } else {
        terminal::print(|out| show::compared_text(&compared, &terminal::style(), out))?;
    }
    Ok(show::outcome(&compared))
}

/// The trace itself, which may be large, is not kept.
fn report(path: &Path, limit: LimitArgs) -> Result<Report, Failure> {
    let trace = traces::read(path, limit)?;
    Report::of(&trace).map_err(|problem| traces::contradicts_itself(path, problem))
}
