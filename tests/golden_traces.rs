//! The recorded traces in `traces/golden` read, prove sound, say what their runs say, and come out
//! of the writer as they went in.

#![cfg(feature = "read")]

use std::fs;
use std::path::{Path, PathBuf};

use rayprism::format::chrome;
use rayprism::model::{Event, Origin, Trace};
use rayprism::report::Report;
use rayprism::timeline::Timeline;

fn golden(name: &str) -> (Vec<u8>, Trace) {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/golden");
    let bytes = fs::read(folder.join(name)).expect("a committed file");
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
    for name in ["invert-tree-join.json", "invert-tree-join-cutoff.json"] {
        let (bytes, trace) = golden(name);
        assert!(written(&trace) == bytes, "{name} is not what the writer writes for it");
    }
}

#[test]
fn golden_traces_are_sound() {
    for name in ["invert-tree-join.json", "invert-tree-join-cutoff.json"] {
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
