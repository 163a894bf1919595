//! The calling thread's [`Lane`]: where it lies, who it belongs to, when it ends.
//!
//! On x86-64 Linux the lane is thread-local storage that is reached in two instructions from any
//! crate, and counting a join is one more. Elsewhere, and with `--cfg rayprism_thread_local`, it is
//! a `thread_local!`, whose access is a function call where it crosses crates.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::costs;
use crate::linux;
use crate::record::{self, Identity, PoolId, Seat, clock};
use crate::session;

pub(crate) use storage::{lane, tick};

#[cfg(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_env = "gnu",
    not(any(miri, rayprism_thread_local))
))]
#[expect(unsafe_code, reason = "thread-local storage that is reached without a call")]
mod storage {
    use std::arch::{asm, global_asm};
    use std::mem::{align_of, size_of};

    use crate::record::Lane;

    /// The symbol carries the version: two versions in one program each have their own lanes.
    macro_rules! symbol {
        () => {
            concat!(
                "RAYPRISM_LANE_",
                env!("CARGO_PKG_VERSION_MAJOR"),
                "_",
                env!("CARGO_PKG_VERSION_MINOR"),
                "_",
                env!("CARGO_PKG_VERSION_PATCH")
            )
        };
    }

    // The image of `Lane::new()`: a count-down of 1 and a budget of 1, the rest zero. The test
    // below holds the two together.
    global_asm!(
        ".section .tdata.rayprism,\"awT\",@progbits",
        concat!(".globl ", symbol!()),
        concat!(".type ", symbol!(), ",@object"),
        ".p2align 6",
        concat!(symbol!(), ":"),
        ".long 1",
        ".long 1",
        ".zero {rest}",
        concat!(".size ", symbol!(), ", {size}"),
        ".text",
        rest = const size_of::<Lane>() - 8,
        size = const size_of::<Lane>(),
    );
    const _: () = assert!(align_of::<Lane>() == 64 && size_of::<Lane>() == 64);

    /// The calling thread's lane.
    #[inline(always)]
    pub(crate) fn lane() -> &'static Lane {
        let lane: *const Lane;
        // SAFETY: initial-exec access: the thread pointer plus the symbol's offset from it. The
        // storage holds a `Lane` from the thread's first to its last instruction; `Lane` is not
        // Sync, so the reference stays on this thread, and it has no destructor.
        unsafe {
            asm!(
                "mov {lane}, qword ptr fs:[0]",
                concat!("add {lane}, qword ptr [rip + ", symbol!(), "@GOTTPOFF]"),
                lane = out(reg) lane,
                options(pure, readonly, nostack),
            );
            &*lane
        }
    }

    /// [`Lane::tick`] of the calling thread's lane.
    #[inline(always)]
    pub(crate) fn tick() -> bool {
        // SAFETY: the count-down is the first word of the lane, see `lane`. It is only ever
        // accessed by this thread.
        unsafe {
            asm!(
                concat!("mov {offset}, qword ptr [rip + ", symbol!(), "@GOTTPOFF]"),
                "dec dword ptr fs:[{offset}]",
                "jz {slow}",
                offset = out(reg) _,
                slow = label { return true },
                options(nostack),
            );
        }
        false
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_fresh_thread_has_a_fresh_lane() {
            let bytes = |lane: &Lane| -> [u8; size_of::<Lane>()] {
                // SAFETY: a lane is 64 bytes of integers and a pointer, without padding.
                unsafe { std::ptr::from_ref(lane).cast::<[u8; size_of::<Lane>()]>().read() }
            };
            let fresh = std::thread::spawn(move || bytes(lane())).join().unwrap();
            assert_eq!(fresh, bytes(&Lane::new()));
        }

        #[test]
        fn ticking_in_assembly_is_ticking() {
            std::thread::spawn(|| {
                let twin = Lane::new();
                for _ in 0..3 {
                    assert_eq!(tick(), twin.tick());
                }
            })
            .join()
            .unwrap();
        }
    }
}

