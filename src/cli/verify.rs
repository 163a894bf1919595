//! Advice on how coarse tasks should be, followed: which command does it, and, with `--verify`, what
//! comes of it beside what was predicted.

use std::io::{self, Write};

use super::config::RunConfig;
use super::failure::Failure;
use super::measure::measure;
use super::show::{Prediction, Report, Verified, Wall};
use crate::workload::{Coarser, VariantInfo};

/// Advice that another variant of the workload can follow.
pub(super) struct Advised {
    coarser: Coarser,
    threads: u32,
    predicted: Prediction,
}

/// What the reports advise.
pub(super) fn advised(config: &RunConfig, reports: &[Report]) -> Vec<Advised> {
    let coarser = config.workload.coarser();
    let advised = |report: &Report| {
        let run = report.run.as_ref()?;
        let coarser = *coarser.iter().find(|coarser| coarser.of == run.variant)?;
        let predicted = report.findings.iter().find_map(|finding| finding.predicted)?;
        Some(Advised { coarser, threads: run.threads, predicted })
    };
    reports.iter().filter_map(advised).collect()
}

/// Follows each advice.
pub(super) fn verify(config: &RunConfig, advised: &[Advised]) -> Result<Vec<Verified>, Failure> {
    let verified = |advised: &Advised| {
        let measured = measure(&advised.config(config)?)?;
        let samples = measured.first().map(|measured| &measured.samples);
        Ok(samples.and_then(|samples| advised.beside(Wall::of(samples)?)))
    };
    advised.iter().filter_map(|advised| verified(advised).transpose()).collect()
}

impl Advised {
    fn variant(&self, config: &RunConfig) -> Option<VariantInfo> {
        let variants = config.workload.variants();
        variants.into_iter().find(|variant| variant.name == self.coarser.by)
    }

    fn config(&self, config: &RunConfig) -> Result<RunConfig, Failure> {
        let mut settings = config.settings.clone();
        settings.set(self.coarser.parameter, self.predicted.at);
        Ok(RunConfig {
            workload: config.workload,
            settings,
            variants: self.variant(config).into_iter().collect(),
            threads: vec![self.threads as usize],
            reps: config.reps,
            recording: config.recording,
            one_worker: false,
            out_dir: config.out_dir.clone(),
            format: config.format,
            json: config.json,
            spans: None,
            verify: false,
        })
    }

    fn beside(&self, measured: Wall) -> Option<Verified> {
        Some(Verified {
            variant: self.coarser.by.to_owned(),
            parameter: self.coarser.parameter.name.to_owned(),
            value: self.predicted.at,
            threads: self.threads,
            predicted: self.predicted,
            measured,
        })
    }

    /// The command that follows it, for the same input.
    pub(super) fn command(&self, config: &RunConfig) -> String {
        let Coarser { by, parameter, .. } = self.coarser;
        let (workload, settings) = (config.workload, &config.settings);
        let set = workload.parameters().iter().filter(|parameter| settings.is_set(**parameter));
        let options = set.map(|set| (set.name(), settings.text(*set))).chain([
            (parameter.name, self.predicted.at.to_string()),
            ("threads", self.threads.to_string()),
        ]);
        let options = options.map(|(name, value)| format!(" --{name} {value}"));
        format!("rayprism run {} --variants {by}{}", workload.name(), options.collect::<String>())
    }
}

/// What was predicted, and what it was.
pub(super) fn write(verified: &[Verified], out: &mut dyn Write) -> io::Result<()> {
    for Verified { variant, parameter, value, threads, predicted, measured } in verified {
        let Prediction { from, to, .. } = predicted;
        let Wall { median, shortest, longest, repetitions } = measured;
        let workers = if *threads == 1 { "worker" } else { "workers" };
        writeln!(out)?;
        writeln!(out, "verify  {variant} with {parameter} {value}, {threads} {workers}")?;
        writeln!(out, "        predicted {from} to {to}")?;
        writeln!(
            out,
            "        measured  {median} ({shortest} to {longest} over {repetitions} repetitions)"
        )?;
    }
    Ok(())
}
