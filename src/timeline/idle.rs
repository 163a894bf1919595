//! Whether what a worker did without a job agrees with itself and with the lane's events.
//!
//! A search or a sleep may lie within a task, as the waits of joins that were only counted are not
//! recorded. But a thread that has no job begins and ends nothing: no event does within one.

use super::{Named, NamedIdle, Problem, Stretch};
use crate::model::{Event, Idle, IdleCounts, Lane, Role, SearchEnd, Sleep, Span};

pub(super) fn check(lane: &Lane, presence: Span, cut: &[Stretch]) -> Result<(), Problem> {
    let stretches = &lane.idling.stretches;
    let Some(first) = stretches.first() else { return Ok(()) };
    if lane.role == Role::Outside {
        return Err(Problem::IdleOutside { lane: lane.id, idle: NamedIdle::of(first), presence });
    }
    for idle in stretches {
        check_times(lane, idle, presence)?;
    }
    for pair in stretches.windows(2) {
        if pair[0].span().end > pair[1].span().start {
            let (first, second) = (NamedIdle::of(&pair[0]), NamedIdle::of(&pair[1]));
            return Err(Problem::IdleTwice { lane: lane.id, first, second });
        }
    }
    check_events(lane, cut)?;
    match lane.idling.counts.value() {
        Some(counts) => check_counts(lane, counts),
        None => Ok(()),
    }
}

fn check_times(lane: &Lane, idle: &Idle, presence: Span) -> Result<(), Problem> {
    let (span, named, lane) = (idle.span(), NamedIdle::of(idle), lane.id);
    if span.start > span.end || !presence.contains(span) {
        return Err(Problem::IdleOutside { lane, idle: named, presence });
    }
    match idle {
        Idle::Sleep(Sleep { wake: Some(wake), .. })
            if wake.at < span.start || wake.at > span.end =>
        {
            Err(Problem::WokenOutside { lane, sleep: named, at: wake.at })
        }
        _ => Ok(()),
    }
}

/// A lane's stretches are cut where an event begins or ends, or turns to wait.
fn check_events(lane: &Lane, stretches: &[Stretch]) -> Result<(), Problem> {
    let mut cuts = stretches.windows(2).peekable();
    for idle in &lane.idling.stretches {
        let Span { start, end } = idle.span();
        while cuts.next_if(|pair| pair[1].span.start <= start).is_some() {}
        let Some(pair) = cuts.peek().filter(|pair| pair[1].span.start < end) else { continue };
        if let Some(event) = turning(lane, pair) {
            let (idle, event) = (NamedIdle::of(idle), Named::of(event));
            return Err(Problem::BusyWhileIdle { lane: lane.id, idle, event });
        }
    }
    Ok(())
}

/// The event for which a lane is cut between two stretches.
fn turning<'l>(lane: &'l Lane, pair: &[Stretch]) -> Option<&'l Event> {
    let at = pair[1].span.start;
    let events = || pair.iter().filter_map(|stretch| Some(&lane.events[stretch.event()?]));
    let borders = |event: &&Event| event.span().start == at || event.span().end == at;
    events().find(borders).or_else(|| events().next_back())
}

fn check_counts(lane: &Lane, counts: &IdleCounts) -> Result<(), Problem> {
    let mut held = IdleCounts::default();
    for idle in &lane.idling.stretches {
        if let Idle::Search(search) = idle {
            held.searches += 1;
            held.failed_rounds = held.failed_rounds.saturating_add(search.rounds);
            held.yields = held.yields.saturating_add(search.yields);
            held.sleeps += u64::from(search.end == SearchEnd::Asleep);
        }
    }
    let compared = [
        ("searches held", held.searches, counts.searches),
        ("failed rounds in its searches", held.failed_rounds, counts.failed_rounds),
        ("yields in its searches", held.yields, counts.yields),
        ("searches that ended in sleep", held.sleeps, counts.sleeps),
        ("sleeps held", lane.idling.sleeps().count() as u64, counts.sleeps),
    ];
    match compared.into_iter().find(|(_, part, whole)| part > whole) {
        Some((what, part, whole)) => {
            Err(Problem::Miscounted { lane: lane.id, what, part, of: "counted", whole })
        }
        None => Ok(()),
    }
}
