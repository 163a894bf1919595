//! The program was built with debug assertions.

use super::fact::{Found, Unit};
use super::{Ask, Lint, Picture, RestsOn, Withheld};

pub(super) const LINT: Lint = Lint {
    id: "debug-build",
    looks_for: "debug assertions in the program: code with them is several times slower, and tasks \
                seem large enough that are not",
    wrong_if: "debug assertions are on in an optimized profile, and that is what is to be measured",
    rests_on: RestsOn::Facts,
    ask: Ask::Recording(ask),
};

fn ask(picture: &Picture, _: &Withheld) -> Option<Found> {
    picture.trace().header.debug_assertions.then(|| Found {
        loss: None,
        measured: Unit::Share.of(1.0),
        threshold: Unit::Share.of(0.0),
        evidence: Vec::new(),
        what:
            "the program was built with debug assertions: its times are not those of the program \
               that users run"
                .to_owned(),
        next: "build with `--release`, and record again".to_owned(),
        advice: None,
        predicted: None,
    })
}
