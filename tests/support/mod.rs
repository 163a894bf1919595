//! Traces for tests: any valid one, grown from a list of numbers, so that proptest can shrink it by
//! shortening the list.
//!
//! Valid means: what a recorder may write. Events of a lane nest (but for collapsed tasks, which
//! may lie anywhere), tasks lie where a worker is idle or waits, joins lie in tasks.

#![allow(dead_code, reason = "each test uses its part")]

mod grow;
mod idle;
mod watch;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rayprism::model::{
    Baseline, ChainId, ClockInfo, ClockSource, Costs, Counts, Detail, Header, Lane, LaneId, Losses,
    Machine, Measured, Nanos, Note, Parameter, Parts, Phase, PhaseId, Pool, PoolId, RayonCosts,
    Role, Run, Samples, Site, SiteId, Span, Tally, Told, Trace, WorkCounts,
};

/// Any valid trace with up to a few hundred events.
pub(crate) fn any_trace() -> impl Strategy<Value = Trace> {
    prop::collection::vec(any::<u64>(), 0..1_500).prop_map(|numbers| trace(&numbers))
}

/// The same `number` traces at each call.
pub(crate) fn some_traces(number: usize) -> Vec<Trace> {
    let mut runner = TestRunner::deterministic();
    let mut next = || any_trace().new_tree(&mut runner).expect("nothing is rejected").current();
    (0..number).map(|_| next()).collect()
}

/// The trace that `numbers` stand for. Any numbers stand for one.
pub(crate) fn trace(numbers: &[u64]) -> Trace {
    let mut choices = Choices::new(numbers);
    let origin =
        *choices.of(&[0, 0, 0, 1_000_000_007, 1 << 51, (1 << 53) + 1, u64::MAX - (1 << 40)]);
    // First, as what grows takes all there is.
    let kernel = watch::kernel(&mut choices);
    let mut trace = Trace {
        header: Header { kernel, ..header(&mut choices) },
        pools: (1..=1 + choices.below(2)).map(|id| pool(id as u32, &mut choices)).collect(),
        sites: (0..choices.below(4)).map(|_| Site { location: choices.text() }).collect(),
        chains: (0..choices.below(4)).map(|_| choices.text()).collect(),
        lanes: Vec::new(),
    };
    add_lanes(&mut trace, &mut choices);
    grow::events(&mut trace, origin, &mut choices);
    trace.sort_events();
    watch::lanes(&mut trace, origin, &mut choices);
    for lane in &mut trace.lanes {
        lane.told = told(origin, &mut choices);
        lane.idling = idle::idling(origin, &mut choices);
    }
    trace.sort_events();
    trace
}

/// A list of numbers, each made to choose something; when they are used up, the first choice is
/// taken, always.
#[derive(Debug)]
pub(crate) struct Choices<'a>(std::slice::Iter<'a, u64>);

impl<'a> Choices<'a> {
    pub(crate) fn new(numbers: &'a [u64]) -> Self {
        Self(numbers.iter())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.len() == 0
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0.next().copied().unwrap_or(0)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn chance(&mut self, of: u64) -> bool {
        self.below(of) == of - 1
    }

    pub(crate) fn of<'b, T>(&mut self, things: &'b [T]) -> &'b T {
        &things[self.below(things.len() as u64) as usize]
    }

    /// A count: mostly small, now and then as large as can be.
    pub(crate) fn count(&mut self) -> u64 {
        if self.chance(8) {
            *self.of(&[i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX])
        } else {
            self.below(1_000)
        }
    }

    /// Text of all that has made trouble in JSON and in viewers.
    pub(crate) fn text(&mut self) -> String {
        const PIECES: [&str; 18] = [
            "src/lib.rs:3:9",
            "",
            "a",
            " ",
            "\"",
            "\\",
            "/",
            "\n",
            "\u{1}",
            "\0",
            "\u{7f}",
            "é",
            "\u{1f600}",
            "\u{2028}",
            "\\ud83d",
            "</script>",
            "\u{feff}",
            "Range<u64> → map → sum",
        ];
        (0..self.below(4)).map(|_| *self.of(&PIECES)).collect()
    }

    pub(crate) fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(2).then(|| make(self))
    }

    pub(crate) fn measured<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Measured<T> {
        if self.chance(3) { Measured::Not(self.text()) } else { Measured::Is(make(self)) }
    }

    pub(crate) fn nanos(&mut self) -> Nanos {
        Nanos(self.count())
    }
}

fn header(choices: &mut Choices<'_>) -> Header {
    Header {
        kernel: Default::default(),
        title: choices.text(),
        rayprism: "0.1.0".to_owned(),
        duration: choices.nanos(),
        detail: *choices.of(&[Detail::Off, Detail::Count, Detail::Auto, Detail::Full]),
        debug_assertions: choices.chance(2),
        clock: ClockInfo {
            source: match choices.maybe(Choices::text) {
                Some(reason) => ClockSource::Os { reason },
                None => ClockSource::Tsc,
            },
            ticks_per_second: choices.count(),
            error: choices.nanos(),
        },
        costs: Costs {
            counted_join_ps: choices.count(),
            timed_join_ps: choices.count(),
            task_ps: choices.count(),
            timed_split_ps: choices.count(),
            timed_leaf_ps: choices.count(),
            counted_leaf_ps: choices.count(),
            reading_ps: choices.count(),
            elided_join_ps: choices.count(),
        },
        rayon: choices.measured(|choices| RayonCosts {
            join_ps: choices.count(),
            spawn_ps: choices.count(),
            job_ps: choices.count(),
        }),
        machine: Machine {
            cpu: choices.measured(Choices::text),
            cpus: choices.measured(|choices| choices.number() as u32),
            os: choices.text(),
        },
        run: choices.maybe(run),
    }
}

