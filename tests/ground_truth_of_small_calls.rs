//! Calls from outside the pool that are over as soon as they have begun: most of the time is lost on
//! the way to the pool and back.

mod recording;

use std::hint::black_box;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rayprism::analysis::Component;
use rayprism::facade as rayon;
use rayprism::model::*;
use rayprism::region;
use recording::truth::*;
use recording::*;

#[test]
fn ten_items_from_outside_are_mostly_handed_over() {
    rayon::ThreadPoolBuilder::new().num_threads(8).build_global().expect("the first");
    rayon::broadcast(|_| ());
    let (_, trace) = recorded(Detail::Auto, || {
        region("calls", || {
            for _ in 0..200 {
                (0..10).into_par_iter().for_each(|item| {
                    black_box(item);
                });
            }
        });
    });
    let whole = decomposed(&trace);
    assert_eq!(whole.workers, 8);
    let on_the_way = [SCHEDULING, &[Component::HandOver]].concat();
    assert!(time(&whole, &on_the_way) > whole.time(Component::Serial), "{whole:#?}");
}
