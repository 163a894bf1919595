//! What the control group's quota of CPU time did to a recording: the difference of two readings.

use crate::linux;
use crate::model::{CpuLimit, Measured, Throttled};

/// What was stopped since `before` was read; that is `None` if the kernel was not to be asked.
pub(super) fn throttled(before: Option<CpuLimit>) -> Measured<Throttled> {
    match before {
        Some(before) => between(before, linux::cpu_limit()),
        None => Measured::Not("the recording was not to ask the kernel".to_owned()),
    }
}

/// Of one quota: another one's counters are other counters.
fn between(before: CpuLimit, after: CpuLimit) -> Measured<Throttled> {
    let quota = match (before.quota, after.quota) {
        (Measured::Is(Some(before)), Measured::Is(Some(after))) if before == after => after,
        (Measured::Is(None), Measured::Is(None)) => {
            return Measured::Not("there is no quota that could be used up".to_owned());
        }
        (Measured::Is(_), Measured::Is(_)) => {
            return Measured::Not("the quota was changed meanwhile".to_owned());
        }
        (Measured::Not(reason), _) | (_, Measured::Not(reason)) => return Measured::Not(reason),
    };
    match (before.throttling, after.throttling) {
        (Measured::Is(before), Measured::Is(after)) => {
            Measured::Is(Throttled { quota, stops: after.since(before) })
        }
        (Measured::Not(reason), _) | (_, Measured::Not(reason)) => Measured::Not(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Nanos, Quota, Throttling};

    fn limit(time: u64, [periods, throttled_periods, throttled]: [u64; 3]) -> CpuLimit {
        let quota = Quota { group: "/".to_owned(), time: Nanos(time), period: Nanos(100) };
        let throttling = Throttling { periods, throttled_periods, throttled: Nanos(throttled) };
        CpuLimit { quota: Measured::Is(Some(quota)), throttling: Measured::Is(throttling) }
    }

    #[test]
    fn what_was_before_the_recording_is_not_its_own() {
        let found = between(limit(150, [40, 7, 2500]), limit(150, [50, 9, 2900]));
        let during = Throttling { periods: 10, throttled_periods: 2, throttled: Nanos(400) };
        assert_eq!(found.map(|found| found.stops), Measured::Is(during));
    }

    #[test]
    fn without_the_same_quota_at_both_ends_nothing_is_known() {
        let none = || CpuLimit { quota: Measured::Is(None), ..limit(1, [0; 3]) };
        let reason = |found| match found {
            Measured::Not(reason) => reason,
            Measured::Is(found) => panic!("{found:?}"),
        };
        let changed = reason(between(limit(150, [1; 3]), limit(100, [2; 3])));
        assert_eq!(changed, "the quota was changed meanwhile");
        assert_eq!(reason(between(none(), limit(100, [2; 3]))), changed);
        assert_eq!(reason(between(none(), none())), "there is no quota that could be used up");
    }
}