fn samples(choices: &mut Choices<'_>) -> Samples {
    Samples((0..choices.below(4)).map(Nanos).collect())
}

fn baseline(choices: &mut Choices<'_>) -> Baseline {
    Baseline {
        variant: choices.text(),
        serial: choices.chance(2),
        samples: samples(choices),
        parts: choices.measured(|choices| Parts {
            work: choices.nanos(),
            runtime: choices.nanos(),
            reduce: choices.nanos(),
            blocked: choices.maybe(Choices::nanos),
            preempted: choices.maybe(Choices::nanos),
        }),
        counted: choices.measured(|choices| WorkCounts {
            time: choices.nanos(),
            instructions: choices.number(),
            cycles: choices.number(),
        }),
    }
}

fn run(choices: &mut Choices<'_>) -> Run {
    let parameter =
        |choices: &mut Choices<'_>| Parameter { name: choices.text(), value: choices.text() };
    Run {
        workload: choices.text(),
        variant: choices.text(),
        threads: choices.number() as u32,
        parameters: (0..choices.below(3)).map(|_| parameter(choices)).collect(),
        samples: samples(choices),
        recorded: choices.number() as u32,
        baseline: choices.maybe(baseline),
        one_worker: choices.maybe(baseline),
    }
}

fn pool(id: u32, choices: &mut Choices<'_>) -> Pool {
    Pool {
        id: PoolId(id),
        threads: choices.between(1, 3) as u32,
        every_call_seen: choices.chance(2),
        uses_current_thread: choices.chance(2),
    }
}

/// Up to two threads that are no workers, then all workers; numbered in another order.
fn add_lanes(trace: &mut Trace, choices: &mut Choices<'_>) {
    let mut roles = vec![Role::Outside; choices.below(3) as usize];
    for pool in &trace.pools {
        roles.extend((0..pool.threads).map(|index| Role::Worker { pool: pool.id, index }));
    }
    let last = roles.len() as u32;
    let lanes = roles.into_iter().zip(0..);
    trace.lanes = lanes.map(|(role, at)| lane(LaneId(last - at), role, choices)).collect();
    let (sites, chains) = (trace.sites.len() as u64, trace.chains.len() as u64);
    for lane in &mut trace.lanes {
        lane.tallies = (0..choices.below(3)).map(|_| tally(sites, chains, choices)).collect();
    }
}

/// What the program said of itself: spans that may cross.
fn told(origin: u64, choices: &mut Choices<'_>) -> Told {
    let id = |choices: &mut Choices<'_>| PhaseId(choices.between(1, 9));
    let phase = |choices: &mut Choices<'_>| {
        let start = origin + choices.below(1_000);
        Phase {
            span: Span { start: Nanos(start), end: Nanos(start + choices.below(1_000)) },
            id: choices.maybe(id),
            within: choices.maybe(id),
            name: choices.maybe(|choices| choices.text().into()),
            inherited: choices.chance(2),
        }
    };
    let several = |choices: &mut Choices<'_>| if choices.is_empty() { 0 } else { choices.below(4) };
    let number = several(choices);
    let phases = (0..number).map(|_| phase(choices)).collect();
    let note = |choices: &mut Choices<'_>| Note {
        at: Nanos(origin + choices.below(1_000)),
        phase: choices.maybe(id),
        text: choices.maybe(|choices| choices.text().into()),
    };
    let number = several(choices);
    let notes = (0..number).map(|_| note(choices)).collect();
    Told { phases, notes }
}

fn tally(sites: u64, chains: u64, choices: &mut Choices<'_>) -> Tally {
    let mut index = |of: u64| (of > 0 && choices.chance(2)).then(|| choices.below(of) as u32);
    Tally {
        site: index(sites).map(SiteId),
        chain: index(chains).map(ChainId),
        label: choices.maybe(Choices::text),
        operations: choices.count(),
        splits: choices.count(),
        leaves: choices.count(),
        items: choices.count(),
        reductions: choices.count(),
        steals: choices.count(),
    }
}

fn lane(id: LaneId, role: Role, choices: &mut Choices<'_>) -> Lane {
    Lane {
        watched: Default::default(),
        idling: Default::default(),
        told: Default::default(),
        id,
        name: choices.maybe(Choices::text),
        thread: choices.measured(|choices| choices.number() as u32),
        role,
        started: choices.maybe(Choices::nanos),
        ended: choices.maybe(Choices::nanos),
        cpu: choices.measured(Choices::nanos),
        counts: Counts {
            joins: choices.count(),
            timed_joins: choices.count(),
            timed_splits: choices.count(),
            timed_leaves: choices.count(),
            spawns: choices.count(),
            tasks: choices.count(),
            steals: choices.count(),
            migrated: choices.count(),
            injected: choices.count(),
        },
        tallies: Vec::new(),
        losses: Losses {
            dropped: choices.count(),
            overwritten: choices.count(),
            unfinished: choices.count(),
            clamped: choices.count(),
            texts: choices.count(),
            switches: choices.count(),
            off_cpu: choices.count(),
            phases: choices.count(),
        },
        broken: choices.maybe(Choices::nanos),
        events: Vec::new(),
    }
}
