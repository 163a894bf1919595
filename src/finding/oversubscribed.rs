//! There are more workers than CPUs.

use super::fact::{Advice, Evidence, Found, Unit};
use super::no_cpu::{NoCpu, workers_and_cpus};
use super::picture::View;
use super::text::percent;
use super::{Ask, Lint, RestsOn};

pub(super) const LINT: Lint = Lint {
    id: "oversubscribed",
    looks_for: "5 % or more of the core-time off the CPU though tasks could run, or queued ones could \
                be found, with more workers, in all pools together, than CPUs that the process may \
                run on",
    wrong_if: "the other pools have nothing to do at the time, and other programs have the CPUs",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let (all, cpus) = workers_and_cpus(view)?;
    if all <= cpus {
        return None;
    }
    let lacking = NoCpu::of(view)?;
    let loss = lacking.loss;
    let pools = view.picture.trace().pools.len() as u32;
    let workers = (cpus / pools).max(1);
    let counted = Evidence::new("pools", Unit::Calls.of(f64::from(pools)));
    Some(Found {
        loss: Some(loss),
        measured: Unit::Workers.of(f64::from(all)),
        threshold: Unit::Workers.of(f64::from(cpus)),
        evidence: [lacking.evidence(view), vec![counted]].concat(),
        what: format!(
            "{all} workers share {cpus} CPUs: for {} of the core-time there was something to run, and \
             none to run it on",
            percent(loss.share)
        ),
        next: match pools {
            1 => format!("set RAYON_NUM_THREADS={workers}"),
            _ => format!("share one pool, or give each of the {pools} pools {workers} workers"),
        },
        advice: Some(Advice::Workers { workers }),
        predicted: None,
    })
}
