//! `rayprism cargo` builds a project that knows nothing of it with rayon instrumented from within.
//! What the program does is counted exactly; the project, its lock file and its own target folder
//! stay as they are. The project is `tests/inside_project`, in a copy.

#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rayprism::analysis::{Component, Decomposition, IdleFigures, SleepSource, Window};
use rayprism::format::{self, chrome};
use rayprism::model::{Event, Measured, Sleep, Trace, WakeReason};
use rayprism::record::attach::Workers;
use rayprism::record::event::{Raw, Search, SearchEnd};
use rayprism::record::parent::{Room, Shared, Taken, Wishes, kernel_anchor};
use rayprism::record::{Counts, Detail, Figures, OnFull, Settings, Tally};
use rayprism::timeline::Timeline;

const RAYPRISM: &str = env!("CARGO_BIN_EXE_rayprism");

/// Copies the files of a folder that git knows: the project's, none that cargo makes.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, into) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == "target" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &into);
        } else if !fs::read(&into).is_ok_and(|there| there == fs::read(&path).unwrap()) {
            fs::copy(&path, &into).unwrap();
        }
    }
}

/// A copy of the project. It is kept between runs, so that rayon is not always built anew.
fn project() -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inside_project");
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inside_project");
    copy(&from, &to);
    to
}

fn rayprism_cargo(project: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(RAYPRISM);
    command.arg("cargo").args(arguments).current_dir(project);
    command
        .env("CARGO", env!("CARGO"))
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RAYPRISM_ATTACH");
    command
}

/// The project's program, built once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let project = project();
        let lock = fs::read(project.join("Cargo.lock")).unwrap();
        let arguments = ["build", "--locked", "--features", "shout"];
        let output = rayprism_cargo(&project, &arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(!said.contains("warning"), "{said}");
        assert_eq!(
            fs::read(project.join("Cargo.lock")).unwrap(),
            lock,
            "the lock file is untouched"
        );
        let made = fs::read_dir(project.join("target")).unwrap();
        let made = made.map(|entry| entry.unwrap().file_name());
        assert_eq!(made.collect::<Vec<_>>(), ["rayprism"]);
        project.join("target/rayprism/build/debug/app")
    })
}

/// What the program recorded, and what it printed.
fn record(arguments: &[&str], detail: Detail) -> (Taken, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mapping");
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    let settings = Settings { detail, capacity: 65_536, on_full: OnFull::Collapse, gauge: None };
    let room = Room { sections: 1, threads: 200 };
    let wishes = Wishes { settings, room, workers: Workers::AsItIs, os_clock: false };
    let shared = Shared::new(file, &wishes).unwrap();
    let output =
        Command::new(program()).args(arguments).env("RAYPRISM_ATTACH", &path).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((said.as_str(), output.status.code()), ("", Some(0)));
    let taken = shared.read(0, kernel_anchor()).unwrap().expect("it has recorded");
    assert!(taken.has_ended && taken.lost_threads == 0 && taken.lost_pools == 0);
    assert!(taken.calibrated.is_ok(), "{:?}", taken.calibrated);
    (taken, String::from_utf8(output.stdout).unwrap())
}

