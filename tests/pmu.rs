//! Hardware counters, where there are some: what the rest of this project takes for granted.
//!
//! Most machines that tests run on have none, and then these tests say so and pass. `tools/pmu`
//! runs them where there are, and says with `RAYPRISM_PMU` what must be found: `emulated`, the
//! counters of qemu's Arm, or `refused`, a kernel that lets nobody but root count.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]
#![allow(clippy::print_stdout, reason = "says what has not been tested")]

mod pmu_support;

use std::fs;
use std::hint::black_box;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Barrier;
use std::thread;

use perf_event::events::{Cache, CacheId, CacheOp, CacheResult, Hardware, Software};
use perf_event::{Builder, Counter, Group};
use pmu_support::{Expected, expected};

const ENOENT: i32 = 2;
const EACCES: i32 = 13;
const EINVAL: i32 = 22;

/// Cycles and instructions of the thread that opens them, counted together.
struct Pair {
    group: Group,
    cycles: Counter,
    instructions: Counter,
}

/// What a pair has counted.
#[derive(Debug)]
struct Counts {
    cycles: u64,
    instructions: u64,
}

impl Pair {
    fn open() -> io::Result<Self> {
        let mut group = Group::new()?;
        let cycles = group.add(&Builder::new(Hardware::CPU_CYCLES))?;
        let instructions = group.add(&Builder::new(Hardware::INSTRUCTIONS))?;
        Ok(Self { group, cycles, instructions })
    }

    fn count(&mut self, work: impl FnOnce()) -> Counts {
        self.group.reset().unwrap();
        self.group.enable().unwrap();
        work();
        self.group.disable().unwrap();
        let counts = self.group.read().unwrap();
        Counts { cycles: counts[&self.cycles], instructions: counts[&self.instructions] }
    }
}

/// A pair where there can be one. Where there must be one and is none, or the reverse, fails.
fn pair() -> Option<Pair> {
    match (Pair::open(), expected()) {
        (Ok(_), Expected::Refused) => panic!("counters open that should be refused"),
        (Ok(pair), _) => Some(pair),
        (Err(error), Expected::Emulated) => panic!("no counters: {error}"),
        (Err(error), _) => {
            println!("not tested, for there are no counters here: {error}");
            None
        }
    }
}

/// The same few instructions, so many times. On Arm they are six.
fn spin(times: u64) {
    let mut x = times;
    for _ in 0..times {
        x = black_box(x.wrapping_mul(6_364_136_223_846_793_005).rotate_left(5));
    }
}

fn errno(opened: io::Result<Counter>) -> Option<i32> {
    opened.err().map(|error| error.raw_os_error().unwrap())
}

#[test]
fn twice_the_work_is_twice_the_instructions() {
    let Some(mut pair) = pair() else { return };
    let once = pair.count(|| spin(1_000_000));
    let twice = pair.count(|| spin(2_000_000));
    let ratio = twice.instructions as f64 / once.instructions as f64;
    assert!((1.98..2.02).contains(&ratio), "{once:?} {twice:?}");
    assert!(once.instructions >= 3_000_000 && once.cycles > 0, "{once:?}");
}

#[test]
fn threads_have_counters_of_their_own() {
    let Some(mut alone) = pair() else { return };
    let alone = alone.count(|| spin(1_000_000)).instructions as f64;
    let all_are_there = Barrier::new(3);
    let work = |times: u64| {
        let mut pair = Pair::open().unwrap();
        all_are_there.wait();
        pair.count(|| spin(times)).instructions as f64 / (times as f64 / 1e6)
    };
    thread::scope(|scope| {
        for handle in [1_000_000, 5_000_000, 10_000_000].map(|n| scope.spawn(move || work(n))) {
            let ratio = handle.join().unwrap() / alone;
            // The emulator lets a thread see some of what other CPUs do in its time slice.
            assert!((0.98..1.15).contains(&ratio), "{ratio}");
        }
    });
}

#[test]
fn where_users_may_not_count_not_even_software_events_open() {
    if expected() == Expected::Refused {
        for event in [Software::DUMMY, Software::TASK_CLOCK] {
            assert_eq!(errno(Builder::new(event).build()), Some(EACCES), "{event:?}");
        }
        assert_eq!(errno(Builder::new(Hardware::CPU_CYCLES).build()), Some(EACCES));
        assert_eq!(errno(Builder::new(Hardware::CACHE_MISSES).build()), Some(EACCES));
    }
}

