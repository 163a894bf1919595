//! Each example is built and run as its docs say, but in the tests' own profile, and prints what it
//! should; what it writes, `rayprism report` reads.

#![cfg(feature = "cli")]

mod cli_support;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use cli_support::{Ran, Sandbox};
use rayprism::format::chrome;
use rayprism::model::{Detail, Event, Losses, OperationKind, Trace};
use rayprism::timeline::Timeline;

/// Builds what the first command in the docs runs; returns the program.
fn build(source: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_to_string(root.join(source)).expect("the example's source");
    let command = docs.lines().find_map(|line| line.split_once("cargo run --release "));
    let (_, which) = command.expect("the command that runs it");
    // Not from cargo's own folder of examples: where only this test was asked for they are old.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--message-format", "json"]).args(which.split_whitespace());
    let ran = Ran::from(cargo.current_dir(root).output().expect("cargo runs"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let messages = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let mut built = messages
        .filter_map(|message: serde_json::Value| message["executable"].as_str().map(PathBuf::from));
    built.next_back().expect("a program")
}

/// Runs an example in an empty folder.
fn run(sandbox: &Sandbox, source: &str, environment: &[(&str, &str)]) -> Ran {
    let program = build(source);
    let mut command = sandbox.other(program.to_str().expect("text"), &[]);
    command.env_remove("RAYPRISM_OUT").env_remove("RAYPRISM_DETAIL");
    Ran::from(command.envs(environment.iter().copied()).output().expect("the example runs"))
}

/// The trace that an example has left, which is sound.
fn trace(sandbox: &Sandbox) -> Trace {
    let file = File::open(sandbox.path("trace.json")).expect("a trace");
    let trace = chrome::read(file).expect("a sound file");
    Timeline::new(&trace).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!((trace.header.detail, trace.losses()), (Detail::Auto, Losses::default()));
    trace
}

#[test]
fn by_hand() {
    let sandbox = Sandbox::new();
    let printed = run(&sandbox, "examples/by_hand.rs", &[]).ok();
    let expected = "1048576 numbers sorted, their square roots summed: 45812396958\n\
                    trace in trace.json\n";
    assert_eq!((printed.as_str(), sandbox.entries(".")), (expected, vec!["trace.json".to_owned()]));

    let trace = trace(&sandbox);
    // A tree of halves: 1,048,576 numbers, in leaves of 4,096.
    assert_eq!((trace.header.title.as_str(), trace.counts().joins), ("by hand", 255));
    assert_eq!(regions(&trace), ["sort", "sum"]);
    let report = sandbox.run("report trace.json").ok();
    assert!(report.starts_with("by hand "), "{report}");
}

/// The names of a trace's regions.
fn regions(trace: &Trace) -> Vec<&str> {
    let events = trace.lanes.iter().flat_map(|lane| &lane.events);
    let regions = events.filter_map(|event| match event {
        Event::Operation(operation) if operation.kind == OperationKind::Region => {
            operation.label.as_deref()
        }
        _ => None,
    });
    regions.collect()
}

#[test]
fn own_pool() {
    let sandbox = Sandbox::new();
    let printed = run(&sandbox, "examples/own_pool.rs", &[]).ok();
    let lines: Vec<&str> = printed.lines().collect();
    let [started, results, joins, seen, first, second, idle] = lines[..] else {
        panic!("{printed}")
    };
    assert_eq!(started, "start handlers   [Some(0), Some(1)]");
    assert_eq!(results, "results          (6765, 666166500)");
    // fibonacci(21) - 1: what stock rayon called is not among them.
    assert_eq!(joins, "joins            10945");
    assert_eq!(seen, "every call seen  false");
    assert_worker(first, "worker 0         busy ");
    assert_worker(second, "worker 1         busy ");
    assert!(idle.starts_with("idle             not measured (stock rayon calls "), "{idle}");
    assert!(sandbox.entries(".").is_empty());
}

/// What is known of a worker of a pool that only has the hook.
#[track_caller]
fn assert_worker(line: &str, start: &str) {
    let times = line.strip_prefix(start).and_then(|rest| rest.split_once(", CPU time "));
    let (busy, cpu) = times.expect("two times");
    assert!(!busy.contains("not measured"), "{line}");
    // Elsewhere the CPU time of a thread is not known.
    assert_eq!(cpu.contains("not measured"), !cfg!(target_os = "linux"), "{line}");
}

#[test]
fn drop_in() {
    let sandbox = Sandbox::new();
    let source = "examples/drop-in/src/main.rs";
    let unrecorded = run(&sandbox, source, &[]).ok();
    assert!(sandbox.entries(".").is_empty());
    let first = unrecorded.lines().next();
    assert_eq!(first, Some("500000 requests, half of them below 50738 µs"));
    assert_eq!(unrecorded.lines().count(), 1 + 7);

    let recorded = run(&sandbox, source, &[("RAYPRISM_OUT", "trace.json")]);
    assert_eq!((recorded.code, recorded.stdout), (Some(0), unrecorded));
    assert_eq!(recorded.stderr, "rayprism: trace written to trace.json\n");
    let trace = trace(&sandbox);
    assert_eq!((trace.header.title.as_str(), trace.counts().joins), ("access-log", 1));
    let report = sandbox.run("report trace.json").ok();
    assert!(report.starts_with("access-log "), "{report}");
}

/// Nothing but one line of its manifest tells that it may be recorded.
#[test]
fn the_drop_ins_source_names_only_rayon() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/drop-in");
    let source = fs::read_to_string(root.join("src/main.rs")).expect("its source");
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    assert!(code.clone().any(|line| line.contains("rayon::")));
    assert!(!code.clone().any(|line| line.contains("rayprism")));
}

#[test]
fn phases() {
    let sandbox = Sandbox::new();
    let ran = run(&sandbox, "examples/phases.rs", &[("RUST_LOG", "info,rayprism=debug")]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let told = ran.stderr;
    // The program's event has its own spans and rayprism's around it.
    let line = told.lines().find(|line| line.contains("may be on another thread"));
    let line = line.unwrap_or_else(|| panic!("{told}"));
    let at = |span: &str| line.find(span).unwrap_or_else(|| panic!("no {span} in {line}"));
    assert!(at("rank") < at("join") && at("join") < at("first half"), "{line}");
    let trace = trace(&sandbox);
    let named = |name: &str| {
        let phases = trace.lanes.iter().flat_map(|lane| &lane.told.phases);
        let of_name = phases.filter(|phase| phase.name.as_deref() == Some(name));
        of_name.filter(|phase| !phase.inherited).count()
    };
    assert_eq!(["generate", "count", "rank"].map(named), [1; 3]);
    assert_eq!(["count a part", "first half", "second half"].map(named), [30, 1, 1]);
    let report = sandbox.run("report trace.json").ok();
    for name in ["generate", "count a part", "serial"] {
        assert!(report.contains(name), "no {name} in {report}");
    }
}
