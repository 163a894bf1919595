//! A lane laid flat: a row of stretches without gap or overlap, each with what its innermost frame
//! was doing. A nested task's time is its own, never the waiting join's.
//!
//! The span of collapsed tasks takes the state of what is around them; where in it their own time
//! goes, and where in a leaf its waits, is `collapsed`'s matter. What a worker did without a job, by its
//! own word, is `jobless`'s.

use super::collapsed::shares;
use super::frame::{ancestors, waits_from};
use super::position::Position;
use super::{Frame, Problem};
use crate::model::{Event, Lane, Nanos, Span};

/// What the innermost frame was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// In a task, not waiting; on a lane that is no worker's, in a call before its wait, or in a
    /// leaf or reduction that it runs itself.
    Busy,
    /// In a join or operation, waiting for others, with no other task to run; also where the worker
    /// itself says so in a task, as the waits of joins that were only counted are in no event.
    Waiting,
    /// In no task. Idle, if every rayon call of the pool was seen.
    NoTask,
}

/// A piece of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// When it was; never empty.
    pub span: Span,
    /// What the worker did in it; for collapsed tasks, what it did between them.
    pub state: State,
    /// How much of it was spent in tasks: all if `state` is [`State::Busy`], else none, and only
    /// where short tasks and waits are collapsed, or a leaf waited for its turn, something between.
    pub busy: Nanos,
    /// Whether it is a wait by the worker's own word alone, within a task: of a join that was only
    /// counted.
    pub unrecorded: bool,
    pub(super) event: Option<Position>,
}

impl Stretch {
    /// The innermost event, an index into [`Lane::events`].
    pub fn event(&self) -> Option<usize> {
        self.event.map(Position::index)
    }

    /// What of it was not spent in tasks: waiting if `state` is [`State::Busy`], else in that.
    pub fn rest(&self) -> Nanos {
        self.span.duration() - self.busy
    }

    /// The part of it within a window; `None` if that is empty. Collapsed tasks count as spread
    /// evenly.
    pub fn within(self, window: Span) -> Option<Self> {
        let whole = self.span.duration();
        let start = self.span.start.max(window.start);
        let end = self.span.end.min(window.end);
        let part = Some(end.saturating_since(start)).filter(|part| *part > Nanos::ZERO)?;
        if part == whole {
            return Some(self);
        }
        let busy = u128::from(self.busy.0) * u128::from(part.0) / u128::from(whole.0);
        // At most `part`, as `busy` is at most `whole`.
        Some(Self { span: Span { start, end }, busy: Nanos(busy as u64), ..self })
    }
}

pub(super) fn flatten(
    lane: &Lane,
    frames: &[Frame],
    presence: Span,
) -> Result<Vec<Stretch>, Problem> {
    let mut walk =
        Walk { lane, frames, at: presence.start, cut: Vec::new(), innermost: Vec::new() };
    walk.run(presence.end);
    let Walk { mut cut, innermost, .. } = walk;
    let mut shares = shares(lane, frames, &innermost, &cut);
    for (&frame, share) in &shares {
        share.check(lane, frames[frame].event())?;
    }
    if !shares.is_empty() {
        for (stretch, frame) in cut.iter_mut().zip(innermost) {
            if let Some(share) = frame.and_then(|frame| shares.get_mut(&frame.index())) {
                *stretch = share.fill(*stretch);
            }
        }
    }
    cut.shrink_to_fit();
    Ok(cut)
}

/// The walk along a lane that cuts it.
struct Walk<'l> {
    lane: &'l Lane,
    frames: &'l [Frame],
    at: Nanos,
    cut: Vec<Stretch>,
    /// Each stretch's innermost frame.
    innermost: Vec<Option<Position>>,
}

impl Walk<'_> {
    fn run(&mut self, end: Nanos) {
        let mut innermost = None;
        for (index, frame) in self.frames.iter().enumerate() {
            innermost = self.leave(innermost, frame.parent());
            self.advance(innermost, frame.event_of(self.lane).span().start);
            innermost = Some(index);
        }
        self.leave(innermost, None);
        self.advance(None, end);
    }

    /// Closes frames from the innermost on until `until` is the innermost.
    fn leave(&mut self, mut innermost: Option<usize>, until: Option<usize>) -> Option<usize> {
        while innermost != until {
            let Some(frame) = innermost else { break };
            let frame_end = self.frames[frame].event_of(self.lane).span().end;
            self.advance(innermost, frame_end);
            innermost = self.frames[frame].parent();
        }
        until
    }

    /// Goes on to `to` with one innermost frame, which may begin to wait on the way.
    fn advance(&mut self, innermost: Option<usize>, to: Nanos) {
        let state = match self.telling(innermost) {
            None => State::NoTask,
            Some(event) => match waits_from(event) {
                None => State::Busy,
                Some(wait) => {
                    self.cut_until(innermost, wait.min(to), State::Busy);
                    State::Waiting
                }
            },
        };
        self.cut_until(innermost, to, state);
    }

    /// The event that tells the state: the innermost, or what is around it if that is collapsed.
    fn telling(&self, innermost: Option<usize>) -> Option<&Event> {
        let index = innermost?;
        let own = std::iter::once(self.frames[index]);
        own.chain(ancestors(self.frames, index))
            .map(|frame| frame.event_of(self.lane))
            .find(|event| !matches!(event, Event::Collapsed(_)))
    }

    fn cut_until(&mut self, innermost: Option<usize>, to: Nanos, state: State) {
        if to <= self.at {
            return;
        }
        let span = Span { start: self.at, end: to };
        let busy = if state == State::Busy { span.duration() } else { Nanos::ZERO };
        let event = innermost.map(|frame| Position::new(self.frames[frame].event()));
        self.cut.push(Stretch { span, state, busy, unrecorded: false, event });
        self.innermost.push(innermost.map(Position::new));
        self.at = to;
    }
}
