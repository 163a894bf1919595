//! `run --all`, `break-even` and `reproduce`, each run at a small size: what is in their tables, not
//! how long anything took.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use cli_support::Sandbox;
use rayprism::report::claims::CLAIMS;
use rayprism::workload;
use serde_json::Value;

fn strings<'a>(rows: &'a Value, key: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().map(|row| row[key].as_str().unwrap()).collect()
}

#[test]
fn a_break_even_tries_numbers_in_order_and_its_bracket_is_among_them() {
    let sandbox = Sandbox::new();
    let json = sandbox.run("break-even hash --rounds 3 --to 40 --reps 6 --threads 2 --json").json();
    assert_eq!((&json["schema"], &json["version"]), (&"rayprism-break-even".into(), &1.into()));
    let points = json["points"].as_array().unwrap();
    let items: Vec<u64> = points.iter().map(|point| point["items"].as_u64().unwrap()).collect();
    assert!(items.is_sorted() && [1, 2, 5, 10, 20, 40].iter().all(|item| items.contains(item)));
    for point in points {
        assert_eq!(point["pairs"], 6);
        let [low, ratio, high] = ["low", "ratio", "high"].map(|key| point[key].as_f64().unwrap());
        // JSON's numbers are read to some 16 digits.
        let above = |a: f64, b: f64| a > b * (1.0 - 1e-9);
        assert!(0.0 < low && above(ratio, low) && above(high, ratio), "{point}");
        match point["outcome"].as_str().unwrap() {
            "wins" => assert!(above(low, 1.0), "{point}"),
            "loses" => assert!(above(1.0, high), "{point}"),
            _ => assert!(above(1.0, low) && above(high, 1.0), "{point}"),
        }
    }
    for end in ["loses_to", "wins_from"] {
        assert!(json[end].as_u64().is_none_or(|end| items.contains(&end)), "{end}: {json}");
    }
    assert_eq!(json["parameters"], serde_json::json!([{ "name": "rounds", "value": "3" }]));
    let text = sandbox.run("break-even sum --to 3 --reps 6 --threads 2").ok();
    assert!(text.starts_with("sum · par-iter against serial   2 workers\n"), "{text}");
    assert!(text.contains("\n  break-even ") && text.contains("● parallel wins"), "{text}");
    assert_eq!(sandbox.entries("."), [""; 0]);
}

#[test]
fn a_break_even_refuses_what_makes_no_sense() {
    let cases = [
        (
            "matmul",
            "matmul is not declared to have a number of items to search for: workloads that",
        ),
        ("som", "no workload 'som': did you mean sum? "),
        (
            "sum --size 5",
            "--size is what is searched for: leave it out; --to is the largest to try",
        ),
        (
            "sum --to 0",
            "--to '0' is no number of items: give a whole number, in digits alone, from 1 to ",
        ),
        ("sum --min-len 5", "sum: --min-len does not apply here: "),
        ("sum --threads 0", "--threads '0' is no number of threads: "),
    ];
    for (line, message) in cases {
        let failed = Sandbox::new().run(&format!("break-even {line}")).failed(2);
        assert!(failed.starts_with(message), "{line}: {failed}");
    }
    let failed = Sandbox::new().run("break-even sum --to 100000000000").failed(1);
    assert!(failed.contains("needs more memory than there is"), "{failed}");
}

#[test]
fn all_workloads_are_in_one_table_with_verdicts_and_leave_no_file() {
    let sandbox = Sandbox::new();
    let json =
        sandbox.run_optimized("run --all --quick --reps 1 --threads 2 --no-kernel --json").json();
    assert_eq!((&json["schema"], &json["version"]), (&"rayprism-overview".into(), &1.into()));
    let rows = json["rows"].as_array().unwrap();
    let expected = workload::ALL.iter().flat_map(|workload| {
        let variants = workload.variants().into_iter().filter(|variant| !variant.on_request);
        variants.map(|variant| (workload.name(), variant.name))
    });
    let expected: Vec<(&str, &str)> = expected.collect();
    let found: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| {
            let variant = &row["variant"]["is"]["name"];
            (row["workload"].as_str().unwrap(), variant.as_str().unwrap())
        })
        .collect();
    assert_eq!(found, expected);
    for row in rows {
        let variant = &row["variant"]["is"];
        assert!(variant["speed_up"].as_f64().unwrap() > 0.0, "{row}");
        let verdict = &variant["verdict"];
        assert!(verdict["is"].is_null() != verdict["not"].is_null(), "{row}");
    }
    // Serial code has no pool; of what ran in one there is a verdict.
    let of = |workload: &str, variant: &str| {
        let at = found.iter().position(|found| *found == (workload, variant)).unwrap();
        &rows[at]["variant"]["is"]["verdict"]
    };
    assert_eq!(of("sum", "serial")["not"], "no pool was used");
    assert!(!of("sum", "par-iter")["is"].is_null());
    assert_eq!(sandbox.entries("."), [""; 0]);
}

#[test]
fn all_does_not_go_with_what_is_one_workloads() {
    for line in ["--all sum", "--all --variants serial", "--all --size 5", "--all --out-dir x", ""]
    {
        assert_eq!(Sandbox::new().run(&format!("run {line}")).code, Some(2), "{line}");
    }
    let failed = Sandbox::new().run("run --all --detail off").failed(2);
    assert!(failed.starts_with("--all with --detail off would have no verdicts: "), "{failed}");
}

#[test]
fn every_claim_is_tried_and_has_a_sentence() {
    let sandbox = Sandbox::new();
    let json = sandbox.run_optimized("reproduce --quick --reps 1 --threads 2 --json").json();
    assert_eq!((&json["schema"], &json["version"]), (&"rayprism-reproduce".into(), &1.into()));
    let claims = json["claims"].as_array().unwrap();
    assert_eq!(claims.len(), CLAIMS.len());
    for (tried, claim) in claims.iter().zip(CLAIMS) {
        assert_eq!(tried["claim"]["what"], claim.what);
        let here = &tried["here"]["is"];
        assert!(here["ratio"].as_f64().unwrap() > 0.0, "{tried}");
        // One repetition has no spread, from which nothing follows.
        assert_eq!(here["holds"], "not-known");
        let why = here["why"].as_str().unwrap();
        assert!(why.contains("of ") || why.contains("on a CPU"), "{why}");
    }
    let tree = claims.iter().find(|tried| tried["claim"]["variant"] == "join-cutoff").unwrap();
    assert_eq!(strings(&tree["here"]["is"]["changed"], "name"), ["depth"]);
    assert_eq!(sandbox.entries("."), [""; 0]);
}
