//! `compare A B`: what it prints of two files, and the exit code of each condition.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;
mod timeline_fixture;

use cli_support::{Ran, Sandbox};
use rayprism::format::chrome;
use rayprism::model::*;
use timeline_fixture::*;

/// `crossed` as a run of a variant with these wall times, in microseconds.
fn recorded(variant: &str, times: &[u64]) -> Trace {
    as_run(crossed(), variant, times)
}

fn as_run(mut trace: Trace, variant: &str, times: &[u64]) -> Trace {
    trace.header.run = Some(Run {
        workload: "invert-tree".to_owned(),
        variant: variant.to_owned(),
        threads: 2,
        parameters: vec![Parameter { name: "depth".to_owned(), value: "23".to_owned() }],
        samples: Samples(times.iter().map(|&time| Nanos(time * 1000)).collect()),
        recorded: 1,
        baseline: None,
        one_worker: None,
    });
    trace
}

fn sandbox(a: &Trace, b: &Trace) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, trace) in [("a.json", a), ("b.json", b)] {
        let mut bytes = Vec::new();
        chrome::write(trace, &mut bytes).unwrap();
        sandbox.write(name, bytes);
    }
    sandbox
}

/// The second takes twice as long, and the kernel told more of it.
fn pair() -> Sandbox {
    let before = recorded("join", &[1000, 1010, 1020, 1030, 1040, 1050, 1060]);
    let after = as_run(watched(), "join-cutoff", &[2000, 2010, 2020, 2030, 2040, 2050, 2060]);
    sandbox(&before, &after)
}

fn judged(sandbox: &Sandbox, condition: &str) -> Ran {
    let mut command = sandbox.command("compare a.json b.json --fail-if");
    Ran::from(command.arg(condition).output().unwrap())
}

#[test]
fn a_pair_side_by_side() {
    let text = pair().run("compare a.json b.json").ok();
    let expected = EXPECTED.trim_start_matches('\n');
    assert!(text == expected, "it is now:\n{text}");
}

#[test]
fn the_exit_code_tells_the_worst_of_the_conditions() {
    let sandbox = pair();
    let cases = [
        ("slowdown>5%", 5),
        ("slowdown>200%", 0),
        ("speedup<1.5x", 5),
        ("speedup<0.1x", 0),
        ("work>1%", 5),
        ("work>+0.5cores", 0),
        ("runtime<0cores", 0),
        // Without baselines it is not known what of the work is useful.
        ("useful>1%", 6),
    ];
    for (condition, code) in cases {
        let ran = judged(&sandbox, condition);
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (Some(code), ""),
            "{condition}: {}",
            ran.stdout
        );
        assert!(ran.stdout.contains(&format!("\n  {condition}   ")), "{}", ran.stdout);
    }
    let both = "compare a.json b.json --fail-if useful>1% --fail-if slowdown>5% --fail-if work>99%";
    assert_eq!(sandbox.run(both).code, Some(5));
}

#[test]
fn a_slowdown_within_the_spread_does_not_fail_and_says_so() {
    let before = recorded("join", &[1000, 1010, 1020, 1030, 1040, 1050, 1600]);
    let after = recorded("join", &[1100, 1110, 1120, 1130, 1140, 1150, 1160]);
    let text = judged(&sandbox(&before, &after), "slowdown>5%").ok();
    let because = "does not hold   the wall time changed by +9.7 %, within the spread of the\n";
    assert!(text.contains(because), "{text}");
}

#[test]
fn one_repetition_cannot_tell_and_says_so() {
    let (before, after) = (recorded("join", &[1000]), recorded("join", &[2000]));
    let ran = judged(&sandbox(&before, &after), "slowdown>5%");
    assert_eq!(ran.code, Some(6));
    assert!(
        ran.stdout.contains("not known (one repetition of each has no spread)"),
        "{}",
        ran.stdout
    );
}

