//! `run --all`: every workload, one after the other, in one table. A workload that cannot be run is a
//! row that says so.

use anyhow::anyhow;

use crate::cli::args::RunArgs;
use crate::cli::config::RunConfig;
use crate::cli::failure::Failure;
use crate::cli::show::{self, Overview, Row};
use crate::cli::{terminal, trials};

pub(in crate::cli) fn run_all(args: &RunArgs) -> Result<(), Failure> {
    let configs = RunConfig::all(args)?;
    let overview = overview(&configs);
    if args.json {
        terminal::print(|out| show::overview_json(&overview, out))?;
    } else {
        terminal::print(|out| show::overview_text(&overview, &terminal::style(), out))?;
    }
    match overview.failed() {
        0 => Ok(()),
        failed => Err(Failure::runtime(
            anyhow!("{failed} of {} workloads could not be run", configs.len()),
            "the table says why",
        )),
    }
}

fn overview(configs: &[RunConfig]) -> Overview {
    let mut rows = Vec::new();
    for (at, config) in configs.iter().enumerate() {
        let name = config.workload.name();
        let part = format!("{name} ({} of {})", at + 1, configs.len());
        match trials::reports(config, &part) {
            Ok(reports) => rows.extend(reports.iter().filter_map(Row::of)),
            Err(failure) => rows.push(Row::failed(name, failure.to_string())),
        }
    }
    let repetitions = configs.first().map_or(0, |config| config.reps);
    Overview { debug_assertions: cfg!(debug_assertions), repetitions, rows }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::cli::measure::Recording;
    use crate::format::Format;
    use crate::model::Measured;
    use crate::workload::{
        Body, Definition, Integer, Memory, Settings, Variant, Workload, WrongResult,
    };

    static SIZE: Integer =
        Integer { name: "size", about: "", min: 1, max: 1 << 62, default: || 1 << 62 };

    static VARIANTS: [Variant<u32>; 2] = [
        Variant::new("alone", "", Body::Alone(|_| {})),
        Variant::new("pool", "", Body::InPool(|_| {})),
    ];

    const fn definition(name: &'static str) -> Definition<u32> {
        Definition {
            name,
            about: "",
            parameters: &[],
            variants: &VARIANTS,
            coarser: &[],
            memory: None,
            quick: &[],
            prepare: |_| 0,
            restore: |_| Ok(()),
        }
    }

    static FINE: Definition<u32> = definition("fine");
    static WRONG: Definition<u32> =
        Definition { restore: |_| Err(WrongResult("2 found".to_owned())), ..definition("wrong") };
    static LARGE: Definition<u32> = Definition {
        memory: Some(Memory { bytes: |settings| settings.integer(&SIZE), grows_with: &SIZE }),
        ..definition("large")
    };

    fn config(workload: &'static dyn Workload) -> RunConfig {
        RunConfig {
            workload,
            settings: Settings::default(),
            variants: workload.variants(),
            threads: vec![2],
            one_worker: true,
            reps: 2,
            recording: Recording { kernel: false, buffer_bytes: 1 << 16, ..Recording::DEFAULT },
            format: Format::default(),
            spans: None,
            out_dir: PathBuf::new(),
            json: false,
            verify: false,
        }
    }

    #[test]
    fn what_cannot_be_run_is_a_row_and_the_others_are_run() {
        let overview = overview(&[config(&WRONG), config(&LARGE), config(&FINE)]);
        let names: Vec<&str> = overview.rows.iter().map(|row| row.workload.as_str()).collect();
        assert_eq!(names, ["wrong", "large", "fine", "fine"]);
        let reason = |at: usize| match &overview.rows[at].variant {
            Measured::Not(reason) => reason.as_str(),
            Measured::Is(variant) => panic!("{variant:?}"),
        };
        assert!(reason(0).starts_with("wrong · alone: wrong result: 2 found: "), "{}", reason(0));
        assert!(reason(1).contains("needs more memory than there is"), "{}", reason(1));
        let variant = |at: usize| {
            let variant = overview.rows[at].variant.value().unwrap();
            (variant.name.as_str(), variant.threads, variant.wall.unwrap().repetitions)
        };
        assert_eq!([variant(2), variant(3)], [("alone", 1, 2), ("pool", 2, 2)]);
        assert_eq!((overview.failed(), overview.repetitions), (2, 2));
    }
}
