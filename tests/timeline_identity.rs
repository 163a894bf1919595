//! On any well-nested lanes busy, waiting, no task and absent add up to the window times the
//! workers, to the nanosecond, and agree with a nanosecond-by-nanosecond painting of the lane.

mod timeline_fixture;

use proptest::prelude::*;
use rayprism::analysis::{Activity, Window};
use rayprism::model::*;
use rayprism::timeline::{State, Stretch, Timeline};
use timeline_fixture::*;

const DURATION: u64 = 600;

/// Grows a lane from random numbers, and paints each nanosecond with its state as it goes: outer
/// events first, so that the innermost one's colour stays.
struct Grower {
    entropy: std::vec::IntoIter<u16>,
    lane: u32,
    sequence: u64,
    events: Vec<Event>,
    state: Vec<State>,
    /// The event with a sum to be laid over it (collapsed tasks, a leaf) that a nanosecond belongs
    /// to, if that is the innermost.
    summed: Vec<Option<usize>>,
}

impl Grower {
    fn below(&mut self, bound: u64) -> Option<u64> {
        self.entropy.next().map(|number| u64::from(number) % bound)
    }

    fn paint(&mut self, from: u64, to: u64, state: State) {
        for at in from..to {
            self.state[at as usize] = state;
            self.summed[at as usize] = None;
        }
    }

    /// Events side by side between two times, each with events of its own.
    fn row(&mut self, from: u64, to: u64, task: Option<u64>) -> Option<()> {
        let mut at = from;
        loop {
            let start = at + self.below(12)?;
            let end = start + self.below(80)?;
            if end > to {
                return Some(());
            }
            self.event(start, end, task)?;
            at = end;
        }
    }

    fn event(&mut self, start: u64, end: u64, of: Option<u64>) -> Option<()> {
        self.sequence += 1;
        let sequence = self.sequence;
        let turn = start + self.below(end - start + 1)?;
        let mut inner = of;
        match (self.below(6)?, of) {
            (0, Some(of)) => {
                let second =
                    if turn.is_multiple_of(2) { SecondHalf::Stolen } else { SecondHalf::Inline };
                let join = join(self.lane, sequence, of, [start, turn, end]);
                self.events.push(Event::Join(Join { second, ..join }));
                let wait = if second == SecondHalf::Stolen { turn } else { end };
                self.paint(start, wait, State::Busy);
                self.paint(wait, end, State::Waiting);
            }
            (1, Some(of)) => {
                let task = Some(id(self.lane, of));
                let call = operation(self.lane, sequence, [start, turn, end]);
                self.events.push(Event::Operation(Operation { task, ..call }));
                self.paint(start, turn, State::Busy);
                self.paint(turn, end, State::Waiting);
            }
            (2, _) => {
                self.summed[start as usize..end as usize].fill(Some(self.events.len()));
                self.events.push(Event::Collapsed(collapsed(start, end, 1, 0)));
                // Of two with equal spans the collapsed one would be taken for the inner one.
                return self.row((start + 1).min(end), end, inner);
            }
            (3, Some(of)) => {
                self.paint(start, end, State::Busy);
                self.summed[start as usize..end as usize].fill(Some(self.events.len()));
                let times = [start, end];
                self.events.push(Event::Leaf(leaf(
                    self.lane,
                    sequence,
                    of.into(),
                    id(9, 1),
                    times,
                )));
            }
            (4, Some(of)) => {
                self.paint(start, end, State::Busy);
                let part = reduction(self.lane, sequence, of.into(), id(9, 1), [start, end]);
                self.events.push(Event::Reduction(part));
            }
            (_, _) => {
                self.events.push(Event::Task(task(self.lane, sequence, start, end)));
                self.paint(start, end, State::Busy);
                inner = Some(sequence);
            }
        }
        self.row(start, end, inner)
    }

    /// Lets each leaf wait for some of its time, and returns for how long they did of their own.
    fn wait_in_leaves(&mut self) -> u64 {
        let mut sum = 0;
        for index in 0..self.events.len() {
            let Event::Leaf(leaf) = &mut self.events[index] else { continue };
            let own = self.summed.iter().filter(|&&summed| summed == Some(index)).count() as u64;
            leaf.waited = Nanos(leaf.span.duration().0 * (index as u64 % 4) / 3);
            sum += leaf.waited.0.min(own);
        }
        sum
    }

    /// Gives each collapsed event a part of what is free in it, and returns the sum by state.
    fn share_out(&mut self) -> [u64; 3] {
        let mut sums = [0; 3];
        for index in 0..self.events.len() {
            let Event::Collapsed(collapsed) = &mut self.events[index] else { continue };
            let own = |at: &usize| self.summed[*at] == Some(index);
            let cells = (0..self.state.len()).filter(own).map(|at| self.state[at]);
            let free: Vec<State> = cells.filter(|&state| state != State::Busy).collect();
            let busy = free.len() as u64 * (index as u64 % 4) / 3;
            collapsed.busy = Nanos(busy.min(free.len() as u64));
            if let Some(&state) = free.first() {
                sums[state as usize] += collapsed.busy.0;
            }
        }
        sums
    }
}

