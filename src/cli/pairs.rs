//! Runs the serial and the parallel variant of a workload in pairs, at one number of items after the
//! other, and records nothing.

use std::rc::Rc;

use anyhow::{Context, anyhow};

use super::config::BreakEvenConfig;
use super::failure::Failure;
use super::measure::{build_pool, time};
use super::memory;
use super::progress::Progress;
use super::show::{Point, Search};
use crate::facade::ThreadPool;
use crate::model::Nanos;
use crate::workload::{Input, VariantInfo};

/// Measures whatever the search asks for.
pub(super) fn search(config: &BreakEvenConfig) -> Result<Search, Failure> {
    // The largest input first: it shall not turn out at the end that it does not fit.
    memory::check(config.workload, &config.settings_for(config.largest))?;
    let pool = build_pool(config.threads)?;
    let progress = Progress::unbounded(config.workload.name());
    let mut search = Search::new(config.items.min, config.largest);
    while let Some(items) = search.wanted() {
        progress.trying(items);
        search.add(point(config, &pool, items)?);
    }
    Ok(search)
}

fn point(config: &BreakEvenConfig, pool: &Rc<ThreadPool>, items: u64) -> Result<Point, Failure> {
    let mut input = config.workload.prepare(&config.settings_for(items));
    let mut run = |variant| run(config, pool, &mut *input, variant);
    let mut pairs = Vec::new();
    for round in 0..=config.pairs {
        // Each goes first as often as the other: what one leaves in the caches serves both.
        let pair = if round % 2 == 0 {
            let serial = run(config.serial)?;
            (serial, run(config.parallel)?)
        } else {
            let parallel = run(config.parallel)?;
            (run(config.serial)?, parallel)
        };
        // The first round only warms up caches, the pool and the heap.
        if round > 0 {
            pairs.push(pair);
        }
    }
    Point::of(items, &pairs).ok_or_else(|| {
        let error = anyhow!("{} pairs are too few to tell anything", pairs.len());
        Failure::usage(error, "give more with --reps")
    })
}

/// Times a variant once and puts the input back.
fn run(
    config: &BreakEvenConfig,
    pool: &ThreadPool,
    input: &mut dyn Input,
    variant: VariantInfo,
) -> Result<Nanos, Failure> {
    let time = time(|| input.run(variant, pool));
    let title = || format!("{} · {}", config.workload.name(), variant.name);
    input.restore().with_context(title).map_err(|error| {
        Failure::runtime(error, "this is a fault of rayprism or of the machine, report it")
    })?;
    Ok(time)
}
