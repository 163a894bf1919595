//! Input that makes no sense gets one line that says what, where and what to do next, and an exit
//! code by whose fault it is. Nothing is left behind.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use cli_support::{Ran, Sandbox};

#[track_caller]
fn refused(line: &str, message: &str) {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(line).failed(2), message, "{line}");
    assert_eq!(sandbox.entries("."), [""; 0]);
}

#[test]
fn an_unknown_workload_gets_the_nearest_name_and_the_list() {
    let all: Vec<&str> = rayprism::workload::ALL.iter().map(|workload| workload.name()).collect();
    let all = all.join(", ");
    let message = &format!("no workload 'invrt-tree': did you mean invert-tree? workloads: {all}");
    refused("run invrt-tree", message);
    refused("run zzz", &format!("no workload 'zzz': workloads: {all}"));
}

#[test]
fn an_unknown_variant_gets_the_nearest_name_and_the_list() {
    refused(
        "run invert-tree --variants serial,jion",
        "invert-tree has no variant 'jion': \
         did you mean join? variants: serial, join, join-cutoff, scope, tokio, tokio-cutoff, tokio-plain",
    );
}

#[test]
fn numbers_out_of_range_get_the_range() {
    let cases = [
        ("--depth 0", "--depth 0 is out of range", "from 1 to 40"),
        ("--depth 41", "--depth 41 is out of range", "from 1 to 40"),
        ("--depth 99999999999999999999", "--depth 99999999999999999999 is out", "from 1 to 40"),
        ("--depth -3", "--depth '-3' is not a whole number", "from 1 to 40"),
        ("--depth deep", "--depth 'deep' is not a whole number", "from 1 to 40"),
        ("--cutoff 41", "--cutoff 41 is out of range", "from 0 to 40"),
    ];
    for (options, what, range) in cases {
        let message = Sandbox::new().run(&format!("run invert-tree {options}")).failed(2);
        assert!(message.starts_with(&format!("invert-tree: {what}")), "{message}");
        assert!(
            message.ends_with(&format!("give a whole number, in digits alone, {range}")),
            "{message}"
        );
    }
}

#[test]
fn an_unknown_choice_gets_the_nearest_name_and_the_list() {
    refused(
        "run invert-tree --layout mirored",
        "invert-tree: --layout has no choice 'mirored': \
         did you mean mirrored? choices: built, mirrored",
    );
}

#[test]
fn a_parameter_that_no_chosen_variant_reads_is_refused() {
    refused(
        "run invert-tree --variants serial,join --cutoff 3",
        "invert-tree: --cutoff does not apply here: leave it out, or add join-cutoff to --variants",
    );
}

#[test]
fn no_and_absurdly_many_threads_are_refused() {
    let sandbox = Sandbox::new();
    for text in ["0", "1025", "99999999999999999999", "-1", "two", ""] {
        let mut command = sandbox.command("run invert-tree --depth 3 --threads");
        let message = Ran::from(command.arg(text).output().unwrap()).failed(2);
        assert_eq!(
            message,
            format!(
                "--threads '{text}' is no number of threads: \
                 give whole numbers from 1 to 1024, separated by commas"
            ),
        );
    }
}

#[test]
fn a_buffer_too_small_or_no_size_is_refused() {
    for text in ["63KiB", "much"] {
        refused(
            &format!("run invert-tree --buffer {text}"),
            &format!(
                "--buffer '{text}' is no size of a buffer: give at least 64KiB, for example 32MiB"
            ),
        );
    }
}

#[test]
fn a_tree_larger_than_memory_is_refused_with_the_largest_that_fits() {
    // 32 tebibytes, in tests' time.
    let sandbox = Sandbox::new();
    let message = sandbox.run("run invert-tree --depth 40").failed(1);
    let (what, next) = message.rsplit_once(": ").unwrap();
    let what = what.strip_suffix(" available").unwrap();
    let (what, available) = what.rsplit_once(", ").unwrap();
    assert_eq!(
        what,
        "invert-tree with --depth 40 needs more memory than there is: \
         35,184,372,088,800 bytes needed",
    );
    let available: u64 = available.replace(',', "").parse().unwrap();
    let depth = next.strip_prefix("the largest that fits is --depth ").unwrap();
    let need = |depth: u32| ((1_u64 << depth) - 1) * 32;
    let depth: u32 = depth.parse().unwrap();
    assert!(need(depth) <= available && available < need(depth + 1), "{message}");
    assert_eq!(sandbox.entries("."), [""; 0]);
}

#[test]
fn a_folder_that_cannot_be_made_is_refused_before_anything_is_measured() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    let message = sandbox.run("run invert-tree --depth 3 --out-dir file/traces").failed(1);
    assert!(message.starts_with("failed to make the folder file/traces: "), "{message}");
    assert!(message.ends_with(": give a folder that can be written with --out-dir"), "{message}");
    assert_eq!(sandbox.entries("."), ["file"]);
}

#[test]
fn a_trace_that_is_not_there_is_bad_input() {
    let message = Sandbox::new().run("report nowhere.json").failed(3);
    assert!(message.starts_with("failed to open the trace nowhere.json: "), "{message}");
    assert!(message.ends_with(": give a trace file that rayprism wrote"), "{message}");
}

#[test]
fn a_folder_instead_of_a_trace_is_bad_input() {
    let message = Sandbox::new().run("report .").failed(3);
    let next = "give a trace file that rayprism wrote";
    assert_eq!(message, format!("failed to open the trace .: it is a folder: {next}"));
}

#[test]
fn foreign_and_broken_files_are_bad_input() {
    let foreign = r#"{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":5}]}"#;
    let contents: [(&str, &[u8], &str); 6] = [
        ("nothing", b"", "empty"),
        ("binary", b"\x7fELF\x02\x01\x01\x00\xff\xfe", "neither JSON"),
        ("text", b"hello\n", "neither JSON"),
        ("array", b"[]", "no trace"),
        ("foreign", foreign.as_bytes(), "another tool"),
        ("cut", &foreign.as_bytes()[..40], "neither JSON"),
    ];
    for (name, content, reason) in contents {
        let sandbox = Sandbox::new();
        sandbox.write(name, content);
        let message = sandbox.run(&format!("report {name}")).failed(3);
        let told = message.strip_prefix(&format!("failed to read the trace {name}: ")).unwrap();
        assert!(told.contains(reason), "{name}: {told}");
    }
}