/// A lane, and its painted (busy, waiting) with collapsed tasks laid in.
fn grow(lane: u32, entropy: Vec<u16>) -> (Lane, u64, u64) {
    let (state, summed) = (vec![State::NoTask; DURATION as usize], vec![None; DURATION as usize]);
    let entropy = entropy.into_iter();
    let mut grower = Grower { entropy, lane, sequence: 0, events: Vec::new(), state, summed };
    grower.row(0, DURATION, None);
    let [_, of_waiting, of_no_task] = grower.share_out();
    let of_leaves = grower.wait_in_leaves();
    let painted = |wanted| grower.state.iter().filter(|&&state| state == wanted).count() as u64;
    let busy = painted(State::Busy) + of_waiting + of_no_task - of_leaves;
    let waiting = painted(State::Waiting) - of_waiting + of_leaves;
    (worker(lane, lane - 1, grower.events), busy, waiting)
}

fn entropy() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..200)
}

proptest! {
    #[test]
    fn the_parts_add_up_and_agree_with_the_painting(
        first in entropy(), second in entropy(), late in 0_u64..DURATION,
    ) {
        let (first, first_busy, first_waiting) = grow(1, first);
        let (second, second_busy, second_waiting) = grow(2, second);
        let started = Some(Nanos(late));
        let third = Lane { started, ..worker(3, 2, Vec::new()) };
        let mut trace = trace(DURATION, vec![first, second, third]);
        trace.sort_events();
        let timeline = Timeline::new(&trace).expect("grown to nest");
        let window = Window::of(&timeline);
        let activity = Activity::of(&timeline, window);
        let times = activity.times.value().expect("measured");

        prop_assert_eq!(times.busy, Nanos(first_busy + second_busy));
        prop_assert_eq!(times.waiting, Nanos(first_waiting + second_waiting));
        let sum = times.busy + times.waiting + times.no_task + times.absent;
        prop_assert_eq!(sum.0, window.span.duration().0 * 3);
        let start = late.clamp(window.span.start.0, window.span.end.0);
        prop_assert_eq!(times.absent.0, start - window.span.start.0);
        prop_assert_eq!(activity.core_time + times.absent, sum);
    }

    #[test]
    fn stretches_leave_no_gap_and_hold_no_more_than_their_length(entropy in entropy()) {
        let (lane, ..) = grow(1, entropy);
        let mut trace = trace(DURATION, vec![lane]);
        trace.sort_events();
        let timeline = Timeline::new(&trace).expect("grown to nest");
        let mut at = Nanos::ZERO;
        for stretch in timeline.rows()[0].stretches() {
            prop_assert_eq!(stretch.span.start, at);
            prop_assert!(stretch.span.end > at);
            prop_assert!(stretch.busy <= stretch.span.duration());
            at = stretch.span.end;
        }
        prop_assert_eq!(at, Nanos(DURATION));
    }

    /// Whatever the events make of it, a worker has no job while it looks for one.
    #[test]
    fn searches_in_busy_stretches_are_taken_off_once(
        entropy in entropy(), cuts in prop::collection::vec((0_u64..6, 0_u64..6), 1..40),
    ) {
        let (lane, ..) = grow(1, entropy);
        let mut trace = trace(DURATION, vec![lane]);
        trace.sort_events();
        let plain: Vec<Stretch> = Timeline::new(&trace).expect("grown to nest").rows()[0].stretches().to_vec();
        let mut searches = Vec::new();
        let mut busy = Nanos::ZERO;
        for (stretch, &(skip, length)) in plain.iter().zip(cuts.iter().cycle()) {
            let start = stretch.span.start + Nanos(skip).min(stretch.span.duration());
            let end = (start + Nanos(length)).min(stretch.span.end);
            // One search ends where the next begins.
            let between = start + Nanos((end - start).0 / 2);
            searches.extend([search(start.0, between.0, SearchEnd::Found)]);
            searches.extend([search(between.0, end.0, SearchEnd::Found)]);
            let room = stretch.span.duration() - (end - start);
            busy += if stretch.state == State::Busy { stretch.busy.min(room) } else { stretch.busy };
        }
        trace.lanes[0] = idling(trace.lanes[0].clone(), searches);
        let timeline = Timeline::new(&trace).expect("no event within a search");
        let cut = timeline.rows()[0].stretches();
        prop_assert_eq!(cut.iter().map(|stretch| stretch.busy).sum::<Nanos>(), busy);
        prop_assert_eq!(cut[0].span.start, Nanos::ZERO);
        prop_assert_eq!(cut[cut.len() - 1].span.end, Nanos(DURATION));
        for pair in cut.windows(2) {
            prop_assert_eq!(pair[0].span.end, pair[1].span.start);
        }
        for stretch in cut {
            prop_assert!(stretch.span.start < stretch.span.end);
            prop_assert!(stretch.busy <= stretch.span.duration());
            let searched = trace.lanes[0].idling.stretches.iter().map(Idle::span).any(|idle| {
                let common = [idle.start.max(stretch.span.start), idle.end.min(stretch.span.end)];
                common[0] < common[1]
            });
            prop_assert!(!(searched && stretch.state == State::Busy));
        }
    }
}
