//! Work, split by what the same work takes elsewhere: serially, and in a pool of one worker.

use super::{Component, CoreTime, Decomposition, Missing, Part, inflation};
use crate::model::{Baseline, Measured, Parts, Run, Samples, WorkCounts};

/// Splits work and blocked time, as far as there are baselines.
pub(super) fn split(mut whole: Decomposition, run: Option<&Run>) -> Decomposition {
    match references(run).and_then(|references| references.comparable(&whole)) {
        Ok(references) => {
            split_work(&mut whole, &references);
            split_blocked(&mut whole, &references);
        }
        Err(reason) => {
            let miss = |component, within| Missing { component, reason: reason.clone(), within };
            whole.missing.push(miss(Component::Useful, Component::Work));
            whole.missing.push(miss(Component::Algorithmic, Component::Work));
            whole.missing.push(miss(Component::Inflation, Component::Work));
        }
    }
    whole
}

/// What is compared with.
struct References<'r> {
    serial: Reference<'r>,
    /// `None` if the recording itself is of one worker.
    one_worker: Option<Reference<'r>>,
    own: &'r Samples,
}

impl<'r> References<'r> {
    /// Time off the CPU is work where it is not told apart: it must be so on all sides.
    fn comparable(self, whole: &Decomposition) -> Result<Self, String> {
        let missing = |missing: &&Missing| missing.component == Component::Blocked;
        let told = whole.missing.iter().find(missing).is_none();
        let one = self.one_worker.as_ref().map(|one| one.parts);
        let mut all = std::iter::once(self.serial.parts).chain(one);
        if all.all(|parts| parts.blocked.is_some() == told) {
            return Ok(self);
        }
        Err("time off the CPU is told apart from work in one of the runs and not in another"
            .to_owned())
    }
}

struct Reference<'r> {
    parts: Parts,
    samples: &'r Samples,
    counted: &'r Measured<WorkCounts>,
}

fn references(run: Option<&Run>) -> Result<References<'_>, String> {
    let run = run.ok_or("there is no baseline: the program was recorded once")?;
    let serial = run.baseline.as_ref().filter(|baseline| baseline.serial);
    let serial = reference(serial.ok_or("there is no serial baseline")?)?;
    let one_worker = match (&run.one_worker, run.threads) {
        (Some(one), _) => Some(reference(one)?),
        (None, 1) => None,
        (None, _) => return Err("it was not run in a pool of one worker".to_owned()),
    };
    Ok(References { serial, one_worker, own: &run.samples })
}

fn reference(baseline: &Baseline) -> Result<Reference<'_>, String> {
    match &baseline.parts {
        Measured::Is(parts) => {
            Ok(Reference { parts: *parts, samples: &baseline.samples, counted: &baseline.counted })
        }
        Measured::Not(reason) => Err(reason.clone()),
    }
}

/// `useful = work_S`, `algorithmic = work_1 − work_S`, `inflation = work_P − work_1`.
fn split_work(whole: &mut Decomposition, references: &References) {
    let Some(at) = whole.parts.iter().position(|part| part.component == Component::Work) else {
        return;
    };
    let work = Spread::of_part(whole.parts[at], references.own);
    let serial = references.serial.work();
    let one = references.one_worker.as_ref().map(Reference::work);
    let one_or_own = one.unwrap_or(work);
    let mut split =
        vec![serial.part(Component::Useful), one_or_own.less(serial).part(Component::Algorithmic)];
    split.extend(one.map(|one| work.less(one).part(Component::Inflation)));
    whole.parts.splice(at..=at, split);
    if let Some(one) = &references.one_worker {
        let alone = CoreTime::from(one.parts.work);
        whole.inflation = inflation::causes((work.time, &whole.counted), (alone, one.counted));
    }
}

/// The program's own blocking is what the serial elision has; only what is more is contention.
fn split_blocked(whole: &mut Decomposition, references: &References) {
    let Some(own) = references.serial.parts.blocked.map(CoreTime::from) else { return };
    let Some(at) = whole.parts.iter().position(|part| part.component == Component::Blocked) else {
        return;
    };
    let blocked = whole.parts[at];
    let own = own.min(blocked.time);
    let excess = blocked.time - own;
    let split = [(Component::BlockedOwn, own), (Component::BlockedExcess, excess)];
    let split = split.into_iter().filter(|(_, time)| *time != CoreTime::ZERO);
    let split: Vec<Part> =
        split.map(|(component, time)| Part { component, time, low: time, high: time }).collect();
    whole.parts.splice(at..=at, split);
}

impl Reference<'_> {
    fn work(&self) -> Spread {
        Spread::of(CoreTime::from(self.parts.work), self.samples)
    }
}

/// A figure with the interval that the repetitions give it.
#[derive(Clone, Copy)]
struct Spread {
    time: CoreTime,
    low: CoreTime,
    high: CoreTime,
}

impl Spread {
    /// The figure of the median repetition; it lies as far apart as their times do.
    fn of(time: CoreTime, samples: &Samples) -> Self {
        let scaled = |sample: u64, median: u64| {
            CoreTime((i128::from(time.0) * i128::from(sample) / i128::from(median.max(1))) as i64)
        };
        match samples.median().zip(samples.median_interval()) {
            Some((median, (low, high))) => {
                Self { time, low: scaled(low.0, median.0), high: scaled(high.0, median.0) }
            }
            None => Self { time, low: time, high: time },
        }
    }

    /// Both uncertainties: that of the part, and that of the repetitions.
    fn of_part(part: Part, samples: &Samples) -> Self {
        let spread = Self::of(part.time, samples);
        Self {
            low: spread.low - (part.time - part.low),
            high: spread.high + (part.high - part.time),
            ..spread
        }
    }

    fn less(self, other: Self) -> Self {
        Self {
            time: self.time - other.time,
            low: self.low - other.high,
            high: self.high - other.low,
        }
    }

    fn part(self, component: Component) -> Part {
        let Self { time, low, high } = self;
        Part { component, time, low, high }
    }
}
