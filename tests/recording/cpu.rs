//! What a thread asks the kernel about itself.

use std::fs;
use std::time::Duration;

use rayprism::linux;
use rayprism::model::Nanos;

/// Keeps a CPU busy until the thread has had so much of one.
pub(crate) fn use_cpu(length: Duration) {
    let start = linux::own_cpu().expect("threads have CPU clocks on Linux");
    let used = || linux::own_cpu().expect("the same").saturating_since(start);
    while u128::from(used().0) < length.as_nanos() {
        std::hint::black_box((0..1_000).sum::<u64>());
    }
}

/// How long this thread has waited for a CPU so far, by the scheduler's accounts; `None` where the
/// kernel keeps none.
pub(crate) fn own_wait() -> Option<Nanos> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().nth(1)?.parse().ok().map(Nanos)
}
