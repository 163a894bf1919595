//! The decomposition: where the core-time of a pool went, every nanosecond in one component.
//!
//! For `P` workers and a window of length `T` the components add up to `P · T` by construction;
//! what the parts that are counted (runtime, probes) claim beyond the time in which they can have
//! been is [`Component::Unattributed`], and is shown.

mod component;
mod parts;

use serde::Serialize;

pub use component::{Component, CoreTime, Group};
pub use parts::parts_of;

use crate::model::{Nanos, PoolId, Span};

/// Where the core-time of one pool went within a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decomposition {
    /// The pool.
    pub pool: PoolId,
    /// Its workers, `P`.
    pub workers: u32,
    /// The window, of length `T`.
    pub window: Span,
    /// `P · T`; the components' sum.
    pub core_time: Nanos,
    /// The components that there are, in the order of [`Component::ALL`].
    pub parts: Vec<Part>,
    /// What could not be told apart, why, and where its time is instead.
    pub missing: Vec<Missing>,
    /// Of the work, what threads did that are no workers, each in the place of an idle one.
    pub callers: Nanos,
}

/// One component's part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Part {
    /// The component.
    pub component: Component,
    /// Its core-time.
    pub time: CoreTime,
    /// The lower end of its 95 % confidence interval; `time` itself where nothing is estimated.
    pub low: CoreTime,
    /// The upper end.
    pub high: CoreTime,
}

/// A component that is not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The component.
    pub component: Component,
    /// Why, a bare lower-case phrase.
    pub reason: String,
    /// The component that its time is in.
    pub within: Component,
}

impl Decomposition {
    /// A component's part; `None` if there is none of it, or if it is not measured.
    pub fn part(&self, component: Component) -> Option<&Part> {
        self.parts.iter().find(|part| part.component == component)
    }

    /// A component's core-time; none of it is zero.
    pub fn time(&self, component: Component) -> CoreTime {
        self.part(component).map_or(CoreTime::ZERO, |part| part.time)
    }

    /// A component in cores, `time / T`.
    pub fn cores(&self, component: Component) -> Option<f64> {
        self.time(component).cores(self.window.duration())
    }

    /// A component as a share of `P · T`, 0 to 1; `None` if the window is empty.
    pub fn share(&self, component: Component) -> Option<f64> {
        self.time(component).cores(self.core_time)
    }

    /// A group's core-time, with the interval that its parts' intervals add up to.
    pub fn group(&self, group: Group) -> Amount {
        let parts = self.parts.iter().filter(|part| part.component.group() == group);
        parts.fold(Amount::default(), |sum, part| Amount {
            time: sum.time + part.time,
            low: sum.low + part.low,
            high: sum.high + part.high,
        })
    }
}

/// Core-time with the interval in which it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// The estimate.
    pub time: CoreTime,
    /// The lower end.
    pub low: CoreTime,
    /// The upper end.
    pub high: CoreTime,
}
