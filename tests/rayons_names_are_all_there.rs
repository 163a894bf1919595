//! The facade's traits have every method of rayon's traits that they stand in for, and its modules
//! every name: held against the sources of the rayon that this is built with, so that a newer one
//! cannot add a source unseen.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Where rayon's own sources lie. What other systems need was perhaps never downloaded.
fn rayon() -> PathBuf {
    let rustc = Command::new("rustc").args(["--print", "host-tuple"]).output().expect("rustc runs");
    let here = String::from_utf8(rustc.stdout).expect("a name");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", here.trim()])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let rayon = packages.iter().find(|package| package["name"] == "rayon").expect("rayon");
    let manifest = rayon["manifest_path"].as_str().expect("a path");
    Path::new(manifest).parent().expect("a folder").join("src")
}

fn facade() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/facade")
}

/// All Rust sources below `path`, or the one that it is, as one text.
fn text(path: &Path) -> String {
    if path.is_file() {
        return fs::read_to_string(path).expect("a source");
    }
    let mut paths: Vec<_> = fs::read_dir(path)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| !path.ends_with("test.rs") && !path.ends_with("plumbing"));
    paths.iter().map(|path| text(path)).collect()
}

/// The identifier that `line` goes on with after `start`.
fn name<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(start)?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// What `start` introduces at this depth of the text.
fn names<'a>(text: &'a str, start: &str) -> BTreeSet<&'a str> {
    text.lines().filter_map(|line| name(line, start)).collect()
}

/// The methods and types of a trait, in whatever file of the text it stands.
fn members<'a>(text: &'a str, name_of_trait: &str) -> BTreeSet<&'a str> {
    let start = text
        .match_indices(&format!("pub trait {name_of_trait}"))
        .find(|(place, found)| !text[place + found.len()..].starts_with(char::is_alphanumeric))
        .expect("the trait")
        .0;
    let body = &text[start..];
    let body = &body[..body.find("\n}").expect("its end")];
    &names(body, "    fn ") | &names(body, "    type ")
}

#[test]
fn of_the_traits_that_make_sources() {
    let (real, ours) = (text(&rayon()), text(&facade()));
    for (name_of_trait, least) in [
        ("IntoParallelIterator", 3),
        ("IntoParallelRefIterator", 3),
        ("IntoParallelRefMutIterator", 3),
        ("ParallelBridge", 1),
        ("ParallelDrainFull", 3),
        ("ParallelDrainRange", 3),
        ("ParallelSlice", 10),
        ("ParallelSliceMut", 15),
        ("ParallelString", 13),
    ] {
        let expected = members(&real, name_of_trait);
        assert!(expected.len() >= least, "{name_of_trait}: {expected:?}");
        assert_eq!(members(&ours, name_of_trait), expected, "{name_of_trait}");
    }
}

/// What is in `pub mod name { … }`.
fn module<'a>(text: &'a str, name: &str) -> &'a str {
    let start = text.find(&format!("pub mod {name} {{")).unwrap_or_else(|| panic!("no {name}"));
    let body = &text[start..];
    &body[..body.find("\n}").expect("its end")]
}

/// Every type of a module of rayon's is an alias in the facade's.
fn assert_types(name: &str, real: &Path, ours: &str) {
    let types = text(real);
    let types = names(&types, "pub struct ");
    assert!(!types.is_empty(), "{name}");
    let named = |name: &&str| {
        ours.match_indices(&format!("{name}<"))
            .any(|(place, _)| !ours[..place].ends_with(char::is_alphanumeric))
    };
    let missing: Vec<_> = types.into_iter().filter(|name| !named(name)).collect();
    assert!(missing.is_empty(), "{name}: {missing:?}");
}

#[test]
fn of_the_modules_all_of_whose_types_are_sources() {
    let (rayon, facade) = (rayon(), facade());
    assert_types("slice", &rayon.join("slice"), &text(&facade.join("slice/mod.rs")));
    assert_types("str", &rayon.join("str.rs"), &text(&facade.join("str/mod.rs")));
    for (folder, file) in [("", "values.rs"), ("collections", "collections.rs")] {
        let ours = text(&facade.join(file));
        for name in names(&ours, "pub mod ") {
            let real = rayon.join(folder).join(name).with_extension("rs");
            assert_types(name, &real, module(&ours, name));
        }
    }
}

#[test]
fn of_the_functions_that_make_sources() {
    let (real, ours) = (text(&rayon().join("iter")), text(&facade().join("iter/sources.rs")));
    let functions = names(&real, "pub fn ");
    assert!(functions.len() >= 9, "{functions:?}");
    assert_eq!(names(&ours, "pub fn "), functions);
}

#[test]
fn of_the_methods_that_sources_have_besides() {
    let (rayon, facade) = (rayon(), facade());
    let real: String = ["slice", "iter", "collections", "vec.rs", "string.rs", "array.rs"]
        .iter()
        .chain(&["option.rs", "result.rs", "range.rs", "range_inclusive.rs", "str.rs"])
        .map(|path| text(&rayon.join(path)))
        .collect();
    let ours = text(&facade.join("iter/inherent.rs"));
    let methods = names(&real, "    pub fn ");
    assert!(methods.len() >= 5, "{methods:?}");
    let all = &names(&ours, "    pub fn ") | &names(&ours, "            pub fn ");
    assert_eq!(all, methods);
}

#[test]
fn of_the_prelude_and_the_modules() {
    let (rayon, facade) = (rayon(), facade());
    let modules = text(&rayon.join("lib.rs"));
    let ours = text(&facade.join("mod.rs"));
    for module in names(&modules, "pub mod ") {
        let named = ours.contains(&format!("pub mod {module};"))
            || names(&text(&facade.join("values.rs")), "pub mod ").contains(module);
        assert!(named, "{module}");
    }
    let collections = text(&rayon.join("collections/mod.rs"));
    let ours = text(&facade.join("collections.rs"));
    assert_eq!(names(&ours, "pub mod "), names(&collections, "pub mod "));
}
