//! Work, span and burdened span of a part of a program, and how those of a whole follow from them.

use std::ops::{AddAssign, Sub};

use crate::model::Nanos;

/// What a part costs. `span ≤ work` and `span ≤ burdened ≤ work + entered`; whatever is put together
/// of such parts here is such a part again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// All of it, one after the other.
    pub(super) work: Nanos,
    /// What has to be one after the other.
    pub(super) span: Nanos,
    /// The same with what migrations cost.
    pub(super) burdened: Nanos,
    /// What migrations cost in it that no scheduler can save: those into the pool.
    pub(super) entered: Nanos,
}

impl Cost {
    pub(super) const ZERO: Self =
        Self { work: Nanos::ZERO, span: Nanos::ZERO, burdened: Nanos::ZERO, entered: Nanos::ZERO };

    /// Of code that runs on one worker.
    pub(super) fn serial(time: Nanos) -> Self {
        Self { work: time, span: time, burdened: time, entered: Nanos::ZERO }
    }

    /// Both, neither waiting for the other, before it is known where they run.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            work: self.work + other.work,
            span: self.span.max(other.span),
            burdened: self.burdened.max(other.burdened),
            entered: self.entered + other.entered,
        }
    }

    /// Two halves of a join. A scheduler need not move one of them where that does not pay.
    pub(super) fn beside(self, other: Self, burden: Nanos) -> Self {
        let both = self.with(other);
        Self { burdened: (both.burdened + burden).min(both.work + both.entered), ..both }
    }
}

impl AddAssign for Cost {
    /// One after the other.
    fn add_assign(&mut self, then: Self) {
        self.work += then.work;
        self.span += then.span;
        self.burdened += then.burdened;
        self.entered += then.entered;
    }
}

impl Sub for Cost {
    type Output = Self;

    /// What came after `before`.
    fn sub(self, before: Self) -> Self {
        Self {
            work: self.work - before.work,
            span: self.span - before.span,
            burdened: self.burdened - before.burdened,
            entered: self.entered - before.entered,
        }
    }
}
