//! The built-in workload, recorded as it is: whatever the variant and the number of workers, the
//! parts are the whole.

#![cfg(feature = "cli")]

mod recording;

use rayprism::analysis::Component;
use rayprism::model::*;
use rayprism::region;
use rayprism::workload::{Given, Place, Settings, find, parameters};
use recording::truth::*;
use recording::*;

#[test]
fn every_variant_adds_up_in_every_pool() {
    let _alone = alone();
    let workload = find("invert-tree").expect("built in");
    let given = [Given { name: "depth", text: "14".to_owned() }];
    let settings = Settings::new(&parameters(workload), &given).expect("sound");
    let mut input = workload.prepare(&settings);
    for threads in [1, 2, 8] {
        let pool = pool(threads);
        for variant in workload.variants() {
            let (_, trace) = recorded(Detail::Auto, || {
                region(variant.name, || input.run(variant, &pool));
            });
            input.restore().expect("the right result");
            if variant.place != Place::Pool {
                // Its workers had no part in it.
                assert!(tasks(&trace).is_empty());
                continue;
            }
            let whole = decomposed(&trace);
            assert_eq!(whole.workers as usize, threads);
            // Calibrated costs may claim all the time that there is, and then some.
            let work = whole.time(Component::Work) + whole.lowered;
            assert!(work.0 > 0, "{} {whole:#?}", variant.name);
            assert!(whole.time(Component::Runtime).0 > 0, "{} {whole:#?}", variant.name);
        }
    }
}
