//! The same work takes longer beside other workers, and not for locks.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::View;
use super::text::percent;
use super::{Ask, Lint, RestsOn, false_sharing_suspicion};
use crate::analysis::{Component, CoreTime};
use crate::model::{Counter, Measured};

pub(super) const LINT: Lint = Lint {
    id: "memory-bound-inflation",
    looks_for: "5 % or more of the core-time by which the same work took longer than in a pool of \
                one worker, while locks cost less than half of that; where the counters tell, half \
                of it or more for more cycles of each instruction",
    wrong_if: "two workers share a core (SMT); or, where instructions and cycles were not counted in \
               both runs, the CPU's frequency falls as more cores work",
    rests_on: RestsOn::Times,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let inflation = view.whole.time(Component::Inflation);
    let loss = view.loss(inflation)?;
    let blocked = view.whole.time(Component::BlockedExcess);
    if blocked.0 * 2 > inflation.0 || false_sharing_suspicion::evidence(view).is_some() {
        return None;
    }
    if let Measured::Is(causes) = &view.whole.inflation
        && causes.cycles_per_instruction.0 * 2 < inflation.0
    {
        return None;
    }
    let alone = view.work() - inflation;
    let times = times(view)?;
    let workers = ((view.workers() as f64 / times).ceil() as u32).max(1);
    let mut evidence = vec![
        Evidence::new("work in a pool of one worker", Unit::Nanos.of(alone.0 as f64)),
        Evidence::new("work here", Unit::Nanos.of(view.work().0 as f64)),
    ];
    evidence.extend(counters(view));
    Some(Found {
        loss: Some(loss),
        measured: Unit::Times.of(times),
        threshold: Unit::Times.of(1.0 + super::LEAST_LOSS),
        evidence,
        what: format!(
            "the same work took {times:.2} times as long as in a pool of one worker, {} of the \
             core-time: memory or caches that workers share are the likely cause",
            percent(loss.share)
        ),
        next: format!(
            "if tasks write to one cache line, such as a shared atomic or neighbours in an array, \
             let each gather its own with `fold`, or pad; if not, compare with \
             RAYON_NUM_THREADS={workers}: if it is as fast, memory is the limit, and only touching \
             less of it helps, with smaller types, blocks that fit a cache, or passes over the data \
             made one"
        ),
        advice: Some(Advice::Workers { workers }),
        predicted: None,
    })
}

/// How many times as long the same work took.
pub(super) fn times(view: &View) -> Option<f64> {
    let alone = view.work() - view.whole.time(Component::Inflation);
    (alone > CoreTime::ZERO).then(|| view.work().0 as f64 / alone.0 as f64)
}

/// What the counters say of tasks.
fn counters(view: &View) -> Vec<Evidence> {
    let cycles = of_tasks(view, &[Counter::Cycles, Counter::Instructions]);
    let misses = of_tasks(view, &[Counter::CacheMisses, Counter::Instructions]);
    let not = |what: &str, reason: String| Evidence {
        what: format!("{what}: not measured ({reason})"),
        ..Evidence::default()
    };
    let cycles = match cycles {
        Measured::Is(sums) => {
            let value = Unit::CyclesPerInstruction.of(sums[0] / sums[1]);
            Evidence::new("cycles of an instruction in tasks", value)
        }
        Measured::Not(reason) => not("cycles of an instruction in tasks", reason),
    };
    let misses = match misses {
        Measured::Is(sums) => Evidence::new(
            "misses of the last cache in tasks",
            Unit::PerThousandInstructions.of(1e3 * sums[0] / sums[1]),
        ),
        Measured::Not(reason) => not("misses of the last cache in tasks", reason),
    };
    let causes = match &view.whole.inflation {
        Measured::Is(causes) => {
            let slower = Unit::Nanos.of(causes.cycles_per_instruction.0 as f64);
            Evidence::new("of the inflation, more cycles of each instruction", slower)
        }
        Measured::Not(reason) => {
            not("which part is instructions, cycles or frequency", reason.clone())
        }
    };
    vec![cycles, misses, causes]
}

/// The sums of counters over the tasks that were read, all of them above zero.
pub(super) fn of_tasks(view: &View, counters: &[Counter]) -> Measured<Vec<f64>> {
    let kernel = &view.picture.trace().header.kernel;
    let mut sums = Vec::new();
    for &counter in counters {
        let Some(position) = kernel.position(counter) else {
            return Measured::Not(format!("`{}` was not counted", counter.name()));
        };
        let values = view.tasks().filter_map(|(_, task)| task.counters.as_ref()?.get(position));
        let sum: u64 = values.fold(0, u64::saturating_add);
        if sum == 0 {
            return Measured::Not(format!("no task has `{}` of its own", counter.name()));
        }
        sums.push(sum as f64);
    }
    Measured::Is(sums)
}
