//! What rayon's own calls cost, which only a front end can measure: the session knows no rayon. The
//! front end says how when it is first used.

use std::sync::OnceLock;

use crate::model::{Measured, RayonCosts};

type Calibrate = fn() -> Measured<RayonCosts>;

static CALIBRATE: OnceLock<Calibrate> = OnceLock::new();

/// From now on `calibrate` is called when a recording has stopped. The first one given stays.
#[cfg(feature = "record")]
pub(crate) fn calibrate_with(calibrate: Calibrate) {
    CALIBRATE.get_or_init(|| calibrate);
}

/// Not to be called while a recording is under way: it takes time of a CPU.
pub(super) fn rayon_costs() -> Measured<RayonCosts> {
    match CALIBRATE.get() {
        Some(calibrate) => calibrate(),
        None => Measured::Not(
            "rayon's own costs were not calibrated: nothing was called through the recorder's front end"
                .to_owned(),
        ),
    }
}
