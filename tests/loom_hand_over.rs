//! Every interleaving of a writer and a reader of the buffer, under loom: a reader never sees a
//! record that was not written whole, never one out of order, and its counts add up.
//!
//! So for the sum of short events that is not written yet, and for what is open: a reader sees one
//! state of it.
//!
//! The recorder's own sources are compiled here, with loom's atomics and a plain vector in the places
//! of `sync` and `memory`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering, fence};
}

mod memory {
    use std::ops::Deref;

    use super::buffer::Slot;
    use super::sync::AtomicU64;

    pub(super) struct Slots(Vec<Slot>);

    impl Slots {
        pub(super) fn zeroed(len: usize) -> Self {
            let slot = |_| Slot(std::array::from_fn(|_| AtomicU64::new(0)));
            Self((0..len).map(slot).collect())
        }
    }

    impl Deref for Slots {
        type Target = [Slot];

        fn deref(&self) -> &[Slot] {
            &self.0
        }
    }
}

#[path = "../src/record/buffer.rs"]
#[allow(unused_imports, dead_code, reason = "the model needs a part of it")]
mod buffer;

#[path = "../src/record/pending.rs"]
#[expect(dead_code, reason = "the model tries once, where the product tries again")]
mod pending;

#[path = "../src/record/open.rs"]
#[expect(dead_code, reason = "the model tries once, where the product tries again")]
mod open;

use std::collections::BTreeSet;

use buffer::{Buffer, Record, Snapshot, WhenFull};
use loom::sync::Arc;
use loom::thread;
use memory::Slots;
use open::Open;
use pending::Pending;

fn record(number: u64) -> Record {
    [number; 8]
}

/// A reader takes a snapshot while a writer writes `count` records; then another is taken.
///
/// The writer is the thread that loom runs first: then each load of the reader is tried with every
/// value that the orderings allow it to see, old ones included.
fn hand_over(capacity: usize, when_full: WhenFull, count: u64) -> usize {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let note = std::sync::Arc::clone(&seen);
    let mut model = loom::model::Builder::new();
    // Switches at other places than where a thread blocks add nothing to what loads may see, and
    // every one of them multiplies the search.
    model.preemption_bound = Some(1);
    model.check(move || {
        let buffer = Arc::new(Buffer::new(capacity, when_full));
        let reader = {
            let buffer = Arc::clone(&buffer);
            thread::spawn(move || buffer.snapshot())
        };
        (1..=count).for_each(|number| {
            buffer.push(&record(number));
        });
        let early = reader.join().unwrap();
        check(&early, count);
        note.lock().unwrap().insert(early.records.len());
        let last = buffer.snapshot();
        check(&last, count);
        assert_eq!(last.overwritten + last.records.len() as u64 + last.dropped, count);
    });
    seen.lock().unwrap().len()
}

fn check(snapshot: &Snapshot, count: u64) {
    let numbers: Vec<u64> = snapshot.records.iter().map(|record| record[0]).collect();
    for whole in &snapshot.records {
        assert!(whole.iter().all(|word| *word == whole[0]), "torn: {whole:?}");
    }
    let expected: Vec<u64> = (snapshot.overwritten + 1..).take(numbers.len()).collect();
    assert_eq!(numbers, expected);
    assert!(numbers.last().is_none_or(|last| *last <= count));
}

#[test]
fn records_are_whole_while_there_is_room() {
    // None, one or both: the reader was there at every point of the writing.
    assert_eq!(hand_over(2, WhenFull::Drop, 2), 3);
}

#[test]
fn what_does_not_fit_is_dropped_and_counted() {
    assert_eq!(hand_over(1, WhenFull::Drop, 2), 2);
}

#[test]
fn overwritten_records_are_never_seen_torn() {
    assert_eq!(hand_over(2, WhenFull::Overwrite, 3), 3);
}

#[test]
fn a_pending_sum_is_read_in_one_state_or_not_at_all() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let note = std::sync::Arc::clone(&seen);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(1);
    model.check(move || {
        let pending = Arc::new(Pending::new());
        let reader = {
            let pending = Arc::clone(&pending);
            thread::spawn(move || pending.try_read(|| ()))
        };
        pending.set(&record(1), || ());
        let read = reader.join().unwrap().map(|(sum, ())| sum);
        assert!([None, Some(record(0)), Some(record(1))].contains(&read), "torn: {read:?}");
        note.lock().unwrap().insert(read);
        assert_eq!(pending.try_read(|| ()), Some((record(1), ())));
    });
    assert_eq!(seen.lock().unwrap().len(), 3);
}

/// Something is opened, closed, and something else opened in its place.
#[test]
fn what_is_open_is_read_in_one_state_or_not_at_all() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let note = std::sync::Arc::clone(&seen);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(1);
    model.check(move || {
        let open = Arc::new(Open::over(Slots::zeroed(2)));
        let reader = {
            let open = Arc::clone(&open);
            thread::spawn(move || open.try_read())
        };
        let level = open.enter(&record(1));
        open.leave(level);
        open.enter(&record(2));
        let read = reader.join().unwrap().map(|opened| opened.records);
        let states = [vec![], vec![record(1)], vec![record(2)]];
        assert!(read.as_ref().is_none_or(|read| states.contains(read)), "torn: {read:?}");
        note.lock().unwrap().insert(read);
        let last = open.try_read().map(|opened| opened.records);
        assert_eq!(last, Some(vec![record(2)]));
    });
    // Not at all, or in any of the three.
    assert_eq!(seen.lock().unwrap().len(), 4);
}
