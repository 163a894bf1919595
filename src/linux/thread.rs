//! Threads as the kernel numbers and times them.

use std::fs;
use std::mem::MaybeUninit;
use std::sync::Once;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Nanos;

/// The kernel's number of the calling thread.
pub fn own_id() -> Option<u32> {
    is_fork();
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: gettid takes nothing and cannot fail.
    let id = unsafe { libc::gettid() };
    u32::try_from(id).ok()
}

/// CPU time of the calling thread since it began. Costs up to 1.5 µs.
pub fn own_cpu() -> Option<Nanos> {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time of this process since it began.
pub fn process_cpu() -> Option<Nanos> {
    read(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// CPU time of another thread of this process since it began; `None` once it has ended.
pub fn cpu_of(thread: u32) -> Option<Nanos> {
    // The kernel's encoding of a per-thread CPU clock: the thread's number, inverted, above three
    // bits that say "of a thread" (4) and "as the scheduler counts" (2).
    let clock = (!i32::try_from(thread).ok()? << 3) | 6;
    read(clock)
}

/// Whether this process is a fork of one that had called this, or [`own_id`], before. It has a copy
/// of everything but the threads, and of the memory that the kernel shares with a process.
pub fn is_fork() -> bool {
    static FORKED: AtomicBool = AtomicBool::new(false);
    static WATCHED: Once = Once::new();
    extern "C" fn in_child() {
        FORKED.store(true, Ordering::Relaxed);
    }
    WATCHED.call_once(|| {
        #[expect(unsafe_code, reason = "the C library's hook is the only one")]
        // SAFETY: the handler stores to a static, which any context may do.
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        }
    });
    FORKED.load(Ordering::Relaxed)
}

/// Runs `f` with all signals blocked, as they then are for the threads that it starts.
pub fn without_signals<R>(f: impl FnOnce() -> R) -> R {
    let mut before = MaybeUninit::<libc::sigset_t>::zeroed();
    let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
    #[expect(unsafe_code, reason = "system calls")]
    // SAFETY: both sets are valid places; the first is filled before it is read.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
    }
    let result = f();
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: `before` was filled above, or is the empty set if that failed.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
    }
    result
}

/// Files that this process may have open.
pub fn file_limit() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: `limit` is a valid place for the result.
    let status = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    let files = if status == 0 { limit.rlim_cur } else { 0 };
    usize::try_from(files).unwrap_or(usize::MAX)
}

/// How long another thread of this process has waited for a CPU since it began; `None` once it has
/// ended, or where the kernel does not count it.
pub fn waiting_of(thread: u32) -> Option<Nanos> {
    let times = fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).ok()?;
    waiting_in(&times)
}

/// Time on CPUs, time of waiting for one, times that it got one. A kernel that does not count them
/// says so with zeros, for a thread that asks has run.
fn waiting_in(schedstat: &str) -> Option<Nanos> {
    let numbers: Vec<u64> =
        schedstat.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    let [on_cpu, waiting, times] = numbers[..] else { return None };
    (on_cpu > 0 || times > 0).then_some(Nanos(waiting))
}

/// Whether another thread of this process runs or could; `None` once it has ended.
pub fn is_runnable(thread: u32) -> Option<bool> {
    let line = fs::read_to_string(format!("/proc/self/task/{thread}/stat")).ok()?;
    // The state stands behind the name, which may hold anything, in parentheses.
    let (_, after) = line.rsplit_once(')')?;
    after.split_whitespace().next().map(|state| state == "R")
}

pub(super) fn read(clock: libc::clockid_t) -> Option<Nanos> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: `time` is a valid place for the result.
    let status = unsafe { libc::clock_gettime(clock, &mut time) };
    let (seconds, nanos) = (u64::try_from(time.tv_sec).ok()?, u64::try_from(time.tv_nsec).ok()?);
    (status == 0).then(|| Nanos(seconds * 1_000_000_000 + nanos))
}

/// Why the kernel does not trust the time stamp counter, if it does not: it has fallen back to a
/// clock that is read from the chipset, which it does only when the counters drift apart.
pub fn clock_distrust() -> Option<&'static str> {
    const CURRENT: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    static DISTRUST: OnceLock<Option<&'static str>> = OnceLock::new();
    *DISTRUST.get_or_init(|| match fs::read_to_string(CURRENT).ok()?.trim() {
        "hpet" | "acpi_pm" | "jiffies" | "pit" => {
            Some("the kernel has found the CPU's time stamp counters unstable")
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_a_threads_cpu_time_agree() {
        let id = own_id().unwrap();
        let before = own_cpu().unwrap();
        let through_number = cpu_of(id).unwrap();
        let after = own_cpu().unwrap();
        assert!(before <= through_number && through_number <= after);
    }

    #[test]
    fn a_kernel_that_does_not_count_is_no_zero() {
        assert_eq!(waiting_in("1200 30 4\n"), Some(Nanos(30)));
        assert_eq!(waiting_in("1200 0 4\n"), Some(Nanos(0)));
        assert_eq!(waiting_in("0 0 0\n"), None);
        assert_eq!(waiting_in("1200\n"), None);
    }

    #[test]
    fn a_thread_that_ended_has_no_cpu_time() {
        let id = std::thread::spawn(own_id).join().unwrap().unwrap();
        // The kernel may take a moment to take the thread down after it was joined.
        let gone = (0..1_000_000).any(|_| cpu_of(id).is_none() || !still_listed(id));
        assert!(gone);
    }

    fn still_listed(id: u32) -> bool {
        std::path::Path::new(&format!("/proc/self/task/{id}")).exists()
    }
}
