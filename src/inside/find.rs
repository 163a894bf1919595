//! Which rayon a project resolves to, and whether it is one that we know.

use std::fmt;
use std::path::PathBuf;

use cargo_metadata::{Metadata, Package};

use super::copy::Crate;

/// One of rayon's two crates, as cargo has downloaded it.
#[derive(Clone, Debug)]
pub struct Found {
    pub(super) which: Crate,
    /// Its version.
    pub version: String,
    /// The folder of its sources.
    pub folder: PathBuf,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.which.name(), self.version)
    }
}

/// What of rayon a project uses: rayon-core, and mostly rayon.
#[derive(Clone, Debug)]
pub struct Rayon {
    /// rayon-core first.
    pub crates: Vec<Found>,
}

/// What makes the way without edits impossible.
const OTHER_WAY: &str = "record it with the drop-in instead: \
     `rayon = { package = \"rayprism-rayon\", version = \"0.1\" }`";

/// Why a project's rayon cannot be instrumented from within.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// It does not use rayon.
    #[error("rayon is not among the dependencies of this project: there is nothing to record")]
    NoRayon,
    /// A version that nobody has looked at.
    #[error(
        "the project uses {name} {version}, and rayprism knows {name} {known}: choose one by \
         `cargo update -p {name} --precise VERSION`, or {OTHER_WAY}"
    )]
    UnknownVersion {
        /// The crate.
        name: String,
        /// What the project resolves to.
        version: String,
        /// What is supported.
        known: String,
    },
    /// It is not what the registry has.
    #[error(
        "the project's {name} {version} is {what}, and rayprism instruments what is from crates.io: \
         take that away for recording, or {OTHER_WAY}"
    )]
    Replaced {
        /// The crate.
        name: String,
        /// Its version.
        version: String,
        /// What it is instead.
        what: String,
    },
    /// The drop-in is there already, and would record everything twice.
    #[error(
        "the project depends on the drop-in of rayprism, which records by itself: run it by \
         `rayprism record`, or depend on rayon itself"
    )]
    DropIn,
}

impl Rayon {
    /// What the project of `metadata` uses.
    pub fn find(metadata: &Metadata) -> Result<Self, Unsupported> {
        if metadata.packages.iter().any(|package| package.name.as_str() == "rayprism") {
            return Err(Unsupported::DropIn);
        }
        let mut crates = Vec::new();
        for which in Crate::ALL {
            let name = which.name();
            let packages = metadata.packages.iter().filter(|one| one.name.as_str() == name);
            for package in packages {
                crates.push(found(which, package)?);
            }
        }
        if crates.is_empty() { Err(Unsupported::NoRayon) } else { Ok(Self { crates }) }
    }
}

fn found(which: Crate, package: &Package) -> Result<Found, Unsupported> {
    let (name, version) = (which.name().to_owned(), package.version.to_string());
    if let Some(what) = replaced(package) {
        return Err(Unsupported::Replaced { name, version, what });
    }
    if !which.versions().contains(&&*version) {
        let known = listed(which.versions());
        return Err(Unsupported::UnknownVersion { name, version, known });
    }
    let folder = package.manifest_path.parent().map(|folder| folder.as_std_path().to_owned());
    Ok(Found { which, version, folder: folder.unwrap_or_default() })
}

