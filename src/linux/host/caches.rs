//! Caches: how large the last level is, with all its instances.

use std::collections::BTreeMap;

use super::files::Files;
use super::{Measured, cpu_list};

/// Bytes of the last-level caches that some CPUs have, each counted once.
pub(super) fn last_level(files: &Files, cpus: &Measured<Vec<u32>>) -> Measured<u64> {
    let cpus = match cpus {
        Measured::Is(cpus) => cpus,
        Measured::Not(reason) => return Measured::Not(reason.clone()),
    };
    let mut caches = BTreeMap::new();
    for cpu in cpus {
        match last_of(files, *cpu) {
            Ok((shared_by, bytes)) => caches.insert(shared_by, bytes),
            Err(reason) => return Measured::Not(reason),
        };
    }
    Measured::Is(caches.values().sum())
}

/// Which CPUs share a CPU's last cache, and its size.
fn last_of(files: &Files, cpu: u32) -> Result<(Vec<u32>, u64), String> {
    let folder = format!("/sys/devices/system/cpu/cpu{cpu}/cache");
    let mut levels = Vec::new();
    for index in known(files.names(&folder))?.iter().filter(|name| name.starts_with("index")) {
        let index = format!("{folder}/{index}");
        levels.push((known(files.parsed(&format!("{index}/level"), number))?, index));
    }
    let (_, last) = levels.into_iter().max().ok_or_else(|| format!("{folder} names no cache"))?;
    let shared_by = known(files.parsed(&format!("{last}/shared_cpu_list"), cpu_list::parse))?;
    Ok((shared_by, known(files.parsed(&format!("{last}/size"), size))?))
}

fn known<T>(measured: Measured<T>) -> Result<T, String> {
    match measured {
        Measured::Is(value) => Ok(value),
        Measured::Not(reason) => Err(reason),
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// `32768K`, as the kernel writes it.
fn size(text: &str) -> Option<u64> {
    number(text.strip_suffix('K')?)?.checked_mul(1 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::host::files::tests::Fake;

    fn cache(cpu: u32, index: u32, level: u32, size: &str, shared: &str) -> [(String, String); 3] {
        let file =
            |name: &str| format!("/sys/devices/system/cpu/cpu{cpu}/cache/index{index}/{name}");
        [
            (file("level"), level.to_string()),
            (file("size"), size.to_owned()),
            (file("shared_cpu_list"), shared.to_owned()),
        ]
    }

    #[test]
    fn a_cache_that_cpus_share_counts_once() {
        let small = |cpu: u32| cache(cpu, 0, 1, "32K", &cpu.to_string());
        let large = |cpu, shared| cache(cpu, 3, 3, "16384K", shared);
        let files = [small(0), large(0, "0-1"), small(1), large(1, "0-1"), small(2), large(2, "2")];
        let fake = Fake::new(files.concat());
        let of = |cpus: &[u32]| last_level(&fake.files(), &Measured::Is(cpus.to_vec()));
        assert_eq!(of(&[0, 1]), Measured::Is(16 << 20));
        assert_eq!(of(&[0, 1, 2]), Measured::Is(32 << 20));
    }

    #[test]
    fn what_is_not_told_is_not_guessed() {
        let fake = Fake::new(cache(0, 0, 1, "strange", "0"));
        let of = |cpu: u32| last_level(&fake.files(), &Measured::Is(vec![cpu]));
        let place = "/sys/devices/system/cpu/cpu";
        assert_eq!(
            (of(0), of(1)),
            (
                Measured::Not(format!("{place}0/cache/index0/size does not tell")),
                Measured::Not(format!("the kernel shows no {place}1/cache")),
            ),
        );
    }
}
