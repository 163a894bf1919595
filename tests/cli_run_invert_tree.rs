//! `run invert-tree` from recording to trace files: exact counts, and that files, reports and
//! headers agree.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use std::fs::{self, File};

use cli_support::{Ran, Sandbox};
use rayprism::format::chrome;
use rayprism::model::{Detail, Nanos, Trace};

fn trace(sandbox: &Sandbox, name: &str) -> Trace {
    chrome::read(File::open(sandbox.path("traces").join(name)).unwrap()).unwrap()
}

/// Runs with each number of threads, and compares the joins in each trace file with those that
/// the tree makes.
#[track_caller]
fn assert_joins(options: &str, depth: u32, cutoff: u32) {
    let sandbox = Sandbox::new();
    let tree = format!("--variants serial,join,join-cutoff --depth {depth} --cutoff {cutoff}");
    sandbox.run(&format!("run invert-tree --reps 1 --threads 1,2,3 {tree} {options}")).ok();
    let joins = |name: &str| trace(&sandbox, &format!("invert-tree-{name}.json")).counts().joins;
    assert_eq!(joins("serial"), 0, "serial {tree} {options}");
    for threads in 1..=3 {
        let counts =
            [joins(&format!("join-{threads}t")), joins(&format!("join-cutoff-{threads}t"))];
        let expected = [(1 << depth) - 1, (1 << cutoff.min(depth)) - 1];
        assert_eq!(counts, expected, "{threads} threads {tree} {options}");
    }
}

#[test]
fn joins_are_exact_at_every_level_of_detail_and_number_of_threads() {
    for detail in ["count", "auto", "full"] {
        for (depth, cutoff) in [(1, 0), (9, 4), (9, 12), (14, 6)] {
            assert_joins(&format!("--detail {detail}"), depth, cutoff);
        }
    }
}

#[test]
fn joins_are_exact_whatever_happens_when_a_buffer_is_full() {
    for on_full in ["collapse", "ring", "stop"] {
        assert_joins(&format!("--detail full --buffer 64KiB --on-full {on_full}"), 15, 6);
    }
}

#[test]
fn a_scope_spawns_at_every_node() {
    let sandbox = Sandbox::new();
    for detail in ["count", "auto", "full"] {
        let options = format!("--variants scope --reps 1 --depth 11 --threads 2 --detail {detail}");
        sandbox.run(&format!("run invert-tree {options}")).ok();
        let counts = trace(&sandbox, "invert-tree-scope.json").counts();
        assert_eq!((counts.spawns, counts.joins), ((1 << 11) - 1, 0), "{detail}");
    }
}

#[test]
fn the_mirrored_layout_makes_the_same_joins() {
    assert_joins("--layout mirrored", 10, 6);
}

#[test]
fn several_numbers_of_threads_have_a_file_each() {
    let sandbox = Sandbox::new();
    let text = sandbox
        .run("run invert-tree --variants serial,join,join-cutoff --reps 1 --depth 10 --threads 1,3")
        .ok();
    let expected = [
        "invert-tree-join-1t.json",
        "invert-tree-join-3t.json",
        "invert-tree-join-cutoff-1t.json",
        "invert-tree-join-cutoff-3t.json",
        "invert-tree-serial.json",
    ];
    assert_eq!(sandbox.entries("traces"), expected);
    for name in expected {
        assert!(text.contains(&format!("traces/{name}\n")), "{name} is not in:\n{text}");
    }
    for threads in [1, 3] {
        let run = trace(&sandbox, &format!("invert-tree-join-{threads}t.json")).header.run;
        assert_eq!(run.unwrap().threads, threads);
    }
}

#[test]
fn the_header_holds_the_measurement() {
    let sandbox = Sandbox::new();
    let options = "--variants serial,join-cutoff --depth 10 --cutoff 3 --reps 5 --threads 2 \
                   --detail full --out-dir deep/er";
    sandbox.run(&format!("run invert-tree {options}")).ok();
    let read = |variant: &str| {
        let path = sandbox.path("deep/er").join(format!("invert-tree-{variant}.json"));
        chrome::read(File::open(path).unwrap()).unwrap().header
    };
    let (serial, header) = (read("serial"), read("join-cutoff"));
    assert_eq!(header.title, "invert-tree · join-cutoff");
    assert_eq!(header.detail, Detail::Full);
    let (serial, run) = (serial.run.unwrap(), header.run.unwrap());
    assert_eq!((run.workload.as_str(), run.variant.as_str()), ("invert-tree", "join-cutoff"));
    assert_eq!((run.threads, run.samples.0.len()), (2, 5));
    assert_eq!(Some(run.recorded as usize), run.samples.median_index());
    let parameters: Vec<_> =
        run.parameters.iter().map(|known| (known.name.as_str(), known.value.as_str())).collect();
    assert_eq!(parameters, [("depth", "10"), ("layout", "built"), ("cutoff", "3")]);
    let baseline = run.baseline.unwrap();
    assert_eq!((baseline.variant.as_str(), baseline.samples), ("serial", serial.samples));
    assert_eq!(serial.baseline, None);
}

