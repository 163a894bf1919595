//! From the steps of strands to what they cost, tasks before those that pushed them. Without
//! recursion, as joins and tasks may lie in each other a million deep.

use super::cost::Cost;
use super::strand::{Call, Coming, Push, StrandId, Strands, What};
use crate::model::Nanos;

/// What a strand costs with all that it pushed.
#[derive(Clone, Copy)]
pub(super) struct Whole {
    /// Until its task returns.
    pub(super) cost: Cost,
    /// What it pushed and nobody waited for before it returned.
    loose: Option<Loose>,
}

/// Tasks that nobody has waited for yet, as far as they reach.
#[derive(Clone, Copy)]
struct Loose {
    span: Nanos,
    burdened: Nanos,
    /// When the last of them ended.
    until: Nanos,
}

impl Whole {
    const NOTHING: Self = Self { cost: Cost::ZERO, loose: None };

    /// All of it, what nobody waited for included.
    pub(super) fn with_loose(self) -> Cost {
        reach(Cost::ZERO, self.cost, self.loose)
    }
}

/// An outermost operation, by the strand and the frame in which it was called.
pub(super) struct Outermost {
    pub(super) strand: StrandId,
    pub(super) frame: usize,
    pub(super) cost: Cost,
}

/// What all strands cost, and what the outermost operations of threads did that are no workers.
pub(super) fn evaluate(strands: &mut Strands, burden: Nanos) -> (Vec<Whole>, Vec<Outermost>) {
    let mut wholes = vec![Whole::NOTHING; strands.all.len()];
    let mut outermost = Vec::new();
    let order = strands.pushed_first();
    let strands = &*strands;
    for id in order {
        let called = strands.all[id].caller.then_some(&mut outermost);
        let run = Run {
            strands,
            wholes: &wholes,
            burden,
            at: Cost::ZERO,
            open: Vec::new(),
            awaiting: vec![Awaiting::all(strands.all[id].end)],
        };
        wholes[id] = run.through(id, called);
    }
    (wholes, outermost)
}

/// The run through one strand.
struct Run<'s> {
    strands: &'s Strands,
    wholes: &'s [Whole],
    burden: Nanos,
    /// All work so far, and how far the code that is being run is from the strand's beginning.
    at: Cost,
    /// Joins that are open.
    open: Vec<OpenJoin>,
    /// The strand itself, and the operations that are open.
    awaiting: Vec<Awaiting>,
}

struct OpenJoin {
    inline: bool,
    half: Option<StrandId>,
    start: Cost,
    /// What the first half costs and where the work stood when it ended.
    first: Option<(Cost, Cost)>,
    merged: bool,
}

struct Awaiting {
    frame: Option<usize>,
    end: Nanos,
    awaits_spawns: bool,
    start: Cost,
    loose: Option<Loose>,
}

impl Awaiting {
    /// The strand itself takes whatever nothing in it waits for.
    fn all(end: Nanos) -> Self {
        Self { frame: None, end, awaits_spawns: true, start: Cost::ZERO, loose: None }
    }
}

