//! The first entry of a file: all of a trace but its events.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{FORMAT, VERSION};
use crate::model::{
    Counts, Header, Lane, LaneId, Losses, Measured, Nanos, Pool, Role, Site, Tally, Trace, Watched,
};

/// The `args` of the first entry.
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

/// A lane without its events.
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
    #[serde(default)]
    watched: Cow<'a, Watched>,
    /// How many events the file holds for it.
    events: u64,
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

    /// How many events each lane should get.
    pub(super) fn event_counts(&self) -> Vec<u64> {
        self.lanes.iter().map(|lane| lane.events).collect()
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
        let Lane { counts, tallies, losses, watched, events, .. } = lane;
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
            watched: Cow::Borrowed(watched),
            events: events.len() as u64,
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
            watched: self.watched.into_owned(),
            events: Vec::new(),
        }
    }
}
