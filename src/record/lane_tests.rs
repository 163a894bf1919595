//! The recorder by itself, with plain threads in the place of rayon's workers. One test, because
//! there is one recorder per process; it runs under Miri, too.

use std::panic::Location;
use std::thread;

use super::event::{Origin, Raw, SecondHalf};
use super::{
    Arrival, Detail, Identity, Lane, OnFull, OperationKind, Seat, Settings, Slow, Wait, new_pool,
    start, stop,
};

fn nobody() -> Identity {
    Identity { seat: None, name: None, thread: None, cpu: None }
}

/// A thread that is a worker for as long as `f` runs.
fn worker(seat: Seat, f: impl FnOnce(&Lane)) {
    let lane = Lane::new();
    lane.register(seat, nobody);
    f(&lane);
    #[expect(unsafe_code, reason = "the lane is this function's own")]
    // SAFETY: `f` has ended, and with it all that it began.
    unsafe {
        lane.retire(None);
    }
}

/// A join whose first half is another join, and whose second half another worker runs.
fn stolen_join(lane: &Lane, thief: Seat) {
    assert!(lane.tick(), "in full, every join takes the slow path");
    let Slow::Timed(timed) = lane.slow_join() else { panic!("in full, every join is timed") };
    let mut open = timed.open(Location::caller());
    let halves = open.halves();
    inline_join(lane);
    thread::scope(|scope| {
        scope.spawn(|| {
            worker(thief, |lane| {
                let link = halves.second_begins(lane);
                lane.begin(nobody, Arrival::Job(link)).done();
            });
        });
        halves.first_ended(lane);
    });
    open.close();
}

fn inline_join(lane: &Lane) {
    assert!(lane.tick(), "in full, every join takes the slow path");
    let Slow::Timed(timed) = lane.slow_join() else { panic!("in full, every join is timed") };
    let mut open = timed.open(Location::caller());
    open.halves().first_ended(lane);
    open.close();
}

#[test]
fn what_two_threads_did_is_what_they_recorded() {
    let settings =
        Settings { detail: Detail::Full, capacity: 64, on_full: OnFull::Collapse, gauge: None };
    start(settings).expect("no other test of this process records");
    let pool = new_pool(2, true);
    let seat = |index| Seat { pool, index };
    worker(seat(0), |lane| {
        let running = lane.begin(nobody, Arrival::Root);
        stolen_join(lane, seat(1));
        let site = Location::caller();
        let region = lane.open_operation(nobody, OperationKind::Region, site, Some("a label"));
        region.expect("recorded").close(Wait::Never);
        running.done();
    });
    let recording = stop().expect("it was under way");
    let [(_, Some(victim)), (_, Some(thief))] = recording.threads.as_slice() else {
        panic!("two threads recorded: {recording:?}")
    };
    assert_eq!((victim.counts.joins, victim.counts.timed_joins, victim.counts.tasks), (2, 2, 0));
    assert_eq!((thief.counts.joins, thief.counts.tasks, thief.counts.steals), (0, 1, 1));
    let [Raw::Join(inner), Raw::Join(outer), Raw::Operation(region), Raw::Task(root)] =
        victim.events.as_slice()
    else {
        panic!("in the order they ended: {:?}", victim.events)
    };
    assert_eq!(
        (inner.second(), outer.second()),
        (Some(SecondHalf::Inline), Some(SecondHalf::Stolen))
    );
    assert_eq!((outer.first_joins, outer.second_joins, outer.task), (1, 0, root.id));
    assert_eq!((inner.small, outer.small, root.joins), (1, 0, 2));
    assert_eq!(victim.texts[region.label as usize - 1], "a label");
    let [Raw::Task(stolen)] = thief.events.as_slice() else { panic!("{:?}", thief.events) };
    assert_eq!((stolen.origin(), stolen.parent), (Some(Origin::Stolen), outer.id));
    assert!(outer.start <= stolen.start && stolen.end <= outer.end);
}
