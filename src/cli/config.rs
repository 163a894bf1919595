//! From what was typed to what is done: names looked up, numbers checked. Nothing is run here.

use std::path::PathBuf;

use anyhow::anyhow;

use super::args::{BreakEvenArgs, RunArgs, SpansArg};
use super::failure::Failure;
use super::measure::Recording;
use super::{names, size};
use crate::format::Format;
use crate::model::{Detail, thousands};
use crate::workload::{
    self, Given, Integer, Parameter, SettingError, Settings, VariantInfo, Workload,
};

/// More threads than this are taken for a slip.
const MAX_THREADS: usize = 1_024;
/// Repetitions if nothing else is asked for: as many as make the medians' interval narrower than their
/// range.
const REPS: u32 = 7;
/// With `--quick`.
const QUICK_REPS: u32 = 3;
/// With `--all`: few, as there is much to run.
const ALL_REPS: u32 = 3;
const MIN_BUFFER: usize = 64 << 10;

/// A `run` that makes sense.
pub(super) struct RunConfig {
    pub(super) workload: &'static dyn Workload,
    pub(super) settings: Settings,
    /// The variants to show, in the workload's order.
    pub(super) variants: Vec<VariantInfo>,
    /// Numbers of threads, each once, in the order given.
    pub(super) threads: Vec<usize>,
    /// Whether each variant runs in a pool of one worker, too, to be compared with itself there.
    pub(super) one_worker: bool,
    pub(super) reps: usize,
    pub(super) recording: Recording,
    /// How traces are written.
    pub(super) format: Format,
    pub(super) out_dir: PathBuf,
    pub(super) json: bool,
    /// Who writes spans, too.
    pub(super) spans: Option<SpansArg>,
    /// Whether advice is followed.
    pub(super) verify: bool,
}

impl RunConfig {
    pub(super) fn new(args: &RunArgs) -> Result<Self, Failure> {
        let Some(name) = args.workload.as_deref() else {
            let known = names::list(&names_of_all());
            let next = format!("name one, or give --all; workloads: {known}");
            return Err(Failure::usage(anyhow!("no workload is named"), next));
        };
        let reps = if args.quick { QUICK_REPS } else { REPS };
        Self::of(find_workload(name)?, args, reps)
    }

    /// A run of each workload.
    pub(super) fn all(args: &RunArgs) -> Result<Vec<Self>, Failure> {
        if Detail::from(args.detail) == Detail::Off {
            let error = anyhow!("--all with --detail off would have no verdicts");
            return Err(Failure::usage(error, "leave out one of the two"));
        }
        let each = workload::ALL.into_iter();
        each.map(|workload| Self::of(workload, args, ALL_REPS)).collect()
    }

    fn of(workload: &'static dyn Workload, args: &RunArgs, reps: u32) -> Result<Self, Failure> {
        let variants = choose_variants(workload, &args.variants)?;
        if args.spans.is_some() && Detail::from(args.detail) < Detail::Auto {
            let error = anyhow!("at this --detail nothing is timed, and there are no spans");
            return Err(Failure::usage(error, "leave out --spans, or give --detail auto or full"));
        }
        Ok(Self {
            workload,
            settings: settings(workload, &variants, args)?,
            variants,
            threads: choose_threads(&args.threads)?,
            one_worker: !args.no_baseline,
            reps: args.reps.unwrap_or(reps) as usize,
            recording: Recording {
                detail: args.detail.into(),
                buffer_bytes: buffer_bytes(&args.buffer)?,
                kernel: !args.no_kernel,
                on_full: args.on_full.into(),
            },
            format: args.format.into(),
            out_dir: args.out_dir.clone(),
            json: args.json,
            spans: args.spans,
            verify: args.verify,
        })
    }
}

/// A `break-even` that makes sense.
pub(super) struct BreakEvenConfig {
    pub(super) workload: &'static dyn Workload,
    pub(super) serial: VariantInfo,
    pub(super) parallel: VariantInfo,
    /// The number of items.
    pub(super) items: &'static Integer,
    /// All other parameters.
    pub(super) settings: Settings,
    pub(super) threads: usize,
    pub(super) pairs: usize,
    pub(super) largest: u64,
    pub(super) json: bool,
}

