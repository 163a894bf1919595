//! From a lane's records to its events: ticks become nanoseconds, numbers of texts become call sites
//! and chains, records that belong together become one event.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::idling;
use crate::model::{
    self, ChainId, Collapsed, Event, Half, Idle, Iteration, Join, Lane, Leaf, Losses, Nanos, Note,
    Operation, Outcome, Phase, PhaseId, Reduction, Site, SiteId, Span, Tally, Task, Told, Values,
};
use crate::record::clock::Scale;
use crate::record::event::{self, PANICKED, Raw};
use crate::record::{self, EventId, Figures, LaneId, Ticks};

/// The events, tallies and losses of a lane, in a recording that ended at `end`.
pub(super) fn read(
    figures: &Figures,
    scale: &Scale,
    end: Ticks,
    texts: &mut Texts,
    values: &dyn Fn(&[u64]) -> Option<Values>,
) -> Read {
    let mut reader = Reader {
        own_texts: &figures.texts,
        scale,
        last: scale.nanos(end),
        texts,
        losses: losses(figures),
        iterations: HashMap::new(),
        feeds: HashMap::new(),
        counted: Counted::default(),
        values,
        told: Told::default(),
        idle: Vec::new(),
    };
    let mut events: Vec<Event> =
        figures.events.iter().filter_map(|raw| reader.event(raw)).collect();
    let tallies = figures.tallies.iter().map(|tally| reader.tally(tally)).collect();
    let until = figures.broken.map_or(end, |broken| broken.min(end));
    let broken = figures.broken.map(|_| scale.nanos(until));
    if idling::ends_asleep(figures) {
        reader.idle.extend(idling::open_sleep(reader.idle.last(), scale.nanos(until)));
    }
    let open = reader.open(&figures.open, until, &events);
    let tasks = open.iter().filter(|event| is_counted_as_task(event)).count() as u64;
    reader.losses.unfinished = reader.losses.unfinished.saturating_sub(tasks);
    events.extend(open);
    Read { events, tallies, losses: reader.losses, broken, told: reader.told, idle: reader.idle }
}

/// Whether its thread counted that a task began: an operation outside of tasks is a part of the count
/// if its parts are.
fn is_counted_as_task(event: &Event) -> bool {
    match event {
        Event::Task(_) => true,
        Event::Operation(Operation { kind, task: None, .. }) => {
            matches!(kind, model::OperationKind::Iterator | model::OperationKind::OpaqueIterator)
        }
        _ => false,
    }
}

/// Joins that were under way wait for their second half if another thread had taken it: then its task
/// is there, too.
pub(super) fn find_stolen_halves(lanes: &mut [Lane]) {
    let stolen = |event: &Event| match event {
        Event::Task(task) if task.origin == model::Origin::Stolen => task.parent,
        _ => None,
    };
    let halves: HashSet<EventId> =
        lanes.iter().flat_map(|lane| &lane.events).filter_map(stolen).collect();
    for event in lanes.iter_mut().flat_map(|lane| &mut lane.events) {
        let Event::Join(join) = event else { continue };
        if join.outcome == Outcome::Open && halves.contains(&join.id) {
            join.second = model::SecondHalf::Stolen;
        }
    }
}

/// What a lane's records say.
#[derive(Default)]
pub(super) struct Read {
    pub(super) events: Vec<Event>,
    pub(super) tallies: Vec<Tally>,
    pub(super) losses: Losses,
    /// From when on events are missing.
    pub(super) broken: Option<Nanos>,
    /// The names of inherited phases are still missing: those stand in others' lanes.
    pub(super) told: Told,
    /// When the thread had no job, in order of time.
    pub(super) idle: Vec<Idle>,
}

/// What tasks counted, in pieces as it was written.
#[derive(Default)]
struct Counted(HashMap<u64, Vec<u64>>);

