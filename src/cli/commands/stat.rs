//! `stat -- CMD`: runs any program and prints what its threads did, seen from outside.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, anyhow};

use crate::cli::args::StatArgs;
use crate::cli::failure::Failure;
use crate::cli::show::Style;
use crate::cli::{launched, names, terminal};
use crate::linux::program::{self, Wishes};
use crate::model::{Counter, Nanos, Total};
use crate::report::stat::{Interval, Stat};
use crate::report::{json, text};

pub(in crate::cli) fn stat(args: &StatArgs) -> Result<u8, Failure> {
    let interval = args.interval.map(|millis| Nanos(millis * 1_000_000));
    let counters = counters(&args.events)?;
    let wishes = Wishes {
        of_threads: of_threads(&args.events, &counters),
        counters,
        interval,
        kernel: true,
        time_limit: None,
    };
    let mut out = Output::open(args.output.as_deref())?;
    let style = out.style();
    let Some((name, arguments)) = args.command.split_first() else {
        return Err(Failure::usage(anyhow!("no program is given"), "put it behind --"));
    };
    let mut command = Command::new(name);
    command.args(arguments);
    let (mut intervals, mut before) = (Vec::new(), Vec::new());
    let mut lost = Ok(());
    let each_interval = |end, totals: Vec<Total>| {
        let interval = Interval::between(&before, &totals, end);
        before = totals;
        if !args.json {
            let shown = text::write_interval(&interval, style, &mut out);
            lost = std::mem::replace(&mut lost, Ok(())).and(shown);
        }
        intervals.push(interval);
    };
    let observed = match program::run(command, &wishes, each_interval, |_| {}) {
        Ok(observed) => observed,
        Err(failed) => return launched::not_run(failed, name),
    };
    let code = launched::exit_code(observed.ended);
    let stat = Stat::of(observed, readable(&args.command), intervals);
    lost.and_then(|()| out.report(&stat, args, style))
        .context("failed to write the report")
        .map_err(|error| Failure::runtime(error, "check the file that -o names"))?;
    Ok(code)
}

/// The counters of a list of names and groups, each once, in their usual order.
fn counters(typed: &[String]) -> Result<Vec<Counter>, Failure> {
    let mut wanted = Vec::new();
    for name in typed {
        match name.as_str() {
            "all" => wanted.extend(Counter::ALL),
            "hardware" => wanted.extend(Counter::ALL.iter().filter(|one| one.is_hardware())),
            "software" => wanted.extend(Counter::ALL.iter().filter(|one| !one.is_hardware())),
            name => wanted.push(Counter::named(name).ok_or_else(|| unknown(name))?),
        }
    }
    wanted.sort();
    wanted.dedup();
    Ok(wanted)
}

/// Of each thread, what its table shows is counted, and what is asked for by its own name.
fn of_threads(typed: &[String], counters: &[Counter]) -> Vec<Counter> {
    let shown = |counter: &Counter| SHOWN.contains(counter);
    let named = |counter: &Counter| typed.iter().any(|name| name == counter.name());
    counters.iter().copied().filter(|counter| shown(counter) || named(counter)).collect()
}

/// The few that every PMU has places for at the same time, and what takes none.
const SHOWN: [Counter; 5] = [
    Counter::Cycles,
    Counter::Instructions,
    Counter::CacheMisses,
    Counter::MinorFaults,
    Counter::MajorFaults,
];

fn unknown(name: &str) -> Failure {
    let groups = ["hardware", "software", "all"];
    let known: Vec<&str> =
        Counter::ALL.iter().map(|counter| counter.name()).chain(groups).collect();
    let hint = names::hint(name, &known, "counters");
    Failure::usage(anyhow!("there is no counter '{name}'"), hint)
}

fn readable(command: &[OsString]) -> Vec<String> {
    command.iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Where the report goes.
enum Output {
    File(File),
    StandardError,
}

impl Output {
    /// Before the program runs, so that it does not run in vain.
    fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::StandardError) };
        File::create(path)
            .with_context(|| format!("failed to make the file {}", path.display()))
            .map(Self::File)
            .map_err(|error| Failure::runtime(error, "give a file that can be written with -o"))
    }

    fn style(&self) -> Style {
        match self {
            Self::File(_) => terminal::plain(),
            Self::StandardError => terminal::error_style(),
        }
    }

    fn report(&mut self, stat: &Stat, args: &StatArgs, style: Style) -> io::Result<()> {
        let mut all = Vec::new();
        if args.json {
            json::write_stat(stat, &mut all)?;
        } else {
            text::write_stat(stat, args.top, style, &mut all)?;
        }
        self.write_all(&all)?;
        self.flush()
    }
}

impl Write for Output {
    /// A reader of standard error that went away has seen enough.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::StandardError => match io::stderr().write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
                written => written,
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::StandardError => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(list: &[&str]) -> Result<Vec<Counter>, String> {
        let typed: Vec<String> = list.iter().map(|name| (*name).to_owned()).collect();
        counters(&typed).map_err(|failure| failure.to_string())
    }

    #[test]
    fn groups_and_names_give_each_counter_once() {
        assert_eq!(named(&["all", "cycles", "software"]).unwrap(), Counter::ALL);
        let expected = [Counter::Cycles, Counter::TaskClock];
        assert_eq!(named(&["task-clock", "cycles", "cycles"]).unwrap(), expected);
    }

    #[test]
    fn of_threads_is_what_is_shown_or_named() {
        let of = |list: &[&str]| {
            let typed: Vec<String> = list.iter().map(|name| (*name).to_owned()).collect();
            of_threads(&typed, &counters(&typed).unwrap())
        };
        assert_eq!(of(&["all"]), SHOWN);
        assert_eq!(of(&["cycles", "branch-misses"]), [Counter::Cycles, Counter::BranchMisses]);
        let more = of(&["all", "dTLB-load-misses"]);
        assert_eq!(more.len(), SHOWN.len() + 1);
    }
}
