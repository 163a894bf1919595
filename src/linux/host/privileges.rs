//! What the process may do that others may not.

use super::Measured;
use super::files::Files;

/// Locking memory without limit.
pub(super) const IPC_LOCK: u32 = 14;
/// Nearly everything.
pub(super) const SYS_ADMIN: u32 = 21;
/// Performance events.
pub(super) const PERFMON: u32 = 38;

/// Whether the process has one of these capabilities, for the whole machine.
pub(super) fn has_any(files: &Files, capabilities: &[u32]) -> Measured<bool> {
    let effective =
        files.field("/proc/self/status", "CapEff", |mask| u64::from_str_radix(mask, 16).ok());
    effective.map(|mask| {
        capabilities.iter().any(|bit| mask & (1 << bit) != 0) && is_whole_machine(files)
    })
}

/// In a user namespace, as of containers without root, capabilities are only over what is in it;
/// performance events are not.
fn is_whole_machine(files: &Files) -> bool {
    let map = files.text("/proc/self/uid_map");
    let words: Option<Vec<&str>> = map.value().map(|map| map.split_whitespace().collect());
    // A kernel without such namespaces has no such file.
    words.is_none_or(|words| words == ["0", "0", "4294967295"])
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::Fake;
    use super::*;

    #[test]
    fn a_namespaces_root_is_nobody_to_the_machine() {
        let status = ("/proc/self/status", "CapEff:\t000001ffffffffff\n");
        let real = Fake::new([status, ("/proc/self/uid_map", "  0  0 4294967295\n")]);
        let rootless = Fake::new([status, ("/proc/self/uid_map", "  0  1000 1\n")]);
        assert_eq!(has_any(&real.files(), &[PERFMON]), Measured::Is(true));
        assert_eq!(has_any(&rootless.files(), &[PERFMON]), Measured::Is(false));
    }

    #[test]
    fn each_capability_is_its_own() {
        let fake = Fake::new([("/proc/self/status", "CapEff:\t0000000000004000\n")]);
        assert_eq!(has_any(&fake.files(), &[IPC_LOCK]), Measured::Is(true));
        assert_eq!(has_any(&fake.files(), &[SYS_ADMIN, PERFMON]), Measured::Is(false));
    }
}
