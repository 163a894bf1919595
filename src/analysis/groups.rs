//! Which tallies, operations and parts belong to the same parallel iterator: the same label, else the
//! same line, and the same chain.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{
    Event, EventId, Leaf, Operation, OperationKind, Reduction, SiteId, Tally, Trace,
};

/// What parallel iterators have in common that are shown as one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'t> {
    pub(super) label: Option<&'t str>,
    /// Without a label: `FILE:LINE`.
    pub(super) line: Option<&'t str>,
    pub(super) chain: Option<&'t str>,
    pub(super) kind: OperationKind,
}

/// What a trace has of one key.
#[derive(Default)]
pub(super) struct Group<'t> {
    /// `FILE:LINE:COLUMN` each.
    pub(super) sites: BTreeSet<&'t str>,
    pub(super) tallies: Vec<&'t Tally>,
    pub(super) operations: Vec<&'t Operation>,
    pub(super) leaves: Vec<&'t Leaf>,
    pub(super) reductions: Vec<&'t Reduction>,
}

/// The groups of a trace. Of parts whose operation was not kept it is not known where they belong.
pub(super) fn groups(trace: &Trace) -> BTreeMap<Key<'_>, Group<'_>> {
    let mut groups = Groups { trace, chains: chains(trace), by_key: BTreeMap::new() };
    trace.lanes.iter().flat_map(|lane| &lane.tallies).for_each(|tally| groups.place_tally(tally));
    let keys: HashMap<EventId, Key<'_>> =
        events(trace).filter_map(|event| groups.place_operation(event)).collect();
    events(trace).for_each(|event| groups.place_part(event, &keys));
    groups.by_key
}

struct Groups<'t> {
    trace: &'t Trace,
    chains: HashMap<Place<'t>, &'t str>,
    by_key: BTreeMap<Key<'t>, Group<'t>>,
}

/// Where a parallel iterator was called, and the label that it had.
type Place<'t> = (Option<SiteId>, Option<&'t str>);

/// The chain of each place that was tallied, for operations that lost theirs.
fn chains(trace: &Trace) -> HashMap<Place<'_>, &str> {
    let tallies = trace.lanes.iter().flat_map(|lane| &lane.tallies);
    let chain = |tally: &'_ Tally| trace.chain(tally.chain?);
    tallies
        .filter_map(|tally| Some(((tally.site, tally.label.as_deref()), chain(tally)?)))
        .collect()
}

fn events(trace: &Trace) -> impl Iterator<Item = &Event> {
    trace.lanes.iter().flat_map(|lane| &lane.events)
}

impl<'t> Groups<'t> {
    fn place_tally(&mut self, tally: &'t Tally) {
        let place = (tally.site, tally.label.as_deref());
        let chain = tally.chain.and_then(|chain| self.trace.chain(chain));
        let key = self.key(place, chain, OperationKind::Iterator);
        self.group(key, tally.site).tallies.push(tally);
    }

    fn place_operation(&mut self, event: &'t Event) -> Option<(EventId, Key<'t>)> {
        let Event::Operation(operation) = event else { return None };
        if operation.kind != OperationKind::Iterator && !operation.kind.is_opaque() {
            return None;
        }
        let place = (operation.site, operation.label.as_deref());
        let chain = event.chain().and_then(|chain| self.trace.chain(chain));
        let chain = chain.or_else(|| self.chains.get(&place).copied());
        let key = self.key(place, chain, operation.kind);
        self.group(key, operation.site).operations.push(operation);
        Some((operation.id, key))
    }

    fn place_part(&mut self, event: &'t Event, keys: &HashMap<EventId, Key<'t>>) {
        let key = event.part_of().and_then(|operation| keys.get(&operation));
        let Some(group) = key.and_then(|key| self.by_key.get_mut(key)) else { return };
        match event {
            Event::Leaf(leaf) => group.leaves.push(leaf),
            Event::Reduction(reduction) => group.reductions.push(reduction),
            _ => {}
        }
    }

    fn key(
        &self,
        (site, label): Place<'t>,
        chain: Option<&'t str>,
        kind: OperationKind,
    ) -> Key<'t> {
        let line = location(self.trace, site).filter(|_| label.is_none()).map(line);
        Key { label, line, chain, kind }
    }

    fn group(&mut self, key: Key<'t>, site: Option<SiteId>) -> &mut Group<'t> {
        let group = self.by_key.entry(key).or_default();
        group.sites.extend(location(self.trace, site));
        group
    }
}

fn location(trace: &Trace, site: Option<SiteId>) -> Option<&str> {
    trace.site(site?).map(|site| site.location.as_str())
}

/// A call site without its column, which says nothing to a reader.
fn line(location: &str) -> &str {
    location.rsplit_once(':').map_or(location, |(line, _)| line)
}
