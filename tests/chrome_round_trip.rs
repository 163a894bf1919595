//! Whatever is written as Chrome JSON is read back unchanged.

#![cfg(feature = "read")]

mod support;

use proptest::prelude::*;
use rayprism::format::chrome;
use rayprism::model::{
    Event, Measured, Nanos, OperationKind, SchedulingSource, Trace, Values, Watched,
};

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
        |event| matches!(event, Event::Operation(op) if op.iteration.as_ref().is_some_and(|i| i.reductions.is_none())),
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

/// Likewise of what the kernel says.
#[test]
fn generated_traces_have_all_that_the_kernel_says() {
    let traces = support::some_traces(100);
    let watched = || traces.iter().flat_map(|trace| &trace.lanes).map(|lane| &lane.watched);
    for source in [SchedulingSource::SwitchRecords, SchedulingSource::Accounting] {
        let of = |watched: &Watched| watched.scheduling.value().map(|sums| sums.source);
        assert!(watched().any(|watched| of(watched) == Some(source)));
    }
    assert!(watched().any(|watched| watched.scheduling.value().is_none()));
    let off_cpu = || watched().flat_map(|watched| &watched.off_cpu);
    assert!(off_cpu().any(|off| off.preempted && off.to_cpu.is_none()));
    assert!(off_cpu().any(|off| !off.preempted && off.from_cpu.is_some()));
    assert!(watched().any(|watched| watched.off_cpu.len() > 10));
    let readings = || watched().flat_map(|watched| &watched.readings);
    let mixed = |Values(values): &Values| {
        values.iter().any(Option::is_some) && values.iter().any(Option::is_none)
    };
    assert!(readings().any(|reading| mixed(&reading.values)));
    let of_tasks = || {
        let events = traces.iter().flat_map(|trace| &trace.lanes).flat_map(|lane| &lane.events);
        events.filter_map(|event| match event {
            Event::Task(task) => task.counters.as_ref(),
            _ => None,
        })
    };
    assert!(of_tasks().any(mixed));
    let beyond = |value: &Option<u64>| value.is_some_and(|value| value > i64::MAX as u64);
    assert!(of_tasks().any(|Values(values)| values.iter().any(beyond)));
}
