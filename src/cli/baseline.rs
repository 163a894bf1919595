//! What a recorded program is compared with: itself in pools of one worker, and itself with
//! everything in its place, run in turn with it.

#[cfg(unix)]
use std::fs::File;
use std::process::{Command, Stdio};

use anyhow::anyhow;

use super::failure::Failure;
use super::median::Repetitions;
use crate::analysis::{Window, baseline_of};
use crate::model::{Baseline, Ended, Nanos, Run, Samples, Trace};
use crate::session::program::{self, Process, RecordError, Recorded, Way, Workers};
use crate::timeline::Timeline;

/// Who measures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Baselines {
    /// Runs of each kind.
    reps: usize,
    /// How long a run may take; `None` for what the program itself suggests.
    time_limit: Option<Nanos>,
}

/// The least that a run may take.
const PATIENCE: Nanos = Nanos(10_000_000_000);
/// And so many times what its workers would need one after the other.
const GENEROSITY: u64 = 4;

/// Signals by which a user stops a program: these numbers are theirs on every system.
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

/// One way to run the program, and what came of it.
struct Kind {
    workers: Workers,
    repetitions: Repetitions<Trace>,
    /// Why it is not run any more.
    given_up: Option<String>,
}

/// Why no further run makes sense.
enum Stop {
    Failed(Failure),
    NotRun(RecordError),
}

impl Kind {
    fn new(workers: Workers) -> Self {
        Self { workers, repetitions: Repetitions::new(), given_up: None }
    }

    fn name(&self) -> &'static str {
        match self.workers {
            Workers::AsItIs => "parallel",
            Workers::One => "one worker",
            Workers::Serial => "serial elision",
        }
    }

    fn way_of_running(&self) -> &'static str {
        match self.workers {
            Workers::AsItIs => "as it is",
            Workers::One => "with one worker",
            Workers::Serial => "with everything in its place",
        }
    }
}

impl Baselines {
    /// So many runs of each kind, each of which may take so long.
    pub(super) fn new(reps: usize, time_limit: Option<Nanos>) -> Result<Self, Failure> {
        // Tried before the program runs.
        input()?;
        Ok(Self { reps, time_limit })
    }

    /// Runs the program in turn in each way. What is returned is the first run's, with the trace of
    /// the median one, and in it what it is compared with.
    pub(super) fn measure(
        &self,
        way: &Way,
        command: impl Fn() -> Command,
    ) -> Result<Result<Recorded, Failure>, RecordError> {
        let mut first = program::record(command(), way)?;
        let Some(trace) = only_trace(&first) else { return Ok(Ok(first)) };
        let workers = workers(trace);
        let limit = self.time_limit.unwrap_or_else(|| limit(first.wall, workers));
        let mut kinds = [Workers::AsItIs, Workers::One, Workers::Serial].map(Kind::new);
        if let Err(reason) = kinds[0].take(trace.clone()) {
            return Ok(Err(contradiction(&reason)));
        }
        match self.rounds(&mut kinds, way, limit, &command) {
            Ok(()) => {}
            Err(Stop::Failed(failure)) => return Ok(Err(failure)),
            Err(Stop::NotRun(error)) => return Err(error),
        }
        let lost = first.processes[0].lost;
        let trace = summed_up(kinds, workers);
        first.processes = trace.map(|trace| Process { trace, lost }).into_iter().collect();
        Ok(Ok(first))
    }

    fn rounds(
        &self,
        kinds: &mut [Kind; 3],
        way: &Way,
        limit: Nanos,
        command: &impl Fn() -> Command,
    ) -> Result<(), Stop> {
        for round in 0..self.reps {
            for kind in kinds.iter_mut().filter(|kind| kind.given_up.is_none()) {
                // The first of all has run.
                if round > 0 || kind.workers != Workers::AsItIs {
                    kind.run(way, limit, command())?;
                }
            }
        }
        Ok(())
    }
}