#[test]
fn the_emulated_machine_has_some_events() {
    if expected() != Expected::Emulated {
        return;
    }
    for (event, refusal) in [
        (Hardware::CPU_CYCLES, None),
        (Hardware::INSTRUCTIONS, None),
        (Hardware::STALLED_CYCLES_FRONTEND, None),
        (Hardware::STALLED_CYCLES_BACKEND, None),
        (Hardware::CACHE_REFERENCES, Some(ENOENT)),
        (Hardware::CACHE_MISSES, Some(ENOENT)),
        (Hardware::BRANCH_INSTRUCTIONS, Some(ENOENT)),
        (Hardware::BRANCH_MISSES, Some(ENOENT)),
        (Hardware::BUS_CYCLES, Some(ENOENT)),
        (Hardware::REF_CPU_CYCLES, Some(ENOENT)),
    ] {
        assert_eq!(errno(Builder::new(event).build()), refusal, "{event:?}");
    }
    for event in [Hardware::STALLED_CYCLES_FRONTEND, Hardware::STALLED_CYCLES_BACKEND] {
        let mut counter = Builder::new(event).enabled(true).build().unwrap();
        spin(1_000_000);
        assert_eq!(counter.read().unwrap(), 0, "{event:?}");
    }
    for which in [CacheId::L1D, CacheId::LL, CacheId::DTLB, CacheId::BPU, CacheId::NODE] {
        let event = Cache { which, operation: CacheOp::READ, result: CacheResult::MISS };
        assert_eq!(errno(Builder::new(event).build()), Some(ENOENT), "{which:?}");
    }
}

#[test]
fn the_kernels_cycles_and_other_threads_are_for_root() {
    if expected() != Expected::Emulated {
        return;
    }
    let refusal = (fs::metadata("/proc/self").unwrap().uid() != 0).then_some(EACCES);
    let mut cycles = Builder::new(Hardware::CPU_CYCLES);
    assert_eq!(errno(cycles.include_kernel().build()), refusal);
    let mut cycles = Builder::new(Hardware::CPU_CYCLES);
    assert_eq!(errno(cycles.any_pid().one_cpu(0).build()), refusal);
}

/// A disabled group with so many of an event, or the error of the first that does not fit.
fn group(event: Hardware, members: usize, enabled: bool) -> io::Result<(Group, Vec<Counter>)> {
    let mut group = Group::new()?;
    let mut member = Builder::new(event);
    member.enabled(enabled);
    let members = (0..members).map(|_| group.add(&member)).collect::<io::Result<_>>()?;
    Ok((group, members))
}

#[test]
fn the_kernel_knows_how_many_fit_into_a_group_if_the_members_are_enabled() {
    if expected() == Expected::Emulated {
        // Cycles have a counter of their own besides the six.
        for (event, room) in [(Hardware::INSTRUCTIONS, 6), (Hardware::CPU_CYCLES, 7)] {
            assert!(group(event, room, true).is_ok(), "{event:?}");
            let error = group(event, room + 1, true).err().unwrap();
            assert_eq!(error.raw_os_error(), Some(EINVAL), "{event:?}");
        }
    }
}

#[test]
fn with_disabled_members_a_group_that_is_too_large_opens_and_counts_nothing() {
    if expected() == Expected::Emulated {
        for (size, counted) in [(6, true), (7, false)] {
            let (mut group, members) = group(Hardware::INSTRUCTIONS, size, false).unwrap();
            group.enable().unwrap();
            spin(1_000_000);
            group.disable().unwrap();
            let data = group.read().unwrap();
            let share = data.time_running().unwrap().div_duration_f64(data.time_enabled().unwrap());
            assert_eq!(share == 1.0, counted, "{size}: {share}");
            for member in &members {
                assert_eq!(data[member] >= 6_000_000, counted, "{size}: {}", data[member]);
                assert_eq!(data[member] == 0, !counted, "{size}: {}", data[member]);
            }
        }
    }
}

#[test]
fn more_counters_than_there_are_take_turns() {
    if expected() == Expected::Emulated {
        let mut counter = Builder::new(Hardware::INSTRUCTIONS);
        let mut counters: Vec<Counter> =
            (0..14).map(|_| counter.enabled(true).build().unwrap()).collect();
        spin(10_000_000);
        for counter in &mut counters {
            let data = counter.read_full().unwrap();
            let [enabled, running] = [data.time_enabled(), data.time_running()].map(Option::unwrap);
            let share = running.div_duration_f64(enabled);
            assert!((0.3..0.6).contains(&share), "{running:?} of {enabled:?}");
            let scaled = data.count() as f64 / share;
            assert!((57e6..66e6).contains(&scaled), "{scaled}");
        }
    }
}
