//! What changes when: the sweep's input, from a timeline.

use std::collections::HashMap;

use super::super::opaque::Opaque;
use super::sweep::{Change, ONE, What};
use crate::model::{
    Event, EventId, Join, Lane, Nanos, OperationKind, Origin, PoolId, Role, SecondHalf, Span, Task,
};
use crate::timeline::{Row, State, Stretch, Timeline};

pub(super) fn of(timeline: &Timeline, window: Span, pool: PoolId, opaque: &Opaque) -> Vec<Change> {
    let mut changes = Changes { window, list: Vec::new() };
    changes.during(What::Window, window);
    for span in opaque.spans() {
        changes.during(What::Opaque, *span);
    }
    let workers = timeline.workers(pool);
    let ends = ends_of_stolen_halves(&workers);
    for row in &workers {
        changes.worker(row);
        changes.queue(row, &ends);
    }
    changes.callers(timeline);
    changes.list
}

/// When halves of joins ended that another worker ran than the one that waits for them.
fn ends_of_stolen_halves(workers: &[&Row]) -> HashMap<EventId, Nanos> {
    let events = workers.iter().flat_map(|row| &row.lane().events);
    let end = |event: &Event| match event {
        Event::Task(Task { origin: Origin::Stolen, parent: Some(parent), span, .. }) => {
            Some((*parent, span.end))
        }
        _ => None,
    };
    events.filter_map(end).collect()
}

struct Changes {
    window: Span,
    list: Vec<Change>,
}

impl Changes {
    fn during(&mut self, what: What, span: Span) {
        self.share(what, span, ONE);
    }

    fn share(&mut self, what: What, span: Span, by: i64) {
        let (start, end) = (span.start.max(self.window.start), span.end.min(self.window.end));
        if start < end && by != 0 {
            self.list.push(Change { at: start, what, by });
            self.list.push(Change { at: end, what, by: -by });
        }
    }

    /// What a worker does, and when it sleeps.
    fn worker(&mut self, row: &Row) {
        let mut stretches = row.stretches().iter().peekable();
        for stretch in row.stretches() {
            self.stretch(row.lane(), *stretch);
        }
        for off in row.lane().watched.off_cpu.iter().filter(|off| !off.preempted) {
            while stretches.next_if(|stretch| stretch.span.end <= off.span.start).is_some() {}
            let around = stretches.peek().filter(|stretch| stretch.span.start <= off.span.start);
            if around.is_none_or(|stretch| stretch.state != State::Busy) {
                self.during(What::Asleep, off.span);
            }
        }
    }

    fn stretch(&mut self, lane: &Lane, stretch: Stretch) {
        let length = stretch.span.duration().0;
        // A stretch is never empty.
        let busy = (u128::from(stretch.busy.0) * ONE as u128 / u128::from(length)) as i64;
        self.share(What::Busy, stretch.span, busy);
        let rest = match stretch.state {
            State::NoTask => What::NoTask,
            State::Busy if is_leaf(lane, stretch) => What::Producer,
            State::Busy | State::Waiting => What::Waiting,
        };
        self.share(rest, stretch.span, ONE - busy);
    }

    /// What a worker pushed or took, and what it could have gone on with.
    fn queue(&mut self, row: &Row, ends: &HashMap<EventId, Nanos>) {
        for event in &row.lane().events {
            match event {
                Event::Task(task) => self.task(task),
                Event::Join(join) => self.join(row, join, ends),
                _ => {}
            }
        }
        for &index in &with_counted_joins(row) {
            // Its deque holds at least one task nearly all the time.
            self.during(What::Queued, row.stretches()[index].span);
        }
    }

    fn task(&mut self, task: &Task) {
        if let Some(pushed) = task.pushed.filter(|_| task.origin != Origin::Root) {
            self.during(What::Queued, Span { start: pushed, end: task.span.start.max(pushed) });
        }
    }

