//! `--detail off`: the workload runs and is timed, and that is all.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use cli_support::{Ran, Sandbox};
use serde_json::Value;

const RUN: &str = "run invert-tree --detail off --depth 8 --reps 3";
const THREE: &str = "--variants serial,join,join-cutoff";

/// The times that a run printed as JSON.
fn times(options: &str) -> Value {
    let mut file = Sandbox::new().run(&format!("{RUN} --json {options}")).json();
    assert_eq!((&file["schema"], &file["version"]), (&"rayprism-times".into(), &1.into()));
    file["times"].take()
}

fn strings<'a>(array: &'a Value, key: &str) -> Vec<&'a str> {
    array.as_array().unwrap().iter().map(|entry| entry[key].as_str().unwrap()).collect()
}

#[test]
fn json_has_every_sample_of_every_variant_and_thread_count() {
    let all = times(&format!("{THREE} --threads 2,1"));
    let variants = ["serial", "join", "join", "join-cutoff", "join-cutoff"];
    assert_eq!(strings(&all, "variant"), variants);
    let threads: Vec<_> = (0..5).map(|index| all[index]["threads"].as_u64().unwrap()).collect();
    assert_eq!(threads, [1, 2, 1, 2, 1]);
    for entry in all.as_array().unwrap() {
        assert_eq!(entry["samples"].as_array().unwrap().len(), 3, "{entry}");
        assert!(
            entry["samples"].as_array().unwrap().iter().all(|sample| sample.as_u64() > Some(0))
        );
    }
}

#[test]
fn all_but_the_baseline_carry_its_samples() {
    let all = times("");
    assert_eq!(all[0]["baseline"], Value::Null);
    for index in [1, 2] {
        assert_eq!(all[index]["baseline"]["variant"], "serial");
        assert_eq!(all[index]["baseline"]["samples"], all[0]["samples"]);
    }
}

#[test]
fn variants_in_a_pool_carry_their_samples_of_one_worker() {
    let all = times("--threads 2");
    assert_eq!(all[0]["one_worker"], Value::Null);
    for index in [1, 2] {
        assert_eq!(all[index]["one_worker"]["variant"], all[index]["variant"]);
        assert_eq!(all[index]["one_worker"]["samples"].as_array().unwrap().len(), 3);
    }
    let text = Sandbox::new().run(&format!("{RUN} --variants join --threads 2")).ok();
    assert!(text.contains("× of serial, ") && text.ends_with("× of one worker\n"), "{text}");
    let without = times("--threads 2 --no-baseline");
    assert!((1..3).all(|index| without[index]["one_worker"] == Value::Null));
}

#[test]
fn a_baseline_not_asked_for_is_compared_with_but_not_shown() {
    let all = times("--variants join");
    assert_eq!(strings(&all, "variant"), ["join"]);
    assert_eq!(all[0]["baseline"]["samples"].as_array().unwrap().len(), 3);
}

#[test]
fn parameters_are_those_that_the_variant_reads() {
    let all = times("--cutoff 4 --layout mirrored");
    let (join, cutoff) = (&all[1]["parameters"], &all[2]["parameters"]);
    assert_eq!(strings(join, "name"), ["depth", "layout"]);
    assert_eq!(strings(join, "value"), ["8", "mirrored"]);
    assert_eq!(strings(cutoff, "name"), ["depth", "layout", "cutoff"]);
    assert_eq!(strings(cutoff, "value"), ["8", "mirrored", "4"]);
}

#[test]
fn text_is_a_table_without_colours() {
    let text = Sandbox::new().run(&format!("{RUN} {THREE}")).ok();
    assert!(text.starts_with("invert-tree, not recorded\n"), "{text}");
    for start in ["variant ", "serial ", "join ", "join-cutoff "] {
        let rows = text.lines().filter(|line| line.trim_start().starts_with(start));
        assert_eq!(rows.count(), 1, "{start}:\n{text}");
    }
    assert_eq!(text.matches("× of serial").count(), 2, "{text}");
    assert!(!text.contains('\x1b'), "{text}");
}

#[test]
fn nothing_is_written_and_piped_runs_show_no_progress() {
    let sandbox = Sandbox::new();
    sandbox.run(RUN).ok();
    assert_eq!(sandbox.entries("."), [""; 0]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::new();
    for line in [RUN, "list"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = Ran::from(sandbox.command(line).stdout(writer).output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{line}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_output_that_takes_nothing_more_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Sandbox::new().command("list").stdout(full).output().unwrap();
    let message = Ran::from(output).failed(1);
    assert!(message.starts_with("failed to print to standard output: "), "{message}");
}
