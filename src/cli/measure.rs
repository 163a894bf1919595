//! Runs variants in turn and times them, each repetition in a recording of its own.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use anyhow::Context;

use super::config::RunConfig;
use super::failure::{Failure, Kind};
use super::median::Repetitions;
use super::progress::Progress;
use crate::analysis::baseline_of;
use crate::facade::{ThreadPool, ThreadPoolBuilder, region};
use crate::model::{Baseline, Detail, Nanos, Parameter, Run, Samples, Trace};
use crate::session::{OnFull, Session};
use crate::workload::{Input, Place, VariantInfo};

/// How a repetition is recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recording {
    pub(super) detail: Detail,
    pub(super) buffer_bytes: usize,
    pub(super) kernel: bool,
    pub(super) on_full: OnFull,
}

impl Recording {
    /// As `run` records if nothing else is asked for.
    pub(super) const DEFAULT: Self = Self {
        detail: Detail::Auto,
        buffer_bytes: 32 << 20,
        kernel: true,
        on_full: OnFull::Collapse,
    };
}

/// A variant at one number of threads, measured.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) variant: VariantInfo,
    pub(super) threads: usize,
    pub(super) parameters: Vec<Parameter>,
    pub(super) samples: Samples,
    /// What it is compared with; `None` if it is that itself.
    pub(super) baseline: Option<Baseline>,
    /// Itself in a pool of one worker; `None` if it was not run there, or if this is it.
    pub(super) one_worker: Option<Baseline>,
    /// The repetition that was kept and its trace; none at `--detail off`.
    pub(super) recorded: Option<(usize, Trace)>,
}

/// One variant at one number of threads.
struct Cell {
    variant: VariantInfo,
    pool: Rc<ThreadPool>,
    repetitions: Repetitions<Trace>,
    shown: bool,
}

/// Runs everything that `config` asks for and returns what is to be shown, in order.
pub(super) fn measure(config: &RunConfig) -> Result<Vec<Measured>, Failure> {
    measure_part(config, "")
}

/// The same as a part of several measurements; progress begins with which one it is.
pub(super) fn measure_part(config: &RunConfig, part: &str) -> Result<Vec<Measured>, Failure> {
    let mut cells = plan(config)?;
    let progress = Progress::new(cells.len() * (config.reps + 1), part);
    progress.preparing(config.workload.name());
    let mut input = config.workload.prepare(&config.settings);
    for round in 0..=config.reps {
        for cell in &mut cells {
            progress.running(cell.variant.name, round, config.reps);
            let (time, trace) = cell.repeat(config, &mut *input)?;
            // The first round only warms up caches, pools and the heap.
            if round > 0 {
                cell.repetitions.push(time, trace);
            }
            progress.done_one();
        }
    }
    drop(progress);
    Ok(summarize(config, cells))
}

/// Runs each of what is to be shown once more, in an input of its own: `around` gets the variant, the
/// number of threads, and what runs it in a recording that nobody keeps.
pub(super) fn once_more(
    config: &RunConfig,
    mut around: impl FnMut(
        VariantInfo,
        usize,
        &mut dyn FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut input = config.workload.prepare(&config.settings);
    for cell in plan(config)?.into_iter().filter(|cell| cell.shown) {
        let mut run = || cell.repeat(config, &mut *input).map(|_| ());
        around(cell.variant, cell.threads(), &mut run)?;
    }
    Ok(())
}

/// The cells of a round, in the order in which they run.
fn plan(config: &RunConfig) -> Result<Vec<Cell>, Failure> {
    let mut pools = Pools::default();
    let mut cells = Vec::new();
    for (index, variant) in config.workload.variants().into_iter().enumerate() {
        let shown = config.variants.iter().any(|chosen| chosen.name == variant.name);
        if !shown && index > 0 {
            continue;
        }
        let mut cell = |workers, shown| -> Result<Cell, Failure> {
            let pool = pools.of(workers)?;
            Ok(Cell { variant, pool, repetitions: Repetitions::new(), shown })
        };
        let counts = workers(config, variant);
        if shown && config.one_worker && variant.place == Place::Pool && !counts.contains(&1) {
            // To be compared with itself.
            cells.push(cell(1, false)?);
        }
        for workers in counts {
            cells.push(cell(workers, shown)?);
        }
    }
    Ok(cells)
}

/// Numbers of workers with which a variant runs; one that runs alone leaves them aside.
fn workers(config: &RunConfig, variant: VariantInfo) -> Vec<usize> {
    let runs = match variant.place {
        Place::Alone => 1,
        Place::Pool | Place::OwnThreads => config.threads.len(),
    };
    let threads = config.threads.iter().take(runs);
    threads.map(|threads| threads * variant.workers_per_thread).collect()
}

/// One pool for each number of workers.
#[derive(Default)]
struct Pools(BTreeMap<usize, Rc<ThreadPool>>);

impl Pools {
    fn of(&mut self, workers: usize) -> Result<Rc<ThreadPool>, Failure> {
        if let Some(pool) = self.0.get(&workers) {
            return Ok(Rc::clone(pool));
        }
        let pool = build_pool(workers)?;
        self.0.insert(workers, Rc::clone(&pool));
        Ok(pool)
    }
}

pub(super) fn build_pool(threads: usize) -> Result<Rc<ThreadPool>, Failure> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map(Rc::new).with_context(|| format!("failed to start {threads} threads")).map_err(
        |error| {
            Failure::runtime(error, "give fewer with --threads, or raise the limit (ulimit -u)")
        },
    )
}

