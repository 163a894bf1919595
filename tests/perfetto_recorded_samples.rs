//! Recordings that went wrong, for `tools/perfetto/check`: with a panic, and with buffers too small
//! for what happened. One test, as there is one recording at a time.

#![cfg(all(feature = "read", feature = "record"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::format::{self, Format};
use rayprism::model::{Annotations, Detail, Event, Outcome, Trace};
use rayprism::session::{LEAST_BUFFER_BYTES, OnFull, SessionBuilder};

/// Joins down to a number of levels, in which the leaves may panic.
fn tree(levels: u32, panics: bool) -> u64 {
    if levels == 0 {
        assert!(!panics, "as it was made to");
        return 1;
    }
    let (a, b) = rayon::join(|| tree(levels - 1, false), || tree(levels - 1, panics));
    a + b
}

fn recorded(session: SessionBuilder, levels: u32, panics: bool) -> Trace {
    let session = session.detail(Detail::Full).start().expect("no other recording");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    let ran = catch_unwind(AssertUnwindSafe(|| pool.install(|| tree(levels, panics))));
    assert_eq!(ran.is_err(), panics);
    session.stop()
}

#[test]
fn what_went_wrong_is_written_and_read_back() {
    let panicked = recorded(Session::builder(), 6, true);
    let events = || panicked.lanes.iter().flat_map(|lane| &lane.events);
    let outcome =
        |event: &Event| matches!(event, Event::Join(join) if join.outcome == Outcome::Panicked);
    assert!(events().any(outcome));
    let small = |on_full| Session::builder().buffer_bytes(LEAST_BUFFER_BYTES).on_full(on_full);
    let stopped = recorded(small(OnFull::Stop), 14, false);
    assert!(stopped.losses().dropped > 0);
    let overwritten = recorded(small(OnFull::Ring), 14, false);
    assert!(overwritten.losses().overwritten > 0);
    let collapsed = recorded(small(OnFull::Collapse), 14, false);

    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("perfetto-recorded");
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder is ours");
    }
    fs::create_dir_all(&folder).expect("the folder can be made");
    let traces = [
        ("panicked", panicked),
        ("lossy-stop", stopped),
        ("lossy-ring", overwritten),
        ("lossy-collapse", collapsed),
    ];
    for (name, trace) in traces {
        for format in [Format::Json, Format::Pftrace] {
            let path = folder.join(format!("{name}.{}", format.ending()));
            let mut file = fs::File::create(&path).unwrap();
            format::write(&trace, &Annotations::default(), format, &mut file).unwrap();
            assert_eq!(format::read(fs::File::open(&path).unwrap()).unwrap(), trace, "{name}");
        }
    }
}
