//! Asking how many workers there are builds the global pool in rayon. Programs do that before all
//! else; the pool must have the hook all the same.

mod recording;

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

#[test]
fn so_every_call_in_it_is_seen() {
    let workers = rayon::current_num_threads();
    let ((), trace) = recorded(Detail::Full, || {
        rayon::broadcast(|_| ());
        tree(5);
    });
    assert_whole(&trace);
    assert_eq!(trace.counts().joins, 31);
    let global = only(trace.pools.clone());
    assert_eq!((global.threads as usize, global.every_call_seen), (workers, true));
}