impl Cell {
    /// Runs the variant once, and puts the input back.
    fn repeat(
        &self,
        config: &RunConfig,
        input: &mut dyn Input,
    ) -> Result<(Nanos, Option<Trace>), Failure> {
        let title = self.title(config.workload.name());
        let result = config.recording.around(&title, || input.run(self.variant, &self.pool))?;
        input.restore().with_context(|| title).map_err(|error| {
            Failure::runtime(error, "this is a fault of rayprism or of the machine, report it")
        })?;
        Ok(result)
    }

    fn title(&self, workload: &str) -> String {
        format!("{workload} · {}", self.variant.name)
    }

    fn threads(&self) -> usize {
        match self.variant.place {
            Place::Alone => 1,
            Place::Pool | Place::OwnThreads => self.pool.current_num_threads(),
        }
    }
}

impl Recording {
    /// Times `work` within a recording, if there is to be one; there it is a region of that title.
    fn around(self, title: &str, work: impl FnOnce()) -> Result<(Nanos, Option<Trace>), Failure> {
        if self.detail == Detail::Off {
            return Ok((time(work), None));
        }
        let session = Session::builder()
            .detail(self.detail)
            .buffer_bytes(self.buffer_bytes)
            .kernel(self.kernel)
            .on_full(self.on_full)
            .title(title)
            .start()
            .with_context(|| format!("failed to record {title}"))
            .map_err(|error| Failure::told(Kind::Runtime, error))?;
        let time = time(|| region(title, work));
        Ok((time, Some(session.stop())))
    }
}

