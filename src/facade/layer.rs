//! The layer that takes the program's own `tracing` spans into the recording.

use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;

use super::current::{lane, who};
use crate::spans::{self, Layer, Threads};

/// A layer for a subscriber: while a session records, the program's own spans (`#[instrument]`) and
/// events are in the recording, as phases that `report --by phase` breaks the cores down by.
///
/// ```
/// use rayprism::facade as rayon;
/// use tracing_subscriber::layer::SubscriberExt;
/// use tracing_subscriber::util::SubscriberInitExt;
///
/// tracing_subscriber::registry().with(rayprism::layer()).init();
/// let session = rayprism::Session::builder().start()?;
/// tracing::info_span!("sum up").in_scope(|| rayon::join(|| 1 + 1, || 2 + 2));
/// let trace = session.stop();
/// assert!(trace.lanes.iter().any(|lane| !lane.told.phases.is_empty()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> Layer<S> {
    spans::layer(Threads { lane, who })
}
