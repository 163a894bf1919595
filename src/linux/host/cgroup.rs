//! The control group's limit of CPU time, in both versions of control groups.
//!
//! A group is bound by its own quota and by those of all groups around it, so all that can be seen
//! are read, and the tightest counts.

use super::files::Files;
use super::{Measured, Nanos};
use crate::model::{CpuLimit, Quota, Throttling};

pub(super) fn cpu_limit(files: &Files) -> CpuLimit {
    match place(files) {
        Measured::Is(place) => limit(files, &place),
        Measured::Not(reason) => {
            CpuLimit { quota: Measured::Not(reason.clone()), throttling: Measured::Not(reason) }
        }
    }
}

/// Where the files of the process's group are.
struct Place {
    version: Version,
    /// The folder that groups are mounted at.
    mount: String,
    /// The group below it: `/`, or `/a/b`.
    group: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// Version 1 counts where it has the controller, for then version 2 does not.
fn place(files: &Files) -> Measured<Place> {
    let (groups, mounts) =
        match (files.text("/proc/self/cgroup"), files.text("/proc/self/mountinfo")) {
            (Measured::Is(groups), Measured::Is(mounts)) => (groups, mounts),
            (Measured::Not(reason), _) | (_, Measured::Not(reason)) => {
                return Measured::Not(reason);
            }
        };
    let found = [Version::One, Version::Two].into_iter().find_map(|version| {
        let group = groups.lines().find_map(|line| group_in(line, version))?;
        mounts.lines().find_map(|line| place_in(line, version, group))
    });
    match found {
        Some(place) => Measured::Is(place),
        None => Measured::Not("no control groups for CPU time are mounted here".to_owned()),
    }
}

/// The group of a line like `4:cpu,cpuacct:/a/b`, or `0::/a/b`, if it is of CPU time.
fn group_in(line: &str, version: Version) -> Option<&str> {
    let mut parts = line.splitn(3, ':');
    let (_, controllers, group) = (parts.next()?, parts.next()?, parts.next()?);
    let counts = match version {
        Version::One => controllers.split(',').any(|name| name == "cpu"),
        Version::Two => controllers.is_empty(),
    };
    counts.then_some(group)
}

/// The place of `group`, if this line of `mountinfo` mounts what it is in. See proc(5).
fn place_in(line: &str, version: Version, group: &str) -> Option<Place> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(3);
    let (root, mount) = (before.next()?, before.next()?);
    let mut after = after.split(' ');
    let (kind, _, options) = (after.next()?, after.next()?, after.next()?);
    let fits = match version {
        Version::One => kind == "cgroup" && options.split(',').any(|option| option == "cpu"),
        Version::Two => kind == "cgroup2",
    };
    let group = below(group, root);
    fits.then(|| Place { version, mount: mount.to_owned(), group: group.to_owned() })
}

/// What remains of a group's path below the root that is mounted. In a container the path may be
/// the host's, of which nothing below the mount can be seen but the mount itself.
fn below<'g>(group: &'g str, root: &str) -> &'g str {
    let rest = match root {
        "/" => Some(group),
        root => group.strip_prefix(root),
    };
    rest.filter(|rest| rest.starts_with('/') && !rest.starts_with("/..")).unwrap_or("/")
}

impl Place {
    /// The group, and those around it, from within.
    fn ancestors(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.group.as_str()), |group| match *group {
            "/" => None,
            group => group.rfind('/').map(|end| if end == 0 { "/" } else { &group[..end] }),
        })
    }

    fn file(&self, group: &str, name: &str) -> String {
        format!("{}{}/{name}", self.mount, group.trim_end_matches('/'))
    }

    fn quota(&self, files: &Files, group: &str) -> Option<Quota> {
        let read = |name| files.text(&self.file(group, name)).value().cloned();
        let (time, period) = match self.version {
            Version::One => (read("cpu.cfs_quota_us")?, read("cpu.cfs_period_us")?),
            Version::Two => {
                let text = read("cpu.max")?;
                let (time, period) = text.split_once(' ')?;
                (time.to_owned(), period.to_owned())
            }
        };
        // Without a quota, the time is `max` or -1.
        let (time, period) = (time.parse::<u64>().ok()?, period.parse::<u64>().ok()?);
        let nanos = |micros: u64| Nanos(micros.saturating_mul(1_000));
        (period > 0).then(|| Quota {
            group: group.to_owned(),
            time: nanos(time),
            period: nanos(period),
        })
    }

    fn throttling(&self, files: &Files, group: &str) -> Measured<Throttling> {
        files.parsed(&self.file(group, "cpu.stat"), |text| {
            let field = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name))?;
                line.strip_prefix(' ')?.parse::<u64>().ok()
            };
            let throttled = match self.version {
                Version::One => field("throttled_time")?,
                Version::Two => field("throttled_usec")?.saturating_mul(1_000),
            };
            Some(Throttling {
                periods: field("nr_periods")?,
                throttled_periods: field("nr_throttled")?,
                throttled: Nanos(throttled),
            })
        })
    }
}

