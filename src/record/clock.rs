//! The recording's one clock: the time stamp counter where it runs at a constant rate in every
//! power state, else the operating system's monotonic clock; and the way from ticks to nanoseconds.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::time::{Nanos, Ticks};

/// Whether [`now`] reads the time stamp counter.
static TSC: AtomicBool = AtomicBool::new(false);

/// Reads the clock. About 10 ns with the counter, 20 to 50 ns with the OS clock.
#[inline(always)]
pub fn now() -> Ticks {
    if TSC.load(Ordering::Relaxed) { tsc() } else { Ticks(os_now().0) }
}

/// Which clock [`now`] reads, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The time stamp counter.
    Tsc,
    /// The OS clock, for this reason: a bare lower-case phrase.
    Os(&'static str),
}

/// Chooses the clock for the rest of the process. The first call decides; `distrust` is a reason
/// that the front end has found not to use the counter, such as the kernel's own verdict on it.
pub fn choose(distrust: Option<&'static str>) -> Source {
    static CHOSEN: OnceLock<Source> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let source = match distrust {
            Some(reason) => Source::Os(reason),
            None => tsc_source(),
        };
        TSC.store(source == Source::Tsc, Ordering::Relaxed);
        source
    })
}

/// Nanoseconds of the OS's monotonic clock since this process first asked.
pub fn os_now() -> Nanos {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    // An Instant's distance fits 64 bits of nanoseconds for 584 years.
    Nanos(ORIGIN.get_or_init(Instant::now).elapsed().as_nanos() as u64)
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod counter {
    use super::{Source, Ticks};

    #[inline(always)]
    pub(super) fn tsc() -> Ticks {
        #[expect(unsafe_code, reason = "the instruction is an intrinsic")]
        // SAFETY: RDTSC exists on every x86-64 CPU and touches no memory.
        Ticks(unsafe { std::arch::x86_64::_rdtsc() })
    }

    /// The counter can be used if CPUID says that it is invariant (leaf 8000_0007h, EDX bit 8).
    pub(super) fn tsc_source() -> Source {
        const POWER_LEAF: u32 = 0x8000_0007;
        let highest = cpuid(0x8000_0000).eax;
        if highest >= POWER_LEAF && cpuid(POWER_LEAF).edx & (1 << 8) != 0 {
            Source::Tsc
        } else {
            Source::Os("the CPU's time stamp counter is not invariant")
        }
    }

    #[allow(unused_unsafe)] // the intrinsic is safe from Rust 1.94 on
    fn cpuid(leaf: u32) -> std::arch::x86_64::CpuidResult {
        #[expect(unsafe_code, reason = "the instruction is an intrinsic")]
        // SAFETY: CPUID exists on every x86-64 CPU.
        unsafe {
            std::arch::x86_64::__cpuid(leaf)
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
mod counter {
    use super::{Source, Ticks, os_now};

    pub(super) fn tsc() -> Ticks {
        Ticks(os_now().0)
    }

    pub(super) fn tsc_source() -> Source {
        Source::Os("no time stamp counter is known on this architecture")
    }
}

use counter::{tsc, tsc_source};

/// The same instant on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// On the recording's clock.
    pub ticks: Ticks,
    /// On the OS clock.
    pub os: Nanos,
    /// The two readings are at most this far apart.
    pub error: Nanos,
}

impl Anchor {
    /// Reads both clocks, several times, and keeps the closest pair.
    pub fn read() -> Self {
        Self::read_with(os_now)
    }

    /// The same with another clock for the OS's: `os` reads it.
    pub fn read_with(os: impl Fn() -> Nanos) -> Self {
        let pair = |_| {
            let before = os();
            let ticks = now();
            let after = os();
            let width = after.saturating_since(before).0;
            Self { ticks, os: Nanos(before.0 + width / 2), error: Nanos(width.div_ceil(2)) }
        };
        (0..16).map(pair).min_by_key(|anchor| anchor.error).expect("sixteen is not zero")
    }
}

/// From ticks to nanoseconds since the recording's start: a line through two anchors.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    origin: Ticks,
    /// Nanoseconds per tick, in units of 2⁻⁴⁸.
    slope: u64,
    /// See [`Scale::error`].
    error: Nanos,
}

const SLOPE_BITS: u32 = 48;

impl Scale {
    /// The line through the recording's first and last anchor.
    pub fn between(start: Anchor, end: Anchor) -> Self {
        let ticks = u128::from(end.ticks.0.saturating_sub(start.ticks.0).max(1));
        let nanos = u128::from(end.os.saturating_since(start.os).0.max(1));
        let slope = u64::try_from((nanos << SLOPE_BITS) / ticks).unwrap_or(u64::MAX);
        Self { origin: start.ticks, slope, error: start.error.max(end.error) }
    }

    /// For a clock whose ticks are nanoseconds of the OS clock.
    pub fn of_nanos(origin: Ticks) -> Self {
        Self { origin, slope: 1 << SLOPE_BITS, error: Nanos::ZERO }
    }

    /// Since the recording's start; earlier ticks give zero. Never decreases as ticks grow.
    pub fn nanos(&self, ticks: Ticks) -> Nanos {
        let since = ticks.0.saturating_sub(self.origin.0);
        self.length(since)
    }

    /// A number of ticks as a duration.
    pub fn length(&self, ticks: u64) -> Nanos {
        Nanos(((u128::from(ticks) * u128::from(self.slope)) >> SLOPE_BITS) as u64)
    }

    /// No converted time between the anchors is further than this from the OS clock, if the
    /// counter's rate is constant.
    pub fn error(&self) -> Nanos {
        self.error
    }

    /// Ticks per second.
    pub fn ticks_per_second(&self) -> u64 {
        let per_tick = self.slope as f64 / (1u64 << SLOPE_BITS) as f64;
        (1e9 / per_tick).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(ticks: u64, os: u64) -> Anchor {
        Anchor { ticks: Ticks(ticks), os: Nanos(os), error: Nanos(3) }
    }

    #[test]
    fn scale_maps_both_anchors() {
        let scale = Scale::between(anchor(1_000, 50), anchor(2_601_000, 1_000_050));
        assert_eq!(scale.nanos(Ticks(1_000)), Nanos(0));
        assert!((999_999..=1_000_000).contains(&scale.nanos(Ticks(2_601_000)).0));
        assert_eq!(scale.ticks_per_second(), 2_600_000_000);
    }

    #[test]
    fn scale_keeps_a_day_to_the_nanosecond() {
        let day = 86_400_000_000_000;
        let scale = Scale::between(anchor(0, 0), anchor(2_596_123_456 * 86_400, day));
        let end = scale.nanos(Ticks(2_596_123_456 * 86_400)).0;
        assert!(day - end <= 1_000, "{end}");
    }

    #[test]
    fn earlier_than_the_start_is_the_start() {
        let scale = Scale::between(anchor(1_000, 50), anchor(2_000, 1_050));
        assert_eq!(scale.nanos(Ticks(3)), Nanos(0));
    }

    #[test]
    fn clock_and_anchor_agree_on_the_order() {
        choose(None);
        let (before, anchor, after) = (now(), Anchor::read(), now());
        assert!(before <= anchor.ticks && anchor.ticks <= after);
    }
}
