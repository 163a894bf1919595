//! What the decomposition says over time and of each operation, for viewers of the trace.

use super::Window;
use super::breakdown::{is_call, is_region, outermost};
use super::decomposition::{Component, CoreTime, Decomposition};
use crate::model::{Annotations, CoresTrack, EventId, Nanos, Operation, Pool, Span};
use crate::timeline::Timeline;

/// Steps of the tracks: as many as a wide screen has columns to tell apart.
const STEPS: u64 = 512;
/// Operations that are shorter than this part of the window are left without figures.
const SHORTEST: u64 = 2_048;

/// The annotations of a trace; none where times are not measured.
pub fn annotations(timeline: &Timeline) -> Annotations {
    let window = Window::of(timeline);
    let mut annotations = Annotations::default();
    for pool in timeline.pools() {
        annotations.cores.extend(tracks(timeline, window, pool));
    }
    // With several pools it is not known which of them an operation goes to.
    if let [pool] = timeline.pools() {
        for wanted in [is_region, is_call] {
            let operations = long(timeline, window, wanted);
            annotations.operations.extend(totals(timeline, window, pool, &operations));
        }
    }
    annotations
}

fn tracks(timeline: &Timeline, window: Window, pool: &Pool) -> Vec<CoresTrack> {
    let steps = steps(window.span);
    let parts = Decomposition::of_each(timeline, window, pool, steps.iter().copied());
    let Some(parts) = parts.value() else { return Vec::new() };
    let name = match timeline.pools().len() {
        1 => "cores".to_owned(),
        _ => format!("pool {} cores", pool.id.0),
    };
    let track = |&component: &Component| {
        let milli_cores = samples(parts, component, window.span.end)?;
        Some(CoresTrack { name: name.clone(), component: component.name(), milli_cores })
    };
    Component::ALL.iter().filter_map(track).collect()
}

/// Equal steps of a window, but for the last.
fn steps(window: Span) -> Vec<Span> {
    let width = window.duration().0.div_ceil(STEPS).max(1);
    let start = |step: u64| Nanos(window.start.0 + step * width);
    let steps = (0..STEPS).map(|step| Span { start: start(step), end: start(step + 1) });
    let within = steps.map(|span| Span { end: span.end.min(window.end), ..span });
    within.filter(|span| span.start < span.end).collect()
}

/// A sample where the value changes; `None` if there is none of the component at any time.
fn samples(parts: &[Decomposition], component: Component, end: Nanos) -> Option<Vec<(Nanos, i64)>> {
    let mut samples: Vec<(Nanos, i64)> = Vec::new();
    let values = parts.iter().map(|part| (part.window.start, milli_cores(part, component)));
    for (at, value) in values.chain([(end, 0)]) {
        if samples.last().is_none_or(|(_, last)| *last != value) {
            samples.push((at, value));
        }
    }
    samples.iter().any(|(_, value)| *value != 0).then_some(samples)
}

fn milli_cores(part: &Decomposition, component: Component) -> i64 {
    let length = i128::from(part.window.duration().0.max(1));
    (i128::from(part.time(component).0) * 1_000 / length) as i64
}

/// The outermost of those wanted that are long enough.
fn long(
    timeline: &Timeline,
    window: Window,
    wanted: fn(&Operation) -> bool,
) -> Vec<(EventId, Span)> {
    let shortest = Nanos(window.span.duration().0 / SHORTEST);
    let is_long =
        |call: &&Operation| call.span.duration() >= shortest && window.span.contains(call.span);
    let operations = outermost(timeline, wanted).into_iter().filter(is_long);
    operations.map(|operation| (operation.id, operation.span)).collect()
}

fn totals(
    timeline: &Timeline,
    window: Window,
    pool: &Pool,
    operations: &[(EventId, Span)],
) -> Vec<(EventId, Vec<(&'static str, i64)>)> {
    let spans = operations.iter().map(|(_, span)| *span);
    let parts = Decomposition::of_each(timeline, window, pool, spans);
    let Some(parts) = parts.value() else { return Vec::new() };
    let figures = |part: &Decomposition| {
        let parts = part.parts.iter().filter(|part| part.time != CoreTime::ZERO);
        parts.map(|part| (part.component.name(), part.time.0)).collect()
    };
    operations.iter().zip(parts).map(|((id, _), part)| (*id, figures(part))).collect()
}
