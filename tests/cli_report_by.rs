//! `report --by` and `run --verify`: the decomposition in rows, and advice that is followed.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use cli_support::Sandbox;
use serde_json::Value;

/// A recording of the naive recursion on two workers.
fn recorded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run("run invert-tree --depth 14 --threads 2 --reps 1 --variants join").ok();
    sandbox
}

const FILE: &str = "traces/invert-tree-join.json";

fn rows(sandbox: &Sandbox, by: &str) -> Vec<Value> {
    let report = sandbox.run(&format!("report {FILE} --by {by} --json")).json();
    let breakdown = &report["reports"][0]["breakdown"];
    assert_eq!(breakdown["by"], by);
    breakdown["pools"][0]["is"].as_array().expect("rows").clone()
}

/// The core-time of all rows.
fn sum(rows: &[Value]) -> i64 {
    let parts = |row: &Value| -> i64 {
        let parts = row["parts"].as_array().unwrap().iter();
        let idle = row["idle"].as_i64().into_iter();
        parts.map(|part| part[1].as_i64().unwrap()).chain(idle).sum()
    };
    rows.iter().map(parts).sum()
}

fn core_time(sandbox: &Sandbox) -> i64 {
    let report = sandbox.run(&format!("report {FILE} --json")).json();
    report["reports"][0]["decompositions"][0]["is"]["core_time"].as_i64().unwrap()
}

#[test]
fn rows_of_every_kind_add_up_to_all_core_time() {
    let sandbox = recorded();
    let all = core_time(&sandbox);
    // Operations and regions are split as the whole is. Workers and sites are told by what they did,
    // without the pool's threads that were not there.
    for by in ["operation", "region", "worker", "site"] {
        let rows = rows(&sandbox, by);
        let sum = sum(&rows);
        assert!((sum - all).abs() <= 1 + all / 1_000, "{by}: {sum} of {all}");
    }
    let workers = rows(&sandbox, "worker");
    assert_eq!(workers.len(), 2);
    let regions = rows(&sandbox, "region");
    assert_eq!(regions[0]["name"], "invert-tree · join");
    assert_eq!(regions[0]["calls"], 1);
    let sites = rows(&sandbox, "site");
    let named = |row: &&Value| row["name"].as_str().is_some_and(|n| n.contains("invert_tree.rs"));
    assert!(sites.iter().any(|row| named(&row)), "{sites:?}");
}

#[test]
fn rows_stand_in_the_report_for_people_too() {
    let sandbox = recorded();
    let text = sandbox.run(&format!("report {FILE} --by worker")).ok();
    assert!(text.contains("without a job"), "{text}");
}

#[test]
fn where_there_are_no_phases_it_is_said_how_to_have_them() {
    let sandbox = recorded();
    let text = sandbox.run(&format!("report {FILE} --by phase")).ok();
    assert!(text.contains("no span was recorded"), "{text}");
    assert!(text.contains("rayprism::layer()"), "{text}");
    // All is in no phase, and all there is.
    let rows = rows(&sandbox, "phase");
    assert!(rows.iter().all(|row| row["name"].is_null()), "{rows:?}");
    let (sum, all) = (sum(&rows), core_time(&sandbox));
    assert!((sum - all).abs() <= 1 + all / 1_000, "{sum} of {all}");
}

/// The number of items is advised likewise, for a parallel iterator.
#[test]
fn advice_on_the_length_of_leaves_is_followed_and_stands_beside_its_prediction() {
    let sandbox = Sandbox::new();
    let options = "--size 2000000 --threads 2 --reps 2 --variants with-max-len --verify --json";
    let report = sandbox.run_optimized(&format!("run sum {options}")).json();
    let findings = report["reports"][0]["findings"].as_array().unwrap();
    let advised = findings.iter().find(|finding| !finding["predicted"].is_null());
    // As below.
    let Some(advised) = advised else { return assert!(report["verified"].is_null()) };
    let [from, to] = ["from", "to"].map(|end| advised["advice"]["min-len"][end].as_u64().unwrap());
    let verified = &report["verified"][0];
    let followed = (&verified["variant"], &verified["parameter"]);
    assert_eq!(followed, (&"with-min-len".into(), &"min-len".into()));
    let at = verified["value"].as_u64().unwrap();
    assert!((from..=to).contains(&at), "{verified}");
    assert_eq!(verified["predicted"], advised["predicted"]);
    assert_eq!(verified["measured"]["repetitions"], 2);
    let next = advised["next"].as_str().unwrap();
    assert!(next.contains(&format!("`with_min_len({at})`")), "{next}");
}

/// The command that follows an advice has the same input.
#[test]
fn the_command_to_try_names_the_parameters_that_were_given() {
    let sandbox = Sandbox::new();
    let line = "run invert-tree --depth 18 --threads 2 --reps 1 --variants join";
    let text = sandbox.run_optimized(line).ok();
    let Some((_, tried)) = text.rsplit_once("\ntry ") else {
        return assert!(!text.contains("predicted at"), "{text}");
    };
    let start = "rayprism run invert-tree --variants join-cutoff --depth 18 --cutoff ";
    assert!(tried.trim_start().starts_with(start), "{tried}");
}

/// What is advised is within the range that the finding gives, and what comes of it is measured.
#[test]
fn advice_on_the_cut_off_is_followed_and_stands_beside_its_prediction() {
    let sandbox = Sandbox::new();
    let options = "--depth 18 --threads 2 --reps 2 --variants join --verify --json --no-baseline";
    let report = sandbox.run(&format!("run invert-tree {options}")).json();
    let findings = report["reports"][0]["findings"].as_array().unwrap();
    let advised = findings.iter().find(|finding| !finding["predicted"].is_null());
    // On a machine that others keep busy the loss may be theirs above all, and nothing be advised.
    let Some(advised) = advised else { return assert!(report["verified"].is_null()) };
    let [from, to] = ["from", "to"].map(|end| advised["advice"]["cut-off"][end].as_u64().unwrap());
    let verified = &report["verified"][0];
    assert_eq!(
        (&verified["variant"], &verified["parameter"]),
        (&"join-cutoff".into(), &"cutoff".into())
    );
    assert!((from..=to).contains(&verified["value"].as_u64().unwrap()), "{verified}");
    assert_eq!(verified["predicted"], advised["predicted"]);
    assert_eq!(verified["measured"]["repetitions"], 2);
    assert!(verified["measured"]["median"].as_u64().unwrap() > 0);
}
