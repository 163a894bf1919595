//! Recording a program that is run for it, whatever command wants that: its traces in files, its
//! report on standard error, its exit code.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow};

use super::args::RecordingArgs;
use super::baseline::Baselines;
use super::config::buffer_bytes;
use super::failure::Failure;
use super::{launched, show, show_failure, terminal};
use crate::model::{Detail, Ended, Nanos, Trace};
use crate::session::program::{self, Lost, RecordError, Recorded, Refusals, Way, Workers};
use crate::session::{OutputFolder, WriteError};

/// Reports that are printed; of further processes there are files.
const REPORTS: usize = 4;
/// What is returned if the program went well and something here did not.
const FAILED: u8 = super::exit_code::FAILED;

/// A recording that makes sense.
pub(super) struct Recording {
    way: Way,
    /// What it is compared with; `None` if with nothing.
    baseline: Option<Baselines>,
    folder: OutputFolder,
    file: OutputFile,
    program: OsString,
}

/// The name of the first trace's file.
struct OutputFile(PathBuf);

impl Recording {
    /// Checks all that can be before the program runs. `program` is what is to be run, for messages.
    pub(super) fn new(args: &RecordingArgs, program: &OsStr) -> Result<Self, Failure> {
        let detail = Detail::from(args.detail);
        if detail == Detail::Off {
            let error = anyhow!("at --detail off nothing is recorded");
            return Err(Failure::usage(
                error,
                "take count, auto or full; or run the program alone",
            ));
        }
        let way = Way {
            detail,
            buffer_bytes: buffer_bytes(&args.buffer)?,
            on_full: args.on_full.into(),
            kernel: !args.no_kernel,
            workers: Workers::AsItIs,
            time_limit: None,
        };
        let path = args.output.clone().unwrap_or_else(|| default_path(program));
        let file = OutputFile::new(path)?;
        // Before the program runs, so that it does not run in vain.
        let folder = OutputFolder::open(file.folder()).map_err(output_failure)?;
        let time_limit = args.time_limit.map(|seconds| Nanos(seconds * 1_000_000_000));
        let baseline = match args.baseline {
            true => Some(Baselines::new(args.reps as usize, time_limit)?),
            false => None,
        };
        Ok(Self { way, baseline, folder, file, program: program.to_owned() })
    }
}

fn default_path(program: &OsStr) -> PathBuf {
    let stem = Path::new(program).file_stem().unwrap_or(program);
    Path::new("traces").join(format!("{}.json", stem.to_string_lossy()))
}

impl OutputFile {
    fn new(path: PathBuf) -> Result<Self, Failure> {
        if path.is_dir() || path.file_name().is_none() {
            let error = anyhow!("{} is a folder", path.display());
            return Err(Failure::usage(error, "give the name of a file with -o"));
        }
        Ok(Self(path))
    }

    /// The path of the `index`-th process's file.
    fn path(&self, index: usize) -> PathBuf {
        self.0.with_file_name(self.name(index))
    }

    fn folder(&self) -> &Path {
        let parent = self.0.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.unwrap_or(Path::new("."))
    }

    /// The name of the `index`-th process's file.
    fn name(&self, index: usize) -> String {
        let text = |part: Option<&OsStr>| part.map(|part| part.to_string_lossy().into_owned());
        let stem = text(self.0.file_stem()).unwrap_or_default();
        let extension = text(self.0.extension()).map(|part| format!(".{part}")).unwrap_or_default();
        match index {
            0 => format!("{stem}{extension}"),
            _ => format!("{stem}-{}{extension}", index + 1),
        }
    }
}

fn output_failure(error: WriteError) -> Failure {
    let next = match error {
        WriteError::MakeFolder { .. } | WriteError::Unwritable { .. } => {
            "give a file in a folder that can be written with -o"
        }
        WriteError::Write { .. } => "free some space, or give another file with -o",
        WriteError::Rename { .. } => "move away what has that name, or give another one with -o",
    };
    Failure::runtime(error, next)
}

/// Runs the program that `command` makes, writes and reports what it recorded. Returns the program's
/// exit code: what goes wrong here once it has run is said, and is no reason to lose that code.
pub(super) fn run(recording: &Recording, command: impl Fn() -> Command) -> Result<u8, Failure> {
    let recorded = match &recording.baseline {
        None => program::record(command(), &recording.way).map(Ok),
        Some(baselines) => baselines.measure(&recording.way, command),
    };
    let recorded = match recorded {
        Ok(recorded) => recorded?,
        Err(RecordError::Run(failed)) => return launched::not_run(failed, &recording.program),
        Err(error) => return Err(not_recorded(error)),
    };
    let code = launched::exit_code(recorded.ended);
    match finish(recording, recorded) {
        Ok(()) => Ok(code),
        Err(failure) => {
            show_failure(&failure);
            Ok(if code == 0 { FAILED } else { code })
        }
    }
}