/// What `rayprism cargo` says in an empty project that depends on rayon by these lines.
fn refused(dependencies: &str, others: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let package =
        "[package]\nname = \"mine\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    let manifest = format!("{package}{dependencies}");
    for (path, text) in [("Cargo.toml", &*manifest), ("src/lib.rs", "")].iter().chain(others) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let output = rayprism_cargo(folder.path(), &["build", "--offline"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let made = folder.path().join("target/rayprism");
    assert!(!made.exists(), "nothing is made for a project that cannot be built");
    String::from_utf8(output.stderr).unwrap()
}

fn figures(taken: &Taken) -> impl Iterator<Item = &Figures> {
    taken.recording.threads.iter().filter_map(|(_, figures)| figures.as_ref())
}

fn sum(taken: &Taken, count: fn(&Counts) -> u64) -> u64 {
    figures(taken).map(|figures| count(&figures.counts)).sum()
}

fn events(taken: &Taken) -> impl Iterator<Item = &Raw> {
    figures(taken).flat_map(|figures| &figures.events)
}

/// The sums of the parallel iterators, by their words.
fn iterators(taken: &Taken) -> Vec<(String, String, [u64; 5])> {
    let mut sums: Vec<(String, String, [u64; 5])> = Vec::new();
    for figures in figures(taken) {
        let text = |number: u32| figures.texts[number as usize - 1].clone();
        for tally in &figures.tallies {
            let Tally { operations, splits, leaves, items, reductions, .. } = *tally;
            let counts = [operations, splits, leaves, items, reductions];
            let (site, words) = (text(tally.site), text(tally.chain));
            match sums.iter_mut().find(|(s, w, _)| (s, w) == (&site, &words)) {
                Some((.., sum)) => sum.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n),
                None => sums.push((site, words, counts)),
            }
        }
    }
    sums
}

#[test]
fn joins_are_counted_exactly_those_of_dependencies_too() {
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        for what in ["tree", "own-pool"] {
            let (taken, printed) = record(&[what, "12"], detail);
            assert_eq!(printed, "8191!\n");
            assert_eq!(sum(&taken, |counts| counts.joins), (1 << 12) - 1, "{what} {detail:?}");
            assert_eq!(sum(&taken, |counts| counts.begun), sum(&taken, |counts| counts.ended));
            let threads = taken.recording.pools.iter().map(|pool| pool.threads);
            assert!(threads.clone().count() == 1 && (what == "tree" || threads.sum::<u32>() == 3));
        }
    }
}

#[test]
fn a_deep_tree_is_counted_exactly_where_its_joins_are_not_timed() {
    let (taken, _) = record(&["tree", "18"], Detail::Auto);
    assert_eq!(sum(&taken, |counts| counts.joins), (1 << 18) - 1);
    assert!(sum(&taken, |counts| counts.timed_joins) < 1 << 17);
    // Whoever takes the half of a join that was only counted knows from whom.
    assert_eq!(sum(&taken, |counts| counts.migrated), 0);
}

#[test]
fn spawns_are_counted_exactly() {
    let (taken, printed) = record(&["spawns", "300"], Detail::Auto);
    assert_eq!(printed, "300!\n");
    assert_eq!(sum(&taken, |counts| counts.spawns), 300);
    // Each scope is called from outside, and is a job, too.
    assert_eq!(sum(&taken, |counts| counts.tasks), 330);
}

#[test]
fn every_steal_is_seen() {
    let (taken, printed) = record(&["steal", "50"], Detail::Count);
    assert_eq!(printed, "50!\n");
    assert_eq!(sum(&taken, |counts| counts.joins), 50);
    assert_eq!(sum(&taken, |counts| counts.steals), 50);
}

#[test]
fn parallel_iterators_have_their_items_and_the_programs_call_site() {
    let (taken, _) = record(&["items", "100000"], Detail::Auto);
    let all = iterators(&taken);
    let [(site, words, [operations, splits, leaves, items, reductions])] = &all[..] else {
        panic!("{all:?}")
    };
    // Where the program calls `sum`.
    let source = include_str!("inside_project/app/src/main.rs");
    let line = 1 + source.lines().position(|line| line.contains(".filter(")).unwrap();
    assert!(site.starts_with(&format!("app/src/main.rs:{line}:")), "{site}");
    assert!(words.ends_with("map → filter → sum"), "{words}");
    assert_eq!((*operations, *items), (1, 100_000));
    assert_eq!((*leaves, *reductions), (*splits + 1, *splits));
}

#[test]
fn indexed_adaptors_are_seen_whole() {
    let (taken, _) = record(&["zip", "50000"], Detail::Auto);
    let all = iterators(&taken);
    let [(_, words, [operations, splits, leaves, items, reductions])] = &all[..] else {
        panic!("{all:?}")
    };
    assert_eq!(words, "&[u64] → zip → map → sum");
    assert_eq!((*operations, *items), (1, 50_000));
    assert_eq!((*leaves, *reductions), (*splits + 1, *splits));
}

