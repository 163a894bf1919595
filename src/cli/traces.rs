//! Trace files that were named: opened and read, and what to say if that fails.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, anyhow};

use super::args::LimitArgs;
use super::failure::{Failure, Kind};
use crate::format::{self, Limits, ReadError};
use crate::model::Trace;

pub(super) fn read(path: &Path, limit: LimitArgs) -> Result<Trace, Failure> {
    let limits = Limits { total: limit.max_size, entry: limit.max_size / 16 };
    let file = open(path)
        .with_context(|| format!("failed to open the trace {}", path.display()))
        .map_err(|error| Failure::input(error, "give a trace file that rayprism wrote"))?;
    format::read_within(file, &limits).map_err(|error| unreadable(path, error))
}

/// A trace that can be read, and is not sound.
pub(super) fn contradicts_itself(path: &Path, problem: impl Into<anyhow::Error>) -> Failure {
    let error = problem.into().context(format!("{} contradicts itself", path.display()));
    Failure::input(error, "record it again")
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
