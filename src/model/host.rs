//! What a machine offers to a profiler: CPUs, limits, clocks, counters. Facts only; what they mean
//! for the analysis is said in reports.

use serde::{Deserialize, Serialize};

use super::{Availability, ClockSource, CounterInfo, Measured, Nanos};

/// A machine and this process's place on it, as far as it matters to what is recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Host {
    /// Operating system and architecture.
    pub os: String,
    /// The kernel's release.
    pub kernel: Measured<String>,
    /// Whether a hypervisor runs it.
    pub is_virtual: Measured<bool>,
    /// The processors.
    pub cpus: Cpus,
    /// How the processors' frequency is chosen.
    pub frequency: Frequency,
    /// The control group's limit of CPU time.
    pub cpu_limit: CpuLimit,
    /// The clocks.
    pub clocks: Clocks,
    /// The kernel's performance events.
    pub events: Events,
    /// What there is without performance events.
    pub accounting: Accounting,
}

/// The processors. A CPU is what runs one thread at a time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cpus {
    /// The processor's name, as it gives it.
    pub name: Measured<String>,
    /// The CPUs that are switched on, by the kernel's numbers, in order.
    pub online: Measured<Vec<u32>>,
    /// Those that this process may run on.
    pub allowed: Measured<Vec<u32>>,
    /// Physical cores among those switched on.
    pub cores: Measured<u32>,
    /// Physical cores of the CPUs that this process may run on.
    pub allowed_cores: Measured<u32>,
    /// Sockets.
    pub sockets: Measured<u32>,
    /// Parts of the memory that are nearer to some CPUs than to others (NUMA nodes with CPUs).
    pub nodes: Measured<u32>,
    /// Speeds that cores are built for: 2 where some are fast and others frugal.
    pub kinds: Measured<u32>,
}

/// How the processors' frequency is chosen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Frequency {
    /// What carries it out.
    pub driver: Measured<String>,
    /// The policies of the CPUs that this process may run on, each once.
    pub governors: Measured<Vec<String>>,
}

/// The control group's limit of CPU time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CpuLimit {
    /// The tightest quota of the group and those around it; `None` where there is none.
    pub quota: Measured<Option<Quota>>,
    /// How often that quota was used up since the group exists.
    pub throttling: Measured<Throttling>,
}

/// CPU time that a group may use in each period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// The group that has it, as a path among groups.
    pub group: String,
    /// CPU time of all CPUs together.
    pub time: Nanos,
    /// In a stretch of this length.
    pub period: Nanos,
}

impl Quota {
    /// The CPUs that the quota is worth.
    pub fn cpus(&self) -> f64 {
        self.time.0 as f64 / self.period.0 as f64
    }
}

/// How often a group was stopped because its quota was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttling {
    /// Periods in which the group ran.
    pub periods: u64,
    /// Those in which it was stopped.
    pub throttled_periods: u64,
    /// How long its CPUs were stopped in sum.
    pub throttled: Nanos,
}

impl Throttling {
    /// What came after `before`, of the same group.
    pub fn since(self, before: Self) -> Self {
        Self {
            periods: self.periods.saturating_sub(before.periods),
            throttled_periods: self.throttled_periods.saturating_sub(before.throttled_periods),
            throttled: self.throttled.saturating_since(before.throttled),
        }
    }
}

/// The clocks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clocks {
    /// What the kernel tells the time by.
    pub kernel: Measured<String>,
    /// What else it could tell the time by.
    pub others: Measured<Vec<String>>,
    /// Whether the CPU's time stamp counter runs at one rate whatever the CPU does.
    pub invariant_tsc: Measured<bool>,
    /// What recordings tell the time by.
    pub own: ClockSource,
}