#[test]
fn small_iterators_are_counted_exactly() {
    for detail in [Detail::Count, Detail::Auto] {
        let (taken, printed) = record(&["small", "20000"], detail);
        assert_eq!(printed, "100000!\n");
        let all = iterators(&taken);
        let [(_, words, [operations, splits, leaves, items, reductions])] = &all[..] else {
            panic!("{all:?}")
        };
        assert_eq!(words, "&[u64] → map → sum");
        assert_eq!((*operations, *items), (20_000, 200_000));
        assert_eq!((*leaves, *reductions), (splits + operations, *splits));
        assert_eq!(sum(&taken, |counts| counts.begun), sum(&taken, |counts| counts.ended));
        // Whoever takes a half up is told where it comes from.
        assert_eq!(sum(&taken, |counts| counts.migrated), 0);
        let stolen = sum(&taken, |counts| counts.steals);
        let tallied = figures(&taken).flat_map(|figures| &figures.tallies);
        assert_eq!(tallied.map(|tally| tally.steals).sum::<u64>(), stolen);
    }
}

#[test]
fn iterators_within_iterators_are_counted_apart() {
    let (taken, printed) = record(&["nested", "3000"], Detail::Auto);
    assert_eq!(printed, "33000!\n");
    let mut all = iterators(&taken);
    all.sort_by_key(|(_, _, [operations, ..])| *operations);
    let [(_, outer, [one, .., outer_items, _]), (_, inner, counts)] = &all[..] else {
        panic!("{all:?}")
    };
    assert!(outer.ends_with("map → sum"), "{outer}");
    assert_eq!((*one, *outer_items), (1, 3_000));
    let [operations, splits, leaves, items, reductions] = *counts;
    assert!(inner.ends_with("map → sum"), "{inner}");
    assert_eq!((operations, items), (3_000, 9_000));
    assert_eq!((leaves, reductions), (splits + operations, splits));
}

#[test]
fn what_rayon_calls_for_the_program_is_where_the_program_called() {
    for (what, size) in [("sort", "200000"), ("pool", "1")] {
        let (taken, _) = record(&[what, size], Detail::Full);
        let mut seen = 0;
        for figures in figures(&taken) {
            let sites = figures.events.iter().filter_map(|event| match event {
                Raw::Join(join) => Some(join.text),
                Raw::Operation(operation) => Some(operation.text),
                _ => None,
            });
            for site in sites {
                let site = &figures.texts[site as usize - 1];
                assert!(site.starts_with("app/src/main.rs:"), "{what}: {site}");
                seen += 1;
            }
        }
        assert!(seen > 0);
    }
}

#[test]
fn a_bridge_hands_out_each_item_once() {
    let (taken, _) = record(&["bridge", "3000"], Detail::Full);
    let all = iterators(&taken);
    let [(_, words, [_, _, _, items, _])] = &all[..] else { panic!("{all:?}") };
    assert_eq!((words.as_str(), *items), ("par_bridge of Range<u64> → sum", 3_000));
    assert!(events(&taken).any(|event| matches!(event, Raw::Feed(_))));
}

#[test]
fn the_inside_of_a_sort_is_seen() {
    let (taken, printed) = record(&["sort", "200000"], Detail::Auto);
    assert_eq!(printed, "1!\n");
    assert!(sum(&taken, |counts| counts.joins) > 0);
}

#[test]
fn searches_and_sleeps_are_events_that_do_not_overlap() {
    let (taken, _) = record(&["own-pool", "14"], Detail::Full);
    let searches = sum(&taken, |counts| counts.searches);
    assert!(searches >= 3, "each of the three workers looked for work before there was any");
    for figures in figures(&taken) {
        let mut last = 0;
        let mut was_asleep = None;
        for event in &figures.events {
            let (start, end, sleeps) = match event {
                Raw::Search(search) => {
                    (search.start, search.end, search.how().unwrap() == SearchEnd::Asleep)
                }
                Raw::Sleep(sleep) => {
                    // Nothing lies between falling asleep and sleeping.
                    assert_eq!(was_asleep, Some(sleep.start));
                    (sleep.start, sleep.end, false)
                }
                _ => continue,
            };
            assert!(last <= start && start <= end);
            last = end;
            was_asleep = sleeps.then_some(end);
        }
    }
}

