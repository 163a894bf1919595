//! The kernel's clock, and what it says of the CPU's time stamp counter.

use super::files::Files;
use super::{Measured, cpu_flags};
use crate::model::{ClockSource, Clocks};

const SOURCES: &str = "/sys/devices/system/clocksource/clocksource0";

pub(super) fn clocks(files: &Files, own: ClockSource) -> Clocks {
    let kernel = files.text(&format!("{SOURCES}/current_clocksource"));
    let current = kernel.value().cloned();
    let is_other = |name: &&str| current.as_deref() != Some(*name);
    let others = files.text(&format!("{SOURCES}/available_clocksource")).map(|names| {
        names.split_whitespace().filter(is_other).map(str::to_owned).collect::<Vec<_>>()
    });
    Clocks { others, invariant_tsc: invariant_tsc(files), own, kernel }
}

/// At one rate at every frequency, and in every sleep.
fn invariant_tsc(files: &Files) -> Measured<bool> {
    if !cfg!(target_arch = "x86_64") {
        return Measured::Not("this architecture has no time stamp counter".to_owned());
    }
    files.parsed("/proc/cpuinfo", |text| {
        let flags = cpu_flags(text)?;
        Some(["constant_tsc", "nonstop_tsc"].iter().all(|flag| flags.contains(flag)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::Fake;
    use super::*;

    #[test]
    fn a_counter_that_stops_in_sleep_is_not_invariant() {
        let fake = Fake::new([
            ("/proc/cpuinfo", "processor: 0\nflags\t\t: tsc constant_tsc\n"),
            ("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n"),
            (
                "/sys/devices/system/clocksource/clocksource0/available_clocksource",
                "hpet acpi_pm \n",
            ),
        ]);
        let clocks = clocks(&fake.files(), ClockSource::Tsc);
        assert_eq!(clocks.kernel, Measured::Is("hpet".to_owned()));
        assert_eq!(clocks.others, Measured::Is(vec!["acpi_pm".to_owned()]));
        if cfg!(target_arch = "x86_64") {
            assert_eq!(clocks.invariant_tsc, Measured::Is(false));
        }
    }
}
