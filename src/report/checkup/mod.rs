//! What a machine offers, judged: for each thing whether it is there, what its absence costs the
//! analysis, and what to do about it.
//!
//! [`Checkup::of`] reads nothing but the facts that it is given.

mod clocks;
mod counters;
mod events;
mod processors;

#[cfg(test)]
mod checkup_tests;

use serde::Serialize;

use crate::model::{Host, Measured};

/// A machine and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checkup {
    /// Whether nothing limits the analysis.
    pub complete: bool,
    /// The checks, by area.
    pub checks: Vec<Check>,
    /// The facts that they judge.
    pub host: Host,
}

/// One thing that the analysis can use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name, each once: a counter's is `perf`'s.
    pub id: &'static str,
    /// What it belongs to.
    pub area: Area,
    /// What was found, or why nothing could be.
    pub found: String,
    /// What that means.
    pub verdict: Verdict,
    /// What it costs the analysis.
    pub cost: Option<String>,
    /// How to have it.
    pub remedy: Option<String>,
}

/// What a check belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// CPUs, and how much of them there is.
    Processors,
    /// Clocks.
    Clocks,
    /// What the kernel's performance events depend on.
    Events,
    /// Each counter.
    Counters,
    /// What there is without performance events.
    Accounting,
}

/// What a finding means for the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is there.
    Ok,
    /// All that there can be is there, but whoever reads figures has to know.
    Note,
    /// Something is missing, or makes figures wrong.
    Limits,
}

impl Checkup {
    /// Judges a machine.
    pub fn of(host: Host) -> Self {
        let checks = [
            processors::checks(&host),
            clocks::checks(&host),
            events::checks(&host),
            counters::checks(&host),
            events::accounting(&host),
        ]
        .concat();
        let complete = checks.iter().all(|check| check.verdict != Verdict::Limits);
        Self { complete, checks, host }
    }
}

impl Area {
    fn ok(self, id: &'static str, found: impl Into<String>) -> Check {
        let found = found.into();
        Check { id, area: self, found, verdict: Verdict::Ok, cost: None, remedy: None }
    }

    fn note(self, id: &'static str, found: impl Into<String>, cost: impl Into<String>) -> Check {
        Check { verdict: Verdict::Note, cost: Some(cost.into()), ..self.ok(id, found) }
    }

    fn limits(self, id: &'static str, found: impl Into<String>, cost: impl Into<String>) -> Check {
        Check { verdict: Verdict::Limits, ..self.note(id, found, cost) }
    }

    /// Nobody knows. That alone takes nothing from the analysis, but what it may hide does.
    fn unknown(self, id: &'static str, reason: &str, cost: impl Into<String>) -> Check {
        self.note(id, format!("not measured ({reason})"), cost)
    }

    /// What `judge` says of a value, or that there is none.
    fn known<T>(
        self,
        id: &'static str,
        measured: &Measured<T>,
        cost: &str,
        judge: impl FnOnce(&T) -> Check,
    ) -> Check {
        match measured {
            Measured::Is(value) => judge(value),
            Measured::Not(reason) => self.unknown(id, reason, cost),
        }
    }
}

impl Check {
    fn remedied(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

/// A reason of the kernel's layer and, behind its semicolon, what removes it.
fn reason_and_remedy(reason: &str) -> (&str, Option<&str>) {
    match reason.split_once("; ") {
        Some((reason, remedy)) => (reason, Some(remedy)),
        None => (reason, None),
    }
}

fn plural(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