/// rayon's rule: a worker yields in 33 rounds, and falls asleep in the one after; if a job was pushed
/// meanwhile, it takes two more rounds, one of which yields.
#[test]
fn every_round_and_every_yield_is_counted() {
    for what in [["own-pool", "14"], ["steal", "30"], ["latch", "5"]] {
        let (taken, _) = record(&what, Detail::Full);
        let mut slept = 0;
        for event in events(&taken) {
            let Raw::Search(search) = event else { continue };
            assert!(search.yields <= search.rounds, "{search:?}");
            if search.how() == Some(SearchEnd::Asleep) {
                slept += 1;
                let more = search.rounds.checked_sub(34).unwrap_or_else(|| panic!("{search:?}"));
                assert_eq!((more % 2, search.yields), (0, 33 + more / 2), "{search:?}");
            }
        }
        // Who waits for that latch sleeps; the other two may be over before anybody does.
        assert!(slept >= 1 || what[0] != "latch", "{what:?}");
        assert_eq!(sum(&taken, |counts| counts.sleeps), slept);
        let held = |of: fn(&Search) -> u64| -> u64 {
            let searches = events(&taken).filter_map(|event| match event {
                Raw::Search(search) => Some(of(search)),
                _ => None,
            });
            searches.sum()
        };
        assert_eq!(sum(&taken, |counts| counts.searches), held(|_| 1));
        assert_eq!(sum(&taken, |counts| counts.failed_rounds), held(|search| search.rounds));
        assert_eq!(sum(&taken, |counts| counts.yields), held(|search| search.yields));
    }
}

/// Counts are the same where no clock is read and no event kept.
#[test]
fn a_sleep_ends_by_one_wake_of_a_thread_that_is_known() {
    for detail in [Detail::Count, Detail::Auto, Detail::Full] {
        let (taken, _) = record(&["steal", "30"], detail);
        let [sleeps, wakes] = [|counts: &Counts| counts.sleeps, |counts: &Counts| counts.wakes]
            .map(|count| sum(&taken, count));
        // At the end both workers may still sleep, until their pool tells them to go.
        assert!(wakes <= sleeps && sleeps <= wakes + 2, "{sleeps} sleeps, {wakes} wakes");
        let lanes: Vec<u32> =
            taken.recording.threads.iter().map(|(member, _)| member.lane.0).collect();
        for event in events(&taken) {
            let Raw::Sleep(sleep) = event else { continue };
            assert!(lanes.contains(&sleep.text), "{sleep:?} of {lanes:?}");
            assert!(sleep.start <= sleep.woken && sleep.woken <= sleep.end, "{sleep:?}");
        }
    }
}

#[test]
fn who_waits_for_a_stolen_half_sleeps_until_its_latch_is_set() {
    let trace = traced(&["latch", "5"]);
    let timeline = Timeline::new(&trace).unwrap_or_else(|problem| panic!("{problem}"));
    let mut woken = Vec::new();
    for lane in &trace.lanes {
        for event in &lane.events {
            let Event::Join(join) = event else { continue };
            let within = |sleep: &&Sleep| join.span.contains(sleep.span);
            let wakes = lane.idling.sleeps().filter(within).filter_map(|sleep| sleep.wake);
            woken.extend(wakes.map(|wake| (lane.id, wake)));
        }
    }
    assert_eq!(woken.len(), 5, "{trace:#?}");
    for (lane, wake) in woken {
        assert_ne!(wake.by, lane);
        assert!(trace.lanes.iter().any(|lane| lane.id == wake.by), "{wake:?}");
        assert_eq!(wake.reason, WakeReason::Latch);
    }
    let figures = IdleFigures::of(&timeline);
    let wake_ups = figures.wake_ups.value().expect("some were woken");
    assert!(wake_ups.for_latches >= 5);
    assert_eq!(figures.sleeps_from, Measured::Is(SleepSource::Rayon));
    // The kernel was not asked, and yet who slept is told apart.
    let window = Window::of(&timeline);
    let whole = Decomposition::of(&timeline, window, &timeline.pools()[0]);
    let whole = whole.value().expect("a sound recording");
    let missing = |component| whole.missing.iter().any(|missing| missing.component == component);
    assert!(missing(Component::Blocked) && !missing(Component::LateWakeUp), "{whole:#?}");
    assert_eq!(figures.injected.value().map(|latency| latency.count), Some(1));
}