impl BreakEvenConfig {
    pub(super) fn new(args: &BreakEvenArgs) -> Result<Self, Failure> {
        let (workload, items, [serial, parallel]) = find_scale(&args.workload)?;
        let given = args.parameters.given();
        if given.iter().any(|given| given.name == items.name) {
            let error = anyhow!("--{} is what is searched for", items.name);
            return Err(Failure::usage(error, "leave it out; --to is the largest to try"));
        }
        let to = args.to.as_ref().map(|text| largest(items, text)).transpose()?;
        Ok(Self {
            workload,
            serial,
            parallel,
            items,
            settings: check_parameters(workload, &[serial, parallel], &given)?,
            threads: one_number_of_threads(args.threads.as_ref())?,
            pairs: args.reps as usize,
            largest: to.unwrap_or_else(items.default),
            json: args.json,
        })
    }

    /// With so many items.
    pub(super) fn settings_for(&self, items: u64) -> Settings {
        let mut settings = self.settings.clone();
        settings.set(self.items, items);
        settings
    }
}

fn find_scale(
    name: &str,
) -> Result<(&'static dyn Workload, &'static Integer, [VariantInfo; 2]), Failure> {
    let known = workload::SCALES.map(|scale| scale.workload);
    if workload::find(name).is_none() {
        let next = names::hint(name, &known, "workloads that have a number of items to search for");
        return Err(Failure::usage(anyhow!("no workload '{name}'"), next));
    }
    let found = workload::SCALES.iter().find(|scale| scale.workload == name);
    found.and_then(workload::Scale::resolve).ok_or_else(|| {
        let error = anyhow!("{name} is not declared to have a number of items to search for");
        Failure::usage(error, format!("workloads that are: {}", names::list(&known)))
    })
}

fn largest(items: &'static Integer, text: &str) -> Result<u64, Failure> {
    let range = items.min..=items.max;
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let (min, max) = (items.min, items.max);
        let next = whole_number(min, max);
        Failure::usage(anyhow!("--to '{text}' is no number of items"), next)
    })
}

/// The number of workers where there is but one.
pub(super) fn one_number_of_threads(asked: Option<&String>) -> Result<usize, Failure> {
    asked.map_or_else(available_threads, |text| parse_threads(text))
}

fn find_workload(name: &str) -> Result<&'static dyn Workload, Failure> {
    workload::find(name).ok_or_else(|| {
        let next = names::hint(name, &names_of_all(), "workloads");
        Failure::usage(anyhow!("no workload '{name}'"), next)
    })
}

fn names_of_all() -> Vec<&'static str> {
    workload::ALL.iter().map(|workload| workload.name()).collect()
}

/// The variants asked for, each once; if none was, all but those that want to be asked for.
fn choose_variants(
    workload: &'static dyn Workload,
    asked: &[String],
) -> Result<Vec<VariantInfo>, Failure> {
    let all = workload.variants();
    let known: Vec<&str> = all.iter().map(|variant| variant.name).collect();
    if let Some(name) = asked.iter().find(|name| !known.contains(&name.as_str())) {
        let error = anyhow!("{} has no variant '{name}'", workload.name());
        return Err(Failure::usage(error, names::hint(name, &known, "variants")));
    }
    let chosen = |variant: &VariantInfo| match asked.is_empty() {
        true => !variant.on_request,
        false => asked.iter().any(|name| name == variant.name),
    };
    Ok(all.into_iter().filter(chosen).collect())
}

/// What was given counts more than what makes the workload short.
fn settings(
    workload: &'static dyn Workload,
    variants: &[VariantInfo],
    args: &RunArgs,
) -> Result<Settings, Failure> {
    let given = args.parameters.given();
    let mut settings = check_parameters(workload, variants, &given)?;
    let quick = workload.quick().iter().filter(|_| args.quick);
    for (parameter, value) in quick {
        if given.iter().all(|given| given.name != parameter.name) {
            settings.set(parameter, *value);
        }
    }
    Ok(settings)
}

/// A parameter that none of the chosen variants reads is refused: it would do nothing.
fn check_parameters(
    workload: &'static dyn Workload,
    variants: &[VariantInfo],
    given: &[Given],
) -> Result<Settings, Failure> {
    let own = variants.iter().flat_map(|variant| variant.parameters);
    let count: Vec<Parameter> = workload.parameters().iter().chain(own).copied().collect();
    Settings::new(&count, given).map_err(|error| {
        let next = next_for_setting(workload, &error);
        Failure::usage(anyhow::Error::new(error).context(workload.name()), next)
    })
}

fn next_for_setting(workload: &'static dyn Workload, error: &SettingError) -> String {
    match error {
        SettingError::Unknown { name, known } => match owner(workload, name) {
            Some(variant) => format!("leave it out, or add {variant} to --variants"),
            None => format!("leave it out; parameters here: --{}", known.join(", --")),
        },
        SettingError::NotANumber { min, max, .. } | SettingError::OutOfRange { min, max, .. } => {
            whole_number(*min, *max)
        }
        SettingError::NotAChoice { text, options, .. } => names::hint(text, options, "choices"),
    }
}

