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
