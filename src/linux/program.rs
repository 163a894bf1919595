//! Running a program and watching it from outside: what may be wished for and what may go wrong.
//! How it is done is in `perf::outside`; elsewhere than on Linux it is not.

use std::fmt;
use std::io;
use std::process::Command;

use super::perf::Direction;
use crate::model::{Counter, Nanos, Observed, Total};

/// What is to be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// The counters to count, each once.
    pub counters: Vec<Counter>,
    /// Those to count of each thread, too. Each takes a second place on the CPU; where there are
    /// too few, hardware counters take turns, and their values become estimates.
    pub of_threads: Vec<Counter>,
    /// How often to give the sums so far.
    pub interval: Option<Nanos>,
    /// Whether the kernel is asked for anything but the program's end.
    pub kernel: bool,
    /// How long it may run until it is killed.
    pub time_limit: Option<Nanos>,
}

/// What a thread of the program did, as the kernel tells it. All are told in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, on the kernel's monotonic clock.
    pub at: Nanos,
    /// The CPU.
    pub cpu: u32,
    /// Its process.
    pub process: u32,
    /// The thread.
    pub thread: u32,
    /// What.
    pub did: Did,
}

/// What a thread can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It began. It can run, and does not yet.
    Begin,
    /// It began another program, and is now its process's only thread.
    Exec,
    /// It came to a CPU or left one.
    Switch(Direction),
    /// It ended.
    End,
    /// Nothing: so many records are missing from here on, whose is not known.
    Lose(u64),
}

/// Why a program could not be run, or not be watched to its end.
#[derive(Debug)]
pub enum Failed {
    /// There could be no process for it.
    Start(io::Error),
    /// There is no such program, or it cannot be executed.
    Execute(io::Error),
    /// It runs, but could not be waited for.
    Watch(io::Error),
    /// Programs can be watched on Linux only.
    Elsewhere,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => write!(f, "no process can be made: {error}"),
            Self::Execute(error) => write!(f, "it cannot be executed: {error}"),
            Self::Watch(error) => write!(f, "it cannot be watched: {error}"),
            Self::Elsewhere => f.write_str("programs are watched on Linux only"),
        }
    }
}

impl std::error::Error for Failed {}

/// Runs a program to its end. Where the kernel refuses events, figures come from its accounting, and
/// the result says why. `each_interval` gets the time since the start and the sums so far, and `each`
/// what the threads do, if there are events.
///
/// While it runs, SIGINT, SIGQUIT, SIGTERM and SIGHUP that come to this process go to the program.
///
/// # Errors
///
/// The program could not be started; see [`Failed`].
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
pub fn run(
    command: Command,
    wishes: &Wishes,
    each_interval: impl FnMut(Nanos, Vec<Total>),
    each: impl FnMut(Seen),
) -> Result<Observed, Failed> {
    super::perf::outside::run(command, wishes, each_interval, each)
}

/// Runs no program: there is no way to watch it here.
///
/// # Errors
///
/// Always.
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)))]
pub fn run(
    _command: Command,
    _wishes: &Wishes,
    _each_interval: impl FnMut(Nanos, Vec<Total>),
    _each: impl FnMut(Seen),
) -> Result<Observed, Failed> {
    Err(Failed::Elsewhere)
}
