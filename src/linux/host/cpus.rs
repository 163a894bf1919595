//! Processors: how many, how they share cores and sockets, and how fast they are let run.

use std::collections::BTreeSet;

use super::files::Files;
use super::{Measured, cpu_list};
use crate::model::{Cpus, Frequency};

const CPUS: &str = "/sys/devices/system/cpu";

pub(super) fn cpus(files: &Files, name: Measured<String>) -> Cpus {
    let online = files.parsed(&format!("{CPUS}/online"), cpu_list::parse);
    let allowed = files.field("/proc/self/status", "Cpus_allowed_list", cpu_list::parse);
    let count = |list: &str| number(cpu_list::parse(list)?.len());
    Cpus {
        name,
        cores: distinct(files, &online, "topology/thread_siblings_list"),
        allowed_cores: distinct(files, &allowed, "topology/thread_siblings_list"),
        sockets: sockets(files, &online),
        nodes: files.parsed("/sys/devices/system/node/has_cpu", count),
        kinds: kinds(files, &online),
        online,
        allowed,
    }
}

pub(super) fn frequency(files: &Files, allowed: &Measured<Vec<u32>>) -> Frequency {
    let first = |list: &Vec<u32>| list.first().copied();
    let driver = match allowed.value().and_then(first) {
        Some(cpu) => files.text(&format!("{CPUS}/cpu{cpu}/cpufreq/scaling_driver")),
        None => Measured::Not("the CPUs of this process are not known".to_owned()),
    };
    let governors = each(files, allowed, "cpufreq/scaling_governor")
        .map(|governors| governors.into_iter().collect());
    Frequency { driver, governors }
}

/// How many different texts the CPUs have in `file`.
fn distinct(files: &Files, cpus: &Measured<Vec<u32>>, file: &str) -> Measured<u32> {
    match each(files, cpus, file) {
        Measured::Is(texts) => match number(texts.len()) {
            Some(count) => Measured::Is(count),
            None => Measured::Not("more than can be counted".to_owned()),
        },
        Measured::Not(reason) => Measured::Not(reason),
    }
}

/// The different texts that the CPUs have in `file`; one that cannot be read is a reason for all.
fn each(files: &Files, cpus: &Measured<Vec<u32>>, file: &str) -> Measured<BTreeSet<String>> {
    let cpus = match cpus {
        Measured::Is(cpus) => cpus,
        Measured::Not(reason) => return Measured::Not(reason.clone()),
    };
    let mut texts = BTreeSet::new();
    for cpu in cpus {
        match files.text(&format!("{CPUS}/cpu{cpu}/{file}")) {
            Measured::Is(text) => texts.insert(text),
            Measured::Not(reason) => return Measured::Not(reason),
        };
    }
    Measured::Is(texts)
}

/// Some firmware numbers sockets -1, which is no number of a socket.
fn sockets(files: &Files, online: &Measured<Vec<u32>>) -> Measured<u32> {
    const FILE: &str = "topology/physical_package_id";
    match each(files, online, FILE) {
        Measured::Is(ids) if ids.contains("-1") => {
            Measured::Not("the firmware does not number the sockets".to_owned())
        }
        _ => distinct(files, online, FILE),
    }
}

/// On x86 the two kinds of core have a PMU each; elsewhere, and on newer kernels, each CPU has its
/// capacity.
fn kinds(files: &Files, online: &Measured<Vec<u32>>) -> Measured<u32> {
    if files.exists("/sys/devices/cpu_core/cpus") && files.exists("/sys/devices/cpu_atom/cpus") {
        return Measured::Is(2);
    }
    distinct(files, online, "cpu_capacity")
}

fn number(count: usize) -> Option<u32> {
    u32::try_from(count).ok()
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::Fake;
    use super::*;

    /// Two sockets of 32 cores with two threads each; CPU n and n + 64 share a core. The process
    /// may use the first socket's, but for one thread.
    fn large() -> Fake {
        let mut files = vec![
            ("/sys/devices/system/cpu/online".to_owned(), "0-127\n".to_owned()),
            ("/proc/self/status".to_owned(), "Cpus_allowed_list:\t0-31,64-94\n".to_owned()),
            ("/sys/devices/system/node/has_cpu".to_owned(), "0-1\n".to_owned()),
        ];
        for cpu in 0..128 {
            let (core, folder) = (cpu % 64, format!("{CPUS}/cpu{cpu}"));
            let siblings = format!("{core},{}\n", core + 64);
            let governor = if core == 3 { "powersave" } else { "performance" };
            files.extend([
                (format!("{folder}/topology/thread_siblings_list"), siblings),
                (format!("{folder}/topology/physical_package_id"), format!("{}\n", core / 32)),
                (format!("{folder}/cpufreq/scaling_governor"), governor.to_owned()),
                (format!("{folder}/cpufreq/scaling_driver"), "acpi-cpufreq\n".to_owned()),
            ]);
        }
        Fake::new(files)
    }

    #[test]
    fn cores_sockets_and_affinity_of_a_large_machine() {
        let fake = large();
        let cpus = cpus(&fake.files(), Measured::Is("A CPU".to_owned()));
        assert_eq!(cpus.online.value().unwrap().len(), 128);
        assert_eq!(cpus.allowed.value().unwrap().len(), 63);
        assert_eq!((cpus.cores, cpus.allowed_cores), (Measured::Is(64), Measured::Is(32)));
        assert_eq!((cpus.sockets, cpus.nodes), (Measured::Is(2), Measured::Is(2)));
        assert!(matches!(cpus.kinds, Measured::Not(reason) if reason.contains("cpu_capacity")));
    }

    #[test]
    fn governors_are_named_once_each() {
        let fake = large();
        let allowed = Measured::Is((0..8).collect());
        let frequency = frequency(&fake.files(), &allowed);
        let both = ["performance", "powersave"].map(str::to_owned).to_vec();
        assert_eq!(frequency.governors, Measured::Is(both));
        assert_eq!(frequency.driver, Measured::Is("acpi-cpufreq".to_owned()));
    }

    #[test]
    fn a_socket_without_number_is_not_counted() {
        let fake = Fake::new([
            ("/sys/devices/system/cpu/online", "0\n"),
            ("/sys/devices/system/cpu/cpu0/topology/physical_package_id", "-1\n"),
        ]);
        let cpus = cpus(&fake.files(), Measured::Is("A CPU".to_owned()));
        assert!(matches!(cpus.sockets, Measured::Not(reason) if reason.contains("firmware")));
        assert!(matches!(cpus.cores, Measured::Not(_)));
    }
}
