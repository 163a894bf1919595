//! Variants on threads of their own, or in another runtime: each thread has a lane, and the report says
//! for how long it was active, what it took on a CPU where that is known, and what is not seen.

#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use cli_support::Sandbox;
use serde_json::Value;

/// The threads in no pool, and the report's text.
fn outside(line: &str, file: &str) -> (Vec<Value>, String) {
    let sandbox = Sandbox::new();
    let text = sandbox.run(line).ok();
    let report = sandbox.run(&format!("report --json traces/{file}")).json();
    (report["reports"][0]["outside"].as_array().unwrap().clone(), text)
}

#[test]
fn each_thread_that_a_variant_starts_has_its_time() {
    let line = "run two-sleeps --variants os-threads --size 2000 --reps 1";
    let (threads, text) = outside(line, "two-sleeps-os-threads.json");
    let mut names: Vec<_> = threads.iter().map(|thread| thread["name"].as_str().unwrap()).collect();
    // Lanes are numbered as threads first record.
    names.sort_unstable();
    assert_eq!(names, ["first", "second"]);
    for thread in &threads {
        // It sleeps for no less.
        assert!(thread["active"].as_u64().unwrap() >= 2_000_000, "{thread}");
        assert_eq!(thread["stretches"], 1);
    }
    assert!(text.contains("not visible to public hooks"), "{text}");
    assert!(threads.iter().all(|thread| thread["cpu"]["is"].is_u64()), "{threads:?}");
}

#[test]
fn tasks_that_sleep_keep_none_of_tokios_threads_awake() {
    let line = "run two-sleeps --variants tokio --size 100000 --threads 2 --reps 1";
    let (threads, _) = outside(line, "two-sleeps-tokio.json");
    assert!((1..=2).contains(&threads.len()), "{threads:?}");
    let active: u64 = threads.iter().map(|thread| thread["active"].as_u64().unwrap()).sum();
    // Two sleeps on two threads would be 200 ms.
    assert!((1..100_000_000).contains(&active), "{active}");
    assert!(threads.iter().all(|thread| thread["name"] == "tokio worker"));
}

#[test]
fn tokios_threads_are_awake_for_as_long_as_they_work() {
    let line =
        "run invert-tree --variants tokio-cutoff,tokio-plain --depth 12 --threads 2 --reps 1";
    for variant in ["tokio-cutoff", "tokio-plain"] {
        let (threads, text) = outside(line, &format!("invert-tree-{variant}.json"));
        assert!((1..=2).contains(&threads.len()), "{threads:?}");
        assert!(threads.iter().all(|thread| thread["cpu"]["is"].is_u64()), "{threads:?}");
        let active: u64 = threads.iter().map(|thread| thread["active"].as_u64().unwrap()).sum();
        assert!(active > 0, "{threads:?}");
        assert!(text.contains("what the serial code is"), "{text}");
    }
}
