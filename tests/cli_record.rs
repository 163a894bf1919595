//! `record`: whatever a program does and however it ends, its input, output and exit code are its
//! own, and what it recorded is in the file.

#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;
mod recorded_support;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use cli_support::Sandbox;
use rayprism::analysis::{CoreTime, Decomposition, Window};
use rayprism::model::{Detail, Event, Losses, Measured, Outcome, Role, Trace};
use rayprism::timeline::Timeline;
use recorded_support::{DEPTH, Waiting, joins, ran, record, trace};

/// No test: the program that is recorded.
#[test]
fn program() {
    recorded_support::program();
}

#[track_caller]
fn recorded(options: &str, part: &str, code: i32) -> (Trace, String) {
    let sandbox = Sandbox::new();
    let ran = ran(&mut record(&sandbox, &format!("-o t.json {options}"), part));
    assert_eq!(ran.code, Some(code), "{}", ran.stderr);
    assert_eq!(sandbox.entries("."), ["t.json"]);
    (trace(&sandbox, "t.json"), ran.stderr)
}

#[test]
fn however_it_ends_its_exit_code_is_its_own_and_every_join_is_counted() {
    for (part, code) in [("return", 0), ("exit", 3), ("exit-in-job", 4)] {
        let (trace, said) = recorded("", part, code);
        assert_eq!(trace.counts().joins, joins(DEPTH), "{part}");
        // A job that ends the program ends with it.
        assert_eq!(trace.losses(), Losses::default(), "{part}");
        assert!(said.contains("\ntrace   t.json\n"), "{said}");
        assert!(matches!(trace.header.rayon, Measured::Is(_)), "{:?}", trace.header.rayon);
    }
    let (trace, _) = recorded("", "panic", 101);
    assert_eq!(trace.counts().joins, joins(DEPTH) + 1);
}

#[test]
fn its_threads_are_there_with_what_the_kernel_saw_of_them() {
    let (trace, _) = recorded("", "return", 0);
    let workers: Vec<_> =
        trace.lanes.iter().filter(|lane| matches!(lane.role, Role::Worker { .. })).collect();
    assert_eq!((workers.len(), trace.pools.len()), (2, 1));
    for lane in &workers {
        assert!(lane.thread.value().is_some(), "{lane:?}");
        match &trace.header.kernel.switch_records {
            Measured::Is(_) => {
                let scheduling = lane.watched.scheduling.value().unwrap();
                let parts = scheduling.on_cpu + scheduling.voluntary + scheduling.preempted;
                assert_eq!(parts, scheduling.wall);
                assert!(scheduling.on_cpu.0 > 0);
            }
            Measured::Not(reason) => assert!(!reason.is_empty()),
        }
    }
    assert!(trace.header.kernel.from_outside);
    let (trace, said) = recorded("--no-kernel", "return", 0);
    assert!(trace.lanes.iter().all(|lane| lane.watched.scheduling.value().is_none()));
    assert!(said.contains("the recording was not to ask the kernel"), "{said}");
}

#[test]
fn where_the_kernels_events_are_forbidden_all_else_is_recorded_and_it_is_said() {
    let sandbox = Sandbox::new();
    let mut command = record(&sandbox, "-o t.json", "return");
    cli_support::seccomp::forbid_perf_events(&mut command, libc::EPERM);
    let ran = ran(&mut command);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let trace = trace(&sandbox, "t.json");
    assert_eq!(trace.counts().joins, joins(DEPTH));
    assert!(matches!(trace.header.kernel.switch_records, Measured::Not(_)));
    assert!(trace.lanes.iter().all(|lane| lane.watched.off_cpu.is_empty()));
}

#[test]
fn in_the_detail_that_is_asked_for() {
    for (name, detail) in [("count", Detail::Count), ("full", Detail::Full)] {
        let (trace, _) = recorded(&format!("--detail {name} --buffer 1MiB"), "return", 0);
        assert_eq!((trace.header.detail, trace.counts().joins), (detail, joins(DEPTH)));
        let timed = if detail == Detail::Count { 0 } else { joins(DEPTH) };
        assert_eq!(trace.counts().timed_joins, timed);
    }
    // A buffer that is too small loses events, and no count.
    let (trace, _) = recorded("--detail full --buffer 64KiB --on-full stop", "pools", 0);
    assert_eq!(trace.counts().joins, 2 * joins(DEPTH));
}

#[test]
fn several_pools_and_one_in_a_destructor_are_recorded() {
    let (trace, _) = recorded("", "pools", 0);
    let sizes: Vec<_> = trace.pools.iter().map(|pool| pool.threads).collect();
    assert_eq!((sizes.as_slice(), trace.counts().joins), ([1, 3].as_slice(), 2 * joins(DEPTH)));
    let (trace, _) = recorded("", "in-destructor", 0);
    assert_eq!(trace.counts().joins, joins(DEPTH));
}

