//! What a pool's task management was spent on: joins, splits of parallel iterators, or spawned tasks.

use super::picture::View;
use crate::analysis::{Component, CoreTime};
use crate::model::RayonCosts;

/// What there is most of, by cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Join,
    Split,
    Spawn,
}

/// The kind of task that most of the task management is for.
#[derive(Clone, Copy)]
pub(super) struct Managed {
    pub(super) kind: Kind,
    pub(super) count: u64,
    /// All task management, of whatever kind.
    pub(super) time: CoreTime,
    /// What managing one costs, in nanoseconds: the time that was measured, by the number.
    pub(super) cost: f64,
    /// What one does, in nanoseconds.
    pub(super) work: f64,
}

impl Managed {
    pub(super) fn of(view: &View) -> Option<Self> {
        let costs = view.picture.trace().header.rayon.value()?;
        let counts = counts(view);
        let price = |kind| price(costs, kind) as f64;
        let all: f64 = counts.iter().map(|&(kind, count)| count as f64 * price(kind)).sum();
        let cost = |&(kind, count): &(Kind, u64)| count as f64 * price(kind);
        let (kind, count) = counts.iter().copied().max_by(|a, b| cost(a).total_cmp(&cost(b)))?;
        let part = cost(&(kind, count)) / all;
        let more = more_than_joins(view, kind);
        let time = view.whole.time(Component::Runtime);
        (count > 0 && part.is_finite()).then(|| Self {
            kind,
            count,
            time: time + more,
            cost: (time.0 as f64 * part + more.0 as f64) / count as f64,
            work: (view.work() - more).0 as f64 / count as f64,
        })
    }
}

/// A split has the price of an empty join, and divides items, too. Beyond doubt, that is what baselines
/// find the parallel code to take more than the serial one.
fn more_than_joins(view: &View, kind: Kind) -> CoreTime {
    let algorithmic = view.whole.part(Component::Algorithmic).filter(|_| kind == Kind::Split);
    algorithmic.map_or(CoreTime::ZERO, |part| part.low.max(CoreTime::ZERO))
}

fn price(costs: &RayonCosts, kind: Kind) -> u64 {
    match kind {
        Kind::Join | Kind::Split => costs.join_ps,
        Kind::Spawn => costs.spawn_ps + costs.job_ps,
    }
}

fn counts(view: &View) -> [(Kind, u64); 3] {
    let tasks = || view.tasks().map(|(_, task)| task);
    let joins: u64 = tasks().map(|task| task.joins).sum();
    let spawns: u64 = tasks().map(|task| task.spawns).sum();
    let collapsed: [u64; 2] = [
        view.collapsed().map(|collapsed| collapsed.joins).sum(),
        view.collapsed().map(|collapsed| collapsed.spawns).sum(),
    ];
    let splits = view.sites.iter().map(|site| site.splits).fold(0, u64::saturating_add);
    [
        (Kind::Join, joins + collapsed[0]),
        (Kind::Split, splits),
        (Kind::Spawn, spawns + collapsed[1]),
    ]
}
