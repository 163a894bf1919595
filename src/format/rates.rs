//! Counter tracks of a worker: how fast its counters went, from one reading to the next. Each value
//! holds until the next one; where nothing was counted there is none.

use super::tracks::Sample;
use crate::model::{Counter, Header, Lane, Nanos, Role};

/// A counter track of one worker.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// What is counted; begins with a space, or is empty if the key says it.
    pub(super) name: &'static str,
    /// The unit, or what it is.
    pub(super) key: &'static str,
    /// Its values in thousandths.
    pub(super) thousandths: Vec<Sample>,
}

/// A span of no context switch is cut into at most this many pieces and one.
const PIECES: u64 = 256;
const MILLISECOND: u64 = 1_000_000;

const MISSES: &str = " cache misses";
const SWITCHES: &str = " context switches";
const PER_MS: &str = "per ms";

/// The tracks of a lane; none of a thread that is no worker.
pub(super) fn of(header: &Header, lane: &Lane) -> Vec<Rate> {
    let Role::Worker { .. } = lane.role else { return Vec::new() };
    let points = |counter| header.kernel.position(counter).map(|at| points(lane, at));
    let misses = points(Counter::CacheMisses).map(|points| speed(&points, lane));
    let switches = match points(Counter::ContextSwitches) {
        Some(points) => Some(speed(&points, lane)),
        None => switches(header, lane),
    };
    let position = |counter| header.kernel.position(counter);
    let ipc = position(Counter::Instructions)
        .zip(position(Counter::Cycles))
        .map(|(instructions, cycles)| per_cycle(&pairs(lane, instructions, cycles)));
    let rate = |name, key, samples: Option<Vec<Sample>>| {
        let thousandths = samples.filter(|samples| !samples.is_empty())?;
        Some(Rate { name, key, thousandths })
    };
    let rates =
        [rate(MISSES, PER_MS, misses), rate(SWITCHES, PER_MS, switches), rate("", "IPC", ipc)];
    rates.into_iter().flatten().collect()
}

/// What a counter had counted by when. A thread begins with nothing.
fn points(lane: &Lane, position: usize) -> Vec<(Nanos, u64)> {
    let counted = lane
        .watched
        .readings
        .iter()
        .filter_map(|reading| Some((reading.at, reading.values.get(position)?)));
    std::iter::once((begin(lane), 0)).chain(counted).collect()
}

fn begin(lane: &Lane) -> Nanos {
    lane.started.unwrap_or(Nanos::ZERO)
}

/// Events per millisecond, from each reading to the next. A thread that has ended does nothing.
fn speed(points: &[(Nanos, u64)], lane: &Lane) -> Vec<Sample> {
    let mut samples = Vec::new();
    for pair in points.windows(2) {
        let [(from, before), (to, after)] = [pair[0], pair[1]];
        let length = to.saturating_since(from).0;
        // Of an estimate, what is scaled up may once be less than before.
        let Some(events) = after.checked_sub(before) else { continue };
        note(&mut samples, from, thousandths(u128::from(events) * 1_000_000, length));
    }
    if let Some(end) = lane.ended.filter(|_| !samples.is_empty()) {
        note(&mut samples, end, Some(0));
    }
    samples
}

/// What two counters had counted by when.
fn pairs(lane: &Lane, first: usize, second: usize) -> Vec<(Nanos, [u64; 2])> {
    let counted = lane.watched.readings.iter().filter_map(|reading| {
        Some((reading.at, [reading.values.get(first)?, reading.values.get(second)?]))
    });
    std::iter::once((begin(lane), [0, 0])).chain(counted).collect()
}

/// Instructions per cycle, where any passed.
fn per_cycle(points: &[(Nanos, [u64; 2])]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for pair in points.windows(2) {
        let [(from, before), (_, after)] = [pair[0], pair[1]];
        let passed = |which: usize| after[which].checked_sub(before[which]);
        let (Some(instructions), Some(cycles)) = (passed(0), passed(1)) else { continue };
        note(&mut samples, from, thousandths(instructions.into(), cycles));
    }
    samples
}

/// Context switches per millisecond from the stretches off the CPU, each of which begins with one.
/// Where short ones were not kept, when they were is not known.
fn switches(header: &Header, lane: &Lane) -> Option<Vec<Sample>> {
    header.kernel.switch_records.value()?;
    if lane.losses.off_cpu > 0 || lane.losses.switches > 0 {
        return None;
    }
    let begin = begin(lane);
    let presence = lane.ended.unwrap_or(header.duration).saturating_since(begin).0;
    let width = MILLISECOND.max(presence.div_ceil(PIECES));
    let piece = |at: Nanos| at.saturating_since(begin).0 / width;
    let start = |piece: u64| Nanos(begin.0.saturating_add(piece.saturating_mul(width)));
    let mut samples = Vec::new();
    let together = |a: Nanos, b: Nanos| piece(a) == piece(b);
    for within in lane.watched.off_cpu.chunk_by(|a, b| together(a.span.start, b.span.start)) {
        let piece = piece(within[0].span.start);
        note(&mut samples, start(piece), thousandths(within.len() as u128 * 1_000_000, width));
        note(&mut samples, start(piece.saturating_add(1)), Some(0));
    }
    Some(samples)
}

/// A quotient in thousandths; `None` of nothing.
fn thousandths(dividend: u128, divisor: u64) -> Option<u64> {
    let quotient = (dividend * 1_000).checked_div(divisor.into())?;
    Some(u64::try_from(quotient).unwrap_or(u64::MAX))
}

fn note(samples: &mut Vec<Sample>, at: Nanos, value: Option<u64>) {
    let Some(value) = value else { return };
    samples.pop_if(|last| last.at == at);
    if samples.last().is_none_or(|last| last.value != value) {
        samples.push(Sample { at, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(samples: Vec<Sample>) -> Vec<(u64, u64)> {
        samples.into_iter().map(|Sample { at, value }| (at.0, value)).collect()
    }

    #[test]
    fn a_quotient_of_cycles_that_did_not_pass_is_none() {
        let at = |at: u64, instructions, cycles| (Nanos(at), [instructions, cycles]);
        let points = [at(0, 0, 0), at(10, 300, 200), at(20, 300, 200), at(30, 310, 240)];
        assert_eq!(values(per_cycle(&points)), [(0, 1_500), (20, 250)]);
    }

    #[test]
    fn quotients_are_in_thousandths() {
        assert_eq!(thousandths(1, 3), Some(333));
        assert_eq!(thousandths(1, 0), None);
        assert_eq!(thousandths(u128::from(u64::MAX) * 1_000_000, 1), Some(u64::MAX));
    }
}