    fn join(&mut self, row: &Row, join: &Join, ends: &HashMap<EventId, Nanos>) {
        match join.second {
            // In the deque until its own worker takes it up.
            SecondHalf::Inline => {
                self.during(What::Queued, Span { start: join.span.start, end: join.first_end });
            }
            SecondHalf::Stolen => {
                let Some(&end) = ends.get(&join.id) else { return };
                let ready = Span { start: end.max(join.first_end), end: join.span.end };
                if ready.start < ready.end {
                    self.continuation(row, ready);
                }
            }
            SecondHalf::SameWorker | SecondHalf::Unknown => {}
        }
    }

    /// A join that could go on: its worker has not noticed yet, or is busy with another task.
    fn continuation(&mut self, row: &Row, ready: Span) {
        let stretches = row.stretches();
        let first = stretches.partition_point(|stretch| stretch.span.end <= ready.start);
        let during = stretches[first..].iter().take_while(|stretch| stretch.span.start < ready.end);
        for part in during.filter_map(|stretch| stretch.within(ready)) {
            let what = if part.state == State::Busy { What::Pinned } else { What::Queued };
            self.during(what, part.span);
        }
    }

    /// Threads that are no workers: they work where they are in a call and do not wait in it, and
    /// where none of their operations runs.
    fn callers(&mut self, timeline: &Timeline) {
        let rows = timeline.rows().iter().filter(|row| row.lane().role == Role::Outside);
        let mut operations: Vec<Span> = Vec::new();
        for row in rows {
            operations.extend(row.lane().events.iter().filter_map(operation));
            for stretch in row.stretches().iter().filter(|stretch| stretch.state == State::Busy) {
                self.during(What::Caller, stretch.span);
            }
        }
        if !operations.is_empty() {
            for gap in gaps(self.window, operations) {
                self.during(What::Caller, gap);
            }
        }
    }
}

/// A region is the program's, no call into rayon.
fn operation(event: &Event) -> Option<Span> {
    match event {
        Event::Operation(operation) if operation.kind != OperationKind::Region => {
            Some(operation.span)
        }
        _ => None,
    }
}

/// Where no span is, within a window.
fn gaps(window: Span, mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.start);
    let (mut gaps, mut at) = (Vec::new(), window.start);
    for span in spans {
        if span.start > at {
            gaps.push(Span { start: at, end: span.start });
        }
        at = at.max(span.end);
    }
    gaps.push(Span { start: at, end: window.end.max(at) });
    gaps
}

fn is_leaf(lane: &Lane, stretch: Stretch) -> bool {
    let event = stretch.event.and_then(|event| lane.events.get(event));
    matches!(event, Some(Event::Leaf(_)))
}

/// The busy stretches, by index, whose own code calls joins that were only counted.
fn with_counted_joins(row: &Row) -> Vec<usize> {
    let events = &row.lane().events;
    // What each task and join says of the joins in it, but for those that were timed.
    let mut counted: Vec<u64> = events.iter().map(joins_in).collect();
    for frame in row.frames() {
        let Event::Join(join) = &events[frame.event] else { continue };
        let timed = 1 + join.first_joins + join.second_joins;
        if let Some(around) = around(row, frame.parent) {
            counted[around] = counted[around].saturating_sub(timed);
        }
    }
    let stretches = row.stretches().iter().enumerate();
    let calls = |stretch: &Stretch| {
        stretch.state == State::Busy && stretch.event.is_some_and(|event| counted[event] > 0)
    };
    stretches.filter(|(_, stretch)| calls(stretch)).map(|(index, _)| index).collect()
}

/// The innermost task or join around a frame, as an index into the events.
fn around(row: &Row, mut frame: Option<usize>) -> Option<usize> {
    let events = &row.lane().events;
    while let Some(index) = frame {
        let inner = row.frames()[index];
        match &events[inner.event] {
            Event::Task(_) => return Some(inner.event),
            Event::Join(join) if join.operation.is_none() => return Some(inner.event),
            _ => frame = inner.parent,
        }
    }
    None
}

/// Splits do not say what joins are called in them: they are in the numbers of what is around them.
fn joins_in(event: &Event) -> u64 {
    match event {
        Event::Task(task) => task.joins,
        Event::Join(join) => join.first_joins + join.second_joins,
        _ => 0,
    }
}
