//! Keeping the trace of the median repetition without keeping all of them: which one that is
//! turns out at the end only, and a trace can be large.

use crate::model::{Nanos, Samples};

/// Traces held at a time. With seven repetitions the median's own is then kept nearly always,
/// and else that of a repetition very close to it.
const HELD: usize = 3;

/// Repetitions of one variant, with what was kept of some.
#[derive(Debug)]
pub(super) struct Repetitions<T> {
    samples: Vec<Nanos>,
    held: Vec<(usize, T)>,
}

impl<T> Repetitions<T> {
    pub(super) fn new() -> Self {
        Self { samples: Vec::new(), held: Vec::new() }
    }

    /// Adds a repetition's time, and what may be kept of it.
    pub(super) fn push(&mut self, sample: Nanos, kept: Option<T>) {
        self.held.extend(kept.map(|kept| (self.samples.len(), kept)));
        self.samples.push(sample);
        if self.held.len() > HELD {
            self.drop_farthest();
        }
    }

    /// All times, and what was kept of the repetition closest to their median.
    pub(super) fn finish(self) -> (Samples, Option<(usize, T)>) {
        let samples = Samples(self.samples);
        let closest = samples.median().and_then(|median| {
            self.held.into_iter().min_by_key(|(index, _)| samples.0[*index].0.abs_diff(median.0))
        });
        (samples, closest)
    }

    /// Drops what is farthest from the middle of all repetitions so far, counted in ranks.
    fn drop_farthest(&mut self) {
        let ranks_off = |at: &usize| {
            let rank = self.rank(self.held[*at].0);
            (2 * rank + 1).abs_diff(self.samples.len())
        };
        if let Some(at) = (0..self.held.len()).max_by_key(ranks_off) {
            self.held.remove(at);
        }
    }

    /// How many repetitions come before this one by time.
    fn rank(&self, index: usize) -> usize {
        let key = |index: usize| (self.samples[index], index);
        (0..self.samples.len()).filter(|&other| key(other) < key(index)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every order of `0..n`.
    fn orders(n: u64) -> Vec<Vec<u64>> {
        if n == 0 {
            return vec![Vec::new()];
        }
        let insert = |order: Vec<u64>| {
            (0..n as usize).map(move |at| {
                let mut longer = order.clone();
                longer.insert(at, n - 1);
                longer
            })
        };
        orders(n - 1).into_iter().flat_map(insert).collect()
    }

    /// The rank of the repetition that is kept, and how many were held at most.
    fn kept(order: &[u64]) -> (u64, usize) {
        let mut repetitions = Repetitions::new();
        let mut most = 0;
        for &rank in order {
            repetitions.push(Nanos(100 + rank), Some(rank));
            most = most.max(repetitions.held.len());
        }
        (repetitions.finish().1.unwrap().1, most)
    }

    #[test]
    fn up_to_five_repetitions_always_keep_the_median() {
        for n in 1..=5 {
            for order in orders(n) {
                assert_eq!(kept(&order).0, (n - 1) / 2, "{order:?}");
            }
        }
    }

    #[test]
    fn seven_repetitions_keep_the_median_or_its_neighbour() {
        let all = orders(7);
        let exact = all.iter().filter(|order| kept(order).0 == 3).count();
        assert!(all.iter().all(|order| kept(order).0.abs_diff(3) <= 1));
        assert!(exact * 10 >= all.len() * 9, "{exact} of {}", all.len());
    }

    #[test]
    fn no_more_than_three_are_held() {
        assert_eq!(orders(7).iter().map(|order| kept(order).1).max(), Some(HELD));
    }

    #[test]
    fn without_anything_to_keep_the_samples_remain() {
        let mut repetitions = Repetitions::<()>::new();
        repetitions.push(Nanos(5), None);
        repetitions.push(Nanos(3), None);
        assert_eq!(repetitions.finish(), (Samples(vec![Nanos(5), Nanos(3)]), None));
    }

    #[test]
    fn equal_times_keep_one_of_them() {
        let mut repetitions = Repetitions::new();
        for index in 0..3 {
            repetitions.push(Nanos(9), Some(index));
        }
        assert!(repetitions.finish().1.is_some());
    }
}
