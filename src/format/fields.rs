//! What is said of an event beside its times: its name, its category, and its fields. Points in
//! time are told as durations from the event's start, which is what a reader of the page wants to
//! see. How a file spells them is its format's business.
//!
//! The differences wrap, so that even times in a wrong order come back as they were.
//! [`args`](super::args) is the other direction.

use super::keys::{Key, Word};
use super::texts::Texts;
use crate::model::{
    ChainId, Collapsed, Event, EventId, Idle, Iteration, Join, Leaf, Nanos, Note, OffCpu,
    Operation, Origin, Outcome, Phase, PhaseId, Reduction, Search, SiteId, Sleep, Span, Task,
    Values, Wake,
};

/// What slices are. Viewers colour them by name, and let them be filtered by category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Category {
    Task,
    Join,
    /// A join that is a split of a parallel iterator.
    Split,
    Operation,
    Leaf,
    Reduction,
    Collapsed,
    /// Derived from others' fields.
    Wait,
    /// A stretch in which a thread was off the CPU.
    OffCpu,
    /// A stretch in which a thread was in a span of the program's own.
    Phase,
    /// An event of the program's own.
    Note,
    /// A worker looked for work.
    Search,
    /// A worker slept.
    Sleep,
}

impl Category {
    /// All of them.
    #[cfg(feature = "read")]
    pub(super) const ALL: [Self; 13] = [
        Self::Task,
        Self::Join,
        Self::Split,
        Self::Operation,
        Self::Leaf,
        Self::Reduction,
        Self::Collapsed,
        Self::Wait,
        Self::OffCpu,
        Self::Phase,
        Self::Note,
        Self::Search,
        Self::Sleep,
    ];

    pub(super) fn of(event: &Event) -> Self {
        match event {
            Event::Task(_) => Self::Task,
            Event::Join(join) if join.operation.is_some() => Self::Split,
            Event::Join(_) => Self::Join,
            Event::Operation(_) => Self::Operation,
            Event::Leaf(_) => Self::Leaf,
            Event::Reduction(_) => Self::Reduction,
            Event::Collapsed(_) => Self::Collapsed,
        }
    }

    pub(super) fn of_idle(idle: &Idle) -> Self {
        match idle {
            Idle::Search(_) => Self::Search,
            Idle::Sleep(_) => Self::Sleep,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Join => "join",
            Self::Split => "split",
            Self::Operation => "operation",
            Self::Leaf => "leaf",
            Self::Reduction => "reduction",
            Self::Collapsed => "collapsed",
            Self::Wait => "wait",
            Self::OffCpu => "off-cpu",
            Self::Phase => "phase",
            Self::Note => "note",
            Self::Search => "search",
            Self::Sleep => "sleep",
        }
    }

    /// The category of this name.
    #[cfg(feature = "read")]
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name().as_bytes() == name)
    }
}

/// What a viewer writes on a slice.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name<'a> {
    /// A word of ours, which every format can spell as it is.
    Ours(&'static str),
    /// A text of the program's.
    Theirs(&'a str),
}

/// What a viewer writes on the event.
pub(super) fn name<'a>(event: &'a Event, texts: &Texts<'a>) -> Name<'a> {
    match event {
        Event::Task(task) => Name::Ours(task_name(task.origin)),
        Event::Join(_) | Event::Leaf(_) | Event::Reduction(_) => {
            Name::Ours(Category::of(event).name())
        }
        Event::Operation(operation) => operation_name(operation, texts),
        Event::Collapsed(_) => Name::Ours("collapsed tasks"),
    }
}

fn task_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Root => "task (root)",
        Origin::Local => "task (local)",
        Origin::Stolen => "task (stolen)",
        Origin::Injected => "task (injected)",
        Origin::Broadcast => "task (broadcast)",
        Origin::Migrated => "task (migrated)",
    }
}

/// Its label, else what it is.
fn operation_name<'a>(operation: &'a Operation, texts: &Texts<'a>) -> Name<'a> {
    let label = operation.label.as_deref();
    let chain = operation.chain.and_then(|chain| texts.chain(chain));
    let own = [label, chain].into_iter().flatten().find(|text| !text.trim().is_empty());
    own.map_or(Name::Ours(operation.kind.name()), Name::Theirs)
}

