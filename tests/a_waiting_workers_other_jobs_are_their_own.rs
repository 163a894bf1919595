//! A worker that waits for its stolen half runs another job meanwhile: that job's time is its own,
//! neither the waiting join's nor the waiting task's.

mod recording;

use rayprism::analysis::{Activity, Window};
use rayprism::facade as rayon;
use rayprism::model::*;
use rayprism::timeline::{State, Timeline};
use recording::*;

/// Two workers. The victim's second half is stolen; the thief then waits until the victim, which
/// waits for that half, has run the thief's own spawned job.
fn leapfrog(detail: Detail) -> Trace {
    record(detail, 2, || {
        rayon::scope(|scope| {
            let scope = &scope;
            stolen_join(
                || (),
                || {
                    let ran = Flag::new();
                    let ran: &'static Flag = Box::leak(Box::new(ran));
                    scope.spawn(move |_| {
                        rayprism::region("leapfrogged", || tree(4));
                        ran.raise();
                    });
                    ran.wait();
                },
            );
        });
    })
}

#[test]
fn of_a_join() {
    let _alone = alone();
    for detail in [Detail::Auto, Detail::Full] {
        let trace = leapfrog(detail);
        assert_whole(&trace);
        let (waiter, outer) = only(
            joins(&trace).into_iter().filter(|(_, j)| j.second == SecondHalf::Stolen).collect(),
        );
        let (_, region) = only(
            operations(&trace)
                .into_iter()
                .filter(|(_, o)| o.label.as_deref() == Some("leapfrogged"))
                .collect(),
        );
        let (lane, job) =
            only(tasks(&trace).into_iter().filter(|(_, t)| Some(t.id) == region.task).collect());
        assert_eq!(lane.id, waiter.id);
        assert_eq!((job.origin, job.joins), (Origin::Stolen, 15));
        // It lies in the wait of the join, and is none of the waiting task's.
        assert!(outer.first_end <= job.span.start && job.span.end <= outer.span.end);
        let (_, around) =
            only(tasks(&trace).into_iter().filter(|(_, t)| t.id == outer.task).collect());
        assert_eq!(around.joins, 1);
        assert_eq!(trace.counts().joins, 16);
        assert_own_time(&trace, waiter, outer, job);
    }
}

/// What the waiting lane did from the first half's end to the join's return: the job is busy time,
/// the rest is a wait, and each nanosecond is one of them.
fn assert_own_time(trace: &Trace, waiter: &Lane, outer: &Join, job: &Task) {
    let timeline = Timeline::new(trace).expect("a sound trace");
    let row = timeline.rows().iter().find(|row| row.lane().id == waiter.id).expect("its row");
    let wait = Span { start: outer.first_end, end: outer.span.end };
    let parts: Vec<_> = row.stretches().iter().filter_map(|part| part.within(wait)).collect();
    let time_in = |state| -> Nanos {
        parts.iter().filter(|part| part.state == state).map(|part| part.span.duration()).sum()
    };
    assert_eq!(time_in(State::Busy), job.span.duration());
    assert_eq!(time_in(State::Waiting), wait.duration() - job.span.duration());
    let window = Window::of(&timeline);
    let activity = Activity::of(&timeline, window);
    let worker = activity.pools.iter().flat_map(|pool| &pool.workers);
    let worker = worker.into_iter().find(|worker| worker.lane == waiter.id).expect("itself");
    let times = worker.times.value().expect("measured");
    let sum = times.busy + times.waiting + times.no_task + times.absent;
    assert_eq!(sum, window.span.duration());
    assert!(times.waiting >= time_in(State::Waiting));
}

#[test]
fn of_a_scope() {
    let _alone = alone();
    // One worker: the scope's jobs run one in the other's wait.
    let trace = record(Detail::Full, 1, || {
        rayon::scope(|outer| {
            outer.spawn(|_| tree(2));
            rayon::scope(|inner| inner.spawn(|_| tree(3)));
        });
    });
    assert_whole(&trace);
    let scopes = operations(&trace);
    let scopes: Vec<_> =
        scopes.iter().filter(|(_, o)| o.kind == OperationKind::Scope).map(|(_, o)| o).collect();
    let [outer, inner] = scopes[..] else { panic!("two scopes, not {scopes:#?}") };
    let inner_job = only(tasks(&trace).into_iter().filter(|(_, t)| t.joins == 7).collect()).1;
    let outer_job = only(tasks(&trace).into_iter().filter(|(_, t)| t.joins == 3).collect()).1;
    assert!(inner.wait <= inner_job.span.start && inner_job.span.end <= inner.span.end);
    assert!(outer.wait <= outer_job.span.start && outer_job.span.end <= outer.span.end);
    assert!(inner.span.end <= outer.wait);
    let root = only(tasks(&trace).into_iter().filter(|(_, t)| t.joins == 0).collect()).1;
    assert_eq!((root.spawns, Some(root.id)), (2, outer.task));
}
