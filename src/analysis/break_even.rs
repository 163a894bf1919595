//! From how many items on parallel code is faster than serial code.
//!
//! At one number of items both codes run in pairs, one right after the other; whether parallel wins is
//! told by the 95 % interval of the median of the pairs' ratios, which must not hold 1. The search asks
//! for numbers on a grid of 1, 2, 5, 10 … first, as a curve may cross 1 more than once, and then bisects
//! what lies between the last number at which parallel lost and the first from which on it won, until
//! their neighbours are within [`RESOLUTION`]. What it asks for follows from the points alone.

use serde::Serialize;

use crate::model::{Nanos, Samples, median_rank};

/// Neighbours that are no further apart than this ratio are not bisected.
pub const RESOLUTION: f64 = 1.1;

/// Pairs from which on the median of their ratios has an interval of 95 %.
pub const FEWEST_PAIRS: u32 = 6;

/// Which code was faster at one number of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Parallel was slower, beyond doubt.
    Loses,
    /// It cannot be told.
    Open,
    /// Parallel was faster, beyond doubt.
    Wins,
}

/// Both codes at one number of items.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The number of items.
    pub items: u64,
    /// How often both ran.
    pub pairs: usize,
    /// The serial code's median.
    pub serial: Nanos,
    /// The parallel code's median.
    pub parallel: Nanos,
    /// The median of the pairs' ratios, serial by parallel: above 1, parallel is faster.
    pub ratio: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What that tells.
    pub outcome: Outcome,
}

impl Point {
    /// Of pairs of a serial and a parallel time; `None` of fewer than [`FEWEST_PAIRS`].
    pub fn of(items: u64, pairs: &[(Nanos, Nanos)]) -> Option<Self> {
        if pairs.len() < FEWEST_PAIRS as usize {
            return None;
        }
        // A time below the clock's resolution is no more than its unit.
        let ratio =
            |(serial, parallel): &(Nanos, Nanos)| serial.0.max(1) as f64 / parallel.0.max(1) as f64;
        let mut ratios: Vec<f64> = pairs.iter().map(ratio).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let below = median_rank(ratios.len());
        let (low, high) = (ratios[below], ratios[ratios.len() - 1 - below]);
        let median =
            |side: fn(&(Nanos, Nanos)) -> Nanos| Samples(pairs.iter().map(side).collect()).median();
        Some(Self {
            items,
            pairs: pairs.len(),
            serial: median(|pair| pair.0)?,
            parallel: median(|pair| pair.1)?,
            // Rounded, the mean of two equal ratios could lie beside both.
            ratio: (ratios[(ratios.len() - 1) / 2] * ratios[ratios.len() / 2])
                .sqrt()
                .clamp(low, high),
            low,
            high,
            outcome: match () {
                () if low > 1.0 => Outcome::Wins,
                () if high < 1.0 => Outcome::Loses,
                () => Outcome::Open,
            },
        })
    }
}

/// A search that is going on.
#[derive(Clone, Debug)]
pub struct Search {
    grid: Vec<u64>,
    /// By number of items.
    points: Vec<Point>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakEven {
    /// Up to this number parallel lost, wherever it was tried; `None` if not even at the smallest.
    pub loses_to: Option<u64>,
    /// From this number on parallel won, but for `not_beyond`; `None` if it never surely did.
    pub wins_from: Option<u64>,
    /// Where both are as fast, by interpolation between the two.
    pub estimate: Option<u64>,
    /// Numbers beyond `wins_from` at which it did not surely win.
    pub not_beyond: Vec<u64>,
    /// All that was tried, by number of items.
    pub points: Vec<Point>,
}

impl Search {
    /// A search between two numbers of items, both included.
    pub fn new(from: u64, to: u64) -> Self {
        Self { grid: grid(from, to.max(from)), points: Vec::new() }
    }

    /// The number of items to try next; `None` if the search has come to its end.
    pub fn wanted(&self) -> Option<u64> {
        let untried = |items: &&u64| self.points.iter().all(|point| point.items != **items);
        self.grid.iter().find(untried).copied().or_else(|| self.bisect())
    }

    /// Takes what was measured.
    pub fn add(&mut self, point: Point) {
        let at = self.points.partition_point(|other| other.items < point.items);
        self.points.insert(at, point);
    }

    /// What was found so far.
    pub fn finish(self) -> BreakEven {
        let (lost, won) = (self.lost(), self.won());
        let points = self.points;
        let items = |at: usize| points[at].items;
        let beyond = points.iter().skip(won.map_or(points.len(), |at| at + 1));
        let beyond = beyond.filter(|point| point.outcome != Outcome::Wins);
        let between = won.map(|won| &points[lost.saturating_sub(1)..=won]);
        BreakEven {
            loses_to: lost.checked_sub(1).map(items),
            wins_from: won.map(items),
            estimate: between.and_then(crossing),
            not_beyond: beyond.map(|point| point.items).collect(),
            points,
        }
    }

