//! `run WORKLOAD`: measures, prints reports, and only then writes traces.

use std::path::PathBuf;

use anyhow::Context;

use crate::cli::args::{RunArgs, SpansArg};
use crate::cli::config::RunConfig;
use crate::cli::failure::Failure;
use crate::cli::measure::{Measured, measure};
use crate::cli::show::Report;
use crate::cli::verify::{self, Advised};
use crate::cli::{memory, show, stream, terminal, times};
use crate::model::{Detail, Trace};
use crate::session::{OutputFolder, WriteError};
use crate::workload::{Place, VariantInfo};

pub(in crate::cli) fn run(args: &RunArgs) -> Result<(), Failure> {
    let config = RunConfig::new(args)?;
    memory::check(config.workload, &config.settings)?;
    if config.recording.detail == Detail::Off {
        return print_times(&config, &measure(&config)?);
    }
    // Before the measurement, so that a folder that cannot be written does not cost one.
    let folder = OutputFolder::open(&config.out_dir).map_err(output_failure)?;
    let traces = named_traces(&config, measure(&config)?);
    let reports = reports(&traces)?;
    let advised = verify::advised(&config, &reports);
    if !config.json {
        terminal::print(|out| show::text(&reports, &terminal::style(), out))?;
    }
    let mut written = write(&folder, &traces).map_err(output_failure)?;
    // What was measured is safe by now, whatever comes of following the advice.
    let verified = if config.verify { verify::verify(&config, &advised)? } else { Vec::new() };
    if let Some(SpansArg::TracingChrome) = config.spans {
        let several = config.threads.len() > 1;
        let name =
            |workload: &str, variant, threads| file_name(workload, variant, threads, several);
        written.extend(stream::stream(&config, name)?);
    }
    if config.json {
        return terminal::print(|out| show::json_verified(&reports, &verified, out));
    }
    terminal::print(|out| verify::write(&verified, out))?;
    print_files(&config, &written, &advised)
}

fn print_times(config: &RunConfig, measured: &[Measured]) -> Result<(), Failure> {
    let name = config.workload.name();
    if config.json {
        return terminal::print(|out| times::json(name, measured, out));
    }
    terminal::print(|out| times::text(name, measured, out))
}

fn reports(traces: &[(String, Trace)]) -> Result<Vec<Report>, Failure> {
    show::reports(traces.iter().map(|(_, trace)| trace))
        .context("the recording contradicts itself")
        .map_err(|error| Failure::runtime(error, "this is a fault of rayprism, report it"))
}

/// The traces under the names of their files.
fn named_traces(config: &RunConfig, measured: Vec<Measured>) -> Vec<(String, Trace)> {
    let several = config.threads.len() > 1;
    let workload = config.workload.name();
    measured
        .into_iter()
        .filter_map(|measured| {
            let name = file_name(workload, measured.variant, measured.threads, several);
            let ending = config.format.ending();
            Some((format!("{name}.{ending}"), measured.into_trace(workload)?))
        })
        .collect()
}

/// With several numbers of threads, the name says which; a variant that runs alone has but one.
fn file_name(workload: &str, variant: VariantInfo, threads: usize, several: bool) -> String {
    match variant.place {
        Place::Pool | Place::OwnThreads if several => {
            format!("{workload}-{}-{threads}t", variant.name)
        }
        Place::Pool | Place::OwnThreads | Place::Alone => format!("{workload}-{}", variant.name),
    }
}

fn write(folder: &OutputFolder, traces: &[(String, Trace)]) -> Result<Vec<PathBuf>, WriteError> {
    let write = |(name, trace): &(String, Trace)| {
        folder.write_annotated(name, trace, &show::annotations(trace))
    };
    traces.iter().map(write).collect()
}

fn print_files(config: &RunConfig, files: &[PathBuf], advised: &[Advised]) -> Result<(), Failure> {
    terminal::print(|out| {
        writeln!(out)?;
        for (index, file) in files.iter().enumerate() {
            let label = if index == 0 { "traces" } else { "" };
            writeln!(out, "{label:<8}{}", file.display())?;
        }
        writeln!(out, "open    rayprism open FILE, or rayprism report FILE")?;
        for (index, advised) in advised.iter().filter(|_| !config.verify).enumerate() {
            let label = if index == 0 { "try" } else { "" };
            writeln!(out, "{label:<8}{}", advised.command(config))?;
        }
        Ok(())
    })
}

fn output_failure(error: WriteError) -> Failure {
    let next = match error {
        WriteError::MakeFolder { .. } | WriteError::Unwritable { .. } => {
            "give a folder that can be written with --out-dir"
        }
        WriteError::Write { .. } => "free some space, or give another folder with --out-dir",
        WriteError::Rename { .. } => "move away what has that name, or give another --out-dir",
    };
    Failure::runtime(error, next)
}
