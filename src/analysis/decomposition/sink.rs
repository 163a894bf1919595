//! What becomes of what the sweep gives: sums over the whole window, over parts of it, over equal
//! steps.

use super::sweep::{Now, ONE, Sink};
use super::{Component, CoreTime};
use crate::model::{Nanos, Span};

const COMPONENTS: usize = Component::ALL.len();

/// Workers times nanoseconds, in units of [`ONE`].
#[derive(Clone, Debug)]
pub(super) struct Sums {
    components: [i128; COMPONENTS],
    joins: i128,
    callers: i128,
    lowered: i128,
}

impl Sums {
    pub(super) const NONE: Self =
        Self { components: [0; COMPONENTS], joins: 0, callers: 0, lowered: 0 };

    /// A component's core-time, to the nearest nanosecond.
    pub(super) fn time(&self, component: Component) -> CoreTime {
        rounded(self.components[component as usize])
    }

    /// What of task management is joins and splits.
    pub(super) fn joins(&self) -> CoreTime {
        rounded(self.joins)
    }

    /// What of the work threads did that are no workers.
    pub(super) fn callers(&self) -> CoreTime {
        rounded(self.callers)
    }

    /// By how much costs that were calibrated were lowered.
    pub(super) fn lowered(&self) -> CoreTime {
        rounded(self.lowered)
    }

    fn take(&mut self, length: Nanos, now: &Now) {
        let nanos = i128::from(length.0);
        for (sum, share) in self.components.iter_mut().zip(&now.components) {
            if *share != 0 {
                *sum += i128::from(*share) * nanos;
            }
        }
        self.joins += i128::from(now.joins) * nanos;
        self.callers += i128::from(now.callers) * nanos;
        self.lowered += i128::from(now.lowered) * nanos;
    }
}

fn rounded(sum: i128) -> CoreTime {
    CoreTime((sum + i128::from(ONE / 2)).div_euclid(i128::from(ONE)) as i64)
}

impl Sink for Sums {
    fn add(&mut self, span: Span, now: &Now) {
        self.take(span.duration(), now);
    }
}

/// A part each of the window; they lie one after the other, in order.
pub(super) struct Slots {
    slots: Vec<(Span, Sums)>,
    at: usize,
}

impl Slots {
    pub(super) fn new(spans: impl IntoIterator<Item = Span>) -> Self {
        Self { slots: spans.into_iter().map(|span| (span, Sums::NONE)).collect(), at: 0 }
    }

    pub(super) fn into_sums(self) -> Vec<(Span, Sums)> {
        self.slots
    }
}

impl Sink for Slots {
    fn add(&mut self, span: Span, now: &Now) {
        while let Some((slot, sums)) = self.slots.get_mut(self.at) {
            let (start, end) = (span.start.max(slot.start), span.end.min(slot.end));
            if start < end {
                sums.take(end - start, now);
            }
            if slot.end > span.end {
                return;
            }
            self.at += 1;
        }
    }
}

/// Two at once.
impl<A: Sink, B: Sink> Sink for (A, B) {
    fn add(&mut self, span: Span, now: &Now) {
        self.0.add(span, now);
        self.1.add(span, now);
    }
}
