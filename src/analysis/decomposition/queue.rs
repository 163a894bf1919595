//! What is queued, and what else changes beside what the workers do.

use foldhash::HashMap;

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
    // Each registers as it starts: those that are not there were still to.
    let missing = i64::from(pool.threads) - workers.len() as i64;
    let what = if pool.every_call_seen { What::Absent } else { What::Hidden };
    changes.share(what, window, missing * ONE);
    changes.elsewhere(timeline, pool);
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

    /// What workers of other pools do meanwhile.
    fn elsewhere(&mut self, timeline: &Timeline, pool: &Pool) {
        for row in timeline.rows() {
            if !matches!(row.lane().role, Role::Worker { pool: other, .. } if other != pool.id) {
                continue;
            }
            for stretch in row.stretches().iter().filter(|stretch| stretch.state == State::Busy) {
                self.during(What::Elsewhere, stretch.span);
            }
        }
    }

    /// What a worker pushed or took, and what it could have gone on with.
    fn queue(&mut self, row: &Row, ends: &HashMap<EventId, Nanos>) {
        let mut ready = Vec::new();
        for event in &row.lane().events {
            match event {
                Event::Task(task) => self.task(task),
                Event::Join(join) => ready.extend(self.join(join, ends)),
                Event::Collapsed(collapsed) => self.collapsed(collapsed),
                Event::Operation(_) | Event::Leaf(_) | Event::Reduction(_) => {}
            }
        }
        self.continuations(row, ready);
        for span in with_counted_joins(row) {
            // Its deque holds at least one task nearly all the time. It is empty while the worker
            // looks for others', which is no busy stretch.
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

    /// Puts in when the second half could be had; when the join could go on, if it was stolen.
    fn join(&mut self, join: &Join, ends: &HashMap<EventId, Nanos>) -> Option<Span> {
        match join.second {
            // In the deque until its own worker takes it up.
            SecondHalf::Inline => {
                self.during(What::Queued, Span { start: join.span.start, end: join.first_end });
                None
            }
            SecondHalf::Stolen => {
                let start = join.first_end.max(*ends.get(&join.id)?);
                (start < join.span.end).then_some(Span { start, end: join.span.end })
            }
            SecondHalf::SameWorker | SecondHalf::Unknown => None,
        }
    }

    /// Joins of a worker that could go on: it has not noticed yet, or is busy with another task.
    /// Waits lie within each other, so that many may be ready at once; each stretch is gone through
    /// once.
    fn continuations(&mut self, row: &Row, ready: Vec<Span>) {
        let mut turns: Vec<(Nanos, i64)> =
            ready.iter().flat_map(|span| [(span.start, ONE), (span.end, -ONE)]).collect();
        turns.sort_unstable();
        let (mut turns, mut count) = (turns.into_iter().peekable(), 0);
        for stretch in row.stretches() {
            // In a wait that is in no event it is another task around that wait which keeps them.
            let kept = stretch.state == State::Busy || stretch.unrecorded;
            let what = if kept { What::Pinned } else { What::Queued };
            let mut at = stretch.span.start;
            while let Some((turn, by)) = turns.next_if(|(turn, _)| *turn < stretch.span.end) {
                let turn = turn.max(at);
                self.share(what, Span { start: at, end: turn }, count);
                (at, count) = (turn, count + by);
            }
            self.share(what, Span { start: at, end: stretch.span.end }, count);
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
        let off_cpu = all_off(&rows);
        for gap in gaps(self.window, operations) {
            self.caller(&off_cpu, gap);
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

/// When all of some threads were off the CPU of their own will, or not there.
fn all_off(rows: &[&Row]) -> Vec<OffCpu> {
    let mut rows = rows.iter().map(|row| off(row));
    let Some(first) = rows.next() else { return Vec::new() };
    let all = rows.fold(first, |some, more| common(&some, &more));
    let off = |span| OffCpu { span, preempted: false, from_cpu: None, to_cpu: None };
    all.into_iter().map(off).collect()
}

fn off(row: &Row) -> Vec<Span> {
    let presence = row.presence();
    let before = Span { start: Nanos::ZERO, end: presence.start };
    let after = Span { start: presence.end, end: Nanos(u64::MAX) };
    let off = row.lane().watched.off_cpu.iter().filter(|off| !off.preempted).map(|off| off.span);
    std::iter::once(before).chain(off).chain([after]).filter(|span| span.start < span.end).collect()
}

/// What two lists of spans, each in order, have in common.
fn common(one: &[Span], other: &[Span]) -> Vec<Span> {
    let (mut common, mut at) = (Vec::new(), 0);
    for span in one {
        at += other[at..].iter().take_while(|other| other.end <= span.start).count();
        let meeting = other[at..].iter().take_while(|other| other.start < span.end);
        common.extend(meeting.map(|other| Span {
            start: span.start.max(other.start),
            end: span.end.min(other.end),
        }));
    }
    common
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
