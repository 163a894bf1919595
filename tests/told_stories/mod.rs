//! What threads did, by a file that tracing-chrome wrote and by a recording.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;

use rayprism::model::{Event, Nanos, OperationKind, Trace};
use serde_json::Value;

/// What a thread did, in order: how deep, and what.
pub(crate) type Story = Vec<(usize, String)>;

/// By the file: the entries, and what each thread did.
pub(crate) fn written(file: &[u8]) -> (Vec<Value>, BTreeMap<u64, Story>) {
    let entries: Vec<Value> = serde_json::from_slice(file).expect("JSON");
    let mut threads: BTreeMap<u64, (usize, Story)> = BTreeMap::new();
    for entry in &entries {
        let (depth, story) = threads.entry(entry["tid"].as_u64().expect("a thread")).or_default();
        match entry["ph"].as_str().expect("a phase") {
            "B" => {
                story.push((*depth, entry["name"].as_str().expect("a name").to_owned()));
                *depth += 1;
            }
            "E" => *depth = depth.checked_sub(1).expect("something is open"),
            _ => {}
        }
    }
    assert!(threads.values().all(|(depth, _)| *depth == 0), "all is closed");
    (entries, threads.into_iter().map(|(tid, (_, story))| (tid, story)).collect())
}

/// By the recording, each lane by its position. What is summed up has no story.
pub(crate) fn held(trace: &Trace) -> BTreeMap<u64, Story> {
    let lanes = (0..).zip(&trace.lanes).map(|(lane, of)| {
        let mut open: Vec<Nanos> = Vec::new();
        let named = of.events.iter().filter_map(|event| Some((event, name(event)?)));
        let story = named.map(|(event, name)| {
            let span = event.span();
            while open.last().is_some_and(|end| *end <= span.start) {
                open.pop();
            }
            open.push(span.end);
            (open.len() - 1, name.to_owned())
        });
        (lane, story.collect())
    });
    lanes.collect()
}

/// Those that there are, whichever threads they are of.
pub(crate) fn stories(of: BTreeMap<u64, Story>) -> Vec<Story> {
    let mut stories: Vec<Story> = of.into_values().filter(|story| !story.is_empty()).collect();
    stories.sort();
    stories
}

/// What an event's span is called.
pub(crate) fn name(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::Task(_) => "task",
        Event::Join(join) if join.operation.is_some() => "split",
        Event::Join(_) => "join",
        Event::Leaf(_) => "leaf",
        Event::Reduction(_) => "reduction",
        Event::Collapsed(_) => return None,
        Event::Operation(operation) => match operation.kind {
            OperationKind::Region => "region",
            OperationKind::Install => "install",
            OperationKind::Join => "join",
            OperationKind::Scope => "scope",
            OperationKind::InPlaceScope => "in_place_scope",
            OperationKind::Broadcast => "broadcast",
            OperationKind::Iterator => "par_iter",
            OperationKind::OpaqueIterator => "par_iter_opaque",
            OperationKind::Sort => "par_sort",
        },
    })
}
