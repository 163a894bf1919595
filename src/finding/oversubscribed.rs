//! There are more workers than CPUs.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::{View, index_of};
use super::text::percent;
use super::{Ask, Lint, RestsOn};
use crate::analysis::Component;
use crate::model::{Lane, Nanos};

pub(super) const LINT: Lint = Lint {
    id: "oversubscribed",
    looks_for: "5 % or more of the core-time off the CPU though tasks could run, with more workers, \
                in all pools together, than CPUs that the process may run on",
    wrong_if: "the other pools have nothing to do at the time, and other programs have the CPUs",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let loss = view.loss(view.whole.time(Component::Preempted))?;
    let (all, cpus) = workers_and_cpus(view)?;
    if all <= cpus {
        return None;
    }
    let pools = view.picture.trace().pools.len() as u32;
    let workers = (cpus / pools).max(1);
    let counted = Evidence::new("pools", Unit::Calls.of(f64::from(pools)));
    Some(Found {
        loss: Some(loss),
        measured: Unit::Workers.of(f64::from(all)),
        threshold: Unit::Workers.of(f64::from(cpus)),
        evidence: most_preempted(view).into_iter().chain([counted]).collect(),
        what: format!(
            "{all} workers share {cpus} CPUs: for {} of the core-time tasks could run and had none",
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

/// Workers of all pools, and CPUs that the process may run on.
pub(super) fn workers_and_cpus(view: &View) -> Option<(u32, u32)> {
    let trace = view.picture.trace();
    let cpus = *trace.header.machine.cpus.value()?;
    Some((trace.pools.iter().map(|pool| pool.threads).sum(), cpus))
}

/// The worker that could run and had no CPU for longest.
pub(super) fn most_preempted(view: &View) -> Option<Evidence> {
    let waited = |lane: &Lane| -> Nanos {
        let off = lane.watched.off_cpu.iter().filter(|off| off.preempted);
        off.map(|off| off.span.duration()).sum()
    };
    let rows = view.rows();
    let worst = rows.iter().max_by_key(|row| waited(row.lane()))?.lane();
    let time = Unit::Nanos.of(waited(worst).0 as f64);
    Some(Evidence {
        worker: index_of(worst),
        lane: Some(worst.id),
        ..Evidence::new("could run and had no CPU", time)
    })
}
