//! Every counter and the switch records, opened for this thread and let count for a moment: whether
//! they all count at the same time shows only then.

use super::super::perf::{
    NEVER_RAN, Plan, SwitchRing, Target, ThreadCounters, WORDS, monotonic_now,
};
use super::events::RING_BYTES;
use super::{Measured, Nanos};
use crate::model::{Availability, Counter, CounterInfo};

/// Long enough for each of six groups to have its turn, which is 4 ms.
const LONGEST: Nanos = Nanos(50_000_000);

pub(super) struct Trial {
    pub(super) counters: Vec<CounterInfo>,
    pub(super) hardware_groups: Measured<u32>,
    pub(super) switch_records: Availability,
}

pub(super) fn trial() -> Trial {
    let plan = Plan::probe(Counter::ALL);
    let groups = plan.hardware_groups();
    let mut counters = if groups == 0 { plan.infos().to_vec() } else { counted(&plan) };
    if groups > 1 {
        counters.iter_mut().for_each(take_turns);
    }
    let hardware_groups = match u32::try_from(groups) {
        Ok(groups) => Measured::Is(groups),
        Err(_) => Measured::Not("more than can be counted".to_owned()),
    };
    Trial { counters, hardware_groups, switch_records: switch_records(&plan) }
}

/// What the counters are after they have counted for a moment.
fn counted(plan: &Plan) -> Vec<CounterInfo> {
    let Some(words) = count(plan) else { return plan.infos().to_vec() };
    let values = plan.values(&words);
    let mut infos = plan.infos_after([words.as_slice()]);
    for (place, info) in infos.iter_mut().enumerate() {
        if info.availability.is_measured() && values.get(place).is_none() {
            info.availability = Availability::Unavailable(NEVER_RAN.to_owned());
        }
    }
    infos
}

/// The words of a reading, as soon as every counter has a value, or after a while.
fn count(plan: &Plan) -> Option<Vec<u64>> {
    let counters = ThreadCounters::open(plan, Target::OwnThread).ok()?;
    let start = monotonic_now().ok()?;
    let mut words = [0; WORDS];
    loop {
        let length = counters.read(&mut words).ok()?;
        let words = &words[..length];
        let values = plan.values(words);
        let is_counted = |(place, info): (usize, &CounterInfo)| {
            !info.availability.is_measured() || values.get(place).is_some()
        };
        let passed = Nanos(monotonic_now().ok()?.0.saturating_sub(start.0));
        if plan.infos().iter().enumerate().all(is_counted) || passed > LONGEST {
            return Some(words.to_vec());
        }
        std::hint::spin_loop();
    }
}

fn take_turns(info: &mut CounterInfo) {
    if info.counter.is_hardware() && info.availability.is_measured() {
        info.availability = Availability::Estimated;
    }
}

/// With the memory that they are written to.
fn switch_records(plan: &Plan) -> Availability {
    let opened = match plan.switch_records() {
        Ok(()) => SwitchRing::open(Target::OwnThread, RING_BYTES).map(drop),
        Err(reason) => Err(reason.to_owned()),
    };
    opened.map_or_else(Availability::Unavailable, |()| Availability::Available)
}