fn not_recorded(error: RecordError) -> Failure {
    let next = match &error {
        RecordError::Memory(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            "take a smaller --buffer, or raise the limit of file sizes (ulimit -f)"
        }
        RecordError::Memory(_) => "take a smaller --buffer, or free some memory",
        RecordError::Run(_) | RecordError::Read(_) => "free some memory, and record it again",
    };
    Failure::runtime(error, next)
}

fn finish(recording: &Recording, recorded: Recorded) -> Result<(), Failure> {
    let Recorded { ended, processes, refusals, .. } = recorded;
    let lost: Vec<Lost> = processes.iter().map(|process| process.lost).collect();
    let traces: Vec<Trace> = processes.into_iter().map(|process| process.trace).collect();
    // What was recorded is safe before anything is made of it.
    let files = write(recording, &traces)?;
    let shown = traces.iter().take(REPORTS).map(|trace| {
        show::reports([trace])
            .context("the recording contradicts itself")
            .map_err(|error| Failure::runtime(error, "this is a fault of rayprism, report it"))
    });
    for report in shown {
        let report = report?;
        print(|out| show::text(&report, &terminal::error_style(), out))?;
    }
    print(|out| {
        writeln!(out)?;
        write_notes(&recording.program, ended, &refusals, &lost, out)?;
        write_files(&files, out)
    })
}

fn write(recording: &Recording, traces: &[Trace]) -> Result<Vec<PathBuf>, Failure> {
    let write = |(index, trace): (usize, &Trace)| {
        let name = recording.file.name(index);
        recording.folder.write_annotated(&name, trace, &show::annotations(trace))?;
        Ok(recording.file.path(index))
    };
    traces.iter().enumerate().map(write).collect::<Result<_, _>>().map_err(output_failure)
}

/// What is to be known of the recording beside what is in it.
fn write_notes(
    program: &OsStr,
    ended: Ended,
    refusals: &Refusals,
    lost: &[Lost],
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = Path::new(program).display();
    if let Ended::Killed(signal) = ended {
        writeln!(out, "killed  {name} by signal {signal}; what it had recorded is here")?;
    }
    for (index, lost) in lost.iter().enumerate() {
        let of = if index == 0 { String::new() } else { format!(" of process {}", index + 1) };
        if lost.threads > 0 {
            writeln!(out, "lost    {} threads{of}: there was no room for them", lost.threads)?;
        }
        if lost.pools > 0 {
            writeln!(out, "lost    {} pools{of}: their sizes are not known", lost.pools)?;
        }
    }
    if let Some(reason) = &refusals.reason() {
        writeln!(out, "lost    {reason}")?;
    }
    if lost.is_empty() && refusals.none() {
        writeln!(out, "nothing recorded: {name} has no rayprism inside, or did not use rayon")?;
        writeln!(out, "try     rayprism cargo run, which builds it with rayprism inside;")?;
        writeln!(out, "        or this line in its Cargo.toml, and build it again:")?;
        writeln!(
            out,
            "        rayon = {{ package = \"rayprism-rayon\", version = \"{VERSION}\" }}"
        )?;
    }
    Ok(())
}

/// The drop-in of the same version, up to what Cargo takes for compatible.
const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));

fn write_files(files: &[PathBuf], out: &mut dyn Write) -> io::Result<()> {
    for (index, file) in files.iter().enumerate() {
        let label = match (index, files.len()) {
            (0, 1) => "trace",
            (0, _) => "traces",
            _ => "",
        };
        let note = if index < REPORTS { "" } else { "  (rayprism report shows it)" };
        writeln!(out, "{label:<8}{}{note}", file.display())?;
    }
    if !files.is_empty() {
        writeln!(out, "open    rayprism open FILE, or rayprism report FILE")?;
    }
    Ok(())
}

/// To standard error, as the output is the program's. A reader that went away has seen enough.
fn print(render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut text = Vec::new();
    let written = render(&mut text).and_then(|()| io::stderr().write_all(&text));
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written
            .context("failed to print to standard error")
            .map_err(|error| Failure::runtime(error, "check what it is redirected to")),
    }
}
