//! The instrumented copy of a crate: its files with our hooks in them, and our own files beside.

use std::path::{Path, PathBuf};

use super::edits::{Edits, Misfit};
use super::find::Found;

/// A file of a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where, in the crate.
    pub path: PathBuf,
    /// What is in it.
    pub contents: Vec<u8>,
}

/// A crate with our hooks in it.
#[derive(Debug)]
pub struct Instrumented {
    /// The name of its folder.
    pub folder: String,
    /// All of its files.
    pub files: Vec<SourceFile>,
}

/// One of the two crates that rayon is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crate {
    Core,
    Rayon,
}

impl Crate {
    pub(super) const ALL: [Self; 2] = [Self::Core, Self::Rayon];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Core => "rayon-core",
            Self::Rayon => "rayon",
        }
    }

    /// The versions that are known to be as the edits expect them.
    pub(super) fn versions(self) -> &'static [&'static str] {
        match self {
            Self::Core => &["1.12.1", "1.13.0"],
            Self::Rayon => &["1.9.0", "1.10.0", "1.11.0", "1.12.0"],
        }
    }

    fn edits(self) -> Edits {
        Edits::parse(match self {
            Self::Core => include_str!("hooks/rayon-core.edits"),
            Self::Rayon => include_str!("hooks/rayon.edits"),
        })
    }

    /// Our own files, which go into `src/rayprism`.
    fn own(self) -> Vec<(&'static str, String)> {
        let own = match self {
            Self::Core => CORE.iter().chain(RECORDER).chain(CHAIN),
            Self::Rayon => RAYON.iter().chain(&[]).chain(&[]),
        };
        own.map(|&(path, text)| (path, embedded(text))).collect()
    }
}

macro_rules! files {
    ($($to:literal: $from:literal,)*) => { &[$(($to, include_str!($from)),)*] };
}

const CORE: &[(&str, &str)] = files! {
    "mod.rs": "hooks/core/mod.rs",
    "costs.rs": "hooks/core/costs.rs",
    "current.rs": "hooks/core/current.rs",
    "idle.rs": "hooks/core/idle.rs",
    "iterator.rs": "hooks/core/iterator.rs",
    "job.rs": "hooks/core/job.rs",
    "join.rs": "hooks/core/join.rs",
    "os.rs": "hooks/core/os.rs",
    "site.rs": "hooks/core/site.rs",
};

const RAYON: &[(&str, &str)] = files! {
    "mod.rs": "hooks/rayon/mod.rs",
    "part.rs": "hooks/rayon/part.rs",
};

/// The recorder, without its tests.
const RECORDER: &[(&str, &str)] = files! {
    "record/mod.rs": "../record/mod.rs",
    "record/attach.rs": "../record/attach.rs",
    "record/buffer.rs": "../record/buffer.rs",
    "record/clock.rs": "../record/clock.rs",
    "record/cost.rs": "../record/cost.rs",
    "record/counted.rs": "../record/counted.rs",
    "record/depths.rs": "../record/depths.rs",
    "record/elision.rs": "../record/elision.rs",
    "record/event.rs": "../record/event.rs",
    "record/feed.rs": "../record/feed.rs",
    "record/gauge.rs": "../record/gauge.rs",
    "record/idle.rs": "../record/idle.rs",
    "record/ids.rs": "../record/ids.rs",
    "record/iterator.rs": "../record/iterator.rs",
    "record/join.rs": "../record/join.rs",
    "record/lane.rs": "../record/lane.rs",
    "record/link.rs": "../record/link.rs",
    "record/listener.rs": "../record/listener.rs",
    "record/log.rs": "../record/log.rs",
    "record/mapping.rs": "../record/mapping.rs",
    "record/memory.rs": "../record/memory.rs",
    "record/notebook/mod.rs": "../record/notebook/mod.rs",
    "record/notebook/iterators.rs": "../record/notebook/iterators.rs",
    "record/notebook/kept.rs": "../record/notebook/kept.rs",
    "record/notebook/listening.rs": "../record/notebook/listening.rs",
    "record/notebook/short.rs": "../record/notebook/short.rs",
    "record/notebook/written.rs": "../record/notebook/written.rs",
    "record/open.rs": "../record/open.rs",
    "record/operation.rs": "../record/operation.rs",
    "record/parent.rs": "../record/parent.rs",
    "record/part/mod.rs": "../record/part/mod.rs",
    "record/part/half.rs": "../record/part/half.rs",
    "record/part/leaf.rs": "../record/part/leaf.rs",
    "record/part/open_split.rs": "../record/part/open_split.rs",
    "record/part/reduction.rs": "../record/part/reduction.rs",
    "record/part/split.rs": "../record/part/split.rs",
    "record/pending.rs": "../record/pending.rs",
    "record/phase.rs": "../record/phase.rs",
    "record/places.rs": "../record/places.rs",
    "record/progress.rs": "../record/progress.rs",
    "record/recorder.rs": "../record/recorder.rs",
    "record/sync.rs": "../record/sync.rs",
    "record/task.rs": "../record/task.rs",
    "record/texts.rs": "../record/texts.rs",
    "record/time.rs": "../record/time.rs",
};