fn limit(files: &Files, place: &Place) -> CpuLimit {
    let quotas = place.ancestors().filter_map(|group| place.quota(files, group));
    match quotas.min_by(|a, b| a.cpus().total_cmp(&b.cpus())) {
        Some(quota) => CpuLimit {
            throttling: place.throttling(files, &quota.group),
            quota: Measured::Is(Some(quota)),
        },
        None => CpuLimit {
            quota: Measured::Is(None),
            throttling: Measured::Not("there is no quota that could be used up".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::Fake;
    use super::*;

    const TWO: &str = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_tightest_quota_of_version_two_counts_with_its_throttling() {
        let fake = Fake::new([
            ("/proc/self/cgroup", "0::/user/build/job\n"),
            ("/proc/self/mountinfo", TWO),
            ("/sys/fs/cgroup/user/build/job/cpu.max", "400000 100000\n"),
            ("/sys/fs/cgroup/user/build/cpu.max", "150000 100000\n"),
            ("/sys/fs/cgroup/user/cpu.max", "max 100000\n"),
            (
                "/sys/fs/cgroup/user/build/cpu.stat",
                "usage_usec 9\nnr_periods 40\nnr_throttled 7\nthrottled_usec 2500\n",
            ),
        ]);
        let limit = cpu_limit(&fake.files());
        let quota = limit.quota.value().unwrap().clone().unwrap();
        assert_eq!((quota.group.as_str(), quota.cpus()), ("/user/build", 1.5));
        let throttling =
            Throttling { periods: 40, throttled_periods: 7, throttled: Nanos(2_500_000) };
        assert_eq!(limit.throttling, Measured::Is(throttling));
    }

    #[test]
    fn version_one_is_found_beside_version_two_and_below_a_containers_root() {
        let fake = Fake::new([
            ("/proc/self/cgroup", "2:cpu,cpuacct:/docker/a1\n1:cpuset:/\n0::/\n"),
            (
                "/proc/self/mountinfo",
                "38 31 0:35 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
                 39 31 0:36 /docker/a1 /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                 41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
            ),
            ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n"),
            ("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
            (
                "/sys/fs/cgroup/cpu/cpu.stat",
                "nr_periods 10\nnr_throttled 10\nthrottled_time 900000000\n",
            ),
        ]);
        let limit = cpu_limit(&fake.files());
        assert_eq!(limit.quota.value().unwrap().as_ref().unwrap().cpus(), 0.5);
        assert_eq!(limit.throttling.value().unwrap().throttled, Nanos(900_000_000));
    }

    #[test]
    fn no_quota_and_no_groups_are_two_things() {
        let free = Fake::new([("/proc/self/cgroup", "0::/\n"), ("/proc/self/mountinfo", TWO)]);
        assert_eq!(cpu_limit(&free.files()).quota, Measured::Is(None));
        let none = Fake::new([("/proc/self/cgroup", "0::/\n"), ("/proc/self/mountinfo", "\n")]);
        assert!(matches!(cpu_limit(&none.files()).quota, Measured::Not(_)));
    }

    #[test]
    fn a_path_outside_of_the_mount_is_the_mount() {
        assert_eq!(below("/a/b", "/"), "/a/b");
        assert_eq!(below("/docker/a1/x", "/docker/a1"), "/x");
        assert_eq!(below("/docker/a1", "/docker/a1"), "/");
        assert_eq!(below("/docker/a12", "/docker/a1"), "/");
        assert_eq!(below("/../other", "/"), "/");
    }
}
