//! The traces in `traces/golden` read, prove sound, say what their runs say, and come out
//! of the writer as they went in.
//!
//! After a change of the format on purpose: `RAYPRISM_BLESS=1 cargo test --test golden_traces`
//! writes them anew from what was read, and the one made by hand from `timeline_fixture::summed`.

#![cfg(feature = "read")]

mod timeline_fixture;

use std::path::{Path, PathBuf};
use std::{env, fs};

use rayprism::format::chrome;
use rayprism::model::{Event, Origin, Trace};
use rayprism::report::{Report, json};
use rayprism::timeline::Timeline;
use timeline_fixture::{summed, varied};

const RECORDED: [&str; 2] = ["invert-tree-join.json", "invert-tree-join-cutoff.json"];
const BY_HAND: &str = "sum-by-hand.json";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/golden").join(name)
}

fn golden(name: &str) -> (Vec<u8>, Trace) {
    let bytes = fs::read(path(name)).expect("a committed file");
    let trace = chrome::read(bytes.as_slice()).expect("a trace");
    (bytes, trace)
}

fn written(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    chrome::write(trace, &mut bytes).expect("a vector takes everything");
    bytes
}

#[test]
fn golden_traces_come_out_as_they_went_in() {
    for name in RECORDED {
        let (bytes, trace) = golden(name);
        if env::var_os("RAYPRISM_BLESS").is_some() {
            fs::write(path(name), written(&trace)).expect("the folder is ours");
            continue;
        }
        assert!(written(&trace) == bytes, "{name} is not what the writer writes for it");
    }
}

#[test]
fn the_trace_made_by_hand_is_written_as_it_stands() {
    if env::var_os("RAYPRISM_BLESS").is_some() {
        fs::write(path(BY_HAND), written(&summed())).expect("the folder is ours");
    }
    let (bytes, trace) = golden(BY_HAND);
    assert_eq!(trace, summed());
    assert!(written(&trace) == bytes, "{BY_HAND} is not what the writer writes for it");
}

#[test]
fn a_report_of_a_file_is_the_same_to_the_byte() {
    let report = |trace: &Trace| {
        let mut out = Vec::new();
        json::write(&[Report::of(trace).expect("sound")], &mut out).expect("memory");
        out
    };
    for trace in [summed(), varied()] {
        let read = chrome::read(written(&trace).as_slice()).expect("a trace");
        assert!(report(&read) == report(&trace));
    }
}

#[test]
fn golden_traces_are_sound() {
    for name in RECORDED.into_iter().chain([BY_HAND]) {
        let (_, trace) = golden(name);
        Timeline::new(&trace).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        Report::of(&trace).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert!(!trace.losses().any(), "{name} is whole");
    }
}

#[test]
fn a_join_at_every_node_is_a_join_for_every_node() {
    let (_, trace) = golden("invert-tree-join.json");
    let counts = trace.counts();
    assert_eq!((counts.joins, counts.timed_joins), (255, 255));
    let joins = events(&trace).filter(|event| matches!(event, Event::Join(_))).count();
    assert_eq!(joins, 255);
}

#[test]
fn a_cut_off_at_six_is_sixty_three_joins() {
    let (_, trace) = golden("invert-tree-join-cutoff.json");
    assert_eq!(trace.counts().joins, 63);
    let in_tasks: u64 = tasks(&trace).map(|task| task.joins).sum();
    assert_eq!(in_tasks, 63);
    let stolen = tasks(&trace).filter(|task| task.origin == Origin::Stolen).count() as u64;
    assert_eq!(stolen, trace.counts().steals);
}

fn events(trace: &Trace) -> impl Iterator<Item = &Event> {
    trace.lanes.iter().flat_map(|lane| &lane.events)
}

fn tasks(trace: &Trace) -> impl Iterator<Item = &rayprism::model::Task> {
    events(trace).filter_map(|event| match event {
        Event::Task(task) => Some(task),
        _ => None,
    })
}
