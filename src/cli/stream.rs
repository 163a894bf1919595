//! `run --spans`: each variant once more, while another crate writes rayprism's spans to a file.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tracing_chrome::ChromeLayerBuilder;
use tracing_subscriber::layer::SubscriberExt;

use super::config::RunConfig;
use super::failure::Failure;
use super::measure;

/// Runs what `config` asks for once more and returns the files that were written, `name` giving
/// those without their ending.
pub(super) fn stream(
    config: &RunConfig,
    name: impl Fn(&str, crate::workload::VariantInfo, usize) -> String,
) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    measure::once_more(config, |variant, threads, run| {
        let name = name(config.workload.name(), variant, threads);
        let path = config.out_dir.join(format!("{name}.spans.json"));
        through_tracing_chrome(&path, run)?;
        files.push(path);
        Ok(())
    })?;
    Ok(files)
}

/// Runs `run` with a subscriber of this thread's that hands all spans to tracing-chrome; those of
/// the pool's workers come to it, too, as their tasks come from here.
fn through_tracing_chrome(
    path: &Path,
    run: &mut dyn FnMut() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let file = File::create(path)
        .with_context(|| format!("failed to write {}", path.display()))
        .map_err(|error| Failure::runtime(error, "give another folder with --out-dir"))?;
    let (layer, guard) =
        ChromeLayerBuilder::new().writer(BufWriter::new(file)).include_args(true).build();
    let result = tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run);
    // Ends the file.
    drop(guard);
    // Until somebody looks, the subscriber that is gone is still taken to listen.
    tracing::callsite::rebuild_interest_cache();
    result
}
