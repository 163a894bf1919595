//! `doctor`, `stat` and `run` where there are hardware counters, some of them at least, and where
//! nobody may count. What the machine is that `tools/pmu` runs these on, `pmu.rs` tells; elsewhere
//! they say nothing and pass.

#![cfg(all(
    feature = "cli",
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;
mod pmu_support;

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;

use cli_support::{Ran, Sandbox};
use pmu_support::{Expected, MILLION, execute, expected, figure, is_emulated};
use rayprism::model::Counter;
use serde_json::{Value, json};

const NOT_COUNTED: &str = "this CPU's PMU does not count it";
/// Counters of the CPU that the emulated machine has.
const HERE: [&str; 4] =
    ["cycles", "instructions", "stalled-cycles-frontend", "stalled-cycles-backend"];
/// The work of [`program`], of each thread.
const WORK: u64 = 50 * MILLION;
/// Tells the program below what to do.
const PART: &str = "RAYPRISM_TEST_PART";

/// No test: the program that is watched.
#[test]
fn program() {
    if let Ok(threads) = env::var(PART) {
        let threads: u64 = threads.parse().unwrap();
        std::thread::scope(|scope| {
            (0..threads).for_each(|_| drop(scope.spawn(|| execute(WORK))));
        });
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn doctor() -> Value {
    let ran = Sandbox::new().run("doctor --json");
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    let complete = said["complete"].as_bool().unwrap();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(if complete { 0 } else { 4 }), ""));
    said
}

fn check<'v>(said: &'v Value, id: &str) -> &'v Value {
    let checks = said["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no {id} in {said:#}"))
}

/// Checks that say that something limits the analysis.
fn limits(said: &Value) -> Vec<&str> {
    let checks = said["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["verdict"] == "limits").map(|c| c["id"].as_str().unwrap()).collect()
}

#[test]
fn doctor_knows_what_counts_and_what_does_not() {
    if !is_emulated() {
        return;
    }
    let said = doctor();
    let limits = limits(&said);
    figure(format_args!("doctor is limited by {limits:?}, pmu: {}", check(&said, "pmu")["found"]));
    assert_eq!(said["host"]["events"]["hardware_groups"], json!({ "is": 1 }));
    for counter in Counter::ALL.iter().filter(|counter| counter.is_hardware()) {
        let check = check(&said, counter.name());
        let (found, verdict) = match (HERE.contains(&counter.name()), is_root()) {
            (true, true) => ("available".to_owned(), "ok"),
            (true, false) => ("available: without what runs in the kernel".to_owned(), "note"),
            (false, _) => (format!("unavailable: {NOT_COUNTED}"), "note"),
        };
        assert_eq!((&check["found"], &check["verdict"]), (&found.into(), &verdict.into()));
    }
    assert_ne!(check(&said, "pmu")["verdict"], "limits");
    let denied: &[&str] = match is_root() {
        true => &[],
        false => &["paranoid", "context-switches", "cpu-migrations"],
    };
    let about_events = ["paranoid", "seccomp", "switch-records", "ring-memory", "open-files"];
    let is_of_events =
        |id: &&str| about_events.contains(id) || Counter::ALL.iter().any(|c| c.name() == *id);
    assert_eq!(limits.into_iter().filter(is_of_events).collect::<Vec<_>>(), denied);
}

#[test]
fn doctor_knows_who_refuses() {
    if expected() != Expected::Refused {
        return;
    }
    let said = doctor();
    assert_eq!(said["complete"], false);
    for counter in Counter::ALL {
        let check = check(&said, counter.name());
        let found = "unavailable: perf_event_paranoid is 3, which allows users nothing";
        assert_eq!((&check["found"], &check["verdict"]), (&found.into(), &"limits".into()));
        let remedy = check["remedy"].as_str().unwrap();
        assert!(remedy.contains("perf_event_paranoid=2"), "{remedy}");
    }
    assert_eq!(check(&said, "paranoid")["verdict"], "limits");
    assert_eq!(check(&said, "switch-records")["verdict"], "limits");
}

/// This test's own file, so many threads of which execute [`WORK`] each, under `stat`.
fn stat(options: &str, threads: u64) -> Value {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&format!("stat --json -o stat.json {options} --"));
    command.arg(env::current_exe().unwrap()).args(["--exact", "program", "--test-threads=1"]);
    let ran = Ran::from(command.env(PART, threads.to_string()).output().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    serde_json::from_str(&fs::read_to_string(sandbox.path("stat.json")).unwrap()).unwrap()
}

fn total<'s>(stat: &'s Value, counter: &str) -> &'s Value {
    let totals = stat["totals"].as_array().unwrap();
    let found = totals.iter().find(|total| total["counter"] == counter);
    found.unwrap_or_else(|| panic!("no {counter} in {totals:#?}"))
}

#[test]
fn stat_counts_the_instructions_of_a_program() {
    if !is_emulated() {
        return;
    }
    for threads in [1, 2] {
        let stat = stat("", threads);
        let instructions = total(&stat, "instructions")["value"]["is"].as_u64().unwrap();
        let ipc = stat["rates"]["ipc"]["is"].as_f64().unwrap();
        let work = threads * WORK;
        figure(format_args!(
            "stat, {threads} threads, {work} instructions: {instructions}, IPC {ipc:.3}"
        ));
        // The emulator lets the kernel on one CPU count what the other one does.
        let at_most = if is_root() && threads > 1 { 2 * work } else { work + work / 8 };
        assert!((work..at_most).contains(&instructions), "{instructions} of {work}");
        assert!((0.48..0.52).contains(&ipc), "{ipc}");
        assert_partly_available(&stat);
        assert_threads_have_their_own(&stat, threads as usize);
    }
}

