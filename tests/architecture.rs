//! Who may use whom. Reads the `use` lines and paths of every module and names the line that
//! breaks a rule.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module, what of this crate it may use, and which other crates.
struct Rule {
    module: &'static str,
    modules: &'static [&'static str],
    crates: &'static [&'static str],
}

const RULES: &[Rule] = &[
    // Goes as source into other crates: its own parts through `super`, and std.
    Rule { module: "record", modules: &[], crates: &[] },
    Rule { module: "model", modules: &["record"], crates: &["serde"] },
    Rule { module: "linux", modules: &["model"], crates: &["libc", "perf_event"] },
    Rule {
        module: "session",
        modules: &["record", "linux", "spans", "format", "model"],
        crates: &["thiserror", "libc"],
    },
    Rule {
        module: "facade",
        modules: &["session", "record", "spans", "linux", "model"],
        // The layer's bounds are named where it is made for the facade's threads.
        crates: &["rayon", "tracing", "tracing_subscriber"],
    },
    Rule {
        module: "spans",
        modules: &["record", "model"],
        crates: &["tracing", "tracing_subscriber"],
    },
    Rule {
        module: "format",
        modules: &["model"],
        crates: &["flate2", "itoa", "serde", "serde_json", "thiserror"],
    },
    Rule { module: "timeline", modules: &["model"], crates: &["foldhash", "serde", "thiserror"] },
    Rule {
        module: "analysis",
        modules: &["timeline", "model"],
        crates: &["foldhash", "hdrhistogram", "serde"],
    },
    Rule { module: "finding", modules: &["analysis", "timeline", "model"], crates: &["serde"] },
    Rule {
        module: "report",
        modules: &["finding", "analysis", "timeline", "model"],
        crates: &["serde", "serde_json", "unicode_width"],
    },
    Rule {
        module: "workload",
        modules: &["facade", "linux"],
        crates: &["matrixmultiply", "sha2", "thiserror", "tokio"],
    },
    // Its `hooks` go as source into other crates.
    Rule { module: "inside", modules: &[], crates: &["cargo_metadata", "thiserror"] },
    Rule {
        module: "cli",
        modules: &[
            "analysis", "facade", "finding", "format", "inside", "linux", "model", "record",
            "report", "session", "spans", "timeline", "workload",
        ],
        crates: &[
            "anyhow",
            "cargo_metadata",
            "clap",
            "console",
            "csv",
            "indicatif",
            "serde",
            "serde_json",
            "strsim",
            "sysinfo",
            "thiserror",
            "tiny_http",
            "tracing",
            "tracing_chrome",
            "tracing_subscriber",
            "webbrowser",
        ],
    },
];

/// Parts of std that need a reason: who may open files, start threads, read clocks or the
/// environment. Of the recorder it is single files.
const STD_RULES: &[(&str, &[&str])] = &[
    ("std::env", &["session", "cli", "record/attach.rs"]),
    (
        "std::fs",
        &["session", "cli", "linux", "record/attach.rs", "record/parent.rs", "record/memory.rs"],
    ),
    ("std::net", &["cli"]),
    ("std::process", &["session", "cli", "linux", "workload"]),
    ("std::thread", &["session", "facade", "cli", "linux", "workload", "report/mod.rs"]),
    ("std::time", &["record", "linux", "cli", "workload"]),
];

#[test]
fn every_module_keeps_to_its_neighbours() {
    let found = problems(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_module_has_a_rule() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let ruled: BTreeSet<&str> = RULES.iter().map(|rule| rule.module).collect();
    let there: BTreeSet<String> =
        fs::read_dir(source).unwrap().map(|entry| stem(&entry.unwrap().path())).collect();
    let crate_roots = ["lib", "main"];
    let unruled: Vec<_> = there
        .iter()
        .filter(|name| !ruled.contains(name.as_str()) && !crate_roots.contains(&name.as_str()))
        .collect();
    assert!(unruled.is_empty(), "no rule for {unruled:?}");
}

#[test]
fn a_forbidden_import_is_found_and_its_line_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "record/lane.rs",
        "//! Doc: crate::model is fine here.\nuse std::cell::Cell;\nuse crate::model::Trace;\n",
    );
    write("analysis/mod.rs", "use std::time::Instant;\nuse crate::{timeline, report};\n");
    write("model/event.rs", "pub fn f() -> rayon::ThreadPool { todo() }\n");
    write("format/mod.rs", "use crate::model::Nanos; // crate::cli\nuse serde_json::json;\n");
    let found = problems(folder.path().to_owned());
    let expected = [
        "analysis/mod.rs:1: `analysis` may not use `std::time`",
        "analysis/mod.rs:2: `analysis` may not use `crate::report`",
        "model/event.rs:1: `model` may not use `rayon`",
        "record/lane.rs:3: `record` may not use `crate::model`",
    ];
    assert_eq!(found, expected);
}