impl Counted {
    fn add(&mut self, raw: &event::Counted) {
        let event::Counted { first, second, third, fourth, fifth, sixth, .. } = *raw;
        let words = self.0.entry(raw.task).or_default();
        // A piece whose forerunner was overwritten has lost its place.
        if words.len() == usize::from(raw.small) * event::COUNTED_WORDS {
            let piece = [first, second, third, fourth, fifth, sixth];
            let missing = (raw.text as usize).saturating_sub(words.len());
            words.extend(piece.iter().take(missing));
        }
    }

    /// What a task counted; `None` if it was not read, or a piece is missing.
    fn take(&mut self, task: u64) -> Option<Vec<u64>> {
        self.0.remove(&task).filter(|words| !words.is_empty())
    }
}

/// The texts of all lanes, each once.
#[derive(Default)]
pub(super) struct Texts {
    sites: Interned,
    chains: Interned,
    names: Names,
}

/// Names that are held in common.
#[derive(Default)]
struct Names(HashSet<Arc<str>>);

impl Names {
    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let name: Arc<str> = Arc::from(text);
        self.0.insert(Arc::clone(&name));
        name
    }
}

#[derive(Default)]
struct Interned {
    list: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Interned {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.list.len() as u32;
        self.list.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

impl Texts {
    /// Call sites and chains, in the order of their numbers.
    pub(super) fn into_lists(self) -> (Vec<Site>, Vec<String>) {
        let sites = self.sites.list.into_iter().map(|location| Site { location });
        (sites.collect(), self.chains.list)
    }
}

struct Reader<'r> {
    /// The texts that the lane wrote.
    own_texts: &'r [String],
    scale: &'r Scale,
    /// The recording's end.
    last: Nanos,
    texts: &'r mut Texts,
    losses: Losses,
    /// Written before their operations, by id.
    iterations: HashMap<u64, event::Iteration>,
    /// Written before their leaves, by id.
    feeds: HashMap<u64, event::Feed>,
    /// Written before their tasks.
    counted: Counted,
    /// What the words of a reading say.
    values: &'r dyn Fn(&[u64]) -> Option<Values>,
    told: Told,
    idle: Vec<Idle>,
}

impl Reader<'_> {
    fn event(&mut self, raw: &Raw) -> Option<Event> {
        let read = match raw {
            Raw::Task(task) => self.task(task).map(Event::Task),
            Raw::Join(join) => self.join(join).map(Event::Join),
            Raw::Operation(operation) => self.operation(operation).map(Event::Operation),
            Raw::Leaf(leaf) => self.leaf(leaf).map(Event::Leaf),
            Raw::Reduction(reduction) => self.reduction(reduction).map(Event::Reduction),
            Raw::Collapsed(collapsed) => Some(Event::Collapsed(self.collapsed(collapsed))),
            Raw::Iteration(iteration) => {
                self.iterations.insert(iteration.operation, *iteration);
                return None;
            }
            Raw::Feed(feed) => {
                self.feeds.insert(feed.leaf, *feed);
                return None;
            }
            Raw::Counted(counted) => {
                self.counted.add(counted);
                return None;
            }
            Raw::Phase(phase) => {
                let phase = self.phase(phase);
                self.told.phases.push(phase);
                return None;
            }
            Raw::Note(note) => {
                let note = self.note(note);
                self.told.notes.push(note);
                return None;
            }
            Raw::Search(search) => match self.search(search) {
                Some(search) => {
                    self.idle.push(Idle::Search(search));
                    return None;
                }
                None => None,
            },
            Raw::Sleep(sleep) => {
                let sleep = self.sleep(sleep);
                self.idle.push(Idle::Sleep(sleep));
                return None;
            }
            Raw::TextPiece(_) => None,
        };
        if read.is_none() {
            self.losses.dropped += 1;
        }
        read
    }

