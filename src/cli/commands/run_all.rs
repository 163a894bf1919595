//! `run --all`: every workload, one after the other, in one table. A workload that cannot be run is a
//! row that says so.

use anyhow::anyhow;

use crate::cli::args::RunArgs;
use crate::cli::config::RunConfig;
use crate::cli::failure::Failure;
use crate::cli::show::{self, Overview, Row};
use crate::cli::{terminal, trials};

pub(in crate::cli) fn run_all(args: &RunArgs) -> Result<(), Failure> {
    let configs = RunConfig::all(args)?;
    let mut rows = Vec::new();
    for (at, config) in configs.iter().enumerate() {
        let name = config.workload.name();
        let part = format!("{name} ({} of {})", at + 1, configs.len());
        match trials::reports(config, &part) {
            Ok(reports) => rows.extend(reports.iter().filter_map(Row::of)),
            Err(failure) => rows.push(Row::failed(name, failure.to_string())),
        }
    }
    let repetitions = configs.first().map_or(0, |config| config.reps);
    let overview = Overview { debug_assertions: cfg!(debug_assertions), repetitions, rows };
    if args.json {
        terminal::print(|out| show::overview_json(&overview, out))?;
    } else {
        terminal::print(|out| show::overview_text(&overview, &terminal::style(), out))?;
    }
    match overview.failed() {
        0 => Ok(()),
        failed => Err(Failure::runtime(
            anyhow!("{failed} of {} workloads could not be run", configs.len()),
            "the table says why",
        )),
    }
}