impl Run<'_> {
    fn through(mut self, id: StrandId, mut outermost: Option<&mut Vec<Outermost>>) -> Whole {
        let strands = self.strands;
        let strand = &strands.all[id];
        for step in &strand.steps {
            self.at += Cost::serial(step.after);
            match step.what {
                What::Join { inline } => self.open.push(OpenJoin {
                    inline,
                    half: None,
                    start: self.at,
                    first: None,
                    merged: false,
                }),
                What::Moved(at) => self.moved(strands.moved[at as usize]),
                What::FirstEnd => self.first_end(),
                What::BothEnd => self.both_end(),
                What::Joined => {
                    self.both_end();
                    self.open.pop();
                }
                What::Operation(at) => self.call(&strands.calls[at as usize]),
                What::AllEnd => self.all_end(),
                What::Returned => {
                    let returned = self.returned();
                    if let (1, Some(all), Some((frame, cost))) =
                        (self.awaiting.len(), &mut outermost, returned)
                    {
                        all.push(Outermost { strand: id, frame, cost });
                    }
                }
                What::Push(at) => self.push(strands.pushed[at as usize]),
            }
        }
        self.at += Cost::serial(strand.tail);
        Whole { cost: self.at, loose: self.awaiting.first().and_then(|all| all.loose) }
    }

    /// Of the join that begins, a half was pushed to a task.
    fn moved(&mut self, half: StrandId) {
        for half in self.strands.halves(Some(half)) {
            if let Some(loose) = self.wholes[half].loose {
                self.add_loose(loose, self.coming(half), None);
            }
        }
        if let Some(join) = self.open.last_mut() {
            join.half = Some(half);
        }
    }

    fn call(&mut self, call: &Call) {
        let &Call { frame, end, awaits_spawns } = call;
        let (frame, start) = (Some(frame), self.at);
        self.awaiting.push(Awaiting { frame, end, awaits_spawns, start, loose: None });
    }

    /// The second half begins where the join did, as the first one had.
    fn first_end(&mut self) {
        let at = self.at;
        let Some(join) = self.open.last_mut() else { return };
        join.first = Some((at - join.start, at));
        self.at = Cost { span: join.start.span, burdened: join.start.burdened, ..at };
    }

    /// The join could return; what its own worker did since the first half was the second, or came
    /// after it.
    fn both_end(&mut self) {
        let (at, burden) = (self.at, self.burden);
        let Some(join) = self.open.last_mut() else { return };
        let Some((first, turn)) = join.first.filter(|_| !join.merged) else { return };
        join.merged = true;
        let start = join.start;
        let since = Cost {
            work: at.work - turn.work,
            span: at.span - start.span,
            burdened: at.burdened - start.burdened,
            entered: at.entered - turn.entered,
        };
        let halves = self.strands.halves(join.half);
        let moved = halves.map(|half| self.wholes[half].cost).fold(Cost::ZERO, Cost::with);
        let mut both = start;
        if join.inline {
            both += first.beside(moved.with(since), burden);
        } else {
            both += first.beside(moved, burden);
            both += since;
        }
        self.at = both;
    }

    /// The innermost operation has waited for all that it pushed.
    fn all_end(&mut self) {
        if let Some(operation) = self.awaiting.last_mut() {
            self.at = reach(operation.start, self.at, operation.loose.take());
        }
    }

    /// The innermost operation returns.
    fn returned(&mut self) -> Option<(usize, Cost)> {
        self.all_end();
        let operation = self.awaiting.pop()?;
        Some((operation.frame?, self.at - operation.start))
    }

    fn push(&mut self, push: Push) {
        let Whole { cost, loose } = self.wholes[push.task];
        let coming = self.coming(push.task);
        if self.strands.all[push.task].coming == Coming::Entered {
            self.at.entered += coming;
        }
        self.at.work += cost.work;
        self.at.entered += cost.entered;
        let until = self.strands.all[push.task].end;
        let own = Loose { span: cost.span, burdened: cost.burdened, until };
        self.add_loose(own, coming, push.operation);
        if let Some(loose) = loose {
            self.add_loose(loose, coming, None);
        }
    }

    fn coming(&self, task: StrandId) -> Nanos {
        match self.strands.all[task].coming {
            Coming::Here => Nanos::ZERO,
            Coming::Stolen | Coming::Entered => self.burden,
        }
    }

    /// Something begins here that somebody may wait for.
    fn add_loose(&mut self, loose: Loose, coming: Nanos, operation: Option<usize>) {
        let reached = Loose {
            span: self.at.span + loose.span,
            burdened: self.at.burdened + coming + loose.burdened,
            until: loose.until,
        };
        let waits = operation.and_then(|frame| self.operation(frame));
        let waits = waits.unwrap_or_else(|| self.scope(loose.until));
        let awaiting = &mut self.awaiting[waits];
        awaiting.loose = Some(awaiting.loose.map_or(reached, |other| other.and(reached)));
    }

    fn operation(&self, frame: usize) -> Option<usize> {
        let before = self.awaiting.partition_point(|awaiting| awaiting.frame < Some(frame));
        self.awaiting.get(before).filter(|found| found.frame == Some(frame)).map(|_| before)
    }

    /// The innermost scope that ended no earlier; the strand itself if there is none.
    fn scope(&self, until: Nanos) -> usize {
        // What lies within ends no later.
        let around = self.awaiting[1..].partition_point(|awaiting| awaiting.end >= until);
        self.awaiting[..=around].iter().rposition(|awaiting| awaiting.awaits_spawns).unwrap_or(0)
    }
}

impl Loose {
    fn and(self, other: Self) -> Self {
        Self {
            span: self.span.max(other.span),
            burdened: self.burdened.max(other.burdened),
            until: self.until.max(other.until),
        }
    }
}

/// Where code stands at `at` that began at `start` and has waited for `loose`. A scheduler need not
/// steal what does not pay.
fn reach(start: Cost, at: Cost, loose: Option<Loose>) -> Cost {
    let Some(loose) = loose else { return at };
    let done = at - start;
    let most = start.burdened + (at.work - start.work) + done.entered;
    Cost {
        span: at.span.max(loose.span),
        burdened: at.burdened.max(loose.burdened).min(most),
        ..at
    }
}
