//! What is found in the traces of a simulated pool is what is true of it by construction: work, span,
//! steals, and that no nanosecond of its workers is lost.

mod simulated_pool;
mod timeline_fixture;

use proptest::prelude::*;
use rayprism::analysis::{Component, CoreTime, Decomposition, Steals, Window, WorkClock, WorkSpan};
use rayprism::model::*;
use rayprism::timeline::Timeline;
use simulated_pool::*;

fn timeline(trace: &Trace) -> Timeline<'_> {
    Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"))
}

fn work_span(trace: &Trace) -> WorkSpan {
    let timeline = timeline(trace);
    let found = WorkSpan::of(&timeline, Window::of(&timeline), &timeline.pools()[0]);
    found.value().expect("measured").clone()
}

/// A trace whose recording cost nothing, and in which rayon took no time.
fn free(trace: &mut Trace) {
    trace.header.costs = Costs::NOTHING;
    trace.header.rayon = Measured::Is(RayonCosts { join_ps: 0, spawn_ps: 0, job_ps: 0 });
}

proptest! {
    #[test]
    fn work_and_span_are_those_of_the_program(dag in dags(), settings in settings()) {
        let run = simulate(&dag, settings);
        let found = work_span(&run.trace);
        prop_assert_eq!(found.clock, WorkClock::Wall);
        prop_assert_eq!(found.work, Nanos(dag.work()));
        prop_assert_eq!(found.work.0, run.worked.iter().sum::<u64>());
        prop_assert_eq!(found.span, Nanos(dag.span()));
        prop_assert_eq!((found.unplaced, found.span_at_most), (Nanos::ZERO, found.span));
        prop_assert_eq!((found.entries, found.untimed_joins), (1, 0));
    }

    #[test]
    fn the_burdened_span_is_that_of_the_program(dag in dags(), settings in settings()) {
        let run = simulate(&dag, settings);
        let found = work_span(&run.trace);
        let burden = found.burden.value().map_or(0, |burden| burden.total().0);
        // The program comes into the pool from outside.
        prop_assert_eq!(found.burdened.0, dag.burdened(burden) + burden);
        prop_assert_eq!(found.burden.value().is_some(), run.steals > 0);
    }

    #[test]
    fn the_laws_hold(dag in dags(), settings in settings()) {
        let run = simulate(&dag, settings);
        let found = work_span(&run.trace);
        let burden = found.burden.value().map_or(0, |burden| burden.total().0);
        prop_assert!(found.span <= found.work);
        prop_assert!(found.span <= found.burdened);
        prop_assert!(found.burdened.0 <= found.work.0 + found.entries * burden);
        prop_assert!(run.time >= found.span.0);
        prop_assert!(run.time * u64::from(settings.workers) >= found.work.0);
        let [call] = &found.operations[..] else { panic!("one call") };
        prop_assert_eq!((call.work, call.span), (found.work, found.span));
        prop_assert_eq!(call.burdened, found.burdened);
    }

    /// Recording costs nothing in the simulation, and joins cost what it says.
    #[test]
    fn the_components_are_all_the_core_time(dag in dags(), settings in settings()) {
        let mut run = simulate(&dag, settings);
        free(&mut run.trace);
        let timeline = timeline(&run.trace);
        let window = Window::of(&timeline);
        let whole = Decomposition::of(&timeline, window, &timeline.pools()[0]);
        let whole = whole.value().expect("measured");
        let all = CoreTime((u64::from(settings.workers) * run.time) as i64);
        prop_assert_eq!(whole.parts.iter().map(|part| part.time).sum::<CoreTime>(), all);
        prop_assert_eq!(CoreTime::from(whole.core_time), all);
        // Each part is rounded to the nearest nanosecond.
        prop_assert!(whole.time(Component::Unattributed).0.abs() <= 10, "{:?}", whole);
        let work = whole.time(Component::Work) + whole.time(Component::Runtime);
        prop_assert!((work - whole.callers).0.abs_diff(dag.work() as i64) <= 10, "{:?}", whole);
    }

    #[test]
    fn steals_and_joins_are_counted(dag in dags(), settings in settings()) {
        let run = simulate(&dag, settings);
        let timeline = timeline(&run.trace);
        prop_assert_eq!(Steals::of(&timeline).exact, Measured::Is(run.steals));
        prop_assert_eq!(run.trace.counts().joins, dag.joins());
        let halves = |wanted| {
            let events = run.trace.lanes.iter().flat_map(|lane| &lane.events);
            let joins = events.filter(|event| {
                matches!(event, Event::Join(join) if join.second == wanted)
            });
            joins.count() as u64
        };
        prop_assert_eq!(halves(SecondHalf::Stolen), run.steals);
        prop_assert_eq!(halves(SecondHalf::SameWorker), run.same_worker);
        prop_assert_eq!(timeline.causality().violated, 0);
    }
}

#[test]
fn the_simulation_does_what_real_pools_do() {
    let leaf = |length| Box::new(Dag::Leaf(length));
    let part = |length| Dag::Join(Box::new(Dag::Join(leaf(length), leaf(80))), leaf(length));
    let dag = Dag::Join(Box::new(part(40)), Box::new(part(90)));
    let runs = (0..200)
        .map(|seed| simulate(&dag, Settings { workers: 3, seed, latency: 20, any_job: true }));
    let (mut steals, mut same_worker, mut nested) = (0, 0, 0);
    for run in runs {
        steals += run.steals;
        same_worker += run.same_worker;
        let timeline = timeline(&run.trace);
        let rows = timeline.rows().iter();
        nested += rows
            .flat_map(|row| row.frames().iter().map(move |frame| (row, frame)))
            .filter(|(row, frame)| {
                frame.parent().is_some()
                    && matches!(row.lane().events[frame.event()], Event::Task(_))
            })
            .count();
    }
    // Halves are stolen, come back to who pushed them, and run in others' waits.
    assert!(steals > 200 && same_worker > 0 && nested > 50, "{steals} {same_worker} {nested}");
}
