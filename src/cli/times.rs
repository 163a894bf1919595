//! What is printed at `--detail off`: times and nothing else, for nothing else was recorded.

use std::io::{self, Write};

use serde::Serialize;

use super::measure::Measured;
use crate::model::{Baseline, Nanos, Parameter, Samples};

/// What is printed as JSON. Reports, where something was recorded, have another schema.
#[derive(Serialize)]
struct File<'a> {
    schema: &'static str,
    version: u32,
    times: Vec<Times<'a>>,
}

/// A variant's times.
#[derive(Serialize)]
struct Times<'a> {
    workload: &'a str,
    variant: &'a str,
    threads: usize,
    parameters: &'a [Parameter],
    samples: &'a Samples,
    baseline: Option<&'a Baseline>,
    one_worker: Option<&'a Baseline>,
}

/// A table with one line per variant and number of threads.
pub(super) fn text(workload: &str, all: &[Measured], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{workload}, not recorded")?;
    if cfg!(debug_assertions) {
        writeln!(
            out,
            "built with debug assertions, which make most code slow: build with --release"
        )?;
    }
    writeln!(out)?;
    let rows: Vec<[String; 5]> = all.iter().map(row).collect();
    let head = ["variant", "threads", "median", "from – to", "speed-up"].map(str::to_owned);
    for cells in std::iter::once(&head).chain(&rows) {
        let [variant, threads, median, range, speed] = cells;
        let line = format!("  {variant:<24} {threads:>7}  {median:>9}  {range:>21}  {speed}");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// One object per variant and number of threads; times in nanoseconds, in the order they ran.
pub(super) fn json(workload: &str, all: &[Measured], out: &mut dyn Write) -> io::Result<()> {
    let times = all.iter().map(|measured| times(workload, measured)).collect();
    serde_json::to_writer_pretty(&mut *out, &File { schema: "rayprism-times", version: 1, times })?;
    writeln!(out)
}

fn times<'a>(workload: &'a str, measured: &'a Measured) -> Times<'a> {
    Times {
        workload,
        variant: measured.variant.name,
        threads: measured.threads,
        parameters: &measured.parameters,
        samples: &measured.samples,
        baseline: measured.baseline.as_ref(),
        one_worker: measured.one_worker.as_ref(),
    }
}

fn row(measured: &Measured) -> [String; 5] {
    let show = |nanos: Nanos| nanos.to_string();
    let samples = &measured.samples;
    [
        measured.variant.name.to_owned(),
        measured.threads.to_string(),
        samples.median().map_or_else(String::new, show),
        samples.range().map_or_else(String::new, |(low, high)| format!("{low} – {high}")),
        speed_ups(measured),
    ]
}

/// Against the workload's first variant, and against itself in a pool of one worker.
fn speed_ups(measured: &Measured) -> String {
    let (samples, first, itself) = (&measured.samples, &measured.baseline, &measured.one_worker);
    let first = first.as_ref().and_then(|baseline| ratio(samples, baseline));
    let itself = itself.as_ref().and_then(|baseline| ratio(samples, baseline));
    let first = first.map(|(ratio, name)| format!("{ratio:.2}× of {name}"));
    let itself = itself.map(|(ratio, _)| format!("{ratio:.2}× of one worker"));
    first.into_iter().chain(itself).collect::<Vec<_>>().join(", ")
}

/// How many times as fast as the baseline.
fn ratio<'a>(samples: &Samples, baseline: &'a Baseline) -> Option<(f64, &'a str)> {
    let (own, other) = (samples.median()?, baseline.samples.median()?);
    Some((other.0 as f64 / own.0 as f64, baseline.variant.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_above_one_where_the_variant_is_faster() {
        let samples = |all: [u64; 3]| Samples(all.map(Nanos).to_vec());
        let baseline = Baseline {
            variant: "serial".to_owned(),
            serial: true,
            samples: samples([80, 90, 100]),
            parts: crate::model::Measured::Not("constructed".to_owned()),
            counted: crate::model::Measured::Not("constructed".to_owned()),
        };
        assert_eq!(ratio(&samples([30, 40, 45]), &baseline), Some((2.25, "serial")));
    }
}
