//! What is wrong with a file is said in one line: what, where, and what to do.

#![cfg(feature = "read")]

use std::io::{self, Read};

use rayprism::format::chrome::{self, ReadError};

const GOLDEN: &str = include_str!("perfetto/golden.json");

fn error(text: &str) -> String {
    chrome::read(text.as_bytes()).expect_err("the file is broken").to_string()
}

/// Events, stretches off the CPU and what the program said, in the golden file.
const ENTRIES: u64 = 35;

/// The number of the entry that begins at a byte of the golden file: a line holds one.
fn number(byte: usize) -> usize {
    GOLDEN[..byte].lines().count() + 1
}

/// The golden file with one piece replaced.
fn changed(from: &str, to: &str) -> String {
    assert!(GOLDEN.contains(from), "{from}");
    error(&GOLDEN.replacen(from, to, 1))
}

#[test]
fn files_that_are_no_traces() {
    let not_json =
        "neither JSON nor a Perfetto trace from byte 0 on; rayprism reads the traces that it wrote";
    let no_trace = "JSON, but no trace; rayprism reads the traces that it wrote";
    assert_eq!(error(""), "the file is empty; record it again");
    assert_eq!(error(" \n"), "the file is empty; record it again");
    assert_eq!(error("\x7fELF"), not_json);
    assert_eq!(error("{\"a\""), not_json);
    assert_eq!(error("\u{feff}[]"), not_json);
    assert_eq!(error("[x]"), not_json.replace("byte 0", "byte 1"));
    for text in ["[]", "{}", "{\"a\":[1]}", "[1,2]", "[[1]]", "[{\"a\":1}]"] {
        assert_eq!(error(text), no_trace, "{text}");
    }
}

#[test]
fn chrome_traces_by_other_tools() {
    let foreign = "a trace without rayprism's header, so another tool wrote it; \
                   rayprism reads only its own, Perfetto opens both";
    let event = r#"{"ph":"X","pid":1,"tid":1,"ts":1,"dur":1,"name":"a","args":{"format":1}}"#;
    for text in [format!("[{event}]"), format!("{{\"traceEvents\":[{event}]}}")] {
        assert_eq!(error(&text), foreign);
    }
}

#[test]
fn a_format_of_the_future() {
    let newer = "in trace format 6, newer than 5, the newest known here; update rayprism";
    assert_eq!(changed("\"version\":5,\"header\":{", "\"version\":6,\"head\":{"), newer);
}

#[test]
fn a_damaged_header() {
    assert_eq!(
        changed("\"duration\":3000000", "\"duration\":-1"),
        "the header (the first entry) is damaged: invalid value: integer `-1`, expected u64; \
         record the trace again"
    );
}

#[test]
fn every_cut_is_told_with_the_number_of_events_before_it() {
    let header = GOLDEN.find('\n').unwrap();
    let mut events = 0;
    for end in header..GOLDEN.len() - 2 {
        let found = match chrome::read(&GOLDEN.as_bytes()[..end]) {
            Err(ReadError::Truncated { byte, events, promised: ENTRIES }) => {
                assert_eq!(byte, end as u64);
                events
            }
            other => panic!("{end}: {other:?}"),
        };
        assert!(found == events || found == events + 1);
        events = found;
    }
    assert_eq!(events, ENTRIES);
    assert_eq!(
        error(GOLDEN.trim_end_matches("\n]\n")),
        format!(
            "truncated at byte {}, after {ENTRIES} of {ENTRIES} events; record it again, or get the whole file",
            GOLDEN.len() - 3
        )
    );
    assert_eq!(
        error(&GOLDEN[..100]),
        "truncated at byte 100, within the header; record it again, or get the whole file"
    );
}

