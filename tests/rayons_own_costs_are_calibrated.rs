//! What rayon takes for empty calls is measured when a recording has stopped: beside it, and by
//! threads that are no part of it.

mod recording;

use rayprism::model::*;
use recording::*;

#[test]
fn after_a_recording_and_once_for_all() {
    let _alone = alone();
    let first = record(Detail::Auto, 2, || tree(6));
    let second = record(Detail::Count, 1, || tree(6));
    let Measured::Is(costs) = first.header.rayon else { panic!("{:?}", first.header.rayon) };
    // A job is put on a deque and taken off it again: no CPU does that in no time.
    assert!(costs.join_ps > 0 && costs.spawn_ps > 0 && costs.job_ps > 0, "{costs:?}");
    assert_eq!(second.header.rayon, Measured::Is(costs));
    assert_eq!((first.pools.len(), first.counts().joins), (1, 63));
}
