//! Tests of the buffer and of the pending sum, kept apart from them because the model checker
//! compiles those alone.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::buffer::{Buffer, Record, Snapshot, WORDS, WhenFull};
use super::pending::Pending;

fn record(n: u64) -> Record {
    [n; WORDS]
}

fn filled(capacity: usize, when_full: WhenFull, n: u64) -> Snapshot {
    let buffer = Buffer::new(capacity, when_full);
    (0..n).for_each(|n| {
        buffer.push(&record(n));
    });
    buffer.snapshot()
}

#[test]
fn keeps_the_order() {
    let records = (0..3).map(record).collect();
    let expected = Snapshot { records, overwritten: 0, dropped: 0 };
    assert_eq!(filled(4, WhenFull::Drop, 3), expected);
}

#[test]
fn counts_what_it_drops() {
    let records = (0..4).map(record).collect();
    let expected = Snapshot { records, overwritten: 0, dropped: 3 };
    assert_eq!(filled(4, WhenFull::Drop, 7), expected);
}

#[test]
fn counts_what_it_overwrites() {
    let records = (3..7).map(record).collect();
    let expected = Snapshot { records, overwritten: 3, dropped: 0 };
    assert_eq!(filled(4, WhenFull::Overwrite, 7), expected);
}

#[test]
fn untouched_capacity_is_free() {
    // 1 TiB: would fail at once if it were committed.
    if cfg!(all(target_os = "linux", target_pointer_width = "64", not(miri))) {
        let buffer = Buffer::new(1 << 27, WhenFull::Drop);
        buffer.push(&record(1));
        assert_eq!(buffer.snapshot().records, [record(1)]);
    }
}

#[test]
fn a_reader_of_the_pending_sum_sees_one_state() {
    let (pending, beside, over) = (Pending::new(), AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let states = if cfg!(miri) { 100 } else { 100_000 };
            for state in 1..=states {
                pending.set(&record(state), || beside.store(state, Ordering::Relaxed));
            }
            over.store(true, Ordering::Relaxed);
        });
        while !over.load(Ordering::Relaxed) {
            if let Some((sum, beside)) = pending.read(|| beside.load(Ordering::Relaxed)) {
                assert_eq!(sum, record(beside));
            }
        }
    });
}
