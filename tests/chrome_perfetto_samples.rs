//! Writes traces for `tools/perfetto/check`, which loads them into the real trace processor. That
//! they can be read back is asserted here, what Perfetto makes of them there.

#![cfg(feature = "read")]

mod support;

use std::fs;
use std::path::PathBuf;

use rayprism::format::{self, Format};
use rayprism::model::{Annotations, Nanos, Trace};

const PLAIN: [Format; 2] = [Format::Json, Format::Pftrace];

/// A folder that this test owns.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("perfetto-samples");
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder is ours");
    }
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// Perfetto is exact up to 4·10¹⁵ ns; recordings are relative to their start and end long before.
fn viewable(trace: &Trace) -> bool {
    let exact = |time: Nanos| time < Nanos(4_000_000_000_000_000);
    trace.lanes.iter().all(|lane| {
        let watched = &lane.watched;
        lane.events.iter().all(|event| exact(event.span().end))
            && watched.off_cpu.iter().all(|off| exact(off.span.end))
            && watched.readings.iter().all(|reading| exact(reading.at))
            && [lane.started, lane.ended].into_iter().flatten().all(exact)
    })
}

#[test]
fn samples_are_written_and_read_back() {
    let folder = folder();
    let traces: Vec<_> = support::some_traces(100).into_iter().filter(viewable).collect();
    assert!(traces.len() >= 40, "{} samples", traces.len());
    for (number, trace) in traces.iter().enumerate() {
        // Unpacking is the trace processor's business; a few show that it does.
        let formats = if number % 10 == 0 { &Format::ALL[..] } else { &PLAIN };
        for &format in formats {
            let path = folder.join(format!("sample-{number:02}.{}", format.ending()));
            let mut file = fs::File::create(&path).unwrap();
            format::write(trace, &Annotations::default(), format, &mut file).unwrap();
            assert_eq!(&format::read(fs::File::open(&path).unwrap()).unwrap(), trace);
        }
    }
}
