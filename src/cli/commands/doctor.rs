//! `doctor`: what this machine offers to the analysis, and what is missing.

use crate::cli::args::DoctorArgs;
use crate::cli::failure::Failure;
use crate::cli::{Outcome, show, terminal};
use crate::linux;
use crate::model::ClockSource;
use crate::record::clock::{self, Source};

pub(in crate::cli) fn doctor(args: &DoctorArgs) -> Result<Outcome, Failure> {
    let os = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let checkup = show::checkup(linux::host(os, recording_clock()));
    if args.json {
        terminal::print(|out| show::checkup_json(&checkup, out))?;
    } else {
        terminal::print(|out| show::checkup_text(&checkup, &terminal::style(), out))?;
    }
    Ok(if checkup.complete { Outcome::Done } else { Outcome::Incomplete })
}

/// The clock that a session would choose here.
fn recording_clock() -> ClockSource {
    match clock::choose(linux::clock_distrust()) {
        Source::Tsc => ClockSource::Tsc,
        Source::Os(reason) => ClockSource::Os { reason: reason.to_owned() },
    }
}
