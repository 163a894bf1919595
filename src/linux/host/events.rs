//! Performance events: what bounds them, and what becomes of each when it is tried.

use super::files::Files;
use super::privileges::{self, IPC_LOCK, PERFMON, SYS_ADMIN};
use super::{Measured, trial};
use crate::model::{Events, Limit, Rings};

/// Bytes of a ring without its page of administration.
pub(super) const RING_BYTES: usize = 64 << 10;

const PMUS: &str = "/sys/bus/event_source/devices";

pub(super) fn events(files: &Files, online: &Measured<Vec<u32>>) -> Events {
    let paranoid = files.parsed("/proc/sys/kernel/perf_event_paranoid", |text| text.parse().ok());
    let trial = trial::trial();
    Events {
        privileged: privileges::has_any(files, &[PERFMON, SYS_ADMIN]),
        filtered: files
            .field("/proc/self/status", "Seccomp", |mode| mode.parse::<u32>().ok())
            .map(|mode| mode == 2),
        pmus: pmus(files),
        watchdog: files.parsed("/proc/sys/kernel/nmi_watchdog", |text| match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }),
        counters: trial.counters,
        hardware_groups: trial.hardware_groups,
        switch_records: trial.switch_records,
        rings: rings(files, page_bytes(), &paranoid, online),
        open_files: limit(files, "Max open files"),
        paranoid,
    }
}

/// Those of the CPUs, and not of what is around them: `cpu`, or what tells which CPUs it is of.
fn pmus(files: &Files) -> Measured<Vec<String>> {
    let is_of_cpus = |name: &String| name == "cpu" || files.exists(&format!("{PMUS}/{name}/cpus"));
    files.names(PMUS).map(|names| names.into_iter().filter(is_of_cpus).collect())
}

fn rings(
    files: &Files,
    page: Measured<u64>,
    paranoid: &Measured<i32>,
    online: &Measured<Vec<u32>>,
) -> Rings {
    let number = |text: &str| text.parse::<u64>().ok();
    let mlock_kb = files.parsed("/proc/sys/kernel/perf_event_mlock_kb", number);
    let memlock = limit(files, "Max locked memory");
    let lock = privileges::has_any(files, &[IPC_LOCK]);
    let free = lock == Measured::Is(true) || paranoid.value().is_some_and(|&level| level < 0);
    let at_most = match free {
        true => Measured::Is(Limit::Unlimited),
        false => at_most(&page, &mlock_kb, &memlock, online),
    };
    let bytes_of_each = page.map(|page| RING_BYTES as u64 + page);
    Rings { bytes_of_each, at_most, mlock_kb, memlock }
}

/// What the kernel charges: every ring with its page of administration, first to the user's share of
/// `perf_event_mlock_kb` for each CPU, then to the process's locked memory.
fn at_most(
    page: &Measured<u64>,
    mlock_kb: &Measured<u64>,
    memlock: &Measured<Limit>,
    online: &Measured<Vec<u32>>,
) -> Measured<Limit> {
    let known = (page, mlock_kb, memlock, online);
    let (page, kb, memlock, online) = match known {
        (Measured::Is(page), Measured::Is(kb), Measured::Is(memlock), Measured::Is(online)) => {
            (*page, *kb, *memlock, online)
        }
        (Measured::Not(reason), ..)
        | (_, Measured::Not(reason), ..)
        | (_, _, Measured::Not(reason), _)
        | (.., Measured::Not(reason)) => return Measured::Not(reason.clone()),
    };
    let Limit::At(memlock) = memlock else { return Measured::Is(Limit::Unlimited) };
    let shared = (kb.saturating_mul(1024) / page).saturating_mul(online.len() as u64);
    let pages = shared.saturating_add(memlock / page);
    Measured::Is(Limit::At(pages / (RING_BYTES as u64 / page + 1)))
}

/// The soft limit of this name in `/proc/self/limits`.
fn limit(files: &Files, name: &str) -> Measured<Limit> {
    files.parsed("/proc/self/limits", |text| {
        let values = text.lines().find_map(|line| line.strip_prefix(name))?;
        match values.split_whitespace().next()? {
            "unlimited" => Some(Limit::Unlimited),
            number => number.parse().ok().map(Limit::At),
        }
    })
}

fn page_bytes() -> Measured<u64> {
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: sysconf takes a number and returns one.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    match u64::try_from(bytes) {
        Ok(bytes) if bytes > 0 => Measured::Is(bytes),
        _ => Measured::Not("the C library does not tell the size of a page".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::Fake;
    use super::*;

    fn user(limits: &str, capabilities: &str) -> Fake {
        Fake::new([
            ("/proc/sys/kernel/perf_event_mlock_kb", "516\n"),
            ("/proc/self/limits", limits),
            ("/proc/self/status", &format!("CapEff:\t{capabilities}\n")),
        ])
    }

    fn rings_at(fake: &Fake, paranoid: i32) -> Measured<Limit> {
        let online = Measured::Is(vec![0, 1]);
        rings(&fake.files(), Measured::Is(4096), &Measured::Is(paranoid), &online).at_most
    }

    const LIMITS: &str = "Limit    Soft Limit   Hard Limit   Units\n\
                          Max open files            1024                 524288         files\n\
                          Max locked memory         8388608              8388608        bytes\n";

    /// Tried on a machine of two CPUs: the 136th ring was refused.
    #[test]
    fn a_user_has_rings_from_both_pots() {
        assert_eq!(rings_at(&user(LIMITS, "0"), 2), Measured::Is(Limit::At(135)));
    }

    #[test]
    fn rights_and_trust_lift_the_limit() {
        assert_eq!(rings_at(&user(LIMITS, "4000"), 2), Measured::Is(Limit::Unlimited));
        assert_eq!(rings_at(&user(LIMITS, "0"), -1), Measured::Is(Limit::Unlimited));
        let endless = LIMITS.replace("8388608 ", "unlimited ");
        assert_eq!(rings_at(&user(&endless, "0"), 2), Measured::Is(Limit::Unlimited));
    }

    #[test]
    fn limits_are_read_by_name() {
        let fake = user(LIMITS, "0");
        assert_eq!(limit(&fake.files(), "Max open files"), Measured::Is(Limit::At(1024)));
        assert!(matches!(limit(&fake.files(), "Max hope"), Measured::Not(_)));
    }

    #[test]
    fn only_pmus_of_cpus_are_named() {
        let fake = Fake::new([
            ("/sys/bus/event_source/devices/software/type", "1"),
            ("/sys/bus/event_source/devices/uncore_imc/cpumask", "0"),
            ("/sys/bus/event_source/devices/cpu_atom/cpus", "8-15"),
            ("/sys/bus/event_source/devices/cpu_core/cpus", "0-7"),
        ]);
        let names = ["cpu_atom", "cpu_core"].map(str::to_owned).to_vec();
        assert_eq!(pmus(&fake.files()), Measured::Is(names));
    }
}
