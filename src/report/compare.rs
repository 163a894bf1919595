//! Two recordings beside each other: the comparison, what it is of, and what makes it doubtful.

use serde::Serialize;

use super::{Report, RunFigures};
use crate::analysis::Window;
use crate::analysis::compare::{Comparison, Condition, Judgement};
use crate::model::{Detail, Losses, Machine, Measured, Samples};
use crate::timeline::Causality;

/// What two traces say of each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The first recording.
    pub a: Recording,
    /// The second one.
    pub b: Recording,
    /// What they differ in beside their figures.
    pub differences: Vec<Difference>,
    /// How their figures differ.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// The conditions that were given, in that order.
    pub conditions: Vec<Judgement>,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recording {
    /// What its caller calls it: its file.
    pub name: String,
    /// What was recorded.
    pub title: String,
    /// The version of rayprism that recorded it.
    pub rayprism: String,
    /// How much was recorded.
    pub detail: Detail,
    /// Whether the program was built with debug assertions.
    pub debug_assertions: bool,
    /// The stretch of the recording that the components are of.
    pub window: Window,
    /// The measurement that the recording is part of.
    pub run: Option<RunFigures>,
    /// The machine.
    pub machine: Machine,
    /// How far the lanes' times agree with each other.
    pub causality: Causality,
    /// What is missing.
    pub losses: Losses,
}

/// Something that two recordings differ in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub what: String,
    /// In the first; `None` if it has no such thing.
    pub a: Option<String>,
    /// In the second likewise.
    pub b: Option<String>,
}

impl Compared {
    /// Compares two recordings, each with its name, and judges conditions, each as it was given.
    pub fn of(recordings: [(&str, &Report); 2], conditions: &[(String, Condition)]) -> Self {
        let [(_, a), (_, b)] = recordings;
        let samples = [samples(a), samples(b)];
        let comparison =
            Comparison::of([&samples[0], &samples[1]], [&a.decompositions, &b.decompositions]);
        let judge = |(text, condition): &(String, Condition)| condition.judge(text, &comparison);
        let conditions = conditions.iter().map(judge).collect();
        let [a, b] = recordings.map(|(name, report)| Recording::of(name, report));
        Self { differences: differences(&a, &b), a, b, comparison, conditions }
    }
}

/// A program recorded once has one repetition, as long as its window.
fn samples(report: &Report) -> Samples {
    let once = || Samples(vec![report.window.span.duration()]);
    report.run.as_ref().map_or_else(once, |run| run.samples.clone())
}

impl Recording {
    fn of(name: &str, report: &Report) -> Self {
        Self {
            name: name.to_owned(),
            title: report.title.clone(),
            rayprism: report.rayprism.clone(),
            detail: report.detail,
            debug_assertions: report.debug_assertions,
            window: report.window,
            run: report.run.clone(),
            machine: report.machine.clone(),
            causality: report.causality,
            losses: report.losses,
        }
    }

    /// What may tell it from another one, each with its name.
    fn circumstances(&self) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = Vec::new();
        let mut add = |what: &str, value: String| all.push((what.to_owned(), value));
        match &self.run {
            None => add("recording of", self.title.clone()),
            Some(run) => {
                add("workload", run.workload.clone());
                add("variant", run.variant.clone());
                add("workers", run.threads.to_string());
                for parameter in &run.parameters {
                    add(&parameter.name, parameter.value.clone());
                }
            }
        }
        let build = if self.debug_assertions { "with debug assertions" } else { "without them" };
        add("build", build.to_owned());
        add("detail", self.detail.name().to_owned());
        add("rayprism", self.rayprism.clone());
        add("processor", known(&self.machine.cpu));
        add("CPUs", known(&self.machine.cpus));
        add("system", self.machine.os.clone());
        all
    }
}

fn known<T: ToString>(value: &Measured<T>) -> String {
    match value {
        Measured::Is(value) => value.to_string(),
        Measured::Not(reason) => format!("unknown ({reason})"),
    }
}

/// In the order of the first one's circumstances, then those that the second alone has.
fn differences(a: &Recording, b: &Recording) -> Vec<Difference> {
    let (in_a, in_b) = (a.circumstances(), b.circumstances());
    let find = |all: &[(String, String)], wanted: &str| {
        all.iter().find(|(what, _)| what == wanted).map(|(_, value)| value.clone())
    };
    let in_b_alone = in_b.iter().filter(|(what, _)| find(&in_a, what).is_none());
    let names = in_a.iter().chain(in_b_alone).map(|(what, _)| what.clone());
    let pairs = names.map(|what| Difference { a: find(&in_a, &what), b: find(&in_b, &what), what });
    pairs.filter(|pair| pair.a != pair.b).collect()
}
