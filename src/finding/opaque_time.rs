//! Too much of the time belongs to calls whose inside cannot be seen.

use super::fact::{Evidence, Found, Unit};
use super::text::percent;
use super::{Ask, Lint, Picture, RestsOn, Withheld};
use crate::analysis::Component;
use crate::analysis::decomposition::OPAQUE;

pub(super) const LINT: Lint = Lint {
    id: "opaque-time",
    looks_for: "more than 5 % of a pool's core-time in calls whose inside public API does not show, \
                such as `par_sort`, where something else would be said: that is withheld",
    wrong_if: "the workers do nothing for these calls, and the time is idle",
    rests_on: RestsOn::Facts,
    ask: Ask::Recording(ask),
};

fn ask(picture: &Picture, withheld: &Withheld) -> Option<Found> {
    if withheld.by_opaque.is_empty() {
        return None;
    }
    let shares = picture.pools().filter_map(|view| view.whole.share(Component::Opaque));
    let share = shares.fold(0.0, f64::max);
    let calls = picture.call_sites.iter().filter(|site| site.kind.is_opaque());
    let calls = calls.filter_map(|site| {
        let time = site.kept.value()?.time;
        let place = site.sites.first().or(site.name.as_ref()).cloned();
        Some(Evidence::new("opaque calls", Unit::Nanos.of(time.0 as f64)).at(place))
    });
    let names = withheld.by_opaque.iter().map(|id| format!("withheld: {id}"));
    let names = names.map(|what| Evidence { what, ..Evidence::default() });
    Some(Found {
        loss: None,
        measured: Unit::Share.of(share),
        threshold: Unit::Share.of(OPAQUE),
        evidence: calls.chain(names).collect(),
        what: format!(
            "{} of the core-time is in calls whose inside is not seen: whether workers waited or \
             worked for them is not known",
            percent(share)
        ),
        next: "put these calls outside of the `region` that is measured, and compare their times \
               with the serial call's"
            .to_owned(),
        advice: None,
        predicted: None,
    })
}
