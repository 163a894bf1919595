//! Counters of the thread, read where a coarse task begins and ends. What reads them is given by
//! the front end: the recorder does no I/O.

use std::cell::{Cell, RefCell};

use super::buffer::Record;
use super::depths::Depths;
use super::event::{self, COUNTED_WORDS, Origin};

/// Words that a reading has at most.
pub const GAUGE_WORDS: usize = 45;

/// A reading: what has been counted so far, in words that only grow.
pub type Reading = [u64; GAUGE_WORDS];

/// What reads the counters of the calling thread.
#[derive(Clone, Copy, Debug)]
pub struct Gauge {
    /// Reads them; how many words there are, 0 if they could not be read.
    pub read: fn(&mut Reading) -> usize,
    /// Ticks that a reading takes.
    pub cost: u64,
    /// Ticks that a task must last to be worth it.
    pub least: u64,
}

/// What a thread needs to give each task its own counts.
pub(super) struct Gauges {
    gauge: Cell<Option<Gauge>>,
    /// How long tasks take that came here in the same way: whether it is worth it has to be known
    /// before.
    expected: Depths,
    /// What tasks counted that ran while the current one was open.
    nested: RefCell<Reading>,
}

/// The counters at a task's beginning, and what the task around it has not counted itself.
#[derive(Debug)]
pub(super) struct Begun {
    reading: Reading,
    outer_nested: Reading,
}

impl Gauges {
    pub(super) fn new() -> Self {
        Self {
            gauge: Cell::new(None),
            expected: Depths::new(),
            nested: RefCell::new([0; GAUGE_WORDS]),
        }
    }

    /// Begins a recording.
    pub(super) fn start_over(&self, gauge: Option<Gauge>) {
        self.gauge.set(gauge);
        self.expected.forget();
        self.nested.replace([0; GAUGE_WORDS]);
    }

    /// Reads the counters, if a task that came so is expected to be worth it.
    #[inline]
    pub(super) fn begin(&self, origin: Origin) -> Option<Box<Begun>> {
        let gauge = self.gauge.get()?;
        if self.expected.is_fine(origin as u32, gauge.least) {
            return None;
        }
        self.read(gauge)
    }

    #[cold]
    fn read(&self, gauge: Gauge) -> Option<Box<Begun>> {
        let mut reading = [0; GAUGE_WORDS];
        if (gauge.read)(&mut reading) == 0 {
            return None;
        }
        let outer_nested = self.nested.replace([0; GAUGE_WORDS]);
        Some(Box::new(Begun { reading, outer_nested }))
    }

    /// The task lasted so many `ticks`. If that is long enough, what it counted itself; counts of a
    /// short one belong to the task around it.
    #[inline]
    pub(super) fn end(
        &self,
        origin: Origin,
        ticks: u64,
        begun: Option<Box<Begun>>,
    ) -> Option<Counted> {
        let gauge = self.gauge.get()?;
        self.expected.learn(origin as u32, ticks, 0, gauge.least);
        let begun = begun?;
        if ticks < gauge.least {
            let nested = self.nested.replace(begun.outer_nested);
            self.nest(&nested);
            return None;
        }
        self.take_out(gauge, &begun)
    }

    #[cold]
    fn take_out(&self, gauge: Gauge, begun: &Begun) -> Option<Counted> {
        let mut words = [0; GAUGE_WORDS];
        let length = (gauge.read)(&mut words);
        let nested = self.nested.replace(begun.outer_nested);
        if length == 0 {
            return None;
        }
        for (word, before) in words.iter_mut().zip(&begun.reading) {
            *word = word.saturating_sub(*before);
        }
        self.nest(&words);
        for (word, nested) in words.iter_mut().zip(&nested) {
            *word = word.saturating_sub(*nested);
        }
        Some(Counted { words, length: length.min(GAUGE_WORDS) })
    }

    /// The task around has not counted `words` itself.
    fn nest(&self, words: &Reading) {
        for (nested, word) in self.nested.borrow_mut().iter_mut().zip(words) {
            *nested = nested.saturating_add(*word);
        }
    }
}

/// What a task counted itself.
pub(super) struct Counted {
    words: Reading,
    length: usize,
}

impl Counted {
    /// The records that say so.
    pub(super) fn records(&self, task: u64) -> impl Iterator<Item = Record> + '_ {
        let pieces = self.words[..self.length].chunks(COUNTED_WORDS);
        pieces.enumerate().map(move |(piece, words)| {
            // The last piece may not be full.
            let mut full = [0; COUNTED_WORDS];
            full[..words.len()].copy_from_slice(words);
            let [first, second, third, fourth, fifth, sixth] = full;
            event::Counted {
                flags: 0,
                small: piece as u16,
                text: self.length as u32,
                task,
                first,
                second,
                third,
                fourth,
                fifth,
                sixth,
            }
            .encode()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }

    fn read(reading: &mut Reading) -> usize {
        reading[0] = COUNT.get();
        1
    }

    fn gauges() -> Gauges {
        let gauges = Gauges::new();
        gauges.start_over(Some(Gauge { read, cost: 1, least: 100 }));
        gauges
    }

    fn count(n: u64) {
        COUNT.set(COUNT.get() + n);
    }

    fn own(gauges: &Gauges, ticks: u64, begun: Option<Box<Begun>>) -> Option<u64> {
        gauges.end(Origin::Local, ticks, begun).map(|counted| counted.words[0])
    }

    #[test]
    fn a_nested_tasks_counts_are_its_own() {
        let gauges = gauges();
        let outer = gauges.begin(Origin::Injected);
        count(5);
        let inner = gauges.begin(Origin::Stolen);
        count(70);
        let innermost = gauges.begin(Origin::Local);
        count(1_000);
        assert_eq!(own(&gauges, 100, innermost), Some(1_000));
        assert_eq!(own(&gauges, 200, inner), Some(70));
        count(6);
        assert_eq!(own(&gauges, 300, outer), Some(11));
    }

    #[test]
    fn counts_of_a_short_task_belong_to_the_one_around_it() {
        let gauges = gauges();
        let outer = gauges.begin(Origin::Injected);
        let inner = gauges.begin(Origin::Stolen);
        count(7);
        let innermost = gauges.begin(Origin::Local);
        count(20);
        assert_eq!(own(&gauges, 100, innermost), Some(20));
        assert_eq!(own(&gauges, 99, inner), None);
        // What the innermost counted is its own all the same.
        assert_eq!(own(&gauges, 300, outer), Some(7));
    }

    #[test]
    fn tasks_that_are_always_short_are_not_read() {
        let gauges = gauges();
        for _ in 0..32 {
            let begun = gauges.begin(Origin::Local);
            assert_eq!(own(&gauges, 10, begun), None);
        }
        assert!(gauges.begin(Origin::Local).is_none());
        // One that is long makes the next one worth a look.
        assert_eq!(own(&gauges, 10_000, None), None);
        assert!(gauges.begin(Origin::Local).is_some());
    }

    #[test]
    fn without_a_gauge_nothing_is_read() {
        let gauges = gauges();
        gauges.start_over(None);
        assert!(gauges.begin(Origin::Local).is_none());
        assert!(gauges.end(Origin::Local, 1 << 40, None).is_none());
    }
}
