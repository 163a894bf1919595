//! `export` writes what the tools of others read, and what they read is the trace.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod cli_support;
mod told_stories;

use std::collections::BTreeMap;
use std::fs;

use cli_support::{Ran, Sandbox};
use rayprism::format;
use rayprism::model::{Event, Origin, Trace};

const GOLDEN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/traces/golden/invert-tree-join-cutoff.json");

/// A folder with a trace in it.
fn sandbox() -> (Sandbox, Trace) {
    let bytes = fs::read(GOLDEN).unwrap();
    let sandbox = Sandbox::new();
    sandbox.write("t.json", &bytes);
    (sandbox, format::read(&bytes[..]).unwrap())
}

fn done(ran: &Ran, output: &str) {
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), output, ""));
}

/// The length of what the trace's lanes did, waits included: what is on the ground of each.
fn covered(trace: &Trace) -> u64 {
    let mut covered = 0;
    for lane in &trace.lanes {
        let mut until = 0;
        for span in lane.events.iter().map(Event::span) {
            if span.start.0 >= until {
                covered += span.duration().0;
                until = span.end.0;
            }
        }
    }
    covered
}

#[test]
fn every_readable_format_says_the_same() {
    let (sandbox, trace) = sandbox();
    let report = sandbox.run("report t.json --json").stdout;
    for (to, name) in [
        ("perfetto", "t.pftrace"),
        ("perfetto", "t.pftrace.gz"),
        ("chrome", "t.json.gz"),
        ("chrome", "other.json"),
    ] {
        done(&sandbox.run(&format!("export t.json --to {to} -o {name}")), &format!("{name}\n"));
        let bytes = fs::read(sandbox.path(name)).unwrap();
        assert_eq!(format::read(&bytes[..]).unwrap(), trace, "{name}");
        assert_eq!(sandbox.run(&format!("report {name} --json")).stdout, report, "{name}");
    }
    done(&sandbox.run("export t.pftrace --to chrome -o back.json"), "back.json\n");
    let [there, back] =
        ["other.json", "back.json"].map(|name| fs::read(sandbox.path(name)).unwrap());
    assert!(there == back);
}

#[test]
fn inferno_makes_a_flame_graph_of_folded_stacks() {
    let (sandbox, trace) = sandbox();
    done(&sandbox.run("export t.json --to folded"), "t.folded\n");
    let folded = fs::read_to_string(sandbox.path("t.folded")).unwrap();
    let times = folded.lines().map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
    assert_eq!(times.sum::<u64>(), covered(&trace));
    let mut svg = Vec::new();
    let mut options = inferno::flamegraph::Options::default();
    options.count_name = "ns".to_owned();
    options.min_width = 0.0;
    inferno::flamegraph::from_lines(&mut options, folded.lines(), &mut svg).unwrap();
    let svg = String::from_utf8(svg).unwrap();
    let total = rayprism::model::thousands(covered(&trace));
    assert!(svg.contains(&format!("all ({total} ns, 100%)")), "{total}");
    for frame in ["worker 0", "worker 1", "main", "wait", "join workload/invert_tree.rs:132:5"] {
        assert!(svg.contains(&format!("<title>{frame} (")), "{frame}");
    }
}

#[test]
fn speedscope_takes_the_file() {
    let (sandbox, trace) = sandbox();
    done(&sandbox.run("export t.json --to speedscope"), "t.speedscope.json\n");
    let bytes = fs::read(sandbox.path("t.speedscope.json")).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/speedscope.schema.json");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let schema = compiler.compile(schema, &mut schemas).unwrap();
    schemas.validate(&file, schema).unwrap_or_else(|error| panic!("{error:#}"));
    let mut broken = file.clone();
    broken["profiles"][0]["unit"] = "parsecs".into();
    assert!(schemas.validate(&broken, schema).is_err(), "the schema tells");
    let profiles = file["profiles"].as_array().unwrap();
    assert_eq!(profiles.len(), trace.lanes.len());
    profiles.iter().for_each(|profile| frames_nest(profile, &file["shared"]["frames"]));
}

/// What speedscope demands beside its schema: times in order, and frames left as they were entered.
fn frames_nest(profile: &serde_json::Value, frames: &serde_json::Value) {
    let (mut open, mut last) = (Vec::new(), 0);
    for event in profile["events"].as_array().unwrap() {
        let (frame, at) = (event["frame"].as_u64().unwrap(), event["at"].as_u64().unwrap());
        assert!(at >= last && frames[frame as usize]["name"].is_string());
        last = at;
        match event["type"].as_str().unwrap() {
            "O" => open.push(frame),
            _ => assert_eq!(open.pop(), Some(frame)),
        }
    }
    assert!(open.is_empty() && profile["endValue"].as_u64().unwrap() >= last);
}

/// The rows of a table, each by its columns' names.
fn rows(sandbox: &Sandbox, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut table = csv::Reader::from_path(sandbox.path(name)).unwrap();
    table.deserialize().map(Result::unwrap).collect()
}

