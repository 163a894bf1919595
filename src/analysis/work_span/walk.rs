//! The walk along a lane that gives each strand its steps: whose the time is that passes, and what
//! happens meanwhile.

use super::clock::Clock;
use super::strand::{Call, Push, Step, Strand, StrandId, Strands, What};
use crate::model::{Event, Nanos, OperationKind, Reduction, SecondHalf};
use crate::timeline::Row;

/// Walks along the row at `index`, by its own clock.
pub(super) fn walk(row: &Row, index: usize, clock: Clock, strands: &mut Strands) {
    let (outer, of_frames) = std::mem::take(&mut strands.rows[index]);
    let turned = vec![false; row.frames().len()];
    let mut walk =
        Walk { row, outer, of_frames: &of_frames, strands, clock, worked: Nanos::ZERO, turned };
    walk.run();
    strands.rows[index] = (outer, of_frames);
}

struct Walk<'a, 't> {
    row: &'a Row<'t>,
    outer: StrandId,
    of_frames: &'a [StrandId],
    strands: &'a mut Strands,
    clock: Clock,
    /// What of the clock's time has been given to strands.
    worked: Nanos,
    /// Whether a join's first half has ended, by frame.
    turned: Vec<bool>,
}

/// What comes next in a strand.
enum Next {
    /// The first half of the join in that frame ends.
    Turn(usize, Nanos),
    Push(Push),
}

impl<'t> Walk<'_, 't> {
    fn run(&mut self) {
        let mut innermost = None;
        for (index, frame) in self.row.frames().iter().enumerate() {
            while innermost != frame.parent() {
                let Some(ended) = innermost else { break };
                innermost = self.close(ended);
            }
            let start = self.event(index).span().start;
            // What is pushed at the same instant is pushed in it.
            self.settle(innermost, start, |at| at < start);
            self.open(index, innermost);
            innermost = Some(index);
        }
        while let Some(ended) = innermost {
            innermost = self.close(ended);
        }
        let end = self.row.presence().end;
        self.settle(None, end, |_| true);
    }

    fn event(&self, frame: usize) -> &'t Event {
        &self.row.lane().events[self.row.frames()[frame].event()]
    }

    fn open(&mut self, frame: usize, around: Option<usize>) {
        let strand = self.of_frames[frame];
        match self.event(frame) {
            Event::Join(join) => {
                self.emit(strand, What::Join { inline: join.second == SecondHalf::Inline });
                if let Some(&half) = self.strands.halves.get(&join.id) {
                    let moved = What::Moved(add(&mut self.strands.moved, half));
                    self.emit(strand, moved);
                }
            }
            Event::Operation(operation) if operation.kind != OperationKind::Region => {
                let (end, kind) = (operation.span.end, operation.kind);
                let call = Call { frame, end, awaits_spawns: awaits_spawns(kind) };
                let called = What::Operation(add(&mut self.strands.calls, call));
                self.emit(strand, called);
            }
            Event::Reduction(reduction) => {
                if let Some(done) = self.done_before(around, reduction) {
                    self.emit(strand, done);
                }
            }
            _ => {}
        }
    }

    /// What has ended before a reduction begins: both halves of the split around it, or, where the
    /// outermost split has no event, all that the operation around it pushed.
    fn done_before(&self, around: Option<usize>, reduction: &Reduction) -> Option<What> {
        let around = around?;
        match self.event(around) {
            Event::Join(join) => {
                let own =
                    join.operation == Some(reduction.operation) && join.depth == reduction.depth;
                (own && self.turned[around]).then_some(What::BothEnd)
            }
            Event::Operation(operation) => {
                let last = operation.id == reduction.operation && reduction.depth == 0;
                last.then_some(What::AllEnd)
            }
            _ => None,
        }
    }

    /// Ends a frame, and returns the one around it.
    fn close(&mut self, frame: usize) -> Option<usize> {
        let event = self.event(frame);
        self.settle(Some(frame), event.span().end, |_| true);
        let strand = self.of_frames[frame];
        match event {
            Event::Join(_) => self.emit(strand, What::Joined),
            Event::Operation(operation) if operation.kind != OperationKind::Region => {
                self.emit(strand, What::Returned);
            }
            Event::Task(_) => self.strands.all[strand].steps.shrink_to_fit(),
            _ => {}
        }
        self.row.frames()[frame].parent()
    }

    /// Goes on to `to` in the innermost frame, and does what is due there: the turn from a join's
    /// first half to its second, and pushes if they are `due`.
    fn settle(&mut self, frame: Option<usize>, to: Nanos, due: impl Fn(Nanos) -> bool) {
        let strand = frame.map_or(self.outer, |frame| self.of_frames[frame]);
        while let Some(next) = self.next(frame, strand, to, &due) {
            match next {
                Next::Turn(join, at) => {
                    self.work(strand, at);
                    self.emit(strand, What::FirstEnd);
                    self.turned[join] = true;
                }
                Next::Push(push) => {
                    self.work(strand, push.at);
                    self.strands.all[strand].pushes.pop();
                    let pushed = What::Push(add(&mut self.strands.pushed, push));
                    self.emit(strand, pushed);
                }
            }
        }
        self.work(strand, to);
    }

    fn next(
        &self,
        frame: Option<usize>,
        strand: StrandId,
        to: Nanos,
        due: impl Fn(Nanos) -> bool,
    ) -> Option<Next> {
        let turn = frame.and_then(|frame| Some((frame, self.turn(frame)?)));
        let turn = turn.filter(|&(_, at)| at <= to);
        let push = self.strands.all[strand].pushes.last().filter(|push| due(push.at)).copied();
        match (turn, push.filter(|push| push.at <= to)) {
            (Some((_, at)), Some(push)) if push.at < at => Some(Next::Push(push)),
            (Some((join, at)), _) => Some(Next::Turn(join, at)),
            (None, push) => push.map(Next::Push),
        }
    }

    /// When the first half of a join ends that has not ended yet.
    fn turn(&self, frame: usize) -> Option<Nanos> {
        match self.event(frame) {
            Event::Join(join) if !self.turned[frame] => Some(join.first_end),
            _ => None,
        }
    }

    /// The time until `to` is the strand's. What was due while another had the lane comes late.
    fn work(&mut self, strand: StrandId, to: Nanos) {
        let worked = self.clock.until(to).max(self.worked);
        self.strands.all[strand].tail += worked - self.worked;
        self.worked = worked;
    }

    fn emit(&mut self, strand: StrandId, what: What) {
        let Strand { steps, tail, .. } = &mut self.strands.all[strand];
        steps.push(Step { after: std::mem::replace(tail, Nanos::ZERO), what });
    }
}

/// Where in the list it is from now on.
fn add<T>(list: &mut Vec<T>, new: T) -> u32 {
    list.push(new);
    u32::try_from(list.len() - 1).expect("fewer than 2³² of each kind")
}

/// Whether what is spawned in it has ended when it returns.
fn awaits_spawns(kind: OperationKind) -> bool {
    match kind {
        OperationKind::Scope | OperationKind::InPlaceScope | OperationKind::Join => true,
        OperationKind::Region
        | OperationKind::Install
        | OperationKind::Broadcast
        | OperationKind::Iterator
        | OperationKind::OpaqueIterator
        | OperationKind::Sort => false,
    }
}
