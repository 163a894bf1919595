//! The exit codes, documented in `--help`.

use std::process::ExitCode;

use super::Outcome;
use super::failure::Kind;

/// All went well, or the reader of the output went away.
pub const OK: u8 = 0;
/// Something failed while it ran: too little memory, a folder that cannot be written, a full disk.
pub const FAILED: u8 = 1;
/// The arguments make no sense.
pub const USAGE: u8 = 2;
/// A trace file cannot be read.
pub const BAD_INPUT: u8 = 3;

/// `doctor` found something missing that the analysis could use.
pub const INCOMPLETE: u8 = 4;

/// A condition of `compare --fail-if` holds.
pub const HOLDS: u8 = 5;

/// No condition of `compare --fail-if` holds, but of one it is not known, as what it is about was
/// not measured.
pub const NOT_KNOWN: u8 = 6;

/// What `--help` says of them.
pub(super) const HELP: &str = "\
Exit codes:
  0  all went well
  1  something failed while it ran (too little memory, a folder that cannot be written, a full disk)
  2  the arguments make no sense
  3  a trace file cannot be read
  4  doctor found that something limits the analysis
  5  a condition of compare --fail-if holds
  6  none holds, but of one it is not known, as what it is about was not measured";

/// The exit code of a command that did its work.
pub fn of_outcome(outcome: Outcome) -> ExitCode {
    ExitCode::from(match outcome {
        Outcome::Done => OK,
        Outcome::Incomplete => INCOMPLETE,
        Outcome::Holds => HOLDS,
        Outcome::NotKnown => NOT_KNOWN,
        Outcome::Program(code) => code,
    })
}

/// The exit code of a failure.
pub fn of(kind: Kind) -> ExitCode {
    ExitCode::from(match kind {
        Kind::Runtime => FAILED,
        Kind::Usage => USAGE,
        Kind::Input => BAD_INPUT,
    })
}

/// The exit code of arguments that were not accepted, or that asked for help.
pub fn of_arguments(error: &clap::Error) -> ExitCode {
    ExitCode::from(if error.use_stderr() { USAGE } else { OK })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_code() {
        for code in [OK, FAILED, USAGE, BAD_INPUT, INCOMPLETE, HOLDS, NOT_KNOWN] {
            assert_eq!(HELP.matches(&format!("\n  {code}  ")).count(), 1, "{code}");
        }
    }
}
