//! What tells the time, and what a reading costs.

use super::{Area, Check};
use crate::model::{ClockSource, Clocks, Host, Measured};

const AREA: Area = Area::Clocks;
const SLOWER: &str = "each time costs 20 to 50 ns instead of 10, so that recording disturbs short \
                      tasks more";

pub(super) fn checks(host: &Host) -> Vec<Check> {
    vec![kernel(&host.clocks), tsc(host), own(&host.clocks)]
}

fn kernel(clocks: &Clocks) -> Check {
    const ID: &str = "clock-source";
    let cost = "whether the kernel trusts the time stamp counter is not known";
    AREA.known(ID, &clocks.kernel, cost, |source| match source.as_str() {
        "hpet" | "acpi_pm" | "jiffies" | "pit" => AREA
            .limits(
                ID,
                format!("{source}: the kernel does not trust the time stamp counter"),
                "each reading of the OS clock asks the chipset, a microsecond or more",
            )
            .remedied(
                "`dmesg | grep -i tsc` tells why; where it is wrong, boot with `tsc=reliable`",
            ),
        _ => AREA.ok(ID, source.as_str()),
    })
}

fn tsc(host: &Host) -> Check {
    const ID: &str = "invariant-tsc";
    AREA.known(ID, &host.clocks.invariant_tsc, SLOWER, |&is_invariant| match is_invariant {
        true => AREA.ok(ID, "yes: one rate at every frequency and in every sleep"),
        false => {
            let check =
                AREA.limits(ID, "no: its rate changes, or it stops when a core sleeps", SLOWER);
            match host.is_virtual {
                Measured::Is(true) => {
                    check.remedied("let the host show it to this virtual machine (KVM: `+invtsc`)")
                }
                _ => check,
            }
        }
    })
}

fn own(clocks: &Clocks) -> Check {
    const ID: &str = "recording-clock";
    match (&clocks.own, &clocks.invariant_tsc) {
        (ClockSource::Tsc, _) => AREA.ok(ID, "the time stamp counter"),
        // Where there is no such counter, there is nothing to be missed.
        (ClockSource::Os { reason }, Measured::Not(_)) => {
            AREA.note(ID, format!("the OS's, as {reason}"), SLOWER)
        }
        (ClockSource::Os { reason }, Measured::Is(_)) => {
            AREA.limits(ID, format!("the OS's, as {reason}"), SLOWER)
        }
    }
}
