//! The JSON report: its document, its conventions, and that it is the same each time.

#![cfg(feature = "read")]

mod timeline_fixture;

use rayprism::model::*;
use rayprism::report::{Report, json};
use serde_json::{Value, json};
use timeline_fixture::*;

fn written(traces: &[Trace]) -> String {
    let reports: Vec<Report> = traces.iter().map(|t| Report::of(t).expect("sound")).collect();
    let mut out = Vec::new();
    json::write(&reports, &mut out).expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

fn parsed(trace: Trace) -> Value {
    serde_json::from_str(&written(&[trace])).expect("JSON")
}

#[test]
fn the_document_names_its_schema_and_holds_all_reports() {
    let text = written(&[crossed(), crossed()]);
    assert!(text.ends_with("}\n"));
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["schema"], "rayprism-report");
    assert_eq!(document["version"], json::VERSION);
    assert_eq!(document["reports"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_report_has_these_fields_and_no_others() {
    let document = parsed(crossed());
    let fields = |value: &Value| {
        let mut names: Vec<&str> =
            value.as_object().expect("an object").keys().map(String::as_str).collect();
        names.sort_unstable();
        names.join(" ")
    };
    let report = &document["reports"][0];
    assert_eq!(
        fields(report),
        "activity breakdown call_sites causality clock counts debug_assertions decompositions detail \
         distributions duration findings idling join_check kernel losses machine open outside outside_sum own_cost rayprism run \
         steals title \
         window work_spans"
    );
    let pool = &report["activity"]["pools"][0];
    assert_eq!(fields(&report["activity"]), "busy_cores core_time pools times");
    assert_eq!(fields(pool), "counts every_call_seen idle_times on_off pool threads times workers");
    assert_eq!(
        fields(&pool["workers"][0]),
        "counts cpu idle_times idling index lane name on_off times"
    );
    assert_eq!(
        fields(&report["own_cost"]),
        "costs counted_joins counted_leaves readings share timed_joins timed_leaves timed_splits timed_tasks \
         total"
    );
}

#[test]
fn a_call_site_has_these_fields() {
    let document = parsed(summed());
    assert_eq!(
        document["reports"][0]["call_sites"],
        json!([{
            "name": "/home/me/sum/src/main.rs:7",
            "labelled": false,
            "sites": ["/home/me/sum/src/main.rs:7:5"],
            "chain": "Range<u64> → map → sum",
            "kind": "iterator",
            "counts": {"is": {
                "operations": 1, "items": 12, "leaves": 4, "items_per_leaf": {"is": 3.0},
                "splits": 3, "reductions": {"is": 3}, "steals": 1
            }},
            "kept": {"is": {
                "operations": 1, "time": 1000, "longest": 1000,
                "leaves": {"is": {
                    "count": 4, "fewest_items": 3, "median_items": 3, "most_items": 3,
                    "time": 770, "waited": 0, "producing": 0
                }},
                "reductions": {"is": {
                    "count": 3, "time": 170, "longest": 80, "depth_of_longest": 1, "deepest": 1
                }}
            }}
        }])
    );
    assert_eq!(parsed(crossed())["reports"][0]["call_sites"], json!([]));
}

#[test]
fn an_opaque_call_site_has_reasons_in_place_of_counts() {
    let document = parsed(varied());
    let sort = &document["reports"][0]["call_sites"][3];
    assert_eq!(sort["kind"], "sort");
    assert_eq!(sort["counts"], json!({"not": "what happens in it is invisible to public API"}));
    assert_eq!(sort["kept"]["is"]["time"], 200);
}

#[test]
fn time_in_searches_and_sleeps_is_that_within_the_window() {
    let document = parsed(within());
    let pool = &document["reports"][0]["activity"]["pools"][0];
    let times = |searching: u64, sleeping: u64| json!({"is": {"searching": searching, "sleeping": sleeping, "all_kept": true}});
    // From 100 on, to 1,100.
    assert_eq!(pool["workers"][0]["idle_times"], times(260, 140));
    assert_eq!(pool["workers"][1]["idle_times"], times(530, 340));
    assert_eq!(pool["idle_times"], times(790, 480));
}

#[test]
fn times_are_nanoseconds_and_the_unmeasured_has_its_reason() {
    let document = parsed(crossed());
    let report = &document["reports"][0];
    assert_eq!(report["window"], json!({"start": 100, "end": 1100, "ends": "events"}));
    assert_eq!(
        report["activity"]["pools"][0]["workers"][0],
        json!({
            "lane": 2,
            "index": 0,
            "name": null,
            "times": {"is": {
                "busy": 600, "waiting": 200, "no_task": 200, "absent": 0, "opaque": 0,
                "idle": {"is": 200}
            }},
            "cpu": {"not": "no per-thread CPU clock"},
            "on_off": {
                "sums": {"not": "the trace was recorded without it"},
                "parts": {"not": "the trace was recorded without it"}
            },
            "counts": {"is": {
                "joins": 7, "timed_joins": 1, "timed_splits": 0, "timed_leaves": 0, "spawns": 0,
                "tasks": 2, "steals": 1, "migrated": 0, "injected": 1
            }},
            "idling": {"not": "the trace was recorded without it"},
            "idle_times": {"not": "the trace was recorded without it"}
        })
    );
    assert_eq!(
        report["steals"],
        json!({
            "exact": {"is": 2},
            "migrated": {"is": 0},
            "matrix": [
                {"thief": 2, "victim": 3, "count": 1},
                {"thief": 3, "victim": 2, "count": 1}
            ],
            "latency": {"is": {"count": 2, "median": 50, "p90": 200, "max": 200}}
        })
    );
    assert_eq!(report["own_cost"]["share"], json!({"is": 0.176}));
    assert_eq!(report["run"], Value::Null);
}

#[test]
fn what_the_kernel_said_and_what_it_did_not() {
    let unasked = &parsed(crossed())["reports"][0]["kernel"];
    assert_eq!(
        unasked,
        &json!({
            "counters": [],
            "instructions_per_cycle": {"not": "`instructions` was not asked for"},
            "cache_misses_per_1000_instructions": {"not": "`cache-misses` was not asked for"},
            "switch_records": {"not": "the trace was recorded without it"},
            "from_outside": false
        })
    );
    let document = parsed(watched());
    let report = &document["reports"][0];
    assert_eq!(report["kernel"]["switch_records"], json!({"is": 310}));
    assert_eq!(
        report["kernel"]["counters"][0],
        json!({
            "counter": "cycles", "availability": "available", "user_only": true,
            "workers": {"is": 2_000}
        })
    );
    assert_eq!(
        report["kernel"]["counters"][3],
        json!({
            "counter": "branch-misses",
            "availability": {"unavailable": "the PMU has no room for it beside the others"},
            "user_only": true,
            "workers": {"not": "the PMU has no room for it beside the others"}
        })
    );
    assert_eq!(report["kernel"]["instructions_per_cycle"], json!({"is": 1.5}));
    assert_eq!(
        report["activity"]["pools"][0]["workers"][0]["on_off"],
        json!({
            "sums": {"is": {
                "source": "switch-records", "wall": 1200, "on_cpu": 930, "voluntary": 240,
                "preempted": 30, "voluntary_switches": 3, "preemptions": 1, "migrations": 1
            }},
            "parts": {"is": {
                "working": 530, "searching": 300, "preempted": 30, "blocked": 40, "yielded": 0,
                "asleep": 100, "unplaced": 0
            }}
        })
    );
}

#[test]
fn the_same_trace_gives_the_same_bytes() {
    assert_eq!(written(&[crossed()]), written(&[crossed()]));
}
