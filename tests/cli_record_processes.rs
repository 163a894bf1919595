//! `record` of a program that is several processes: its children, its forks, what it becomes. Each
//! that uses rayon has a file of its own, in the order in which they began to.

#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;
mod recorded_support;

use cli_support::Sandbox;
use recorded_support::{DEPTH, OTHER, joins, ran, record, trace};

/// No test: the program that is recorded.
#[test]
fn program() {
    recorded_support::program();
}

/// Joins of each process's trace.
#[track_caller]
fn processes(part: &str, names: &[&str]) -> Vec<u64> {
    let sandbox = Sandbox::new();
    let ran = ran(&mut record(&sandbox, "-o t.json", part));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    assert_eq!(sandbox.entries("."), sorted, "{}", ran.stderr);
    names.iter().map(|name| trace(&sandbox, name).counts().joins).collect()
}

#[test]
fn children_have_files_of_their_own() {
    let expected = [joins(DEPTH), joins(OTHER), joins(OTHER)];
    assert_eq!(processes("children", &["t.json", "t-2.json", "t-3.json"]), expected);
}

#[test]
fn a_program_that_only_starts_others_has_none() {
    assert_eq!(processes("only-children", &["t.json"]), [joins(DEPTH)]);
}

#[test]
fn what_a_process_becomes_is_another_one() {
    assert_eq!(processes("exec", &["t.json", "t-2.json"]), [joins(DEPTH), joins(OTHER)]);
}

#[test]
fn a_fork_writes_nothing_into_its_parents_recording_and_has_its_own() {
    assert_eq!(processes("fork", &["t.json", "t-2.json"]), [2 * joins(DEPTH), joins(OTHER)]);
}

#[test]
fn forks_of_a_process_that_does_not_use_rayon_itself_are_recorded() {
    let mut found = processes("fork-first", &["t.json", "t-2.json"]);
    found.sort_unstable();
    assert_eq!(found, [joins(OTHER), joins(DEPTH)]);
}
