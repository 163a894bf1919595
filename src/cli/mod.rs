//! The command line: what was typed → what is to be done → the work.
//!
//! The only module that reads arguments and prints. It decides no exit; `main` does.

pub mod args;
pub mod exit_code;
pub mod failure;

mod commands;
mod config;
mod measure;
mod median;
mod memory;
mod names;
mod progress;
mod show;
mod size;
mod terminal;
mod times;

use std::io::{self, Write};

use args::{Args, Command};
use failure::Failure;

/// Does what was asked for; gives the exit code, which may be that of a program that was run.
pub fn run(args: &Args) -> Result<u8, Failure> {
    match &args.command {
        Command::Run(args) => commands::run(args)?,
        Command::Report(args) => commands::report(args)?,
        Command::Stat(args) => return commands::stat(args),
        Command::List => commands::list()?,
    }
    Ok(exit_code::OK)
}

/// Prints a failure to standard error.
pub fn show_failure(failure: &Failure) {
    // If nobody can be told, the exit code still tells.
    let _ = writeln!(io::stderr(), "error: {failure}");
}
