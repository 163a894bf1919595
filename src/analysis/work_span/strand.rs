//! Strands: what one task does itself, in order, and what it hands to others on the way. The threads
//! of a recording lie in pieces on lanes, a task that ran in another one's wait within that; strands
//! put them back into their places in the program.

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::model::{Event, EventId, Join, Nanos, Origin, PoolId, Role, SecondHalf, Span, Task};
use crate::timeline::{Frame, Row, Timeline};

/// An index into [`Strands::all`].
pub(super) type StrandId = usize;

/// What one task, or the code of a lane outside any task, does itself.
pub(super) struct Strand {
    /// What happens in it, in order.
    pub(super) steps: Vec<Step>,
    /// Its work after the last step.
    pub(super) tail: Nanos,
    /// When its task ended.
    pub(super) end: Nanos,
    /// What has to be borne for its coming to its worker.
    pub(super) coming: Coming,
    /// Whether it is that of a thread that is no worker.
    pub(super) caller: bool,
    /// Whether it is known where in the program it belongs.
    pub(super) placed: bool,
    /// The strand that pushed it.
    parent: Option<StrandId>,
    /// The next one that was pushed for the same join.
    next_half: Option<StrandId>,
    /// What it pushed and the walk has not come to yet, the last first.
    pub(super) pushes: Vec<Push>,
}

/// How a task came to its worker.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Coming {
    /// It was there.
    Here,
    /// By a steal, which a scheduler need not do.
    Stolen,
    /// Into the pool, which it had to.
    Entered,
}

/// A task that a strand pushed, though not as a half of a join that is seen.
#[derive(Clone, Copy)]
pub(super) struct Push {
    pub(super) at: Nanos,
    pub(super) task: StrandId,
    /// The frame of the operation that pushed it, and waits for it.
    pub(super) operation: Option<usize>,
}

/// Something that happens in a strand, after so much work since the step before. There are several
/// for each event, so that what only few of them need is kept elsewhere.
pub(super) struct Step {
    pub(super) after: Nanos,
    pub(super) what: What,
}

/// What happens in a strand.
pub(super) enum What {
    /// A join is called.
    Join { inline: bool },
    /// Tasks were pushed for it: an index into [`Strands::moved`], of the first of them.
    Moved(u32),
    /// Its first half ends; what follows is the second, or comes after it.
    FirstEnd,
    /// Its second half has ended, too, and it has not returned yet.
    BothEnd,
    /// It returns.
    Joined,
    /// An operation is called: an index into [`Strands::calls`].
    Operation(u32),
    /// All that it pushed has ended, and it has not returned yet.
    AllEnd,
    /// It returns.
    Returned,
    /// A task is pushed: an index into [`Strands::pushed`].
    Push(u32),
}

/// A call that waits.
pub(super) struct Call {
    pub(super) frame: usize,
    pub(super) end: Nanos,
    pub(super) awaits_spawns: bool,
}

/// The strands of a trace.
#[derive(Default)]
pub(super) struct Strands {
    pub(super) all: Vec<Strand>,
    /// For each row the strand of the code outside any task, then the strand of each frame.
    pub(super) rows: Vec<(StrandId, Vec<StrandId>)>,
    /// The first of the tasks that were pushed for a join.
    pub(super) halves: HashMap<EventId, StrandId>,
    /// What steps are of.
    pub(super) moved: Vec<StrandId>,
    pub(super) calls: Vec<Call>,
    pub(super) pushed: Vec<Push>,
}

/// What pushed a task.
#[derive(Clone, Copy)]
struct Pusher<'t> {
    strand: StrandId,
    frame: usize,
    event: &'t Event,
}

impl Strands {
    /// The strands of a trace, without steps. What is to be borne is so for tasks that began within a
    /// window, in a pool.
    pub(super) fn of(timeline: &Timeline, window: Span, pool: PoolId) -> Self {
        let mut strands = Self::default();
        for row in timeline.rows() {
            strands.add_row(row);
        }
        let pushers = strands.pushers(timeline);
        let outside = strands.only_outside(timeline);
        let counts = |row: &Row, task: &Task| {
            let here = matches!(row.lane().role, Role::Worker { pool: own, .. } if own == pool);
            here && window.start <= task.span.start && task.span.start <= window.end
        };
        for (row, index) in timeline.rows().iter().zip(0..) {
            for (frame, at) in row.frames().iter().zip(0..) {
                if let Event::Task(task) = &row.lane().events[frame.event()] {
                    let strand = strands.rows[index].1[at];
                    strands.place(strand, task, &pushers, outside);
                    if counts(row, task) {
                        strands.all[strand].coming = coming(task.origin);
                    }
                }
            }
        }
        for strand in &mut strands.all {
            strand.pushes.sort_by_key(|push| std::cmp::Reverse(push.at));
        }
        strands
    }

    fn add_row(&mut self, row: &Row) {
        let outer = self.add(row.presence().end, true);
        self.all[outer].caller = row.lane().role == Role::Outside;
        let mut of_frames: Vec<StrandId> = Vec::with_capacity(row.frames().len());
        for frame in row.frames() {
            let around = frame.parent().map_or(outer, |parent| of_frames[parent]);
            let strand = match &row.lane().events[frame.event()] {
                Event::Task(task) => self.add(task.span.end, false),
                Event::Collapsed(short) if !is_in_work(row, frame) => {
                    self.add(short.span.end, false)
                }
                _ => around,
            };
            of_frames.push(strand);
        }
        self.rows.push((outer, of_frames));
    }