/// Those that work come first: they have the most CPU time.
fn assert_threads_have_their_own(stat: &Value, threads: usize) {
    let totals = stat["totals"].as_array().unwrap();
    let place = totals.iter().position(|total| total["counter"] == "instructions").unwrap();
    for thread in &stat["threads"].as_array().unwrap()[..threads] {
        let Some(instructions) = thread["counts"][place]["is"].as_u64() else {
            // The emulator may let it run to its end before another thread has its turn.
            assert!(thread["counts"][place]["not"].is_string(), "{thread:#}");
            continue;
        };
        let (late, ipc) = (&thread["counted_from"]["is"], &thread["rates"]["ipc"]["is"]);
        figure(format_args!("  a thread, counted {late} ns late: {instructions}, IPC {ipc}"));
        // An instruction takes two nanoseconds.
        let all = instructions + thread["uncounted"].as_u64().unwrap() / 2;
        assert!(all >= WORK - WORK / 100, "{thread:#}");
        let at_most = if is_root() && threads > 1 { 2 * WORK } else { WORK + WORK / 8 };
        assert!(instructions < at_most, "{thread:#}");
        assert!((0.48..0.52).contains(&ipc.as_f64().unwrap()), "{thread:#}");
        assert_eq!(thread["estimated"], json!([]), "{thread:#}");
    }
}

/// What counts has a value, and what does not says why. A value may be called an estimate: while the
/// counters of a new thread are opened, the kernel puts the others aside, and here that takes long.
fn assert_partly_available(stat: &Value) {
    for counter in ["cycles", "instructions"] {
        let total = total(stat, counter);
        assert_eq!(total["user_only"], !is_root(), "{total}");
        assert_eq!(total["source"], "counter", "{total}");
    }
    let asked = total(stat, "cache-misses");
    assert_eq!(asked["value"]["not"], NOT_COUNTED, "{asked}");
    assert_eq!(stat["rates"]["misses_per_thousand"][0][1]["not"], NOT_COUNTED);
}

#[test]
fn stat_of_all_counters_estimates_no_software_counter() {
    if !is_emulated() {
        return;
    }
    let stat = stat("-e all", 1);
    for counter in Counter::ALL {
        let total = total(&stat, counter.name());
        let counts = HERE.contains(&counter.name()) || !counter.is_hardware();
        assert_eq!(total["value"]["is"].is_u64(), counts, "{total}");
        assert!(counter.is_hardware() || total["estimated"] == false, "{total}");
        if !counts {
            assert_eq!(total["value"]["not"], NOT_COUNTED);
        }
    }
    assert_eq!(total(&stat, "stalled-cycles-backend")["value"]["is"], 0);
}

/// No other counter has shown by then that there is a PMU.
#[test]
fn stat_of_one_counter_that_is_missing_has_the_right_reason() {
    if is_emulated() {
        let stat = stat("-e branch-misses", 1);
        assert_eq!(total(&stat, "branch-misses")["value"]["not"], NOT_COUNTED);
    }
}

#[test]
fn stat_without_rights_has_the_kernels_accounting() {
    if expected() != Expected::Refused {
        return;
    }
    let stat = stat("", 1);
    let denied = "perf_event_paranoid is 3, which allows users nothing";
    let reason = stat["events"]["not"].as_str().unwrap();
    assert!(reason.starts_with(denied), "{reason}");
    for missing in [&total(&stat, "instructions")["value"], &stat["rates"]["ipc"]] {
        assert!(missing["not"].is_string(), "{missing}");
    }
    let clock = total(&stat, "task-clock");
    assert_eq!(clock["source"], "accounting");
    // Two nanoseconds each.
    let executed = clock["value"]["is"].as_u64().unwrap() / 2;
    assert!((WORK..WORK + WORK / 8).contains(&executed), "{clock}");
}

/// A trace file's events and its head.
fn trace(sandbox: &Sandbox, name: &str) -> Value {
    let text = fs::read_to_string(sandbox.path("traces").join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_run_has_its_instructions_per_cycle() {
    if !is_emulated() {
        return;
    }
    let sandbox = Sandbox::new();
    let text = sandbox.run("run invert-tree --depth 14 --reps 1").ok();
    let trace = trace(&sandbox, "invert-tree-join.json");
    let events = trace.as_array().unwrap();
    let ipcs: Vec<f64> = events
        .iter()
        .filter(|event| event["ph"] == "C")
        .filter_map(|event| event["args"]["IPC"].as_f64())
        .collect();
    assert!(!ipcs.is_empty() && ipcs.iter().all(|ipc| (0.45..0.55).contains(ipc)), "{ipcs:?}");
    let counted = events.iter().filter_map(|event| {
        let of = &event["args"]["counters"];
        Some((of["instructions"].as_u64()?, of["cycles"].as_u64()?, event))
    });
    let counted: Vec<_> = counted.collect();
    assert!(!counted.is_empty());
    for (instructions, cycles, event) in &counted {
        let nanos = event["dur"].as_f64().unwrap() * 1e3;
        figure(format_args!("a task of {nanos} ns: {instructions} instructions, {cycles} cycles"));
        assert!(cycles.abs_diff(2 * instructions) <= instructions / 10, "{event}");
    }
    let line = text.lines().find(|line| line.trim_start().starts_with("IPC")).unwrap();
    figure(format_args!("report: {}", line.trim()));
    assert!(line.contains(" 0.50 "), "{line}");
    assert!(!text.contains("estimated"), "{text}");
    let reports = sandbox.run("report --json traces/invert-tree-join.json").json();
    let ipc = &reports["reports"][0]["kernel"]["instructions_per_cycle"]["is"];
    assert!((0.48..0.52).contains(&ipc.as_f64().unwrap()), "{ipc}");
}
