//! `invert-tree` does what it says, whatever the variant, the layout and the number of threads;
//! and a result that is wrong is found.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use rayprism::facade::{ThreadPool, ThreadPoolBuilder};
use rayprism::workload::{Given, Input, Settings, Workload, find, parameters};

fn workload() -> &'static dyn Workload {
    find("invert-tree").unwrap()
}

fn prepare(given: &[(&'static str, &str)]) -> Box<dyn Input> {
    let given: Vec<Given> =
        given.iter().map(|&(name, text)| Given { name, text: text.to_owned() }).collect();
    workload().prepare(&Settings::new(&parameters(workload()), &given).unwrap())
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

#[test]
fn every_variant_inverts_and_every_restore_puts_back() {
    for threads in [1, 2, 3] {
        let pool = pool(threads);
        for (depth, cutoff) in [("1", "0"), ("1", "6"), ("5", "0"), ("5", "9"), ("12", "6")] {
            for layout in ["built", "mirrored"] {
                let given = [("depth", depth), ("cutoff", cutoff), ("layout", layout)];
                let mut input = prepare(&given);
                for variant in workload().variants().repeat(2) {
                    input.run(variant, &pool);
                    input.restore().unwrap_or_else(|error| panic!("{given:?}: {error}"));
                }
            }
        }
    }
}

#[test]
fn not_inverting_is_a_wrong_result() {
    for layout in ["built", "mirrored"] {
        let mut input = prepare(&[("depth", "4"), ("layout", layout)]);
        let error = input.restore().unwrap_err().to_string();
        assert!(error.starts_with("wrong result: node "), "{error}");
    }
}

#[test]
fn inverting_twice_is_a_wrong_result() {
    let pool = pool(2);
    for variant in workload().variants() {
        let mut input = prepare(&[("depth", "4")]);
        input.run(variant, &pool);
        input.run(variant, &pool);
        input.restore().unwrap_err();
    }
}
