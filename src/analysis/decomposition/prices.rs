//! What each of rayon's calls and each probe costs, as far as it was measured.

use super::load::product;
use super::{Component, CoreTime, Part};
use crate::analysis::{JoinCost, JoinCostSource, JoinCosts};
use crate::model::{Costs, Measured, RayonCosts, SiteId};
use crate::timeline::Timeline;

/// So much of a calibrated cost may be too much, 1 in so many: it was measured at another time, and
/// machines change their speed. What it claims beyond the time that there was is an error of the cost
/// up to this, and of something else beyond.
pub const CALIBRATION: i64 = 4;

/// The costs that counts are multiplied with.
pub(super) struct Prices {
    pub(super) costs: Costs,
    /// Pushing and taking tasks.
    rayon: Measured<RayonCosts>,
    joins: JoinCosts,
}

impl Prices {
    pub(super) fn of(timeline: &Timeline) -> Self {
        let header = &timeline.trace().header;
        let joins = JoinCosts::of(timeline);
        Self { costs: header.costs, rayon: header.rayon.clone(), joins }
    }

    /// What a join costs, all call sites together.
    pub(super) fn join(&self) -> &Measured<JoinCost> {
        &self.joins.all
    }

    /// Whether the costs of joins were calibrated, rather than found in the run itself.
    pub(super) fn joins_are_calibrated(&self) -> bool {
        let source = self.joins.all.value().map(|cost| cost.source);
        source == Some(JoinCostSource::Calibrated)
    }

    /// Of joins or splits at a call site, in picoseconds; what is not measured claims nothing.
    pub(super) fn joins(&self, site: Option<SiteId>, count: u64) -> u128 {
        let cost = self.joins.by_site.get(&site).or(self.joins.all.value());
        cost.map_or(0, |cost| product(count, least(cost.picos)))
    }

    /// Of pushing tasks.
    pub(super) fn spawns(&self, count: u64) -> u128 {
        self.rayon.value().map_or(0, |costs| product(count, costs.spawn_ps))
    }

    /// Of taking tasks.
    pub(super) fn jobs(&self, count: u64) -> u128 {
        self.rayon.value().map_or(0, |costs| product(count, costs.job_ps))
    }

    /// Puts in how far the costs of joins are uncertain, which claim so much of task management:
    /// what that gains, work loses.
    pub(super) fn add_intervals(&self, parts: &mut [Part], joins: CoreTime) {
        let Some(JoinCost { picos, low, high, .. }) = self.joins.all.value() else { return };
        let scaled = |cost: u64| {
            CoreTime((i128::from(joins.0) * i128::from(cost) / i128::from(least(*picos))) as i64)
        };
        let (less, more) = (joins - scaled(*low), scaled(*high) - joins);
        for part in parts {
            match part.component {
                Component::Runtime => {
                    (part.low, part.high) = (part.time - less, part.time + more);
                }
                Component::Work => (part.low, part.high) = (part.time - more, part.time + less),
                _ => {}
            }
        }
    }
}

/// Nothing takes no time at all, also where an estimate says so: how far it is uncertain would be
/// lost with it.
fn least(picos: u64) -> u64 {
    picos.max(1)
}
