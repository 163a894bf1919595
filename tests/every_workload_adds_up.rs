//! The identity holds for every variant of every workload, whatever the number of workers, in an
//! optimized build: the components are the whole, and next to nothing of it is in none of them.

#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use cli_support::Sandbox;
use rayprism::workload;
use serde_json::Value;

/// Of the core-time, what may be in no component.
const UNATTRIBUTED: f64 = 0.01;

#[test]
fn the_components_of_every_workload_are_the_whole() {
    let mut wrong = Vec::new();
    let mut decomposed = 0;
    for workload in workload::ALL {
        let line = format!("run {} --quick --threads 1,2,8 --reps 1 --json", workload.name());
        let all = Sandbox::new().run_optimized(&line).json();
        for report in all["reports"].as_array().unwrap() {
            let run = &report["run"];
            for whole in report["decompositions"].as_array().unwrap() {
                let name = format!("{} {} {}", workload.name(), run["variant"], run["threads"]);
                decomposed += 1;
                wrong.extend(fault(&whole["is"]).map(|fault| format!("{name}: {fault}")));
            }
        }
    }
    assert!(decomposed >= 3 * workload::ALL.len(), "{decomposed}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a pool's decomposition, if anything is.
fn fault(whole: &Value) -> Option<String> {
    let Some(core_time) = whole["core_time"].as_i64() else {
        return Some(format!("it is not measured: {whole}"));
    };
    let parts = whole["parts"].as_array().unwrap();
    let time = |part: &Value| part["time"].as_i64().unwrap();
    let sum: i64 = parts.iter().map(time).sum();
    let unattributed = parts.iter().find(|part| part["component"] == "unattributed");
    let unattributed = unattributed.map_or(0, time);
    let much = unattributed.abs() as f64 > UNATTRIBUTED * core_time as f64;
    (sum != core_time || much)
        .then(|| format!("{sum} of {core_time}, {unattributed} ns in none: {whole}"))
}
