//! The events of a generated trace. Times are relative to `origin`, a lane's are in 0..10 µs, so
//! that starts and ends often meet.

use rayprism::model::{
    ChainId, Collapsed, Event, EventId, Half, Iteration, Join, LaneId, Leaf, Nanos, Operation,
    OperationKind, Origin, Outcome, Reduction, Role, SecondHalf, SiteId, Span, Task, Trace,
};

use super::Choices;

const LANE_LENGTH: u64 = 10_000;

/// Something that may have pushed a task.
struct Pusher {
    id: EventId,
    start: u64,
    end: u64,
}

struct Grower<'c, 'n> {
    choices: &'c mut Choices<'n>,
    origin: u64,
    sites: u64,
    chains: u64,
    lane: LaneId,
    sequence: u64,
    events: Vec<Event>,
    /// Of the lanes that are done.
    pushers: Vec<Pusher>,
    /// Parallel iterators on any lane.
    iterators: Vec<EventId>,
}

/// Gives each lane its events.
pub(crate) fn events(trace: &mut Trace, origin: u64, choices: &mut Choices<'_>) {
    let (sites, chains) = (trace.sites.len() as u64, trace.chains.len() as u64);
    let mut grower = Grower {
        choices,
        origin,
        sites,
        chains,
        lane: LaneId(0),
        sequence: 0,
        events: Vec::new(),
        pushers: Vec::new(),
        iterators: Vec::new(),
    };
    for lane in &mut trace.lanes {
        grower.lane = lane.id;
        grower.sequence = 0;
        match lane.role {
            Role::Outside => grower.outside(0, LANE_LENGTH),
            Role::Worker { .. } => grower.idle(0, LANE_LENGTH, 4),
        }
        lane.events = std::mem::take(&mut grower.events);
        grower.remember(&lane.events);
    }
}

impl Grower<'_, '_> {
    fn remember(&mut self, events: &[Event]) {
        for event in events {
            if let Some(id) = event.id() {
                let Span { start, end } = event.span();
                let (start, end) = (start.0 - self.origin, end.0 - self.origin);
                self.pushers.push(Pusher { id, start, end });
            }
        }
    }

    /// Calls by a thread that is no worker, one after the other.
    fn outside(&mut self, mut from: u64, to: u64) {
        while let Some((start, end)) = self.stretch(&mut from, to) {
            let id = self.id();
            let wait = self.choices.between(start, end);
            self.operation(id, None, start, wait, end);
            self.parts_outside(start, end);
        }
    }

    /// What a thread that is no worker runs of a parallel iterator itself: one leaf, or reductions.
    fn parts_outside(&mut self, mut from: u64, to: u64) {
        while let Some((start, end)) = self.stretch(&mut from, to) {
            if self.choices.chance(2) {
                self.leaf(None, start, end);
            } else {
                self.reduction(None, start, end);
            }
        }
    }

    /// A stretch in which a worker takes tasks, or keeps sums of short ones.
    fn idle(&mut self, mut from: u64, to: u64, levels: u32) {
        while let Some((start, end)) = self.stretch(&mut from, to) {
            if self.choices.chance(4) {
                // Sums may reach over other events.
                let end = self.choices.between(end, end + 3_000);
                self.collapsed(start, end);
            } else {
                self.task(start, end, levels);
            }
        }
    }

    /// A stretch of a task, in which it calls joins and operations and runs parts of parallel
    /// iterators.
    fn work(&mut self, task: EventId, mut from: u64, to: u64, levels: u32) {
        if levels == 0 {
            return;
        }
        while let Some((start, end)) = self.stretch(&mut from, to) {
            match self.choices.below(8) {
                0 | 1 => {
                    let id = self.id();
                    let wait = self.choices.between(start, end);
                    self.operation(id, Some(task), start, wait, end);
                    self.work(task, start, wait, levels - 1);
                    self.idle(wait, end, levels - 1);
                }
                2 => {
                    self.leaf(Some(task), start, end);
                    self.work(task, start, end, levels - 1);
                }
                3 => self.reduction(Some(task), start, end),
                _ => self.join(task, (start, end), levels),
            }
        }
    }

