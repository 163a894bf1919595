//! What can be typed. Only its form is checked here; `config` checks its sense.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::exit_code;
use crate::format::Format;
use crate::model::Detail;
use crate::session::OnFull;
use crate::workload::Given;

/// Tells why parallel Rust code that uses rayon is slower than it should be.
#[derive(Debug, Parser)]
#[command(name = "rayprism", version, about, after_help = exit_code::HELP)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a built-in workload's variants, record them and show where the workers' time went
    ///
    /// The variants run in turn, one repetition of each after the other, after one round that is
    /// not counted. A workload's first variant is what the others are compared with: if it is not
    /// asked for, it is run all the same, but not shown. So is each variant in a pool of one worker.
    Run(Box<RunArgs>),
    /// Find the number of items from which on a workload's parallel code is faster than its serial code
    ///
    /// Both run by turns, the parallel code in a pool that is there, called from outside, and nothing
    /// is recorded. Which one is faster is told by the 95 % interval of the median of the pairs' ratios.
    BreakEven(Box<BreakEvenArgs>),
    /// Try the claims of two articles on parallel code, and tell why each holds here or not
    ///
    /// Workloads run as with `run`, each in the variants that the claims are about. A claim holds if
    /// its direction is beyond the spread of the repetitions and, where the article gives times, the
    /// ratio is within a quarter of theirs; with the direction alone it holds in part.
    Reproduce(ReproduceArgs),
    /// Print the report of a recorded trace
    Report(ReportArgs),
    /// Compare two recorded traces: wall times, and where the cores went
    ///
    /// A is what was before, B what is now. Whether the wall time changed by more than the
    /// repetitions spread is told by the 95 % intervals of the two medians, which must not overlap;
    /// below six repetitions by their ranges, if there are enough. One repetition has no spread.
    Compare(CompareArgs),
    /// Write a recorded trace in another format
    Export(ExportArgs),
    /// Show a recorded trace in Perfetto's UI, in the browser
    ///
    /// The file stays on this machine: the UI, which runs in the browser, fetches it from a server
    /// on this machine's loopback address that ends once the file was fetched. It serves this one file,
    /// and the UI alone.
    Open(OpenArgs),
    /// Run any program that rayprism is built into, record it, and show where its workers' time went
    ///
    /// Programs have it from `rayprism cargo`, or from the drop-in crate. They are recorded from their
    /// first use of rayon to their end, whatever that is: of one that is killed there is all that it
    /// recorded. The report goes to standard error; the program's own input, output and exit code are
    /// as without.
    Record(RecordArgs),
    /// Run any program and count what its threads do, from outside
    ///
    /// Nothing in the program is changed. The report goes to standard error when the program has
    /// ended; its own input, output and exit code are as without.
    Stat(StatArgs),
    /// Build any Cargo project with rayon instrumented from within, and run it
    ///
    /// Takes every command of cargo and all of its arguments: `rayprism cargo run --release`. What
    /// `run`, `test` and `bench` start is recorded as by `rayprism record`, whose options come before
    /// the command. Nothing in the project is changed, nor its lock file, nor its target folder but
    /// for one folder in it, `rayprism`. `rayprism cargo clean` removes that.
    Cargo(CargoArgs),
    /// List the built-in workloads, their variants and parameters
    List,
    /// Tell what of this machine the analysis can use, and what is missing
    ///
    /// For each thing that is missing: what it costs the analysis, and how to have it. Nothing is
    /// changed. The exit code tells whether anything limits the analysis.
    Doctor(DoctorArgs),
}

/// Arguments of `cargo`.
#[derive(Debug, ClapArgs)]
#[command(after_help = RECORD_HELP)]
pub struct CargoArgs {
    /// How to record what is run.
    #[command(flatten)]
    pub recording: RecordingArgs,
    /// A command of cargo and its arguments
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true
    )]
    pub arguments: Vec<OsString>,
}

