//! From what the threads recorded to a [`Trace`]: threads become lanes, and what each counted its
//! figures. What their records become is [`events`]'s part.

use std::collections::{BTreeMap, HashSet};

use super::events::{self, Read, Texts};
use super::idling;
use super::observer::Observed;
use crate::linux;
use crate::model::{
    self, ClockInfo, ClockSource, Counts, Detail, Header, Kernel, Lane, LaneId, Machine, Measured,
    Nanos, Pool, PoolId, RayonCosts, Role, Throttled, Trace, Watched,
};
use crate::record::clock::{Scale, Source};
use crate::record::{self, Figures, Member, Recording, Ticks};

/// CPU times of threads at one instant.
#[derive(Debug, Default)]
pub(super) struct CpuTimes(BTreeMap<LaneId, Nanos>);

impl CpuTimes {
    /// Of all threads that are registered.
    pub(super) fn of_all() -> Self {
        let time = |member: &Member| Some((member.lane, linux::cpu_of(member.thread?)?));
        Self(record::members().iter().filter_map(|member| time(member)).collect())
    }
}

/// What is known of threads' CPU times beside what they said themselves.
#[derive(Debug)]
pub(super) enum Times {
    /// They are this process's: at the recording's start and at its end.
    Read([CpuTimes; 2]),
    /// They are another's: what the kernel told of them while they ran.
    #[cfg_attr(
        not(feature = "cli"),
        expect(dead_code, reason = "programs are recorded by the command line alone")
    )]
    AsObserved,
}

/// A finished recording, and all that was gathered beside it.
pub(super) struct Stopped {
    pub(super) recording: Recording,
    pub(super) title: String,
    pub(super) source: Source,
    pub(super) costs: record::Costs,
    pub(super) rayon: Measured<RayonCosts>,
    /// At its start and at its end.
    pub(super) cpu_times: Times,
    /// `None` if the kernel was not asked.
    pub(super) observed: Option<Observed>,
    /// Whether the recorder was compiled with debug assertions.
    pub(super) debug_assertions: bool,
    /// What the control group's quota did between start and end.
    pub(super) throttled: Measured<Throttled>,
}

/// The trace of a finished recording.
pub(super) fn trace(stopped: Stopped) -> Trace {
    let Stopped { recording, title, source, costs, rayon, cpu_times, observed, throttled, .. } =
        stopped;
    let scale = scale(&recording, source);
    let texts = Texts::default();
    let mut collector = Collector { recording: &recording, scale, cpu_times, observed, texts };
    let used = used_pools(&recording);
    let mut lanes: Vec<Lane> = recording
        .threads
        .iter()
        .filter(|(member, figures)| belongs(member, figures.as_ref(), &used))
        .map(|(member, figures)| collector.lane(member, figures.as_ref()))
        .collect();
    events::name_inherited(&mut lanes);
    events::find_stolen_halves(&mut lanes);
    lanes.sort_by_key(|lane| lane_order(lane.role, lane.id));
    let pools = pools(&recording, &used, &lanes);
    let kernel = match collector.observed {
        Some(observed) => Kernel { throttled, ..observed.kernel },
        None => Kernel::unmeasured(NOT_ASKED),
    };
    let costs = (costs, rayon);
    let header = Header {
        debug_assertions: stopped.debug_assertions,
        ..header(&recording, &collector.scale, title, source, costs, kernel)
    };
    let (sites, chains) = collector.texts.into_lists();
    let mut trace = Trace { header, pools, sites, chains, lanes };
    trace.sort_events();
    trace
}

/// Why there is nothing from the kernel, if nobody asked.
const NOT_ASKED: &str = "the recording was not to ask the kernel";

/// How long it lasted.
pub(super) fn duration(recording: &Recording, source: Source) -> Nanos {
    moment(recording, source, recording.end.ticks)
}

/// A moment of it, since its start.
pub(super) fn moment(recording: &Recording, source: Source, ticks: Ticks) -> Nanos {
    scale(recording, source).nanos(ticks)
}

fn scale(recording: &Recording, source: Source) -> Scale {
    match source {
        Source::Tsc => Scale::between(recording.start, recording.end),
        Source::Os(_) => Scale::of_nanos(recording.start.ticks),
    }
}