    /// The next piece of `from..to`, if there is to be one more.
    fn stretch(&mut self, from: &mut u64, to: u64) -> Option<(u64, u64)> {
        if self.choices.is_empty() || *from >= to || self.choices.below(8) == 0 {
            return None;
        }
        let gap = *self.choices.of(&[0, 0, 1, 100]);
        let start = (*from + gap).min(to);
        let room = to - start;
        let length = match self.choices.below(8) {
            0 => room,
            1 => 0,
            2 => self.choices.between(0, room),
            _ => self.choices.between(room / 8, room / 4),
        };
        *from = start + length;
        Some((start, start + length))
    }

    fn id(&mut self) -> EventId {
        self.sequence += 1;
        let sequence =
            if self.choices.chance(20) { (1 << 40) - self.sequence } else { self.sequence };
        EventId::new(self.lane, sequence).expect("lanes are few")
    }

    fn at(&self, time: u64) -> Nanos {
        Nanos(self.origin + time)
    }

    fn span(&self, start: u64, end: u64) -> Span {
        Span { start: self.at(start), end: self.at(end) }
    }

    fn outcome(&mut self) -> Outcome {
        match self.choices.below(12) {
            0 | 1 => Outcome::Panicked,
            2 => Outcome::Open,
            _ => Outcome::Returned,
        }
    }

    fn site(&mut self) -> Option<SiteId> {
        let sites = self.sites;
        (sites > 0 && self.choices.chance(2)).then(|| SiteId(self.choices.below(sites) as u32))
    }

    fn task(&mut self, start: u64, end: u64, levels: u32) {
        let id = self.id();
        let (origin, parent, pushed) = self.descent(start);
        let task = Task {
            counters: None,
            span: self.span(start, end),
            id,
            origin,
            parent,
            pushed: pushed.map(|pushed| self.at(pushed)),
            depth: self.choices.maybe(|choices| choices.number() as u32),
            joins: self.choices.count(),
            spawns: self.choices.count(),
            outcome: self.outcome(),
            site: self.site(),
        };
        self.events.push(Event::Task(task));
        self.work(id, start, end, levels);
    }

    /// How a task that starts at `start` came about. Most are stolen from a lane that has one.
    fn descent(&mut self, start: u64) -> (Origin, Option<EventId>, Option<u64>) {
        let begun = self.pushers.iter().filter(|pusher| pusher.start <= start);
        let begun: Vec<_> = begun.map(|pusher| (pusher.id, pusher.start, pusher.end)).collect();
        if !begun.is_empty() && !self.choices.chance(4) {
            let (id, first, last) = *self.choices.of(&begun);
            let pushed = self.choices.between(first, last.min(start));
            let origin = *self.choices.of(&[Origin::Stolen, Origin::Injected]);
            return (origin, Some(id), Some(pushed));
        }
        let origin = *self.choices.of(&[
            Origin::Root,
            Origin::Local,
            Origin::Stolen,
            Origin::Broadcast,
            Origin::Migrated,
        ]);
        let lost = EventId::new(LaneId(9_999), 1);
        let parent = self.choices.maybe(|_| lost).flatten();
        (origin, parent, self.choices.maybe(|choices| choices.below(start + 1)))
    }

