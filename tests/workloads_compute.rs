//! Every variant of every workload comes to the serial result, whatever the number of workers; and a
//! run that did nothing is found.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use rayprism::facade::{ThreadPool, ThreadPoolBuilder};
use rayprism::workload::{ALL, Given, Input, Settings, Workload, parameters};

/// Numbers that make each workload short, even without optimization.
const SMALL: [(&str, &str); 5] =
    [("size", "1001"), ("depth", "9"), ("rounds", "3"), ("min-len", "10"), ("ratio", "2")];
/// A matrix of that size is large enough.
const ROWS: &str = "37";

fn prepare(workload: &'static dyn Workload, size: &str) -> Box<dyn Input> {
    let parameters = parameters(workload);
    let known = |name: &str| parameters.iter().any(|parameter| parameter.name() == name);
    let given = SMALL.into_iter().filter(|(name, _)| known(name)).map(|(name, text)| {
        let text = if name == "size" { size } else { text };
        Given { name, text: text.to_owned() }
    });
    let given: Vec<Given> = given.collect();
    workload.prepare(&Settings::new(&parameters, &given).unwrap())
}

fn small(workload: &'static dyn Workload) -> Box<dyn Input> {
    prepare(workload, if workload.name() == "matmul" { ROWS } else { SMALL[0].1 })
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

#[test]
fn every_variant_comes_to_the_serial_result() {
    for threads in [1, 2, 5] {
        let pool = pool(threads);
        for workload in ALL {
            let mut input = small(workload);
            for variant in workload.variants().repeat(2) {
                input.run(variant, &pool);
                input.restore().unwrap_or_else(|error| {
                    panic!("{} {} {threads}: {error}", workload.name(), variant.name)
                });
            }
        }
    }
}

#[test]
fn a_run_that_did_nothing_is_a_wrong_result() {
    for workload in ALL {
        let error = small(workload).restore().unwrap_err().to_string();
        assert!(error.starts_with("wrong result: "), "{}: {error}", workload.name());
    }
}

#[test]
fn a_single_item_is_enough() {
    let pool = pool(3);
    for workload in ALL.into_iter().filter(|workload| workload.name() != "amdahl") {
        let mut input = prepare(workload, "1");
        for variant in workload.variants() {
            input.run(variant, &pool);
            input
                .restore()
                .unwrap_or_else(|error| panic!("{} {}: {error}", workload.name(), variant.name));
        }
    }
}