/// The kernel's performance events.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Events {
    /// `kernel.perf_event_paranoid`.
    pub paranoid: Measured<i32>,
    /// Whether this process may use them whatever that level is (CAP_PERFMON or CAP_SYS_ADMIN).
    pub privileged: Measured<bool>,
    /// Whether a seccomp filter is over this process.
    pub filtered: Measured<bool>,
    /// The performance monitoring units of its CPUs, by the kernel's names.
    pub pmus: Measured<Vec<String>>,
    /// Whether the kernel keeps one hardware counter for itself, to notice when it hangs.
    pub watchdog: Measured<bool>,
    /// Every counter.
    pub counters: Vec<CounterInfo>,
    /// Groups that the hardware counters take. Those of one group count at the same time; where
    /// there are several groups, they take turns.
    pub hardware_groups: Measured<u32>,
    /// The kernel's records of threads leaving and entering CPUs.
    pub switch_records: Availability,
    /// Memory for these records.
    pub rings: Rings,
    /// Files that this process may have open: each event of each thread is one.
    pub open_files: Measured<Limit>,
}

/// Memory that the kernel's records are written to, a ring for each worker.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rings {
    /// Bytes of a ring that holds 2,048 records, with its page of administration.
    pub bytes_of_each: Measured<u64>,
    /// Rings that a user without privileges may have, with all that he runs at the same time.
    pub at_most: Measured<Limit>,
    /// `kernel.perf_event_mlock_kb`: KiB that each CPU adds to what is allowed.
    pub mlock_kb: Measured<u64>,
    /// Locked memory that the process may have beside that, in bytes.
    pub memlock: Measured<Limit>,
}

/// How much of something there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// So much.
    At(u64),
    /// As much as there is.
    Unlimited,
}

impl Limit {
    /// Whether `amount` is within it.
    pub fn allows(self, amount: u64) -> bool {
        match self {
            Self::At(limit) => amount <= limit,
            Self::Unlimited => true,
        }
    }
}

/// What there is without performance events: sums for each thread.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Accounting {
    /// The CPU clock of each thread.
    pub cpu_clock: Availability,
    /// The time that each thread waited for a CPU (`/proc/…/schedstat`).
    pub run_queue: Availability,
}

impl Host {
    /// A machine of which nothing is known but its name and the recording's clock.
    pub fn unmeasured(os: String, own: ClockSource, reason: &str) -> Self {
        Self {
            os,
            kernel: not(reason),
            is_virtual: not(reason),
            cpus: Cpus::unmeasured(reason),
            frequency: Frequency { driver: not(reason), governors: not(reason) },
            cpu_limit: CpuLimit { quota: not(reason), throttling: not(reason) },
            clocks: Clocks {
                kernel: not(reason),
                others: not(reason),
                invariant_tsc: not(reason),
                own,
            },
            events: Events::unmeasured(reason),
            accounting: Accounting {
                cpu_clock: Availability::Unavailable(reason.to_owned()),
                run_queue: Availability::Unavailable(reason.to_owned()),
            },
        }
    }
}

impl Cpus {
    fn unmeasured(reason: &str) -> Self {
        Self {
            name: not(reason),
            online: not(reason),
            allowed: not(reason),
            cores: not(reason),
            allowed_cores: not(reason),
            sockets: not(reason),
            nodes: not(reason),
            kinds: not(reason),
        }
    }
}

impl Events {
    /// No event at all, for `reason`.
    pub fn unmeasured(reason: &str) -> Self {
        let unavailable = || Availability::Unavailable(reason.to_owned());
        let info =
            |&counter| CounterInfo { counter, availability: unavailable(), user_only: false };
        Self {
            paranoid: not(reason),
            privileged: not(reason),
            filtered: not(reason),
            pmus: not(reason),
            watchdog: not(reason),
            counters: super::Counter::ALL.iter().map(info).collect(),
            hardware_groups: not(reason),
            switch_records: unavailable(),
            rings: Rings {
                bytes_of_each: not(reason),
                at_most: not(reason),
                mlock_kb: not(reason),
                memlock: not(reason),
            },
            open_files: not(reason),
        }
    }
}

fn not<T>(reason: &str) -> Measured<T> {
    Measured::Not(reason.to_owned())
}