/// Arguments of `run`.
#[derive(Debug, ClapArgs)]
#[command(after_help = exit_code::HELP)]
pub struct RunArgs {
    /// The workload, one of those that `rayprism list` names
    pub workload: Option<String>,
    /// Run all workloads, with 3 repetitions, and print one table; no trace is written
    #[arg(
        long,
        conflicts_with_all =
            ["workload", "variants", "verify", "out_dir", "format", "spans", "ParameterArgs"],
    )]
    pub all: bool,
    /// Variants to show, separated by commas [default: all but those that take very long]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub variants: Vec<String>,
    /// Numbers of worker threads, separated by commas [default: one per available CPU]
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_negative_numbers = true)]
    pub threads: Vec<String>,
    /// Repetitions of each variant; medians are shown [default: 7, or 3 with --quick or --all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub reps: Option<u32>,
    /// Small sizes and few repetitions, for a first look
    #[arg(long)]
    pub quick: bool,
    /// Follow the advice on how coarse tasks should be, where another variant can, and print what
    /// comes of it beside what was predicted
    #[arg(long)]
    pub verify: bool,
    /// Do not run each variant in a pool of one worker, too, which tells how much longer its work
    /// takes for being parallel, and beside other workers
    #[arg(long)]
    pub no_baseline: bool,
    /// How much to record; at `off` only times are printed and no trace is written
    #[arg(long, value_enum, default_value_t = DetailArg::Auto)]
    pub detail: DetailArg,
    /// Size of each worker's buffer, for example 64KiB or 32MiB
    #[arg(long, value_name = "SIZE", default_value = "32MiB")]
    pub buffer: String,
    /// What to do when a buffer is full
    #[arg(long, value_enum, default_value_t = OnFullArg::Collapse)]
    pub on_full: OnFullArg,
    /// Do not ask the kernel for counters, and for when threads were on a CPU
    #[arg(long)]
    pub no_kernel: bool,
    /// How traces are written, which is also how the names of their files end
    #[arg(long, value_enum, default_value_t = FormatArg::Json)]
    pub format: FormatArg,
    /// Run each variant once more, while another crate writes rayprism's `tracing` spans to a file
    /// of its own beside the trace, WORKLOAD-VARIANT.spans.json
    #[arg(long, value_name = "CRATE", value_enum)]
    pub spans: Option<SpansArg>,
    /// Folder of the trace files WORKLOAD-VARIANT.json, or WORKLOAD-VARIANT-Nt.json where there
    /// are several numbers of threads
    #[arg(long, value_name = "DIR", default_value = "traces")]
    pub out_dir: PathBuf,
    /// Print JSON and nothing else
    #[arg(long)]
    pub json: bool,
    /// The workload's parameters.
    #[command(flatten)]
    pub parameters: ParameterArgs,
}

/// Arguments of `record`.
#[derive(Debug, ClapArgs)]
#[command(after_help = RECORD_HELP)]
pub struct RecordArgs {
    /// How to record.
    #[command(flatten)]
    pub recording: RecordingArgs,
    /// The program and its arguments, after `--`
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CMD"
    )]
    pub command: Vec<OsString>,
}

/// How a program is recorded, whoever runs it.
#[derive(Clone, Debug, ClapArgs)]
pub struct RecordingArgs {
    /// File of the trace; of further processes, FILE-2.json and so on [default:
    /// traces/PROGRAM.json]
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How much to record
    #[arg(long, value_enum, default_value_t = DetailArg::Auto)]
    pub detail: DetailArg,
    /// Size of each worker's buffer, for example 64KiB or 32MiB
    #[arg(long, value_name = "SIZE", default_value = "32MiB")]
    pub buffer: String,
    /// What to do when a buffer is full
    #[arg(long, value_enum, default_value_t = OnFullArg::Collapse)]
    pub on_full: OnFullArg,
    /// Do not ask the kernel for counters, and for when threads were on a CPU
    #[arg(long)]
    pub no_kernel: bool,
    /// Run it with one worker, and with every join and spawn in its place, too, in turn: what the
    /// work takes without rayon, and without company. Its input must be a file or nothing; the
    /// output of the first run is shown
    #[arg(long)]
    pub baseline: bool,
    /// Runs of each kind for --baseline
    #[arg(long, value_name = "N", default_value_t = 3, requires = "baseline", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub reps: u32,
    /// Seconds until a run for --baseline is stopped: two tasks that wait for each other cannot run
    /// one after the other [default: 10, and 4 times as long as all workers would need]
    #[arg(long, value_name = "SECONDS", requires = "baseline", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub time_limit: Option<u64>,
}

