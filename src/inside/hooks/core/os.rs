//! The few things that are asked of the system: which thread this is, and how long it has run.
//! Without a crate, so by the C library's names.

use super::record::Nanos;

#[cfg(target_os = "linux")]
mod linux {
    use super::Nanos;

    #[repr(C)]
    struct Timespec {
        seconds: std::ffi::c_long,
        nanos: std::ffi::c_long,
    }

    const THREAD_CPU_TIME: i32 = 3;

    extern "C" {
        fn gettid() -> i32;
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

}

#[cfg(target_os = "linux")]
pub(super) use linux::{own_cpu, own_id};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::Nanos;

    pub(in super::super) fn own_id() -> Option<u32> {
        None
    }

    pub(in super::super) fn own_cpu() -> Option<Nanos> {
        None
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{own_cpu, own_id};
