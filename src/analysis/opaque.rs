//! When operations ran whose inside is invisible to public API: a worker without a known task may
//! then be idle or may work for them.

use crate::model::{Event, Nanos, PoolId, Role, Span};
use crate::timeline::{Row, State, Stretch, Timeline};

/// The times at which an opaque operation may have run in a pool; apart from each other, in order.
pub(super) struct Opaque(Vec<Span>);

impl Opaque {
    /// A worker's operation runs in its own pool. Which pool another thread's goes to is not known:
    /// it counts for all.
    pub(super) fn of(timeline: &Timeline, pool: PoolId) -> Self {
        Self::outside(timeline).with(&timeline.workers(pool))
    }

    /// Of threads that are no workers alone.
    pub(super) fn outside(timeline: &Timeline) -> Self {
        let rows = timeline.rows().iter();
        Self(merged(rows.filter(|row| row.lane().role == Role::Outside).flat_map(spans).collect()))
    }

    /// And of the workers of a pool.
    pub(super) fn with(&self, workers: &[&Row]) -> Self {
        let own = workers.iter().flat_map(|row| spans(row));
        Self(merged(self.0.iter().copied().chain(own).collect()))
    }

    /// These times.
    pub(super) fn spans(&self) -> &[Span] {
        &self.0
    }

    /// How much of a stretch without a task lies in them.
    pub(super) fn hidden_in(&self, stretch: Stretch) -> Nanos {
        if stretch.state != State::NoTask {
            return Nanos::ZERO;
        }
        let first = self.0.partition_point(|span| span.end <= stretch.span.start);
        let overlapping = self.0[first..].iter().take_while(|span| span.start < stretch.span.end);
        let hidden: Nanos =
            overlapping.filter_map(|span| stretch.within(*span)).map(|part| part.rest()).sum();
        // Each part's share of collapsed tasks is rounded down by itself.
        hidden.min(stretch.rest())
    }
}

/// The opaque operations of a lane.
fn spans(row: &Row) -> impl Iterator<Item = Span> {
    row.lane().events.iter().filter_map(|event| match event {
        Event::Operation(operation) if operation.kind.is_opaque() => Some(operation.span),
        _ => None,
    })
}

fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.start);
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut().filter(|last| span.start <= last.end) {
            Some(last) => last.end = last.end.max(span.end),
            None => merged.push(span),
        }
    }
    merged
}