/// Parameters of all workloads; each workload takes only some of them, see `rayprism list`.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Parameters of workloads")]
pub struct ParameterArgs {
    /// Items, rows, increments or what else the workload is made of
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub size: Option<String>,
    /// The serial share, in percent
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub serial_percent: Option<String>,
    /// How many times as long as its consumer the producer takes
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub ratio: Option<String>,
    /// Hashes of each item
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub rounds: Option<String>,
    /// Fewest items of a task
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub min_len: Option<String>,
    /// Most items of a task
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub max_len: Option<String>,
    /// Levels of the tree
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub depth: Option<String>,
    /// Levels with joins
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub cutoff: Option<String>,
    /// Order of the input in memory
    #[arg(long, value_name = "NAME")]
    pub layout: Option<String>,
}

/// Arguments of `break-even`.
#[derive(Debug, ClapArgs)]
#[command(after_help = exit_code::HELP)]
pub struct BreakEvenArgs {
    /// The workload: sum or hash
    pub workload: String,
    /// Worker threads [default: one per available CPU]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub threads: Option<String>,
    /// Pairs of a serial and a parallel run at each number of items
    #[arg(
        long,
        value_name = "N",
        default_value_t = 25,
        value_parser = clap::value_parser!(u32).range(6..=1000),
    )]
    pub reps: u32,
    /// The largest number of items to try [default: the workload's own]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub to: Option<String>,
    /// Print JSON and nothing else
    #[arg(long)]
    pub json: bool,
    /// The workload's parameters.
    #[command(flatten)]
    pub parameters: ParameterArgs,
}

/// Arguments of `reproduce`.
#[derive(Debug, ClapArgs)]
#[command(after_help = exit_code::HELP)]
pub struct ReproduceArgs {
    /// Worker threads [default: one per available CPU]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub threads: Option<String>,
    /// Repetitions of each variant [default: 7, or 4 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub reps: Option<u32>,
    /// Smaller sizes than the articles', and fewer repetitions
    #[arg(long)]
    pub quick: bool,
    /// Print JSON and nothing else
    #[arg(long)]
    pub json: bool,
}

/// Who writes spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SpansArg {
    /// `tracing-chrome`: JSON for Perfetto and chrome://tracing, while each variant runs once more; of a
    /// file that there is, `rayprism export FILE --to tracing-chrome` has it
    TracingChrome,
}

/// Arguments of `report`.
#[derive(Debug, ClapArgs)]
#[command(after_help = exit_code::HELP)]
pub struct ReportArgs {
    /// A trace file that rayprism wrote
    pub file: PathBuf,
    /// Show where the cores went in rows of what is given, too
    #[arg(long, value_name = "ROWS")]
    pub by: Option<ByArg>,
    /// How much of a file is read.
    #[command(flatten)]
    pub limit: LimitArgs,
    /// Print JSON and nothing else
    #[arg(long)]
    pub json: bool,
}

/// How much of a file is read.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct LimitArgs {
    /// The most that a trace file may hold, unpacked; a sixteenth of it in one entry
    #[arg(long, value_name = "SIZE", default_value = "16GiB", value_parser = size)]
    pub max_size: u64,
}

fn size(text: &str) -> Result<u64, &'static str> {
    super::size::parse(text).map(|size| size as u64).ok_or("not a size such as 512MiB or 32GiB")
}