#[test]
fn tables_have_a_row_for_each() {
    let (sandbox, trace) = sandbox();
    let files = ["tasks", "steals", "components"].map(|table| format!("t-csv/{table}.csv\n"));
    done(&sandbox.run("export t.json --to csv"), &files.concat());
    let tasks: Vec<_> = trace
        .lanes
        .iter()
        .flat_map(|lane| &lane.events)
        .filter_map(|event| if let Event::Task(task) = event { Some(task) } else { None })
        .collect();
    let table = rows(&sandbox, "t-csv/tasks.csv");
    assert_eq!(table.len(), tasks.len());
    for (row, task) in table.iter().zip(&tasks) {
        assert_eq!(row["id"], task.id.to_string());
        assert_eq!(row["start_ns"], task.span.start.0.to_string());
        assert_eq!(row["parent"], task.parent.map_or(String::new(), |id| id.to_string()));
    }
    let stolen = tasks.iter().filter(|task| task.origin == Origin::Stolen);
    let steals = rows(&sandbox, "t-csv/steals.csv");
    let expected: Vec<_> = stolen.map(|task| task.id.to_string()).collect();
    assert_eq!(steals.iter().map(|row| row["task"].clone()).collect::<Vec<_>>(), expected);
    assert!(!steals.is_empty());
    let components = rows(&sandbox, "t-csv/components.csv");
    let measured = components.iter().filter(|row| row["not_measured"].is_empty());
    let sum: i64 = measured.map(|row| row["core_ns"].parse::<i64>().unwrap()).sum();
    let window: i64 = components[0]["window_ns"].parse().unwrap();
    assert_eq!(sum, 2 * window, "workers × time");
}

/// Each lane's events in the order in which they begin, by lane and name.
fn beginnings(trace: &Trace) -> Vec<(u64, &'static str)> {
    let mut all: Vec<_> = (0..)
        .zip(&trace.lanes)
        .flat_map(|(lane, of)| of.events.iter().map(move |event| (lane, event)))
        .filter_map(|(lane, event)| Some((event.span().start, lane, told_stories::name(event)?)))
        .collect();
    all.sort_by_key(|(start, lane, _)| (*start, *lane));
    all.into_iter().map(|(_, lane, name)| (lane, name)).collect()
}

#[test]
fn tracing_chrome_writes_the_same_spans() {
    for file in [
        "traces/golden/invert-tree-join-cutoff.json",
        "traces/golden/invert-tree-join.json",
        "traces/golden/sum-by-hand.json",
        "tests/perfetto/golden.json",
    ] {
        let bytes = fs::read(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let trace = format::read(&bytes[..]).unwrap();
        let sandbox = Sandbox::new();
        sandbox.write("t.json", &bytes);
        done(&sandbox.run("export t.json --to tracing-chrome"), "t.spans.json\n");
        let text = fs::read(sandbox.path("t.spans.json")).unwrap();
        let (entries, written) = told_stories::written(&text);
        // Threads are called as in our own file, and are known by that.
        let own = fs::read_to_string(sandbox.path("t.json")).unwrap();
        let own: Vec<serde_json::Value> = serde_json::from_str(&own).unwrap();
        let names = |entries: &[serde_json::Value]| -> BTreeMap<u64, String> {
            let named = entries.iter().filter(|entry| entry["name"] == "thread_name");
            let name = |entry: &serde_json::Value| {
                (entry["tid"].as_u64().unwrap(), entry["args"]["name"].as_str().unwrap().to_owned())
            };
            named.map(name).collect()
        };
        let lanes: Vec<String> = names(&own)
            .into_values()
            .filter(|name| !name.contains("off-CPU") && !name.starts_with("spans · "))
            .collect();
        let lane_of = |name: &String| lanes.iter().position(|lane| lane == name).unwrap() as u64;
        let lane_of: BTreeMap<u64, u64> =
            names(&entries).iter().map(|(tid, name)| (*tid, lane_of(name))).collect();
        let written = written.into_iter().map(|(tid, story)| (lane_of[&tid], story));
        let mut held = told_stories::held(&trace);
        held.retain(|_, story| !story.is_empty());
        let written: BTreeMap<u64, told_stories::Story> = written.collect();
        assert_eq!(written, held, "{file}");
        // And across threads they are in order.
        let begun = entries.iter().filter(|entry| entry["ph"] == "B").map(|entry| {
            (lane_of[&entry["tid"].as_u64().unwrap()], entry["name"].as_str().unwrap())
        });
        assert_eq!(begun.collect::<Vec<_>>(), beginnings(&trace), "{file}");
        let stolen =
            |event: &&Event| matches!(event, Event::Task(task) if task.origin == Origin::Stolen);
        let steals = trace.lanes.iter().flat_map(|lane| &lane.events).filter(stolen).count();
        let told = entries.iter().filter(|entry| entry["name"] == "steal").count();
        assert_eq!(told, steals, "{file}");
    }
}

#[test]
fn what_cannot_be_is_told() {
    let (sandbox, _) = sandbox();
    let ran = sandbox.run("export t.json --to chrome");
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(2), "error: t.json would be written over itself: give another file with --output\n")
    );
    let ran = sandbox.run("export none.json --to csv");
    assert_eq!(ran.code, Some(3));
    assert_eq!(sandbox.run("export t.json --to pdf").code, Some(2));
    let ran = sandbox.run("report t.json --max-size 1KiB");
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("raise it with --max-size"), "{}", ran.stderr);
}
