//! The verdict: which group of losses is the reason why a program is slower than it could be.

use serde::Serialize;

use super::{Amount, Component, CoreTime, Decomposition, Group};

/// Losses up to this share of all cores are healthy.
pub const HEALTHY: f64 = 0.15;
/// Above this share of opaque time, queueing and parallelism cannot be told from work.
pub const OPAQUE: f64 = 0.05;

/// Above this share of all cores, what no component explains could be any of them.
pub const UNATTRIBUTED: f64 = 0.01;

/// What most of the loss is a matter of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// At most 15 % of the cores are lost.
    Healthy,
    /// One group is larger than any other, beyond doubt.
    Bound(Group),
    /// These two are the largest, and which one is larger is not certain.
    Mixed(Group, Group),
    /// Most of the loss is in a component that no verdict rests on.
    Undecided(Component),
}

impl Verdict {
    /// The verdict on a decomposition; `None` if the window is empty.
    pub(super) fn of(whole: &Decomposition) -> Option<Self> {
        // Task management that is not told from work is in no group.
        let within_work = |component| {
            let found = whole.missing.iter().find(|missing| missing.component == component);
            found.is_some_and(|missing| missing.within == Component::Work)
        };
        if within_work(Component::Runtime) {
            return Some(Self::Undecided(Component::Work));
        }
        let missing = whole.time(Component::Unattributed).cores(whole.core_time)?.abs();
        if missing > UNATTRIBUTED {
            return Some(Self::Undecided(Component::Unattributed));
        }
        if lost(whole).cores(whole.core_time)? <= HEALTHY {
            return Some(Self::Healthy);
        }
        if let Some(component) = unassigned(whole) {
            return Some(Self::Undecided(component));
        }
        let mut groups: Vec<(Amount, Group)> =
            Group::LOSSES.iter().map(|&group| (whole.group(group), group)).collect();
        groups.sort_by_key(|(amount, _)| std::cmp::Reverse(amount.time));
        let [(first, group), (second, other), ..] = groups[..] else { return None };
        // What baselines leave open is no more than what the first group leaves of the core-time.
        let most = CoreTime::from(whole.core_time) - first.low;
        let certain = first.low > second.high.min(most);
        Some(if certain { Self::Bound(group) } else { Self::Mixed(group, other) })
    }
}

/// What is lost. Where the parallel formulation needs less work than the serial one, beyond doubt, it
/// is another algorithm: what that gains makes up for no loss, and losses are those beside the better
/// one.
fn lost(whole: &Decomposition) -> CoreTime {
    let gained = whole.part(Component::Algorithmic).map(|part| part.high.min(CoreTime::ZERO));
    whole.losses() - gained.map_or(CoreTime::ZERO, |gained| gained)
}

/// The largest of the components that belong to no group, if a verdict would have to ignore more
/// than it rests on.
fn unassigned(whole: &Decomposition) -> Option<Component> {
    let unassigned = |component: &Component| component.group() == Group::Unassigned;
    let components = || Component::ALL.iter().copied().filter(unassigned);
    let opaque = whole.share(Component::Opaque).filter(|share| *share > OPAQUE);
    if opaque.is_some() {
        return Some(Component::Opaque);
    }
    let sum: CoreTime = components().map(|component| whole.time(component)).sum();
    let groups = Group::LOSSES.iter().map(|&group| whole.group(group).time);
    let largest = groups.max()?;
    let most = components().max_by_key(|&component| whole.time(component))?;
    (sum > largest).then_some(most)
}
