//! The built binary, run in an empty folder of its own.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

#[cfg(target_os = "linux")]
pub(crate) mod seccomp;
#[cfg(unix)]
mod user;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_rayprism");

/// The program as users run it: `RAYPRISM_PROGRAM`, or what is built here.
pub(crate) static OPTIMIZED: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(built) = std::env::var_os("RAYPRISM_PROGRAM") {
        return built.into();
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--quiet", "--bin", "rayprism", "--message-format", "json"]);
    let ran = Ran::from(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let messages = ran.stdout.lines().map(serde_json::from_str::<serde_json::Value>);
    let mut built =
        messages.filter_map(|message| Some(message.unwrap()["executable"].as_str()?.into()));
    built.next_back().unwrap()
});

/// An empty folder to run in; what is left in it can be looked at.
pub(crate) struct Sandbox(TempDir);

/// What a run printed and returned.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Runs the binary with the words of `line` as arguments.
    pub(crate) fn run(&self, line: &str) -> Ran {
        Ran::from(self.command(line).output().unwrap())
    }

    /// The same of an optimized build: what runs workloads in sizes that are not tiny.
    pub(crate) fn run_optimized(&self, line: &str) -> Ran {
        let words: Vec<&str> = line.split_whitespace().collect();
        Ran::from(self.other(OPTIMIZED.to_str().unwrap(), &words).output().unwrap())
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        self.other(BINARY, &line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn other(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        command
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Names of everything in a folder, hidden files too, sorted.
    pub(crate) fn entries(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Ran {
    /// The output of a run that went well and said nothing on standard error.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self.stdout
    }

    /// The one line that a run failed with.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{}", self.stderr);
        let line = self.stderr.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        line.strip_prefix("error: ").unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).unwrap()
    }
}

/// What a shell runs in the background ignores SIGINT, and so does all that it starts.
#[cfg(unix)]
pub(crate) fn heed_interrupts(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt;
    #[expect(unsafe_code, reason = "a system call between fork and exec")]
    // SAFETY: `signal` may be called there, and takes nothing of the parent's.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGINT, libc::SIG_DFL);
            Ok(())
        })
    }
}
