//! The decomposition by phase: by the program's own spans.
//!
//! Time with a job belongs to the phase that the worker was in, the innermost if it was in several.
//! Where a worker was in none, or had no job, it belongs to the phase that the pool was called from:
//! that of the threads outside, if they are in one and the same. So what a phase kept waiting is its
//! own loss, and all rows together are the pool's core-time.

use std::collections::{BTreeMap, BTreeSet};

use super::Window;
use super::decomposition::{
    Component, CoreTime, Decomposition, Work, doings_over_time, is_of_doings,
};
use crate::model::{Lane, Measured, Nanos, Phase, Pool, Role, Span};
use crate::timeline::{Row, Timeline};

/// A phase as a row.
#[derive(Clone, Debug)]
pub(super) struct OfPhase {
    /// Stretches that were entered, without those that tasks brought; `None` of what is in none.
    pub(super) calls: Option<u64>,
    /// Their lengths in sum.
    pub(super) time: Nanos,
    /// The components that there are.
    pub(super) parts: BTreeMap<Component, CoreTime>,
}

impl OfPhase {
    const NONE: Self = Self { calls: None, time: Nanos::ZERO, parts: BTreeMap::new() };
}

/// A stretch, and the phase in it.
type Stretch<'t> = (Span, Option<&'t str>);

/// What is shown of a phase whose name found no room.
const UNNAMED: &str = "(unnamed)";

/// The phases of a pool by name; `None` is what lies in no phase.
pub(super) fn phases<'t>(
    timeline: &Timeline<'t>,
    window: Window,
    pool: &Pool,
) -> Measured<BTreeMap<Option<String>, OfPhase>> {
    let around = around(timeline, window.span);
    let waited =
        Decomposition::of_each(timeline, window, pool, around.iter().map(|(span, _)| *span));
    let callers = timeline.rows().iter().filter(|row| row.lane().role == Role::Outside).count();
    let keys = |row: &Row<'t>| stretches(row.lane(), &around, window.span, callers > 1);
    let done = doings_over_time(timeline, window, pool, keys);
    let (waited, done) = match (waited, done) {
        (Measured::Is(waited), Measured::Is(done)) => (waited, done),
        (Measured::Not(reason), _) | (_, Measured::Not(reason)) => return Measured::Not(reason),
    };
    let mut rows = entered(timeline, window.span);
    let mut add = |name: Option<&str>, component, time| {
        let row = rows.entry(name.map(str::to_owned)).or_insert(OfPhase::NONE);
        *row.parts.entry(component).or_default() += time;
    };
    for (name, doings) in &done {
        let work = Work::parts(&doings.work).into_iter();
        let work = work.filter(|(component, _)| is_of_doings(*component));
        work.for_each(|(component, time)| add(*name, component, time));
    }
    for ((_, name), of_stretch) in around.iter().zip(&waited) {
        // Threads outside work for the phase that they are in.
        add(*name, Component::Work, of_stretch.callers);
        // What is unattributed is the remainder, so that the rows add up.
        let idle = of_stretch.parts.iter().filter(|part| !is_of_doings(part.component));
        idle.for_each(|part| add(*name, part.component, part.time));
    }
    Measured::Is(rows)
}

/// How often each phase was entered within the window, and for how long.
fn entered(timeline: &Timeline, window: Span) -> BTreeMap<Option<String>, OfPhase> {
    let mut rows: BTreeMap<Option<String>, OfPhase> = BTreeMap::new();
    let phases = timeline.rows().iter().flat_map(|row| &row.lane().told.phases);
    for phase in phases.filter(|phase| phase.id.is_some() && !phase.inherited) {
        let Some(within) = common(phase.span, window) else { continue };
        let row = rows.entry(name(phase).map(str::to_owned)).or_insert(OfPhase::NONE);
        row.calls = Some(row.calls.unwrap_or(0) + 1);
        row.time += within.duration();
    }
    rows
}

/// Its name; `None` of a task that ran in no phase, while its thread was in one.
fn name(phase: &Phase) -> Option<&str> {
    phase.id.map(|_| phase.name.as_deref().unwrap_or(UNNAMED))
}

fn common(span: Span, window: Span) -> Option<Span> {
    let (start, end) = (span.start.max(window.start), span.end.min(window.end));
    (start < end).then_some(Span { start, end })
}

/// The phases that the pool was called from, laid over the window without gap or overlap.
fn around<'t>(timeline: &Timeline<'t>, window: Span) -> Vec<Stretch<'t>> {
    let outside = timeline.rows().iter().map(Row::lane).filter(|lane| lane.role == Role::Outside);
    let lanes: Vec<Vec<Stretch<'t>>> = outside.map(|lane| innermost(lane, window)).collect();
    let starts = lanes.iter().flatten().map(|(span, _)| span.start);
    let starts: BTreeSet<Nanos> = starts.chain([window.start]).collect();
    let ends = starts.iter().copied().skip(1).chain([window.end]);
    let mut at = vec![0; lanes.len()];
    let mut found: Vec<Stretch<'t>> = Vec::new();
    for (start, end) in starts.iter().copied().zip(ends).filter(|(start, end)| start < end) {
        let mut names = BTreeSet::new();
        for (lane, at) in lanes.iter().zip(&mut at) {
            while lane.get(*at).is_some_and(|(span, _)| span.end <= start) {
                *at += 1;
            }
            names.extend(lane.get(*at).and_then(|(_, name)| *name));
        }
        // Of two threads in different phases, nobody knows which one the pool works for.
        let name = if names.len() == 1 { names.pop_first() } else { None };
        extend(&mut found, Span { start, end }, name);
    }
    found
}

