//! Other programs, or the quota, had the CPUs that the workers could have had.

use super::fact::{Found, Unit};
use super::oversubscribed::{most_preempted, workers_and_cpus};
use super::picture::View;
use super::text::percent;
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::Component;

pub(super) const LINT: Lint = Lint {
    id: "cpus-taken",
    looks_for: "5 % or more of the core-time off the CPU though tasks could run, with a CPU for each \
                worker of all pools together",
    wrong_if: "the program's own threads outside its pools took the CPUs, or workers are pinned to \
               the same one",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let loss = view.loss(view.whole.time(Component::Preempted))?;
    let (workers, cpus) = workers_and_cpus(view)?;
    if workers > cpus {
        return None;
    }
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: most_preempted(view).into_iter().collect(),
        what: format!(
            "others had the CPUs: for {} of the core-time tasks could run and had none, though there \
             is one for each worker",
            percent(loss.share)
        ),
        next: "end what else runs on this machine, and record again".to_owned(),
        advice: None,
        predicted: None,
    })
}
