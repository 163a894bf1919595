//! What the program's parallel iterators did, by call site.
//!
//! Counts are exact: lanes tally them apart from events. Times, and how unequal the leaves were, are
//! known of what was kept only, which at detail `auto` is what was coarse enough to matter.

use std::cmp::Reverse;

use serde::Serialize;

use super::detail;
use super::groups::{Group, Key, groups};
use super::rank::rank;
use crate::model::{Leaf, Measured, Nanos, OperationKind, Reduction, Tally};
use crate::timeline::Timeline;

/// The parallel iterators of one name and chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallSite {
    /// The label that the user gave it, else `FILE:LINE`; `None` for all those together whose call
    /// site found no place of its own.
    pub name: Option<String>,
    /// Whether `name` is a label.
    pub labelled: bool,
    /// Where it was called: `FILE:LINE:COLUMN` each, in alphabetical order.
    pub sites: Vec<String>,
    /// What it is, in words such as `Range<u64> → map → sum`.
    pub chain: Option<String>,
    /// `iterator` or `sort`.
    pub kind: OperationKind,
    /// What all lanes counted; exact.
    pub counts: Measured<PartCounts>,
    /// What is known of those whose event was kept.
    pub kept: Measured<Kept>,
}

/// What parallel iterators did, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartCounts {
    /// How often it was called.
    pub operations: u64,
    /// Items that its leaves were given.
    pub items: u64,
    /// Leaves.
    pub leaves: u64,
    /// `items` by `leaves`.
    pub items_per_leaf: Measured<f64>,
    /// Splits.
    pub splits: u64,
    /// Reductions.
    pub reductions: Measured<u64>,
    /// Halves that another worker ran than the one that split them off.
    pub steals: u64,
}

/// What the events say that were kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kept {
    /// Calls that were kept.
    pub operations: u64,
    /// From call to return, summed over these calls.
    pub time: Nanos,
    /// The longest call.
    pub longest: Nanos,
    /// The leaves of these calls that were kept.
    pub leaves: Measured<KeptLeaves>,
    /// The reductions of these calls that were kept.
    pub reductions: Measured<KeptReductions>,
}

/// Leaves that were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KeptLeaves {
    /// How many.
    pub count: u64,
    /// Items of the smallest.
    pub fewest_items: u64,
    /// Half of them have at most this many.
    pub median_items: u64,
    /// Items of the largest.
    pub most_items: u64,
    /// From start to end, summed; what was called in them is part of it.
    pub time: Nanos,
    /// Under `par_bridge`: how long they waited for the iterator that all share, summed.
    pub waited: Nanos,
    /// Under `par_bridge`: how long they ran that iterator, one at a time, summed.
    pub producing: Nanos,
}

/// Reductions that were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KeptReductions {
    /// How many.
    pub count: u64,
    /// From start to end, summed.
    pub time: Nanos,
    /// The longest.
    pub longest: Nanos,
    /// Splits around that one.
    pub depth_of_longest: u32,
    /// Splits around the one that lies deepest.
    pub deepest: u32,
}

/// The call sites of a trace: those whose calls took longest first.
pub fn call_sites(timeline: &Timeline) -> Vec<CallSite> {
    let trace = timeline.trace();
    let no_times = detail::no_times(trace.header.detail);
    let mut sites: Vec<CallSite> =
        groups(trace).into_iter().map(|(key, group)| group.finish(key, no_times)).collect();
    sites.sort_by_key(CallSite::order);
    sites
}

impl CallSite {
    fn order(&self) -> impl Ord + use<> {
        let time = self.kept.value().map_or(Nanos::ZERO, |kept| kept.time);
        let items = self.counts.value().map_or(0, |counts| counts.items);
        (Reverse(time), Reverse(items), self.name.clone(), self.chain.clone())
    }
}

