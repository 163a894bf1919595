//! What the types of a parallel iterator mean for its recording.

use crate::facade::chain;
use crate::record::Meaning;

/// Adaptors that cut their source into pieces and hand out what these hold: where that is worked on
/// is out of the source's sight. Or that skip items by `nth`, which a watched leaf would have to
/// go through one by one.
const OPAQUE: [&str; 4] = [
    "rayon::iter::chunks::",
    "rayon::iter::fold_chunks::",
    "rayon::iter::fold_chunks_with::",
    "rayon::iter::step_by::",
];

/// The source whose items all leaves share.
const BRIDGE: &str = "rayon::iter::par_bridge::IterBridge<";

/// What an iterator of type `source` means that `driver`, a consumer or a producer's callback,
/// drives.
pub(super) fn meaning(source: &str, driver: &str) -> Meaning {
    Meaning {
        words: chain::describe(source, driver),
        opaque: OPAQUE.iter().any(|adaptor| driver.contains(adaptor)),
        bridged: source.contains(BRIDGE),
    }
}
