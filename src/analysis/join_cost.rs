//! What rayon takes for a join, from pairs of halves of which one ran with its joins as plain calls.
//!
//! Of some pairs together: time per join of the halves that ran as usual, less that of the elided
//! halves, less what the profiler did in the one and the other. What is wanted is the mean, because
//! it is multiplied by the number of joins, and few subtrees that find cold caches have a large part
//! in it; but a single interruption must not decide. So the pairs are dealt to groups, and the
//! estimate is the median of the groups (a *median of means*: G. Lugosi and S. Mendelson, *Mean
//! estimation and regression under heavy-tailed distributions*, 2019, section 2.1). Its interval
//! holds for any distribution of the groups: between two ranks lies the median with the probability
//! that a fair coin tossed as often shows heads as often as that (H. A. David and H. N. Nagaraja,
//! *Order Statistics*, 3rd edition, section 7.1).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{
    Costs, Event, Half, Join, Lane, Measured, Nanos, Outcome, Samples, SiteId, Span, Trace,
    median_rank,
};
use crate::timeline::Timeline;

/// Joins that each half of a pair has at least: of fewer, what surrounds them is too large a part.
const FEWEST_JOINS: u64 = 8;
/// With fewer pairs than six, even the smallest and the largest enclose the median with less than
/// 95 % probability.
const FEWEST_PAIRS: usize = 6;
/// Groups of pairs, once there are two for each: enough for an interval, few enough to be large.
const GROUPS: usize = 16;

/// What rayon takes for joins that were not timed, by call site.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinCosts {
    /// By all pairs together; else as it was calibrated.
    pub all: Measured<JoinCost>,
    /// By the pairs of one call site, where there are enough: that of the timed join, beneath which
    /// joins of other call sites may lie. `None`: it was not recorded.
    pub by_site: BTreeMap<Option<SiteId>, JoinCost>,
}

/// What rayon takes for one join, in the sum of the threads that have a part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct JoinCost {
    /// The estimate, in picoseconds.
    pub picos: u64,
    /// The median lies between this, in picoseconds,
    pub low: u64,
    /// and this, with a probability of 95 % at least. Both are the estimate if it was calibrated:
    /// then its error is not known.
    pub high: u64,
    /// How it is known.
    pub source: JoinCostSource,
}

/// How the cost of a join is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JoinCostSource {
    /// By paired elision, in the recorded run itself.
    Elision {
        /// Pairs that were compared.
        pairs: u64,
    },
    /// By joins of empty halves in a pool of one worker, after the recording.
    Calibrated,
}

/// What a join costs by another way: the same code in a pool of one worker, beside its serial
/// elision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct JoinCostCheck {
    /// Task management of the one worker, in picoseconds a join: found there by its own pairs, or as
    /// it was calibrated.
    pub one_worker_ps: u64,
    /// What the one worker takes longer on a CPU than the serial elision, the profiler's share taken
    /// off, in picoseconds a join: task management and whatever else the parallel formulation does
    /// more. Below nothing if the parallel code is the faster one.
    pub beyond_serial_ps: i64,
    /// How far that is uncertain, by how the repetitions of both spread: the lower end,
    pub low_ps: i64,
    /// and the upper one.
    pub high_ps: i64,
}

impl JoinCostCheck {
    /// `None` where there are no baselines, or no joins.
    pub fn of(trace: &Trace) -> Option<Self> {
        let run = trace.header.run.as_ref()?;
        let serial = run.baseline.as_ref().filter(|baseline| baseline.serial)?;
        let one = run.one_worker.as_ref()?;
        let (parts, plain) = (*one.parts.value()?, *serial.parts.value()?);
        let joins = i128::from(trace.counts().joins);
        let each = |nanos: i128| (nanos * 1_000).checked_div(joins);
        let taken = i128::from((parts.work + parts.runtime + parts.reduce).0);
        let plainly = i128::from((plain.work + plain.reduce).0);
        let (one, serial) = (spread(taken, &one.samples)?, spread(plainly, &serial.samples)?);
        Some(Self {
            one_worker_ps: u64::try_from(each(i128::from(parts.runtime.0))?).ok()?,
            beyond_serial_ps: each(taken - plainly)?.try_into().ok()?,
            low_ps: each(one[0] - serial[1])?.try_into().ok()?,
            high_ps: each(one[1] - serial[0])?.try_into().ok()?,
        })
    }

    /// Whether both ways can be right: rayon's work is a part of what is done beyond the serial code.
    pub fn agrees(&self) -> bool {
        i64::try_from(self.one_worker_ps).is_ok_and(|part| part <= self.high_ps)
    }
}

