//! `record -- CMD`: runs a program, and reports what it recorded.

use std::process::Command;

use anyhow::anyhow;

use crate::cli::args::RecordArgs;
use crate::cli::failure::Failure;
use crate::cli::recorded::{self, Recording};

pub(in crate::cli) fn record(args: &RecordArgs) -> Result<u8, Failure> {
    let Some((name, arguments)) = args.command.split_first() else {
        return Err(Failure::usage(anyhow!("no program is given"), "put it behind --"));
    };
    let recording = Recording::new(&args.recording, name)?;
    recorded::run(&recording, || {
        let mut command = Command::new(name);
        command.args(arguments);
        command
    })
}