#[test]
fn of_one_that_is_killed_there_is_all_that_it_had_recorded() {
    for part in ["wait", "wait-in-task"] {
        let sandbox = Sandbox::new();
        let waiting = Waiting::start(record(&sandbox, "-o t.json", part));
        let program = waiting.program;
        let (code, said) = waiting.signal(libc::SIGKILL, program);
        assert_eq!(code, Some(128 + libc::SIGKILL), "{said}");
        assert!(said.contains("\nkilled  "), "{said}");
        let trace = trace(&sandbox, "t.json");
        let trees = if part == "wait" { 1 } else { 3 };
        assert_eq!(trace.counts().joins, trees * joins(DEPTH), "{part}");
        assert!(matches!(trace.header.rayon, Measured::Not(_)));
        assert_told_apart_until_then(&trace, part == "wait-in-task");
    }
}

/// What was under way is there, and all of the core-time is in some component.
fn assert_told_apart_until_then(trace: &Trace, in_task: bool) {
    let is_open = |event: &&Event| event.outcome() == Some(Outcome::Open);
    let open = trace.lanes.iter().flat_map(|lane| &lane.events).filter(is_open);
    let tasks = open.filter(|event| matches!(event, Event::Task(_))).count();
    assert_eq!(tasks > 0, in_task);
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    for pool in timeline.pools() {
        let whole = match Decomposition::of(&timeline, Window::of(&timeline), pool) {
            Measured::Is(whole) => whole,
            Measured::Not(reason) => panic!("{reason}"),
        };
        let all: CoreTime = whole.parts.iter().map(|part| part.time).sum();
        assert_eq!(all, CoreTime::from(whole.core_time), "{whole:#?}");
    }
}

#[test]
fn signals_reach_the_program_and_the_file_is_written_all_the_same() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let sandbox = Sandbox::new();
        let waiting = Waiting::start(record(&sandbox, "-o t.json", "wait"));
        let rayprism = waiting.rayprism();
        let (code, said) = waiting.signal(signal, rayprism);
        assert_eq!(code, Some(128 + signal), "{said}");
        assert_eq!(trace(&sandbox, "t.json").counts().joins, joins(DEPTH));
    }
}

#[test]
fn its_input_is_its_own() {
    let sandbox = Sandbox::new();
    let mut command = record(&sandbox, "-o t.json", "echo");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a line\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("program: read a line\n") && output.status.success(), "{said}");
}

#[test]
fn a_program_without_rayprism_inside_runs_as_it_is_and_the_way_is_told() {
    let sandbox = Sandbox::new();
    let failing = ["record", "--", "sh", "-c", "exit 5"];
    let failed = ran(&mut sandbox.other(cli_support::BINARY, &failing));
    assert_eq!((failed.code, sandbox.entries("traces")), (Some(5), Vec::new()));
    let ran = sandbox.run("record -o t.json -- echo it is as it was");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "it is as it was\n"));
    for told in
        ["nothing recorded: echo has no rayprism inside", "rayprism cargo run", "rayprism-rayon"]
    {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}

#[test]
fn what_makes_no_sense_is_said_before_anything_runs() {
    let sandbox = Sandbox::new();
    let usage = |line: &str| sandbox.run(line).failed(2);
    assert!(usage("record -o . -- echo x").contains("is a folder: give the name of a file"));
    assert!(usage("record --detail off -- echo x").contains("nothing is recorded"));
    assert!(usage("record --buffer 1KiB -- echo x").contains("give at least 64KiB"));
    let unwritable = sandbox.run("record -o /proc/none/t.json -- echo x").failed(1);
    assert!(unwritable.contains("give a file in a folder that can be written"), "{unwritable}");
    let missing = sandbox.run("record -o t.json -- ./none").failed(127);
    assert!(missing.contains("give a program's name or path behind --"), "{missing}");
    sandbox.write("plain", "text");
    std::fs::set_permissions(sandbox.path("plain"), std::fs::Permissions::from_mode(0o644))
        .unwrap();
    sandbox.run("record -o t.json -- ./plain").failed(126);
    let ran = sandbox.run("record");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
}

#[test]
fn memory_that_cannot_be_had_is_said() {
    let sandbox = Sandbox::new();
    // Files may be this long at most, in units of 512 or 1,024 bytes.
    let limited = "ulimit -f 1000; exec \"$0\" record -o t.json -- echo x";
    let ran = ran(&mut sandbox.other("sh", &["-c", limited, cli_support::BINARY]));
    assert!(ran.failed(1).contains("raise the limit of file sizes (ulimit -f)"));
}
