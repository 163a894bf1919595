//! Which of the kernel's events counts what.

use std::io;

use perf_event::events::{Cache, CacheId, CacheOp, CacheResult, Event, Hardware, Software};
use perf_event::{Builder, Clock, ReadFormat, SampleFlag};

use crate::model::Counter;

/// Whose events are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The calling thread's.
    OwnThread,
    /// Another thread's of this process, by the kernel's number.
    Thread(u32),
    /// The first thread's of a process, from its next `exec` on.
    FirstThread(u32),
    /// A process's, from its next `exec` on, with all threads and processes that it will have, while
    /// they are on one CPU.
    ProcessOnCpu {
        /// The process.
        process: u32,
        /// The CPU.
        cpu: u32,
    },
}

/// Whether what runs in the kernel is counted, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Both,
    UserOnly,
}

/// An event that counts, ready to be opened alone or in a group.
pub(super) fn counting(
    counter: Counter,
    target: Target,
    side: Side,
) -> io::Result<Builder<'static>> {
    let mut builder = match counter {
        Counter::Cycles => aimed(Hardware::CPU_CYCLES, target),
        Counter::Instructions => aimed(Hardware::INSTRUCTIONS, target),
        Counter::CacheReferences => aimed(Hardware::CACHE_REFERENCES, target),
        Counter::CacheMisses => aimed(Hardware::CACHE_MISSES, target),
        Counter::L1dReadMisses => aimed(read_misses(CacheId::L1D), target),
        Counter::LlcReadMisses => aimed(read_misses(CacheId::LL), target),
        Counter::DtlbReadMisses => aimed(read_misses(CacheId::DTLB), target),
        Counter::BranchMisses => aimed(Hardware::BRANCH_MISSES, target),
        Counter::StalledCyclesFrontend => aimed(Hardware::STALLED_CYCLES_FRONTEND, target),
        Counter::StalledCyclesBackend => aimed(Hardware::STALLED_CYCLES_BACKEND, target),
        Counter::TaskClock => aimed(Software::TASK_CLOCK, target),
        Counter::ContextSwitches => aimed(Software::CONTEXT_SWITCHES, target),
        Counter::CpuMigrations => aimed(Software::CPU_MIGRATIONS, target),
        Counter::MinorFaults => aimed(Software::PAGE_FAULTS_MIN, target),
        Counter::MajorFaults => aimed(Software::PAGE_FAULTS_MAJ, target),
    }?;
    builder.read_format(
        ReadFormat::GROUP | ReadFormat::TOTAL_TIME_ENABLED | ReadFormat::TOTAL_TIME_RUNNING,
    );
    // The crate adds the number of each event, which a reading would have to pay for.
    builder.attrs_mut().read_format &= !ReadFormat::ID.bits();
    builder.exclude_kernel(side == Side::UserOnly).exclude_hv(side == Side::UserOnly);
    Ok(builder)
}

fn read_misses(which: CacheId) -> Cache {
    Cache { which, operation: CacheOp::READ, result: CacheResult::MISS }
}

/// Counts nothing; its ring gets a record whenever the thread leaves a CPU and when it comes back.
/// The user's side is all that it takes, and records are complete.
pub(super) fn switching(target: Target) -> io::Result<Builder<'static>> {
    let mut builder = aimed(Software::DUMMY, target)?;
    builder
        .exclude_kernel(true)
        .exclude_hv(true)
        .context_switch(true)
        .sample_id_all(true)
        .sample(SampleFlag::TID | SampleFlag::TIME | SampleFlag::CPU)
        .clockid(Clock::MONOTONIC);
    Ok(builder)
}

/// The same for a program from outside, and its threads' coming, going and naming. The event also
/// tells how long a CPU had them, and last, where the kernel knows, how many records it lost.
pub(super) fn watching(target: Target, losses: ReadFormat) -> io::Result<Builder<'static>> {
    let mut builder = switching(target)?;
    builder.comm(true).task(true).read_format(ALONE | losses);
    Ok(builder)
}

/// Its ring gets a record whenever a thread begins or ends, and wakes who waits for it at once: a
/// watermark of one byte, since `wakeup_events` would count samples only.
pub(super) fn beginnings(target: Target, losses: ReadFormat) -> io::Result<Builder<'static>> {
    let mut builder = switching(target)?;
    builder.context_switch(false).task(true).wakeup_watermark(1).read_format(ALONE | losses);
    Ok(builder)
}

/// What makes an event tell how many records it lost; nothing on kernels before 6.0. Records that
/// were lost last of all are in no record themselves.
pub(super) fn losses() -> ReadFormat {
    let open = || switching(Target::OwnThread)?.read_format(ReadFormat::LOST).build();
    if open().is_ok() { ReadFormat::LOST } else { ReadFormat::empty() }
}

/// An event that counts, read alone whatever its group.
///
/// It shall not tell each thread's part (`inherit_stat`): where the kernel has two threads trade
/// their events, it pairs these by their order in lists that need not be alike. Counts of other
/// programs that watch the same threads are then moved to where they do not belong, as ours are.
pub(super) fn counting_alone(
    counter: Counter,
    target: Target,
    side: Side,
) -> io::Result<Builder<'static>> {
    let mut builder = counting(counter, target, side)?;
    builder.read_format(ALONE);
    Ok(builder)
}

/// Value, time enabled, time running.
const ALONE: ReadFormat = ReadFormat::TOTAL_TIME_ENABLED.union(ReadFormat::TOTAL_TIME_RUNNING);

fn aimed(event: impl Event, target: Target) -> io::Result<Builder<'static>> {
    let mut builder = Builder::new(event);
    match target {
        Target::OwnThread => builder.observe_self().any_cpu().enabled(true),
        Target::Thread(id) => builder.observe_pid(raw_id(id)?).any_cpu().enabled(true),
        Target::FirstThread(process) => {
            builder.observe_pid(raw_id(process)?).any_cpu().enable_on_exec(true).enabled(false)
        }
        Target::ProcessOnCpu { process, cpu } => builder
            .observe_pid(raw_id(process)?)
            .one_cpu(cpu as usize)
            .inherit(true)
            .enable_on_exec(true)
            .enabled(false),
    };
    Ok(builder)
}

fn raw_id(id: u32) -> io::Result<i32> {
    i32::try_from(id).map_err(|_| io::Error::from_raw_os_error(libc::ESRCH))
}
