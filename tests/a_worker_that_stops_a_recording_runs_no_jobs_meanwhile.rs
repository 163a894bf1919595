//! A recording may be stopped on a worker: what is measured then leaves that worker's jobs alone.

mod recording;

use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

/// A worker that waited as rayon does would run the program's other jobs within the stop.
#[test]
fn while_rayons_costs_are_calibrated() {
    let _alone = alone();
    let pool = pool(1);
    let ran = Flag::new();
    let trace = pool.install(|| {
        let session = rayprism::Session::builder().start().expect("the only recording");
        rayon::scope(|scope| {
            scope.spawn(|_| ran.raise());
            let trace = session.stop();
            assert!(!ran.is_up());
            trace
        })
    });
    assert!(ran.is_up());
    let Measured::Is(costs) = trace.header.rayon else { panic!("{:?}", trace.header.rayon) };
    assert!(costs.join_ps > 0, "{costs:?}");
}
