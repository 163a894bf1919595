//! Short events that are not kept for themselves: their sums, around what is open and within it, until
//! they are written with the next one that is kept.

use super::super::buffer::{Record, WORDS};
use super::super::event;
use super::Notebook;

/// What stands where no sum is pending.
const NO_RECORD: Record = [0; WORDS];

/// The sums of short events around one that is open.
#[derive(Debug)]
pub(in super::super) struct Around {
    outer: Option<Box<Short>>,
    set_aside: usize,
}

/// A sum of short events, on its way to a `Collapsed` record.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Short {
    pub(in super::super) first: u64,
    pub(in super::super) last: u64,
    pub(in super::super) tasks: u64,
    pub(in super::super) busy: u64,
    pub(in super::super) waited: u64,
    pub(in super::super) joins: u64,
    pub(in super::super) spawns: u64,
    pub(in super::super) queued: u64,
}

impl Short {
    pub(in super::super) const NONE: Self = Self {
        first: u64::MAX,
        last: 0,
        tasks: 0,
        busy: 0,
        waited: 0,
        joins: 0,
        spawns: 0,
        queued: 0,
    };

    pub(in super::super) fn is_none(&self) -> bool {
        self.last == 0
    }

    /// Both together.
    pub(in super::super) fn plus(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            tasks: self.tasks + other.tasks,
            busy: self.busy + other.busy,
            waited: self.waited + other.waited,
            joins: self.joins + other.joins,
            spawns: self.spawns + other.spawns,
            queued: self.queued + other.queued,
        }
    }

    /// Nothing yet, but with a place in time.
    pub(in super::super) fn at(first: u64, last: u64) -> Self {
        Self { first, last, ..Self::NONE }
    }

    fn record(&self) -> Record {
        event::Collapsed {
            flags: 0,
            small: 0,
            text: u32::try_from(self.tasks).unwrap_or(u32::MAX),
            start: self.first,
            end: self.last,
            busy: self.busy,
            waited: self.waited,
            joins: self.joins,
            spawns: self.spawns,
            queued: self.queued,
        }
        .encode()
    }
}

impl Notebook {
    /// Writes an event that is kept, and before it the short ones within it.
    pub(in super::super) fn write(&self, record: &Record, within: &Short) {
        if !within.is_none() {
            self.push(&within.record());
        }
        self.push(record);
    }

    /// Takes the short events summed up so far, if there are any.
    #[inline]
    pub(in super::super) fn take_short(&self) -> Option<Box<Short>> {
        if self.short.get().is_none() {
            return None;
        }
        Some(Box::new(self.short.replace(Short::NONE)))
    }

    /// Whether there are short events to be summed up or written with the innermost join or
    /// operation, before which there were sums of `others`.
    #[inline]
    pub(in super::super) fn holds_short(&self, others: usize) -> bool {
        !self.short.get().is_none() || self.set_aside.get() > others
    }

    /// How many sums of short events are set aside, for those joins and operations that wait.
    #[inline]
    pub(in super::super) fn set_aside(&self) -> usize {
        self.set_aside.get()
    }

    /// Sets aside the short events summed up so far, if there are any: the innermost open join or
    /// operation begins to wait.
    #[inline]
    pub(in super::super) fn set_before_wait(&self) {
        if !self.short.get().is_none() {
            let mut sums = self.before_wait.borrow_mut();
            sums.push(self.short.replace(Short::NONE));
            self.set_aside.set(sums.len());
        }
    }

    /// Takes back what the innermost one set aside since there were `others`.
    #[inline]
    pub(in super::super) fn take_before_wait(&self, others: usize) -> Option<Box<Short>> {
        if self.set_aside.get() <= others {
            return None;
        }
        self.set_aside.set(others);
        let own = self.before_wait.borrow_mut().drain(others..).reduce(Short::plus);
        own.map(Box::new)
    }

    /// Opens something in a task: what is short in it is summed up apart.
    #[inline]
    pub(in super::super) fn step_in(&self) -> Around {
        Around { outer: self.take_short(), set_aside: self.set_aside() }
    }

    /// Closes it: see [`settle`](Self::settle).
    #[inline]
    pub(in super::super) fn step_out(
        &self,
        around: Around,
        kept: Option<&Record>,
        wait: Option<Short>,
    ) {
        let Around { outer, set_aside } = around;
        if wait.is_some() || outer.is_some() || self.holds_short(set_aside) {
            let before = self.take_before_wait(set_aside);
            self.settle(kept, before, outer, wait);
        } else if let Some(record) = kept {
            // The common case: nothing but the event itself.
            self.push(record);
        }
    }

    /// Closes a join or an operation. If it is `kept`, the short events within it are written
    /// before it; else they, and its `wait`, are summed up with those around it.
    pub(in super::super) fn settle(
        &self,
        kept: Option<&Record>,
        before_wait: Option<Box<Short>>,
        outer: Option<Box<Short>>,
        wait: Option<Short>,
    ) {
        let within = self.short.get();
        let outer = outer.map_or(Short::NONE, |outer| *outer);
        let before = before_wait.map_or(Short::NONE, |before| *before);
        match kept {
            Some(record) => {
                self.flush(&before);
                self.write(record, &within);
                self.short.set(outer);
            }
            None => {
                let wait = wait.unwrap_or(Short::NONE);
                self.short.set(outer.plus(before).plus(within).plus(wait));
            }
        }
    }

    /// Sums up a short event that lies in no task: there is none to be written with, so the sum is
    /// written for itself once it spans a while.
    pub(in super::super) fn keep_loose(&self, sum: Short) {
        let long_enough = sum.last.saturating_sub(sum.first) >= 16 * self.coarse.get();
        if long_enough {
            return self.flush_pending(&sum);
        }
        self.short.set(sum);
        self.with_log(|log| log.set_pending(&sum.record(), || ()));
    }

    /// Writes a sum that was pending.
    fn flush_pending(&self, sum: &Short) {
        self.short.set(Short::NONE);
        self.with_log(|log| log.set_pending(&NO_RECORD, || self.flush(sum)));
    }

    /// Writes a sum of short events that lie in no task.
    fn flush(&self, sum: &Short) {
        if !sum.is_none() {
            self.write(&sum.record(), &Short::NONE);
        }
    }

    /// The thread ends: nothing may stay behind.
    pub(in super::super) fn close(&self) {
        self.flush_pending(&self.short.get());
    }
}
