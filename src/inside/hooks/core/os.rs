//! The few things that are asked of the system: which thread this is, how long it has run, and
//! whether the process is a fork. Without a crate, so by the C library's names.

use super::record::Nanos;

#[cfg(target_os = "linux")]
mod linux {
    use super::Nanos;
    use std::sync::atomic::{AtomicI32, Ordering};

    #[repr(C)]
    struct Timespec {
        seconds: std::ffi::c_long,
        nanos: std::ffi::c_long,
    }

    const THREAD_CPU_TIME: i32 = 3;

    extern "C" {
        fn gettid() -> i32;
        fn getpid() -> i32;
        fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
    }

    /// The kernel's number of the calling thread.
    pub(in super::super) fn own_id() -> Option<u32> {
        // SAFETY: takes nothing and cannot fail.
        u32::try_from(unsafe { gettid() }).ok()
    }

    /// CPU time of the calling thread since it began.
    pub(in super::super) fn own_cpu() -> Option<Nanos> {
        let mut time = Timespec { seconds: 0, nanos: 0 };
        // SAFETY: `time` is a valid place for the result.
        let status = unsafe { clock_gettime(THREAD_CPU_TIME, &mut time) };
        let nanos = u64::try_from(time.seconds * 1_000_000_000 + time.nanos).ok()?;
        (status == 0).then_some(Nanos(nanos))
    }

    /// Whether this process is a fork of the one that called this first.
    pub(in super::super) fn is_fork() -> bool {
        static FIRST: AtomicI32 = AtomicI32::new(0);
        // SAFETY: takes nothing and cannot fail.
        let own = unsafe { getpid() };
        let first = FIRST.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed);
        first.is_err_and(|first| first != own)
    }
}

#[cfg(target_os = "linux")]
pub(super) use linux::{is_fork, own_cpu, own_id};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::Nanos;

    pub(in super::super) fn own_id() -> Option<u32> {
        None
    }

    pub(in super::super) fn own_cpu() -> Option<Nanos> {
        None
    }

    pub(in super::super) fn is_fork() -> bool {
        false
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{is_fork, own_cpu, own_id};
