//! What is open on a lane, as its thread opens and closes. What a reader sees meanwhile is explored
//! under loom in `tests/loom_hand_over.rs`.

use super::buffer::Record;
use super::memory::Slots;
use super::open::{LEVELS, Open, Opened};

fn open() -> Open {
    Open::over(Slots::zeroed(Open::SLOTS))
}

fn record(id: u64) -> Record {
    [1, id, 0, 0, id, 0, 0, 0]
}

#[test]
fn what_was_opened_and_not_closed_is_there() {
    let open = open();
    assert_eq!(open.read(), Opened::default());
    let outer = open.enter(&record(1));
    let inner = open.enter(&record(2));
    open.waits(inner, 7);
    let waits = [1, 2, 7, 0, 2, 0, 0, 0];
    assert_eq!(open.read(), Opened { records: vec![record(1), waits], broken: None });
    open.leave(inner);
    assert_eq!(open.read().records, [record(1)]);
    open.leave(outer);
    assert_eq!(open.read(), Opened::default());
}

#[test]
fn what_is_open_where_events_begin_to_be_missing_stays() {
    let open = open();
    let outer = open.enter(&record(1));
    open.break_off(90);
    open.break_off(95);
    let inner = open.enter(&record(2));
    open.waits(outer, 7);
    open.leave(inner);
    open.leave(outer);
    assert_eq!(open.read(), Opened { records: vec![record(1)], broken: Some(90) });
}

#[test]
fn levels_without_room_close_like_others() {
    let open = open();
    let levels: Vec<u64> = (0..100).map(|id| open.enter(&record(id))).collect();
    assert_eq!(levels, (0..100).collect::<Vec<_>>());
    assert_eq!(open.read().records.len(), LEVELS);
    levels.into_iter().rev().for_each(|level| open.leave(level));
    assert_eq!(open.read(), Opened::default());
}
