//! Collapsed tasks and waits, and a leaf's waits for the iterator that it shares with others, are
//! known by their sums only. What tasks were busy is laid evenly over those parts of their span in
//! which the worker was not busy anyway, and what was waited over those in which it was, so that a
//! lane's stretches still add up to the nanosecond.

use std::collections::BTreeMap;

use super::frame::{caller, owners};
use super::position::Position;
use super::{Frame, Named, Problem, State, Stretch, is_whole};
use crate::model::{Collapsed, Event, Lane, Leaf, Nanos};

/// How such a sum is laid over the stretches of its span.
pub(super) struct Share {
    /// What collapsed tasks were busy; a leaf's work is in its stretches anyway.
    claimed: Nanos,
    /// What of it is already in the stretches of joins and operations that they called.
    shown: Nanos,
    /// Their own stretches in which the worker was busy anyway.
    busy: Nanos,
    /// Their own other stretches.
    free: Nanos,
    /// How many stretches these figures were added up from.
    pieces: u64,
    /// How much of `free` is behind.
    passed: Nanos,
    /// What the task around them waited in joins and operations that were not kept, or what a leaf
    /// waited for its turn.
    waited: Nanos,
    /// How much of `busy` is behind.
    passed_busy: Nanos,
}

/// The shares of all frames that have one. Each stretch comes with its innermost frame.
pub(super) fn shares(
    lane: &Lane,
    frames: &[Frame],
    innermost: &[Option<Position>],
    cut: &[Stretch],
) -> BTreeMap<usize, Share> {
    let mut shares: BTreeMap<usize, Share> = BTreeMap::new();
    for (index, frame) in frames.iter().enumerate() {
        match frame.event_of(lane) {
            Event::Collapsed(Collapsed { busy, waited, .. }) => {
                shares.insert(index, Share::claiming(*busy, *waited));
            }
            Event::Leaf(Leaf { waited, .. }) if *waited > Nanos::ZERO => {
                shares.insert(index, Share::claiming(Nanos::ZERO, *waited));
            }
            _ => {}
        }
    }
    if shares.is_empty() {
        return shares;
    }
    for (frame, &stretch) in innermost.iter().zip(cut) {
        let Some(frame) = frame.map(Position::index) else { continue };
        if let Some(share) = shares.get_mut(&frame) {
            share.add_own(stretch);
        }
        if let Some(share) = summed_in(lane, frames, frame).and_then(|c| shares.get_mut(&c)) {
            share.add_called(stretch);
        }
    }
    shares
}

impl Share {
    fn claiming(claimed: Nanos, waited: Nanos) -> Self {
        const NONE: Nanos = Nanos::ZERO;
        Self {
            claimed,
            shown: NONE,
            busy: NONE,
            free: NONE,
            pieces: 0,
            passed: NONE,
            waited,
            passed_busy: NONE,
        }
    }

    fn add_own(&mut self, stretch: Stretch) {
        let length = stretch.span.duration();
        match stretch.state {
            State::Busy => self.busy += length,
            State::Waiting | State::NoTask => self.free += length,
        }
        self.pieces += 1;
    }

    fn add_called(&mut self, stretch: Stretch) {
        self.shown += stretch.busy;
        self.pieces += 1;
    }

    /// What of the claim is still to be laid on the free stretches.
    fn to_lay(&self) -> Nanos {
        self.claimed.saturating_since(self.shown).min(self.free)
    }

    /// Each time in a file is rounded to a nanosecond by itself, hence a slack of one per piece.
    pub(super) fn check(&self, lane: &Lane, event: usize) -> Result<(), Problem> {
        let room = self.shown + self.busy + self.free;
        if self.claimed <= room + Nanos(self.pieces) || !is_whole(lane) {
            return Ok(());
        }
        let (event, busy) = (Named::at(lane, event), self.claimed);
        Err(Problem::TooBusy { lane: lane.id, event, busy, room })
    }

    /// Lays the next part. Rounding goes with the running sum, so that the parts add up exactly.
    pub(super) fn fill(&mut self, stretch: Stretch) -> Stretch {
        let length = stretch.span.duration();
        if stretch.state == State::Busy {
            let before = self.laid_wait();
            self.passed_busy += length;
            return Stretch { busy: length - (self.laid_wait() - before), ..stretch };
        }
        let before = self.laid();
        self.passed += length;
        Stretch { busy: self.laid() - before, ..stretch }
    }

    fn laid(&self) -> Nanos {
        portion(self.to_lay(), self.passed, self.free)
    }

    fn laid_wait(&self) -> Nanos {
        portion(self.waited.min(self.busy), self.passed_busy, self.busy)
    }
}

/// `sum · passed / whole`: at most `sum`, as `passed` is at most `whole`; `whole` is zero only
/// before anything is passed.
pub(super) fn portion(sum: Nanos, passed: Nanos, whole: Nanos) -> Nanos {
    let product = u128::from(sum.0) * u128::from(passed.0);
    Nanos((product / u128::from(whole.0.max(1))) as u64)
}

/// The collapsed frame one of whose tasks called or ran this, if so it was.
fn summed_in(lane: &Lane, frames: &[Frame], index: usize) -> Option<usize> {
    let event = frames[index].event_of(lane);
    let named = caller(event)?;
    let mut collapsed = None;
    for owner in owners(frames, index) {
        if let Event::Task(task) = frames[owner].event_of(lane) {
            return collapsed.filter(|_| task.id != named);
        }
        collapsed = collapsed.or(Some(owner));
    }
    collapsed
}