fn extend<'t>(stretches: &mut Vec<Stretch<'t>>, span: Span, name: Option<&'t str>) {
    match stretches.last_mut() {
        Some((last, same)) if *same == name && last.end == span.start => last.end = span.end,
        _ => stretches.push((span, name)),
    }
}

/// The innermost phase of a lane, laid over the window without gap or overlap: that of those which
/// are entered that was entered last.
fn innermost(lane: &Lane, window: Span) -> Vec<Stretch<'_>> {
    own(lane, window).into_iter().map(|(span, own)| (span, own.flatten())).collect()
}

/// The same, where the lane is in none, with that of `around`. A task that says that it is in none
/// may have been pushed by one that did not know its own; only `others` can have called it from
/// elsewhere.
fn stretches<'t>(
    lane: &'t Lane,
    around: &[Stretch<'t>],
    window: Span,
    others: bool,
) -> Vec<Stretch<'t>> {
    let mut found = Vec::new();
    for (span, own) in own(lane, window) {
        match own {
            Some(name) if name.is_some() || others => extend(&mut found, span, name),
            Some(_) | None => {
                let from = around.partition_point(|(other, _)| other.end <= span.start);
                let within = around[from..]
                    .iter()
                    .map_while(|(other, name)| Some((common(*other, span)?, *name)));
                within.for_each(|(span, name)| extend(&mut found, span, name));
            }
        }
    }
    found
}

/// The innermost phase; the outer `None` is where the lane is in none, the inner one where a task
/// said so.
fn own(lane: &Lane, window: Span) -> Vec<(Span, Option<Option<&str>>)> {
    // By time: whether something is left or entered, and which.
    let mut turns: Vec<(Nanos, bool, usize)> = Vec::new();
    for (at, phase) in lane.told.phases.iter().enumerate() {
        if let Some(span) = common(phase.span, window) {
            turns.extend([(span.start, true, at), (span.end, false, at)]);
        }
    }
    turns.sort_unstable();
    let (mut open, mut from) = (Vec::new(), window.start);
    let mut found = Vec::new();
    let innermost = |open: &[usize]| open.last().map(|&at| name(&lane.told.phases[at]));
    for (at, enters, which) in turns {
        if from < at {
            found.push((Span { start: from, end: at }, innermost(&open)));
            from = at;
        }
        match enters {
            true => open.push(which),
            false => open.retain(|other| *other != which),
        }
    }
    if from < window.end {
        found.push((Span { start: from, end: window.end }, innermost(&open)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Counts, LaneId, Losses, PhaseId, Told, Watched};

    fn span(start: u64, end: u64) -> Span {
        Span { start: Nanos(start), end: Nanos(end) }
    }

    fn phase(name: &str, start: u64, end: u64) -> Phase {
        let id = Some(PhaseId(start + 1));
        let name = Some(name.into());
        Phase { span: span(start, end), id, within: None, name, inherited: false }
    }

    fn lane(phases: Vec<Phase>) -> Lane {
        Lane {
            id: LaneId(1),
            name: None,
            thread: Measured::Is(1),
            role: Role::Outside,
            started: None,
            ended: None,
            cpu: Measured::Is(Nanos(1)),
            counts: Counts::default(),
            tallies: Vec::new(),
            losses: Losses::default(),
            broken: None,
            watched: Watched::default(),
            idling: Default::default(),
            told: Told { phases, notes: Vec::new() },
            events: Vec::new(),
        }
    }

    #[test]
    fn the_last_that_was_entered_counts_until_it_is_left() {
        let nothing = Phase { id: None, ..phase("", 30, 40) };
        let lane = lane(vec![phase("a", 0, 50), phase("b", 10, 60), nothing, phase("c", 90, 200)]);
        let own = own(&lane, span(5, 100));
        let a = Some(Some("a"));
        let expected = [
            (span(5, 10), a),
            (span(10, 30), Some(Some("b"))),
            (span(30, 40), Some(None)),
            (span(40, 50), Some(Some("b"))),
            (span(50, 60), Some(Some("b"))),
            (span(60, 90), None),
            (span(90, 100), Some(Some("c"))),
        ];
        assert_eq!(own, expected);
        let around = [(span(0, 70), None), (span(70, 100), Some("d"))];
        let filled = stretches(&lane, &around, span(5, 100), true);
        let expected = [
            (span(5, 10), Some("a")),
            (span(10, 30), Some("b")),
            (span(30, 40), None),
            (span(40, 60), Some("b")),
            (span(60, 70), None),
            (span(70, 90), Some("d")),
            (span(90, 100), Some("c")),
        ];
        assert_eq!(filled, expected);
    }
}
