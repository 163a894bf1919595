//! What only the kernel knows of a thread: its number, its CPU time, its counters, when it was on a
//! CPU; the kernel's verdict on the time stamp counter; and what the machine offers to all of that.
//! Elsewhere than on Linux every answer is "not known".

use crate::model::{Measured, Nanos};

#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod memory_file;
#[cfg(target_os = "linux")]
mod thread;

/// Any program, watched from outside.
#[cfg(feature = "record")]
pub mod program;

/// Counters and switch records of threads.
#[cfg(all(
    feature = "record",
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
pub mod perf;

/// Counters and switch records of threads: there are none here.
#[cfg(not(all(
    feature = "record",
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)))]
#[path = "perf_elsewhere.rs"]
pub mod perf;

#[cfg(target_os = "linux")]
pub use host::{cpu_limit, host, last_level_cache};
#[cfg(target_os = "linux")]
pub use machine::cpu_name;
#[cfg(target_os = "linux")]
pub use memory_file::{file_size_limit, memory_file};
#[cfg(target_os = "linux")]
pub use thread::{
    clock_distrust, cpu_of, file_limit, is_fork, is_runnable, own_cpu, own_id, process_cpu,
    waiting_of, without_signals,
};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::{Measured, Nanos};
    use crate::model::{ClockSource, CpuLimit, Host};

    /// The kernel's number of the calling thread.
    pub fn own_id() -> Option<u32> {
        None
    }

    /// CPU time of the calling thread since it began.
    pub fn own_cpu() -> Option<Nanos> {
        None
    }

    /// Files that this process may have open, none of which is for events.
    pub fn file_limit() -> usize {
        0
    }

    /// Whether this process is a fork of one that had recorded: not known.
    pub fn is_fork() -> bool {
        false
    }

    /// Runs `f`.
    pub fn without_signals<R>(f: impl FnOnce() -> R) -> R {
        f()
    }

    /// CPU time of this process since it began.
    pub fn process_cpu() -> Option<Nanos> {
        None
    }

    /// CPU time of another thread of this process since it began.
    pub fn cpu_of(_thread: u32) -> Option<Nanos> {
        None
    }

    /// How long another thread of this process has waited for a CPU since it began.
    pub fn waiting_of(_thread: u32) -> Option<Nanos> {
        None
    }

    /// Whether another thread of this process runs or could.
    pub fn is_runnable(_thread: u32) -> Option<bool> {
        None
    }

    /// Why the kernel does not trust the time stamp counter, if it does not.
    pub fn clock_distrust() -> Option<&'static str> {
        None
    }

    /// How long a file of this process may be: not known.
    pub fn file_size_limit() -> u64 {
        u64::MAX
    }

    /// A file in memory that other processes open by a path: there is none here.
    pub fn memory_file() -> std::io::Result<(std::fs::File, std::path::PathBuf)> {
        Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
    }

    /// The processor's name, as it gives it.
    pub fn cpu_name() -> Measured<String> {
        Measured::Not("not read on this operating system".to_owned())
    }

    /// The control group's limit of CPU time: there are no control groups.
    pub fn cpu_limit() -> CpuLimit {
        let reason = || "this operating system has no control groups".to_owned();
        CpuLimit { quota: Measured::Not(reason()), throttling: Measured::Not(reason()) }
    }

    /// Bytes of the last-level caches.
    pub fn last_level_cache() -> Measured<u64> {
        Measured::Not("not read on this operating system".to_owned())
    }

    /// What the machine offers. `os` and `own`, the recording's clock, are the caller's to know.
    pub fn host(os: String, own: ClockSource) -> Host {
        Host::unmeasured(os, own, "not read on this operating system")
    }
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{
    clock_distrust, cpu_limit, cpu_name, cpu_of, file_limit, file_size_limit, host, is_fork,
    is_runnable, last_level_cache, memory_file, own_cpu, own_id, process_cpu, waiting_of,
    without_signals,
};

/// Why the CPU time of threads is not known here.
pub fn cpu_reason() -> &'static str {
    if cfg!(target_os = "linux") {
        "the thread's CPU clock could not be read"
    } else {
        "this operating system's thread clocks are not read"
    }
}
