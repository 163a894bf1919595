//! A program whose source names only rayon, built against the drop-in: `RAYPRISM_OUT` has it
//! recorded and the trace written when it ends, however it ends. Its output and its exit status
//! stay its own, also where the trace cannot be written.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use rayprism::format::chrome;
use rayprism::model::{Detail, Losses, Trace};
use rayprism::timeline::Timeline;
use tempfile::TempDir;

/// Nodes of a tree of this depth, and joins.
const DEPTH: &str = "10";
const JOINS: u64 = (1 << 10) - 1;

fn program(arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_dropin"));
    program.args(arguments).env_remove("RAYPRISM_OUT").env_remove("RAYPRISM_DETAIL");
    program.env("RUST_BACKTRACE", "0");
    program
}

fn run(program: &mut Command) -> (Output, String) {
    let output = program.output().expect("the program is there");
    let stderr = String::from_utf8(output.stderr.clone()).expect("text");
    (output, stderr)
}

#[track_caller]
fn assert_output(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status));
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{JOINS}\n"));
}

fn read(path: &Path) -> Trace {
    let trace = chrome::read(File::open(path).expect("a trace")).expect("a sound file");
    Timeline::new(&trace).unwrap_or_else(|problem| panic!("{problem}"));
    trace
}

fn files(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect()
}

#[test]
fn whichever_pool_it_uses() {
    for pool in ["global", "asked", "built", "own"] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("made/on/the/way/trace.json");
        let (output, stderr) = run(program(&[pool, DEPTH, "return"]).env("RAYPRISM_OUT", &path));
        assert_output(&output, 0);
        assert_eq!(stderr, format!("rayprism: trace written to {}\n", path.display()));
        let trace = read(&path);
        assert_eq!((trace.counts().joins, trace.counts().spawns), (JOINS, 3), "{pool}");
        assert_eq!((trace.header.detail, trace.losses()), (Detail::Auto, Losses::default()));
        assert_eq!(trace.header.title, "dropin");
        assert!(trace.pools.iter().all(|pool| pool.every_call_seen), "{pool}");
        assert!(trace.sites.iter().all(|site| site.location.contains("main.rs")), "{pool}");
    }
}

#[test]
fn however_it_ends() {
    for (end, status) in [("return", 0), ("panic", 101), ("exit", 3), ("exit-in-job", 4)] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("trace.json");
        let (output, stderr) = run(program(&["global", DEPTH, end]).env("RAYPRISM_OUT", &path));
        assert_output(&output, status);
        let line = format!("rayprism: trace written to {}\n", path.display());
        assert!(stderr.ends_with(&line), "{stderr}");
        let trace = read(&path);
        assert_eq!((trace.counts().joins, trace.counts().spawns), (JOINS, 3), "{end}");
        assert_eq!(files(&folder), ["trace.json"]);
    }
}

#[test]
fn in_the_detail_that_is_asked_for() {
    for (name, detail) in [("count", Detail::Count), ("auto", Detail::Auto), ("full", Detail::Full)]
    {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("trace.json");
        let mut program = program(&["own", DEPTH, "return"]);
        let (output, _) = run(program.env("RAYPRISM_OUT", &path).env("RAYPRISM_DETAIL", name));
        assert_output(&output, 0);
        let trace = read(&path);
        assert_eq!((trace.header.detail, trace.counts().joins), (detail, JOINS));
        let timed = if detail == Detail::Count { 0 } else { JOINS };
        assert_eq!(trace.counts().timed_joins, timed);
    }
}

#[test]
fn to_a_path_relative_to_where_it_started() {
    let folder = TempDir::new().unwrap();
    let mut program = program(&["own", DEPTH, "return"]);
    let (output, stderr) = run(program.env("RAYPRISM_OUT", "a.json").current_dir(folder.path()));
    assert_output(&output, 0);
    assert_eq!(stderr, "rayprism: trace written to a.json\n");
    assert_eq!(files(&folder), ["a.json"]);
}

#[test]
fn and_else_it_is_not() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trace.json");
    let (output, stderr) = run(&mut program(&["global", DEPTH, "return"]));
    assert_output(&output, 0);
    assert_eq!(stderr, "");
    let mut off = program(&["global", DEPTH, "return"]);
    let (output, stderr) = run(off.env("RAYPRISM_OUT", &path).env("RAYPRISM_DETAIL", "off"));
    assert_output(&output, 0);
    assert_eq!((stderr.as_str(), files(&folder)), ("", vec![]));
    // Without a use of rayon there is nothing to record.
    let (output, stderr) = run(program(&[]).env("RAYPRISM_OUT", &path));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!((stderr.as_str(), files(&folder)), ("", vec![]));
}

#[test]
fn though_the_detail_is_misspelt_and_it_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trace.json");
    let mut program = program(&["own", DEPTH, "return"]);
    let (output, stderr) = run(program.env("RAYPRISM_OUT", &path).env("RAYPRISM_DETAIL", "Fine"));
    assert_output(&output, 0);
    let first = stderr.lines().next();
    let told =
        "rayprism: RAYPRISM_DETAIL is Fine, not off, count, auto or full; recording with auto";
    assert_eq!(first, Some(told));
    assert_eq!(read(&path).header.detail, Detail::Auto);
}

#[test]
fn and_told_where_the_trace_cannot_be_written() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let below = file.join("trace.json");
    let (output, stderr) = run(program(&["own", DEPTH, "return"]).env("RAYPRISM_OUT", &below));
    assert_output(&output, 0);
    assert_told(&stderr, &format!("failed to make the folder {}: ", file.display()));

    // A folder stands where the trace is to be.
    let (output, stderr) =
        run(program(&["own", DEPTH, "return"]).env("RAYPRISM_OUT", folder.path()));
    assert_output(&output, 0);
    assert_told(&stderr, &format!("failed to give a file its name {}: ", folder.path().display()));
    // Nothing half-written is left, neither in it nor beside it.
    assert_eq!(files(&folder), ["file"]);
    let name = folder.path().file_name().unwrap().to_string_lossy().into_owned();
    let beside = fs::read_dir(folder.path().parent().unwrap()).unwrap();
    let mut beside = beside.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    assert!(beside.all(|other| other == name || !other.contains(&name)));
}

/// One line: what failed, where, why, and what to do next.
#[track_caller]
fn assert_told(stderr: &str, what: &str) {
    let line = stderr.strip_suffix('\n').expect("a line");
    assert!(line.starts_with(&format!("rayprism: {what}")), "{line}");
    assert!(line.ends_with("; set RAYPRISM_OUT to another path"), "{line}");
    assert!(!line.contains('\n'), "{line}");
}