/// What a parallel iterator is, in words.
const CHAIN: &[(&str, &str)] = files! {
    "chain/mod.rs": "../facade/chain/mod.rs",
    "chain/idiom.rs": "../facade/chain/idiom.rs",
    "chain/short.rs": "../facade/chain/short.rs",
    "chain/source.rs": "../facade/chain/source.rs",
    "chain/stage.rs": "../facade/chain/stage.rs",
    "chain/type_name.rs": "../facade/chain/type_name.rs",
    "chain/words.rs": "../facade/chain/words.rs",
};

/// A file of ours as it goes into another crate: no tests are made of it where that crate's are.
fn embedded(text: &str) -> String {
    text.replace("#[cfg(test)]", "#[cfg(any())]")
}

impl Instrumented {
    /// The copy of a crate that consists of `files`.
    pub fn new(found: &Found, files: Vec<SourceFile>) -> Result<Self, Misfit> {
        let edits = found.which.edits();
        let mut made = Vec::with_capacity(files.len());
        for file in files.into_iter().filter(|file| !is_cargos(&file.path)) {
            made.push(edited(&edits, file)?);
        }
        for path in edits.files() {
            if !made.iter().any(|file| file.path == Path::new(path)) {
                let anchor = "(the file itself)".to_owned();
                return Err(Misfit { file: path.to_owned(), anchor, found: 0 });
            }
        }
        made.extend(found.which.own().into_iter().map(|(path, text)| SourceFile {
            path: Path::new("src/rayprism").join(path),
            contents: text.into_bytes(),
        }));
        Ok(Self { folder: format!("{}-{}", found.which.name(), found.version), files: made })
    }
}

/// Files that cargo keeps beside a download.
fn is_cargos(path: &Path) -> bool {
    [".cargo-ok", ".cargo-checksum.json", ".cargo_vcs_info.json", "Cargo.lock"]
        .iter()
        .any(|name| path == Path::new(name))
}

fn edited(edits: &Edits, file: SourceFile) -> Result<SourceFile, Misfit> {
    let path = file.path.to_string_lossy().replace('\\', "/");
    if path == "Cargo.toml" {
        // It lies below the user's workspace and is none of its members.
        let contents = [&*file.contents, b"\n[workspace]\n"].concat();
        return Ok(SourceFile { contents, ..file });
    }
    if !edits.files().any(|edited| edited == path) {
        return Ok(file);
    }
    let text = String::from_utf8_lossy(&file.contents);
    let mut made = edits.apply(&path, &text)?;
    if path == "src/lib.rs" {
        // The lints of a crate that is built from a folder are shown to whoever builds it.
        made = format!("#![allow(warnings)]\n{made}");
    }
    Ok(SourceFile { contents: made.into_bytes(), ..file })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn the_edits_can_be_read() {
        for which in Crate::ALL {
            assert!(which.edits().files().count() > 0);
        }
    }

    #[test]
    fn all_of_the_recorder_is_embedded() {
        let there = |folder: &str| -> BTreeSet<String> {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
            let names = files_below(&source).into_iter().map(|path| {
                let path = path.strip_prefix(&source).unwrap();
                path.to_str().unwrap().replace('\\', "/")
            });
            names.filter(|name| name.ends_with(".rs") && !name.ends_with("_tests.rs")).collect()
        };
        let embedded = |files: &[(&str, &str)], folder: &str| -> BTreeSet<String> {
            files.iter().map(|(path, _)| path.strip_prefix(folder).unwrap().to_owned()).collect()
        };
        assert_eq!(embedded(RECORDER, "record/"), there("record"));
        assert_eq!(embedded(CHAIN, "chain/"), there("facade/chain"));
    }

    fn files_below(folder: &Path) -> Vec<PathBuf> {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn what_is_embedded_knows_no_module_of_this_crate() {
        for which in Crate::ALL {
            for (path, text) in which.own() {
                for module in ["crate::facade", "crate::record", "crate::model", "use rayon::"] {
                    assert!(!text.contains(module), "{path} names {module}");
                }
            }
        }
    }
}