pub(super) fn time(work: impl FnOnce()) -> Nanos {
    let start = Instant::now();
    work();
    let nanos = start.elapsed().as_nanos();
    // More nanoseconds than 64 bits hold are 584 years.
    Nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn summarize(config: &RunConfig, cells: Vec<Cell>) -> Vec<Measured> {
    let first = config.workload.variants()[0];
    let mut references = Vec::new();
    let mut shown = Vec::new();
    for cell in cells {
        let is_shown = cell.shown;
        let measured = cell.finish(config);
        if measured.variant.name == first.name || measured.is_one_worker() {
            references.push(measured.reference());
        }
        // What is not shown goes here, and its trace with it.
        shown.extend(is_shown.then_some(measured));
    }
    for measured in &mut shown {
        measured.compare_with(first, &references);
    }
    shown
}

impl Cell {
    fn finish(self, config: &RunConfig) -> Measured {
        let threads = self.threads();
        let (samples, recorded) = self.repetitions.finish();
        Measured {
            variant: self.variant,
            threads,
            parameters: parameters(config, self.variant),
            samples,
            baseline: None,
            one_worker: None,
            recorded,
        }
    }
}

/// What others are compared with: a variant at one number of threads.
struct Reference {
    threads: usize,
    baseline: Baseline,
}

impl Measured {
    fn is_one_worker(&self) -> bool {
        self.variant.place == Place::Pool && self.threads == 1
    }

    fn reference(&self) -> Reference {
        // Where the time of the repetition that was kept went.
        let trace = self.recorded.as_ref().map(|(_, trace)| trace);
        let trace = trace.ok_or_else(|| "nothing is recorded at detail `off`".to_owned());
        let serial = self.variant.place == Place::Alone;
        let name = self.variant.name.to_owned();
        let baseline = baseline_of(name, serial, self.samples.clone(), trace);
        Reference { threads: self.threads, baseline }
    }

    /// Takes its own of what there is to compare with.
    fn compare_with(&mut self, first: VariantInfo, references: &[Reference]) {
        let (own, threads) = (self.variant, self.threads);
        let find = |variant: VariantInfo, threads: usize| {
            let found = references.iter().find(|reference| {
                reference.baseline.variant == variant.name && reference.threads == threads
            });
            found.map(|reference| reference.baseline.clone())
        };
        if own.name != first.name {
            // One that runs alone is there once, for every number of threads.
            self.baseline = find(first, if first.place == Place::Alone { 1 } else { threads });
        }
        if own.place == Place::Pool && threads > 1 {
            self.one_worker = find(own, 1);
        }
    }
}

/// Those that were set, and what only the machine decides.
fn parameters(config: &RunConfig, variant: VariantInfo) -> Vec<Parameter> {
    let common = config.workload.parameters().iter();
    let set = common.chain(variant.parameters).map(|parameter| Parameter {
        name: parameter.name().to_owned(),
        value: config.settings.text(*parameter),
    });
    let told = variant
        .told
        .map(|told| Parameter { name: told.name.to_owned(), value: (told.value)().to_owned() });
    set.chain(told).collect()
}

impl Measured {
    /// The recorded repetition's trace, with all that was measured in its header; `None` if
    /// nothing was recorded.
    pub(super) fn into_trace(self, workload: &str) -> Option<Trace> {
        let (index, mut trace) = self.recorded?;
        trace.header.run = Some(Run {
            workload: workload.to_owned(),
            variant: self.variant.name.to_owned(),
            threads: self.threads as u32,
            parameters: self.parameters,
            samples: self.samples,
            recorded: index as u32,
            baseline: self.baseline,
            one_worker: self.one_worker,
        });
        Some(trace)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::{Mutex, MutexGuard};

    use super::*;
    use crate::workload::{Body, Definition, Settings, Variant, Workload, WrongResult};

    /// What the workload under test was told to do, in order.
    static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());
    /// The log is one for all tests.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    fn log(what: impl Into<String>) {
        LOG.lock().unwrap().push(what.into());
    }

    const fn variant(name: &'static str, body: Body<u32>) -> Variant<u32> {
        Variant::new(name, "", body)
    }

    static LOGGING: Definition<u32> = Definition {
        name: "logging",
        about: "",
        parameters: &[],
        variants: &[
            variant("alone", Body::Alone(|_| log("alone"))),
            variant(
                "pool",
                Body::InPool(|_| log(format!("pool {}", crate::facade::current_num_threads()))),
            ),
            variant("own", Body::OwnThreads(|_, threads| log(format!("own {threads}")))),
        ],
        coarser: &[],
        memory: None,
        quick: &[],
        prepare: |_| {
            log("prepare");
            0
        },
        restore: |restored| {
            log("restore");
            *restored += 1;
            if *restored < 100 { Ok(()) } else { Err(WrongResult("one too many".to_owned())) }
        },
    };

    fn config(shown: &[&str], threads: &[usize], reps: usize) -> RunConfig {
        let recording = Recording {
            detail: Detail::Off,
            buffer_bytes: 1 << 20,
            kernel: false,
            on_full: OnFull::Collapse,
        };
        let mut variants = LOGGING.variants();
        variants.retain(|variant| shown.contains(&variant.name));
        RunConfig {
            workload: &LOGGING,
            settings: Settings::default(),
            variants,
            threads: threads.to_vec(),
            one_worker: true,
            reps,
            recording,
            out_dir: PathBuf::new(),
            format: crate::format::Format::Json,
            json: false,
            spans: None,
            verify: false,
        }
    }

    fn alone_with_the_log() -> MutexGuard<'static, ()> {
        let guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        LOG.lock().unwrap().clear();
        guard
    }

    #[test]
    fn variants_and_threads_take_turns_and_the_input_is_put_back_each_time() {
        let _guard = alone_with_the_log();
        let measured = measure(&config(&["alone", "pool", "own"], &[1, 2], 2)).unwrap();
        let round = ["alone", "pool 1", "pool 2", "own 1", "own 2"].map(|run| [run, "restore"]);
        let expected = [vec!["prepare"], round.concat().repeat(3)].concat();
        assert_eq!(*LOG.lock().unwrap(), expected);
        assert!(measured.iter().all(|measured| measured.samples.0.len() == 2));
    }

    #[test]
    fn a_baseline_not_asked_for_is_run_but_not_shown() {
        let _guard = alone_with_the_log();
        let measured = measure(&config(&["pool"], &[1], 1)).unwrap();
        assert_eq!(LOG.lock().unwrap().iter().filter(|run| *run == "alone").count(), 2);
        let [pool] = measured.as_slice() else { panic!("{measured:?}") };
        let baseline = pool.baseline.as_ref().unwrap();
        assert_eq!((baseline.variant.as_str(), baseline.samples.0.len()), ("alone", 1));
    }

    #[test]
    fn a_pool_of_one_worker_takes_its_turn_before_the_others_and_is_not_shown() {
        let _guard = alone_with_the_log();
        let measured = measure(&config(&["pool", "own"], &[3, 2], 2)).unwrap();
        let round = ["alone", "pool 1", "pool 3", "pool 2", "own 3", "own 2"];
        let round = round.map(|run| [run, "restore"]).concat();
        assert_eq!(*LOG.lock().unwrap(), [vec!["prepare"], round.repeat(3)].concat());
        let shown: Vec<_> = measured.iter().map(|one| (one.variant.name, one.threads)).collect();
        assert_eq!(shown, [("pool", 3), ("pool", 2), ("own", 3), ("own", 2)]);
        for one in &measured {
            assert!(one.baseline.as_ref().unwrap().serial);
            let itself = one.one_worker.as_ref().map(|itself| {
                assert_eq!((itself.samples.0.len(), itself.serial), (2, false));
                itself.variant.as_str()
            });
            // Threads that a variant starts itself are no pool of one.
            assert_eq!(itself, (one.variant.name == "pool").then_some("pool"));
        }
    }

    #[test]
    fn one_worker_asked_for_is_what_the_others_are_compared_with_and_runs_once() {
        let _guard = alone_with_the_log();
        let measured = measure(&config(&["pool"], &[2, 1], 1)).unwrap();
        let in_pool = |run: &&String| run.starts_with("pool");
        let runs: Vec<_> = LOG.lock().unwrap().iter().filter(in_pool).cloned().collect();
        assert_eq!(runs, ["pool 2", "pool 1", "pool 2", "pool 1"]);
        let [two, one] = measured.as_slice() else { panic!("{measured:?}") };
        assert_eq!(two.one_worker.as_ref().unwrap().samples, one.samples);
        assert_eq!((one.threads, &one.one_worker), (1, &None));
    }

    #[test]
    fn without_baseline_nothing_runs_in_a_pool_of_one_worker_but_what_was_asked_for() {
        let _guard = alone_with_the_log();
        let config = RunConfig { one_worker: false, ..config(&["pool"], &[2], 1) };
        let measured = measure(&config).unwrap();
        assert!(!LOG.lock().unwrap().iter().any(|run| run == "pool 1"));
        let [two] = measured.as_slice() else { panic!("{measured:?}") };
        assert_eq!((two.one_worker.is_none(), two.baseline.is_some()), (true, true));
    }

    #[test]
    fn a_variant_that_is_no_baseline_runs_only_when_asked_for() {
        let _guard = alone_with_the_log();
        let measured = measure(&config(&["alone"], &[1, 2], 1)).unwrap();
        let [alone] = measured.as_slice() else { panic!("{measured:?}") };
        assert_eq!((alone.threads, &alone.baseline, &alone.one_worker), (1, &None, &None));
        assert!(!LOG.lock().unwrap().iter().any(|run| run.starts_with("pool")));
    }

    #[test]
    fn a_wrong_result_ends_the_measurement() {
        let _guard = alone_with_the_log();
        let failure = measure(&config(&["alone"], &[1], 100)).unwrap_err().to_string();
        assert!(failure.starts_with("logging · alone: wrong result: one too many: "), "{failure}");
    }
}