impl Group<'_> {
    fn finish(self, key: Key<'_>, no_times: Option<&str>) -> CallSite {
        CallSite {
            name: key.label.or(key.line).map(str::to_owned),
            labelled: key.label.is_some(),
            chain: key.chain.map(str::to_owned),
            kind: key.kind,
            counts: self.counts(key.kind.is_opaque()),
            kept: match no_times {
                Some(reason) => Measured::Not(reason.to_owned()),
                None => self.kept(),
            },
            sites: self.sites.into_iter().map(str::to_owned).collect(),
        }
    }

    fn counts(&self, opaque: bool) -> Measured<PartCounts> {
        if opaque {
            return Measured::Not("what happens in it is invisible to public API".to_owned());
        }
        if self.tallies.is_empty() {
            return Measured::Not("counted together with others, for want of room".to_owned());
        }
        // Items may be more than a number can tell.
        let sum = |figure: fn(&Tally) -> u64| {
            self.tallies.iter().map(|tally| figure(tally)).fold(0, u64::saturating_add)
        };
        let (items, leaves): (u64, u64) = (sum(|tally| tally.items), sum(|tally| tally.leaves));
        let splits = sum(|tally| tally.splits);
        Measured::Is(PartCounts {
            operations: sum(|tally| tally.operations),
            items,
            leaves,
            items_per_leaf: match leaves {
                0 => Measured::Not("it has no leaves".to_owned()),
                leaves => Measured::Is(items as f64 / leaves as f64),
            },
            splits,
            reductions: self.reductions_of(splits, sum(|tally| tally.reductions)),
            steals: sum(|tally| tally.steals),
        })
    }

    /// None after splits means that they cannot be seen, unless an operation says that they can.
    fn reductions_of(&self, splits: u64, reductions: u64) -> Measured<u64> {
        let iterations =
            || self.operations.iter().filter_map(|operation| operation.iteration.as_ref());
        let none_seen = reductions == 0 && splits > 0;
        if iterations().any(|iteration| iteration.reductions.is_none())
            || (none_seen && iterations().next().is_none())
        {
            let reason = "invisible under an indexed adaptor such as `zip` or `enumerate`";
            return Measured::Not(reason.to_owned());
        }
        Measured::Is(reductions)
    }

    fn kept(&self) -> Measured<Kept> {
        let lengths = || self.operations.iter().map(|operation| operation.span.duration());
        let Some(longest) = lengths().max() else {
            return Measured::Not("none of its calls was kept".to_owned());
        };
        Measured::Is(Kept {
            operations: self.operations.len() as u64,
            time: lengths().sum(),
            longest,
            leaves: kept(KeptLeaves::of(&self.leaves), "leaves"),
            reductions: kept(KeptReductions::of(&self.reductions), "reductions"),
        })
    }
}

fn kept<T>(figures: Option<T>, what: &str) -> Measured<T> {
    figures.map_or_else(|| Measured::Not(format!("none of its {what} was kept")), Measured::Is)
}

impl KeptLeaves {
    fn of(leaves: &[&Leaf]) -> Option<Self> {
        let mut items: Vec<u64> = leaves.iter().map(|leaf| leaf.items).collect();
        items.sort_unstable();
        Some(Self {
            count: items.len() as u64,
            fewest_items: *items.first()?,
            median_items: rank(&items, 50)?,
            most_items: *items.last()?,
            time: leaves.iter().map(|leaf| leaf.span.duration()).sum(),
            waited: leaves.iter().map(|leaf| leaf.waited).sum(),
            producing: leaves.iter().map(|leaf| leaf.producing).sum(),
        })
    }
}

impl KeptReductions {
    /// Of several that took longest, the one with the fewest splits around it.
    fn of(reductions: &[&Reduction]) -> Option<Self> {
        let length = |reduction: &Reduction| reduction.span.duration();
        let longest = reductions.iter().max_by_key(|&&r| (length(r), Reverse(r.depth)))?;
        Some(Self {
            count: reductions.len() as u64,
            time: reductions.iter().map(|reduction| length(reduction)).sum(),
            longest: length(longest),
            depth_of_longest: longest.depth,
            deepest: reductions.iter().map(|reduction| reduction.depth).max()?,
        })
    }
}