#[test]
fn json_has_figures_differences_and_conditions() {
    let ran = pair().run("compare a.json b.json --json --fail-if slowdown>5%");
    assert_eq!(ran.code, Some(5));
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&json["schema"], &json["version"]), (&"rayprism-compare".into(), &1.into()));
    assert_eq!(json["a"]["name"], "a.json");
    let differ = serde_json::json!([{ "what": "variant", "a": "join", "b": "join-cutoff" }]);
    assert_eq!(json["differences"], differ);
    assert_eq!(json["wall"]["a"]["median"], 1_030_000);
    assert_eq!(json["wall"]["spread"]["is"]["beyond"], true);
    let change = &json["pools"]["is"][0]["is"];
    assert_eq!(change["difference"], 0);
    let rows = change["components"].as_array().unwrap();
    let sum: i64 = rows.iter().map(|row| row["a"]["time"].as_i64().unwrap()).sum();
    assert_eq!(sum, change["a"]["core_time"].as_i64().unwrap());
    assert_eq!(json["conditions"][0]["answer"], "holds");
}

#[test]
fn bad_conditions_are_refused_before_files_are_read() {
    let cases = [
        (
            "starvd>10%",
            "there is no 'starvd' to compare: did you mean starved? known: slowdown, speedup, ",
        ),
        ("starved", "has neither < nor >: type slowdown>5%, speedup<1.5x, COMPONENT>10% or "),
        ("slowdown>much", "'much' is no limit on a slowdown: type slowdown>5%"),
        ("slowdown<5%", "asks for a slowdown that is small: type slowdown>5%"),
        ("speedup<50%", "'50%' is no limit on a speed-up: type speedup<1.5x"),
        ("serial>3", "'3' is no limit on a component: type serial>10%, serial>0.5cores or "),
    ];
    for (condition, told) in cases {
        let sandbox = Sandbox::new();
        let message = judged(&sandbox, condition).failed(2);
        assert!(message.starts_with(&format!("--fail-if '{condition}'")), "{message}");
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn a_bad_file_is_named_whichever_it_is() {
    let sandbox = pair();
    sandbox.write("text", "hello\n");
    for line in ["compare text b.json", "compare a.json text"] {
        let message = sandbox.run(line).failed(3);
        assert!(message.starts_with("failed to read the trace text: "), "{message}");
    }
    let message = sandbox.run("compare a.json nowhere.json").failed(3);
    assert!(message.starts_with("failed to open the trace nowhere.json: "), "{message}");
    assert_eq!(sandbox.run("compare a.json").code, Some(2));
}

const EXPECTED: &str = r"
A   invert-tree · join   depth 23, 2 workers   a.json
B   invert-tree · join-cutoff   depth 23, 2 workers   b.json

  differ in              variant: join → join-cutoff
  wall time      1.97×   97.1 % longer: 1.03 ms → 2.03 ms, medians of 7 and of 7
  spread                 1.89× – 2.06×, the change is beyond it: the 95 % intervals of the medians,
                         1.00 – 1.06 ms and 2.00 – 2.06 ms, do not overlap
  changed most           profiler −0.06 cores (−59 ns), scheduling +0.03 cores (+25 ns), hand-over
                         +0.02 cores (+17 ns)
  components             of one repetition each, A's 2nd of 7 and B's 2nd of 7; how they spread is
                         not known

  component         A cores     share   B cores     share   cores more   core-time more
  work                 0.60    29.8 %      0.60    29.8 %         0.00             0 ns
  task management      0.10     4.8 %      0.10     4.8 %         0.00             0 ns
  scheduling           0.49    24.3 %      0.51    25.6 %        +0.03           +25 ns
  hand-over            0.28    14.1 %      0.30    14.9 %        +0.02           +17 ns
  serial               0.26    12.9 %      0.28    13.8 %        +0.02           +17 ns
  profiler             0.28    14.1 %      0.22    11.1 %        −0.06           −59 ns
  unattributed         0.00     0.1 %      0.00     0.1 %         0.00             0 ns
  ─────────────────────────────────────────────────────────────────────────────────────
  total                2.00   100.0 %      2.00   100.0 %         0.00             0 ns
  preempted, blocked (origin unknown): within work on both sides, as not told apart in A (the trace
  was recorded without it)
  scheduling: steal latency, scheduling: late wake-up: within scheduling on both sides, as not told
  apart in A (the trace was recorded without it)
";
