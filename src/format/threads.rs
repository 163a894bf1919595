//! Which thread of the file stands for what of the trace. What the program said on each lane comes
//! first, one thread a lane. Lanes are numbered in their order, and
//! what a lane was off the CPU for is a thread of its own right after it: viewers that know of no
//! other order take that of the numbers.

use crate::model::{Lane, Trace};

/// The first lane's `tid`. Not 1, the process's number: viewers take the thread of that number for
/// the main one.
pub(super) const FIRST_TID: u64 = 2;

/// What a thread of the file shows; both are positions in the trace's lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// What the program said on the lane.
    Told(usize),
    /// The lane's events.
    Events(usize),
    /// When the lane's thread was off the CPU.
    OffCpu(usize),
}

/// The threads of a file.
#[derive(Debug)]
pub(super) struct Threads {
    shown: Vec<Shows>,
    /// The `tid` of each lane.
    lanes: Vec<u64>,
    /// That of what the program said on it, if it said anything.
    told: Vec<Option<u64>>,
}

impl Threads {
    /// Those of a trace.
    pub(super) fn of(trace: &Trace) -> Self {
        let shown = |lane: &Lane| (!lane.told.is_empty(), !lane.watched.off_cpu.is_empty());
        Self::new(trace.lanes.iter().map(shown))
    }

    /// Those of lanes on which the program said something or not, and that each have stretches off
    /// the CPU or not.
    pub(super) fn new(lanes: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let (told, off_cpu): (Vec<bool>, Vec<bool>) = lanes.into_iter().unzip();
        let mut threads = Self { shown: Vec::new(), lanes: Vec::new(), told: Vec::new() };
        for (lane, told) in told.into_iter().enumerate() {
            threads.told.push(told.then_some(FIRST_TID + threads.shown.len() as u64));
            threads.shown.extend(told.then_some(Shows::Told(lane)));
        }
        for (lane, off_cpu) in off_cpu.into_iter().enumerate() {
            threads.lanes.push(FIRST_TID + threads.shown.len() as u64);
            threads.shown.push(Shows::Events(lane));
            threads.shown.extend(off_cpu.then_some(Shows::OffCpu(lane)));
        }
        threads
    }

    /// The `tid` of a lane, by its position in the trace.
    pub(super) fn lane(&self, lane: usize) -> u64 {
        self.lanes[lane]
    }

    /// The `tid` of what the program said on a lane, if it said anything.
    pub(super) fn told(&self, lane: usize) -> Option<u64> {
        self.told[lane]
    }

    /// The `tid` of when a lane was off the CPU, if it has such stretches.
    pub(super) fn off_cpu(&self, lane: usize) -> u64 {
        self.lanes[lane] + 1
    }

    /// What a thread shows; `None` if there is none of this `tid`.
    #[cfg(feature = "read")]
    pub(super) fn shows(&self, tid: u64) -> Option<Shows> {
        let index = usize::try_from(tid.checked_sub(FIRST_TID)?).ok()?;
        self.shown.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_off_the_cpu_stands_below_its_lane() {
        let threads = Threads::new([false, true, true, false].map(|off_cpu| (false, off_cpu)));
        assert_eq!([0, 1, 2, 3].map(|lane| threads.lane(lane)), [2, 3, 5, 7]);
        assert_eq!([1, 2].map(|lane| threads.off_cpu(lane)), [4, 6]);
    }

    #[cfg(feature = "read")]
    #[test]
    fn every_thread_shows_one_thing() {
        let threads = Threads::new([(false, true), (true, false)]);
        let shown = [Shows::Told(1), Shows::Events(0), Shows::OffCpu(0), Shows::Events(1)];
        assert_eq!([2, 3, 4, 5].map(|tid| threads.shows(tid)), shown.map(Some));
        assert_eq!([0, 1, 6, u64::MAX].map(|tid| threads.shows(tid)), [None; 4]);
        assert_eq!([0, 1].map(|lane| threads.told(lane)), [None, Some(2)]);
    }
}