/// A figure of the median repetition, as far apart as the repetitions are.
fn spread(time: i128, samples: &Samples) -> Option<[i128; 2]> {
    let (median, (low, high)) = (samples.median()?, samples.median_interval()?);
    let scaled = |sample: Nanos| time * i128::from(sample.0) / i128::from(median.0.max(1));
    Some([scaled(low), scaled(high)])
}

impl JoinCosts {
    /// The costs that a trace tells of.
    pub fn of(timeline: &Timeline) -> Self {
        let trace = timeline.trace();
        let costs = trace.header.costs;
        let mut by_site: BTreeMap<Option<SiteId>, Vec<Pair>> = BTreeMap::new();
        for (site, pair) in trace.lanes.iter().flat_map(pairs) {
            by_site.entry(site).or_default().push(pair);
        }
        let all: Vec<Pair> = by_site.values().flatten().copied().collect();
        let estimates = by_site.into_iter();
        Self {
            all: match estimate(&all, costs) {
                Ok(cost) => Measured::Is(cost),
                Err(TooFew(pairs)) => calibrated(trace, pairs),
            },
            by_site: estimates
                .filter_map(|(site, pairs)| Some((site, estimate(&pairs, costs).ok()?)))
                .collect(),
        }
    }

    /// What a join costs below those that are called at `site`: by that site's own pairs if there
    /// are enough, else as anywhere.
    pub fn at(&self, site: Option<SiteId>) -> Measured<JoinCost> {
        match self.by_site.get(&site) {
            Some(&cost) => Measured::Is(cost),
            None => self.all.clone(),
        }
    }
}

/// Two halves of a join, one as usual and one elided.
#[derive(Clone, Copy, Debug)]
struct Pair {
    elided: Half,
    /// Time and joins of the half that ran as usual.
    usual: (Nanos, u64),
    /// Of the elided half.
    plain: (Nanos, u64),
}

impl Pair {
    /// `None` if the two halves are not to be compared.
    fn of(join: &Join) -> Option<Self> {
        let elided = join.elided.filter(|_| join.outcome == Outcome::Returned)?;
        let first = (join.first_end - join.span.start, join.first_joins);
        let second = (join.span.end - join.first_end, join.second_joins);
        if first.1.min(second.1) < FEWEST_JOINS {
            return None;
        }
        let (usual, plain) = match elided {
            Half::First => (second, first),
            Half::Second => (first, second),
        };
        Some(Self { elided, usual, plain })
    }
}

/// The call sites and pairs of a lane.
fn pairs(lane: &Lane) -> impl Iterator<Item = (Option<SiteId>, Pair)> {
    let joins = lane.events.iter().filter_map(|event| match event {
        Event::Join(join) => Some(join),
        _ => None,
    });
    joins
        .filter_map(|join| Some((join, Pair::of(join)?)))
        .filter(|(join, _)| !was_off_cpu(lane, join.span) && !had_no_job(lane, join.span))
        .map(|(join, pair)| (join.site, pair))
}

/// Whether the thread is known to have been off the CPU for a part of the time.
fn was_off_cpu(lane: &Lane, span: Span) -> bool {
    let off_cpu = &lane.watched.off_cpu;
    let next = off_cpu.partition_point(|off| off.span.end <= span.start);
    off_cpu.get(next).is_some_and(|off| off.span.start < span.end)
}

/// Whether the worker says that it had no job for a part of the time: a half of a join within, which was
/// only counted, was stolen, and it waited for that.
fn had_no_job(lane: &Lane, span: Span) -> bool {
    let idle = &lane.idling.stretches;
    let next = idle.partition_point(|idle| idle.span().end <= span.start);
    idle.get(next).is_some_and(|idle| idle.span().start < span.end)
}

/// Times and joins of some pairs, summed up.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    usual: (u64, u64),
    plain: (u64, u64),
}

impl Group {
    fn add(&mut self, pair: &Pair) {
        let add = |sum: &mut (u64, u64), (time, joins): (Nanos, u64)| {
            *sum = (sum.0.saturating_add(time.0), sum.1.saturating_add(joins));
        };
        add(&mut self.usual, pair.usual);
        add(&mut self.plain, pair.plain);
    }

    /// Picoseconds by which a join as usual is longer than a plain call; `None` for an empty group.
    fn difference(&self, costs: Costs) -> Option<i64> {
        let usual = per_join(self.usual)?.checked_sub(picos(costs.counted_join_ps)?)?;
        let plain = per_join(self.plain)?.checked_sub(picos(costs.elided_join_ps)?)?;
        usual.checked_sub(plain)
    }
}

fn picos(value: u64) -> Option<i64> {
    i64::try_from(value).ok()
}

fn per_join((time, joins): (u64, u64)) -> Option<i64> {
    i64::try_from((u128::from(time) * 1_000).checked_div(u128::from(joins))?).ok()
}