/// What the rows of a report are.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ByArg {
    /// Calls into rayon, the outermost, by what and where they are
    Operation,
    /// Stretches that the program named with `rayprism::region`
    Region,
    /// The program's `tracing` spans
    Phase,
    /// The lines of the program that called or pushed what ran
    Site,
    /// The workers of each pool
    Worker,
}

/// Arguments of `compare`.
#[derive(Debug, ClapArgs)]
#[command(after_help = format!("{CONDITIONS}\n\n{}", exit_code::HELP))]
pub struct CompareArgs {
    /// The trace file of what was before
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// The trace file of what is now
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// A condition that makes the exit code 5 if it holds, see below; can be given several times
    #[arg(long, value_name = "CONDITION")]
    pub fail_if: Vec<String>,
    /// How much of a file is read.
    #[command(flatten)]
    pub limit: LimitArgs,
    /// Print JSON and nothing else
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `export`.
#[derive(Debug, ClapArgs)]
#[command(after_help = exit_code::HELP)]
pub struct ExportArgs {
    /// A trace file that rayprism wrote
    pub file: PathBuf,
    /// The format
    #[arg(long, value_name = "FORMAT")]
    pub to: ExportArg,
    /// The file to write, or the folder of the CSV files [default: FILE with another ending]
    #[arg(short = 'o', long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// How much of a file is read.
    #[command(flatten)]
    pub limit: LimitArgs,
}

/// What a trace can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportArg {
    /// Chrome JSON, compressed if PATH ends in `.gz`
    Chrome,
    /// Perfetto's protobuf, likewise
    Perfetto,
    /// Folded stacks, for flame graphs
    Folded,
    /// speedscope's JSON
    Speedscope,
    /// tasks.csv, steals.csv and components.csv in a folder
    Csv,
    /// What the crate `tracing-chrome` writes of the spans, which are told to it again in the order of
    /// the recording, each on a thread called as its own; the times are those of telling
    TracingChrome,
}

/// Arguments of `open`.
#[derive(Debug, ClapArgs)]
#[command(after_help = exit_code::HELP)]
pub struct OpenArgs {
    /// A trace file
    pub file: PathBuf,
    /// Print the address, and open no browser
    #[arg(long)]
    pub no_browser: bool,
    /// The port to serve on; the UI at ui.perfetto.dev may fetch from 9001 alone
    #[arg(long, value_name = "PORT", default_value_t = 9001)]
    pub port: u16,
    /// The address of the UI
    #[arg(long, value_name = "URL", default_value = "https://ui.perfetto.dev")]
    pub ui: String,
}

/// Arguments of `doctor`.
#[derive(Debug, ClapArgs)]
#[command(after_help = exit_code::HELP)]
pub struct DoctorArgs {
    /// Print JSON and nothing else
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `stat`.
#[derive(Debug, ClapArgs)]
#[command(after_help = STAT_HELP)]
pub struct StatArgs {
    /// Print the sums of each interval, too, while the program runs
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub interval: Option<u64>,
    /// Counters by perf's names, separated by commas; or hardware, software, all
    #[arg(
        short = 'e',
        long = "events",
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "all"
    )]
    pub events: Vec<String>,
    /// Threads to list, those with the most CPU time first; all are in the JSON
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub top: usize,
    /// Write JSON instead of text, intervals included
    #[arg(long)]
    pub json: bool,
    /// File to write to [default: standard error, which the program may write to as well]
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The program and its arguments, after `--`
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CMD"
    )]
    pub command: Vec<OsString>,
}

const CONDITIONS: &str = "\
Conditions:
  slowdown>5%          B takes over 5 % longer than A, and that is beyond the spread
  speedup<1.5x         B is less than 1.5 times as fast as A, wherever in the spread
  starved>10%          in B, the component has more than 10 % of the cores
  starved>0.5cores     ... more than half a core
  starved>+0.5cores    ... half a core more than in A; +10% likewise, of the cores
