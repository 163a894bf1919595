//! Built-in workloads: programs whose parallel behaviour is known beforehand, one file each.
//!
//! Each is a [`Definition`]: a table of parameters and variants with a function for each thing to
//! do. What runs them (arguments, timing, recording, memory limits) is the command line's.

mod amdahl;
mod bandwidth;
mod cold_pool;
mod definition;
mod diagnosis;
mod false_sharing;
mod hash;
mod imbalance;
mod invert_tree;
mod matmul;
mod mix;
mod outcome;
mod oversubscribed;
mod parameter;
mod reduce;
mod runtimes;
mod scale;
mod shared_lock;
mod slow_producer;
mod sum;
mod two_sleeps;

pub use amdahl::AMDAHL;
pub use bandwidth::BANDWIDTH;
pub use cold_pool::COLD_POOL;
pub use definition::{
    Body, Coarser, Definition, Input, Memory, Place, Told, Variant, VariantInfo, Workload,
    WrongResult,
};
pub use diagnosis::{Diagnosis, Expected, Other, Verdict};
use diagnosis::{MEMORY, SHARED_MEMORY};
pub use false_sharing::FALSE_SHARING;
pub use hash::HASH;
pub use imbalance::IMBALANCE;
pub use invert_tree::INVERT_TREE;
pub use matmul::MATMUL;
pub use oversubscribed::OVERSUBSCRIBED;
pub use parameter::{Choice, Given, Integer, Parameter, SettingError, Settings};
pub use reduce::REDUCE;
pub use scale::{SCALES, Scale};
pub use shared_lock::SHARED_LOCK;
pub use slow_producer::SLOW_PRODUCER;
pub use sum::SUM;
pub use two_sleeps::TWO_SLEEPS;

/// All workloads, in the order to be shown.
pub static ALL: [&dyn Workload; 14] = [
    &SUM,
    &HASH,
    &REDUCE,
    &TWO_SLEEPS,
    &INVERT_TREE,
    &MATMUL,
    &FALSE_SHARING,
    &SHARED_LOCK,
    &BANDWIDTH,
    &IMBALANCE,
    &AMDAHL,
    &OVERSUBSCRIBED,
    &SLOW_PRODUCER,
    &COLD_POOL,
];

/// The workload of that name.
pub fn find(name: &str) -> Option<&'static dyn Workload> {
    ALL.into_iter().find(|workload| workload.name() == name)
}

/// All parameters of a workload: those of every variant, then those of single ones, each once.
pub fn parameters(workload: &dyn Workload) -> Vec<Parameter> {
    let mut all = workload.parameters().to_vec();
    for parameter in workload.variants().iter().flat_map(|variant| variant.parameters) {
        if all.iter().all(|known| known.name() != parameter.name()) {
            all.push(*parameter);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_differ<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
        let mut seen = std::collections::BTreeSet::new();
        names.into_iter().all(|name| seen.insert(name))
    }

    #[test]
    fn names_differ_and_every_workload_has_a_baseline_and_something_to_compare() {
        assert!(all_differ(ALL.iter().map(|workload| workload.name())));
        for workload in ALL {
            let variants = workload.variants();
            assert!(variants.len() >= 2, "{}", workload.name());
            assert!(all_differ(variants.iter().map(|variant| variant.name)));
            assert!(find(workload.name()).is_some());
        }
    }

    #[test]
    fn defaults_are_values_that_are_accepted() {
        for parameter in ALL.into_iter().flat_map(parameters) {
            let text = Settings::default().text(parameter);
            let given = Given { name: parameter.name(), text };
            Settings::new(&[parameter], &[given]).unwrap();
        }
    }

    #[test]
    fn what_makes_a_run_quick_is_in_range_and_less_than_the_default() {
        for (parameter, value) in ALL.into_iter().flat_map(|workload| workload.quick()) {
            assert!((parameter.min..(parameter.default)()).contains(value), "{parameter:?}");
        }
    }

    #[test]
    fn diagnoses_name_verdicts_and_lints_that_there_are() {
        use crate::analysis::{Group, Mostly};
        use crate::finding::LINTS;

        let variants = ALL.into_iter().flat_map(|workload| workload.variants());
        let diagnoses = variants.flat_map(|variant| variant.diagnoses);
        for Expected { verdict, findings } in diagnoses.flat_map(Diagnosis::all) {
            let is_group = Group::LOSSES.iter().any(|group| group.name() == verdict.name());
            let other = [Verdict::Healthy, Verdict::Undecided].contains(&verdict);
            let of_threads = Mostly::ALL.iter().any(|mostly| mostly.name() == verdict.name());
            assert!(is_group || other || of_threads, "{verdict:?}");
            assert_eq!(of_threads, verdict.is_of_threads(), "{verdict:?}");
            let known = |id: &&str| LINTS.iter().any(|lint| lint.id == *id);
            assert!(findings.iter().all(known), "{findings:?}");
            let says_nothing = of_threads || verdict == Verdict::Healthy;
            assert_eq!(findings.is_empty(), says_nothing, "{verdict:?}");
        }
    }

    #[test]
    fn every_variant_has_a_diagnosis_but_those_that_run_alone() {
        for workload in ALL {
            for variant in workload.variants() {
                let is_alone = variant.place == Place::Alone;
                assert_eq!(variant.diagnoses.is_empty(), is_alone, "{}", variant.name);
            }
        }
    }

    #[test]
    fn memory_grows_with_the_parameter_that_is_said_to_do_so() {
        for (workload, memory) in ALL.into_iter().filter_map(|w| Some((w, w.memory()?))) {
            let bytes = |value| {
                let mut settings = Settings::default();
                settings.set(memory.grows_with, value);
                (memory.bytes)(&settings)
            };
            let least = memory.grows_with.min;
            assert!(bytes(least) < bytes(least + 1), "{}", workload.name());
            assert!(bytes(least + 1) < bytes(memory.grows_with.max), "{}", workload.name());
        }
    }
}