    /// What was under way at the end, with that as its own end, but for what is among `events`.
    fn open(&mut self, open: &[Raw], end: Ticks, events: &[Event]) -> Vec<Event> {
        if open.is_empty() {
            return Vec::new();
        }
        let ended: HashSet<EventId> = events.iter().filter_map(Event::id).collect();
        let open = open.iter().filter_map(|&raw| ending_at(raw, end));
        let open: Vec<Event> = open.filter_map(|raw| self.event(&raw)).map(under_way).collect();
        let end = self.scale.nanos(end);
        // What began after the end is none of the recording's.
        let is_new = |event: &Event| event.id().is_some_and(|id| !ended.contains(&id));
        open.into_iter().filter(|event| event.span().start < end && is_new(event)).collect()
    }

    fn task(&mut self, raw: &event::Task) -> Option<Task> {
        let span = self.span(raw.start, raw.end);
        let pushed = (raw.pushed != 0).then(|| self.scale.nanos(Ticks(raw.pushed)));
        Some(Task {
            span,
            id: EventId::from_word(raw.id)?,
            origin: origin(raw.origin()?),
            parent: EventId::from_word(raw.parent),
            pushed: pushed.map(|pushed| self.clamp(pushed, Nanos::ZERO, span.start)),
            depth: (raw.flags & event::DEPTH_KNOWN != 0).then_some(u32::from(raw.small)),
            joins: raw.joins,
            spawns: raw.spawns,
            outcome: outcome(raw.flags),
            site: self.site(raw.text),
            counters: self.counted.take(raw.id).and_then(|words| (self.values)(&words)),
        })
    }

    fn join(&mut self, raw: &event::Join) -> Option<Join> {
        let span = self.span(raw.start, raw.end);
        let first_end = self.scale.nanos(Ticks(raw.first_end));
        let is_split = raw.flags & event::SPLIT != 0;
        Some(Join {
            span,
            id: EventId::from_word(raw.id)?,
            task: EventId::from_word(raw.task)?,
            operation: if is_split { Some(EventId::from_word(raw.first_joins)?) } else { None },
            first_end: self.clamp(first_end, span.start, span.end),
            depth: u32::from(raw.small),
            first_joins: if is_split { 0 } else { raw.first_joins },
            second_joins: raw.second_joins,
            second: second(raw.second()?),
            elided: elided(raw.flags),
            outcome: outcome(raw.flags),
            site: self.site(raw.text),
        })
    }

    fn operation(&mut self, raw: &event::Operation) -> Option<Operation> {
        let span = self.span(raw.start, raw.end);
        let wait = self.scale.nanos(Ticks(raw.wait));
        let iteration = self.iterations.remove(&raw.id);
        Some(Operation {
            span,
            id: EventId::from_word(raw.id)?,
            task: EventId::from_word(raw.task),
            kind: kind(raw.kind()?),
            wait: self.clamp(wait, span.start, span.end),
            outcome: outcome(raw.flags),
            site: self.site(raw.text),
            label: text(u32::try_from(raw.label).ok()?, self.own_texts).map(str::to_owned),
            chain: iteration.as_ref().and_then(|iteration| self.chain(iteration.text)),
            iteration: iteration
                .filter(|raw| raw.flags & event::OPAQUE == 0)
                .map(|raw| Box::new(iteration_of(raw))),
        })
    }

    fn leaf(&mut self, raw: &event::Leaf) -> Option<Leaf> {
        let (waited, producing) = match self.feeds.remove(&raw.id) {
            Some(feed) => (self.scale.length(feed.waited), self.scale.length(feed.producing)),
            // Overwritten, as the oldest record is in a ring: without it the leaf is half a truth.
            None if raw.flags & event::FED != 0 => return None,
            None => (Nanos::ZERO, Nanos::ZERO),
        };
        // Cut off at the recording's end, it has not done more than it lasted.
        let span = self.span(raw.start, raw.end);
        let producing = producing.min(span.duration());
        let waited = waited.min(span.duration() - producing);
        Some(Leaf {
            span,
            id: EventId::from_word(raw.id)?,
            operation: EventId::from_word(raw.operation)?,
            task: EventId::from_word(raw.task),
            depth: u32::from(raw.small),
            items: raw.items,
            waited,
            producing,
            outcome: outcome(raw.flags),
        })
    }

