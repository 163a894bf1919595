//! What the machine offers to a profiler, as the kernel tells it: each fact, or why it is not known.
//!
//! Nothing is changed and nothing is judged here.

mod accounting;
mod caches;
mod cgroup;
mod clocks;
mod cpu_list;
mod cpus;
mod events;
mod files;
mod privileges;
mod trial;

use super::machine::cpu_name;
use super::{Measured, Nanos};
use crate::model::{ClockSource, CpuLimit, Host};
use files::Files;

/// The control group's limit of CPU time, and how often it was used up until now. Takes a reading of
/// some small files.
pub fn cpu_limit() -> CpuLimit {
    cgroup::cpu_limit(&Files::below("/"))
}

/// Bytes of the last-level caches of the CPUs that this process may run on, all of them together.
pub fn last_level_cache() -> Measured<u64> {
    let files = &Files::below("/");
    caches::last_level(
        files,
        &files.field("/proc/self/status", "Cpus_allowed_list", cpu_list::parse),
    )
}

/// What the machine offers. `os` and `own`, the recording's clock, are the caller's to know.
/// Takes up to 50 ms where there is a PMU, which is tried out.
pub fn host(os: String, own: ClockSource) -> Host {
    let files = &Files::below("/");
    let cpus = cpus::cpus(files, cpu_name());
    Host {
        os,
        kernel: files.text("/proc/sys/kernel/osrelease"),
        is_virtual: is_virtual(files),
        frequency: cpus::frequency(files, &cpus.allowed),
        cpu_limit: cgroup::cpu_limit(files),
        clocks: clocks::clocks(files, own),
        events: events::events(files, &cpus.online),
        accounting: accounting::accounting(files),
        cpus,
    }
}

/// By what the CPU says (x86), or the firmware.
fn is_virtual(files: &Files) -> Measured<bool> {
    if files.exists("/sys/hypervisor/type") {
        return Measured::Is(true);
    }
    files.parsed("/proc/cpuinfo", |text| {
        let flags = cpu_flags(text)?;
        Some(flags.contains(&"hypervisor"))
    })
}

/// The first CPU's, by the name that x86 gives the line, or ARM.
fn cpu_flags(cpuinfo: &str) -> Option<Vec<&str>> {
    let is_flags = |line: &&str| line.starts_with("flags") || line.starts_with("Features");
    let (_, flags) = cpuinfo.lines().find(is_flags)?.split_once(':')?;
    Some(flags.split_whitespace().collect())
}
