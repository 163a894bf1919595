//! What workers did, by a key of the events in which they did it: time with a job by component, and
//! time without.

use std::collections::BTreeMap;

use super::sweep::{ONE, What};
use super::{Component, CoreTime, Measurement};
use crate::analysis::Window;
use crate::model::{Measured, Pool, Span};
use crate::timeline::{Row, Timeline};

/// What was done under one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::analysis) struct Doings {
    pub(in crate::analysis) work: Work,
    pub(in crate::analysis) idle: CoreTime,
}

/// Time with a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::analysis) struct Work {
    sums: [CoreTime; COMPONENTS.len()],
}

const COMPONENTS: [Component; 7] = [
    Component::Work,
    Component::Runtime,
    Component::Reduce,
    Component::Preempted,
    Component::Blocked,
    Component::Probe,
    Component::Unattributed,
];

impl Work {
    /// By component.
    pub(in crate::analysis) fn parts(&self) -> [(Component, CoreTime); COMPONENTS.len()] {
        std::array::from_fn(|at| (COMPONENTS[at], self.sums[at]))
    }
}

/// Sums in units of [`ONE`].
#[derive(Default)]
struct Sums {
    work: [i128; COMPONENTS.len()],
    idle: i128,
}

impl Sums {
    fn add(&mut self, what: What, core_time: i128) {
        let component = match what {
            What::Work => Component::Work,
            What::Overdrawn => Component::Unattributed,
            What::Joins | What::Jobs => Component::Runtime,
            What::Reduce => Component::Reduce,
            What::Preempted => Component::Preempted,
            What::Blocked => Component::Blocked,
            What::Probe => Component::Probe,
            // Parts of others, or of nothing.
            What::Asleep | What::Lowered => return,
            _ => return self.idle += core_time,
        };
        for (sum, of) in self.work.iter_mut().zip(COMPONENTS) {
            if of == component {
                *sum += core_time;
            }
        }
    }

    fn doings(&self) -> Doings {
        let rounded =
            |sum: i128| CoreTime((sum + i128::from(ONE / 2)).div_euclid(i128::from(ONE)) as i64);
        Doings { work: Work { sums: self.work.map(rounded) }, idle: rounded(self.idle) }
    }
}

/// What a pool's workers did, by the key of the innermost event: `keys` gives those of a lane's
/// events by index, and one more for where there is none.
pub(in crate::analysis) fn doings<K: Ord + Copy>(
    timeline: &Timeline,
    window: Window,
    pool: &Pool,
    keys: impl Fn(&Row) -> Vec<K>,
) -> Measured<BTreeMap<K, Doings>> {
    Measurement::of(timeline, window, pool).map(|measurement| {
        let mut sums: BTreeMap<K, Sums> = BTreeMap::new();
        for (worker, row) in timeline.workers(pool.id).into_iter().enumerate() {
            let keys = keys(row);
            for piece in measurement.pieces.of(worker, row) {
                let Some(length) = common(piece.span, window.span) else { continue };
                let at = piece.event.map_or(keys.len() - 1, |event| event);
                let sum = sums.entry(keys[at]).or_default();
                for (what, share) in piece.shares.iter() {
                    sum.add(what, i128::from(share) * i128::from(length));
                }
            }
        }
        sums.iter().map(|(key, sums)| (*key, sums.doings())).collect()
    })
}

/// Whether a component is of time with a job, and told apart.
pub(in crate::analysis) fn is_of_doings(component: Component) -> bool {
    component != Component::Unattributed && COMPONENTS.contains(&component)
}

/// What a pool's workers did, by a key that changes over time: `keys` lays a lane's over the window,
/// in order and without gap or overlap.
pub(in crate::analysis) fn doings_over_time<'t, K: Ord + Copy>(
    timeline: &Timeline<'t>,
    window: Window,
    pool: &Pool,
    keys: impl Fn(&Row<'t>) -> Vec<(Span, K)>,
) -> Measured<BTreeMap<K, Doings>> {
    Measurement::of(timeline, window, pool).map(|measurement| {
        let mut sums: BTreeMap<K, Sums> = BTreeMap::new();
        for (worker, row) in timeline.workers(pool.id).into_iter().enumerate() {
            let keys = keys(row);
            for piece in measurement.pieces.of(worker, row) {
                let from = keys.partition_point(|(span, _)| span.end <= piece.span.start);
                for (span, key) in &keys[from..] {
                    let Some(length) = common(piece.span, *span) else { break };
                    let sum = sums.entry(*key).or_default();
                    for (what, share) in piece.shares.iter() {
                        sum.add(what, i128::from(share) * i128::from(length));
                    }
                }
            }
        }
        sums.iter().map(|(key, sums)| (*key, sums.doings())).collect()
    })
}

fn common(span: Span, window: Span) -> Option<u64> {
    let (start, end) = (span.start.max(window.start), span.end.min(window.end));
    (start < end).then(|| (end - start).0)
}
