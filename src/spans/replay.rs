//! A recording from a file, told to `tracing` as it would have been told while it was made: the
//! same spans and events with the same fields, lane by lane. Who tells them on which thread is not
//! decided here.
//!
//! Times are not told: a subscriber reads its own clock. Neither is on which other thread a task was
//! pushed. Left out is what never was a span of rayprism's: tasks that the recording holds summed up
//! only, and what the program said of itself.

use std::fmt::Display;

use tracing::Span as TracingSpan;
use tracing::span::EnteredSpan;

use super::emit::{self, Place};
use crate::model::{self, Event, Join, Lane, Nanos, Operation, Outcome, Role, Task, Trace};
use crate::record::{self, Closed};

/// What happens next on a lane.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'t> {
    /// It begins.
    Enter(&'t Event),
    /// What began last ends.
    Leave,
}

/// All steps of all lanes, each with its lane's position, in order of time.
pub(crate) fn steps(trace: &Trace) -> Vec<(usize, Step<'_>)> {
    let mut steps: Vec<(Nanos, usize, Step<'_>)> = Vec::new();
    for (lane, of) in trace.lanes.iter().enumerate() {
        steps.extend(lane_steps(of).into_iter().map(|(at, step)| (at, lane, step)));
    }
    // Those of a lane stay in their order.
    steps.sort_by_key(|(at, lane, _)| (*at, *lane));
    steps.into_iter().map(|(_, lane, step)| (lane, step)).collect()
}

/// Those of a lane. What would outlast the span around it ends with that.
fn lane_steps(lane: &Lane) -> Vec<(Nanos, Step<'_>)> {
    let mut steps = Vec::new();
    let mut open: Vec<Nanos> = Vec::new();
    for event in lane.events.iter().filter(|event| !matches!(event, Event::Collapsed(_))) {
        let model::Span { start, end } = event.span();
        while let Some(end) = open.pop_if(|end| *end <= start) {
            steps.push((end, Step::Leave));
        }
        steps.push((start, Step::Enter(event)));
        let around = open.last().copied().unwrap_or(end);
        open.push(end.min(around).max(start));
    }
    steps.extend(open.into_iter().rev().map(|end| (end, Step::Leave)));
    steps
}

/// A lane that is told again, on the thread that asks for it.
#[derive(Debug)]
pub(crate) struct Retold<'t> {
    trace: &'t Trace,
    lane: &'t Lane,
    open: Vec<(EnteredSpan, Closed)>,
}

impl<'t> Retold<'t> {
    /// Nothing of it is told yet.
    pub(crate) fn new(trace: &'t Trace, lane: usize) -> Self {
        Self { trace, lane: &trace.lanes[lane], open: Vec::new() }
    }

    /// Tells the next step.
    pub(crate) fn tell(&mut self, step: Step<'_>) {
        match step {
            Step::Enter(event) => {
                let Some(span) = self.span(event) else { return };
                self.open.push((span.entered(), closed(event)));
                if let Event::Task(task) = event {
                    self.tell_of_steal(task);
                }
            }
            Step::Leave => {
                if let Some((span, closed)) = self.open.pop() {
                    emit::end(&span, closed);
                }
            }
        }
    }

    fn span(&self, event: &Event) -> Option<TracingSpan> {
        let site = event.site().and_then(|site| self.trace.site(site));
        let site = site.map(|site| &site.location as &dyn Display);
        let place = Place { site, ..self.place(depth(event)) };
        Some(match event {
            Event::Task(task) => emit::task(place, origin(task.origin), queue_ns(task), None),
            Event::Join(Join { operation: Some(_), .. }) => emit::split(place),
            Event::Join(_) => emit::join(place),
            Event::Operation(Operation { kind: of, label, .. }) => {
                emit::operation(place, kind(*of), label.as_deref())
            }
            Event::Leaf(_) => emit::leaf(place),
            Event::Reduction(_) => emit::reduction(place),
            Event::Collapsed(_) => return None,
        })
    }

    fn place(&self, depth: Option<u32>) -> Place<'static> {
        let (pool, worker) = match self.lane.role {
            Role::Worker { pool, index } => (Some(pool.0), Some(index)),
            Role::Outside => (None, None),
        };
        Place { pool, worker, depth, site: None }
    }

    fn tell_of_steal(&self, task: &Task) {
        if task.origin != model::Origin::Stolen {
            return;
        }
        let victim = task.parent.and_then(|parent| {
            let lane = self.trace.lanes.iter().find(|lane| lane.id == parent.lane())?;
            if let Role::Worker { index, .. } = lane.role { Some(index) } else { None }
        });
        emit::steal(self.place(None), victim, queue_ns(task), false);
    }
}

fn depth(event: &Event) -> Option<u32> {
    match event {
        Event::Task(task) => task.depth,
        Event::Join(join) => Some(join.depth),
        Event::Leaf(leaf) => Some(leaf.depth),
        Event::Reduction(reduction) => Some(reduction.depth),
        Event::Operation(_) | Event::Collapsed(_) => None,
    }
}

fn queue_ns(task: &Task) -> Option<u64> {
    task.pushed.map(|pushed| task.span.start.saturating_since(pushed).0)
}

/// What is known at the end of an event. Of one that was still open there is nothing.
fn closed(event: &Event) -> Closed {
    let (outcome, items, second_half, joins) = match event {
        Event::Task(task) => (task.outcome, None, None, Some(task.joins)),
        Event::Join(join) => (join.outcome, None, Some(second(join.second)), None),
        Event::Leaf(leaf) => (leaf.outcome, Some(leaf.items), None, None),
        Event::Operation(operation) => (operation.outcome, None, None, None),
        Event::Reduction(reduction) => (reduction.outcome, None, None, None),
        Event::Collapsed(_) => (Outcome::Returned, None, None, None),
    };
    let panicked = outcome == Outcome::Panicked;
    match outcome {
        Outcome::Open => Closed { panicked, items: None, second: None, joins: None },
        Outcome::Returned | Outcome::Panicked => {
            Closed { panicked, items, second: second_half, joins }
        }
    }
}

/// The recorder's case of the same name.
macro_rules! same_case {
    ($name:ident: $Enum:ident { $($Case:ident)* }) => {
        fn $name(of: model::$Enum) -> record::$Enum {
            match of {
                $(model::$Enum::$Case => record::$Enum::$Case,)*
            }
        }
    };
}

same_case!(origin: Origin { Root Local Stolen Injected Broadcast Migrated });
same_case!(second: SecondHalf { Inline SameWorker Stolen Unknown });
same_case!(kind: OperationKind {
    Region Install Join Scope InPlaceScope Broadcast Iterator OpaqueIterator Sort
});
