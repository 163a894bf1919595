//! The control group's quota of CPU time stopped the program.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::View;
use super::text::percent;
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::CoreTime;

pub(super) const LINT: Lint = Lint {
    id: "cgroup-throttled",
    looks_for: "stops by the control group's quota of CPU time for 5 % or more of the core-time",
    wrong_if: "other programs in the same control group used the quota up, and were stopped",
    rests_on: RestsOn::Facts,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let throttled = view.picture.trace().header.kernel.throttled.value()?;
    let (quota, stops) = (&throttled.quota, throttled.stops);
    let loss = view.loss(CoreTime::from(stops.throttled))?;
    let workers = (quota.cpus().floor() as u32).max(1);
    let of_periods = stops.throttled_periods as f64 / stops.periods.max(1) as f64;
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: vec![
            Evidence::new("stopped, all CPUs together", Unit::Nanos.of(stops.throttled.0 as f64)),
            Evidence::new("of the quota's periods", Unit::Share.of(of_periods)),
            Evidence::new("the quota is worth", Unit::Workers.of(quota.cpus())),
        ],
        what: format!(
            "the control group's quota, worth {:.1} CPUs, was used up in {} of its periods: its \
             CPUs were stopped for {}",
            quota.cpus(),
            percent(of_periods),
            stops.throttled
        ),
        next: format!(
            "raise the quota of group {}, or set RAYON_NUM_THREADS={workers}",
            quota.group
        ),
        advice: Some(Advice::Workers { workers }),
        predicted: None,
    })
}
