//! What is queued, and what else changes beside what the workers do.

use std::collections::HashMap;

use super::sweep::{Change, Changes, ONE, What};
use crate::analysis::opaque::Opaque;
use crate::model::{
    Collapsed, Event, EventId, Join, Nanos, OffCpu, OperationKind, Origin, Pool, Role, SecondHalf,
    Span, Task,
};
use crate::timeline::{Row, State, Timeline};

pub(super) fn changes(timeline: &Timeline, window: Span, pool: &Pool) -> Changes {
    let mut changes = Gathered { window, changes: Changes::default() };
    for span in Opaque::of(timeline, pool.id).spans() {
        changes.during(What::Opaque, *span);
    }
    let workers = timeline.workers(pool.id);
    let ends = ends_of_stolen_halves(&workers);
    for row in &workers {
        changes.absences(row);
        changes.queue(row, &ends);
    }
    let unseen = i64::from(pool.threads) - workers.len() as i64;
    changes.share(What::Unseen, window, unseen * ONE);
    changes.callers(timeline);
    changes.changes
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

struct Gathered {
    window: Span,
    changes: Changes,
}

impl Gathered {
    fn during(&mut self, what: What, span: Span) {
        self.share(what, span, ONE);
    }

    fn share(&mut self, what: What, span: Span, by: i64) {
        let (start, end) = (span.start.max(self.window.start), span.end.min(self.window.end));
        if start >= end || by == 0 {
            return;
        }
        if (what, by) == (What::Queued, ONE) {
            self.changes.queued.push(start);
            self.changes.unqueued.push(end);
        } else {
            self.changes.others.push(Change { at: start, what, by });
            self.changes.others.push(Change { at: end, what, by: -by });
        }
    }

    /// A worker's thread may come after the window begins, and go before it ends.
    fn absences(&mut self, row: &Row) {
        let (window, presence) = (self.window, row.presence());
        self.during(What::Absent, Span { start: window.start, end: presence.start });
        self.during(What::Absent, Span { start: presence.end.max(window.start), end: window.end });
    }

    /// What a worker pushed or took, and what it could have gone on with.
    fn queue(&mut self, row: &Row, ends: &HashMap<EventId, Nanos>) {
        for event in &row.lane().events {
            match event {
                Event::Task(task) => self.task(task),
                Event::Join(join) => self.join(row, join, ends),
                Event::Collapsed(collapsed) => self.collapsed(collapsed),
                Event::Operation(_) | Event::Leaf(_) | Event::Reduction(_) => {}
            }
        }
        for span in with_counted_joins(row) {
            // Its deque holds at least one task nearly all the time.
            self.during(What::Queued, span);
        }
    }

    fn task(&mut self, task: &Task) {
        if let Some(pushed) = task.pushed.filter(|_| task.origin != Origin::Root) {
            self.during(What::Queued, Span { start: pushed, end: task.span.start.max(pushed) });
        }
    }

    /// Their waits, summed up, as a queue that is as long all the time.
    fn collapsed(&mut self, collapsed: &Collapsed) {
        let Collapsed { span, queued, .. } = collapsed;
        let length = u128::from(span.duration().0.max(1));
        let average = u128::from(queued.0) * ONE as u128 / length;
        // More than there can be workers is as good as that many.
        self.share(What::Queued, *span, average.min(ONE as u128 * 1024) as i64);
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
        let rows: Vec<&Row> = rows.collect();
        let mut operations: Vec<Span> = Vec::new();
        for row in &rows {
            operations.extend(row.lane().events.iter().filter_map(operation));
            for stretch in row.stretches().iter().filter(|stretch| stretch.state == State::Busy) {
                self.caller(&row.lane().watched.off_cpu, stretch.span);
            }
        }
        if operations.is_empty() {
            return;
        }
        // Of several threads it is not known which one works between their calls.
        let off_cpu = match rows.as_slice() {
            [only] => &only.lane().watched.off_cpu[..],
            _ => &[],
        };
        for gap in gaps(self.window, operations) {
            self.caller(off_cpu, gap);
        }
    }

    /// A thread that is no worker has something to do: it does it, or is off the CPU of its own will.
    fn caller(&mut self, off_cpu: &[OffCpu], span: Span) {
        self.during(What::Caller, span);
        let first = off_cpu.partition_point(|off| off.span.end <= span.start);
        let within = off_cpu[first..].iter().take_while(|off| off.span.start < span.end);
        for off in within.filter(|off| !off.preempted) {
            let (start, end) = (off.span.start.max(span.start), off.span.end.min(span.end));
            self.share(What::Caller, Span { start, end }, -ONE);
            self.during(What::CallerBlocked, Span { start, end });
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

/// The busy stretches whose own code calls joins that were only counted.
fn with_counted_joins(row: &Row) -> impl Iterator<Item = Span> {
    let counted = super::load::counted_joins(row);
    let stretches = row.stretches().iter();
    stretches
        .filter(move |stretch| {
            stretch.state == State::Busy && stretch.event().is_some_and(|event| counted[event] > 0)
        })
        .map(|stretch| stretch.span)
}
