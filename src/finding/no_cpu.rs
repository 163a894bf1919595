//! Workers that could have run and had no CPU: with a task, or between two rounds of a search for work
//! that was there.

use super::fact::{Evidence, Loss, Unit};
use super::picture::{View, index_of};
use super::same_cpu::WithoutCpu;
use crate::analysis::{Component, CoreTime, on_off};
use crate::model::{Lane, Nanos, Span};

/// What was lost for want of a CPU.
pub(super) struct NoCpu {
    /// All of it: tasks could run, or queued ones could be found.
    pub(super) loss: Loss,
    /// Work was queued, and who looked for it had yielded its CPU to others. The model counts that as
    /// steal latency, as it does not ask who has the CPUs.
    looking: CoreTime,
    /// Who had the CPUs.
    without: WithoutCpu,
}

impl NoCpu {
    /// If it is worth a finding.
    pub(super) fn of(view: &View) -> Option<Self> {
        let looking = looking(view);
        let loss = view.loss(view.whole.time(Component::Preempted) + looking)?;
        Some(Self { loss, looking, without: WithoutCpu::of(view) })
    }

    /// Whether mostly other threads of the program itself had the CPUs.
    pub(super) fn is_of_its_own_doing(&self) -> bool {
        self.without.is_mostly_shared()
    }

    /// The worker that could run and had no CPU for longest, the time in which who looked for work had
    /// none, and how much of all that was other threads' of the program.
    pub(super) fn evidence(&self, view: &View) -> Vec<Evidence> {
        let times = [
            ("looked for work that was queued, and had no CPU", self.looking.0 as f64),
            ("other threads of the program ran on their CPUs", self.without.shared.0 as f64),
        ];
        let times = times.into_iter().filter(|(_, time)| *time > 0.0);
        let times = times.map(|(what, time)| Evidence::new(what, Unit::Nanos.of(time)));
        most_preempted(view).into_iter().chain(times).collect()
    }
}

/// At most all of the time in which workers had yielded, and at most all that was lost meanwhile.
fn looking(view: &View) -> CoreTime {
    let yields: Vec<Span> = view.rows().into_iter().flat_map(on_off::yields).collect();
    let yielded: Nanos = yields.iter().map(|span| span.duration()).sum();
    let all = view.whole.time(Component::StealLatency).min(yielded.into());
    // Only where it can make a finding: to look closer takes as long as the decomposition does.
    match view.loss(all) {
        Some(_) => all.min(view.within(yields, &[Component::StealLatency])),
        None => CoreTime::ZERO,
    }
}

/// Workers of all pools, and CPUs that the process may run on.
pub(super) fn workers_and_cpus(view: &View) -> Option<(u32, u32)> {
    let trace = view.picture.trace();
    let cpus = *trace.header.machine.cpus.value()?;
    Some((trace.pools.iter().map(|pool| pool.threads).sum(), cpus))
}

/// The worker that could run and had no CPU for longest.
fn most_preempted(view: &View) -> Option<Evidence> {
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
