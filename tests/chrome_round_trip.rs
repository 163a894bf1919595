//! Whatever is written as Chrome JSON is read back unchanged.

#![cfg(feature = "read")]

mod support;

use proptest::prelude::*;
use rayprism::format::chrome;
use rayprism::model::{Event, Measured, Nanos, OperationKind, Trace};

fn written(trace: &Trace) -> Vec<u8> {
    let mut file = Vec::new();
    chrome::write(trace, &mut file).expect("a vector takes everything");
    file
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_trace_comes_back_as_it_was(trace in support::any_trace()) {
        prop_assert_eq!(chrome::read(&written(&trace)[..]).unwrap(), trace);
    }

    #[test]
    fn the_same_trace_gives_the_same_bytes(trace in support::any_trace()) {
        let file = written(&trace);
        prop_assert_eq!(&file, &written(&trace.clone()));
        prop_assert_eq!(&file, &written(&chrome::read(&file[..]).unwrap()));
    }

    #[test]
    fn layout_and_order_of_keys_do_not_matter(trace in support::any_trace()) {
        let file: serde_json::Value = serde_json::from_slice(&written(&trace)).unwrap();
        // serde_json's maps are sorted by key: `args` now stands before `cat` and `ph`.
        let pretty = serde_json::to_vec_pretty(&file).unwrap();
        prop_assert_eq!(chrome::read(&pretty[..]).unwrap(), trace);
    }

    #[test]
    fn no_cut_and_no_changed_byte_makes_the_reader_panic(
        trace in support::any_trace(),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut file = written(&trace);
        // Without the final line feed, every byte counts.
        file.pop();
        let at = at.index(file.len());
        prop_assert!(chrome::read(&file[..at]).is_err());
        file[at] = byte;
        // The change may be harmless; what matters is that there is an answer.
        let _ = chrome::read(&file[..]);
    }
}

/// That the generator makes what the properties above are about.
#[test]
fn generated_traces_have_all_there_is() {
    let traces = support::some_traces(100);
    let events = || traces.iter().flat_map(|trace| &trace.lanes).flat_map(|lane| &lane.events);
    let most = traces.iter().flat_map(|trace| &trace.lanes).map(|lane| lane.events.len()).max();
    assert!(most > Some(50), "{most:?}");
    let kinds: [fn(&Event) -> bool; 10] = [
        |event| matches!(event, Event::Task(task) if task.joins > i64::MAX as u64),
        |event| matches!(event, Event::Join(join) if join.operation.is_none()),
        |event| matches!(event, Event::Join(join) if join.operation.is_some()),
        |event| matches!(event, Event::Operation(op) if op.label.as_deref() == Some("\0")),
        |event| matches!(event, Event::Operation(op) if op.kind == OperationKind::Sort),
        |event| matches!(event, Event::Operation(op) if op.iteration.is_some_and(|i| i.reductions.is_none())),
        |event| matches!(event, Event::Leaf(leaf) if leaf.task.is_none()),
        |event| matches!(event, Event::Leaf(leaf) if leaf.waited > Nanos::ZERO),
        |event| matches!(event, Event::Reduction(_)),
        |event| matches!(event, Event::Collapsed(_)),
    ];
    for kind in kinds {
        assert!(events().any(kind));
    }
    assert!(events().any(|event| event.span().start > Nanos(1 << 63)));
    assert!(traces.iter().any(|trace| matches!(trace.header.machine.cpu, Measured::Not(_))));
    assert!(traces.iter().any(|trace| trace.sites.is_empty()));
    let tallies = || traces.iter().flat_map(|trace| &trace.lanes).flat_map(|lane| &lane.tallies);
    assert!(tallies().any(|tally| tally.site.is_some() && tally.chain.is_none()));
    assert!(events().any(|event| event.chain().is_some()));
}
