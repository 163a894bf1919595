//! Others had the CPUs that the workers could have had, though there are enough: other programs, or threads
//! of this one that the kernel put beside them.

use super::fact::{Found, Unit};
use super::no_cpu::{NoCpu, workers_and_cpus};
use super::picture::View;
use super::text::percent;
use super::{Ask, LEAST_LOSS, Lint, RestsOn};

pub(super) const LINT: Lint = Lint {
    id: "cpus-taken",
    looks_for: "5 % or more of the core-time off the CPU though tasks could run, or queued ones could \
                be found, with a CPU for each worker of all pools together",
    wrong_if: "threads of the program that were not recorded took the CPUs, or workers are pinned to \
               the same one",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let (workers, cpus) = workers_and_cpus(view)?;
    if workers > cpus {
        return None;
    }
    let lacking = NoCpu::of(view)?;
    let loss = lacking.loss;
    let (who, next) = if lacking.is_of_its_own_doing() {
        (
            "threads of the program shared CPUs",
            "record again, as where threads run is the kernel's choice; if it stays, start fewer \
             threads beside the pools, or pin the workers in a `start_handler`",
        )
    } else {
        ("others had the CPUs", "end what else runs on this machine, and record again")
    };
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: lacking.evidence(view),
        what: format!(
            "{who}: for {} of the core-time there was something to run, and none to run \
             it on, though there is one for each worker",
            percent(loss.share)
        ),
        next: next.to_owned(),
        advice: None,
        predicted: None,
    })
}