#[test]
fn events_that_contradict_the_header() {
    let event = |from, to, problem: &str| {
        let from = format!("\"X\",\"pid\":1,\"tid\":5,{from}");
        let byte = GOLDEN.find(&format!("{{\"ph\":{from}")).unwrap() - 2;
        let at = format!("entry {} (byte {byte}) is no event of this trace", number(byte));
        let expected = format!("{at}: {problem}; record it again");
        assert_eq!(changed(&from, &format!("\"X\",\"pid\":1,{to}")), expected);
    };
    event("", "\"tid\":9,", "its thread 9 is none of the header's 3 lanes");
    event("", "\"tid\":1,", "its thread 1 is none of the header's 3 lanes");
    event("", "\"tid\":6,", "its thread 6 is for entries of another category");
    event("", "", "it has no `tid`");
    event("\"ts\":10.000,", "\"tid\":5,", "it has no `ts`");
    event("\"ts\":10.000,", "\"tid\":5,\"ts\":-1.000,", "it has no `ts`");
    let problem = changed("\"cat\":\"join\"", "\"cat\":\"gap\"");
    assert!(problem.contains("its category `gap` is unknown"), "{problem}");
    let problem =
        changed("\"second\":\"stolen\",\"site\":\"0 ", "\"second\":\"stolen\",\"site\":\"2 ");
    assert!(problem.contains("its call site 2 is none of the header's 2"), "{problem}");
}

#[test]
fn parts_of_parallel_iterators_that_are_incomplete() {
    let chain = changed("\"chain\":\"1 ", "\"chain\":\"2 ");
    assert!(chain.contains("its chain 2 is none of the header's 2"), "{chain}");
    for (from, to, key) in [
        ("\"id\":\"2:5\",\"operation\":\"1:2\"", "\"id\":\"2:5\"", "operation"),
        ("\"id\":\"2:6\",\"operation\":\"1:2\"", "\"id\":\"2:6\"", "operation"),
        ("\"id\":\"2:7\",\"operation\":\"1:2\"", "\"id\":\"2:7\"", "operation"),
        ("\"depth\":2,\"items\":3", "\"depth\":2", "items"),
        ("\"items\":12,\"leaves\":4", "\"leaves\":4", "items"),
        ("\"leaves\":4,\"splits\":3", "\"leaves\":4", "splits"),
        ("\"reductions\":3,\"steals\":1", "\"reductions\":3", "steals"),
    ] {
        let problem = changed(from, to);
        assert!(problem.contains(&format!("it has no `{key}`")), "{from}: {problem}");
    }
}

#[test]
fn events_that_are_missing() {
    let line = GOLDEN.lines().find(|line| line.contains("\"cat\":\"join\"")).unwrap();
    assert_eq!(
        error(&GOLDEN.replace(&format!("{line}\n"), "")),
        "lane 1 has 6 events, but the header promises 7; record it again"
    );
    let line = GOLDEN.lines().find(|line| line.contains("\"name\":\"blocked\"")).unwrap();
    assert_eq!(
        error(&GOLDEN.replace(&format!("{line}\n"), "")),
        "lane 1 has 4 stretches off the CPU, but the header promises 5; record it again"
    );
}

#[test]
fn what_the_kernel_said_and_the_header_does_not_know() {
    let counter = changed("\"counters\":{\"cycles\":1400000", "\"counters\":{\"minor-faults\":1");
    assert!(counter.contains("its counter `minor-faults` is none of the header's"), "{counter}");
    let unheard = changed("\"counters\":{\"cycles\":1400000", "\"counters\":{\"bicycles\":1");
    assert!(unheard.contains("is damaged: unknown variant `bicycles`"), "{unheard}");
    let thread = changed("\"tid\":6,\"ts\":0.500", "\"tid\":5,\"ts\":0.500");
    assert!(thread.contains("its thread 5 is for entries of another category"), "{thread}");
}

#[test]
fn entries_that_are_damaged() {
    let byte = GOLDEN.find("\"second\":\"stolen\"").unwrap();
    let start = GOLDEN[..byte].rfind(",\n").unwrap();
    let problem = changed("\"second\":\"stolen\"", "\"second\":stolen");
    let expected =
        format!("entry {} (byte {}) is damaged: expected value;", number(start + 2), start + 2);
    assert!(problem.starts_with(&expected), "{problem}");
    let problem = changed("},\n{\"ph\":\"X\"", "}\n{\"ph\":\"X\"");
    assert!(problem.contains("is damaged: no comma after it;"), "{problem}");
    let problem = error(&format!("{GOLDEN}{GOLDEN}"));
    assert!(problem.contains("is damaged: more follows after the end of the array"), "{problem}");
}

#[test]
fn an_input_that_fails() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let error = chrome::read(GOLDEN.as_bytes()[..4_000].chain(Failing)).unwrap_err();
    assert!(
        matches!(&error, ReadError::Io { source, .. } if source.to_string() == "the disk is gone")
    );
    assert_eq!(error.to_string(), "failed to read on after byte 4000");
}
