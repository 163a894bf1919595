//! Recording another program: it writes into memory that lies here, so that nothing is lost however
//! it ends; the kernel is asked from here, too. What comes of it is what a recording within the
//! process would have been, by the same collector.

mod threads;

use std::cell::RefCell;
use std::io;
use std::process::Command;

use super::collect::{self, Stopped, Times};
use super::observer::{Observed, Shift};
use super::{RECORD_BYTES, limit, raw_detail};
use crate::linux;
use crate::linux::program::{self, Failed, Wishes};
use crate::model::{self, Counter, Detail, Ended, Measured, Nanos, RayonCosts, Throttled, Trace};
use crate::record::attach::{Calibrated, VARIABLE};
use crate::record::parent::{self, Room, Shared, Taken, kernel_anchor};
use crate::record::{self, OnFull, clock};
use threads::Threads;

pub(crate) use crate::record::attach::Workers;
pub(crate) use crate::record::parent::Refusals;

/// Room for so many processes of a program, and so many threads of each. What is not used costs no
/// memory.
const ROOM: Room = Room { sections: 256, threads: 16_384 };

/// How a program is to be recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// How much.
    pub(crate) detail: Detail,
    /// Bytes of each thread's buffer.
    pub(crate) buffer_bytes: usize,
    /// What to do when a buffer is full.
    pub(crate) on_full: OnFull,
    /// Whether the kernel is asked.
    pub(crate) kernel: bool,
    /// With how many workers.
    pub(crate) workers: Workers,
    /// How long it may run until it is killed.
    pub(crate) time_limit: Option<Nanos>,
}

/// A program that has been recorded.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// How it ended.
    pub(crate) ended: Ended,
    /// Whether it was killed because its time was over.
    pub(crate) out_of_time: bool,
    /// From its `exec` to its end.
    pub(crate) wall: Nanos,
    /// Its processes that recorded, in the order in which they began to.
    pub(crate) processes: Vec<Process>,
    /// Its processes that could not.
    pub(crate) refusals: Refusals,
}

/// What a process of the program recorded.
#[derive(Debug)]
pub(crate) struct Process {
    /// All of it.
    pub(crate) trace: Trace,
    /// Threads and pools that there was no room for.
    pub(crate) lost: Lost,
}

/// What there was no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Threads that are not in the recording.
    pub(crate) threads: u64,
    /// Pools whose size is not.
    pub(crate) pools: u64,
}

/// Why a program could not be recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    /// There is no memory to record into.
    #[error("failed to make the memory that the program records into")]
    Memory(#[source] io::Error),
    /// It could not be run.
    #[error("failed to run the program")]
    Run(#[source] Failed),
    /// What it recorded could not be read.
    #[error("failed to read what the program recorded")]
    Read(#[source] io::Error),
}

/// Runs a program to its end, and collects what it and its children recorded.
///
/// # Errors
///
/// See [`RecordError`]. Of a program that recorded nothing there is nothing, which is none.
pub(crate) fn record(mut command: Command, way: &Way) -> Result<Recorded, RecordError> {
    let distrust = linux::clock_distrust();
    clock::choose(distrust);
    let (file, path) = linux::memory_file().map_err(RecordError::Memory)?;
    let wishes = parent::Wishes {
        settings: record::Settings {
            detail: raw_detail(way.detail),
            capacity: way.buffer_bytes / RECORD_BYTES,
            on_full: way.on_full,
            gauge: None,
        },
        room: ROOM,
        workers: way.workers,
        os_clock: distrust.is_some(),
    };
    if wishes.bytes().is_none_or(|bytes| bytes > linux::file_size_limit()) {
        return Err(RecordError::Memory(io::ErrorKind::FileTooLarge.into()));
    }
    let shared = Shared::new(file, &wishes).map_err(RecordError::Memory)?;
    // One recording at a time is written, and it is this one.
    command.env(VARIABLE, path).env_remove("RAYPRISM_OUT").env_remove("RAYPRISM_DETAIL");
    let limit_before = way.kernel.then(linux::cpu_limit);
    let threads = RefCell::new(Threads::default());
    let each = |seen| threads.borrow_mut().take(seen, &shared);
    let observed = program::run(command, &watching(way), |_, _| (), each);
    let observed = observed.map_err(RecordError::Run)?;
    let until = kernel_anchor();
    let throttled = limit::throttled(limit_before);
    let mut threads = threads.into_inner();
    let mut processes = Vec::new();
    for index in 0..shared.processes() {
        let Some(taken) = shared.read(index, until).map_err(RecordError::Read)? else { continue };
        let shift = shift(&taken);
        let kernel = way.kernel.then(|| threads.observed(&taken, &observed, shift));
        processes.push(process(taken, kernel, throttled.clone(), way.workers));
    }
    let refusals = shared.refusals();
    let model::Observed { ended, wall, out_of_time, .. } = observed;
    Ok(Recorded { ended, wall, out_of_time, processes, refusals })
}

/// What the kernel is asked for: of each thread the few counters that every PMU has places for.
fn watching(way: &Way) -> Wishes {
    let counters = vec![
        Counter::Cycles,
        Counter::Instructions,
        Counter::CacheMisses,
        Counter::ContextSwitches,
        Counter::CpuMigrations,
        Counter::MinorFaults,
        Counter::MajorFaults,
    ];
    Wishes {
        of_threads: counters.clone(),
        counters,
        interval: None,
        kernel: way.kernel && way.detail != Detail::Off,
        time_limit: way.time_limit,
    }
}

fn rayon_costs(calibrated: Result<Calibrated, String>) -> Measured<RayonCosts> {
    match calibrated {
        Ok(Calibrated { join_ps, spawn_ps, job_ps }) => {
            Measured::Is(RayonCosts { join_ps, spawn_ps, job_ps })
        }
        Err(reason) => Measured::Not(reason),
    }
}

/// Of a program in which everything ran in its place: nothing of its joins was rayon's, and what
/// counting one took is what it takes to make it two calls.
fn serial_costs(costs: record::Costs) -> (record::Costs, Measured<RayonCosts>) {
    let none = RayonCosts { join_ps: 0, spawn_ps: 0, job_ps: 0 };
    (record::Costs { counted_join_ps: costs.elided_join_ps, ..costs }, Measured::Is(none))
}

/// From the kernel's clock to that of a recording: its anchors are the kernel's.
fn shift(taken: &Taken) -> Shift {
    let recording = &taken.recording;
    Shift {
        start: recording.start.os,
        duration: collect::duration(recording, taken.source),
        error: recording.start.error.max(recording.end.error),
    }
}

fn process(
    taken: Taken,
    observed: Option<Observed>,
    throttled: Measured<Throttled>,
    workers: Workers,
) -> Process {
    let lost = Lost { threads: taken.lost_threads, pools: taken.lost_pools };
    let (costs, rayon) = match workers {
        Workers::AsItIs | Workers::One => (taken.costs, rayon_costs(taken.calibrated)),
        Workers::Serial => serial_costs(taken.costs),
    };
    let mut trace = collect::trace(Stopped {
        title: taken.name.unwrap_or_else(|| format!("process {}", taken.process)),
        recording: taken.recording,
        source: taken.source,
        costs,
        rayon,
        cpu_times: Times::AsObserved,
        observed,
        debug_assertions: taken.debug_assertions,
        throttled,
    });
    if lost.threads > 0 {
        // Whichever pools they are of.
        trace.pools.iter_mut().for_each(|pool| pool.every_call_seen = false);
    }
    Process { trace, lost }
}
