//! The facade builds the global pool where rayon would, and nowhere else: a program that builds it
//! itself later must find it not built.

mod recording;

use std::sync::mpsc;

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

/// One test: a process has one global pool.
#[test]
fn and_with_the_hook() {
    // From a worker everything goes to its own pool.
    let own = pool(2);
    let (done, all) = mpsc::channel();
    let sends: [_; 4] = std::array::from_fn(|_| done.clone());
    drop(done);
    own.install(move || {
        let [one, two, three, four] = sends;
        rayon::spawn(move || one.send(()).unwrap());
        rayon::spawn_fifo(move || two.send(()).unwrap());
        rayon::spawn_broadcast(move |_| three.send(()).unwrap());
        rayon::broadcast(|_| ());
        rayon::in_place_scope(|scope| scope.spawn(move |_| four.send(()).unwrap()));
        rayon::join(|| (), || ());
        assert_eq!(rayon::current_num_threads(), 2);
    });
    assert_eq!(all.iter().count(), 5);
    assert_eq!(rayon::current_thread_index(), None);
    assert_eq!(rayon::yield_now(), None);
    drop(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());

    // Hence this one is the first.
    let builder = ThreadPoolBuilder::new().num_threads(3).thread_name(|n| format!("global {n}"));
    builder.build_global().expect("the global pool is not built yet");
    assert!(ThreadPoolBuilder::new().build_global().is_err());

    assert_eq!(rayon::current_num_threads(), 3);
    let ((), trace) = recorded(Detail::Full, || {
        rayon::broadcast(|_| ());
        tree(5);
    });
    assert_whole(&trace);
    assert_eq!((trace.counts().joins, trace.counts().injected), (31, 1));
    let global = only(trace.pools.clone());
    assert_eq!((global.threads, global.every_call_seen), (3, true));
    let names: Vec<_> = trace.lanes.iter().filter_map(|lane| lane.name.as_deref()).collect();
    assert!(names.ends_with(&["global 0", "global 1", "global 2"]), "{names:?}");
}
