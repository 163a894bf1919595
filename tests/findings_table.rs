//! The table of lints, and when nothing of it is said.

mod findings_support;
mod timeline_fixture;

use std::collections::BTreeSet;

use findings_support::*;
use rayprism::analysis::Component;
use rayprism::finding::{LINTS, Severity};
use rayprism::model::{Event, OperationKind};
use timeline_fixture::*;

const TESTS: &str =
    concat!(include_str!("findings_of_tasks.rs"), include_str!("findings_of_the_machine.rs"));

#[test]
fn every_lint_has_its_own_name_a_description_and_two_tests() {
    let ids: BTreeSet<&str> = LINTS.iter().map(|lint| lint.id).collect();
    assert_eq!(ids.len(), LINTS.len());
    for lint in LINTS {
        assert!(lint.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", lint.id);
        assert!(!lint.looks_for.is_empty() && !lint.wrong_if.is_empty(), "{}", lint.id);
        let name = lint.id.replace('-', "_");
        for ending in ["fires", "stays_silent"] {
            let test = format!("#[test]\nfn {name}_{ending}");
            assert!(TESTS.contains(&test), "no test {name}_{ending}…");
        }
        let file = format!("{}/src/finding/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        assert!(std::path::Path::new(&file).exists(), "{file}");
    }
}

/// Two workers, each with 16 leaves of equal length one after the other.
fn healthy() -> rayprism::model::Trace {
    let call = id(1, 2);
    let lane = |number: u32| {
        let half = rayprism::model::Task { parent: Some(call), ..task(number, 1, 10, 990) };
        let leaf = |at: u64| {
            Event::Leaf(leaf(number, 2 + at, Some(1), call, [12 + at * 61, 12 + at * 61 + 60]))
        };
        let leaves: Vec<Event> = (0..16).map(leaf).collect();
        worker(number, number - 2, [vec![Event::Task(half)], leaves].concat())
    };
    let called = rayprism::model::Operation {
        iteration: Some(Box::new(iteration(96, 32, 31, 31))),
        ..iterator(1, 2, [2, 5, 998])
    };
    let mut caller = outside(1, vec![region(1000), Event::Operation(called)]);
    caller.tallies[0].splits = 31;
    caller.tallies[0].reductions = 31;
    let mut trace = at_one_site(free(trace(1000, vec![caller, lane(2), lane(3)])));
    for event in trace.lanes.iter_mut().flat_map(|lane| &mut lane.events) {
        if let Event::Operation(operation) = event
            && operation.kind == OperationKind::Iterator
        {
            operation.site = Some(rayprism::model::SiteId(0));
        }
    }
    trace.header.rayon = rayprism::model::Measured::Is(rayprism::model::RayonCosts {
        join_ps: 500,
        spawn_ps: 500,
        job_ps: 500,
    });
    trace
}

#[test]
fn nothing_is_said_of_a_healthy_trace() {
    let all = found(&healthy());
    assert!(all.is_empty(), "{all:?}");
}

/// Whatever the largest loss is of, up to 15 % of all cores it is no finding.
#[test]
fn nothing_is_said_of_healthy_losses() {
    let lossy = |component: &&Component| component.group() != rayprism::analysis::Group::Work;
    for &component in Component::ALL.iter().filter(lossy) {
        let all = found_of(&healthy(), &[(component, 290)]);
        assert!(all.is_empty(), "{component:?}: {all:?}");
    }
    let spread = [(Component::Runtime, 90), (Component::Starved, 90), (Component::Serial, 90)];
    assert!(found_of(&healthy(), &spread).is_empty());
}

/// In a pool that loses more, a component below 5 % is still none.
#[test]
fn no_finding_explains_less_than_a_twentieth() {
    let small = [
        (Component::Unattributed, 300),
        (Component::Serial, 99),
        (Component::PoolStart, 99),
        (Component::HandOver, 99),
    ];
    let all = found_of(&healthy(), &small);
    assert!(all.is_empty(), "{all:?}");
    let large = [(Component::PoolStart, 110), (Component::Serial, 300), (Component::HandOver, 200)];
    let all = found_of(&healthy(), &large);
    let names: Vec<&str> = all.iter().map(|finding| finding.id).collect();
    assert_eq!(names, ["serial-fraction", "injected-from-outside", "pool-start-dominates"]);
    assert!(all.iter().all(|finding| finding.severity == Severity::Loss));
}

#[test]
fn what_rests_on_unseen_tasks_is_withheld_where_much_is_opaque() {
    let losses = [(Component::Serial, 400), (Component::PoolStart, 110)];
    let names = |opaque: i64| -> Vec<&str> {
        let parts = [&losses[..], &[(Component::Opaque, opaque)]].concat();
        found_of(&healthy(), &parts).iter().map(|finding| finding.id).collect()
    };
    assert_eq!(names(100), ["serial-fraction", "pool-start-dominates"]);
    assert_eq!(names(102), ["opaque-time", "pool-start-dominates"]);
}
