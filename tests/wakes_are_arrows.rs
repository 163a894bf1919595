//! A sleep that somebody ended has an arrow from the waker's lane to where the worker runs again.

#![cfg(feature = "read")]

mod timeline_fixture;

use rayprism::format::{self, Format};
use rayprism::model::{Annotations, Event, Idle, SearchEnd, Trace};
use serde_json::Value;
use timeline_fixture::*;

/// A thread that is no worker and calls for a while, a worker with a task, and one that sleeps.
fn slept(stretches: Vec<Idle>) -> Trace {
    let call = Event::Operation(operation(1, 1, [100, 150, 400]));
    let busy = worker(2, 0, vec![Event::Task(task(2, 1, 100, 300))]);
    let sleeper = idling(worker(3, 1, vec![Event::Task(task(3, 1, 700, 800))]), stretches);
    trace(1_000, vec![outside(1, vec![call]), busy, sleeper])
}

fn entries(trace: &Trace) -> Vec<Value> {
    for format in [Format::Json, Format::Pftrace] {
        let mut file = Vec::new();
        format::write(trace, &Annotations::default(), format, &mut file).expect("memory");
        assert_eq!(&format::read(&file[..]).expect("a trace"), trace);
    }
    let mut file = Vec::new();
    format::write(trace, &Annotations::default(), Format::Json, &mut file).expect("memory");
    serde_json::from_slice(&file).expect("an array")
}

fn place(entry: &Value) -> (u64, u64) {
    let micros = entry["ts"].as_f64().expect("a time");
    (entry["tid"].as_u64().expect("a thread"), (micros * 1_000.0).round() as u64)
}

/// Thread and time of both ends of each arrow of a wake.
fn wakes(trace: &Trace) -> Vec<[(u64, u64); 2]> {
    let entries = entries(trace);
    let ends = |ph: &'static str| {
        entries.iter().filter(move |entry| entry["ph"] == ph && entry["cat"] == "wake")
    };
    assert_eq!(ends("s").count(), ends("f").count());
    let arrow = |from: &Value| {
        let to = ends("f").find(|to| to["id"] == from["id"]).expect("its end");
        [place(from), place(to)]
    };
    ends("s").map(arrow).collect()
}

/// Thread and time of the slices of that name.
fn named(trace: &Trace, name: &str) -> Vec<(u64, u64)> {
    entries(trace).iter().filter(|entry| entry["name"] == name).map(place).collect()
}

const SLEEPER: u64 = 4;

#[test]
fn a_waker_that_shows_a_slice_has_an_arrow_to_the_search_that_follows() {
    for (waker, thread) in [(1, 2), (2, 3)] {
        let trace =
            slept(vec![sleep(50, 260, Some((230, waker))), search(260, 300, SearchEnd::Found)]);
        assert_eq!(wakes(&trace), [[(thread, 230), (SLEEPER, 260)]]);
    }
}

#[test]
fn the_arrow_leaves_from_a_mark_of_the_instant() {
    let trace = slept(vec![sleep(50, 260, Some((230, 2))), search(260, 300, SearchEnd::Found)]);
    let marks = entries(&trace);
    let marks: Vec<_> = marks.iter().filter(|entry| entry["name"] == "wake").collect();
    // The mark, its arrow right behind it, and the arrow's other end.
    assert_eq!(marks.iter().map(|mark| &mark["ph"]).collect::<Vec<_>>(), ["X", "s", "f"]);
    assert_eq!((place(marks[0]), &marks[0]["dur"]), ((3, 230), &Value::from(0.0)));
    assert_eq!(named(&trace, "awake"), []);
}

#[test]
fn where_nothing_begins_at_the_sleeps_end_a_mark_does() {
    let trace = slept(vec![sleep(50, 260, Some((230, 2)))]);
    assert_eq!(wakes(&trace), [[(3, 230), (SLEEPER, 260)]]);
    assert_eq!(named(&trace, "awake"), [(SLEEPER, 260)]);
}

#[test]
fn a_waker_that_shows_nothing_then_has_the_mark_alone() {
    // Before and after what it shows, and at its very end.
    for (at, waker, thread) in [(90, 1, 2), (500, 1, 2), (300, 2, 3), (310, 2, 3)] {
        let sleep = sleep(50, 600, Some((at, waker)));
        let trace = slept(vec![sleep, search(600, 700, SearchEnd::Found)]);
        assert_eq!(wakes(&trace), [[(thread, at), (SLEEPER, 600)]], "{waker} at {at}");
    }
}

#[test]
fn a_waker_that_is_not_in_the_trace_has_none() {
    let trace = slept(vec![sleep(50, 600, Some((230, 9))), search(600, 700, SearchEnd::Found)]);
    assert_eq!(wakes(&trace), [[(0, 0); 2]; 0]);
    assert_eq!(named(&trace, "wake"), []);
}

#[test]
fn an_open_sleep_has_none() {
    assert_eq!(wakes(&slept(vec![sleep(50, 600, None)])), [[(0, 0); 2]; 0]);
    let Idle::Sleep(woken) = sleep(800, 1_000, Some((900, 2))) else { panic!("a sleep") };
    let open = rayprism::model::Sleep { open: true, ..woken };
    let mut trace = slept(vec![Idle::Sleep(open)]);
    trace.lanes[1].events = vec![Event::Task(task(2, 1, 100, 950))];
    assert_eq!(wakes(&trace), [[(0, 0); 2]; 0]);
}

#[test]
fn several_wakes_of_one_thread_are_several_arrows() {
    let trace = slept(vec![
        sleep(50, 160, Some((140, 2))),
        search(160, 170, SearchEnd::Asleep),
        sleep(170, 260, Some((230, 2))),
        search(260, 300, SearchEnd::Found),
    ]);
    let expected = [[(3, 140), (SLEEPER, 160)], [(3, 230), (SLEEPER, 260)]];
    assert_eq!(wakes(&trace), expected);
}
