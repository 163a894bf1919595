//! The sweep: at each instant, what each worker does and what is queued, and from that the
//! components. In whole numbers, so that the parts are the whole.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::iter::Peekable;
use std::vec::IntoIter;

use super::Component;
use super::piece::Piece;
use crate::model::{Nanos, Span};

/// One worker, or one task, in the whole numbers that the sweep counts in: short tasks that are
/// summed up make a worker busy in part.
pub(super) const ONE: i64 = 1 << 32;

/// Something goes up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) at: Nanos,
    pub(super) what: What,
    /// In units of [`ONE`].
    pub(super) by: i64,
}

/// All that changes beside what the workers do, in any order.
#[derive(Default)]
pub(super) struct Changes {
    /// When one more is queued. There are as many of these as tasks and joins together, so that
    /// they are kept as times alone.
    pub(super) queued: Vec<Nanos>,
    /// When one less is.
    pub(super) unqueued: Vec<Nanos>,
    /// Everything else.
    pub(super) others: Vec<Change>,
}

/// What there is so much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// Workers on a CPU in the program's own code.
    Work,
    /// In a reduction.
    Reduce,
    /// In joins and splits.
    Joins,
    /// In pushing and taking tasks.
    Jobs,
    /// In the profiler.
    Probe,
    /// What the last three claim beyond a job's time, below nothing.
    Overdrawn,
    /// What they would have claimed beyond it, had costs that were calibrated not given way.
    Lowered,
    /// Off the CPU with a job, though they could run.
    Preempted,
    /// Off the CPU with a job, of their own will.
    Blocked,
    /// Waiting in a task, with nothing else to run.
    Waiting,
    /// Without a task.
    NoTask,
    /// Of the last two, those that sleep.
    Asleep,
    /// Workers that wait for the iterator that all share.
    Producer,
    /// Workers of which it is not known what they do.
    Hidden,
    /// Workers whose thread is not there.
    Absent,
    /// Tasks pushed and not begun, and joins that could go on, whose worker runs nothing.
    Queued,
    /// Joins that could go on, whose worker runs something else.
    Pinned,
    /// Operations whose inside is invisible.
    Opaque,
    /// Threads that are no workers and work.
    Caller,
    /// Likewise, but off the CPU of their own will.
    CallerBlocked,
    /// Workers of other pools in tasks.
    Elsewhere,
}

const KINDS: usize = What::Elsewhere as usize + 1;

/// How many there are of each.
pub(super) type State = [i64; KINDS];

/// The components at an instant, in units of [`ONE`].
pub(super) struct Now {
    /// By their place in [`Component::ALL`].
    pub(super) components: [i64; COMPONENTS],
    /// Of task management, joins and splits.
    pub(super) joins: i64,
    /// Of the work, what threads do that are no workers.
    pub(super) callers: i64,
    /// What costs that were calibrated would have claimed of time that was not there.
    pub(super) lowered: i64,
}
const COMPONENTS: usize = Component::ALL.len();

/// Takes what the sweep gives, in order of time.
pub(super) trait Sink {
    /// So long, it was so.
    fn add(&mut self, span: Span, now: &Now);
}

/// What is known of sleeping workers: without it, scheduling cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sleeps {
    Known,
    Unknown,
}

/// Goes through the pieces of all workers and the changes beside them, within a window.
pub(super) fn sweep<P: Iterator<Item = Piece>>(
    workers: Vec<P>,
    changes: Changes,
    window: Span,
    sleeps: Sleeps,
    sink: &mut impl Sink,
) {
    let mut changes = Beside::new(changes);
    let mut lanes = Lanes::new(workers);
    let mut state = [0; KINDS];
    let mut since = window.start;
    while let Some(at) = lanes.next_at().into_iter().chain(changes.next_at()).min() {
        let until = at.clamp(window.start, window.end);
        if until > since {
            let span = Span { start: since, end: until };
            sink.add(span, &components(&state, sleeps));
            since = until;
        }
        changes.go_on(at, &mut state);
        lanes.go_on(at, &mut state);
    }
    if window.end > since {
        let span = Span { start: since, end: window.end };
        sink.add(span, &components(&state, sleeps));
    }
}

/// What changes beside the workers, in the order of time.
struct Beside {
    queued: Peekable<IntoIter<Nanos>>,
    unqueued: Peekable<IntoIter<Nanos>>,
    others: Peekable<IntoIter<Change>>,
}

impl Beside {
    fn new(changes: Changes) -> Self {
        let Changes { mut queued, mut unqueued, mut others } = changes;
        queued.sort_unstable();
        unqueued.sort_unstable();
        others.sort_unstable_by_key(|change| change.at);
        Self {
            queued: queued.into_iter().peekable(),
            unqueued: unqueued.into_iter().peekable(),
            others: others.into_iter().peekable(),
        }
    }

    fn next_at(&mut self) -> Option<Nanos> {
        let ends = [self.queued.peek(), self.unqueued.peek()].into_iter().flatten().copied();
        ends.chain(self.others.peek().map(|change| change.at)).min()
    }

