//! A detached `spawn` from a thread on which nothing of rayprism's is open is an operation of its
//! own, which may outlast whatever the program was in: its span is a root.

mod recording;
mod spans_support;

use std::sync::mpsc;

use rayprism::model::*;
use recording::*;
use spans_support::Collector;
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt;

#[test]
fn whatever_span_of_the_programs_it_was_called_in() {
    let collector = Collector::default();
    let subscriber = tracing_subscriber::registry().with(collector.clone());
    // The worker that runs it has no other than everybody's.
    tracing::subscriber::set_global_default(subscriber).expect("the only one of this process");
    let pool = pool(2);
    let (sender, receiver) = mpsc::channel();
    let ((), trace) = recorded(Detail::Full, || {
        info_span!("around").in_scope(|| {
            pool.spawn(move || {
                info_span!("within").in_scope(|| ());
                sender.send(()).expect("somebody waits");
            });
        });
        receiver.recv().expect("it runs");
        // Every worker is through with what it ran.
        pool.broadcast(|_| ());
    });
    assert_whole(&trace);
    let tree = collector.tree();
    tree.assert_closed();
    let within = tree.only("within");
    assert_eq!(tree.path(within), "task;within");
    let task = tree.parent(within).expect("the job's");
    assert_eq!((task.field("origin"), task.parent), (Some("injected"), None));
    // As in the recording, where nothing is its parent.
    let jobs = trace.lanes.iter().flat_map(|lane| &lane.events).filter_map(|event| match event {
        Event::Task(task) if task.origin == Origin::Injected => Some(task.parent),
        _ => None,
    });
    assert_eq!(jobs.collect::<Vec<_>>(), [None]);
}
