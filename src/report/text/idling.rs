//! What workers did without a job, as facts.

use super::facts::Fact;
use super::units::{counted, thousands};
use crate::analysis::{Burden, Latency, WakeUps};
use crate::model::{IdleCounts, Measured};
use crate::report::Report;

/// How long jobs from outside waited and joins took to go on, how often workers looked for work and
/// slept, and how long they took to run again. What there was none of is left out.
pub(super) fn figures(report: &Report) -> Vec<Fact> {
    let idling = &report.idling;
    let mut facts = Vec::new();
    if let Measured::Is(injected) = &idling.injected {
        facts.push(latency("injected", injected, "from push to start", "injected job"));
    }
    let burdens = report.work_spans.iter().filter_map(|known| known.value()?.burden.value());
    facts.extend(burdens.filter_map(resume));
    facts.push(Fact::measured("searches", &idling.counts, searches));
    let Measured::Is(counts) = idling.counts else { return facts };
    facts.push(sleeps(counts, idling.wake_ups.value()));
    if let Measured::Is(wake_ups) = &idling.wake_ups {
        facts.push(latency("wake-up", &wake_ups.latency, "from wake to running", "sleep"));
    }
    facts
}

/// From a latch that is set to the join that waited for it.
fn resume(burden: &Burden) -> Option<Fact> {
    let joins = counted(burden.resumed, "join");
    let remark = format!("from the end of a stolen half until its join went on, median of {joins}");
    Some(Fact::new("resumed", burden.resume?.to_string(), remark))
}

fn searches(counts: &IdleCounts) -> (String, String) {
    let (rounds, yields) = (counts.failed_rounds, counts.yields);
    let remark =
        format!("for work; {}, {}", counted(rounds, "failed round"), counted(yields, "yield"));
    (thousands(counts.searches), remark)
}

fn sleeps(counts: IdleCounts, wake_ups: Option<&WakeUps>) -> Fact {
    let remark = match wake_ups {
        Some(WakeUps { for_jobs, for_latches, .. }) => format!(
            "of workers; {} woken for jobs, {} as what they waited for was there",
            thousands(*for_jobs),
            thousands(*for_latches)
        ),
        None => "of workers".to_owned(),
    };
    Fact::new("sleeps", thousands(counts.sleeps), remark)
}

fn latency(label: &'static str, latency: &Latency, what: &str, noun: &str) -> Fact {
    let Latency { count, median, p90, max } = latency;
    let of = counted(*count, noun);
    let remark = format!("{what}, median of {of}; p90 {p90}, max {max}");
    Fact::new(label, median.to_string(), remark)
}
