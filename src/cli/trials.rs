//! Workloads that are run for a table of many: to their reports alone, without trace files.

use std::path::PathBuf;

use anyhow::{Context, anyhow};

use super::config::RunConfig;
use super::failure::Failure;
use super::measure::{Recording, measure_part};
use super::memory;
use super::show::{self, CLAIMS, Claim, Here, Report, Tried};
use crate::format::Format;
use crate::model::{self, Trace};
use crate::workload::{self, Given, Settings, Workload};

/// How much to run for claims.
pub(super) struct Effort {
    pub(super) threads: usize,
    pub(super) reps: usize,
    /// Smaller sizes, where a workload has them.
    pub(super) quick: bool,
}

/// Runs what a configuration asks for; progress begins with `part`.
pub(super) fn reports(config: &RunConfig, part: &str) -> Result<Vec<Report>, Failure> {
    memory::check(config.workload, &config.settings)?;
    let name = config.workload.name();
    let measured = measure_part(config, part)?;
    let traces: Vec<Trace> =
        measured.into_iter().filter_map(|measured| measured.into_trace(name)).collect();
    show::reports(&traces)
        .context("the recording contradicts itself")
        .map_err(|error| Failure::runtime(error, "this is a fault of rayprism, report it"))
}

/// Tries all claims. Those whose workload cannot be run say so; names that there are not end it.
pub(super) fn try_claims(effort: &Effort) -> Result<Vec<Tried>, Failure> {
    let groups: Vec<&[Claim]> = CLAIMS.chunk_by(Claim::runs_with).collect();
    let mut tried = Vec::new();
    for (at, claims) in groups.iter().enumerate() {
        let trial = Trial::of(claims, effort)?;
        let part = format!("{} ({} of {})", claims[0].workload, at + 1, groups.len());
        let reports = reports(&trial.config, &part).map_err(|failure| failure.to_string());
        tried.extend(claims.iter().map(|claim| Tried {
            claim: *claim,
            here: match &reports {
                Ok(reports) => trial.here(claim, reports),
                Err(reason) => model::Measured::Not(reason.clone()),
            },
        }));
    }
    Ok(tried)
}

/// A run that some claims are about.
struct Trial {
    config: RunConfig,
    /// What of the claims' parameters is smaller than theirs.
    changed: Vec<model::Parameter>,
}

impl Trial {
    fn of(claims: &[Claim], effort: &Effort) -> Result<Self, Failure> {
        let first = claims[0];
        let unknown = |error: anyhow::Error| {
            let error = error.context(format!("the claim '{}'", first.what));
            Failure::runtime(error, "this is a fault of rayprism, report it")
        };
        let workload = workload::find(first.workload)
            .ok_or_else(|| unknown(anyhow!("there is no workload {}", first.workload)))?;
        let given = first.with.iter().map(|&(name, text)| Given { name, text: text.to_owned() });
        let given: Vec<Given> = given.collect();
        let mut settings = Settings::new(&workload::parameters(workload), &given)
            .map_err(|error| unknown(error.into()))?;
        let changed =
            if effort.quick { shrink(workload, &given, &mut settings) } else { Vec::new() };
        let named = |name| claims.iter().any(|claim| [claim.variant, claim.than].contains(&name));
        let mut variants = workload.variants();
        variants.retain(|variant| named(variant.name));
        Ok(Self {
            config: RunConfig {
                workload,
                settings,
                variants,
                threads: vec![effort.threads],
                one_worker: true,
                reps: effort.reps,
                recording: Recording::DEFAULT,
                format: Format::default(),
                spans: None,
                out_dir: PathBuf::new(),
                json: false,
                verify: false,
            },
            changed,
        })
    }

    fn here(&self, claim: &Claim, reports: &[Report]) -> model::Measured<Here> {
        let report = |name| {
            let of = |report: &&Report| report.run.as_ref().is_some_and(|run| run.variant == name);
            reports.iter().find(of)
        };
        let sides = report(claim.variant).zip(report(claim.than));
        let changed = self.changed.clone();
        match sides.and_then(|(this, than)| Here::of(claim, this, than, changed)) {
            Some(here) => model::Measured::Is(here),
            None => model::Measured::Not("one of the two variants was not run".to_owned()),
        }
    }
}

/// Makes numbers as small as a quick run has them; returns those that were given otherwise.
fn shrink(
    workload: &dyn Workload,
    given: &[Given],
    settings: &mut Settings,
) -> Vec<model::Parameter> {
    let mut changed = Vec::new();
    for (number, value) in workload.quick() {
        if settings.integer(number) <= *value {
            continue;
        }
        settings.set(number, *value);
        if given.iter().any(|given| given.name == number.name) {
            let (name, value) = (number.name.to_owned(), value.to_string());
            changed.push(model::Parameter { name, value });
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effort(quick: bool) -> Effort {
        Effort { threads: 2, reps: 1, quick }
    }

    #[test]
    fn every_claim_is_of_variants_and_parameters_that_there_are() {
        for claim in CLAIMS {
            let trial = Trial::of(std::slice::from_ref(claim), &effort(false)).unwrap();
            let names: Vec<&str> = trial.config.variants.iter().map(|v| v.name).collect();
            assert!(names.contains(&claim.variant), "{claim:?}");
            assert!(names.contains(&claim.than), "{claim:?}");
            assert_eq!(trial.changed, []);
        }
    }

    #[test]
    fn a_quick_trial_is_smaller_and_says_so_but_keeps_what_is_small() {
        let changed = |what: &str| {
            let claim = CLAIMS.iter().find(|claim| claim.what == what).unwrap();
            let trial = Trial::of(std::slice::from_ref(claim), &effort(true)).unwrap();
            let named = trial.changed.iter().map(|p| format!("{} {}", p.name, p.value));
            named.collect::<Vec<_>>().join(", ")
        };
        let quick = |workload: &str| {
            let (number, value) = workload::find(workload).unwrap().quick()[0];
            format!("{} {value}", number.name)
        };
        assert_eq!(changed("sum of 10,000,000 items in parallel"), quick("sum"));
        assert_eq!(changed("sum of 10 items in parallel"), "");
        assert_eq!(changed("tree, a join at every node"), quick("invert-tree"));
        // What the claim leaves to the default is no other claim at another size.
        assert_eq!(changed("one mutex for all items"), "");
    }
}
