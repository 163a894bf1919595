//! What `tracing-chrome` writes of the spans is what the recording holds: the same names, as often,
//! nested in the same way, thread by thread.

mod recording;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use rayprism::facade as rayon;
use rayprism::facade::prelude::*;
use rayprism::model::*;
use recording::*;
use tracing_chrome::ChromeLayerBuilder;
use tracing_subscriber::layer::SubscriberExt;

/// A file in memory.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a thread did, in order: how deep, and what.
type Story = Vec<(usize, String)>;

/// By the file, those of threads on which anything was.
fn written(file: &[u8]) -> Vec<Story> {
    let entries: Vec<serde_json::Value> = serde_json::from_slice(file).expect("JSON");
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
    stories(threads.into_values().map(|(_, story)| story))
}

/// By the recording.
fn held(trace: &Trace) -> Vec<Story> {
    stories(trace.lanes.iter().map(|lane| {
        let mut open: Vec<Nanos> = Vec::new();
        let story = lane.events.iter().map(|event| {
            let span = event.span();
            while open.last().is_some_and(|end| *end <= span.start) {
                open.pop();
            }
            open.push(span.end);
            (open.len() - 1, name(event).to_owned())
        });
        story.collect()
    }))
}

fn stories(stories: impl Iterator<Item = Story>) -> Vec<Story> {
    let mut stories: Vec<Story> = stories.filter(|story| !story.is_empty()).collect();
    stories.sort();
    stories
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::Task(_) => "task",
        Event::Join(join) if join.operation.is_some() => "split",
        Event::Join(_) => "join",
        Event::Leaf(_) => "leaf",
        Event::Reduction(_) => "reduction",
        Event::Collapsed(_) => panic!("all is kept: {event:?}"),
        Event::Operation(operation) => match operation.kind {
            OperationKind::Region => "region",
            OperationKind::Install => "install",
            OperationKind::Scope => "scope",
            OperationKind::Iterator => "par_iter",
            kind => panic!("not called: {kind:?}"),
        },
    }
}

#[test]
fn thread_by_thread() {
    let _alone = alone();
    let pool = pool(2);
    let page = Page::default();
    let (layer, guard) = ChromeLayerBuilder::new().writer(page.clone()).build();
    let run = || {
        pool.install(|| {
            tree(6);
            stolen_join(|| tree(3), || rayprism::region("second", || tree(3)));
            rayon::scope(|scope| {
                scope.spawn(|_| tree(2));
                scope.spawn(|_| tree(2));
            });
            let sum: u32 = (0..2_000_u32).into_par_iter().with_max_len(100).sum();
            assert_eq!(sum, 1_999_000);
        });
    };
    let ((), trace) =
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            recorded(Detail::Full, run)
        });
    drop(guard);
    assert_whole(&trace);
    let file = page.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (written, held) = (written(&file), held(&trace));
    assert_eq!(written, held);
    // One joins and is stolen from, one steals, and one has called them.
    assert_eq!(held.len(), 3);
    let joins = held.iter().flatten().filter(|(_, name)| name == "join").count();
    assert_eq!(joins, 63 + 1 + 7 + 7 + 3 + 3);
}
