//! Tests of the buffer, kept apart from it because the model checker compiles the buffer alone.

use super::buffer::{Buffer, Record, Snapshot, WORDS, WhenFull};

fn record(n: u64) -> Record {
    [n; WORDS]
}

fn filled(capacity: usize, when_full: WhenFull, n: u64) -> Snapshot {
    let buffer = Buffer::new(capacity, when_full);
    (0..n).for_each(|n| buffer.push(&record(n)));
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