/// Digits alone are read as a number; their groups are for people.
fn whole_number(min: u64, max: u64) -> String {
    format!("give a whole number, in digits alone, from {} to {}", thousands(min), thousands(max))
}

/// The variant that reads a parameter which does not count for the chosen ones.
fn owner(workload: &'static dyn Workload, name: &str) -> Option<&'static str> {
    let reads = |variant: &VariantInfo| variant.parameters.iter().any(|known| known.name() == name);
    workload.variants().into_iter().find(reads).map(|variant| variant.name)
}

fn choose_threads(asked: &[String]) -> Result<Vec<usize>, Failure> {
    if asked.is_empty() {
        return Ok(vec![available_threads()?]);
    }
    let mut threads = Vec::new();
    for text in asked {
        let count = parse_threads(text)?;
        if !threads.contains(&count) {
            threads.push(count);
        }
    }
    Ok(threads)
}

fn available_threads() -> Result<usize, Failure> {
    std::thread::available_parallelism().map(usize::from).map_err(|error| {
        let error = anyhow::Error::new(error).context("failed to count the available CPUs");
        Failure::runtime(error, "give the number of threads with --threads")
    })
}

fn parse_threads(text: &str) -> Result<usize, Failure> {
    text.parse().ok().filter(|count| (1..=MAX_THREADS).contains(count)).ok_or_else(|| {
        Failure::usage(
            anyhow!("--threads '{text}' is no number of threads"),
            format!("give whole numbers from 1 to {MAX_THREADS}, separated by commas"),
        )
    })
}

/// A buffer's size as typed.
pub(super) fn buffer_bytes(text: &str) -> Result<usize, Failure> {
    size::parse(text).filter(|&bytes| bytes >= MIN_BUFFER).ok_or_else(|| {
        Failure::usage(
            anyhow!("--buffer '{text}' is no size of a buffer"),
            "give at least 64KiB, for example 32MiB",
        )
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Args, Command};

    fn config(options: &str) -> Result<RunConfig, Failure> {
        let words = ["rayprism", "run", "invert-tree"].into_iter().chain(options.split(' '));
        let Command::Run(args) = Args::try_parse_from(words).unwrap().command else { panic!() };
        RunConfig::new(&args)
    }

    #[test]
    fn variants_come_once_and_in_the_workloads_order() {
        let chosen = config("--variants join-cutoff,serial,join-cutoff").unwrap().variants;
        let names: Vec<_> = chosen.iter().map(|variant| variant.name).collect();
        assert_eq!(names, ["serial", "join-cutoff"]);
    }

    #[test]
    fn what_wants_to_be_asked_for_runs_only_then() {
        let has_tokio = |options: &str| {
            let chosen = config(options).unwrap().variants;
            chosen.iter().any(|variant| variant.name == "tokio")
        };
        assert_eq!(["--reps 1", "--variants tokio"].map(has_tokio), [false, true]);
    }

    #[test]
    fn threads_come_once_and_in_the_order_given() {
        assert_eq!(config("--threads 4,1,4").unwrap().threads, [4, 1]);
    }

    #[test]
    fn sizes_and_numbers_arrive() {
        let config = config("--buffer 1MiB --reps 3").unwrap();
        assert_eq!((config.recording.buffer_bytes, config.reps), (1 << 20, 3));
    }

    #[test]
    fn a_quick_run_is_small_where_nothing_else_was_given() {
        let depth = |options: &str| {
            let config = config(options).unwrap();
            let of = |parameter: &Parameter| config.settings.text(*parameter);
            (config.workload.parameters().iter().map(of).next().unwrap(), config.reps)
        };
        assert_eq!(depth("--quick"), ("22".to_owned(), 3));
        assert_eq!(depth("--quick --depth 12 --reps 5"), ("12".to_owned(), 5));
        assert_eq!(depth("--threads 1"), ("23".to_owned(), 7));
    }

    #[test]
    fn a_parameter_that_would_do_nothing_is_refused() {
        let refused = config("--variants join --cutoff 3").err().unwrap().to_string();
        assert_eq!(
            refused,
            "invert-tree: --cutoff does not apply here: \
             leave it out, or add join-cutoff to --variants",
        );
        assert!(config("--variants join-cutoff --cutoff 3").is_ok());
    }
}
