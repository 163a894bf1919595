//! `list`: the workloads, their variants and parameters.

use std::io::{self, Write};

use crate::cli::failure::Failure;
use crate::cli::terminal;
use crate::model::thousands;
use crate::workload::{ALL, Integer, Parameter, Workload};

pub(in crate::cli) fn list() -> Result<(), Failure> {
    terminal::print(|out| ALL.iter().try_for_each(|workload| write(*workload, out)))
}

fn write(workload: &dyn Workload, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  {}", workload.name(), workload.about())?;
    if !workload.parameters().is_empty() {
        writeln!(out, "  parameters")?;
    }
    for parameter in workload.parameters() {
        write_parameter("    ", *parameter, out)?;
    }
    writeln!(out, "  variants")?;
    for (index, variant) in workload.variants().iter().enumerate() {
        let note = match (index, variant.on_request) {
            (0, _) => " (the baseline)",
            (_, true) => " (only if asked for)",
            (_, false) => "",
        };
        writeln!(out, "    {:<20} {}{note}", variant.name, variant.about)?;
        for parameter in variant.parameters {
            write_parameter("      ", *parameter, out)?;
        }
        for diagnosis in variant.diagnoses {
            writeln!(out, "      should be found: {diagnosis}")?;
        }
    }
    Ok(())
}

fn write_parameter(indent: &str, parameter: Parameter, out: &mut dyn Write) -> io::Result<()> {
    let option = format!("{indent}--{}", parameter.name());
    writeln!(out, "{option:<24} {} ({})", parameter.about(), values(parameter))
}

/// The values that a parameter takes: `1 to 40, default 23`.
fn values(parameter: Parameter) -> String {
    match parameter {
        Parameter::Integer(Integer { min, max, default, .. }) => {
            let [min, max, default] = [*min, *max, default()].map(thousands);
            format!("{min} to {max}, default {default}")
        }
        Parameter::Choice(choice) => {
            format!("{}, default {}", choice.options.join(" or "), choice.default())
        }
    }
}