#[cfg(not(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_env = "gnu",
    not(any(miri, rayprism_thread_local))
)))]
mod storage {
    use crate::record::Lane;

    thread_local! {
        static LANE: Lane = const { Lane::new() };
    }

    /// The calling thread's lane.
    #[inline]
    pub(crate) fn lane() -> &'static Lane {
        let lane = LANE.with(std::ptr::from_ref);
        #[expect(unsafe_code, reason = "the storage outlives every use on its thread")]
        // SAFETY: `Lane` has no destructor, so the storage is valid for as long as the thread
        // runs; it is not Sync, so the reference stays on this thread.
        unsafe {
            &*lane
        }
    }

    /// [`Lane::tick`] of the calling thread's lane.
    #[inline]
    pub(crate) fn tick() -> bool {
        LANE.with(Lane::tick)
    }
}

/// Makes the calling thread known as a worker.
pub(crate) fn register_worker(pool: PoolId, index: usize) {
    let seat = Seat { pool, index: seat_index(index) };
    lane().register(seat, || identity(Some(seat)));
    session::watch_own_thread(lane().id());
}

/// Who the calling thread is, if no hook has said so before.
pub(crate) fn who() -> Identity {
    identity(rayon::current_thread_index().map(unhooked_seat))
}

/// rayon allows at most 65,535 workers.
fn seat_index(index: usize) -> u32 {
    u32::try_from(index).expect("rayon's limit on workers is below 2^32")
}

/// Every thread that records comes by here, once or twice.
fn identity(seat: Option<Seat>) -> Identity {
    clock::choose(linux::clock_distrust());
    session::calibrate_with(costs::measure);
    // Fails only while the thread ends, when there is nothing left to arrange.
    let _ = END_OF_THREAD.try_with(|_| ());
    let name = thread::current().name().map(str::to_owned);
    Identity { seat, name, thread: linux::own_id(), cpu: linux::own_cpu() }
}

/// A pool whose workers no hook has announced.
struct Unhooked {
    id: PoolId,
    threads: usize,
    taken: HashSet<usize>,
}

/// A seat for a worker that no hook has announced, asked for once per thread.
///
/// rayon tells such a worker its index and how many there are, and not which pool it is: it gets
/// the first pool of that size in which its seat is free. Of two such pools of one size that are
/// used at the same time, workers may thus change places.
fn unhooked_seat(index: usize) -> Seat {
    static POOLS: Mutex<Vec<Unhooked>> = Mutex::new(Vec::new());
    let threads = rayon::current_num_threads();
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let free = |pool: &Unhooked| pool.threads == threads && !pool.taken.contains(&index);
    let place = pools.iter().position(free).unwrap_or_else(|| {
        let id = record::new_pool(seat_index(threads), false);
        pools.push(Unhooked { id, threads, taken: HashSet::new() });
        pools.len() - 1
    });
    pools[place].taken.insert(index);
    Seat { pool: pools[place].id, index: seat_index(index) }
}

thread_local! {
    /// Retires the thread's lane when the thread ends.
    static END_OF_THREAD: EndOfThread = const { EndOfThread };
}

struct EndOfThread;

impl Drop for EndOfThread {
    fn drop(&mut self) {
        if linux::is_fork() {
            // Whoever held the locks is not in a fork, and what is recorded there is its parent's.
            return;
        }
        session::leave_own_thread();
        #[expect(unsafe_code, reason = "the thread's lane ends with it")]
        // SAFETY: mostly nothing of the thread's is on its stack any more but other such
        // destructors, none of which calls this one. In a thread that has called `exit` its guards
        // still are, but what called that never runs again, so none of them is used or dropped.
        unsafe {
            lane().retire(linux::own_cpu());
        }
    }
}

/// Whether the calling thread is a worker of some pool.
#[inline]
pub(crate) fn is_worker() -> bool {
    rayon::current_thread_index().is_some()
}
