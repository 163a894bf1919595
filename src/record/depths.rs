//! Which joins are coarse enough to be timed: per worker, a moving average of how long a join
//! takes at each depth. Where that is short, joins are only counted, and looked at again now and
//! then.

use std::cell::Cell;

/// Depths that are told from each other; deeper joins are taken to be fine.
const DEPTHS: usize = 64;

/// Not seen yet: as coarse as can be, so that it is timed once.
const UNSEEN: u64 = u64::MAX;

/// Moving averages of a join's duration, in ticks, by depth.
#[derive(Debug)]
pub(super) struct Depths {
    average: [Cell<u64>; DEPTHS],
}

impl Depths {
    pub(super) fn new() -> Self {
        Self { average: [const { Cell::new(UNSEEN) }; DEPTHS] }
    }

    pub(super) fn forget(&self) {
        self.average.iter().for_each(|average| average.set(UNSEEN));
    }

    /// Whether joins at this depth take less than `target` ticks.
    #[inline]
    pub(super) fn is_fine(&self, depth: u32, target: u64) -> bool {
        match self.average.get(depth as usize) {
            Some(average) => average.get() < target,
            None => true,
        }
    }

    /// The first depth at which joins are fine.
    pub(super) fn first_fine(&self, target: u64) -> u32 {
        let first = self.average.iter().position(|average| average.get() < target);
        first.map_or(DEPTHS as u32, |depth| depth as u32)
    }

    /// Takes in a join that was timed: its depth, its duration, and that of its longer half.
    #[inline]
    pub(super) fn learn(&self, depth: u32, duration: u64, longer_half: u64, target: u64) {
        let Some(average) = self.average.get(depth as usize) else { return };
        let old = average.get();
        let far_off = old == UNSEEN || duration > 8 * target;
        average.set(if far_off { duration } else { old - old / 8 + duration / 8 });
        self.reopen(depth + 1, longer_half, target);
    }

    /// A long half under a join whose children are thought fine: look at them again.
    #[inline]
    fn reopen(&self, depth: u32, half: u64, target: u64) {
        if half <= 4 * target {
            return;
        }
        if let Some(average) = self.average.get(depth as usize) {
            if average.get() < target {
                average.set(half);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: u64 = 1_000;

    #[test]
    fn unseen_depths_are_coarse_and_the_deepest_are_fine() {
        let depths = Depths::new();
        assert!(!depths.is_fine(0, TARGET));
        assert!(!depths.is_fine(63, TARGET));
        assert!(depths.is_fine(64, TARGET));
        assert_eq!(depths.first_fine(TARGET), 64);
    }

    #[test]
    fn short_joins_make_a_depth_fine_and_a_long_one_coarse_at_once() {
        let depths = Depths::new();
        depths.learn(5, 100, 50, TARGET);
        assert!(depths.is_fine(5, TARGET));
        assert_eq!(depths.first_fine(TARGET), 5);
        depths.learn(5, 9_000, 100, TARGET);
        assert!(!depths.is_fine(5, TARGET));
    }

    #[test]
    fn a_long_half_reopens_the_depth_below() {
        let depths = Depths::new();
        depths.learn(6, 100, 50, TARGET);
        depths.learn(5, 6_000, 5_000, TARGET);
        assert!(!depths.is_fine(6, TARGET));
    }
}
