//! `cargo COMMAND`: builds a project with rayon instrumented from within.
//!
//! Asks cargo which rayon the project resolves to, keeps instrumented copies of it below the
//! project's target folder, and lets cargo build with them, in a target folder of its own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, anyhow};
use cargo_metadata::{Metadata, MetadataCommand};
use clap::ValueEnum;

use crate::cli::args::{CargoArgs, RecordingArgs};
use crate::cli::failure::{Failure, Kind};
use crate::inside::{Instrumented, Rayon, SourceFile, build};

pub(in crate::cli) fn cargo(args: &CargoArgs) -> Result<u8, Failure> {
    let arguments = &args.arguments;
    let Some(kind) = build::kind(arguments) else {
        // Nothing that has to do with a project: `--version`, `--list`.
        return run(Command::new(program()).args(arguments));
    };
    let target = build::target(arguments).or_else(host);
    let Some(metadata) = metadata(arguments, target.as_deref())? else { return Ok(CARGO_FAILED) };
    let place = Place::of(&metadata);
    if arguments.first().is_some_and(|command| command == "clean") {
        return place.clean();
    }
    let rayon = Rayon::find(&metadata).map_err(|error| Failure::told(Kind::Usage, error))?;
    if !build::is_quiet(arguments) {
        place.explain(&rayon);
    }
    let folders = place.copy(&rayon)?;
    let recorded = match (kind, target) {
        (build::Kind::Run, Some(target)) => {
            build::started_by(&target, &recorder(&args.recording)?).to_vec()
        }
        _ => Vec::new(),
    };
    let mut command = Command::new(program());
    command.args(build::with_copies(&folders, &recorded, arguments));
    run(command.env("CARGO_TARGET_DIR", &place.build))
}

/// The words of the command that records what cargo has built: this program, by its `record`.
fn recorder(recording: &RecordingArgs) -> Result<Vec<OsString>, Failure> {
    let own = std::env::current_exe()
        .context("failed to find out where rayprism itself is")
        .map_err(|error| Failure::runtime(error, "run it by its full path"))?;
    // Tests are run in the folders of their packages.
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let output = recording.output.as_ref().map(absolute);
    let mut words = vec![own.into_os_string(), "record".into()];
    words.extend(output.iter().flat_map(|path| ["-o".into(), path.clone().into_os_string()]));
    words.extend(["--detail".into(), name(recording.detail)]);
    words.extend(["--buffer".into(), recording.buffer.clone().into()]);
    words.extend(["--on-full".into(), name(recording.on_full)]);
    words.extend(recording.no_kernel.then(|| "--no-kernel".into()));
    if recording.baseline {
        words.extend(["--baseline".into(), "--reps".into(), recording.reps.to_string().into()]);
        let limit = recording.time_limit.map(|seconds| seconds.to_string());
        words.extend(limit.iter().flat_map(|limit| ["--time-limit".into(), limit.into()]));
    }
    words.push("--".into());
    Ok(words)
}

/// A value as it is typed.
fn name(value: impl ValueEnum) -> OsString {
    value.to_possible_value().map(|value| value.get_name().into()).unwrap_or_default()
}

/// The exit code of cargo where it fails by itself.
const CARGO_FAILED: u8 = 101;

/// The cargo that runs us, if one does.
fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn run(command: &mut Command) -> Result<u8, Failure> {
    let status = command.status().context("failed to run cargo").map_err(no_cargo)?;
    Ok(code(status))
}

fn no_cargo(error: anyhow::Error) -> Failure {
    Failure::runtime(error, "install it, or put it into the PATH")
}

fn code(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(CARGO_FAILED)
}

/// What the project is made of; `None` if cargo could not say, and has told why itself.
fn metadata(arguments: &[OsString], target: Option<&OsStr>) -> Result<Option<Metadata>, Failure> {
    let mut command = Command::new(program());
    command.args(build::of_metadata(arguments)).arg("--all-features");
    // Else cargo notes down in the project's own target folder what it has asked the compiler.
    command.env("CARGO_CACHE_RUSTC_INFO", "0");
    if let Some(target) = target {
        command.arg("--filter-platform").arg(target);
    }
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("failed to run `cargo metadata`")
        .map_err(no_cargo)?;
    if !output.status.success() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let metadata = MetadataCommand::parse(text)
        .context("failed to understand what `cargo metadata` says of the project")
        .map_err(|error| Failure::runtime(error, "try another version of cargo"))?;
    Ok(Some(metadata))
}

/// The platform that cargo builds for by itself.
fn host() -> Option<OsString> {
    let output = Command::new(program()).arg("-vV").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(OsString::from)
}

/// Our folder below the project's target folder.
struct Place {
    all: PathBuf,
    /// Copies of rayon.
    sources: PathBuf,
    /// What cargo builds.
    build: PathBuf,
}

impl Place {
    fn of(metadata: &Metadata) -> Self {
        let all = metadata.target_directory.as_std_path().join("rayprism");
        Self { sources: all.join("sources"), build: all.join("build"), all }
    }

    fn clean(&self) -> Result<u8, Failure> {
        match fs::remove_dir_all(&self.all) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let what = format!("failed to remove {}", self.all.display());
                Err(Failure::runtime(anyhow::Error::new(error).context(what), "remove it by hand"))
            }
            Ok(()) | Err(_) => Ok(0),
        }
    }

    /// Puts the copies into their folders; which those are.
    fn copy(&self, rayon: &Rayon) -> Result<Vec<PathBuf>, Failure> {
        rayon.crates.iter().map(|found| {
            let files = read_all(&found.folder)
                .with_context(|| format!("failed to read the sources of {found}"))
                .map_err(|error| Failure::runtime(error, "see whether `cargo fetch` mends it"))?;
            let copy = Instrumented::new(found, files)
                .map_err(|misfit| Failure::usage(anyhow!(misfit), format!(
                    "the sources of {found} in {} were changed after their download; remove that folder, and cargo downloads it anew",
                    found.folder.display(),
                )))?;
            let folder = self.sources.join(&copy.folder);
            write_all(&folder, &copy.files)
                .with_context(|| format!("failed to write to {}", folder.display()))
                .map_err(|error| Failure::runtime(error, "free some space, or see who may write there"))?;
            Ok(folder)
        }).collect()
    }

    /// Says at the first build what is going on.
    fn explain(&self, rayon: &Rayon) {
        if self.build.exists() {
            return;
        }
        let names: Vec<String> = rayon.crates.iter().map(ToString::to_string).collect();
        // If nobody can be told, it is done all the same.
        let _ = writeln!(
            io::stderr(),
            "rayprism: builds the project and its dependencies once more, with a recorder inside {}, \
             into {}; the project itself stays as it is",
            names.join(" and "),
            self.build.display(),
        );
    }
}

/// All files below a folder, by name.
fn read_all(folder: &Path) -> io::Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(folder.join(&inner))? {
            let entry = entry?;
            let path = inner.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                let contents = fs::read(entry.path())?;
                files.push(SourceFile { path, contents });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Makes a folder hold these files and no others. Those that are as they should be are left alone,
/// so that cargo does not build them again.
fn write_all(folder: &Path, files: &[SourceFile]) -> io::Result<()> {
    for SourceFile { path, contents } in files {
        let path = folder.join(path);
        if fs::read(&path).is_ok_and(|there| there == *contents) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, contents)?;
    }
    for SourceFile { path, .. } in read_all(folder)? {
        if path != Path::new("Cargo.lock") && !files.iter().any(|file| file.path == path) {
            fs::remove_file(folder.join(path))?;
        }
    }
    Ok(())
}
