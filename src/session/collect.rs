//! From what the threads recorded to a [`Trace`]: ticks become nanoseconds, numbers of texts become
//! call sites, threads become lanes.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::linux;
use crate::model::{
    self, ClockInfo, ClockSource, Collapsed, Counts, Detail, Event, Header, Join, Lane, LaneId,
    Losses, Machine, Measured, Nanos, Operation, Outcome, Pool, PoolId, Role, Site, SiteId, Span,
    Task, Trace,
};
use crate::record::clock::{Scale, Source};
use crate::record::event::{self, PANICKED, Raw};
use crate::record::{self, EventId, Figures, Member, Recording, Ticks};

/// CPU times of threads at one instant.
#[derive(Debug)]
pub(super) struct CpuTimes(BTreeMap<LaneId, Nanos>);

impl CpuTimes {
    /// Of all threads that are registered.
    pub(super) fn of_all() -> Self {
        let time = |member: &Member| Some((member.lane, linux::cpu_of(member.thread?)?));
        Self(record::members().iter().filter_map(|member| time(member)).collect())
    }
}

/// The trace of a finished recording.
pub(super) fn trace(
    recording: &Recording,
    title: String,
    source: Source,
    costs: record::Costs,
    cpu_times: [&CpuTimes; 2],
) -> Trace {
    let scale = scale(recording, source);
    let [cpu_before, cpu_after] = cpu_times;
    let sites = Sites::default();
    let mut collector = Collector { recording, scale, cpu_before, cpu_after, sites };
    let used = used_pools(recording);
    let mut lanes: Vec<Lane> = recording
        .threads
        .iter()
        .filter(|(member, figures)| belongs(member, figures.as_ref(), &used))
        .map(|(member, figures)| collector.lane(member, figures.as_ref()))
        .collect();
    lanes.sort_by_key(|lane| lane_order(lane.role, lane.id));
    let pools = pools(recording, &used, &lanes);
    let header = header(recording, &scale, title, source, costs);
    let mut trace = Trace { header, pools, sites: collector.sites.list, chains: Vec::new(), lanes };
    trace.sort_events();
    trace
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
        })
        .collect()
}

fn header(
    recording: &Recording,
    scale: &Scale,
    title: String,
    source: Source,
    costs: record::Costs,
) -> Header {
    Header {
        title,
        rayprism: env!("CARGO_PKG_VERSION").to_owned(),
        duration: scale.nanos(recording.end.ticks),
        detail: match recording.settings.detail {
            record::Detail::Off => Detail::Off,
            record::Detail::Count => Detail::Count,
            record::Detail::Auto => Detail::Auto,
            record::Detail::Full => Detail::Full,
        },
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
            timed_split_ps: 0,
            timed_leaf_ps: 0,
            counted_leaf_ps: 0,
        },
        machine: machine(),
        run: None,
    }
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

/// Call sites of all lanes, each once.
#[derive(Default)]
struct Sites {
    list: Vec<Site>,
    ids: HashMap<String, SiteId>,
}

impl Sites {
    fn id(&mut self, location: &str) -> SiteId {
        if let Some(&id) = self.ids.get(location) {
            return id;
        }
        let id = SiteId(self.list.len() as u32);
        self.list.push(Site { location: location.to_owned() });
        self.ids.insert(location.to_owned(), id);
        id
    }
}

struct Collector<'r> {
    recording: &'r Recording,
    scale: Scale,
    cpu_before: &'r CpuTimes,
    cpu_after: &'r CpuTimes,
    sites: Sites,
}

