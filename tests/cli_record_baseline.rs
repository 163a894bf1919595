//! `record --baseline`: the program runs in turn as it is, with one worker, and with everything in
//! its place; what that gives is in one file. What cannot be had is there with its reason.

#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;
mod recorded_support;

use std::process::Stdio;

use cli_support::Sandbox;
use rayprism::model::{Baseline, Measured, Run, Trace};
use recorded_support::{DEPTH, joins, ran, record, trace};

/// No test: the program that is recorded.
#[test]
fn program() {
    recorded_support::program();
}

#[track_caller]
fn measured(options: &str, part: &str) -> (Trace, Run, String) {
    let sandbox = Sandbox::new();
    let ran = ran(&mut record(&sandbox, &format!("-o t.json --baseline {options}"), part));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(sandbox.entries("."), ["t.json"]);
    let trace = trace(&sandbox, "t.json");
    let run = trace.header.run.clone().unwrap();
    (trace, run, ran.stderr)
}

fn reason(baseline: &Baseline) -> &str {
    match &baseline.parts {
        Measured::Is(parts) => panic!("{parts:?}"),
        Measured::Not(reason) => reason,
    }
}

#[test]
fn all_three_are_in_one_file() {
    let (trace, run, said) = measured("--reps 3", "return");
    assert_eq!((trace.counts().joins, run.threads), (joins(DEPTH), 2));
    let [serial, one] = [run.baseline.unwrap(), run.one_worker.unwrap()];
    assert!(serial.serial && !one.serial);
    for samples in [&run.samples, &serial.samples, &one.samples] {
        assert_eq!(samples.0.len(), 3);
    }
    // Nothing of the serial elision is rayon's, and of the other one something is.
    let runtime = |baseline: &Baseline| baseline.parts.value().unwrap().runtime.0;
    assert_eq!(runtime(&serial), 0);
    assert!(runtime(&one) > 0, "{one:?}");
    assert!(said.contains("useful work"), "{said}");
}

#[test]
fn tasks_that_wait_for_each_other_have_no_baseline_and_it_is_said_why() {
    let (_, run, said) = measured("--reps 1 --time-limit 1", "wait-for-each-other");
    let serial = run.baseline.unwrap();
    assert!(serial.samples.0.is_empty());
    for told in ["had not ended after 1.00 s", "takes two threads", "--time-limit"] {
        assert!(reason(&serial).contains(told), "{serial:?}");
    }
    assert!(reason(&run.one_worker.unwrap()).starts_with("with one worker the program had not"));
    assert!(said.contains("had not ended after 1.00 s"), "{said}");
}

#[test]
fn a_run_that_fails_is_no_baseline() {
    let (_, run, _) = measured("--reps 1", "own-exit-code");
    let expected = "with one worker the program ended with exit code 9";
    assert_eq!(reason(&run.one_worker.unwrap()), expected);
}

#[test]
fn input_that_comes_once_is_refused() {
    let sandbox = Sandbox::new();
    let mut command = record(&sandbox, "-o t.json --baseline", "return");
    let ran = ran(command.stdin(Stdio::piped()));
    let failed = ran.failed(2);
    assert!(failed.contains("give a file (< FILE), or nothing (< /dev/null)"), "{failed}");
}
