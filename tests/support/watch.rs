//! What the kernel says in a generated trace. Its numbers are spread out from one that is chosen:
//! events take all that are left, and what is said of lanes should not be cut off with them.

use rayprism::model::{
    Availability, Counter, CounterInfo, Event, Kernel, Lane, Nanos, OffCpu, Quota, Reading,
    Scheduling, SchedulingSource, Span, Throttled, Throttling, Trace, Values, Watched,
};

use super::Choices;

/// Any counters, each once, some of them not counted.
pub(crate) fn kernel(choices: &mut Choices<'_>) -> Kernel {
    let mut counters = Counter::ALL.to_vec();
    counters.retain(|_| choices.chance(3));
    Kernel {
        counters: counters.into_iter().map(|counter| info(counter, choices)).collect(),
        switch_records: choices.measured(Choices::nanos),
        from_outside: choices.chance(4),
        throttled: choices.measured(throttled),
    }
}

fn throttled(choices: &mut Choices<'_>) -> Throttled {
    let quota = Quota { group: choices.text(), time: choices.nanos(), period: choices.nanos() };
    let stops = Throttling {
        periods: choices.count(),
        throttled_periods: choices.count(),
        throttled: choices.nanos(),
    };
    Throttled { quota, stops }
}

fn info(counter: Counter, choices: &mut Choices<'_>) -> CounterInfo {
    let availability = match choices.below(4) {
        0 => Availability::Unavailable(choices.text()),
        1 => Availability::Estimated,
        _ => Availability::Available,
    };
    CounterInfo { counter, availability, user_only: choices.chance(2) }
}

/// Gives each lane what was seen of it, and some tasks their counters.
pub(crate) fn lanes(trace: &mut Trace, origin: u64, choices: &mut Choices<'_>) {
    let kernel = trace.header.kernel.clone();
    let recorded = trace.header.kernel.switch_records.value().is_some();
    for lane in &mut trace.lanes {
        let seed = seed(lane) ^ choices.number();
        let numbers: Vec<u64> = (0..400).map(|index| spread(seed, index)).collect();
        let mut choices = Choices::new(&numbers);
        let off_cpu = if recorded { off_cpu(origin, &mut choices) } else { Vec::new() };
        lane.watched = Watched {
            readings: readings(&kernel, origin, &mut choices),
            scheduling: choices.measured(scheduling),
            off_cpu,
        };
        for event in &mut lane.events {
            if let Event::Task(task) = event {
                task.counters = choices.maybe(|choices| values(&kernel, 1 << 63, choices));
            }
        }
    }
}

/// What the lane is already made of, so that lanes differ when there are no more numbers.
fn seed(lane: &Lane) -> u64 {
    lane.counts.joins ^ lane.counts.tasks << 10 ^ u64::from(lane.id.0) << 20
}

/// The finalizer of splitmix64.
fn spread(seed: u64, index: u64) -> u64 {
    let mut x = seed.wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A value for each counter, none where it was not counted and, now and then, where it was.
fn values(kernel: &Kernel, bound: u64, choices: &mut Choices<'_>) -> Values {
    let value = |info: &CounterInfo| {
        let counted = info.availability.is_measured() && !choices.chance(8);
        counted.then(|| choices.below(bound) * (1 + choices.below(2)))
    };
    Values(kernel.counters.iter().map(value).collect())
}

/// Readings in order, what they counted in any.
fn readings(kernel: &Kernel, origin: u64, choices: &mut Choices<'_>) -> Vec<Reading> {
    let mut at = origin;
    let number = choices.below(6);
    let mut reading = || {
        at += choices.between(0, 3_000);
        Reading { at: Nanos(at), values: values(kernel, 1 << 30, choices) }
    };
    (0..number).map(|_| reading()).collect()
}

fn off_cpu(origin: u64, choices: &mut Choices<'_>) -> Vec<OffCpu> {
    let mut at = origin;
    let number = choices.below(20);
    let mut stretch = || {
        let start = at + *choices.of(&[0, 1, 100, 500]);
        at = start + choices.between(1, 900);
        OffCpu {
            span: Span { start: Nanos(start), end: Nanos(at) },
            preempted: choices.chance(2),
            from_cpu: choices.maybe(|choices| choices.below(64) as u32),
            to_cpu: choices.maybe(|choices| choices.number() as u32),
        }
    };
    (0..number).map(|_| stretch()).collect()
}

fn scheduling(choices: &mut Choices<'_>) -> Scheduling {
    let mut part = || Nanos(choices.below(1 << 40));
    let (on_cpu, voluntary, preempted) = (part(), part(), part());
    Scheduling {
        source: *choices.of(&[SchedulingSource::SwitchRecords, SchedulingSource::Accounting]),
        wall: on_cpu + voluntary + preempted,
        on_cpu,
        voluntary,
        preempted,
        voluntary_switches: choices.maybe(Choices::count),
        preemptions: choices.maybe(Choices::count),
        migrations: choices.maybe(Choices::count),
    }
}