/// Each variant in a pool is measured in a pool of one worker, too, of which only the header tells.
#[test]
fn the_header_holds_the_baselines() {
    let sandbox = Sandbox::new();
    let text = sandbox
        .run("run invert-tree --variants serial,join,join-cutoff --depth 10 --reps 3 --threads 2")
        .ok();
    let of = |variant: &str| trace(&sandbox, &format!("invert-tree-{variant}.json")).header;
    for variant in ["join", "join-cutoff"] {
        let run = of(variant).run.unwrap();
        let (serial, one_worker) = (run.baseline.unwrap(), run.one_worker.unwrap());
        assert_eq!((serial.variant.as_str(), serial.serial), ("serial", true));
        assert_eq!((one_worker.variant.as_str(), one_worker.serial), (variant, false));
        assert_eq!(one_worker.samples.0.len(), 3);
        let parts = *serial.parts.value().unwrap();
        assert!(parts.work > Nanos::ZERO);
        assert_eq!((parts.runtime, parts.reduce), (Nanos::ZERO, Nanos::ZERO));
        // Off the CPU is told apart where the kernel tells when, and else it is not told.
        let told = of("serial").kernel.switch_records.value().is_some();
        assert_eq!((parts.blocked.is_some(), parts.preempted.is_some()), (told, told));
    }
    let serial = of("serial").run.unwrap();
    assert_eq!((serial.baseline, serial.one_worker), (None, None));
    let sections = text.lines().filter(|line| line.starts_with("invert-tree · "));
    assert_eq!((sections.count(), sandbox.entries("traces").len()), (3, 3), "{text}");
}

#[test]
fn one_worker_asked_for_is_its_own_baseline_and_the_others() {
    let sandbox = Sandbox::new();
    sandbox.run("run invert-tree --variants join --depth 10 --reps 3 --threads 2,1").ok();
    let run = |name: &str| trace(&sandbox, name).header.run.unwrap();
    let (two, one) = (run("invert-tree-join-2t.json"), run("invert-tree-join-1t.json"));
    assert_eq!(two.one_worker.unwrap().samples, one.samples);
    assert_eq!(one.one_worker, None);
    assert_eq!(sandbox.entries("traces").len(), 2);
}

#[test]
fn without_baseline_there_is_the_serial_one_alone() {
    let sandbox = Sandbox::new();
    sandbox.run("run invert-tree --depth 10 --reps 1 --threads 2 --no-baseline").ok();
    let run = trace(&sandbox, "invert-tree-join.json").header.run.unwrap();
    assert_eq!((run.baseline.is_some(), run.one_worker), (true, None));
}

#[test]
fn a_variant_alone_is_shown_alone_and_still_compared() {
    let sandbox = Sandbox::new();
    let text = sandbox.run("run invert-tree --variants join --reps 1 --depth 10").ok();
    assert_eq!(sandbox.entries("traces"), ["invert-tree-join.json"]);
    assert!(!text.contains("invert-tree · serial"), "{text}");
    let baseline = trace(&sandbox, "invert-tree-join.json").header.run.unwrap().baseline;
    assert_eq!(baseline.unwrap().variant, "serial");
}

#[test]
fn report_prints_from_the_file_what_run_printed() {
    let sandbox = Sandbox::new();
    let text = sandbox
        .run("run invert-tree --variants serial,join,join-cutoff --reps 3 --depth 12 --threads 2")
        .ok();
    for variant in ["serial", "join", "join-cutoff"] {
        let report = sandbox.run(&format!("report traces/invert-tree-{variant}.json")).ok();
        assert!(report.contains(&format!("invert-tree · {variant}")), "{report}");
        assert!(text.contains(&report), "{report}\nis not in\n{text}");
    }
}

#[test]
fn json_of_run_and_of_report_agree() {
    let sandbox = Sandbox::new();
    let all = sandbox.run("run invert-tree --variants serial,join,join-cutoff --reps 3 --depth 12 --threads 2 --json").json();
    let all = all["reports"].as_array().unwrap();
    assert_eq!(all.len(), 3);
    for (expected, variant) in all.iter().zip(["serial", "join", "join-cutoff"]) {
        let one = sandbox.run(&format!("report traces/invert-tree-{variant}.json --json")).json();
        assert_eq!(one["reports"], serde_json::json!([expected]), "{variant}");
    }
}

#[test]
fn a_truncated_trace_is_bad_input() {
    let sandbox = Sandbox::new();
    sandbox.run("run invert-tree --variants join --reps 1 --depth 10").ok();
    let whole = fs::read(sandbox.path("traces/invert-tree-join.json")).unwrap();
    for length in [whole.len() / 4, whole.len() / 2, whole.len() - 2] {
        sandbox.write("cut.json", &whole[..length]);
        let message = sandbox.run("report cut.json").failed(3);
        assert!(message.starts_with("failed to read the trace cut.json: truncated "), "{message}");
    }
}

/// A limit on the size of files stands for the full disk: the write fails halfway through.
#[test]
#[cfg(unix)]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let sandbox = Sandbox::new();
    let line = "run invert-tree --variants join --reps 1 --depth 12 --detail full";
    let script = format!("trap '' XFSZ; ulimit -f 8; exec {} {line}", cli_support::BINARY);
    let ran = Ran::from(sandbox.other("sh", &["-c", &script]).output().unwrap());
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let start = "error: failed to write traces/invert-tree-join.json: ";
    assert!(ran.stderr.starts_with(start), "{}", ran.stderr);
    let end = ": free some space, or give another folder with --out-dir\n";
    assert!(ran.stderr.ends_with(end), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("invert-tree · join"), "the report is not lost: {}", ran.stdout);
    assert_eq!(sandbox.entries("traces"), [""; 0]);
}

#[test]
fn without_detail_no_folder_is_made() {
    let sandbox = Sandbox::new();
    sandbox.run("run invert-tree --reps 1 --depth 5 --detail off").ok();
    assert_eq!(sandbox.entries("."), [""; 0]);
}