#[test]
fn what_cannot_be_instrumented_is_told_before_anything_is_built() {
    assert!(refused("", &[]).contains("rayon is not among the dependencies of this project"));
    let own = "[package]\nname = \"rayon\"\nversion = \"1.12.0\"\nedition = \"2021\"\n";
    let files = [("rayon/Cargo.toml", own), ("rayon/src/lib.rs", "")];
    let path = refused("[dependencies]\nrayon = { path = \"rayon\" }\n", &files);
    assert!(path.contains("rayon 1.12.0 is in the folder"), "{path}");
    assert!(path.contains("rayprism-rayon"), "the other way is told: {path}");
}

#[test]
fn the_programs_own_errors_pass_through() {
    program();
    let project = project();
    let plain = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--locked", "--offline", "--features", "broken"])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", project.join("target/rayprism/plain"))
        .output()
        .unwrap();
    let ours = ["check", "--quiet", "--locked", "--offline", "--features", "broken"];
    let ours = rayprism_cargo(&project, &ours).output().unwrap();
    assert_eq!(ours.status.code(), Some(101));
    let [plain, ours] = [plain, ours].map(|output| of_the_compiler(&output.stderr));
    assert!(plain.contains("error[E0308]: mismatched types"), "{plain}");
    assert_eq!(ours, plain);
}

/// What cargo printed, but for that it waited for another cargo, as that of other tests.
fn of_the_compiler(stderr: &[u8]) -> String {
    let text = std::str::from_utf8(stderr).unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("Blocking waiting for"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The trace that `rayprism cargo run` writes of the program, in full detail.
fn traced(arguments: &[&str]) -> Trace {
    let project = {
        program();
        project()
    };
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.pftrace");
    let mut command = rayprism_cargo(&project, &["-o"]);
    command.arg(&trace).args(["--detail", "full", "--no-kernel", "run"]);
    command.args(["--locked", "--features", "shout", "--"]).args(arguments);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    format::read(File::open(&trace).unwrap()).unwrap()
}

#[test]
fn what_cargo_runs_is_recorded_and_its_exit_code_passed_on() {
    program();
    let project = project();
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.json");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(RAYPRISM);
        command.args(["cargo", "-o"]).arg(&trace).args(["--detail", "full", "--no-kernel", "run"]);
        command.args(["--locked", "--features", "shout", "--"]).args(arguments);
        command.current_dir(&project).env_remove("CARGO_TARGET_DIR").output().unwrap()
    };
    let output = run(&["tree", "8"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"511!\n"[..]), "{said}");
    assert!(said.contains("joins") && said.contains("  255"), "{said}");
    let trace = chrome::read(File::open(&trace).unwrap()).unwrap();
    Timeline::new(&trace).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(trace.lanes.iter().map(|lane| lane.counts.joins).sum::<u64>(), 255);
    assert_eq!(run(&["nothing", "8"]).status.code(), Some(101), "a panic's");
}

#[test]
fn cleaning_removes_all_of_ours_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inside_project"), folder.path());
    fs::create_dir_all(folder.path().join("target/debug")).unwrap();
    fs::create_dir_all(folder.path().join("target/rayprism/build")).unwrap();
    let output = rayprism_cargo(folder.path(), &["clean"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!folder.path().join("target/rayprism").exists());
    assert!(folder.path().join("target/debug").exists());
}
