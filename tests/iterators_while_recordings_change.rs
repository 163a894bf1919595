//! Recordings that begin and end while a parallel iterator runs: each holds what began in it, its
//! trace is sound, and what runs afterwards is counted exactly.

mod recording;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use rayon::prelude::*;
use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::facade::Labelled;
use rayprism::model::*;
use recording::*;

const DETAILS: [Detail; 3] = [Detail::Count, Detail::Auto, Detail::Full];

/// Recordings, one after another.
struct Recordings {
    details: Box<dyn Iterator<Item = Detail> + Send>,
    current: Option<Session>,
    traces: Vec<Trace>,
}

impl Recordings {
    fn new(details: &[Detail]) -> Self {
        let details = details.to_vec();
        let details = Box::new((0..).map(move |nth: usize| details[nth % details.len()]));
        Self { details, current: None, traces: Vec::new() }
    }

    /// Stops the current one; without one, begins the next.
    fn change(&mut self) {
        match self.current.take() {
            Some(session) => self.traces.push(session.stop()),
            None => {
                let detail = self.details.next().expect("there is no end of them");
                let session = Session::builder().detail(detail).buffer_bytes(1 << 20).start();
                self.current = Some(session.expect("the only recording"));
            }
        }
    }
}

/// What is done at each point of an iterator.
type At<'f> = &'f (dyn Fn(u32) + Sync);

fn items() -> impl IndexedParallelIterator<Item = u32> {
    (0..8).into_par_iter().with_max_len(1).labelled("spans")
}

fn items_under_an_adaptor() -> impl IndexedParallelIterator<Item = u32> {
    (0..8).into_par_iter().labelled("spans").with_max_len(1)
}

/// A way to come by the points 0 to 7, and its name.
type Points = (&'static str, fn(At<'_>));

const ITERATORS: [Points; 12] = [
    ("leaves", |at| items().for_each(at)),
    ("leaves under an adaptor", |at| items_under_an_adaptor().for_each(at)),
    ("leaves of zipped ones", |at| {
        items_under_an_adaptor().zip(items()).for_each(|(n, _)| at(n));
    }),
    ("one leaf", |at| (0..8).into_par_iter().with_min_len(8).labelled("spans").for_each(at)),
    ("reductions", |at| {
        items().reduce_with(|a, b| {
            at(b);
            b.max(a)
        });
    }),
    ("splits", |at| {
        let halves = |(from, to): (u32, u32)| {
            at(from);
            let middle = from.midpoint(to);
            if middle == from { ((from, to), None) } else { ((from, middle), Some((middle, to))) }
        };
        let split = rayon::iter::split((0, 8), halves).labelled("spans");
        assert_eq!(split.flat_map_iter(|(from, to)| from..to).count(), 8);
    }),
    ("a bridge's items", |at| (0..8).par_bridge().labelled("spans").for_each(at)),
    ("a bridge's iterator", |at| {
        assert_eq!((0..8).inspect(|&n| at(n)).par_bridge().labelled("spans").count(), 8);
    }),
    ("what is out of sight", |at| {
        (0..8_u32).into_par_iter().labelled("spans").chunks(1).for_each(|chunk| at(chunk[0]));
    }),
    ("iterators within", |at| {
        items().for_each(|n| {
            clean();
            at(n);
            (0..8_u32).into_par_iter().with_max_len(1).for_each(|m| {
                if m == n {
                    at(n);
                }
            });
            clean();
        });
    }),
    ("jobs within", |at| {
        // A job that begins in another recording brings its worker there.
        items().for_each(|n| {
            at(n);
            rayon::scope(|scope| scope.spawn(|_| clean()));
        });
    }),
    ("leaves before a panic", |at| {
        let failing = || {
            items().for_each(|n| {
                at(n);
                if n % 3 == 2 {
                    fail("boom");
                }
            });
        };
        assert!(catch_unwind(AssertUnwindSafe(failing)).is_err());
    }),
];

/// What a recording lost is what ran on after it, and what it saw of that is cut off at its end.
fn assert_sound(trace: &Trace) {
    let Losses { unfinished, clamped, .. } = trace.losses();
    assert_eq!(trace.losses(), Losses { unfinished, clamped, ..Losses::default() });
    assert_valid(trace);
}

