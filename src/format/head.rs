//! The head of a file: all of a trace but its events and stretches off the CPU.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::threads::Threads;
use super::{FORMAT, VERSION};
use crate::model::{
    Counter, Counts, Header, IdleCounts, Idling, Lane, LaneId, Losses, Measured, Nanos, Pool,
    Reading, Role, Scheduling, Site, Tally, Told, Trace, Watched,
};

/// What stands before the events.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head<'a> {
    format: Cow<'a, str>,
    version: u32,
    header: Cow<'a, Header>,
    pools: Cow<'a, [Pool]>,
    sites: Cow<'a, [Site]>,
    #[serde(default)]
    chains: Cow<'a, [String]>,
    /// In the trace's order, which gives each its `tid`.
    lanes: Vec<LaneHead<'a>>,
}

/// A lane without its events and stretches off the CPU.
#[derive(Debug, Serialize, Deserialize)]
struct LaneHead<'a> {
    id: LaneId,
    name: Cow<'a, Option<String>>,
    thread: Cow<'a, Measured<u32>>,
    role: Role,
    started: Option<Nanos>,
    ended: Option<Nanos>,
    cpu: Cow<'a, Measured<Nanos>>,
    counts: Counts,
    #[serde(default)]
    tallies: Cow<'a, [Tally]>,
    losses: Losses,
    /// From when on events are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    broken: Option<Nanos>,
    #[serde(default)]
    readings: Cow<'a, [Reading]>,
    #[serde(default = "unmeasured")]
    scheduling: Cow<'a, Measured<Scheduling>>,
    /// What it counted without a job.
    #[serde(default = "unseen")]
    idling: Cow<'a, Measured<IdleCounts>>,
    /// How many events the file holds for it.
    events: u64,
    /// How many stretches off the CPU.
    #[serde(default)]
    off_cpu: u64,
    /// How many stretches without a job.
    #[serde(default, skip_serializing_if = "is_zero")]
    idle: u64,
    /// How many stretches in the program's own spans.
    #[serde(default, skip_serializing_if = "is_zero")]
    phases: u64,
    /// How many of its own events.
    #[serde(default, skip_serializing_if = "is_zero")]
    notes: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What the head says that the file holds for a lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promise {
    pub(super) events: u64,
    pub(super) off_cpu: u64,
    pub(super) idle: u64,
    pub(super) phases: u64,
    pub(super) notes: u64,
}

/// What is said of lanes in files that were written before there was anything to say.
fn unmeasured<'a>() -> Cow<'a, Measured<Scheduling>> {
    Cow::Owned(Watched::default().scheduling)
}

fn unseen<'a>() -> Cow<'a, Measured<IdleCounts>> {
    Cow::Owned(Idling::default().counts)
}

impl<'a> Head<'a> {
    /// What is to be said of `trace` before its events.
    pub(super) fn of(trace: &'a Trace) -> Self {
        let Trace { header, pools, sites, chains, lanes } = trace;
        Self {
            format: Cow::Borrowed(FORMAT),
            version: VERSION,
            header: Cow::Borrowed(header),
            pools: Cow::Borrowed(pools),
            sites: Cow::Borrowed(sites),
            chains: Cow::Borrowed(chains),
            lanes: lanes.iter().map(LaneHead::of).collect(),
        }
    }

    /// How many events and stretches off the CPU each lane should get.
    pub(super) fn promises(&self) -> Vec<Promise> {
        let promise = |lane: &LaneHead<'_>| Promise {
            events: lane.events,
            off_cpu: lane.off_cpu,
            idle: lane.idle,
            phases: lane.phases,
            notes: lane.notes,
        };
        self.lanes.iter().map(promise).collect()
    }

    /// Which thread shows what.
    pub(super) fn threads(&self) -> Threads {
        Threads::new(self.lanes.iter().map(|lane| (lane.phases + lane.notes > 0, lane.off_cpu > 0)))
    }

    /// The counters, in the order in which values stand.
    pub(super) fn counters(&self) -> Vec<Counter> {
        self.header.kernel.counters.iter().map(|info| info.counter).collect()
    }

    /// The trace, its lanes still empty.
    pub(super) fn into_trace(self) -> Trace {
        Trace {
            header: self.header.into_owned(),
            pools: self.pools.into_owned(),
            sites: self.sites.into_owned(),
            chains: self.chains.into_owned(),
            lanes: self.lanes.into_iter().map(LaneHead::into_lane).collect(),
        }
    }
}

impl<'a> LaneHead<'a> {
    fn of(lane: &'a Lane) -> Self {
        let Lane { id, name, thread, role, started, ended, cpu, .. } = lane;
        let Lane { counts, tallies, losses, broken, watched, idling, told, events, .. } = lane;
        Self {
            id: *id,
            name: Cow::Borrowed(name),
            thread: Cow::Borrowed(thread),
            role: *role,
            started: *started,
            ended: *ended,
            cpu: Cow::Borrowed(cpu),
            counts: *counts,
            tallies: Cow::Borrowed(tallies),
            losses: *losses,
            broken: *broken,
            readings: Cow::Borrowed(&watched.readings),
            scheduling: Cow::Borrowed(&watched.scheduling),
            idling: Cow::Borrowed(&idling.counts),
            events: events.len() as u64,
            off_cpu: watched.off_cpu.len() as u64,
            idle: idling.stretches.len() as u64,
            phases: told.phases.len() as u64,
            notes: told.notes.len() as u64,
        }
    }

    fn into_lane(self) -> Lane {
        Lane {
            id: self.id,
            name: self.name.into_owned(),
            thread: self.thread.into_owned(),
            role: self.role,
            started: self.started,
            ended: self.ended,
            cpu: self.cpu.into_owned(),
            counts: self.counts,
            tallies: self.tallies.into_owned(),
            losses: self.losses,
            broken: self.broken,
            watched: Watched {
                readings: self.readings.into_owned(),
                scheduling: self.scheduling.into_owned(),
                off_cpu: Vec::new(),
            },
            idling: Idling { counts: self.idling.into_owned(), stretches: Vec::new() },
            told: Told::default(),
            events: Vec::new(),
        }
    }
}