impl Collector<'_> {
    fn lane(&mut self, member: &Member, figures: Option<&Figures>) -> Lane {
        let mut losses = figures.map_or_else(Losses::default, losses);
        let events = figures.map_or_else(Vec::new, |figures| self.events(figures, &mut losses));
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
            cpu: self.cpu(member),
            counts: figures.map_or_else(Counts::default, counts),
            tallies: Vec::new(),
            losses,
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

    fn cpu(&self, member: &Member) -> Measured<Nanos> {
        let end = match (self.cpu_after.0.get(&member.lane), member.ended()) {
            (Some(&after), _) => Some(after),
            (None, Some(ended)) => ended.cpu,
            // It was registered in the last moment.
            (None, None) => member.thread.and_then(linux::cpu_of),
        };
        let joined_later = member.started > self.recording.start.ticks;
        let before = match self.cpu_before.0.get(&member.lane) {
            Some(&before) => Some(before),
            // It became a worker after the recording began, mostly as a thread made for that.
            None if joined_later && member.seat().is_some() => member.cpu,
            None => None,
        };
        match end.zip(before) {
            Some((end, before)) => Measured::Is(end.saturating_since(before)),
            None if joined_later && end.is_some() => {
                Measured::Not("the thread was unknown when the recording began".to_owned())
            }
            None => Measured::Not(linux::cpu_reason().to_owned()),
        }
    }

    fn events(&mut self, figures: &Figures, losses: &mut Losses) -> Vec<Event> {
        let event = |raw: &Raw| self.event(raw, &figures.texts, losses);
        figures.events.iter().filter_map(event).collect()
    }

    fn event(&mut self, raw: &Raw, texts: &[String], losses: &mut Losses) -> Option<Event> {
        let read = match raw {
            Raw::Task(task) => self.task(task, texts, losses).map(Event::Task),
            Raw::Join(join) => self.join(join, texts, losses).map(Event::Join),
            Raw::Operation(operation) => {
                self.operation(operation, texts, losses).map(Event::Operation)
            }
            Raw::Collapsed(collapsed) => Some(Event::Collapsed(self.collapsed(collapsed, losses))),
            Raw::TextPiece(_) => None,
        };
        if read.is_none() {
            losses.dropped += 1;
        }
        read
    }

    fn task(&mut self, raw: &event::Task, texts: &[String], losses: &mut Losses) -> Option<Task> {
        let span = self.span(raw.start, raw.end, losses);
        let pushed = (raw.pushed != 0).then(|| self.scale.nanos(Ticks(raw.pushed)));
        Some(Task {
            span,
            id: EventId::from_word(raw.id)?,
            origin: origin(raw.origin()?),
            parent: EventId::from_word(raw.parent),
            pushed: pushed.map(|pushed| clamp(pushed, Nanos::ZERO, span.start, losses)),
            depth: (raw.flags & event::DEPTH_KNOWN != 0).then_some(u32::from(raw.small)),
            joins: raw.joins,
            spawns: raw.spawns,
            outcome: outcome(raw.flags),
            site: self.site(raw.text, texts),
        })
    }

    fn join(&mut self, raw: &event::Join, texts: &[String], losses: &mut Losses) -> Option<Join> {
        let span = self.span(raw.start, raw.end, losses);
        let first_end = self.scale.nanos(Ticks(raw.first_end));
        Some(Join {
            span,
            id: EventId::from_word(raw.id)?,
            task: EventId::from_word(raw.task)?,
            operation: None,
            first_end: clamp(first_end, span.start, span.end, losses),
            depth: u32::from(raw.small),
            first_joins: raw.first_joins,
            second_joins: raw.second_joins,
            second: second(raw.second()?),
            outcome: outcome(raw.flags),
            site: self.site(raw.text, texts),
        })
    }

    fn operation(
        &mut self,
        raw: &event::Operation,
        texts: &[String],
        losses: &mut Losses,
    ) -> Option<Operation> {
        let span = self.span(raw.start, raw.end, losses);
        let wait = self.scale.nanos(Ticks(raw.wait));
        Some(Operation {
            span,
            id: EventId::from_word(raw.id)?,
            task: EventId::from_word(raw.task),
            kind: kind(raw.kind()?),
            wait: clamp(wait, span.start, span.end, losses),
            outcome: outcome(raw.flags),
            site: self.site(raw.text, texts),
            label: text(u32::try_from(raw.label).ok()?, texts).map(str::to_owned),
            iteration: None,
        })
    }

    fn collapsed(&self, raw: &event::Collapsed, losses: &mut Losses) -> Collapsed {
        Collapsed {
            span: self.span(raw.start, raw.end, losses),
            tasks: u64::from(raw.text),
            busy: self.scale.length(raw.busy),
            waited: self.scale.length(raw.waited),
            joins: raw.joins,
            spawns: raw.spawns,
            queued: self.scale.length(raw.queued),
        }
    }

    fn span(&self, start: u64, end: u64, losses: &mut Losses) -> Span {
        let last = self.scale.nanos(self.recording.end.ticks);
        let start = clamp(self.scale.nanos(Ticks(start)), Nanos::ZERO, last, losses);
        let end = clamp(self.scale.nanos(Ticks(end)), start, last, losses);
        Span { start, end }
    }

    fn site(&mut self, number: u32, texts: &[String]) -> Option<SiteId> {
        text(number, texts).map(|location| self.sites.id(location))
    }
}

/// A text by its number; numbers count from 1, and 0 is none.
fn text(number: u32, texts: &[String]) -> Option<&str> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    texts.get(index).map(String::as_str)
}

fn clamp(at: Nanos, least: Nanos, most: Nanos, losses: &mut Losses) -> Nanos {
    let clamped = at.clamp(least, most);
    losses.clamped += u64::from(clamped != at);
    clamped
}

fn outcome(flags: u8) -> Outcome {
    if flags & PANICKED == 0 { Outcome::Returned } else { Outcome::Panicked }
}

fn origin(raw: event::Origin) -> model::Origin {
    match raw {
        event::Origin::Root => model::Origin::Root,
        event::Origin::Local => model::Origin::Local,
        event::Origin::Stolen => model::Origin::Stolen,
        event::Origin::Injected => model::Origin::Injected,
        event::Origin::Broadcast => model::Origin::Broadcast,
        event::Origin::Migrated => model::Origin::Migrated,
    }
}

fn second(raw: event::SecondHalf) -> model::SecondHalf {
    match raw {
        event::SecondHalf::Inline => model::SecondHalf::Inline,
        event::SecondHalf::SameWorker => model::SecondHalf::SameWorker,
        event::SecondHalf::Stolen => model::SecondHalf::Stolen,
        event::SecondHalf::Unknown => model::SecondHalf::Unknown,
    }
}

fn kind(raw: event::OperationKind) -> model::OperationKind {
    match raw {
        event::OperationKind::Region => model::OperationKind::Region,
        event::OperationKind::Install => model::OperationKind::Install,
        event::OperationKind::Join => model::OperationKind::Join,
        event::OperationKind::Scope => model::OperationKind::Scope,
        event::OperationKind::InPlaceScope => model::OperationKind::InPlaceScope,
        event::OperationKind::Broadcast => model::OperationKind::Broadcast,
    }
}

fn counts(figures: &Figures) -> Counts {
    let record::Counts { joins, timed_joins, spawns, tasks, steals, migrated, injected, .. } =
        figures.counts;
    Counts {
        joins,
        timed_joins,
        timed_splits: 0,
        timed_leaves: 0,
        spawns,
        tasks,
        steals,
        migrated,
        injected,
    }
}

fn losses(figures: &Figures) -> Losses {
    Losses {
        dropped: figures.dropped + figures.unreadable,
        overwritten: figures.overwritten,
        unfinished: figures.counts.begun.saturating_sub(figures.counts.ended),
        clamped: 0,
        texts: 0,
    }
}
