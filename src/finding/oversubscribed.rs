//! There are more workers than CPUs.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::View;
use super::text::percent;
use super::{Ask, Lint, RestsOn};
use crate::analysis::Component;
use crate::model::Nanos;

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
    let trace = view.picture.trace();
    let cpus = *trace.header.machine.cpus.value()?;
    let all: u32 = trace.pools.iter().map(|pool| pool.threads).sum();
    if all <= cpus {
        return None;
    }
    let pools = trace.pools.len() as u32;
    let workers = (cpus / pools).max(1);
    let waited = |lane: &crate::model::Lane| -> Nanos {
        let off = lane.watched.off_cpu.iter().filter(|off| off.preempted);
        off.map(|off| off.span.duration()).sum()
    };
    let rows = view.rows();
    let worst = rows.iter().max_by_key(|row| waited(row.lane()))?.lane();
    let of_worst = Unit::Nanos.of(waited(worst).0 as f64);
    Some(Found {
        loss: Some(loss),
        measured: Unit::Workers.of(f64::from(all)),
        threshold: Unit::Workers.of(f64::from(cpus)),
        evidence: vec![
            Evidence {
                worker: super::picture::index_of(worst),
                lane: Some(worst.id),
                ..Evidence::new("could run and had no CPU", of_worst)
            },
            Evidence::new("pools", Unit::Calls.of(f64::from(pools))),
        ],
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
