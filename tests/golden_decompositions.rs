//! Small traces in `tests/decompositions`, each with its story, its lanes drawn, and where its
//! core-time goes, worked out by hand: that is what the decomposition says of it.
//!
//! A file is a story, the events (`--- events`, in the terms of `trace_text`), and what comes of them
//! (`--- components`). `RAYPRISM_BLESS=1 cargo test --test golden_decompositions` writes the last part
//! anew; whoever does so works the sum out anew, too.

mod timeline_fixture;
mod trace_text;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use rayprism::analysis::{Component, CoreTime, Decomposition, Part, Window};
use rayprism::model::{Measured, Trace};
use rayprism::timeline::Timeline;

const EVENTS: &str = "--- events\n";
const COMPONENTS: &str = "--- components\n";

#[test]
fn every_story_ends_as_it_was_worked_out() {
    let mut names: Vec<PathBuf> = stories().collect();
    names.sort();
    assert!(!names.is_empty());
    let wrong: Vec<String> = names.iter().filter_map(|path| differs(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn stories() -> impl Iterator<Item = PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decompositions");
    let files = fs::read_dir(folder).expect("a committed folder");
    files.map(|file| file.expect("readable").path())
}

/// What a story's end should be, if it is not what it is.
fn differs(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).expect("a committed file").replace("\r\n", "\n");
    let name = path.file_name().expect("of a file").to_string_lossy();
    let (story, rest) = text.split_once(EVENTS).unwrap_or_else(|| panic!("{name}: no events"));
    let (events, expected) = rest.split_once(COMPONENTS).map_or((rest, ""), |parts| parts);
    assert!(!story.trim().is_empty(), "{name}: no story");
    let found = rendered(&decomposed(&trace_text::parse(events)));
    if env::var_os("RAYPRISM_BLESS").is_some() {
        let whole = [story, EVENTS, events, COMPONENTS, &found].concat();
        fs::write(path, whole).expect("the folder is ours");
        return None;
    }
    (found != expected).then(|| format!("{name}: expected\n{expected}\nfound\n{found}"))
}

fn decomposed(trace: &Trace) -> Decomposition {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let pool = &timeline.pools()[0];
    let whole = match Decomposition::of(&timeline, Window::of(&timeline), pool) {
        Measured::Is(whole) => whole,
        Measured::Not(reason) => panic!("{reason}"),
    };
    let all: CoreTime = whole.parts.iter().map(|part| part.time).sum();
    assert_eq!(all, CoreTime::from(whole.core_time), "{whole:#?}");
    whole
}

/// The components, the whole, and what could not be told apart.
fn rendered(whole: &Decomposition) -> String {
    let mut text = String::new();
    whole.parts.iter().for_each(|part| line(&mut text, part));
    let length = whole.window.duration().0;
    let sum = format!("{} workers × {length}", whole.workers);
    writeln!(text, "{sum:<28} {:>6}", whole.core_time.0).expect("memory");
    if whole.lowered != CoreTime::ZERO {
        let lowered = "calibrated costs lowered by";
        writeln!(text, "{lowered:<28} {:>6}", whole.lowered.0).expect("memory");
    }
    if !whole.missing.is_empty() {
        let names: Vec<&str> =
            whole.missing.iter().map(|missing| missing.component.name()).collect();
        writeln!(text, "not told apart: {}", names.join(", ")).expect("memory");
    }
    text
}

fn line(text: &mut String, part: &Part) {
    let Part { component, time, low, high } = *part;
    // Each is rounded by itself: what remains is shown where it is more than that.
    if component == Component::Unattributed && time.0.abs() < 10 {
        return;
    }
    write!(text, "{:<28} {:>6}", component.name(), time.0).expect("memory");
    if low != high {
        write!(text, "   {} to {}", low.0, high.0).expect("memory");
    }
    text.push('\n');
}