    fn join(&mut self, task: EventId, (start, end): (u64, u64), levels: u32) {
        let id = self.id();
        let operation = self.choices.maybe(|_| ()).map(|()| self.iterator());
        // What a split does not know may still stand there in a trace that contradicts itself.
        let known = operation.is_none() || self.choices.chance(16);
        let mut joins = || if known { self.choices.count() } else { 0 };
        let (first_joins, second_joins) = (joins(), joins());
        let first_end = self.choices.between(start, end);
        let second = *self.choices.of(&[
            SecondHalf::Inline,
            SecondHalf::Stolen,
            SecondHalf::SameWorker,
            SecondHalf::Unknown,
        ]);
        let join = Join {
            span: self.span(start, end),
            id,
            task,
            operation,
            first_end: self.at(first_end),
            depth: self.choices.number() as u32,
            first_joins,
            second_joins,
            second,
            elided: *self.choices.of(&[None, None, Some(Half::First), Some(Half::Second)]),
            outcome: self.outcome(),
            site: self.site(),
        };
        self.events.push(Event::Join(join));
        self.work(task, start, first_end, levels - 1);
        match second {
            SecondHalf::Inline => self.work(task, first_end, end, levels - 1),
            _ => self.idle(first_end, end, levels - 1),
        }
    }

    fn operation(&mut self, id: EventId, task: Option<EventId>, start: u64, wait: u64, end: u64) {
        let kind = *self.choices.of(&[
            OperationKind::Region,
            OperationKind::Install,
            OperationKind::Join,
            OperationKind::Scope,
            OperationKind::InPlaceScope,
            OperationKind::Broadcast,
            OperationKind::Sort,
            OperationKind::OpaqueIterator,
            OperationKind::Iterator,
            OperationKind::Iterator,
        ]);
        if kind == OperationKind::Iterator {
            self.iterators.push(id);
        }
        let iterates = kind == OperationKind::Iterator && !self.choices.chance(4);
        let operation = Operation {
            span: self.span(start, end),
            id,
            task,
            kind,
            wait: self.at(wait),
            outcome: self.outcome(),
            site: self.site(),
            label: self.choices.maybe(Choices::text),
            chain: if iterates { self.chain() } else { None },
            iteration: iterates.then(|| Box::new(self.iteration())),
        };
        self.events.push(Event::Operation(operation));
    }

    fn chain(&mut self) -> Option<ChainId> {
        let chains = self.chains;
        let named = chains > 0 && !self.choices.chance(4);
        named.then(|| ChainId(self.choices.below(chains) as u32))
    }

    fn iteration(&mut self) -> Iteration {
        Iteration {
            items: self.choices.count(),
            leaves: self.choices.count(),
            splits: self.choices.count(),
            reductions: self.choices.maybe(Choices::count),
            steals: self.choices.count(),
        }
    }

    /// One that a part may be of; it may also be lost.
    fn iterator(&mut self) -> EventId {
        match self.iterators.as_slice() {
            [] => EventId::new(LaneId(9_998), 1).expect("small enough"),
            iterators => *self.choices.of(iterators),
        }
    }

    fn leaf(&mut self, task: Option<EventId>, start: u64, end: u64) {
        let bridged = self.choices.chance(3);
        let mut length = || if bridged { self.choices.nanos() } else { Nanos::ZERO };
        let (waited, producing) = (length(), length());
        let leaf = Leaf {
            span: self.span(start, end),
            id: self.id(),
            operation: self.iterator(),
            task,
            depth: self.choices.number() as u32,
            items: self.choices.count(),
            waited,
            producing,
            outcome: self.outcome(),
        };
        self.events.push(Event::Leaf(leaf));
    }

    fn reduction(&mut self, task: Option<EventId>, start: u64, end: u64) {
        let reduction = Reduction {
            span: self.span(start, end),
            id: self.id(),
            operation: self.iterator(),
            task,
            depth: self.choices.number() as u32,
            outcome: self.outcome(),
        };
        self.events.push(Event::Reduction(reduction));
    }

    fn collapsed(&mut self, start: u64, end: u64) {
        let collapsed = Collapsed {
            span: self.span(start, end),
            tasks: self.choices.count(),
            busy: self.choices.nanos(),
            waited: self.choices.nanos(),
            joins: self.choices.count(),
            spawns: self.choices.count(),
            queued: self.choices.nanos(),
        };
        self.events.push(Event::Collapsed(collapsed));
    }
}
