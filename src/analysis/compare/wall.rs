//! Wall times of two recordings' repetitions: their ratio, and whether it is more than their spread.
//!
//! If the 95 % intervals of two medians ([`Samples::median_interval`]) do not overlap, the medians
//! differ. From fewer than six repetitions there is no such interval; then the ranges must be apart,
//! and of so many repetitions that chance alone sets them apart in no more than 5 % of all cases: of
//! `n` and `m` alike it does in `2 n! m! / (n + m)!`, as each order of them is as likely as any other.

use serde::Serialize;

use crate::model::{Measured, Nanos, Samples};

/// How often chance alone may pass for a difference.
const CHANCE: f64 = 0.05;

/// Repetitions from which on there is an interval of 95 % for the median.
const FOR_AN_INTERVAL: usize = 6;

/// How the wall times of two recordings differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WallChange {
    /// The first one's.
    pub a: Option<WallTimes>,
    /// The second one's.
    pub b: Option<WallTimes>,
    /// The second median by the first: above 1, the second is slower.
    pub ratio: Option<f64>,
    /// What that is worth.
    pub spread: Measured<Spread>,
}

/// A recording's wall times, summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WallTimes {
    /// The middle one, the shorter of the two middle ones.
    pub median: Nanos,
    /// How many there are.
    pub repetitions: usize,
}

/// The spread of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// What it is told by.
    pub test: Test,
    /// What stands for the first recording: from when to when.
    pub a: [Nanos; 2],
    /// What stands for the second.
    pub b: [Nanos; 2],
    /// The least ratio, of the first one's upper end and the second one's lower.
    pub low: f64,
    /// The greatest.
    pub high: f64,
    /// Whether the two do not overlap: the difference is more than the spread.
    pub beyond: bool,
}

/// What tells whether a difference is more than the spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Test {
    /// Intervals that hold the median with at least 95 %.
    MedianIntervals,
    /// From the shortest to the longest; chance alone sets such ranges apart in that share of cases.
    Ranges {
        /// 0 to 1.
        chance: f64,
    },
}

impl WallChange {
    pub(super) fn of(samples: [&Samples; 2]) -> Self {
        let [a, b] = samples.map(WallTimes::of);
        let ratio = a.zip(b).and_then(|(a, b)| by(b.median, a.median));
        Self { a, b, ratio, spread: spread(samples) }
    }

    /// The first median by the second: above 1, the second is faster.
    pub fn speed_up(&self) -> Option<f64> {
        by(self.a?.median, self.b?.median)
    }
}

impl WallTimes {
    fn of(samples: &Samples) -> Option<Self> {
        Some(Self { median: samples.median()?, repetitions: samples.0.len() })
    }
}

fn by(time: Nanos, other: Nanos) -> Option<f64> {
    (other > Nanos::ZERO).then(|| time.0 as f64 / other.0 as f64)
}

fn spread(samples: [&Samples; 2]) -> Measured<Spread> {
    let [a, b] = samples;
    let test = match test(a.0.len(), b.0.len()) {
        Ok(test) => test,
        Err(reason) => return Measured::Not(reason),
    };
    let ratios = ends(a, test).zip(ends(b, test)).and_then(|(a, b)| {
        let beyond = a[1] < b[0] || b[1] < a[0];
        Some(Spread { test, a, b, low: by(b[0], a[1])?, high: by(b[1], a[0])?, beyond })
    });
    match ratios {
        Some(spread) => Measured::Is(spread),
        None => Measured::Not("there is a repetition that took no time".to_owned()),
    }
}

/// The test for so many repetitions, or why there is none.
fn test(a: usize, b: usize) -> Result<Test, String> {
    if a.min(b) >= FOR_AN_INTERVAL {
        return Ok(Test::MedianIntervals);
    }
    let few = |name: &str| format!("one repetition of {name} has no spread");
    match (a, b) {
        (0, _) | (_, 0) => return Err("there is a recording without repetitions".to_owned()),
        (1, 1) => return Err("one repetition of each has no spread".to_owned()),
        (1, _) => return Err(few("A")),
        (_, 1) => return Err(few("B")),
        _ => {}
    }
    let chance = chance(a, b);
    if chance > CHANCE {
        return Err(format!(
            "{a} and {b} repetitions are too few: chance alone sets {:.0} % of such pairs apart",
            chance * 100.0,
        ));
    }
    Ok(Test::Ranges { chance })
}

/// How often all of `a` repetitions are longer than all of `b` others, or shorter, by chance alone.
fn chance(a: usize, b: usize) -> f64 {
    (1..=a).fold(2.0, |chance, nth| chance * nth as f64 / (b + nth) as f64)
}

/// What stands for a recording.
fn ends(samples: &Samples, test: Test) -> Option<[Nanos; 2]> {
    let (low, high) = match test {
        Test::MedianIntervals => samples.median_interval()?,
        Test::Ranges { .. } => samples.range()?,
    };
    Some([low, high])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_is_one_of_all_orders() {
        let close = |chance: f64, expected: f64| assert!((chance - expected).abs() < 1e-12);
        close(chance(1, 1), 1.0);
        close(chance(3, 3), 0.1);
        close(chance(4, 4), 2.0 / 70.0);
        close(chance(3, 5), chance(5, 3));
    }
}