Components are named as in the JSON (steal-latency, hand-over, serial, ...), and may also be looked
for below a limit (<). They are of one repetition each, so that their spread is not known.";

const RECORD_HELP: &str = "\
Exit codes:
  the program's own, or 128 plus the number of the signal that killed it
  1    the program could not be run, or the trace not be written
  2    the arguments make no sense
  126  there is such a program, but it cannot be executed
  127  there is no such program";

const STAT_HELP: &str = "\
Times of a thread are on a CPU, waiting (it could run, but another had the CPU; sched_yield counts as
that) and blocked (asleep, or waiting for a lock, for input or output, and then for its turn).

Exit codes:
  the program's own, or 128 plus the number of the signal that killed it
  1    the program could not be run or watched, or the report not be written
  2    the arguments make no sense
  126  there is such a program, but it cannot be executed
  127  there is no such program";

/// [`Format`] as typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FormatArg {
    /// Chrome JSON
    #[value(name = "json")]
    Json,
    /// The same, compressed
    #[value(name = "json.gz")]
    JsonGz,
    /// Perfetto's protobuf
    #[value(name = "pftrace")]
    Pftrace,
    /// The same, compressed
    #[value(name = "pftrace.gz")]
    PftraceGz,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Json => Self::Json,
            FormatArg::JsonGz => Self::JsonGz,
            FormatArg::Pftrace => Self::Pftrace,
            FormatArg::PftraceGz => Self::PftraceGz,
        }
    }
}

/// [`Detail`] as typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DetailArg {
    /// Nothing
    Off,
    /// Counts only; no clock is read
    Count,
    /// Counts, and the times of what is coarse enough to matter
    Auto,
    /// Counts, and the times of every join
    Full,
}

/// [`OnFull`] as typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OnFullArg {
    /// Record coarser events only, early enough that the buffer lasts
    Collapse,
    /// Overwrite the oldest events
    Ring,
    /// Record no further events; counts go on
    Stop,
}

impl ParameterArgs {
    /// Those that were given.
    pub(super) fn given(&self) -> Vec<Given> {
        let all = [
            ("size", &self.size),
            ("serial-percent", &self.serial_percent),
            ("ratio", &self.ratio),
            ("rounds", &self.rounds),
            ("min-len", &self.min_len),
            ("max-len", &self.max_len),
            ("depth", &self.depth),
            ("cutoff", &self.cutoff),
            ("layout", &self.layout),
        ];
        all.into_iter()
            .filter_map(|(name, text)| Some(Given { name, text: text.clone()? }))
            .collect()
    }
}

impl From<DetailArg> for Detail {
    fn from(detail: DetailArg) -> Self {
        match detail {
            DetailArg::Off => Self::Off,
            DetailArg::Count => Self::Count,
            DetailArg::Auto => Self::Auto,
            DetailArg::Full => Self::Full,
        }
    }
}

impl From<OnFullArg> for OnFull {
    fn from(on_full: OnFullArg) -> Self {
        match on_full {
            OnFullArg::Collapse => Self::Collapse,
            OnFullArg::Ring => Self::Ring,
            OnFullArg::Stop => Self::Stop,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::workload;

    #[test]
    fn clap_finds_no_fault() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_parameter_of_a_workload_has_its_option_and_the_other_way_round() {
        let declared: BTreeSet<&str> = workload::ALL
            .iter()
            .flat_map(|workload| workload::parameters(*workload))
            .map(|parameter| parameter.name())
            .collect();
        let typed: Vec<String> = declared.iter().map(|name| format!("--{name}=1")).collect();
        let words = ["rayprism", "run", "w"].map(str::to_owned).into_iter().chain(typed);
        let Command::Run(run) = Args::try_parse_from(words).unwrap().command else { panic!() };
        let given: BTreeSet<&str> = run.parameters.given().iter().map(|given| given.name).collect();
        assert_eq!(given, declared);
        let options = ParameterArgs::augment_args(clap::Command::new("options"));
        assert_eq!(options.get_arguments().count(), declared.len());
    }
}
