//! Programs whose tasks and continuations wait for a known time: the decomposition says for what.

mod recording;

use rayprism::analysis::{Breakdown, By, Component, CoreTime, Window};
use rayprism::facade as rayon;
use rayprism::model::*;
use rayprism::region;
use rayprism::timeline::Timeline;
use recording::truth::*;
use recording::*;

/// The only task that came so.
fn task_of(trace: &Trace, origin: Origin) -> &Task {
    let all = tasks(trace).into_iter();
    only(all.filter(|(_, task)| task.origin == origin).collect()).1
}

fn queued(task: &Task) -> Span {
    Span { start: task.pushed.expect("recorded"), end: task.span.start }
}

/// A half lies in the deque while the only other worker is held in another task: nobody is idle, and
/// nothing is lost. From the instant on at which that worker is free, it is.
#[test]
fn a_queued_half_is_scheduling_once_somebody_could_run_it() {
    let _alone = alone();
    let [held, release, begun] = [Flag::new(), Flag::new(), Flag::new()];
    let trace = record(Detail::Full, 2, || {
        rayon::scope(|scope| {
            scope.spawn(|_| {
                held.raise();
                release.wait();
            });
            held.wait();
            let first = || {
                spin(10 * ROUNDS);
                release.raise();
                begun.wait();
            };
            let second = || {
                begun.raise();
                spin(ROUNDS);
            };
            rayon::join(first, second);
        });
    });
    let whole = decomposed(&trace);
    let (_, join) = only(joins(&trace));
    let stolen: Vec<&Task> =
        tasks(&trace).into_iter().map(|(_, t)| t).filter(|t| t.origin == Origin::Stolen).collect();
    let [holder, half] = stolen[..] else { panic!("two steals, not {stolen:#?}") };
    assert_eq!(half.parent, Some(join.id));
    // It was pushed long before.
    let since = half.pushed.expect("recorded");
    assert!(since < holder.span.end, "{trace:#?}");
    let could_have_run = Span { start: holder.span.end, end: half.span.start };
    let resumed = Span { start: half.span.end.max(join.first_end), end: join.span.end };
    let entry = queued(task_of(&trace, Origin::Injected));
    let waits = [could_have_run, resumed, entry, queued(holder)].map(Span::duration);
    assert_is(&whole, SCHEDULING, waits.into_iter().sum());
}

/// Two workers. The first one's join could go on, as its stolen half is over, but the first runs the
/// job that the second had spawned.
#[test]
fn a_join_beneath_another_job_pins_the_idle() {
    let _alone = alone();
    let [ran, over] = [Flag::new(), Flag::new()];
    let trace = record(Detail::Full, 2, || {
        rayon::scope(|scope| {
            let (ran, over) = (&ran, &over);
            stolen_join(
                || (),
                || {
                    scope.spawn(|_| {
                        region("another job", || {
                            ran.raise();
                            over.wait();
                            spin(20 * ROUNDS);
                        });
                    });
                    ran.wait();
                    over.raise();
                },
            );
        });
    });
    let whole = decomposed(&trace);
    let (waiter, join) = only(joins(&trace));
    let (lane, job) = named(&trace, "another job");
    assert_eq!(lane.id, waiter.id);
    let find = |wanted: &dyn Fn(&Task) -> bool| {
        only(tasks(&trace).into_iter().filter(|(_, task)| wanted(task)).collect()).1
    };
    let half = find(&|task| task.parent == Some(join.id));
    let job = find(&|task| Some(task.id) == job.task);
    assert!(join.span.contains(job.span) && half.span.end < job.span.end);
    // Its end was seen as soon as the job had begun.
    let pinned = Span { start: half.span.end, end: job.span.end };
    assert_is(&whole, &[Component::Pinned], pinned.duration());
    assert!(whole.time(Component::Pinned).0 > 0);
    assert_own(&trace, lane, job);
}

/// What the first worker did with a job is the other job's time and that of the task around the join
/// before and after it; none of it is counted twice.
fn assert_own(trace: &Trace, lane: &Lane, job: &Task) {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let window = Window::of(&timeline);
    let Role::Worker { index, .. } = lane.role else { panic!("a worker") };
    let workers = Breakdown::of(&timeline, window, By::Worker).pools;
    let rows = only(workers).value().expect("measured").clone();
    let row = &rows[index as usize];
    let with_a_job: CoreTime = row.parts.iter().map(|(_, time)| *time).sum();
    let idle = row.idle.expect("of a worker");
    // Each is rounded by itself.
    let missing = with_a_job + idle - CoreTime::from(window.span.duration());
    assert!(missing.0.abs() < 10, "{row:#?}");
    assert!(with_a_job >= CoreTime::from(job.span.duration()), "{row:#?}");
    let (_, join) = only(joins(trace));
    let waited = join.span.end - join.first_end - job.span.duration();
    assert!(idle >= CoreTime::from(waited), "{row:#?}");
}

/// A panic in either half, through the join and out of the pool: nothing is lost with it.
#[test]
fn a_panic_leaves_the_parts_whole() {
    let _alone = alone();
    for fails in [0, 3] {
        let trace = record(Detail::Full, 4, || {
            assert_panics("on purpose", || {
                on_four_workers(|task| {
                    spin(ROUNDS);
                    if task == fails {
                        fail("on purpose");
                    }
                    spin(ROUNDS);
                });
            });
            spin(ROUNDS);
        });
        let whole = decomposed(&trace);
        assert!(tasks(&trace).iter().any(|(_, task)| task.outcome == Outcome::Returned));
        assert!(joins(&trace).iter().any(|(_, join)| join.outcome == Outcome::Panicked));
        assert!(whole.time(Component::Work).0 > 0);
    }
}

/// An iterator that takes as long for an item as its item takes, on four workers: three wait for it.
#[test]
fn waiting_for_a_slow_iterator_is_no_blocking() {
    use rayon::iter::{ParallelBridge, ParallelIterator};
    let _alone = alone();
    let trace = record(Detail::Full, 4, || {
        let slow = (0..60).inspect(|_| spin(ROUNDS));
        slow.par_bridge().for_each(|_| spin(ROUNDS / 4));
    });
    let whole = decomposed(&trace);
    let waited: Nanos = leaves(&trace).iter().map(|(_, leaf)| leaf.waited).sum();
    assert!(waited > Nanos::ZERO);
    assert_is(&whole, &[Component::Producer], waited);
    assert!(whole.time(Component::Blocked) < whole.time(Component::Producer), "{whole:#?}");
}
