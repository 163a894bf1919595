//! What workers did while they had no job: how often they looked for one and slept, and how long what
//! woke them, or what came from outside, waited for them.

use serde::Serialize;

use super::sleeps::{self, SleepSource};
use super::{Latency, detail};
use crate::model::{
    Event, Idle, IdleCounts, Measured, Nanos, Origin, Role, Sleep, Wake, WakeReason,
};
use crate::timeline::Timeline;

/// What the workers of a trace did without a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdleFigures {
    /// How often, of all threads together; exact. Threads that are no workers wake some, too.
    pub counts: Measured<IdleCounts>,
    /// Time in the searches and sleeps that were kept.
    pub kept: Measured<KeptIdle>,
    /// What woke workers.
    pub wake_ups: Measured<WakeUps>,
    /// Where it is known from when workers slept; of several sources the one that knows less.
    pub sleeps_from: Measured<SleepSource>,
    /// From push to start, of jobs that came into a pool from outside, through its injector.
    pub injected: Measured<Latency>,
}

/// Time in searches and sleeps, of all workers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KeptIdle {
    /// Searches that were kept.
    pub searches: u64,
    /// Time in them.
    pub searching: Nanos,
    /// Sleeps that were kept.
    pub sleeps: u64,
    /// Time in them.
    pub sleeping: Nanos,
}

/// What ended the sleeps that were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WakeUps {
    /// There were more jobs than workers awake.
    pub for_jobs: u64,
    /// The latch was set that the worker waited for.
    pub for_latches: u64,
    /// From being woken to running again.
    pub latency: Latency,
}

impl IdleFigures {
    /// Those of a trace.
    pub fn of(timeline: &Timeline) -> Self {
        let level = timeline.trace().header.detail;
        let counts = counts(timeline);
        let timed = match (&counts, detail::no_times(level)) {
            (Measured::Not(reason), _) => Err(reason.clone()),
            (_, Some(reason)) => Err(reason.to_owned()),
            (Measured::Is(_), None) => Ok(()),
        };
        Self {
            kept: match &timed {
                Ok(()) => Measured::Is(kept(timeline)),
                Err(reason) => Measured::Not(reason.clone()),
            },
            wake_ups: match timed {
                Ok(()) => wake_ups(timeline),
                Err(reason) => Measured::Not(reason),
            },
            sleeps_from: sleeps_from(timeline),
            injected: match detail::no_times(level) {
                Some(reason) => Measured::Not(reason.to_owned()),
                None => injected(timeline),
            },
            counts,
        }
    }
}

fn counts(timeline: &Timeline) -> Measured<IdleCounts> {
    let mut lanes = timeline.trace().lanes.iter().map(|lane| &lane.idling.counts);
    let Some(first) = lanes.next() else {
        return Measured::Not("no thread recorded anything".to_owned());
    };
    lanes.fold(first.clone(), |sum, more| match (sum, more) {
        (Measured::Is(sum), Measured::Is(more)) => Measured::Is(sum.plus(*more)),
        (Measured::Not(reason), _) => Measured::Not(reason),
        (_, Measured::Not(reason)) => Measured::Not(reason.clone()),
    })
}

fn stretches<'t>(timeline: &Timeline<'t>) -> impl Iterator<Item = &'t Idle> {
    timeline.trace().lanes.iter().flat_map(|lane| &lane.idling.stretches)
}

fn kept(timeline: &Timeline) -> KeptIdle {
    let (searching, sleeping) = (Nanos::ZERO, Nanos::ZERO);
    let none = KeptIdle { searches: 0, searching, sleeps: 0, sleeping };
    stretches(timeline).fold(none, |mut kept, idle| {
        let (number, time) = match idle {
            Idle::Search(_) => (&mut kept.searches, &mut kept.searching),
            Idle::Sleep(_) => (&mut kept.sleeps, &mut kept.sleeping),
        };
        *number += 1;
        *time += idle.span().duration();
        kept
    })
}

fn wake_ups(timeline: &Timeline) -> Measured<WakeUps> {
    let ended = stretches(timeline).filter_map(|idle| match idle {
        Idle::Sleep(Sleep { span, wake: Some(Wake { at, reason, .. }), .. }) => {
            Some((*reason, span.end - *at))
        }
        _ => None,
    });
    let ended: Vec<(WakeReason, Nanos)> = ended.collect();
    let number = |wanted| ended.iter().filter(|(reason, _)| *reason == wanted).count() as u64;
    let (for_jobs, for_latches) = (number(WakeReason::Jobs), number(WakeReason::Latch));
    match Latency::of(ended.iter().map(|(_, latency)| *latency).collect()) {
        Some(latency) => Measured::Is(WakeUps { for_jobs, for_latches, latency }),
        None => Measured::Not("no worker was woken".to_owned()),
    }
}

fn sleeps_from(timeline: &Timeline) -> Measured<SleepSource> {
    let lanes = timeline.trace().lanes.iter();
    let workers = lanes.filter(|lane| matches!(lane.role, Role::Worker { .. }));
    let mut known: Option<SleepSource> = None;
    for worker in workers {
        match sleeps::source(worker) {
            Measured::Is(source) => known = known.max(Some(source)),
            Measured::Not(reason) => return Measured::Not(reason),
        }
    }
    known.map_or_else(|| Measured::Not("no worker was recorded".to_owned()), Measured::Is)
}

fn injected(timeline: &Timeline) -> Measured<Latency> {
    let events = timeline.trace().lanes.iter().flat_map(|lane| &lane.events);
    let waits = events.filter_map(|event| match event {
        Event::Task(task) if task.origin == Origin::Injected => {
            Some(task.span.start - task.pushed?)
        }
        _ => None,
    });
    match Latency::of(waits.collect()) {
        Some(latency) => Measured::Is(latency),
        None => Measured::Not("no job came in from outside with its time of push".to_owned()),
    }
}