    fn reduction(&mut self, raw: &event::Reduction) -> Option<Reduction> {
        Some(Reduction {
            span: self.span(raw.start, raw.end),
            id: EventId::from_word(raw.id)?,
            operation: EventId::from_word(raw.operation)?,
            task: EventId::from_word(raw.task),
            depth: u32::from(raw.small),
            outcome: outcome(raw.flags),
        })
    }

    fn collapsed(&mut self, raw: &event::Collapsed) -> Collapsed {
        Collapsed {
            span: self.span(raw.start, raw.end),
            tasks: u64::from(raw.text),
            busy: self.scale.length(raw.busy),
            waited: self.scale.length(raw.waited),
            joins: raw.joins,
            spawns: raw.spawns,
            queued: self.scale.length(raw.queued),
        }
    }

    fn phase(&mut self, raw: &event::Phase) -> Phase {
        Phase {
            span: self.span(raw.start, raw.end),
            id: phase_id(raw.number),
            within: phase_id(raw.within),
            name: self.own_name(raw.text),
            inherited: raw.flags & event::INHERITED != 0,
        }
    }

    fn note(&mut self, raw: &event::Note) -> Note {
        let Span { start: at, .. } = self.span(raw.at, raw.at);
        Note { at, phase: phase_id(raw.phase), text: self.own_name(raw.text) }
    }

    fn search(&mut self, raw: &event::Search) -> Option<model::Search> {
        Some(model::Search {
            span: self.span(raw.start, raw.end),
            rounds: raw.rounds,
            yields: raw.yields,
            end: search_end(raw.how()?),
        })
    }

    fn sleep(&mut self, raw: &event::Sleep) -> model::Sleep {
        let span = self.span(raw.start, raw.end);
        let woken = (raw.woken != 0).then_some(raw.woken).zip(raw.reason());
        let wake = woken.map(|(at, reason)| model::Wake {
            at: self.clamp(self.scale.nanos(Ticks(at)), span.start, span.end),
            by: LaneId(raw.text),
            reason: wake_reason(reason),
        });
        model::Sleep { span, wake, open: false }
    }

    /// One and the same for all that have it.
    fn own_name(&mut self, number: u32) -> Option<Arc<str>> {
        text(number, self.own_texts).map(|text| self.texts.names.shared(text))
    }

    fn tally(&mut self, raw: &record::Tally) -> Tally {
        Tally {
            site: self.site(raw.site),
            chain: self.chain(raw.chain),
            label: text(raw.label, self.own_texts).map(str::to_owned),
            operations: raw.operations,
            splits: raw.splits,
            leaves: raw.leaves,
            items: raw.items,
            reductions: raw.reductions,
            steals: raw.steals,
        }
    }

    fn span(&mut self, start: u64, end: u64) -> Span {
        let start = self.clamp(self.scale.nanos(Ticks(start)), Nanos::ZERO, self.last);
        let end = self.clamp(self.scale.nanos(Ticks(end)), start, self.last);
        Span { start, end }
    }

    fn clamp(&mut self, at: Nanos, least: Nanos, most: Nanos) -> Nanos {
        let clamped = at.clamp(least, most);
        self.losses.clamped += u64::from(clamped != at);
        clamped
    }

    fn site(&mut self, number: u32) -> Option<SiteId> {
        text(number, self.own_texts).map(|site| SiteId(self.texts.sites.number(site)))
    }

    fn chain(&mut self, number: u32) -> Option<ChainId> {
        text(number, self.own_texts).map(|chain| ChainId(self.texts.chains.number(chain)))
    }
}

fn phase_id(number: u64) -> Option<PhaseId> {
    (number != 0).then_some(PhaseId(number))
}

