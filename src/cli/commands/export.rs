//! `export FILE --to FORMAT`: a trace in another format.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::cli::args::{ExportArg, ExportArgs};
use crate::cli::failure::Failure;
use crate::cli::{replay, show, tables, terminal, traces};
use crate::format::{self, Format, folded, speedscope};
use crate::model::Trace;
use crate::session::{OutputFolder, WriteError};

pub(in crate::cli) fn export(args: &ExportArgs) -> Result<(), Failure> {
    let output = args.output.clone().unwrap_or_else(|| beside(&args.file, args.to));
    if same_file(&args.file, &output) {
        let error = anyhow!("{} would be written over itself", args.file.display());
        return Err(Failure::usage(error, "give another file with --output"));
    }
    let trace = traces::read(&args.file, args.limit)?;
    let written = match args.to {
        ExportArg::Csv => write_tables(&args.file, &trace, &output)?,
        to => {
            write_file(&trace, to, &output).map_err(unwritten)?;
            vec![output]
        }
    };
    terminal::print(|out| {
        for path in &written {
            writeln!(out, "{}", path.display())?;
        }
        Ok(())
    })
}

/// The trace's name with another ending.
fn beside(file: &Path, to: ExportArg) -> PathBuf {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let ending = format!(".{}", Format::of_name(&name).ending());
    let stem = name.strip_suffix(&ending).unwrap_or(&name);
    file.with_file_name(match to {
        ExportArg::Chrome => format!("{stem}.json"),
        ExportArg::Perfetto => format!("{stem}.pftrace"),
        ExportArg::Folded => format!("{stem}.folded"),
        ExportArg::Speedscope => format!("{stem}.speedscope.json"),
        ExportArg::Csv => format!("{stem}-csv"),
        ExportArg::TracingChrome => format!("{stem}.spans.json"),
    })
}

fn same_file(a: &Path, b: &Path) -> bool {
    a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}

fn write_file(trace: &Trace, to: ExportArg, output: &Path) -> Result<(), WriteError> {
    let name = output.file_name().unwrap_or(output.as_os_str()).to_string_lossy();
    let packed = name.ends_with(".gz");
    let in_format = |plain, gz, out: &mut dyn Write| {
        let format = if packed { gz } else { plain };
        format::write(trace, &show::annotations(trace), format, &mut { out })
    };
    let written = folder(output)?.write(&name, |out| match to {
        ExportArg::Chrome => in_format(Format::Json, Format::JsonGz, out),
        ExportArg::Perfetto => in_format(Format::Pftrace, Format::PftraceGz, out),
        ExportArg::Folded => folded::write(trace, out),
        ExportArg::Speedscope => speedscope::write(trace, out),
        ExportArg::TracingChrome => replay::write(trace, out.get_ref().try_clone()?),
        ExportArg::Csv => Err(io::ErrorKind::Unsupported.into()),
    });
    written.map(drop)
}

fn folder(output: &Path) -> Result<OutputFolder, WriteError> {
    OutputFolder::open(match output.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    })
}

fn write_tables(file: &Path, trace: &Trace, output: &Path) -> Result<Vec<PathBuf>, Failure> {
    let report = show::report_by(trace, None)
        .map_err(|problem| traces::contradicts_itself(file, problem))?;
    let write = || -> Result<Vec<PathBuf>, WriteError> {
        let folder = OutputFolder::open(output)?;
        Ok(vec![
            folder.write("tasks.csv", |out| tables::tasks(trace, out))?,
            folder.write("steals.csv", |out| tables::steals(trace, out))?,
            folder.write("components.csv", |out| tables::components(trace, &report, out))?,
        ])
    };
    write().map_err(unwritten)
}

fn unwritten(error: WriteError) -> Failure {
    Failure::runtime(error, "give another path with --output, or free some space")
}
