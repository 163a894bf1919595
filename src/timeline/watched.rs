//! Whether what the kernel said of a thread agrees with itself and with the header.
//!
//! A thread may have been watched for longer than it recorded, so that the recording bounds it and
//! not the time that its lane was there.

use super::{Counted, Named, Problem};
use crate::model::{Event, Lane, Nanos, Scheduling, Span, Trace, Values};

pub(super) fn check(trace: &Trace, lane: &Lane) -> Result<(), Problem> {
    check_readings(trace, lane)?;
    for event in &lane.events {
        if let Event::Task(task) = event
            && let Some(values) = &task.counters
        {
            check_values(trace, lane, Counted::Task(Named::of(event)), values)?;
        }
    }
    check_off_cpu(lane, trace.header.duration)?;
    match lane.watched.scheduling.value() {
        Some(sums) => check_sums(lane, *sums),
        None => Ok(()),
    }
}

fn check_readings(trace: &Trace, lane: &Lane) -> Result<(), Problem> {
    let (readings, duration) = (&lane.watched.readings, trace.header.duration);
    for reading in readings {
        let named = Counted::Reading(reading.at);
        if reading.at > duration {
            return Err(Problem::ReadingOutside { lane: lane.id, reading: named, duration });
        }
        check_values(trace, lane, named, &reading.values)?;
    }
    for pair in readings.windows(2) {
        if pair[0].at > pair[1].at {
            let (first, second) = (Counted::Reading(pair[0].at), Counted::Reading(pair[1].at));
            return Err(Problem::ReadingsUnsorted { lane: lane.id, first, second });
        }
    }
    Ok(())
}

fn check_values(
    trace: &Trace,
    lane: &Lane,
    from: Counted,
    Values(values): &Values,
) -> Result<(), Problem> {
    let (counters, lane) = (&trace.header.kernel.counters, lane.id);
    let (found, listed) = (values.len(), counters.len());
    if found != listed {
        return Err(Problem::ValuesMiscounted { lane, from, found, counters: listed });
    }
    let mut valued = counters.iter().zip(values).filter(|(_, value)| value.is_some());
    match valued.find(|(info, _)| !info.availability.is_measured()) {
        Some((info, _)) => Err(Problem::Uncountable { lane, from, counter: info.counter }),
        None => Ok(()),
    }
}

fn check_off_cpu(lane: &Lane, duration: Nanos) -> Result<(), Problem> {
    let mut before: Option<Span> = None;
    for Span { start, end } in lane.watched.off_cpu.iter().map(|off| off.span) {
        let off_cpu = Span { start, end };
        if start > end || end > duration {
            return Err(Problem::OffCpuOutside { lane: lane.id, off_cpu, duration });
        }
        if let Some(first) = before.filter(|first| first.end > start) {
            return Err(Problem::OffCpuTwice { lane: lane.id, first, second: off_cpu });
        }
        before = Some(off_cpu);
    }
    Ok(())
}

fn check_sums(lane: &Lane, sums: Scheduling) -> Result<(), Problem> {
    let Scheduling { wall, on_cpu, voluntary, preempted, .. } = sums;
    let parts = [on_cpu, voluntary, preempted].map(|part| u128::from(part.0));
    if parts.iter().sum::<u128>() == u128::from(wall.0) {
        return Ok(());
    }
    Err(Problem::SharedOut { lane: lane.id, sums })
}
