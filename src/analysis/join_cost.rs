//! What rayon takes for a join, from pairs of halves of which one ran with its joins as plain calls.
//!
//! Of each pair: time per join of the half that ran as usual, less that of the elided half, less
//! what the profiler did in the one and the other. The estimate is the median of the pairs. Its
//! interval holds for any distribution: between two ranks lies the median with the probability that
//! a fair coin tossed as often shows heads as often as that (H. A. David and H. N. Nagaraja, *Order
//! Statistics*, 3rd edition, section 7.1).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Costs, Event, Half, Join, Lane, Measured, Nanos, Outcome, SiteId, Span, Trace};
use crate::timeline::Timeline;

/// Joins that each half of a pair has at least: of fewer, what surrounds them is too large a part.
const FEWEST_JOINS: u64 = 8;
/// With fewer pairs than six, even the smallest and the largest enclose the median with less than
/// 95 % probability.
const FEWEST_PAIRS: usize = 6;

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

impl JoinCosts {
    /// The costs that a trace tells of.
    pub fn of(timeline: &Timeline) -> Self {
        let trace = timeline.trace();
        let mut by_site: BTreeMap<Option<SiteId>, Vec<i64>> = BTreeMap::new();
        let pairs = trace.lanes.iter().flat_map(|lane| pairs(lane, trace.header.costs));
        for (site, difference) in pairs {
            by_site.entry(site).or_default().push(difference);
        }
        let all: Vec<i64> = by_site.values().flatten().copied().collect();
        let estimates = by_site.into_iter();
        Self {
            all: match estimate(all) {
                Ok(cost) => Measured::Is(cost),
                Err(TooFew(pairs)) => calibrated(trace, pairs),
            },
            by_site: estimates
                .filter_map(|(site, pairs)| Some((site, estimate(pairs).ok()?)))
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

/// The call sites and differences of a lane's pairs, in picoseconds per join.
fn pairs(lane: &Lane, costs: Costs) -> impl Iterator<Item = (Option<SiteId>, i64)> {
    let joins = lane.events.iter().filter_map(|event| match event {
        Event::Join(join) => Some(join),
        _ => None,
    });
    joins
        .filter(|join| !was_off_cpu(lane, join.span))
        .filter_map(move |join| Some((join.site, difference(join, costs)?)))
}

/// Whether the thread is known to have been off the CPU for a part of the time.
fn was_off_cpu(lane: &Lane, span: Span) -> bool {
    let off_cpu = &lane.watched.off_cpu;
    let next = off_cpu.partition_point(|off| off.span.end <= span.start);
    off_cpu.get(next).is_some_and(|off| off.span.start < span.end)
}

/// Picoseconds by which a join as usual is longer than a plain call; `None` if the two halves are
/// not to be compared.
fn difference(join: &Join, costs: Costs) -> Option<i64> {
    let elided = join.elided.filter(|_| join.outcome == Outcome::Returned)?;
    let first = per_join(join.first_end - join.span.start, join.first_joins)?;
    let second = per_join(join.span.end - join.first_end, join.second_joins)?;
    let (usual, elided) = match elided {
        Half::First => (second, first),
        Half::Second => (first, second),
    };
    let usual = usual.checked_sub(i64::try_from(costs.counted_join_ps).ok()?)?;
    let elided = elided.checked_sub(i64::try_from(costs.elided_join_ps).ok()?)?;
    usual.checked_sub(elided)
}

fn per_join(time: Nanos, joins: u64) -> Option<i64> {
    if joins < FEWEST_JOINS {
        return None;
    }
    i64::try_from(u128::from(time.0) * 1_000 / u128::from(joins)).ok()
}

/// So many pairs are too few for an estimate.
struct TooFew(usize);

/// The median of the pairs and its interval. That a join takes less than nothing is an error of the
/// measurement, and shown as nothing.
fn estimate(mut pairs: Vec<i64>) -> Result<JoinCost, TooFew> {
    pairs.sort_unstable();
    let count = pairs.len();
    let lowest = lowest_rank(count).ok_or(TooFew(count))?;
    let (lower, upper) = (pairs[(count - 1) / 2], pairs[count / 2]);
    let picos = |value: i64| value.max(0).unsigned_abs();
    Ok(JoinCost {
        picos: picos(lower.midpoint(upper)),
        low: picos(pairs[lowest - 1]),
        high: picos(pairs[count - lowest]),
        source: JoinCostSource::Elision { pairs: count as u64 },
    })
}

/// The largest rank from below, counted from 1, that together with the same from above encloses the
/// median of `count` values with a probability of 95 %; `None` if there is none.
fn lowest_rank(count: usize) -> Option<usize> {
    /// From here on the binomial distribution is taken to be normal: 0.98 is half of 1.96.
    const MANY: usize = 1_000;
    if count >= MANY {
        let (half, spread) = (count as f64 / 2.0, 0.98 * (count as f64).sqrt());
        return Some((half - spread).floor() as usize);
    }
    if count < FEWEST_PAIRS {
        return None;
    }
    // The probability of `rank` heads, and of fewer.
    let (mut exactly, mut fewer) = (0.5_f64.powi(count as i32), 0.0);
    let mut rank = 0;
    while fewer + exactly <= 0.025 {
        fewer += exactly;
        exactly *= (count - rank) as f64 / (rank + 1) as f64;
        rank += 1;
    }
    Some(rank)
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

    /// Against the table in J.-Y. Le Boudec, *Performance Evaluation of Computer and Communication
    /// Systems*, appendix A, "confidence intervals for the median, 95 %".
    #[test]
    fn ranks_are_those_of_the_tables() {
        let known = [(6, 1), (8, 1), (9, 2), (12, 3), (20, 6), (30, 10), (70, 27)];
        for (count, rank) in known {
            assert_eq!(lowest_rank(count), Some(rank), "{count}");
        }
        assert_eq!(lowest_rank(5), None);
        assert_eq!(lowest_rank(0), None);
    }

    #[test]
    fn the_normal_approximation_goes_on_where_the_exact_ranks_end() {
        let (exact, approximate) = (lowest_rank(999).unwrap(), lowest_rank(1_000).unwrap());
        assert!(exact.abs_diff(approximate) <= 1, "{exact} {approximate}");
    }

    #[test]
    fn costs_below_nothing_are_nothing() {
        let cost = estimate(vec![-9, -8, -7, -6, -5, 4]).ok().unwrap();
        assert_eq!((cost.picos, cost.low, cost.high), (0, 0, 4));
        let cost = estimate(vec![-9; 6]).ok().unwrap();
        assert_eq!((cost.picos, cost.low, cost.high), (0, 0, 0));
    }
}
