//! What the kernel and the hardware know of threads: counters, and when a thread was on a CPU.

use serde::{Deserialize, Serialize};

use super::{Measured, Nanos, Quota, Span, Throttling};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $unit:literal;)*) => {
        /// What a counter counts, by the name that `perf` gives it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Counter {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Counter {
            /// All of them, hardware before software.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// `perf`'s name for it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// What one of it is: a plural noun, or a unit of time.
            pub fn unit(self) -> &'static str {
                match self {
                    $(Self::$name => $unit,)*
                }
            }
        }
    };
}

counters! {
    /// CPU cycles, at the frequency that the core ran at.
    Cycles = "cycles", "cycles";
    /// Instructions retired.
    Instructions = "instructions", "instructions";
    /// Accesses that reached the last-level cache, mostly.
    CacheReferences = "cache-references", "references";
    /// Of these, those that missed it.
    CacheMisses = "cache-misses", "misses";
    /// Loads that missed the first-level data cache.
    L1dReadMisses = "L1-dcache-load-misses", "misses";
    /// Loads that missed the last-level cache.
    LlcReadMisses = "LLC-load-misses", "misses";
    /// Loads that missed the data TLB.
    DtlbReadMisses = "dTLB-load-misses", "misses";
    /// Branches mispredicted.
    BranchMisses = "branch-misses", "misses";
    /// Cycles in which the front end fed no instruction.
    StalledCyclesFrontend = "stalled-cycles-frontend", "cycles";
    /// Cycles in which the back end took none.
    StalledCyclesBackend = "stalled-cycles-backend", "cycles";
    /// Time on a CPU, in nanoseconds.
    TaskClock = "task-clock", "ns";
    /// Times that the thread left its CPU, of its own will or not.
    ContextSwitches = "context-switches", "switches";
    /// Times that it went on on another CPU.
    CpuMigrations = "cpu-migrations", "migrations";
    /// Page faults that needed no disk.
    MinorFaults = "minor-faults", "faults";
    /// Page faults that waited for a disk.
    MajorFaults = "major-faults", "faults";
}

impl Counter {
    /// Whether the CPU counts it, and not the kernel.
    pub fn is_hardware(self) -> bool {
        self < Self::TaskClock
    }

    /// The counter of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|counter| counter.name() == name)
    }
}

/// Whether a counter's values can be had, and what they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Availability {
    /// Counted all the time.
    Available,
    /// Estimated: there are more counters than the CPU can count at once, so each was counted a
    /// part of the time, and the values are scaled up.
    Estimated,
    /// Not counted, for this reason: a sentence without its full stop.
    Unavailable(String),
}

impl Availability {
    /// Whether there are values.
    pub fn is_measured(&self) -> bool {
        !matches!(self, Self::Unavailable(_))
    }
}

/// A counter of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterInfo {
    /// Which one.
    pub counter: Counter,
    /// Whether it was counted.
    pub availability: Availability,
    /// What ran in the kernel is not in it.
    pub user_only: bool,
}

/// What a recording has from the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// The counters, each once; values stand in this order wherever they stand.
    pub counters: Vec<CounterInfo>,
    /// Whether the kernel's records of threads leaving and entering CPUs were read, and if so, by
    /// how much their times may be off against the trace's clock.
    pub switch_records: Measured<Nanos>,
    /// Whether the counts are totals of threads, taken from outside the program: time without a task
    /// is in them, and no task has counts of its own.
    pub from_outside: bool,
    /// How the control group's limit of CPU time stopped it.
    #[serde(default = "not_looked")]
    pub throttled: Measured<Throttled>,
}

/// What the tightest quota of CPU time did to a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttled {
    /// The quota.
    pub quota: Quota,
    /// How often it was used up between the recording's start and its end, by all that runs in the
    /// group.
    pub stops: Throttling,
}

fn not_looked() -> Measured<Throttled> {
    Measured::Not("the recording is of a version that did not look".to_owned())
}

impl Kernel {
    /// Nothing, for `reason`.
    pub fn unmeasured(reason: &str) -> Self {
        Self {
            counters: Vec::new(),
            switch_records: Measured::Not(reason.to_owned()),
            from_outside: false,
            throttled: Measured::Not(reason.to_owned()),
        }
    }

    /// Where the values of `counter` stand; `None` if it was not counted.
    pub fn position(&self, counter: Counter) -> Option<usize> {
        let counted =
            |info: &CounterInfo| info.counter == counter && info.availability.is_measured();
        self.counters.iter().position(counted)
    }
}

impl Default for Kernel {
    fn default() -> Self {
        Self::unmeasured("the trace was recorded without it")
    }
}

/// Values of counters in the order of [`Kernel::counters`]; `None` where one was not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Values(pub Box<[Option<u64>]>);

impl Values {
    /// The value at `position`, see [`Kernel::position`].
    pub fn get(&self, position: usize) -> Option<u64> {
        self.0.get(position).copied().flatten()
    }
}

/// The counters of a thread at one moment, counted from the recording's start, or from the thread's
/// if that is later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// When.
    pub at: Nanos,
    /// What they had counted.
    pub values: Values,
}

/// A thread as the kernel saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Its counters over time, the last at its end; few enough to keep.
    pub readings: Vec<Reading>,
    /// How long it was on a CPU and off, in sum.
    pub scheduling: Measured<Scheduling>,
    /// When it was off the CPU, in order, without overlap; empty without switch records.
    pub off_cpu: Vec<OffCpu>,
}

impl Watched {
    /// Nothing, for `reason`.
    pub fn unmeasured(reason: &str) -> Self {
        Self {
            readings: Vec::new(),
            scheduling: Measured::Not(reason.to_owned()),
            off_cpu: Vec::new(),
        }
    }

    /// What `position`'s counter had counted in the end.
    pub fn total(&self, position: usize) -> Option<u64> {
        self.readings.last()?.values.get(position)
    }
}

impl Default for Watched {
    fn default() -> Self {
        Self::unmeasured("the trace was recorded without it")
    }
}

/// How a thread's time was shared between CPU and no CPU. The three times add up to `wall`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduling {
    /// Where it is from.
    pub source: SchedulingSource,
    /// How long the thread was watched.
    pub wall: Nanos,
    /// On a CPU.
    pub on_cpu: Nanos,
    /// Off the CPU of its own will: asleep, or blocked by a lock, input or output, a page fault.
    pub voluntary: Nanos,
    /// Off the CPU though it could run: another thread had it. `sched_yield` counts as that.
    pub preempted: Nanos,
    /// Times that it left the CPU of its own will; `None` where that is not known.
    pub voluntary_switches: Option<u64>,
    /// Times that it had to leave; `None` where that is not known.
    pub preemptions: Option<u64>,
    /// Times that it went on on another CPU; `None` where that is not known.
    pub migrations: Option<u64>,
}

/// Where a thread's scheduling is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchedulingSource {
    /// The kernel's switch records.
    SwitchRecords,
    /// The thread's CPU clock and its time on the run queue (schedstat); what remains of the wall
    /// time is voluntary. Exact in sum, but when is not known.
    Accounting,
}

/// A stretch in which a thread was off the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffCpu {
    /// When.
    pub span: Span,
    /// Whether it could have run.
    pub preempted: bool,
    /// The CPU that it left.
    pub from_cpu: Option<u32>,
    /// The CPU that it went on on; `None` if it did not in the recording.
    pub to_cpu: Option<u32>,
}
