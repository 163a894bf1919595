//! What a file says, gathered into the trace that it was written from: checks that the events are
//! all there, and that the trace has what they point to.

use super::args::{EventProblem, Said};
use super::error::ReadError;
use super::head::{Head, Promise};
use super::threads::{Shows, Threads};
use crate::model::{Counter, Event, Nanos, Trace};

/// Events that a lane gets room for at first, however many the header promises.
const ROOM: u64 = 1 << 16;

/// A trace of which events are read.
#[derive(Debug)]
pub(super) struct Gathered {
    trace: Trace,
    threads: Threads,
    promised: Vec<Promise>,
    /// In the header's order.
    counters: Vec<Counter>,
    events: u64,
}

/// Where something was put.
#[derive(Clone, Copy, Debug)]
pub(super) struct Put {
    list: List,
    at: usize,
}

/// Which list, of which lane.
#[derive(Clone, Copy, Debug)]
enum List {
    Events(usize),
    OffCpu(usize),
    Idle(usize),
    Phases(usize),
    /// Of those that have no end.
    Notes,
}

impl Gathered {
    pub(super) fn new(head: Head<'static>) -> Self {
        let (promised, threads, counters) = (head.promises(), head.threads(), head.counters());
        let mut trace = head.into_trace();
        for (lane, Promise { events, off_cpu, idle, .. }) in trace.lanes.iter_mut().zip(&promised) {
            lane.events.reserve((*events).min(ROOM) as usize);
            lane.watched.off_cpu.reserve((*off_cpu).min(ROOM) as usize);
            lane.idling.stretches.reserve((*idle).min(ROOM) as usize);
        }
        Self { trace, threads, promised, counters, events: 0 }
    }

    /// The counters, in the header's order.
    pub(super) fn counters(&self) -> &[Counter] {
        &self.counters
    }

    /// How many events and stretches there are so far.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// How many there should be, of all kinds.
    pub(super) fn promised(&self) -> u64 {
        let numbers = self.promised.iter().flat_map(|promise| {
            let Promise { events, off_cpu, idle, phases, notes } = *promise;
            [events, off_cpu, idle, phases, notes]
        });
        numbers.fold(0, u64::saturating_add)
    }

    /// Adds an event or a stretch to the lane of its thread.
    pub(super) fn add(&mut self, tid: u64, said: Said) -> Result<Put, EventProblem> {
        let lanes = self.trace.lanes.len();
        let shows = self.threads.shows(tid).ok_or(EventProblem::Lane { tid, lanes })?;
        let (list, at) = match (said, shows) {
            (Said::Event(event), Shows::Events(lane)) => {
                self.check(&event)?;
                (List::Events(lane), push(&mut self.trace.lanes[lane].events, event))
            }
            (Said::OffCpu(off), Shows::OffCpu(lane)) => {
                (List::OffCpu(lane), push(&mut self.trace.lanes[lane].watched.off_cpu, off))
            }
            // On the lane itself, between and in its events.
            (Said::Idle(idle), Shows::Events(lane)) => {
                (List::Idle(lane), push(&mut self.trace.lanes[lane].idling.stretches, idle))
            }
            (Said::Phase(phase), Shows::Told(lane)) => {
                (List::Phases(lane), push(&mut self.trace.lanes[lane].told.phases, phase))
            }
            (Said::Note(note), Shows::Told(lane)) => {
                (List::Notes, push(&mut self.trace.lanes[lane].told.notes, note))
            }
            (
                Said::Event(_) | Said::OffCpu(_) | Said::Idle(_) | Said::Phase(_) | Said::Note(_),
                _,
            ) => return Err(EventProblem::Thread(tid)),
        };
        self.events += 1;
        Ok(Put { list, at })
    }

    /// What was added ended.
    pub(super) fn end(&mut self, Put { list, at }: Put, end: Nanos) {
        match list {
            List::Events(lane) => self.trace.lanes[lane].events[at].span_mut().end = end,
            List::OffCpu(lane) => self.trace.lanes[lane].watched.off_cpu[at].span.end = end,
            List::Idle(lane) => {
                self.trace.lanes[lane].idling.stretches[at].span_mut().end = end;
            }
            List::Phases(lane) => self.trace.lanes[lane].told.phases[at].span.end = end,
            List::Notes => {}
        }
    }

    /// The trace, if it is whole. Entries may have stood in any order.
    pub(super) fn finish(mut self) -> Result<Trace, ReadError> {
        check_counts(&self.trace, &self.promised)?;
        self.trace.sort_events();
        for lane in &mut self.trace.lanes {
            lane.watched.off_cpu.sort_by_key(|off| (off.span.start, off.span.end));
        }
        Ok(self.trace)
    }

    /// Checks that the trace has what an event points to.
    fn check(&self, event: &Event) -> Result<(), EventProblem> {
        let trace = &self.trace;
        if let Some(site) = event.site().filter(|site| trace.site(*site).is_none()) {
            return Err(EventProblem::Site { site: site.0, sites: trace.sites.len() });
        }
        if let Some(chain) = event.chain().filter(|chain| trace.chain(*chain).is_none()) {
            return Err(EventProblem::Chain { chain: chain.0, chains: trace.chains.len() });
        }
        Ok(())
    }
}

/// Appends, and tells where.
fn push<T>(to: &mut Vec<T>, thing: T) -> usize {
    to.push(thing);
    to.len() - 1
}

fn check_counts(trace: &Trace, promised: &[Promise]) -> Result<(), ReadError> {
    for (lane, promise) in promised.iter().copied().enumerate() {
        let Promise { events, off_cpu, idle, phases, notes } = promise;
        let held = &trace.lanes[lane];
        let compared = [
            ("events", held.events.len(), events),
            ("stretches off the CPU", held.watched.off_cpu.len(), off_cpu),
            ("stretches without a job", held.idling.stretches.len(), idle),
            ("spans of the program's own", held.told.phases.len(), phases),
            ("events of the program's own", held.told.notes.len(), notes),
        ];
        for (what, found, promised) in compared {
            let found = found as u64;
            if found != promised {
                return Err(ReadError::Count { lane, what, found, promised });
            }
        }
    }
    Ok(())
}