fn listed(versions: &[&str]) -> String {
    match versions.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

/// What cargo calls crates.io, by git and by HTTP.
const CRATES_IO: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

/// What a package is, if it is not a download from crates.io.
fn replaced(package: &Package) -> Option<String> {
    let folder = package.manifest_path.parent().map(ToString::to_string).unwrap_or_default();
    match package.source.as_ref().map(|source| source.repr.as_str()) {
        None => Some(format!("in the folder {folder} (a path, or `[patch]`)")),
        Some(source) if source.starts_with("git+") => Some(format!("from {source}")),
        Some(source) if !CRATES_IO.contains(&source) => Some(format!("from {source}")),
        Some(_) => {
            let mut parts = package.manifest_path.components().map(|part| part.as_str().to_owned());
            let downloaded =
                parts.any(|part| part == "registry") && parts.next().as_deref() == Some("src");
            (!downloaded).then(|| format!("vendored in {folder}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "/home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";

    /// A package as `cargo metadata` describes it.
    fn package(name: &str, version: &str, source: Option<&str>, folder: &str) -> String {
        let source = source.map_or("null".to_owned(), |source| format!("\"{source}\""));
        format!(
            r#"{{"name": "{name}", "version": "{version}", "id": "{name} {version}", "source": {source},
                "dependencies": [], "targets": [], "features": {{}},
                "manifest_path": "{folder}/Cargo.toml"}}"#
        )
    }

    fn from_registry(name: &str, version: &str) -> String {
        package(name, version, Some(CRATES_IO[0]), &format!("{HOME}/{name}-{version}"))
    }

    fn find(packages: &[String]) -> Result<Vec<String>, String> {
        let metadata = format!(
            r#"{{"packages": [{}], "workspace_members": [], "resolve": null, "workspace_root": "/w",
                "target_directory": "/w/target", "version": 1}}"#,
            packages.join(",")
        );
        let metadata: Metadata = serde_json::from_str(&metadata).unwrap();
        let found = Rayon::find(&metadata).map_err(|error| error.to_string())?;
        Ok(found
            .crates
            .iter()
            .map(|found| format!("{found} in {}", found.folder.display()))
            .collect())
    }

    #[track_caller]
    fn refused(packages: &[String], expected: &[&str]) {
        let error = find(packages).unwrap_err();
        for part in expected {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn what_crates_io_has_is_found() {
        let both = [from_registry("rayon", "1.10.0"), from_registry("rayon-core", "1.12.1")];
        let expected = [
            format!("rayon-core 1.12.1 in {HOME}/rayon-core-1.12.1"),
            format!("rayon 1.10.0 in {HOME}/rayon-1.10.0"),
        ];
        assert_eq!(find(&both).unwrap(), expected);
        let alone = [from_registry("rayon-core", "1.13.0")];
        assert_eq!(find(&alone).unwrap().len(), 1);
    }

    #[test]
    fn without_rayon_there_is_nothing_to_record() {
        refused(&[from_registry("serde", "1.0.0")], &["nothing to record"]);
    }

    #[test]
    fn a_version_that_nobody_has_looked_at_is_told_with_those_that_are_known() {
        let new = [from_registry("rayon", "1.12.0"), from_registry("rayon-core", "1.99.0")];
        let expected = [
            "uses rayon-core 1.99.0",
            "knows rayon-core 1.12.1 and 1.13.0",
            "cargo update -p rayon-core --precise",
            "rayprism-rayon",
        ];
        refused(&new, &expected);
    }

    #[test]
    fn what_is_not_from_crates_io_is_told() {
        let core = from_registry("rayon-core", "1.13.0");
        let rayon = |source, folder| [core.clone(), package("rayon", "1.12.0", source, folder)];
        let way = "rayprism-rayon";
        refused(&rayon(None, "/w/rayon"), &["in the folder /w/rayon (a path, or `[patch]`)", way]);
        let git = Some("git+https://example.com/rayon#0123");
        refused(&rayon(git, "/x"), &["is from git+https://example.com/rayon#0123", way]);
        let other = Some("registry+https://example.com/index");
        refused(&rayon(other, "/x"), &["is from registry+https://example.com/index", way]);
        let vendored = rayon(Some(CRATES_IO[0]), "/w/vendor/rayon");
        refused(&vendored, &["is vendored in /w/vendor/rayon", way]);
    }

    #[test]
    fn the_drop_in_would_record_twice() {
        let both = [from_registry("rayprism", "0.1.0"), from_registry("rayon-core", "1.13.0")];
        refused(&both, &["`rayprism record`"]);
    }
}