    /// How many points there are, from the first on, at which parallel lost.
    fn lost(&self) -> usize {
        self.points.iter().take_while(|point| point.outcome == Outcome::Loses).count()
    }

    /// The first point at which parallel won, and at the next one, too; else the first at all.
    fn won(&self) -> Option<usize> {
        let wins = |at: &usize| self.points[*at].outcome == Outcome::Wins;
        let stays = |at: &usize| wins(at) && (at + 1 == self.points.len() || wins(&(at + 1)));
        let all = self.lost()..self.points.len();
        all.clone().find(stays).or_else(|| all.clone().find(wins))
    }

    /// A number between the last loss and what follows it, or between the first win and what is
    /// before it.
    fn bisect(&self) -> Option<u64> {
        let (lost, won) = (self.lost(), self.won());
        let gaps = [lost, won.unwrap_or(0)];
        gaps.into_iter()
            .filter(|&at| at > 0 && at < self.points.len())
            .find_map(|at| middle(self.points[at - 1].items, self.points[at].items))
    }
}

/// Where the ratio comes to 1 for the first time: points are joined by lines over logarithms.
fn crossing(points: &[Point]) -> Option<u64> {
    points.windows(2).find(|pair| pair[0].ratio < 1.0 && pair[1].ratio >= 1.0).map(|pair| {
        let [x0, x1] = [pair[0].items, pair[1].items].map(|items| (items as f64).ln());
        let [y0, y1] = [pair[0].ratio, pair[1].ratio].map(f64::ln);
        (x0 + (x1 - x0) * y0 / (y0 - y1)).exp().round() as u64
    })
}

/// Both ends, and the numbers 1, 2, 5, 10 … between them.
fn grid(from: u64, to: u64) -> Vec<u64> {
    let decades = std::iter::successors(Some(1_u64), |decade| decade.checked_mul(10));
    let steps = decades.flat_map(|decade| [1, 2, 5].map(|step| decade.saturating_mul(step)));
    let between = steps.take_while(|&items| items < to).filter(|&items| items > from);
    let mut grid: Vec<u64> = std::iter::once(from).chain(between).chain([to]).collect();
    grid.dedup();
    grid
}

/// The geometric mean; `None` if the two are neighbours.
fn middle(low: u64, high: u64) -> Option<u64> {
    let apart = high > low + 1 && high as f64 > low as f64 * RESOLUTION;
    let mean = (low as f64 * high as f64).sqrt().round() as u64;
    apart.then(|| mean.clamp(low + 1, high - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random, the same each time: xorshift64*.
    struct Random(u64);

    impl Random {
        /// From 0 to 1.
        fn next(&mut self) -> f64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    const PAIRS: usize = 25;

    /// A machine: what each code takes for so many items, and how much noise there is.
    struct Machine<'m> {
        serial: &'m dyn Fn(f64) -> f64,
        parallel: &'m dyn Fn(f64) -> f64,
        noise: f64,
        random: Random,
    }

    impl Machine<'_> {
        /// Every time is up to `noise` longer, and one of ten is three times as long.
        fn noisy(&mut self, time: f64) -> Nanos {
            let longer = 1.0 + self.noise * self.random.next();
            let outlier = self.noise > 0.0 && self.random.next() < 0.1;
            Nanos((time * longer * if outlier { 3.0 } else { 1.0 }) as u64)
        }

        fn point(&mut self, items: u64) -> Point {
            let (serial, parallel) = ((self.serial)(items as f64), (self.parallel)(items as f64));
            let pairs: Vec<_> =
                (0..PAIRS).map(|_| (self.noisy(serial), self.noisy(parallel))).collect();
            Point::of(items, &pairs).unwrap()
        }

        fn search(&mut self, from: u64, to: u64) -> BreakEven {
            let mut search = Search::new(from, to);
            while let Some(items) = search.wanted() {
                search.add(self.point(items));
                assert!(search.points.len() < 100, "it does not end: {search:?}");
            }
            search.finish()
        }
    }

    fn quiet<'m>(serial: &'m dyn Fn(f64) -> f64, parallel: &'m dyn Fn(f64) -> f64) -> Machine<'m> {
        Machine { serial, parallel, noise: 0.0, random: Random(1) }
    }

    /// 10 ns an item, and a cost of `fixed` nanoseconds to have two workers.
    fn linear(items: f64) -> f64 {
        10.0 * items
    }

    fn halved(fixed: f64) -> impl Fn(f64) -> f64 {
        move |items| fixed + 5.0 * items
    }

    #[test]
    fn where_a_curve_crosses_is_found_within_the_resolution() {
        for even in [3_u64, 17, 1_000, 4_321, 777_777] {
            let parallel = halved(5.0 * even as f64);
            let found = quiet(&linear, &parallel).search(1, 10_000_000);
            let (loses, wins) = (found.loses_to.unwrap(), found.wins_from.unwrap());
            assert!((loses..=wins).contains(&even), "{even}: {loses} {wins}");
            let near = wins as f64 / loses as f64 <= RESOLUTION * RESOLUTION || wins - loses <= 2;
            assert!(near, "{even}: {loses} {wins}");
            let off = found.estimate.unwrap() as f64 / even as f64;
            assert!((0.8..1.25).contains(&off), "{even}: {:?}", found.estimate);
            assert_eq!(found.not_beyond, [0; 0]);
        }
    }

    #[test]
    fn noise_widens_the_bracket_and_does_not_move_it() {
        let (even, parallel) = (2_000_u64, halved(10_000.0));
        let mut held = 0;
        for seed in 1..=200 {
            let random = Random(seed);
            let mut machine = Machine { serial: &linear, parallel: &parallel, noise: 0.3, random };
            let found = machine.search(1, 1_000_000);
            let (loses, wins) = (found.loses_to.unwrap(), found.wins_from.unwrap());
            held += usize::from((loses..=wins).contains(&even));
            assert!(loses > even / 2 && wins < even * 2, "seed {seed}: {loses} {wins}");
        }
        // Either end is decided by several intervals of 95 %.
        assert!(held >= 160, "{held} of 200");
    }

    #[test]
    fn equal_codes_are_left_open() {
        let random = Random(7);
        let mut machine = Machine { serial: &linear, parallel: &linear, noise: 0.3, random };
        let found = machine.search(1_000, 1_000_000);
        let open = found.points.iter().filter(|point| point.outcome == Outcome::Open).count();
        assert!(open * 10 >= found.points.len() * 7, "{found:?}");
        let mut machine = quiet(&linear, &linear);
        let found = machine.search(1_000, 1_000_000);
        let nothing = (found.loses_to, found.wins_from, found.estimate);
        assert_eq!(nothing, (None, None, None));
    }

    #[test]
    fn where_parallel_never_wins_the_grid_is_all_there_is() {
        let found = quiet(&linear, &|items| 20.0 * items).search(1, 1_000);
        assert_eq!((found.loses_to, found.wins_from, found.estimate), (Some(1_000), None, None));
        let items: Vec<u64> = found.points.iter().map(|point| point.items).collect();
        assert_eq!(items, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]);
    }

    #[test]
    fn where_parallel_always_wins_it_wins_from_the_smallest_on() {
        let found = quiet(&linear, &|items| 5.0 * items).search(10, 1_000);
        assert_eq!((found.loses_to, found.wins_from, found.estimate), (None, Some(10), None));
        assert_eq!(found.points.len(), 7);
    }

    #[test]
    fn what_wins_in_the_middle_only_is_told() {
        // From 100,000 items on the second worker is of no use any more.
        let parallel = |items: f64| if items < 1e5 { 500.0 + 5.0 * items } else { 11.0 * items };
        let found = quiet(&linear, &parallel).search(1, 1_000_000);
        assert!(found.wins_from.unwrap().abs_diff(100) <= 10, "{found:?}");
        assert_eq!(found.not_beyond, [100_000, 200_000, 500_000, 1_000_000]);
    }

    #[test]
    fn a_single_win_among_losses_does_not_end_the_search() {
        let parallel = |items: f64| match items as u64 {
            50 => 100.0,
            _ => 5_000.0 + 5.0 * items,
        };
        let found = quiet(&linear, &parallel).search(1, 100_000);
        assert!((20..50).contains(&found.loses_to.unwrap()), "{found:?}");
        assert!(found.wins_from.unwrap() >= 1_000, "{found:?}");
    }

    #[test]
    fn a_range_of_one_number_is_tried_once() {
        let found = quiet(&linear, &halved(5.0)).search(7, 7);
        assert_eq!((found.points.len(), found.wins_from), (1, Some(7)));
        let found = quiet(&linear, &halved(5.0)).search(7, 3);
        assert_eq!(found.points.len(), 1);
    }

    #[test]
    fn the_grid_holds_both_ends_and_ends_where_numbers_do() {
        assert_eq!(grid(3, 40), [3, 5, 10, 20, 40]);
        assert_eq!(grid(1, 2), [1, 2]);
        assert_eq!(grid(u64::MAX - 1, u64::MAX), [u64::MAX - 1, u64::MAX]);
    }

    #[test]
    fn fewer_than_six_pairs_tell_nothing() {
        let pairs = |n| vec![(Nanos(20), Nanos(10)); n];
        assert_eq!(Point::of(1, &pairs(5)), None);
        let point = Point::of(1, &pairs(6)).unwrap();
        assert_eq!((point.ratio, point.outcome), (2.0, Outcome::Wins));
    }

    #[test]
    fn times_of_nothing_are_taken_for_the_clocks_unit() {
        let point = Point::of(1, &[(Nanos(0), Nanos(0)); 6]).unwrap();
        assert_eq!((point.ratio, point.outcome), (1.0, Outcome::Open));
    }
}