fn problems(source: PathBuf) -> Vec<String> {
    let mut found = Vec::new();
    for path in rust_files(&source) {
        let relative = path.strip_prefix(&source).unwrap();
        let module = relative.components().next().unwrap().as_os_str().to_string_lossy();
        let module = module.trim_end_matches(".rs");
        let Some(rule) = RULES.iter().find(|rule| rule.module == module) else { continue };
        if stem(&path).ends_with("_tests") || relative.starts_with("inside/hooks") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // A workload says `use crate::facade as rayon;` and means the facade from then on.
        let aliased = |name: &str| text.contains(&format!("use crate::facade as {name};"));
        // A file's tests stand at its end, or in a file of their own that is called so, and may use
        // what they like.
        let product = text.lines().take_while(|line| *line != "#[cfg(test)]");
        for (number, line) in (1..).zip(product) {
            for used in forbidden(rule, relative, line).into_iter().filter(|used| !aliased(used)) {
                let place = relative.display();
                found.push(format!("{place}:{number}: `{module}` may not use `{used}`"));
            }
        }
    }
    found.sort();
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What the line uses that the rule does not allow.
fn forbidden(rule: &Rule, file: &Path, line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap();
    let mut used: Vec<String> = own_modules(code)
        .filter(|module| *module != rule.module && !rule.modules.contains(module))
        .map(|module| format!("crate::{module}"))
        .collect();
    if rule.module == "record" && code.contains("crate::") && used.is_empty() {
        used.push("crate".to_owned());
    }
    used.extend(
        OTHER_CRATES
            .iter()
            .filter(|name| !rule.crates.contains(name) && names(code, name))
            .map(|&name| name.to_owned()),
    );
    used.extend(
        STD_RULES
            .iter()
            .filter(|(part, users)| {
                let may = |user: &&str| *user == rule.module || Path::new(user) == file;
                names(code, part) && !users.iter().any(may)
            })
            .map(|(part, _)| (*part).to_owned()),
    );
    used
}

const OTHER_CRATES: &[&str] = &[
    "anyhow",
    "cargo_metadata",
    "clap",
    "console",
    "csv",
    "flate2",
    "hdrhistogram",
    "indicatif",
    "itoa",
    "libc",
    "loom",
    "matrixmultiply",
    "perf_event",
    "rayon",
    "serde",
    "serde_json",
    "sha2",
    "strsim",
    "sysinfo",
    "tempfile",
    "thiserror",
    "tiny_http",
    "tokio",
    "tracing",
    "tracing_chrome",
    "tracing_subscriber",
    "unicode_width",
    "webbrowser",
];

/// Modules of this crate that the line names: `crate::a`, `crate::{a, b::c}`.
fn own_modules(code: &str) -> impl Iterator<Item = &str> {
    let starts = code.match_indices("crate::").map(|(place, found)| &code[place + found.len()..]);
    starts
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(group) => group.split(['}', ',']).map(|part| first_name(part.trim())).collect(),
            None => vec![first_name(rest)],
        })
        .filter(|name| RULES.iter().any(|rule| rule.module == *name))
}

fn first_name(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()
}

/// Whether the line names this crate or path, as `name::…`, `use name…` or `name as`.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(place, _)| {
        let before = code[..place].chars().next_back();
        let after = &code[place + name.len()..];
        let starts =
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '"');
        let path = after.starts_with("::")
            || (code.trim_start().starts_with("use ")
                && after.trim_start().starts_with([';', ' ']));
        starts && path
    })
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}
