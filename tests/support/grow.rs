//! The events of a generated trace. Times are relative to `origin`, a lane's are in 0..10 µs, so
//! that starts and ends often meet.

use rayprism::model::{
    Collapsed, Event, EventId, Join, LaneId, Nanos, Operation, OperationKind, Origin, Outcome,
    Role, SecondHalf, SiteId, Span, Task, Trace,
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
    lane: LaneId,
    sequence: u64,
    events: Vec<Event>,
    /// Of the lanes that are done.
    pushers: Vec<Pusher>,
}

/// Gives each lane its events.
pub(crate) fn events(trace: &mut Trace, origin: u64, choices: &mut Choices<'_>) {
    let sites = trace.sites.len() as u64;
    let mut grower = Grower {
        choices,
        origin,
        sites,
        lane: LaneId(0),
        sequence: 0,
        events: Vec::new(),
        pushers: Vec::new(),
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

    /// A stretch of a task, in which it calls joins and operations.
    fn work(&mut self, task: EventId, mut from: u64, to: u64, levels: u32) {
        if levels == 0 {
            return;
        }
        while let Some((start, end)) = self.stretch(&mut from, to) {
            let id = self.id();
            if self.choices.chance(4) {
                let wait = self.choices.between(start, end);
                self.operation(id, Some(task), start, wait, end);
                self.work(task, start, wait, levels - 1);
                self.idle(wait, end, levels - 1);
            } else {
                self.join(id, task, (start, end), levels);
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
        if self.choices.chance(6) { Outcome::Panicked } else { Outcome::Returned }
    }

    fn site(&mut self) -> Option<SiteId> {
        let sites = self.sites;
        (sites > 0 && self.choices.chance(2)).then(|| SiteId(self.choices.below(sites) as u32))
    }

    fn task(&mut self, start: u64, end: u64, levels: u32) {
        let id = self.id();
        let (origin, parent, pushed) = self.descent(start);
        let task = Task {
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

    fn join(&mut self, id: EventId, task: EventId, (start, end): (u64, u64), levels: u32) {
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
            operation: None,
            first_end: self.at(first_end),
            depth: self.choices.number() as u32,
            first_joins: self.choices.count(),
            second_joins: self.choices.count(),
            second,
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
        ]);
        let operation = Operation {
            span: self.span(start, end),
            id,
            task,
            kind,
            wait: self.at(wait),
            outcome: self.outcome(),
            site: self.site(),
            label: self.choices.maybe(Choices::text),
            iteration: None,
        };
        self.events.push(Event::Operation(operation));
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