/// Pools in which anything was recorded: the others are none of this recording's business.
fn used_pools(recording: &Recording) -> HashSet<PoolId> {
    let seats = recording.threads.iter().filter(|(_, figures)| figures.is_some());
    seats.filter_map(|(member, _)| member.seat()).map(|seat| seat.pool).collect()
}

fn belongs(member: &Member, figures: Option<&Figures>, used: &HashSet<PoolId>) -> bool {
    match member.seat() {
        Some(seat) => used.contains(&seat.pool),
        None => figures.is_some(),
    }
}

fn lane_order(role: Role, id: LaneId) -> (u32, u32, u32) {
    match role {
        Role::Outside => (0, 0, id.0),
        Role::Worker { pool, index } => (pool.0, index, id.0),
    }
}

fn pools(recording: &Recording, used: &HashSet<PoolId>, lanes: &[Lane]) -> Vec<Pool> {
    // A recording may end while a pool is being built, before its size is known.
    let seen = |id: PoolId| {
        let seats = lanes.iter().filter_map(|lane| match lane.role {
            Role::Worker { pool, index } => (pool == id).then_some(index + 1),
            Role::Outside => None,
        });
        seats.max().unwrap_or(0)
    };
    let entries = recording.pools.iter().filter(|entry| used.contains(&entry.id));
    entries
        .map(|entry| Pool {
            id: entry.id,
            threads: entry.threads.max(seen(entry.id)),
            every_call_seen: entry.every_call_seen,
            uses_current_thread: entry.uses_current_thread,
        })
        .collect()
}

fn header(
    recording: &Recording,
    scale: &Scale,
    title: String,
    source: Source,
    (costs, rayon): (record::Costs, Measured<RayonCosts>),
    kernel: Kernel,
) -> Header {
    Header {
        title,
        rayprism: env!("CARGO_PKG_VERSION").to_owned(),
        duration: scale.nanos(recording.end.ticks),
        detail: detail(recording.settings.detail),
        debug_assertions: cfg!(debug_assertions),
        clock: ClockInfo {
            source: match source {
                Source::Tsc => ClockSource::Tsc,
                Source::Os(reason) => ClockSource::Os { reason: reason.to_owned() },
            },
            ticks_per_second: scale.ticks_per_second(),
            error: scale.error(),
        },
        costs: model::Costs {
            counted_join_ps: costs.counted_join_ps,
            timed_join_ps: costs.timed_join_ps,
            task_ps: costs.task_ps,
            timed_split_ps: costs.timed_split_ps,
            timed_leaf_ps: costs.timed_leaf_ps,
            counted_leaf_ps: costs.counted_leaf_ps,
            // No reading cost anything if there was nothing to read.
            reading_ps: recording.settings.gauge.map_or(0, |gauge| picos(scale, gauge.cost)),
            elided_join_ps: costs.elided_join_ps,
        },
        rayon,
        machine: machine(),
        kernel,
        run: None,
    }
}

fn detail(recorded: record::Detail) -> Detail {
    match recorded {
        record::Detail::Off => Detail::Off,
        record::Detail::Count => Detail::Count,
        record::Detail::Auto => Detail::Auto,
        record::Detail::Full => Detail::Full,
    }
}

fn picos(scale: &Scale, ticks: u64) -> u64 {
    // A thousand times as many ticks, for the nanosecond is too coarse.
    scale.length(ticks.saturating_mul(1_000)).0
}

fn machine() -> Machine {
    let cpus = std::thread::available_parallelism();
    Machine {
        cpu: linux::cpu_name(),
        cpus: match cpus {
            Ok(cpus) => Measured::Is(cpus.get() as u32),
            Err(error) => Measured::Not(error.to_string()),
        },
        os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
    }
}

struct Collector<'r> {
    recording: &'r Recording,
    scale: Scale,
    cpu_times: Times,
    observed: Option<Observed>,
    texts: Texts,
}

