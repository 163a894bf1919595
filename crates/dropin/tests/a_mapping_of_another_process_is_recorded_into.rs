//! A program that finds `RAYPRISM_ATTACH` records into that mapping, and says nothing of its own; a
//! mapping that it cannot use is told of, and the program runs as it is.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Output};

use rayprism::record::attach::Workers;
use rayprism::record::parent::{Room, Shared, Taken, Wishes, kernel_anchor};
use rayprism::record::{Detail, OnFull, Settings};

const ROOM: Room = Room { sections: 2, threads: 64 };
/// Joins of a tree of this depth.
const DEPTH: &str = "10";
const JOINS: u64 = (1 << 10) - 1;

fn shared(path: &Path, room: Room) -> Shared {
    let file = File::options().read(true).write(true).create_new(true).open(path).unwrap();
    let settings =
        Settings { detail: Detail::Full, capacity: 4_096, on_full: OnFull::Collapse, gauge: None };
    Shared::new(file, &Wishes { settings, room, workers: Workers::AsItIs, os_clock: false })
        .unwrap()
}

fn run(path: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_dropin"));
    program.args(arguments).env("RAYPRISM_ATTACH", path).env_remove("RAYPRISM_OUT");
    program.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn joins(taken: &Taken) -> u64 {
    let threads = taken.recording.threads.iter();
    threads.filter_map(|(_, figures)| figures.as_ref()).map(|figures| figures.counts.joins).sum()
}

#[test]
fn what_it_recorded_is_there_when_it_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mapping");
    let shared = shared(&path, ROOM);
    let output = run(&path, &["own", DEPTH, "return"]);
    assert_eq!(text(&output.stdout), format!("{JOINS}\n"));
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
    assert_eq!(shared.processes(), 1);
    let taken = shared.read(0, kernel_anchor()).unwrap().unwrap();
    assert_eq!(joins(&taken), JOINS);
    assert_eq!(taken.name.as_deref(), Some("dropin"));
    assert!(taken.has_ended && taken.lost_threads == 0 && taken.lost_pools == 0);
    assert!(taken.calibrated.is_ok(), "{:?}", taken.calibrated);
    // Its own pool was there first.
    assert_eq!(taken.recording.pools[0].threads, 2);
    // The calls of the main thread are in it, and it has a name.
    let names: Vec<_> =
        taken.recording.threads.iter().filter_map(|(member, _)| member.name.clone()).collect();
    assert!(names.contains(&"main".to_owned()), "{names:?}");
    let recording = &taken.recording;
    assert!(recording.end.ticks > recording.start.ticks && recording.end.os > recording.start.os);
}

#[test]
fn a_place_that_is_taken_is_not_written_to_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mapping");
    let shared = shared(&path, ROOM);
    for _ in 0..2 {
        assert_eq!(text(&run(&path, &["own", DEPTH, "return"]).stderr), "");
    }
    let third = run(&path, &["own", DEPTH, "return"]);
    assert_eq!(text(&third.stdout), format!("{JOINS}\n"));
    let said = text(&third.stderr);
    assert!(said.starts_with("rayprism: 2 processes are recorded already"), "{said}");
    let all = [0, 1].map(|index| shared.read(index, kernel_anchor()).unwrap().unwrap());
    assert_ne!(all[0].process, all[1].process);
    assert_eq!([joins(&all[0]), joins(&all[1])], [JOINS; 2]);
    let refusals = shared.refusals();
    assert_eq!((refusals.failed, refusals.other_version), (1, 0));
}

#[test]
fn two_versions_part_and_each_is_told_of_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mapping");
    let shared = shared(&path, ROOM);
    // The second word is the version of the mapping.
    let mut file = shared.file();
    file.seek(SeekFrom::Start(8)).unwrap();
    file.write_all(&u64::MAX.to_ne_bytes()).unwrap();
    let output = run(&path, &["own", DEPTH, "return"]);
    assert_eq!((text(&output.stdout), output.status.code()), (format!("{JOINS}\n"), Some(0)));
    let said = text(&output.stderr);
    assert!(said.contains("do not understand each other; use the same version for both"), "{said}");
    let refusals = shared.refusals();
    assert_eq!((refusals.other_version, refusals.version.as_deref()), (1, Some("0.1.0")));
    assert_eq!(shared.processes(), 0);
}

#[test]
fn what_is_no_mapping_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mapping");
    let said = |expected: &str| {
        let output = run(&path, &["own", DEPTH, "return"]);
        assert_eq!((text(&output.stdout), output.status.code()), (format!("{JOINS}\n"), Some(0)));
        let said = text(&output.stderr);
        assert!(said.contains(expected) && said.lines().count() == 1, "{said}");
    };
    said("which cannot be mapped: No such file");
    fs::write(&path, "text").unwrap();
    said("which is no recording");
    fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
    said("which is no recording");
    fs::remove_file(&path).unwrap();
    shared(&path, ROOM).file().set_len(1 << 17).unwrap();
    said("shorter than it says");
}

/// The recorder goes as source where it cannot ask for the crate's version.
#[test]
fn the_recorder_bears_the_version_of_the_crate() {
    assert_eq!(rayprism::record::parent::VERSION, env!("CARGO_PKG_VERSION"));
}
