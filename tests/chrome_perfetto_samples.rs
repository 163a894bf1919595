//! Writes traces for `tools/perfetto/check`, which loads them into the real trace processor. That
//! they can be read back is asserted here, what Perfetto makes of them there.

#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;
mod timeline_fixture;

use std::fs;
use std::path::{Path, PathBuf};

use rayprism::format::{self, Format};
use rayprism::model::{
    Annotations, Event, Join, Nanos, Operation, SecondHalf, Site, SiteId, Task, Trace,
};
use timeline_fixture::{id, join, operation, outside, stolen, task, trace, worker};

const PLAIN: [Format; 2] = [Format::Json, Format::Pftrace];

/// A folder that this test owns.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
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
            && lane.idling.stretches.iter().all(|idle| exact(idle.span().end))
            && watched.readings.iter().all(|reading| exact(reading.at))
            && [lane.started, lane.ended].into_iter().flatten().all(exact)
    })
}

#[test]
fn samples_are_written_and_read_back() {
    let folder = folder("perfetto-samples");
    let traces: Vec<_> = support::some_traces(100).into_iter().filter(viewable).collect();
    assert!(traces.len() >= 40, "{} samples", traces.len());
    for (number, trace) in traces.iter().enumerate() {
        // Unpacking is the trace processor's business; a few show that it does.
        let formats = if number % 10 == 0 { &Format::ALL[..] } else { &PLAIN };
        for &format in formats {
            let path = folder.join(format!("sample-{number:02}.{}", format.ending()));
            write(trace, format, &path);
        }
    }
}

/// What proptest's traces are too small for, and the committed ones.
#[test]
fn special_samples_are_written_and_read_back() {
    let folder = folder("perfetto-special");
    let committed = [
        "traces/golden/sum-by-hand",
        "traces/golden/invert-tree-join",
        "traces/golden/invert-tree-join-cutoff",
        "tests/perfetto/golden",
    ]
    .map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("{name}.json"));
        let name = name.rsplit('/').next().expect("a name");
        (name, format::read(fs::File::open(path).unwrap()).unwrap())
    });
    let special = [("deep", deep(LEVELS)), ("lanes-64", many(64)), ("unicode", unicode())];
    for (name, trace) in special.into_iter().chain(committed) {
        for format in PLAIN {
            write(&trace, format, &folder.join(format!("{name}.{}", format.ending())));
        }
    }
}

/// Levels of slices. Perfetto drops what lies deeper than 512.
const LEVELS: u64 = 500;

/// A join in a join in a join.
fn deep(levels: u64) -> Trace {
    let end = 10_000;
    let joins = (1..levels).map(|at| {
        Event::Join(Join { depth: at as u32 - 1, ..join(1, at + 1, 1, [at, end - at, end - at]) })
    });
    let task = Event::Task(Task { joins: levels - 1, ..task(1, 1, 0, end) });
    trace(end, vec![worker(1, 0, std::iter::once(task).chain(joins).collect())])
}

/// Each worker steals from the one before.
fn many(lanes: u32) -> Trace {
    let lane = |index: u32| {
        let (number, start) = (index + 1, u64::from(index) * 100);
        let own = task(number, 1, start, 20_000);
        let own = if index == 0 { own } else { stolen(own, id(index, 2), start - 20) };
        let second = SecondHalf::Stolen;
        let join = Join { second, ..join(number, 2, 1, [start + 10, start + 150, 19_000]) };
        worker(number, index, vec![Event::Task(Task { joins: 1, ..own }), Event::Join(join)])
    };
    trace(20_000, (0..lanes).map(lane).collect())
}

/// Names in many scripts, and of signs that formats use themselves.
fn unicode() -> Trace {
    let names =
        ["Größe", "計算", "حساب", "👩‍🚀 → \u{2192}", "a\"b\\c", "x;y\nz", "</script>", "\u{feff}"];
    let called = |(at, name): (u64, &&str)| {
        Event::Operation(Operation {
            label: Some((*name).to_owned()),
            site: Some(SiteId(at as u32)),
            ..operation(1, at + 1, [at * 100, at * 100 + 10, at * 100 + 90])
        })
    };
    let mut lane = outside(1, (0..).zip(&names).map(called).collect());
    lane.name = Some("главный".to_owned());
    let mut trace = trace(1_000, vec![lane]);
    trace.header.title = "名前".to_owned();
    trace.sites = names.map(|name| Site { location: format!("src/{name}.rs:1:1") }).into();
    trace
}

fn write(trace: &Trace, format: Format, path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    format::write(trace, &Annotations::default(), format, &mut file).unwrap();
    assert_eq!(&format::read(fs::File::open(path).unwrap()).unwrap(), trace);
}