impl Collector<'_> {
    fn lane(&mut self, member: &Member, figures: Option<&Figures>) -> Lane {
        // What is open when a thread ends, as in one that calls `exit`, ends with it.
        let end = self.recording.end.ticks;
        let end = member.ended().map_or(end, |ended| ended.at.min(end));
        let Read { events, tallies, mut losses, broken, told, idle } = match figures {
            Some(figures) => {
                let observed = self.observed.as_ref();
                let values = |words: &[u64]| observed.map(|observed| observed.values(words));
                events::read(figures, &self.scale, end, &mut self.texts, &values)
            }
            None => Read::default(),
        };
        let detail = detail(self.recording.settings.detail);
        let (watched, lost) = match &self.observed {
            Some(observed) => observed.of(member),
            None => (Watched::unmeasured(NOT_ASKED), Default::default()),
        };
        (losses.switches, losses.off_cpu) = (lost.switches, lost.off_cpu);
        Lane {
            id: member.lane,
            name: member.name.clone(),
            thread: match member.thread {
                Some(thread) => Measured::Is(thread),
                None => Measured::Not("threads have no number on this system".to_owned()),
            },
            role: match member.seat() {
                Some(seat) => Role::Worker { pool: seat.pool, index: seat.index },
                None => Role::Outside,
            },
            started: self.within(member.started),
            ended: self.ended(member),
            cpu: self.cpu(member, &watched),
            counts: figures.map_or_else(Counts::default, counts),
            tallies,
            losses,
            broken,
            watched,
            idling: idling::of(figures, &self.recording.pools, detail, idle),
            told,
            events,
        }
    }

    /// A time in the recording; `None` if it lies before.
    fn within(&self, at: Ticks) -> Option<Nanos> {
        (at > self.recording.start.ticks).then(|| self.scale.nanos(at))
    }

    /// A thread may also end between the recording's end and now: it outlived the recording.
    fn ended(&self, member: &Member) -> Option<Nanos> {
        let ended = member.ended().filter(|ended| ended.at <= self.recording.end.ticks);
        ended.and_then(|ended| self.within(ended.at))
    }

    fn cpu(&self, member: &Member, watched: &Watched) -> Measured<Nanos> {
        match &self.cpu_times {
            Times::Read(times) => self.cpu_read(times, member),
            Times::AsObserved => self.cpu_observed(member, watched),
        }
    }

    /// Of a thread of another process, whose clock cannot be read any more.
    fn cpu_observed(&self, member: &Member, watched: &Watched) -> Measured<Nanos> {
        let began_here = member.started > self.recording.start.ticks;
        let said = member.ended().and_then(|ended| ended.cpu).zip(member.cpu);
        match (said.filter(|_| began_here), &watched.scheduling) {
            (Some((end, before)), _) => Measured::Is(end.saturating_since(before)),
            (None, Measured::Is(scheduling)) => Measured::Is(scheduling.on_cpu),
            (None, Measured::Not(_)) => Measured::Not(
                "the thread ran until the program ended, and the kernel was not watching"
                    .to_owned(),
            ),
        }
    }

    fn cpu_read(&self, times: &[CpuTimes; 2], member: &Member) -> Measured<Nanos> {
        let end = match (times[1].0.get(&member.lane), member.ended()) {
            (Some(&after), _) => Some(after),
            (None, Some(ended)) => ended.cpu,
            // It was registered in the last moment.
            (None, None) => member.thread.and_then(linux::cpu_of),
        };
        let joined_later = member.started > self.recording.start.ticks;
        let before = match times[0].0.get(&member.lane) {
            Some(&before) => Some(before),
            // It recorded for the first time after the recording began, mostly as a thread made then.
            None if joined_later => member.cpu,
            None => None,
        };
        match end.zip(before) {
            Some((end, before)) => Measured::Is(end.saturating_since(before)),
            None => Measured::Not(linux::cpu_reason().to_owned()),
        }
    }
}

fn counts(figures: &Figures) -> Counts {
    let record::Counts {
        joins,
        timed_joins,
        timed_splits,
        timed_leaves,
        spawns,
        tasks,
        steals,
        migrated,
        injected,
        ..
    } = figures.counts;
    Counts {
        joins,
        timed_joins,
        timed_splits,
        timed_leaves,
        spawns,
        tasks,
        steals,
        migrated,
        injected,
    }
}
