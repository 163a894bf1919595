//! Why an event cannot be had, as a sentence for a person: what is in the way, and what removes it.

use std::fs;
use std::io;

/// What was to be opened, as far as it changes what an error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A counter of the CPU's, on a machine where the PMU counts other things, or none.
    Hardware {
        /// Whether it counts other things.
        has_pmu: bool,
    },
    /// An event of the kernel's.
    Software,
    /// The memory that switch records are written to.
    Ring,
}

/// Whether the kernel says that such an event is not allowed, which user-only events may be.
pub(super) fn is_denied(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EACCES)
}

/// Whether the event exists and may be had, but the group is full.
pub(super) fn is_group_full(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSPC))
}

/// The sentence, without its full stop.
pub(super) fn reason(error: &io::Error, wanted: Wanted) -> String {
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::EOPNOTSUPP | libc::ENODEV) => absent(wanted),
        Some(libc::EACCES) => denied(paranoid_level()),
        Some(libc::EPERM) if wanted == Wanted::Ring => ring_memory(),
        Some(libc::EPERM) if is_filtered() => {
            "a seccomp filter forbids perf_event_open, as containers' do; add CAP_PERFMON to the \
             container, or allow the call in its profile"
                .to_owned()
        }
        Some(libc::EPERM) => denied(paranoid_level()),
        Some(libc::ENOSYS) if is_filtered() => {
            "a seccomp filter hides perf_event_open, as containers' do; allow the call in the \
             container's profile"
                .to_owned()
        }
        Some(libc::ENOSYS) => "this kernel is built without performance events".to_owned(),
        Some(libc::EMFILE) => "this process has too many files open; raise its limit with \
                               `ulimit -n`"
            .to_owned(),
        Some(libc::ENFILE) => "the machine has too many files open".to_owned(),
        Some(libc::EBUSY) => "another program has the PMU to itself".to_owned(),
        Some(libc::ESRCH) => "the thread had ended".to_owned(),
        Some(libc::EINVAL) => {
            "this kernel does not know such an event, or refuses it here".to_owned()
        }
        _ => format!("the kernel refuses it: {error}"),
    }
}

fn absent(wanted: Wanted) -> String {
    match wanted {
        Wanted::Hardware { has_pmu: true } => "this CPU's PMU does not count it".to_owned(),
        Wanted::Hardware { has_pmu: false } if is_virtual() => {
            "this virtual machine has no PMU; its host can give it one".to_owned()
        }
        Wanted::Hardware { has_pmu: false } => {
            "this machine shows no PMU (performance monitoring unit) to programs".to_owned()
        }
        Wanted::Software | Wanted::Ring => "this kernel has no such event".to_owned(),
    }
}

fn denied(level: Option<i32>) -> String {
    let remedy = "or give the program CAP_PERFMON";
    match level {
        Some(level @ 3..) => format!(
            "perf_event_paranoid is {level}, which allows users nothing; set it with \
             `sysctl kernel.perf_event_paranoid=2`, {remedy}"
        ),
        Some(level) => format!(
            "perf_event_paranoid is {level}, which keeps it from users; set it with \
             `sysctl kernel.perf_event_paranoid={}`, {remedy}",
            (level - 1).min(1)
        ),
        None => format!("the kernel does not allow it; lower perf_event_paranoid, {remedy}"),
    }
}

fn ring_memory() -> String {
    let limit = match number("/proc/sys/kernel/perf_event_mlock_kb") {
        Some(limit) => format!("perf_event_mlock_kb is {limit}"),
        None => "perf_event_mlock_kb is too low".to_owned(),
    };
    format!("there is no more locked memory for it; {limit}, raise that or `ulimit -l`")
}

/// `kernel.perf_event_paranoid`; `None` if the kernel does not tell.
pub fn paranoid_level() -> Option<i32> {
    number("/proc/sys/kernel/perf_event_paranoid")
}

/// Whether the kernel's watchdog has a hardware counter of each CPU.
pub(super) fn has_watchdog() -> bool {
    number("/proc/sys/kernel/nmi_watchdog") == Some(1)
}

/// Whether a seccomp filter is known to be over this process.
pub fn is_filtered() -> bool {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return false };
    status.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"]))
}

/// Whether this is a virtual machine, by what its CPU says (x86) or its firmware.
fn is_virtual() -> bool {
    let says_so = |flags: String| flags.split_whitespace().any(|word| word == "hypervisor");
    fs::read_to_string("/proc/cpuinfo").is_ok_and(says_so)
        || fs::exists("/sys/hypervisor/type").unwrap_or(false)
}

fn number(path: &str) -> Option<i32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_names_one_that_helps() {
        assert!(
            denied(Some(4)).contains("paranoid is 4") && denied(Some(4)).contains("paranoid=2")
        );
        assert!(
            denied(Some(2)).contains("paranoid is 2") && denied(Some(2)).contains("paranoid=1")
        );
        assert!(denied(Some(1)).contains("paranoid=0"));
        assert!(denied(None).contains("CAP_PERFMON"));
    }

    #[test]
    fn a_missing_pmu_and_a_missing_event_are_two_things() {
        let absent = io::Error::from_raw_os_error(libc::ENOENT);
        let with = reason(&absent, Wanted::Hardware { has_pmu: true });
        let without = reason(&absent, Wanted::Hardware { has_pmu: false });
        assert_ne!(with, without);
        assert!(without.contains("no PMU"));
    }

    #[test]
    fn a_ring_without_memory_is_no_matter_of_permission() {
        let refused = io::Error::from_raw_os_error(libc::EPERM);
        assert!(reason(&refused, Wanted::Ring).contains("locked memory"));
    }
}