    /// Makes what changes at that instant.
    fn go_on(&mut self, at: Nanos, state: &mut State) {
        while self.queued.next_if_eq(&at).is_some() {
            state[What::Queued as usize] += ONE;
        }
        while self.unqueued.next_if_eq(&at).is_some() {
            state[What::Queued as usize] -= ONE;
        }
        while let Some(change) = self.others.next_if(|change| change.at == at) {
            state[change.what as usize] += change.by;
        }
    }
}

/// The workers, by when each next does something else.
struct Lanes<P: Iterator<Item = Piece>> {
    pieces: Vec<P>,
    now: Vec<Option<Piece>>,
    queue: BinaryHeap<Reverse<(Nanos, usize)>>,
}

impl<P: Iterator<Item = Piece>> Lanes<P> {
    fn new(mut pieces: Vec<P>) -> Self {
        let mut queue = BinaryHeap::new();
        // The first piece of each is taken at its start, so that it is put in as one that has ended.
        let now: Vec<Option<Piece>> = pieces.iter_mut().map(Iterator::next).collect();
        for (worker, piece) in now.iter().enumerate() {
            queue.extend(piece.as_ref().map(|piece| Reverse((piece.span.start, worker))));
        }
        Self { pieces, now, queue }
    }

    fn next_at(&self) -> Option<Nanos> {
        self.queue.peek().map(|Reverse((at, _))| *at)
    }

    /// Begins and ends what begins and ends at that instant.
    fn go_on(&mut self, at: Nanos, state: &mut State) {
        while let Some(mut next) = self.queue.peek_mut() {
            let Reverse((due, worker)) = *next;
            if due != at {
                break;
            }
            match turn(at, &mut self.now[worker], &mut self.pieces[worker], state) {
                Some(end) => *next = Reverse((end, worker)),
                None => {
                    PeekMut::pop(next);
                }
            }
        }
    }
}

/// Begins a worker's piece, or ends it and begins the next; when that one ends.
fn turn(
    at: Nanos,
    now: &mut Option<Piece>,
    pieces: &mut impl Iterator<Item = Piece>,
    state: &mut State,
) -> Option<Nanos> {
    let piece = now.as_ref()?;
    if piece.span.start != at || piece.span.end <= at {
        count(state, piece, -1);
        *now = pieces.next();
    }
    let begins = now.as_ref()?;
    count(state, begins, 1);
    Some(begins.span.end)
}

fn count(state: &mut State, piece: &Piece, sign: i64) {
    for (what, share) in piece.shares.iter() {
        state[what as usize] += sign * share;
    }
}

/// The components at an instant.
pub(super) fn components(state: &State, sleeps: Sleeps) -> Now {
    let now = |what: What| state[what as usize];
    let mut parts = [0; COMPONENTS];
    let mut add = |component: Component, share: i64| parts[component as usize] += share;
    let jobs = [
        (What::Work, Component::Work),
        (What::Reduce, Component::Reduce),
        (What::Joins, Component::Runtime),
        (What::Jobs, Component::Runtime),
        (What::Preempted, Component::Preempted),
        (What::Blocked, Component::Blocked),
    ];
    let mut busy = now(What::Overdrawn);
    for (what, component) in jobs {
        add(component, now(what));
        busy += now(what);
    }
    busy += now(What::Probe);
    add(Component::Probe, now(What::Probe));
    add(Component::Producer, now(What::Producer));
    add(Component::PoolStart, now(What::Absent));
    add(Component::Unattributed, now(What::Overdrawn));

    let no_task = now(What::NoTask);
    let opaque = if now(What::Opaque) > 0 { no_task } else { 0 };
    add(Component::Opaque, opaque + now(What::Hidden));
    let there = now(What::Waiting) + no_task - opaque;
    let caller = now(What::Caller).min(ONE).min(there);
    add(Component::Work, caller);
    let blocked = now(What::CallerBlocked).min(ONE - caller).min(there - caller).max(0);
    add(Component::Blocked, blocked);

    let idle = there - caller - blocked;
    let scheduling = idle.min(now(What::Queued));
    let waking = part(scheduling, now(What::Asleep).min(there), there);
    match sleeps {
        Sleeps::Known => {
            add(Component::LateWakeUp, waking);
            add(Component::StealLatency, scheduling - waking);
        }
        Sleeps::Unknown => add(Component::Scheduling, scheduling),
    }
    let pinned = (idle - scheduling).min(now(What::Pinned));
    add(Component::Pinned, pinned);
    // While another pool works, nothing is on its way into this one.
    let elsewhere = now(What::Elsewhere);
    let running = busy + now(What::Hidden) + opaque + caller + blocked + elsewhere;
    add(nothing_to_run(running), idle - scheduling - pinned);
    Now { components: parts, joins: now(What::Joins), callers: caller, lowered: now(What::Lowered) }
}

/// Why there is nothing to run, by how many are busy. One that is busy in part, with short tasks,
/// counts as the nearer whole number.
fn nothing_to_run(busy: i64) -> Component {
    match (busy + ONE / 2) / ONE {
        0 => Component::HandOver,
        1 => Component::Serial,
        _ => Component::Starved,
    }
}

/// `whole · share / of`.
fn part(whole: i64, share: i64, of: i64) -> i64 {
    if of == 0 || share == 0 || whole == 0 {
        return 0;
    }
    (i128::from(whole) * i128::from(share) / i128::from(of)) as i64
}
