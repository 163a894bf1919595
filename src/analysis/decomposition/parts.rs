//! A baseline's split: where the time of a serial run, or of a run in a pool of one worker, went.
//!
//! It goes into the header of the recording that is compared with it, as the baseline's own trace
//! is not kept.

use super::super::on_off::{common, no_parts, overlap};
use super::super::{Window, detail};
use super::{Component, Decomposition};
use crate::model::{Baseline, Detail, Measured, Nanos, Parts, Pool, Samples, Trace, WorkCounts};
use crate::timeline::{Row, Timeline};

/// A run to compare with, of which `trace` is the recording of the median repetition, or why there
/// is none.
pub fn baseline_of(
    variant: String,
    serial: bool,
    samples: Samples,
    trace: Result<&Trace, String>,
) -> Baseline {
    let timeline = trace.and_then(|trace| {
        Timeline::new(trace)
            .map_err(|problem| format!("its recording contradicts itself: {problem}"))
    });
    let (parts, counted) = match timeline {
        Ok(timeline) => split_of(&timeline, Window::of(&timeline)),
        Err(reason) => (Measured::Not(reason.clone()), Measured::Not(reason)),
    };
    Baseline { variant, serial, samples, parts, counted }
}

/// Where the core-time of a baseline went within a window, by the rules of the decomposition.
pub fn parts_of(timeline: &Timeline, window: Window) -> Measured<Parts> {
    split_of(timeline, window).0
}

/// Likewise, and what was counted in its work.
fn split_of(timeline: &Timeline, window: Window) -> (Measured<Parts>, Measured<WorkCounts>) {
    let took_part =
        |pool: &&Pool| timeline.workers(pool.id).iter().any(|row| took_part(row, window));
    let pools: Vec<&Pool> = timeline.pools().iter().filter(took_part).collect();
    let no_pool = || Measured::Not("no pool took part".to_owned());
    match pools.as_slice() {
        [] => (parts_of_caller(timeline, window), no_pool()),
        [pool] => match Decomposition::of(timeline, window, pool) {
            Measured::Is(whole) => (parts_of_pool(&whole), whole.counted),
            Measured::Not(reason) => (Measured::Not(reason.clone()), Measured::Not(reason)),
        },
        [_, _, ..] => {
            let reason = || "several pools took part".to_owned();
            (Measured::Not(reason()), Measured::Not(reason()))
        }
    }
}

/// A pool's components as a baseline's split. A baseline has none itself, so that work is whole.
fn parts_of_pool(whole: &Decomposition) -> Measured<Parts> {
    let missing = |component| whole.missing.iter().find(|missing| missing.component == component);
    if let Some(missing) = missing(Component::Runtime) {
        return Measured::Not(format!("task management is not told apart: {}", missing.reason));
    }
    // A component that is measured is more than nothing, or there is none of it.
    let time = |component| Nanos(whole.time(component).0.max(0).unsigned_abs());
    let told = |component| missing(component).is_none().then(|| time(component));
    Measured::Is(Parts {
        work: time(Component::Work),
        runtime: time(Component::Runtime),
        reduce: time(Component::Reduce),
        blocked: told(Component::Blocked),
        preempted: told(Component::Preempted),
    })
}

/// No pool recorded anything: all that was done was done by the thread that opened the region.
fn parts_of_caller(timeline: &Timeline, window: Window) -> Measured<Parts> {
    let detail = timeline.trace().header.detail;
    let callers: Vec<&Row> = timeline.rows().iter().filter(|row| took_part(row, window)).collect();
    match callers.as_slice() {
        [caller] => match detail::no_times_of(detail, caller.lane()) {
            Some(reason) => Measured::Not(reason),
            None => Measured::Is(alone(caller, window, detail)),
        },
        [] => Measured::Not(no_caller(detail)),
        [_, _, ..] => Measured::Not("several threads took part without a pool".to_owned()),
    }
}

fn took_part(row: &Row, window: Window) -> bool {
    let mut spans = row.lane().events.iter().map(|event| event.span());
    spans.any(|span| span.start <= window.span.end && window.span.start <= span.end)
}

fn no_caller(detail: Detail) -> String {
    detail::no_times(detail).unwrap_or("no thread recorded anything").to_owned()
}

/// A thread's time in the window. It has a job all along, so that all it is off the CPU is part of
/// that; where the kernel does not tell when it was, that time is in `work`.
fn alone(caller: &Row, window: Window, detail: Detail) -> Parts {
    let seen = common(caller.presence(), window.span);
    let present = seen.end.saturating_since(seen.start);
    let watched = &caller.lane().watched;
    let (mut work, mut blocked, mut preempted) = (present, None, None);
    if no_parts(caller.lane(), &watched.scheduling, detail).is_none() {
        let off = |forced: bool| -> Nanos {
            let kind = watched.off_cpu.iter().filter(|off| off.preempted == forced);
            kind.map(|off| overlap(off.span, seen)).sum()
        };
        work = present - off(true) - off(false);
        (blocked, preempted) = (Some(off(false)), Some(off(true)));
    }
    Parts { work, runtime: Nanos::ZERO, reduce: Nanos::ZERO, blocked, preempted }
}