/// Takes the fields of an event, one after the other, and spells them.
pub(super) trait Fields {
    fn whole(&mut self, key: Key, number: u64);
    fn id(&mut self, key: Key, id: EventId);
    fn word<W: Word>(&mut self, key: Key, word: W);
    fn text(&mut self, key: Key, text: &str);
    fn flag(&mut self, key: Key);
    fn site(&mut self, key: Key, site: SiteId);
    fn chain(&mut self, key: Key, chain: ChainId);
    /// Of each of the head's counters, in their order.
    fn counters(&mut self, key: Key, values: &[Option<u64>]);
    /// Nanoseconds by name.
    fn core_time(&mut self, key: Key, parts: &[(&'static str, i64)]);
}

/// All fields of an event but its times.
pub(super) fn event(event: &Event, fields: &mut impl Fields) {
    match event {
        Event::Task(it) => task(it, fields),
        Event::Join(it) => join(it, fields),
        Event::Operation(it) => operation(it, fields),
        Event::Leaf(it) => leaf(it, fields),
        Event::Reduction(it) => reduction(it, fields),
        Event::Collapsed(it) => collapsed(it, fields),
    }
}

/// An event's true times, for a slice that shows others.
pub(super) fn times(span: Span, fields: &mut impl Fields) {
    fields.whole(Key::StartNs, span.start.0);
    fields.whole(Key::EndNs, span.end.0);
}

/// All of a stretch off the CPU but its times. Its length stands here for the user, who would else
/// see it rounded.
pub(super) fn off_cpu(off: &OffCpu, shown: Span, fields: &mut impl Fields) {
    let OffCpu { span: _, preempted, from_cpu, to_cpu } = off;
    if *preempted {
        fields.flag(Key::Runnable);
    }
    for (key, cpu) in [(Key::FromCpu, from_cpu), (Key::ToCpu, to_cpu)] {
        if let Some(cpu) = cpu {
            fields.whole(key, u64::from(*cpu));
        }
    }
    fields.whole(Key::Ns, shown.duration().0);
}

/// All of a phase but its times.
pub(super) fn phase(phase: &Phase, fields: &mut impl Fields) {
    let Phase { span: _, id, within, name, inherited } = phase;
    for (key, id) in [(Key::Phase, id), (Key::Within, within)] {
        if let Some(PhaseId(number)) = id {
            fields.whole(key, *number);
        }
    }
    if let Some(name) = name {
        fields.text(Key::Label, name);
    }
    if *inherited {
        fields.flag(Key::Inherited);
    }
}

/// All of a note but its time.
pub(super) fn note(note: &Note, fields: &mut impl Fields) {
    let Note { at: _, phase, text } = note;
    if let Some(PhaseId(number)) = phase {
        fields.whole(Key::Phase, *number);
    }
    if let Some(text) = text {
        fields.text(Key::Label, text);
    }
}

/// All of a stretch without a job but its times.
pub(super) fn idle(idle: &Idle, fields: &mut impl Fields) {
    match idle {
        Idle::Search(it) => search(it, fields),
        Idle::Sleep(it) => sleep(it, fields),
    }
}

fn search(search: &Search, fields: &mut impl Fields) {
    let Search { span: _, rounds, yields, end } = search;
    fields.whole(Key::Rounds, *rounds);
    fields.whole(Key::Yields, *yields);
    fields.word(Key::Ended, *end);
}

fn sleep(sleep: &Sleep, fields: &mut impl Fields) {
    let Sleep { span, wake, open } = sleep;
    if let Some(Wake { at, by, reason }) = wake {
        fields.whole(Key::WokenNs, at.0.wrapping_sub(span.start.0));
        fields.whole(Key::WokenBy, u64::from(by.0));
        fields.word(Key::WokenFor, *reason);
    }
    if *open {
        fields.flag(Key::Open);
    }
}

fn task(task: &Task, fields: &mut impl Fields) {
    let Task { span, id, origin, parent, pushed, depth, joins, spawns, .. } = task;
    let Task { outcome, site, counters, .. } = task;
    fields.id(Key::Id, *id);
    fields.word(Key::Origin, *origin);
    optional(Key::Parent, *parent, fields);
    if let Some(pushed) = pushed {
        fields.whole(Key::QueueNs, span.start.0.wrapping_sub(pushed.0));
    }
    if let Some(depth) = depth {
        fields.whole(Key::Depth, u64::from(*depth));
    }
    fields.whole(Key::Joins, *joins);
    fields.whole(Key::Spawns, *spawns);
    if let Some(Values(values)) = counters {
        fields.counters(Key::Counters, values);
    }
    ending(*outcome, *site, fields);
}

fn join(join: &Join, fields: &mut impl Fields) {
    let Join { span, id, task, operation, first_end, depth, outcome, site, .. } = join;
    let Join { first_joins, second_joins, second, elided, .. } = join;
    fields.id(Key::Id, *id);
    optional(Key::Operation, *operation, fields);
    fields.id(Key::Task, *task);
    fields.whole(Key::Depth, u64::from(*depth));
    fields.whole(Key::FirstNs, first_end.0.wrapping_sub(span.start.0));
    // Those of a split are not known and 0.
    if operation.is_none() || (*first_joins, *second_joins) != (0, 0) {
        fields.whole(Key::FirstJoins, *first_joins);
        fields.whole(Key::SecondJoins, *second_joins);
    }
    fields.word(Key::Second, *second);
    if let Some(half) = elided {
        fields.word(Key::Elided, *half);
    }
    ending(*outcome, *site, fields);
}

fn operation(operation: &Operation, fields: &mut impl Fields) {
    let Operation { span, id, task, kind, wait, outcome, site, label, chain, iteration } =
        operation;
    fields.id(Key::Id, *id);
    optional(Key::Task, *task, fields);
    fields.word(Key::Kind, *kind);
    if kind.is_opaque() {
        fields.flag(Key::Opaque);
    }
    fields.whole(Key::OwnNs, wait.0.wrapping_sub(span.start.0));
    if let Some(label) = label {
        fields.text(Key::Label, label);
    }
    if let Some(chain) = chain {
        fields.chain(Key::Chain, *chain);
    }
    if let Some(of) = iteration {
        iterated(of, fields);
    }
    ending(*outcome, *site, fields);
}

fn iterated(iteration: &Iteration, fields: &mut impl Fields) {
    let Iteration { items, leaves, splits, reductions, steals } = iteration;
    fields.whole(Key::Items, *items);
    fields.whole(Key::Leaves, *leaves);
    fields.whole(Key::Splits, *splits);
    if let Some(reductions) = reductions {
        fields.whole(Key::Reductions, *reductions);
    }
    fields.whole(Key::Steals, *steals);
}

fn leaf(leaf: &Leaf, fields: &mut impl Fields) {
    let Leaf { span: _, id, operation, task, depth, items, waited, producing, outcome } = leaf;
    fields.id(Key::Id, *id);
    fields.id(Key::Operation, *operation);
    optional(Key::Task, *task, fields);
    fields.whole(Key::Depth, u64::from(*depth));
    fields.whole(Key::Items, *items);
    // Only under `par_bridge` is there anything to say.
    if (*waited, *producing) != (Nanos::ZERO, Nanos::ZERO) {
        fields.whole(Key::WaitedNs, waited.0);
        fields.whole(Key::ProducingNs, producing.0);
    }
    ending(*outcome, None, fields);
}

fn reduction(reduction: &Reduction, fields: &mut impl Fields) {
    let Reduction { span: _, id, operation, task, depth, outcome } = reduction;
    fields.id(Key::Id, *id);
    fields.id(Key::Operation, *operation);
    optional(Key::Task, *task, fields);
    fields.whole(Key::Depth, u64::from(*depth));
    ending(*outcome, None, fields);
}

fn collapsed(collapsed: &Collapsed, fields: &mut impl Fields) {
    let Collapsed { span: _, tasks, busy, waited, joins, spawns, queued } = collapsed;
    fields.whole(Key::Tasks, *tasks);
    fields.whole(Key::BusyNs, busy.0);
    fields.whole(Key::WaitedNs, waited.0);
    fields.whole(Key::Joins, *joins);
    fields.whole(Key::Spawns, *spawns);
    fields.whole(Key::QueuedNs, queued.0);
}

fn ending(outcome: Outcome, site: Option<SiteId>, fields: &mut impl Fields) {
    if let Some(site) = site {
        fields.site(Key::Site, site);
    }
    match outcome {
        Outcome::Returned => {}
        Outcome::Panicked => fields.flag(Key::Panicked),
        Outcome::Open => fields.flag(Key::Open),
    }
}

fn optional(key: Key, id: Option<EventId>, fields: &mut impl Fields) {
    if let Some(id) = id {
        fields.id(key, id);
    }
}
