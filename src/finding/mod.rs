//! Findings: small named lints over a trace's figures. Each says what it measured, where, what it
//! means in one sentence, what to try next, and what would make it wrong.
//!
//! Lints are pure functions of a [`Picture`]; [`LINTS`] is the table of all of them. Of a pool whose
//! losses are healthy nothing is said, and no finding explains less than [`LEAST_LOSS`] of a pool's
//! core-time. Where what a finding would rest on is not trustworthy, it is withheld, and the finding
//! that says why names it. Nothing is measured here, that is [`crate::analysis`]'s, and nothing shown,
//! that is [`crate::report`]'s.

mod cgroup_throttled;
mod cpus_taken;
mod debug_build;
mod fact;
mod false_sharing_suspicion;
mod grain;
mod imbalance_at_the_tail;
mod injected_from_outside;
mod late_wakeup;
mod lock_contention;
mod memory_bound_inflation;
mod nested_parallelism_too_fine;
mod no_cpu;
mod opaque_time;
mod oversubscribed;
mod picture;
mod pool_start_dominates;
mod profiler_share_too_high;
mod reduction_heavy;
mod same_cpu;
mod serial_fraction;
mod slow_producer;
mod steal_storm;
mod task_too_small;
mod tasks;
mod text;
mod too_few_tasks;

pub use fact::{Advice, Evidence, Finding, Loss, Prediction, Quantity, Severity, Unit};
pub use picture::Picture;

use std::cmp::Reverse;

use crate::analysis::decomposition::OPAQUE;
use crate::analysis::{Component, CoreTime, Verdict};
use crate::model::PoolId;
use fact::Found;
use picture::View;

/// The least share of a pool's core-time that a finding explains. What explains less is below what
/// repetitions of the same run differ by on most machines, and changing it would not show.
pub const LEAST_LOSS: f64 = 0.05;

/// The largest share of the profiler in the workers' time beside which other times are still the
/// program's own.
pub const MOST_OWN_COST: f64 = 0.05;

/// A question that is asked of every trace.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// Its name, in lower case with hyphens; stable.
    pub id: &'static str,
    /// What it looks for, and from where on it is a finding.
    pub looks_for: &'static str,
    /// What would make a finding of it wrong.
    pub wrong_if: &'static str,
    /// What its figures rest on.
    pub rests_on: RestsOn,
    ask: Ask,
}

/// What a lint's figures rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestsOn {
    /// Nothing that could be in doubt: how the program was built, what the kernel counted.
    Facts,
    /// When tasks began and ended: withheld where the profiler takes too much of the time.
    Times,
    /// That too, and that every task was seen: withheld, too, where what is opaque is too much.
    AllTasks,
}

#[derive(Clone, Copy, Debug)]
enum Ask {
    /// Of the recording. What else would be said is withheld by its name.
    Recording(fn(&Picture, &Withheld) -> Option<Found>),
    /// Of each pool whose losses are more than healthy.
    Pool(fn(&View) -> Option<Found>),
}

/// All lints.
pub const LINTS: &[Lint] = &[
    debug_build::LINT,
    profiler_share_too_high::LINT,
    opaque_time::LINT,
    task_too_small::LINT,
    nested_parallelism_too_fine::LINT,
    reduction_heavy::LINT,
    too_few_tasks::LINT,
    imbalance_at_the_tail::LINT,
    serial_fraction::LINT,
    slow_producer::LINT,
    late_wakeup::LINT,
    steal_storm::LINT,
    injected_from_outside::LINT,
    pool_start_dominates::LINT,
    lock_contention::LINT,
    memory_bound_inflation::LINT,
    false_sharing_suspicion::LINT,
    oversubscribed::LINT,
    cgroup_throttled::LINT,
    cpus_taken::LINT,
];

/// Findings that are not said, by lint.
#[derive(Default)]
struct Withheld {
    /// Since the profiler's share is too high.
    by_probes: Vec<&'static str>,
    /// Since too much is opaque.
    by_opaque: Vec<&'static str>,
}

/// What a picture shows: what all figures depend on first, then what explains most.
pub fn findings(picture: &Picture) -> Vec<Finding> {
    let mut withheld = Withheld::default();
    let mut found = Vec::new();
    for view in picture.pools().filter(|view| !is_healthy(view)) {
        for lint in LINTS {
            let Ask::Pool(ask) = lint.ask else { continue };
            let Some(finding) = ask(&view) else { continue };
            match doubt(lint, &view) {
                None => found.push(lint.finding(finding, Some(view.pool.id))),
                Some(Doubt::Probes) => withheld.by_probes.push(lint.id),
                Some(Doubt::Opaque) => withheld.by_opaque.push(lint.id),
            }
        }
    }
    for lint in LINTS {
        if let Ask::Recording(ask) = lint.ask {
            found.extend(ask(picture, &withheld).map(|found| lint.finding(found, None)));
        }
    }
    found.sort_by_key(order);
    found
}

fn order(finding: &Finding) -> impl Ord + use<> {
    let place = LINTS.iter().position(|lint| lint.id == finding.id);
    let time = finding.loss.map_or(CoreTime::ZERO, |loss| loss.time);
    (finding.severity, Reverse(time), place, finding.pool)
}

/// A pool that loses no more than any good program does has no finding.
fn is_healthy(view: &View) -> bool {
    matches!(view.whole.verdict, None | Some(Verdict::Healthy))
}

enum Doubt {
    Probes,
    Opaque,
}

fn doubt(lint: &Lint, view: &View) -> Option<Doubt> {
    let probes = profiler_share_too_high::share(&view.picture).is_some();
    let opaque = view.whole.share(Component::Opaque).is_some_and(|share| share > OPAQUE);
    match lint.rests_on {
        RestsOn::Times | RestsOn::AllTasks if probes => Some(Doubt::Probes),
        RestsOn::AllTasks if opaque => Some(Doubt::Opaque),
        RestsOn::Facts | RestsOn::Times | RestsOn::AllTasks => None,
    }
}

impl Lint {
    fn finding(&self, found: Found, pool: Option<PoolId>) -> Finding {
        let Found { loss, measured, threshold, evidence, what, next, advice, predicted } = found;
        Finding {
            id: self.id,
            severity: if loss.is_some() { Severity::Loss } else { Severity::Premise },
            pool,
            loss,
            measured,
            threshold,
            evidence,
            what,
            next,
            advice,
            predicted,
            wrong_if: self.wrong_if,
        }
    }
}
