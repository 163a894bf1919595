//! Programs whose serial part and whose tail are known: the decomposition says how long they were.

mod recording;

use std::thread;

use rayprism::analysis::{Component, Decomposition, Window};
use rayprism::facade::ThreadPoolBuilder;
use rayprism::model::*;
use rayprism::region;
use rayprism::timeline::{Row, State, Timeline};
use recording::truth::*;
use recording::*;

/// Serial rounds, then as many on four workers at once that the serial ones are this share of all.
fn amdahl(percent: u64) -> (u64, u64) {
    let all = 40 * ROUNDS;
    (all * percent / 100, all * (100 - percent) / 400)
}

/// All four workers work until the last one is done, so that there is no tail.
fn parallel(rounds: u64) {
    let meeting = Meeting::of(4);
    on_four_workers(|_| {
        spin(rounds);
        meeting.wait();
    });
}

/// While the region of that name runs, everybody else has nothing to do; and the serial share of the
/// program, `serial / ((P − 1) · work)`, is what the recorded spans say: that region, and what the
/// machine makes of the beginning and the end of the parallel part.
#[track_caller]
fn assert_serial_share(trace: &Trace) {
    let whole = decomposed(trace);
    let others = f64::from(whole.workers - 1);
    let part = during(trace, named(trace, "serial").1.span);
    assert_is(&part, &[Component::Serial], Nanos(3 * part.window.duration().0));

    let share = |time: f64, work: f64| time / (others * work);
    let work = on_the_cpu(trace).0 as f64;
    let expected = share(serial(trace, &whole).0 as f64, work);
    let found = whole.time(Component::Serial).0 as f64;
    let found = share(found, whole.time(Component::Work).0 as f64);
    assert!((found - expected).abs() < 0.02, "{found:.3}, not {expected:.3}: {whole:#?}");
}

/// The decomposition of a part of the window.
fn during(trace: &Trace, span: Span) -> Decomposition {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let pool = &timeline.pools()[0];
    let parts = Decomposition::of_each(&timeline, Window::of(&timeline), pool, [span]);
    only(parts.value().expect("measured").clone())
}

/// Time in tasks, and of the caller where it works, without what workers were preempted for.
fn on_the_cpu(trace: &Trace) -> Nanos {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let time = |row: &Row| -> Nanos {
        let busy = row.stretches().iter().filter(|part| part.state == State::Busy);
        busy.map(|part| {
            let [preempted, blocked] = off_cpu(row.lane(), part.span);
            match row.lane().role {
                Role::Worker { .. } => part.span.duration() - preempted - blocked,
                // It has no place among the workers that it could lose.
                Role::Outside => part.span.duration() - blocked,
            }
        })
        .sum()
    };
    timeline.rows().iter().map(time).sum()
}

#[test]
fn the_serial_share_of_a_program_whose_caller_works_alone() {
    let _alone = alone();
    for percent in [25, 50, 90] {
        let (serial, each) = amdahl(percent);
        let pool = pool(4);
        let (_, trace) = recorded(Detail::Full, || {
            region("program", || {
                region("serial", || spin(serial));
                pool.install(|| parallel(each));
            });
        });
        assert_serial_share(&trace);
    }
}

#[test]
fn the_serial_share_of_a_program_whose_task_works_alone() {
    let _alone = alone();
    for percent in [25, 50, 90] {
        let (serial, each) = amdahl(percent);
        let trace = record(Detail::Full, 4, || {
            region("serial", || spin(serial));
            parallel(each);
        });
        assert_serial_share(&trace);
    }
}

#[test]
fn the_tail_of_a_long_task_is_serial() {
    let _alone = alone();
    let short_is_over = Flag::new();
    let trace = record(Detail::Full, 2, || {
        stolen_join(
            || {
                short_is_over.wait();
                spin(20 * ROUNDS);
            },
            || short_is_over.raise(),
        );
    });
    decomposed(&trace);
    let (_, long) = only(joins(&trace));
    let stolen = tasks(&trace).into_iter().filter(|(_, task)| task.origin == Origin::Stolen);
    let (_, short) = only(stolen.collect());
    let tail = Span { start: short.span.end, end: long.first_end };
    let part = during(&trace, tail);
    assert_is(&part, &[Component::Serial], tail.duration());
    assert!(part.part(Component::Starved).is_none(), "{part:#?}");
}

#[test]
fn the_tail_of_two_long_tasks_starves_the_others() {
    let _alone = alone();
    let (over, long) = ([Flag::new(), Flag::new()], Meeting::of(2));
    let trace = record(Detail::Full, 4, || {
        on_four_workers(|task| {
            // The halves that were stolen in the inner joins, on workers that do nothing else.
            if task % 2 == 1 {
                return over[task / 2].raise();
            }
            over.iter().for_each(Flag::wait);
            spin(20 * ROUNDS);
            // Neither ends much before the other.
            long.wait();
        });
    });
    decomposed(&trace);
    let inner: Vec<&Join> =
        joins(&trace).into_iter().map(|(_, join)| join).filter(|join| join.depth == 1).collect();
    let ends = tasks(&trace).into_iter().filter(|(_, task)| {
        task.parent.is_some_and(|parent| inner.iter().any(|join| join.id == parent))
    });
    let ends: Vec<Nanos> = ends.map(|(_, task)| task.span.end).collect();
    let [first, second] = ends[..] else { panic!("two short tasks in {trace:#?}") };
    let [one, other] = inner[..] else { panic!("two inner joins") };
    let tail = Span { start: first.max(second), end: one.first_end.min(other.first_end) };
    let part = during(&trace, tail);
    assert_is(&part, &[Component::Starved], Nanos(2 * tail.duration().0));
    assert!(part.part(Component::Serial).is_none(), "{part:#?}");
}

/// A thread that is a worker of the pool that it built works for itself between its calls.
#[test]
fn what_the_builder_of_a_pool_does_between_its_calls_is_work() {
    let _alone = alone();
    // rayon never lets go of such a thread: it is one of its own.
    let recording = || {
        let (_, trace) = recorded(Detail::Full, || {
            let pool = ThreadPoolBuilder::new().num_threads(2).use_current_thread();
            let pool = pool.build().expect("a pool");
            region("program", || {
                pool.install(|| stolen_join(|| spin(ROUNDS), || spin(ROUNDS)));
                region("its own", || spin(20 * ROUNDS));
                spin(20 * ROUNDS);
                stolen_join(|| spin(ROUNDS), || spin(ROUNDS));
            });
        });
        trace
    };
    let trace = thread::scope(|scope| scope.spawn(recording).join().expect("no panic"));
    assert!(only(trace.pools.clone()).uses_current_thread);
    let whole = decomposed(&trace);
    let own = named(&trace, "its own").1.span;
    assert_is(&during(&trace, own), &[Component::Serial], own.duration());
    // From its end to the next call it goes on in the same way.
    let next = joins(&trace).into_iter().map(|(_, join)| join.span.start);
    let next = next.filter(|start| *start > own.end).min().expect("a second join");
    let after = Span { start: own.end, end: next };
    assert_is(&during(&trace, after), &[Component::Serial], after.duration());
    assert!(whole.time(Component::HandOver) < whole.time(Component::Serial), "{whole:#?}");
}
