//! Programs that commands run: which exit code is theirs, and what is said if there is no running
//! them.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use super::failure::Failure;
use super::show_failure;
use crate::linux::program::Failed;
use crate::model::Ended;

/// There is such a program, but it cannot be executed; shells use the same.
const NOT_EXECUTABLE: u8 = 126;
/// There is no such program.
const NOT_FOUND: u8 = 127;
/// What is added to a signal's number, as shells do.
const BY_SIGNAL: i32 = 128;

/// The program's exit code, to be passed on.
pub(super) fn exit_code(ended: Ended) -> u8 {
    let code = match ended {
        Ended::Exited(code) => code,
        Ended::Killed(signal) => BY_SIGNAL + signal,
    };
    // Exit codes have eight bits, and signals end at 64.
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// The program's file may be missing, which shells have codes for.
pub(super) fn not_run(failed: Failed, name: &OsStr) -> Result<u8, Failure> {
    let code = match &failed {
        Failed::Execute(error) if error.kind() == io::ErrorKind::NotFound => Some(NOT_FOUND),
        Failed::Execute(_) => Some(NOT_EXECUTABLE),
        Failed::Start(_) | Failed::Watch(_) | Failed::Elsewhere => None,
    };
    let next = match &failed {
        Failed::Execute(_) => "give a program's name or path behind --",
        Failed::Start(_) => "end some processes, or raise `ulimit -u`",
        Failed::Watch(_) => "the program may still run; see `ps`",
        Failed::Elsewhere => "use a program of this system's",
    };
    let what = format!("failed to run {}", Path::new(name).display());
    let failure = Failure::runtime(anyhow::Error::new(failed).context(what), next);
    match code {
        Some(code) => {
            show_failure(&failure);
            Ok(code)
        }
        None => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_codes_above_128() {
        assert_eq!(exit_code(Ended::Exited(3)), 3);
        assert_eq!(exit_code(Ended::Killed(9)), 137);
    }
}
