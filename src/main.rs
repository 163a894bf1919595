//! The command `rayprism`.

use std::process::ExitCode;

use clap::Parser;
use rayprism::cli::args::Args;
use rayprism::cli::{self, exit_code};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // If nobody can be told, the exit code still tells.
            let _ = error.print();
            return exit_code::of_arguments(&error);
        }
    };
    match cli::run(&args) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            cli::show_failure(&failure);
            exit_code::of(failure.kind())
        }
    }
}