/// Gives inherited phases the names and parents of those that they are: what a task brings from
/// another thread is a number.
pub(super) fn name_inherited(lanes: &mut [Lane]) {
    let phases = |lane: &Lane| lane.told.phases.clone();
    let known: HashMap<Option<PhaseId>, Phase> = lanes
        .iter()
        .flat_map(phases)
        .filter(|phase| !phase.inherited && phase.name.is_some())
        .map(|phase| (phase.id, phase))
        .collect();
    for phase in lanes.iter_mut().flat_map(|lane| &mut lane.told.phases) {
        if let Some(original) = known.get(&phase.id).filter(|_| phase.inherited) {
            (phase.name, phase.within) = (original.name.clone(), original.within);
        }
    }
}

/// A text by its number; numbers count from 1, and 0 is none.
fn text(number: u32, texts: &[String]) -> Option<&str> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    texts.get(index).map(String::as_str)
}

/// What is open, with an end; `None` if it was about to begin. Who did not wait by then waits from
/// the end on.
fn ending_at(raw: Raw, Ticks(end): Ticks) -> Option<Raw> {
    let began = |start: u64| start != 0;
    let or_end = |at: u64| if at == 0 { end } else { at };
    match raw {
        Raw::Task(task) => began(task.start).then_some(Raw::Task(event::Task { end, ..task })),
        Raw::Join(join) => began(join.start).then_some(Raw::Join(event::Join {
            first_end: or_end(join.first_end),
            end,
            ..join
        })),
        Raw::Operation(operation) => {
            let wait = or_end(operation.wait);
            began(operation.start).then_some(Raw::Operation(event::Operation {
                wait,
                end,
                ..operation
            }))
        }
        _ => None,
    }
}

fn under_way(event: Event) -> Event {
    let outcome = Outcome::Open;
    match event {
        Event::Task(task) => Event::Task(Task { outcome, ..task }),
        Event::Join(join) => Event::Join(Join { outcome, ..join }),
        Event::Operation(operation) => Event::Operation(Operation { outcome, ..operation }),
        other => other,
    }
}

fn outcome(flags: u8) -> Outcome {
    if flags & PANICKED == 0 { Outcome::Returned } else { Outcome::Panicked }
}

fn elided(flags: u8) -> Option<Half> {
    match (flags & event::ELIDED_FIRST != 0, flags & event::ELIDED_SECOND != 0) {
        (true, false) => Some(Half::First),
        (false, true) => Some(Half::Second),
        // Both at once is a damaged record: there is nothing to compare.
        (false, false) | (true, true) => None,
    }
}

fn iteration_of(raw: event::Iteration) -> Iteration {
    let seen = raw.flags & event::REDUCTIONS_SEEN != 0;
    Iteration {
        items: raw.items,
        leaves: raw.leaves,
        splits: raw.splits,
        reductions: seen.then_some(raw.reductions),
        steals: raw.steals,
    }
}

fn losses(figures: &Figures) -> Losses {
    Losses {
        dropped: figures.dropped + figures.unreadable,
        overwritten: figures.overwritten,
        unfinished: figures.counts.begun.saturating_sub(figures.counts.ended),
        clamped: 0,
        texts: figures.counts.lost_texts,
        switches: 0,
        off_cpu: 0,
        phases: figures.counts.phases.saturating_sub(figures.counts.kept_phases),
    }
}

fn search_end(raw: event::SearchEnd) -> model::SearchEnd {
    match raw {
        event::SearchEnd::Found => model::SearchEnd::Found,
        event::SearchEnd::Over => model::SearchEnd::Latch,
        event::SearchEnd::Asleep => model::SearchEnd::Asleep,
    }
}

/// The model's case of the same name.
macro_rules! same_case {
    ($name:ident: $Enum:ident { $($Case:ident)* }) => {
        fn $name(raw: event::$Enum) -> model::$Enum {
            match raw {
                $(event::$Enum::$Case => model::$Enum::$Case,)*
            }
        }
    };
}

same_case!(origin: Origin { Root Local Stolen Injected Broadcast Migrated });
same_case!(second: SecondHalf { Inline SameWorker Stolen Unknown });
same_case!(wake_reason: WakeReason { Latch Jobs });
same_case!(kind: OperationKind {
    Region Install Join Scope InPlaceScope Broadcast Iterator OpaqueIterator Sort
});