/// The pairs dealt to groups, each of which has as many of either half elided as the others but for
/// one, and some of every part of the recording: what distinguishes first from second halves cancels
/// out.
fn differences(pairs: &[Pair], costs: Costs) -> Vec<i64> {
    let count = groups(pairs.len());
    let mut groups = vec![Group::default(); count];
    let of = |half: Half| pairs.iter().filter(move |pair| pair.elided == half);
    let in_turn = of(Half::First).chain(of(Half::Second)).zip(0..);
    in_turn.for_each(|(pair, number)| groups[number % count].add(pair));
    groups.iter().filter_map(|group| group.difference(costs)).collect()
}

/// How many groups there are of so many pairs: one of each pair while there are few.
fn groups(pairs: usize) -> usize {
    if pairs < 2 * GROUPS { pairs } else { GROUPS }
}

/// So many pairs are too few for an estimate.
struct TooFew(usize);

/// The median of the groups and its interval. That a join takes less than nothing is an error of the
/// measurement, and shown as nothing.
fn estimate(pairs: &[Pair], costs: Costs) -> Result<JoinCost, TooFew> {
    let too_few = || TooFew(pairs.len());
    if pairs.len() < FEWEST_PAIRS {
        return Err(too_few());
    }
    let mut groups = differences(pairs, costs);
    groups.sort_unstable();
    let count = groups.len();
    if count < FEWEST_PAIRS {
        return Err(too_few());
    }
    let below = median_rank(count);
    let (lower, upper) = (groups[(count - 1) / 2], groups[count / 2]);
    let picos = |value: i64| value.max(0).unsigned_abs();
    Ok(JoinCost {
        picos: picos(lower.midpoint(upper)),
        low: picos(groups[below]),
        high: picos(groups[count - 1 - below]),
        source: JoinCostSource::Elision { pairs: pairs.len() as u64 },
    })
}

fn calibrated(trace: &Trace, pairs: usize) -> Measured<JoinCost> {
    match &trace.header.rayon {
        Measured::Is(costs) => Measured::Is(JoinCost {
            picos: costs.join_ps,
            low: costs.join_ps,
            high: costs.join_ps,
            source: JoinCostSource::Calibrated,
        }),
        Measured::Not(reason) => {
            let compared = match pairs {
                0 => "no join was elided to compare it with".to_owned(),
                pairs => format!("only {pairs} pairs of halves could be compared"),
            };
            Measured::Not(format!("{compared}, and {reason}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of ten joins in each half, of which those as usual take so much longer in all.
    fn longer_by<const N: usize>(nanos: [i64; N]) -> [Pair; N] {
        nanos.map(|more| Pair {
            elided: Half::First,
            usual: (Nanos(1_000_u64.checked_add_signed(more).unwrap()), 10),
            plain: (Nanos(1_000), 10),
        })
    }

    #[test]
    fn costs_below_nothing_are_nothing() {
        let cost = estimate(&longer_by([-9, -8, -7, -6, -5, 4]), Costs::NOTHING).ok().unwrap();
        assert_eq!((cost.picos, cost.low, cost.high), (0, 0, 400));
        let cost = estimate(&longer_by([-9; 6]), Costs::NOTHING).ok().unwrap();
        assert_eq!((cost.picos, cost.low, cost.high), (0, 0, 0));
    }

    /// A sixth of the pairs has most of the cost: the median of the pairs would be without it.
    #[test]
    fn rare_and_dear_joins_are_in_the_mean() {
        let pairs: Vec<_> = (0..960).map(|i| if i % 6 == 0 { 600 } else { 60 }).collect();
        let pairs: Vec<_> = pairs.into_iter().flat_map(|more| longer_by([more])).collect();
        let cost = estimate(&pairs, Costs::NOTHING).ok().unwrap();
        assert_eq!((cost.picos, cost.source), (15_000, JoinCostSource::Elision { pairs: 960 }));
    }

    #[test]
    fn one_interruption_decides_nothing() {
        let mut pairs = longer_by([220; 64]);
        pairs[17].usual.0 = Nanos(9_000_000);
        let cost = estimate(&pairs, Costs::NOTHING).ok().unwrap();
        assert_eq!((cost.picos, cost.low, cost.high), (22_000, 22_000, 22_000));
    }

    #[test]
    fn every_group_has_as_many_of_either_half() {
        // Elided second halves are dearer by 40 ns a join: a group with one more of them would be, too.
        let mut pairs = longer_by([400; 320]);
        for pair in pairs.iter_mut().step_by(2) {
            (pair.elided, pair.usual.0) = (Half::Second, Nanos(1_000));
        }
        let cost = estimate(&pairs, Costs::NOTHING).ok().unwrap();
        assert_eq!((cost.picos, cost.low, cost.high), (20_000, 20_000, 20_000));
    }
}
