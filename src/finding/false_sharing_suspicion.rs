//! Workers write to the same cache line.

use super::fact::{Advice, Evidence, Found, Unit};
use super::memory_bound_inflation::{of_tasks, times};
use super::picture::View;
use super::{Ask, Lint, RestsOn};
use crate::analysis::Component;
use crate::model::{Counter, Measured};

pub(super) const LINT: Lint = Lint {
    id: "false-sharing-suspicion",
    looks_for: "the same work taking 1.5 times as long as in a pool of one worker, or more, while \
                10 or more of 1000 instructions miss the first cache and at most a quarter of these \
                misses goes to memory: the lines come from other cores. Without these counters \
                nothing is said",
    wrong_if: "the data that tasks share is the same data, not neighbours in one line, such as one \
               atomic counter; or it is read alone and fits the last cache and no nearer one",
    rests_on: RestsOn::Times,
    ask: Ask::Pool(ask),
};

/// Lines that go to and fro between cores cost at least that; less has many other causes.
const LEAST_TIMES: f64 = 1.5;
/// Misses of the first cache, of 1000 instructions. Code that keeps to its own lines misses a few.
const LEAST_MISSES: f64 = 10.0;
/// The share of these that memory serves. Where more do, it is the memory that is slow.
const MOST_FROM_MEMORY: f64 = 0.25;

/// What shows it.
pub(super) struct Shared {
    times: f64,
    misses: f64,
    from_memory: f64,
}

pub(super) fn evidence(view: &View) -> Option<Shared> {
    let counters = [Counter::L1dReadMisses, Counter::CacheMisses, Counter::Instructions];
    // No miss of the last cache is as good as few, but then it is not known to have been counted.
    let Measured::Is(sums) = of_tasks(view, &counters) else { return None };
    let [first, last, instructions] = sums[..] else { return None };
    let shared = Shared {
        times: times(view)?,
        misses: 1e3 * first / instructions,
        from_memory: last / first,
    };
    let enough = shared.times >= LEAST_TIMES
        && shared.misses >= LEAST_MISSES
        && shared.from_memory <= MOST_FROM_MEMORY;
    enough.then_some(shared)
}

fn ask(view: &View) -> Option<Found> {
    let loss = view.loss(view.whole.time(Component::Inflation))?;
    let Shared { times, misses, from_memory } = evidence(view)?;
    let bytes = line(&view.picture.trace().header.machine.os);
    Some(Found {
        loss: Some(loss),
        measured: Unit::Times.of(times),
        threshold: Unit::Times.of(LEAST_TIMES),
        evidence: vec![
            Evidence::new(
                "misses of the first cache in tasks",
                Unit::PerThousandInstructions.of(misses),
            ),
            Evidence::new("of these, from memory", Unit::Share.of(from_memory)),
        ],
        what: format!(
            "the same work took {times:.2} times as long as in a pool of one worker, and {misses:.0} \
             of 1000 instructions waited for a line that another core had: workers may write to \
             neighbours in one cache line"
        ),
        next: format!(
            "pad to {bytes} bytes what each worker writes, for instance with \
             `crossbeam_utils::CachePadded`, or gather it in a local variable"
        ),
        advice: Some(Advice::Pad { bytes }),
        predicted: None,
    })
}

/// What two workers' data has to be apart: CPUs of these kinds fetch two lines of 64 bytes at once,
/// or have lines of 128.
fn line(os: &str) -> u32 {
    match os.rsplit(' ').next() {
        Some("x86_64" | "aarch64" | "powerpc64") => 128,
        Some("s390x") => 256,
        _ => 64,
    }
}
