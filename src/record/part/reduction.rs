//! The reduction of the results of both halves to one: from the end of their split on.

use super::super::clock::now;
use super::super::event;
use super::super::listener::Closed;
use super::super::time::Ticks;
use super::Open;
use super::half::Done;

/// A reduction that is under way. When dropped before it is closed, a panic went through it.
#[must_use = "the reduction ends when this is dropped"]
#[derive(Debug)]
pub struct OpenReduction<'r, 'c, 'l> {
    pub(super) open: Option<Box<Open<'r, 'c, 'l>>>,
}

impl OpenReduction<'_, '_, '_> {
    /// It returned, and with it the half whose results it reduced.
    #[inline]
    pub fn close(mut self) -> Done {
        match self.open.take() {
            None => Done::QUIETLY,
            Some(mut open) => {
                let at = open.end_reduction(false);
                open.done(at)
            }
        }
    }
}

impl Drop for OpenReduction<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.end_reduction(true);
        }
    }
}

impl Open<'_, '_, '_> {
    /// Writes a reduction; when it ended, if it was timed and no other recording has begun
    /// meanwhile.
    #[cold]
    fn end_reduction(&mut self, panicked: bool) -> Option<Ticks> {
        let mut timed = self.timed.take()?;
        let Self { run, lane, half, .. } = *self;
        let end = now();
        if !timed.leave(lane, Closed { panicked, ..Closed::default() }) {
            return None;
        }
        let (start, id, task) = (timed.start.0, timed.id, lane.task.get());
        timed.write(end, panicked, 0, || {
            event::Reduction {
                flags: u8::from(panicked),
                small: event::small_depth(half.depth()),
                text: 0,
                start,
                end: end.0,
                id,
                operation: run.operation,
                task,
                spare_a: 0,
                spare_b: 0,
            }
            .encode()
        });
        Some(end)
    }
}
