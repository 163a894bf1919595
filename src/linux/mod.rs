//! What only the kernel knows of a thread. Elsewhere than on Linux every answer is "not known".
//!
//! Counters and switch records will live here too; so far it is the threads' numbers, their CPU
//! time, and the kernel's verdict on the time stamp counter.

use crate::model::{Measured, Nanos};

#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod thread;

/// Counters and switch records of threads.
#[cfg(all(
    feature = "record",
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
pub mod perf;

#[cfg(target_os = "linux")]
pub use machine::cpu_name;
#[cfg(target_os = "linux")]
pub use thread::{clock_distrust, cpu_of, own_cpu, own_id};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::{Measured, Nanos};

    /// The kernel's number of the calling thread.
    pub fn own_id() -> Option<u32> {
        None
    }

    /// CPU time of the calling thread since it began.
    pub fn own_cpu() -> Option<Nanos> {
        None
    }

    /// CPU time of another thread of this process since it began.
    pub fn cpu_of(_thread: u32) -> Option<Nanos> {
        None
    }

    /// Why the kernel does not trust the time stamp counter, if it does not.
    pub fn clock_distrust() -> Option<&'static str> {
        None
    }

    /// The processor's name, as it gives it.
    pub fn cpu_name() -> Measured<String> {
        Measured::Not("not read on this operating system".to_owned())
    }
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{clock_distrust, cpu_name, cpu_of, own_cpu, own_id};

/// Why the CPU time of threads is not known here.
pub fn cpu_reason() -> &'static str {
    if cfg!(target_os = "linux") {
        "the thread's CPU clock could not be read"
    } else {
        "this operating system's thread clocks are not read"
    }
}
