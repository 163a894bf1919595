//! The program's own spans and events are in the recording, as phases and notes, on every thread
//! that works for them; they are bounded, and what is not kept is counted.

#![cfg(all(feature = "layer", feature = "read"))]

mod recording;

use rayprism::facade as rayon;
use rayprism::facade::prelude::*;
use rayprism::format::chrome;
use rayprism::model::*;
use recording::*;
use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt;

/// What is recorded while `f` runs in a pool, and the layer listens on all threads.
fn with_layer(detail: Detail, workers: usize, f: impl FnOnce() + Send) -> Trace {
    listen();
    let pool = pool(workers);
    let ((), trace) = recorded(detail, || {
        info_span!("all").in_scope(|| pool.install(f));
    });
    assert_valid(&trace);
    trace
}

/// One subscriber for the process, as programs have it.
fn listen() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(rayprism::layer());
        tracing::subscriber::set_global_default(subscriber).expect("the first one");
    });
}

fn phases<'t>(trace: &'t Trace, name: &str) -> Vec<(&'t Lane, &'t Phase)> {
    let all = trace.lanes.iter().flat_map(|lane| lane.told.phases.iter().map(move |p| (lane, p)));
    all.filter(|(_, phase)| phase.name.as_deref() == Some(name)).collect()
}

fn notes(trace: &Trace) -> Vec<&Note> {
    trace.lanes.iter().flat_map(|lane| &lane.told.notes).collect()
}

#[test]
fn a_stolen_half_is_in_the_phase_of_its_join() {
    let _alone = alone();
    let trace = with_layer(Detail::Full, 2, || {
        info_span!("outer").in_scope(|| {
            stolen_join(|| (), || info_span!("inner").in_scope(|| info!("a message of {}", 5)));
        });
    });
    assert_whole(&trace);
    let [(caller, outer), (thief, brought)] = phases(&trace, "outer")[..] else {
        panic!("{:#?}", phases(&trace, "outer"))
    };
    let ((caller, outer), (thief, brought)) = match outer.inherited {
        false => ((caller, outer), (thief, brought)),
        true => ((thief, brought), (caller, outer)),
    };
    assert_ne!(caller.id, thief.id);
    assert_eq!((outer.id, outer.within), (brought.id, brought.within));
    assert!(!outer.inherited && brought.inherited);
    let (_, stolen) =
        only(tasks(&trace).into_iter().filter(|(_, task)| task.origin == Origin::Stolen).collect());
    assert!(brought.span.contains(stolen.span));
    let (lane, inner) = only(phases(&trace, "inner"));
    assert_eq!(lane.id, thief.id);
    assert_eq!(inner.within, outer.id);
    assert!(stolen.span.contains(inner.span));
    let note = only(notes(&trace));
    assert_eq!(note.text.as_deref(), Some("a message of 5"));
    assert_eq!(note.phase, inner.id);
    assert!(inner.span.start <= note.at && note.at <= inner.span.end);
    // The pool took the phase in from the thread that called it.
    let all = phases(&trace, "all");
    assert_eq!(all.len(), 2);
    assert_eq!(all.iter().filter(|(_, phase)| phase.inherited).count(), 1);
    assert_eq!(outer.within, all[0].1.id);
}

#[test]
fn parts_of_iterators_and_spawned_jobs_bring_theirs() {
    let _alone = alone();
    let both = [Flag::new(), Flag::new()];
    let trace = with_layer(Detail::Full, 2, || {
        info_span!("iterate").in_scope(|| {
            (0..2_usize).into_par_iter().with_max_len(1).for_each(|n| {
                both[n].raise();
                both[1 - n].wait();
            });
        });
        info_span!("spawn").in_scope(|| {
            let begun = Flag::new();
            rayon::scope(|scope| {
                scope.spawn(|_| begun.raise());
                begun.wait();
            });
        });
    });
    assert_whole(&trace);
    for name in ["iterate", "spawn"] {
        let found = phases(&trace, name);
        assert_eq!(found.len(), 2, "{name}: {found:#?}");
        assert_eq!(found.iter().filter(|(_, phase)| phase.inherited).count(), 1);
        assert_ne!(found[0].0.id, found[1].0.id);
    }
}

