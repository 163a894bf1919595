//! `break-even WORKLOAD`: from how many items on its parallel code pays.

use crate::cli::args::BreakEvenArgs;
use crate::cli::config::BreakEvenConfig;
use crate::cli::failure::Failure;
use crate::cli::show::{self, BreakEvenReport};
use crate::cli::{pairs, terminal};
use crate::model::Parameter;

pub(in crate::cli) fn break_even(args: &BreakEvenArgs) -> Result<(), Failure> {
    let config = BreakEvenConfig::new(args)?;
    let found = pairs::search(&config)?.finish();
    let report = BreakEvenReport {
        workload: config.workload.name().to_owned(),
        serial: config.serial.name.to_owned(),
        parallel: config.parallel.name.to_owned(),
        parameter: config.items.name.to_owned(),
        parameters: other_parameters(&config),
        threads: config.threads as u32,
        debug_assertions: cfg!(debug_assertions),
        found,
    };
    if config.json {
        return terminal::print(|out| show::break_even_json(&report, out));
    }
    terminal::print(|out| show::break_even_text(&report, &terminal::style(), out))
}

fn other_parameters(config: &BreakEvenConfig) -> Vec<Parameter> {
    let own = [config.serial, config.parallel].into_iter().flat_map(|variant| variant.parameters);
    let all = config.workload.parameters().iter().chain(own);
    let others = all.filter(|parameter| parameter.name() != config.items.name);
    let named = others.map(|parameter| Parameter {
        name: parameter.name().to_owned(),
        value: config.settings.text(*parameter),
    });
    named.collect()
}