    fn add(&mut self, end: Nanos, placed: bool) -> StrandId {
        self.all.push(Strand {
            steps: Vec::new(),
            tail: Nanos::ZERO,
            end,
            coming: Coming::Here,
            caller: false,
            placed,
            parent: None,
            next_half: None,
            pushes: Vec::new(),
        });
        self.all.len() - 1
    }

    /// Where what pushed tasks stands.
    fn pushers<'t>(&self, timeline: &Timeline<'t>) -> HashMap<EventId, Pusher<'t>> {
        let events = || timeline.trace().lanes.iter().flat_map(|lane| &lane.events);
        let parent = |event: &Event| match event {
            Event::Task(task) => task.parent,
            _ => None,
        };
        let named: HashSet<EventId> = events().filter_map(parent).collect();
        let mut pushers = HashMap::with_capacity(named.len());
        for (row, (_, of_frames)) in timeline.rows().iter().zip(&self.rows) {
            for (frame, index) in row.frames().iter().zip(0..) {
                let event = &row.lane().events[frame.event()];
                if let Some(id) = event.id().filter(|id| named.contains(id)) {
                    pushers.insert(id, Pusher { strand: of_frames[index], frame: index, event });
                }
            }
        }
        pushers
    }

    /// The strand of the only thread that is no worker; `None` if there are more, or none.
    fn only_outside(&self, timeline: &Timeline) -> Option<StrandId> {
        let rows = timeline.rows().iter().zip(&self.rows);
        let mut outside = rows.filter(|(row, _)| row.lane().role == Role::Outside);
        let (_, (strand, _)) = outside.next()?;
        outside.next().is_none().then_some(*strand)
    }

    fn place(
        &mut self,
        strand: StrandId,
        task: &Task,
        pushers: &HashMap<EventId, Pusher>,
        outside: Option<StrandId>,
    ) {
        let pusher = task.parent.and_then(|parent| pushers.get(&parent));
        match (pusher, task.parent, task.origin, task.pushed, outside) {
            (Some(pusher), ..) => self.push(strand, task, *pusher),
            // It entered unseen: it is its own beginning.
            (None, None, Origin::Root, ..) => self.all[strand].placed = true,
            // A thread outside spawned it.
            (None, None, Origin::Injected, Some(at), Some(outside)) => {
                self.attach(strand, outside);
                self.all[outside].pushes.push(Push { at, task: strand, operation: None });
            }
            _ => {}
        }
    }

    fn push(&mut self, strand: StrandId, task: &Task, pusher: Pusher) {
        self.attach(strand, pusher.strand);
        let id = match pusher.event {
            Event::Join(Join { id, .. }) => *id,
            other => {
                let span = other.span();
                let at = task.pushed.map_or(span.start, |at| at.clamp(span.start, span.end));
                let operation = matches!(other, Event::Operation(_)).then_some(pusher.frame);
                self.all[pusher.strand].pushes.push(Push { at, task: strand, operation });
                return;
            }
        };
        self.all[strand].next_half = self.halves.insert(id, strand);
    }

    fn attach(&mut self, strand: StrandId, parent: StrandId) {
        self.all[strand].parent = Some(parent);
        self.all[strand].placed = true;
    }

    /// All strands, what was pushed before what pushed it. A trace in which tasks push each other in
    /// a circle has no such order: one of them counts as pushed by nobody.
    pub(super) fn pushed_first(&mut self) -> Vec<StrandId> {
        let count = self.all.len();
        let (mut first, mut next) = (vec![None; count], vec![None; count]);
        for (id, strand) in self.all.iter().enumerate() {
            if let Some(parent) = strand.parent {
                next[id] = first[parent].replace(id);
            }
        }
        let mut order: Vec<StrandId> = Vec::with_capacity(count);
        let mut met = vec![false; count];
        let roots = (0..count).filter(|&id| self.all[id].parent.is_none());
        for start in roots.chain(0..count).collect::<Vec<_>>() {
            if met[start] {
                continue;
            }
            self.all[start].parent = None;
            met[start] = true;
            let mut reached = order.len();
            order.push(start);
            while let Some(&id) = order.get(reached) {
                let children = std::iter::successors(first[id], |&child| next[child]);
                for child in children {
                    if !std::mem::replace(&mut met[child], true) {
                        order.push(child);
                    }
                }
                reached += 1;
            }
        }
        order.reverse();
        order
    }

    /// The tasks that were pushed for the same join, from one of them on.
    pub(super) fn halves(&self, first: Option<StrandId>) -> impl Iterator<Item = StrandId> + '_ {
        std::iter::successors(first, |&half| self.all[half].next_half)
    }

    /// Whether nothing pushed it, as far as is known.
    pub(super) fn is_root(&self, strand: StrandId) -> bool {
        self.all[strand].parent.is_none()
    }
}

fn coming(origin: Origin) -> Coming {
    match origin {
        Origin::Stolen => Coming::Stolen,
        Origin::Injected => Coming::Entered,
        Origin::Root | Origin::Local | Origin::Broadcast | Origin::Migrated => Coming::Here,
    }
}

/// Whether collapsed tasks lie where their worker was busy anyway: their time cannot be told from
/// that of the task around, and is as serial.
fn is_in_work(row: &Row, frame: &Frame) -> bool {
    let start = row.lane().events[frame.event()].span().start;
    let mut around = frame.parent().map(|parent| row.frames()[parent]);
    while let Some(frame) = around {
        match &row.lane().events[frame.event()] {
            Event::Collapsed(_) => around = frame.parent().map(|parent| row.frames()[parent]),
            Event::Join(join) => {
                return join.second == SecondHalf::Inline || start < join.first_end;
            }
            Event::Operation(operation) => return start < operation.wait,
            Event::Task(_) | Event::Leaf(_) | Event::Reduction(_) => return true,
        }
    }
    false
}
