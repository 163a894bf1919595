//! `report FILE`: the report of a trace, from the file alone.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, anyhow};

use crate::cli::args::ReportArgs;
use crate::cli::failure::{Failure, Kind};
use crate::cli::{show, terminal};
use crate::format::chrome::{self, ReadError};
use crate::model::Trace;

pub(in crate::cli) fn report(args: &ReportArgs) -> Result<(), Failure> {
    let trace = read(&args.file)?;
    let reports = show::reports([&trace])
        .with_context(|| format!("{} contradicts itself", args.file.display()))
        .map_err(|error| Failure::input(error, "record it again"))?;
    if args.json {
        return terminal::print(|out| show::json(&reports, out));
    }
    terminal::print(|out| show::text(&reports, &terminal::style(), out))
}

fn read(path: &Path) -> Result<Trace, Failure> {
    let file = open(path)
        .with_context(|| format!("failed to open the trace {}", path.display()))
        .map_err(|error| Failure::input(error, "give a trace file that rayprism wrote"))?;
    chrome::read(BufReader::new(file)).map_err(|error| unreadable(path, error))
}

/// Only where reading itself fails does the reader not know what to do next.
fn unreadable(path: &Path, error: ReadError) -> Failure {
    let io = matches!(error, ReadError::Io { .. });
    let what = format!("failed to read the trace {}", path.display());
    let error = anyhow::Error::new(error).context(what);
    if io {
        return Failure::input(error, "check the disk, or record it again");
    }
    Failure::told(Kind::Input, error)
}

fn open(path: &Path) -> anyhow::Result<File> {
    if path.is_dir() {
        return Err(anyhow!("it is a folder"));
    }
    Ok(File::open(path)?)
}