impl Kind {
    fn run(&mut self, way: &Way, limit: Nanos, mut command: Command) -> Result<(), Stop> {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.stdin(input().map_err(Stop::Failed)?);
        if self.workers != Workers::AsItIs {
            command.env("RAYON_NUM_THREADS", "1");
        }
        let way = Way { workers: self.workers, time_limit: Some(limit), ..*way };
        let recorded = program::record(command, &way).map_err(Stop::NotRun)?;
        let how = self.way_of_running();
        match recorded.ended {
            Ended::Exited(0) => {}
            Ended::Killed(_) if recorded.out_of_time => {
                self.given_up = Some(format!(
                    "{how} the program had not ended after {limit} and was stopped: one of its \
                     tasks may wait for another one, by a channel, a lock or a barrier, which \
                     takes two threads; --time-limit gives it longer"
                ));
                return Ok(());
            }
            Ended::Killed(signal @ (SIGINT | SIGTERM)) => {
                let error = anyhow!("the runs for --baseline were broken off by signal {signal}");
                return Err(Stop::Failed(Failure::runtime(error, "let them end, or leave it out")));
            }
            ended => {
                self.given_up = Some(format!("{how} the program {}", end(ended)));
                return Ok(());
            }
        }
        let Some(trace) = only_trace(&recorded) else {
            self.given_up = Some(format!("{how} not one process of the program recorded"));
            return Ok(());
        };
        if self.workers != Workers::AsItIs && workers(trace) > 1 {
            self.given_up = Some("the program built a pool of several workers all the same".into());
            return Ok(());
        }
        let trace = recorded.processes.into_iter().map(|process| process.trace).next();
        let taken = trace.map_or(Ok(()), |trace| self.take(trace));
        taken.map_err(|reason| Stop::Failed(contradiction(&reason)))
    }

    /// Its time is that from the first thing recorded to the last.
    fn take(&mut self, trace: Trace) -> Result<(), String> {
        let timeline = Timeline::new(&trace).map_err(|problem| problem.to_string())?;
        let time = Window::of(&timeline).span.duration();
        self.repetitions.push(time, Some(trace));
        Ok(())
    }

    fn baseline(self) -> Baseline {
        let (variant, serial) = (self.name().to_owned(), self.workers == Workers::Serial);
        let (samples, kept) = self.repetitions.finish();
        match (self.given_up, kept) {
            (None, Some((_, trace))) => baseline_of(variant, serial, samples, Ok(&trace)),
            (reason, _) => {
                let reason = reason.unwrap_or_else(|| "it was not run".to_owned());
                baseline_of(variant, serial, Samples(Vec::new()), Err(reason))
            }
        }
    }
}

fn summed_up(kinds: [Kind; 3], workers: u32) -> Option<Trace> {
    let [itself, one, serial] = kinds;
    let variant = itself.name().to_owned();
    let (samples, kept) = itself.repetitions.finish();
    let (recorded, mut trace) = kept?;
    trace.header.run = Some(Run {
        workload: trace.header.title.clone(),
        variant,
        threads: workers,
        parameters: Vec::new(),
        samples,
        recorded: recorded as u32,
        baseline: Some(serial.baseline()),
        one_worker: (workers > 1).then(|| one.baseline()),
    });
    Some(trace)
}

/// What can be compared: a program that went well, of one process that recorded.
fn only_trace(recorded: &Recorded) -> Option<&Trace> {
    match recorded.processes.as_slice() {
        [process] if recorded.ended == Ended::Exited(0) => Some(&process.trace),
        _ => None,
    }
}

fn workers(trace: &Trace) -> u32 {
    trace.pools.iter().map(|pool| pool.threads).max().unwrap_or(1)
}

fn limit(wall: Nanos, workers: u32) -> Nanos {
    PATIENCE + Nanos(wall.0.saturating_mul(GENEROSITY).saturating_mul(u64::from(workers)))
}

fn contradiction(problem: &str) -> Failure {
    let error = anyhow!("the recording contradicts itself: {problem}");
    Failure::runtime(error, "this is a fault of rayprism, report it")
}

fn end(ended: Ended) -> String {
    match ended {
        Ended::Exited(code) => format!("ended with exit code {code}"),
        Ended::Killed(signal) => format!("was killed by signal {signal}"),
    }
}

/// The program's input once more: a file from its beginning, or none. What comes through a pipe came
/// once, and no program is compared with itself on another input.
#[cfg(unix)]
fn input() -> Result<Stdio, Failure> {
    use std::os::unix::fs::FileTypeExt;
    let Ok(file) = File::open("/dev/stdin") else { return Ok(Stdio::null()) };
    let kind = file.metadata().map(|data| data.file_type());
    match kind {
        // Opened anew, it is read from its beginning.
        Ok(kind) if kind.is_file() => Ok(Stdio::from(file)),
        Ok(kind) if kind.is_fifo() || kind.is_socket() => {
            let error = anyhow!("for --baseline the program's input cannot come through a pipe");
            Err(Failure::usage(error, "give a file (< FILE), or nothing (< /dev/null)"))
        }
        Ok(_) | Err(_) => Ok(Stdio::null()),
    }
}

/// No program is recorded here.
#[cfg(not(unix))]
fn input() -> Result<Stdio, Failure> {
    Ok(Stdio::null())
}
