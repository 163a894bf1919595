//! How cargo is told to build a project with instrumented copies, and what of the user's arguments
//! matters for that.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// What a cargo command does, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It builds, checks, documents.
    Build,
    /// It builds, and runs what it has built.
    Run,
}

/// Of which kind the command is that `arguments` name; `None` if they name none.
pub fn kind(arguments: &[OsString]) -> Option<Kind> {
    let command = arguments.iter().find(|word| !is_option(word))?;
    let runs = ["run", "r", "test", "t", "bench"];
    let does_not = |word: &OsString| word == "--no-run" || word == "--help" || word == "-h";
    let own = own(arguments);
    let is_run = runs.iter().any(|run| command == run) && !own.iter().any(does_not);
    Some(if is_run { Kind::Run } else { Kind::Build })
}

fn is_option(word: &OsStr) -> bool {
    let bytes = word.as_encoded_bytes();
    bytes.starts_with(b"-") || bytes.starts_with(b"+")
}

/// What cargo itself reads: not what comes after `--`.
fn own(arguments: &[OsString]) -> &[OsString] {
    let end = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
    &arguments[..end]
}

/// Whether the user wants to read nothing but errors.
pub fn is_quiet(arguments: &[OsString]) -> bool {
    let is_flags = |bytes: &[u8]| bytes.starts_with(b"-") && bytes.get(1) != Some(&b'-');
    own(arguments).iter().any(|word| {
        let bytes = word.as_encoded_bytes();
        word == "--quiet" || (is_flags(bytes) && bytes.ends_with(b"q"))
    })
}

/// Options of every command that say which project is meant, and what may be done to find its
/// dependencies: `cargo metadata` gets them, too. Whether a value belongs to them.
const OF_THE_PROJECT: &[(&str, bool)] = &[
    ("--manifest-path", true),
    ("--lockfile-path", true),
    ("--config", true),
    ("-Z", true),
    ("--locked", false),
    ("--offline", false),
    ("--frozen", false),
];

/// The arguments that `cargo metadata` needs of those that were given.
pub fn of_metadata(arguments: &[OsString]) -> Vec<OsString> {
    let mut words = own(arguments).iter();
    let mut kept = Vec::new();
    if let Some(toolchain) =
        arguments.first().filter(|word| word.as_encoded_bytes()[..].starts_with(b"+"))
    {
        kept.push(toolchain.clone());
    }
    kept.extend(["metadata", "--format-version", "1"].map(OsString::from));
    while let Some(word) = words.next() {
        let bytes = word.as_encoded_bytes();
        for &(option, has_value) in OF_THE_PROJECT {
            let Some(rest) = bytes.strip_prefix(option.as_bytes()) else { continue };
            match rest {
                [] => {
                    kept.push(word.clone());
                    if has_value {
                        kept.extend(words.next().cloned());
                    }
                }
                [b'=', ..] => kept.push(word.clone()),
                _ if option == "-Z" => kept.push(word.clone()),
                _ => {}
            }
        }
    }
    kept
}

/// The platform that is built for, where it is not the one that is built on.
pub fn target(arguments: &[OsString]) -> Option<OsString> {
    let mut words = own(arguments).iter();
    while let Some(word) = words.next() {
        if word == "--target" {
            return words.next().cloned();
        }
        if let Some(target) = word.to_str().and_then(|word| word.strip_prefix("--target=")) {
            return Some(target.into());
        }
    }
    None
}

/// The arguments with which cargo takes the copies in these folders for the crates that they are
/// copies of, and `further` settings, before those that were given.
pub fn with_copies(
    folders: &[impl AsRef<Path>],
    further: &[OsString],
    arguments: &[OsString],
) -> Vec<OsString> {
    let quoted: Vec<String> =
        folders.iter().map(|folder| quoted(&folder.as_ref().to_string_lossy())).collect();
    let paths = format!("paths=[{}]", quoted.join(","));
    let (toolchain, rest) = match arguments.split_first() {
        Some((first, rest)) if first.as_encoded_bytes().starts_with(b"+") => (Some(first), rest),
        _ => (None, arguments),
    };
    let ours = ["--config".into(), paths.into()].into_iter().chain(further.iter().cloned());
    toolchain.cloned().into_iter().chain(ours).chain(rest.iter().cloned()).collect()
}

/// The setting that has cargo start what it has built for `target` by another program, the first
/// of `words`, behind the others.
pub fn started_by(target: &OsStr, words: &[OsString]) -> [OsString; 2] {
    let words: Vec<String> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
    let target = quoted(&target.to_string_lossy());
    ["--config".into(), format!("target.{target}.runner=[{}]", words.join(",")).into()]
}

/// A text as TOML has it between quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn a_command_builds_or_runs() {
        for (given, expected) in [
            ("build --release", Some(Kind::Build)),
            ("run --release -- --no-run", Some(Kind::Run)),
            ("+nightly --locked t", Some(Kind::Run)),
            ("test --no-run", Some(Kind::Build)),
            ("bench", Some(Kind::Run)),
            ("check", Some(Kind::Build)),
            ("--version", None),
        ] {
            assert_eq!(kind(&words(given)), expected, "{given}");
        }
    }

    #[test]
    fn quiet_is_asked_for_before_the_programs_own_arguments() {
        assert!(
            ["build --quiet", "-q run", "test -rq"].iter().all(|given| is_quiet(&words(given)))
        );
        assert!(["build", "run -- -q"].iter().all(|given| !is_quiet(&words(given))));
    }

    #[test]
    fn metadata_is_asked_of_the_same_project() {
        let given =
            "+nightly run --manifest-path a/Cargo.toml -F x --config=b --locked -Zc -- --offline";
        let expected = "+nightly metadata --format-version 1 --manifest-path a/Cargo.toml --config=b --locked -Zc";
        assert_eq!(of_metadata(&words(given)), words(expected));
        assert_eq!(target(&words("build --target x --release")), Some("x".into()));
        assert_eq!(target(&words("build --target=y")), Some("y".into()));
        assert_eq!(target(&words("run -- --target x")), None);
    }

    #[test]
    fn what_starts_programs_is_a_list() {
        let made = started_by(OsStr::new("x86"), &["/a b".into(), "--".into()]);
        assert_eq!(made, ["--config", r#"target."x86".runner=["/a b","--"]"#].map(OsString::from));
    }

    #[test]
    fn copies_come_before_the_command() {
        let made =
            with_copies(&["/a b/\"c", "/d"], &words("--config a"), &words("+nightly run -v"));
        let paths = r#"paths=["/a b/\"c","/d"]"#;
        let expected: Vec<OsString> = ["+nightly", "--config", paths, "--config", "a", "run", "-v"]
            .map(OsString::from)
            .into();
        assert_eq!(made, expected);
    }
}
