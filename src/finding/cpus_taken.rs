//! Other programs, or the quota, had the CPUs that the workers could have had.

use super::fact::{Found, Unit};
use super::no_cpu::{NoCpu, workers_and_cpus};
use super::picture::View;
use super::text::percent;
use super::{Ask, LEAST_LOSS, Lint, RestsOn};

pub(super) const LINT: Lint = Lint {
    id: "cpus-taken",
    looks_for: "5 % or more of the core-time off the CPU though tasks could run, or queued ones could \
                be found, with a CPU for each worker of all pools together",
    wrong_if: "the program's own threads outside its pools took the CPUs, or workers share one: they \
               are pinned to it, or the kernel leaves them there",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let (workers, cpus) = workers_and_cpus(view)?;
    if workers > cpus {
        return None;
    }
    let lacking = NoCpu::of(view);
    let loss = view.loss(lacking.all())?;
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: lacking.evidence(view),
        what: format!(
            "others had the CPUs: for {} of the core-time there was something to run, and none to run \
             it on, though there is one for each worker",
            percent(loss.share)
        ),
        next: "end what else runs on this machine, and record again".to_owned(),
        advice: None,
        predicted: None,
    })
}
