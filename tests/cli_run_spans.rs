//! `run --spans`: another crate writes rayprism's spans, of one more run of each variant.

#![cfg(feature = "cli")]

mod cli_support;

use cli_support::Sandbox;

#[test]
fn tracing_chrome_writes_every_join() {
    let sandbox = Sandbox::new();
    let command = "run invert-tree --depth 8 --variants join --threads 2 --reps 1 --detail full";
    let printed = sandbox.run(&format!("{command} --spans tracing-chrome")).ok();
    let file = "traces/invert-tree-join.spans.json";
    assert!(printed.contains(file), "{printed}");
    let text = std::fs::read_to_string(sandbox.path(file)).expect("the file");
    let entries: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let begun = |name: &str| {
        entries.iter().filter(|entry| entry["ph"] == "B" && entry["name"] == name).count()
    };
    // A join at every inner node of eight levels, within the one region.
    assert_eq!((begun("join"), begun("region")), (255, 1));
    let ended = entries.iter().filter(|entry| entry["ph"] == "E").count();
    assert_eq!(entries.iter().filter(|entry| entry["ph"] == "B").count(), ended);
}

#[test]
fn where_nothing_is_timed_there_are_none_and_the_error_says_so() {
    let sandbox = Sandbox::new();
    let error = sandbox.run("run invert-tree --detail count --spans tracing-chrome").failed(2);
    assert!(error.contains("there are no spans"), "{error}");
    assert!(error.contains("--detail auto or full"), "{error}");
}
