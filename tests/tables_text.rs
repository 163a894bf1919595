//! The tables of many workloads, a search's curve and the articles' claims, compared whole.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod timeline_fixture;

use rayprism::analysis::break_even::{Point, Search};
use rayprism::model::*;
use rayprism::report::claims::CLAIMS;
use rayprism::report::overview::{Overview, Row};
use rayprism::report::reproduce::{Here, Reproduced, Tried};
use rayprism::report::text::{self, Style};
use rayprism::report::{BreakEvenReport, Report};
use timeline_fixture::*;

const WIDE: Style = Style { colour: false, width: 100 };
const NARROW: Style = Style { colour: false, width: 72 };

fn text(write: impl Fn(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Compares with a file of that name beside this one; `RAYPRISM_BLESS=1` writes it anew.
#[track_caller]
fn golden(text: &str, name: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables_text");
    let path = folder.join(format!("{name}.txt"));
    if std::env::var_os("RAYPRISM_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(text == expected, "it is now:\n{text}");
}

#[track_caller]
fn keeps_to(width: usize, text: &str) {
    assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
}

fn micros(times: &[u64]) -> Samples {
    Samples(times.iter().map(|&time| Nanos(time * 1000)).collect())
}

/// `crossed` as a variant of `invert-tree` with those times, in microseconds.
fn report(variant: &str, times: &[u64]) -> Report {
    let mut trace = crossed();
    let baseline = Baseline {
        variant: "serial".to_owned(),
        serial: true,
        samples: micros(&[70_000]),
        parts: Measured::Not("constructed".to_owned()),
        counted: Measured::Not("constructed".to_owned()),
    };
    trace.header.run = Some(Run {
        workload: "invert-tree".to_owned(),
        variant: variant.to_owned(),
        threads: 2,
        parameters: vec![Parameter { name: "depth".to_owned(), value: "23".to_owned() }],
        samples: micros(times),
        recorded: 0,
        baseline: (variant != "serial").then_some(baseline),
        one_worker: None,
    });
    Report::of(&trace).unwrap()
}

fn serial() -> Report {
    report("serial", &[69_000, 70_000, 71_000, 70_000, 70_500, 69_500, 70_000])
}

fn overview() -> Overview {
    let join = report("join", &[270_000, 280_000, 290_000]);
    let mut rows: Vec<Row> = [&serial(), &join].into_iter().filter_map(Row::of).collect();
    let reason = "matmul with --size 1000 needs more memory than there is: free some memory";
    rows.push(Row::failed("matmul", reason.to_owned()));
    Overview { debug_assertions: false, repetitions: 3, rows }
}

#[test]
fn an_overview_has_a_line_for_each_variant_and_says_what_could_not_be_run() {
    let overview = overview();
    let wide = text(|out| text::write_overview(&overview, &WIDE, out));
    golden(&wide, "overview");
    keeps_to(NARROW.width, &text(|out| text::write_overview(&overview, &NARROW, out)));
    assert_eq!(overview.failed(), 1);
}

/// A search on a machine on which parallel code takes 20 µs more and half of 10 ns an item.
fn searched(to: u64, parallel: impl Fn(u64) -> u64) -> BreakEvenReport {
    let mut search = Search::new(1, to);
    while let Some(items) = search.wanted() {
        let (serial, parallel) = (10 * items, parallel(items));
        // Both ends of each pair's ratio, and what is between them.
        let pair = |tenth: u64| (Nanos(serial), Nanos(parallel * (95 + tenth) / 100));
        search.add(Point::of(items, &(0..=10).map(pair).collect::<Vec<_>>()).unwrap());
    }
    BreakEvenReport {
        workload: "sum".to_owned(),
        serial: "serial".to_owned(),
        parallel: "par-iter".to_owned(),
        parameter: "size".to_owned(),
        parameters: vec![Parameter { name: "rounds".to_owned(), value: "100".to_owned() }],
        threads: 2,
        debug_assertions: false,
        found: search.finish(),
    }
}

#[test]
fn a_search_has_the_number_its_bracket_and_the_curve() {
    let report = searched(1_000_000, |items| 20_000 + 5 * items);
    let wide = text(|out| text::write_break_even(&report, &WIDE, out));
    golden(&wide, "break_even");
    let narrow = text(|out| text::write_break_even(&report, &NARROW, out));
    keeps_to(NARROW.width, &narrow);
}

#[test]
fn a_search_that_finds_nothing_says_so() {
    let first_line = |report: &BreakEvenReport| {
        let text = text(|out| text::write_break_even(report, &WIDE, out));
        text.lines().nth(2).unwrap().trim().to_owned()
    };
    let never = searched(10_000, |items| 20_000 + 5 * items / 2 * 10);
    let told = first_line(&never);
    assert_eq!(told, "break-even     none   parallel loses everywhere up to 10,000");
    let always = searched(10_000, |items| 5 * items);
    let told = first_line(&always);
    assert_eq!(told, "break-even      ≤ 1   parallel wins at the smallest number already");
    let even = searched(10_000, |items| 10 * items);
    assert!(first_line(&even).contains("nowhere can it be told which is faster"));
}

#[test]
fn what_does_not_win_beyond_the_break_even_is_named() {
    // From 100,000 on the second worker is of no use any more.
    let report = searched(1_000_000, |items| match items {
        0..100_000 => 2_000 + 5 * items,
        _ => 12 * items,
    });
    let text = text(|out| text::write_break_even(&report, &WIDE, out));
    let but = "it loses at 100,000 (0.83×), loses at 200,000 (0.83×), loses at 500,000 (0.83×)";
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(but), "{text}");
}

fn reproduced() -> Reproduced {
    let join = report("join", &[270_000, 280_000, 290_000, 280_000, 281_000, 282_000, 283_000]);
    let cutoff = report("join-cutoff", &[50_000, 51_000, 52_000, 50_000, 50_500, 50_600, 50_700]);
    let depth = vec![Parameter { name: "depth".to_owned(), value: "20".to_owned() }];
    let here = |variant: &str| {
        let claim =
            CLAIMS.iter().find(|claim| claim.workload == "invert-tree" && claim.variant == variant);
        let claim = claim.unwrap();
        let (this, changed) = match variant {
            "join" => (&join, Vec::new()),
            _ => (&cutoff, depth.clone()),
        };
        let here = Measured::Is(Here::of(claim, this, &serial(), changed).unwrap());
        Tried { claim: *claim, here }
    };
    let matmul = CLAIMS.iter().find(|claim| claim.workload == "matmul").unwrap();
    let reason = Measured::Not("too little memory".to_owned());
    let claims = vec![here("join"), here("join-cutoff"), Tried { claim: *matmul, here: reason }];
    Reproduced { debug_assertions: true, repetitions: 7, claims }
}

#[test]
fn claims_stand_in_a_table_with_a_sentence_for_each() {
    let reproduced = reproduced();
    let wide = text(|out| text::write_reproduced(&reproduced, &WIDE, out));
    golden(&wide, "reproduce");
    keeps_to(NARROW.width, &text(|out| text::write_reproduced(&reproduced, &NARROW, out)));
}