/// Runs `iterator` by `run`, changes what is recorded at each of `points`, and looks at all that was
/// recorded. `recorded` says whether the iterator begins in a recording.
fn assert_changes(
    details: &[Detail],
    recorded: bool,
    points: &[u32],
    iterator: fn(At<'_>),
    run: &dyn Fn(&(dyn Fn() + Sync)),
) {
    let recordings = Mutex::new(Recordings::new(details));
    let change = || recordings.lock().expect("no panic").change();
    if recorded {
        change();
    }
    let at = |n: u32| {
        if points.contains(&n) {
            thread::scope(|scope| scope.spawn(change).join().expect("no panic"));
        }
    };
    run(&|| iterator(&at));
    if recordings.lock().expect("no panic").current.is_some() {
        change();
    }
    let between = recordings.lock().expect("no panic").traces.len();
    change();
    run(&clean);
    change();
    let traces = recordings.into_inner().expect("no panic").traces;
    traces[..between].iter().for_each(assert_sound);
    let elsewhere = if recorded { 1.. } else { 0.. };
    for trace in &traces[elsewhere] {
        let Tally { operations, splits, leaves, items, reductions, steals, .. } =
            labelled(trace, "spans");
        assert_eq!([operations, splits, leaves, items, reductions, steals], [0; 6]);
        assert!(!operations_are_called(trace, "spans"));
    }
    let last = traces.last().expect("the last one");
    assert_whole(last);
    assert_clean(last, 1);
}

fn operations_are_called(trace: &Trace, label: &str) -> bool {
    operations(trace).iter().any(|(_, operation)| operation.label.as_deref() == Some(label))
}

/// Every iterator, with recordings that change at these points.
fn each(recorded: bool, points: &[u32], run: &dyn Fn(&(dyn Fn() + Sync))) {
    let mixed = [Detail::Full, Detail::Count, Detail::Auto];
    let details = DETAILS.iter().map(std::slice::from_ref).chain([&mixed[..]]);
    for details in details {
        for (name, iterator) in ITERATORS {
            let changed = || assert_changes(details, recorded, points, iterator, run);
            if let Err(payload) = catch_unwind(AssertUnwindSafe(changed)) {
                panic!("{name} at {points:?}, {details:?}: {:?}", payload.downcast_ref::<String>());
            }
        }
    }
}

fn in_pools(recorded: bool, points: &[&[u32]]) {
    let _alone = alone();
    for workers in [1, 2, 4] {
        let pool = pool(workers);
        points.iter().for_each(|points| each(recorded, points, &|f| pool.install(f)));
    }
}

#[test]
fn one_that_begins_within() {
    in_pools(false, &[&[0], &[3], &[7]]);
}

#[test]
fn one_that_ends_within() {
    in_pools(true, &[&[0], &[3], &[7]]);
}

#[test]
fn one_that_ends_and_another_that_begins_within() {
    in_pools(true, &[&[0, 1], &[3, 6], &[0, 7]]);
}

#[test]
fn one_that_begins_and_ends_within() {
    in_pools(false, &[&[0, 1], &[3, 6], &[0, 7]]);
}

#[test]
fn many_within() {
    in_pools(true, &[&[0, 1, 2, 3, 4, 5, 6, 7]]);
    in_pools(false, &[&[0, 1, 2, 3, 4, 5, 6, 7]]);
}

#[test]
fn around_iterators_called_from_outside() {
    let _alone = alone();
    for recorded in [true, false] {
        for points in [&[0][..], &[3], &[7], &[0, 1], &[3, 6], &[0, 7], &[0, 1, 2, 3, 4, 5, 6, 7]] {
            each(recorded, points, &|f| f());
        }
    }
}

/// Raised at the latest when it is dropped, so that nobody waits for it in vain.
struct Over<'f>(&'f Flag);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// Whatever a recording is cut off in, its trace is sound.
#[test]
fn at_any_moment() {
    let _alone = alone();
    for detail in DETAILS {
        let (pool, over) = (pool(2), Flag::new());
        thread::scope(|scope| {
            let _over = Over(&over);
            scope.spawn(|| {
                while !over.is_up() {
                    pool.install(clean);
                    ITERATORS.iter().for_each(|(_, iterator)| pool.install(|| iterator(&|_| ())));
                    ITERATORS.iter().for_each(|(_, iterator)| iterator(&|_| ()));
                }
            });
            for _ in 0..200 {
                let session = Session::builder().detail(detail).buffer_bytes(1 << 20).start();
                let waited: u64 = (0..2_000_u64).map(std::hint::black_box).sum();
                assert_eq!(waited, 1_999_000);
                assert_sound(&session.expect("the only recording").stop());
            }
        });
        let ((), trace) = recorded(detail, || pool.install(clean));
        assert_whole(&trace);
        assert_clean(&trace, 1);
    }
}
