//! The command line: what was typed → what is to be done → the work.
//!
//! The only module that reads arguments and prints. It decides no exit; `main` does.

pub mod args;
pub mod exit_code;
pub mod failure;

mod baseline;
mod commands;
mod conditions;
mod config;
mod launched;
mod measure;
mod median;
mod memory;
mod names;
mod pairs;
mod progress;
mod recorded;
mod replay;
mod serve;
mod show;
mod size;
mod stream;
mod tables;
mod terminal;
mod times;
mod traces;
mod trials;
mod verify;

use std::io::{self, Write};

use args::{Args, Command};
use failure::Failure;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Done,
    /// What was looked for is not all there.
    Incomplete,
    /// A condition of `compare --fail-if` holds.
    Holds,
    /// None holds, but of one it is not known.
    NotKnown,
    /// A program was run, and ended with this code.
    Program(u8),
}

/// Does what was asked for.
pub fn run(args: &Args) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Run(args) if args.all => commands::run_all(args)?,
        Command::Run(args) => commands::run(args)?,
        Command::BreakEven(args) => commands::break_even(args)?,
        Command::Reproduce(args) => commands::reproduce(args)?,
        Command::Report(args) => commands::report(args)?,
        Command::Compare(args) => return commands::compare(args),
        Command::Export(args) => commands::export(args)?,
        Command::Open(args) => commands::open(args)?,
        Command::List => commands::list()?,
        Command::Record(args) => return commands::record(args).map(Outcome::Program),
        Command::Stat(args) => return commands::stat(args).map(Outcome::Program),
        Command::Cargo(args) => return commands::cargo(args).map(Outcome::Program),
        Command::Doctor(args) => return commands::doctor(args),
    }
    Ok(Outcome::Done)
}

/// Prints a failure to standard error.
pub fn show_failure(failure: &Failure) {
    // If nobody can be told, the exit code still tells.
    let _ = writeln!(io::stderr(), "error: {failure}");
}
