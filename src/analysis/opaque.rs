//! When operations ran whose inside is invisible to public API: a worker without a known task may
//! then be idle or may work for them.

use crate::model::{Event, Nanos, PoolId, Role, Span};
use crate::timeline::{State, Stretch, Timeline};

/// The times at which an opaque operation may have run in a pool; apart from each other, in order.
pub(super) struct Opaque(Vec<Span>);

impl Opaque {
    /// A worker's operation runs in its own pool. Which pool another thread's goes to is not known:
    /// it counts for all.
    pub(super) fn of(timeline: &Timeline, pool: PoolId) -> Self {
        let rows = timeline.rows().iter().filter(|row| match row.lane().role {
            Role::Worker { pool: own, .. } => own == pool,
            Role::Outside => true,
        });
        let opaque = |event: &Event| match event {
            Event::Operation(operation) if operation.kind.is_opaque() => Some(operation.span),
            _ => None,
        };
        let mut spans: Vec<Span> =
            rows.flat_map(|row| &row.lane().events).filter_map(opaque).collect();
        spans.sort_by_key(|span| span.start);
        Self(merged(spans))
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

fn merged(sorted: Vec<Span>) -> Vec<Span> {
    let mut merged: Vec<Span> = Vec::new();
    for span in sorted {
        match merged.last_mut().filter(|last| span.start <= last.end) {
            Some(last) => last.end = last.end.max(span.end),
            None => merged.push(span),
        }
    }
    merged
}