#[test]
fn a_job_of_another_phase_interrupts_that_of_the_worker_that_waits() {
    let _alone = alone();
    let trace = with_layer(Detail::Full, 1, || {
        rayon::scope(|scope| {
            // Spawned in no phase but the outermost, run while the worker waits in another one.
            scope.spawn(|_| tree(1));
            info_span!("waiting").in_scope(|| {
                rayon::yield_local();
            });
        });
    });
    assert_whole(&trace);
    let (_, waiting) = only(phases(&trace, "waiting"));
    let interrupting: Vec<_> = phases(&trace, "all")
        .into_iter()
        .filter(|(_, phase)| phase.inherited && waiting.span.contains(phase.span))
        .collect();
    assert_eq!(interrupting.len(), 1, "{trace:#?}");
}

#[test]
fn what_is_open_at_the_end_is_there_as_far_as_it_has_come() {
    let _alone = alone();
    listen();
    let entered = info_span!("before and after").entered();
    let ((), trace) = recorded(Detail::Auto, || rayprism::region("within", || ()));
    drop(entered);
    let (_, phase) = only(phases(&trace, "before and after"));
    assert_eq!(phase.span.start, Nanos::ZERO);
    assert_eq!(trace.losses().phases, 0);
    // And nothing of it is in the next one.
    let ((), trace) = recorded(Detail::Auto, || tree(1));
    assert!(phases(&trace, "before and after").is_empty());
}

#[test]
fn phases_that_cross_are_read_back_as_they_were() {
    let _alone = alone();
    listen();
    let ((), trace) = recorded(Detail::Full, || {
        let (first, second) = (info_span!("first \"é\" \n"), info_span!(""));
        let first = first.entered();
        let second = second.entered();
        drop(first);
        info!("between\\");
        drop(second);
    });
    let told: Vec<_> = trace.lanes.iter().filter(|lane| !lane.told.is_empty()).collect();
    let lane = only(told);
    let [first, second] = &lane.told.phases[..] else { panic!("{lane:#?}") };
    assert!(first.span.start <= second.span.start && second.span.start <= first.span.end);
    assert!(first.span.end <= second.span.end);
    let mut file = Vec::new();
    chrome::write(&trace, &mut file).unwrap();
    assert_eq!(chrome::read(&file[..]).unwrap(), trace);
}

#[test]
fn there_is_no_end_of_them_but_room_has_one() {
    const PHASES: u64 = 100_000;
    let _alone = alone();
    listen();
    let session = rayprism::Session::builder().buffer_bytes(64 << 10).start().unwrap();
    rayprism::region("all", || {
        for n in 0..PHASES {
            info_span!("short").in_scope(|| info!("note {n}"));
        }
    });
    let trace = session.stop();
    let kept = phases(&trace, "short").len() + notes(&trace).len();
    let losses = trace.losses();
    assert!(kept <= (64 << 10) / 64, "{kept}");
    assert_eq!(kept as u64 + losses.phases + losses.dropped, 2 * PHASES);
    assert!(losses.phases > 0);
}

#[test]
fn where_nothing_is_timed_there_are_none() {
    let _alone = alone();
    let trace = with_layer(Detail::Count, 2, || tree(3));
    assert!(trace.lanes.iter().all(|lane| lane.told.is_empty()));
}

#[test]
fn joins_are_counted_as_fast_as_without() {
    let _alone = alone();
    // Most joins of such a tree are counted, not timed: nobody wants them linked.
    let trace = with_layer(Detail::Auto, 1, || {
        for _ in 0..2_000 {
            tree(5);
        }
    });
    let counts = trace.counts();
    assert_eq!(counts.joins, 2_000 * 31);
    assert!(counts.timed_joins < counts.joins / 2, "{counts:?}");
}
