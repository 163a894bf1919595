//! A pool's core-time in two recordings, component by component.
//!
//! Where one recording does not tell two components apart, the other one's are put together in the
//! same way: the rows then hold the same on both sides, and the differences add up to that of the
//! whole core-time.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::decomposition::{Amount, Component, CoreTime, Decomposition};
use crate::model::{Nanos, PoolId};

/// A pool in two recordings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolChange {
    /// The pool in the first.
    pub a: PoolSide,
    /// The pool in the second.
    pub b: PoolSide,
    /// The components that either has, in the order of [`Component::ALL`].
    pub components: Vec<ComponentChange>,
    /// What is in another component here, as one of the two does not tell it apart.
    pub merged: Vec<Merged>,
    /// The components whose core-time differs, the most first.
    pub most: Vec<Component>,
    /// Core-time of all of them: the differences' sum.
    pub difference: CoreTime,
}

/// A pool in one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PoolSide {
    /// Which pool.
    pub pool: PoolId,
    /// Its workers, `P`.
    pub workers: u32,
    /// The window's length, `T`.
    pub window: Nanos,
    /// `P · T`.
    pub core_time: Nanos,
    /// Of the work, what threads did that are no workers.
    pub callers: CoreTime,
}

/// A component in two recordings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ComponentChange {
    /// Which.
    pub component: Component,
    /// In the first.
    pub a: Figures,
    /// In the second.
    pub b: Figures,
    /// Core-time in the second less that in the first, and between what it lies.
    pub difference: Amount,
    /// In cores; `None` if a window is empty.
    pub difference_cores: Option<f64>,
}

/// A component in one of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Its core-time, and between what that lies.
    #[serde(flatten)]
    pub amount: Amount,
    /// In cores; `None` if the window is empty.
    pub cores: Option<f64>,
    /// As a share of `P · T`, 0 to 1; `None` if the window is empty.
    pub share: Option<f64>,
}

/// A component that one recording does not tell apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// Which component.
    pub component: Component,
    /// What it is in, in both of them.
    pub within: Component,
    /// The recording that does not tell it apart.
    pub side: Side,
    /// Why.
    pub reason: String,
}

/// One of two recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The first.
    A,
    /// The second.
    B,
}

type Amounts = BTreeMap<Component, Amount>;

impl PoolChange {
    pub(super) fn of(a: &Decomposition, b: &Decomposition) -> Self {
        let merged = merged(a, b);
        let components = components(a, b, &merged);
        Self {
            a: PoolSide::of(a),
            b: PoolSide::of(b),
            most: most(&components),
            difference: components.iter().map(|change| change.difference.time).sum(),
            components,
            merged,
        }
    }

    /// A component's row; `None` if neither has it, or if it is in another one's.
    pub fn component(&self, component: Component) -> Option<&ComponentChange> {
        self.components.iter().find(|change| change.component == component)
    }
}

impl PoolSide {
    fn of(whole: &Decomposition) -> Self {
        Self {
            pool: whole.pool,
            workers: whole.workers,
            window: whole.window.duration(),
            core_time: whole.core_time,
            callers: whole.callers,
        }
    }
}

/// What one recording does not tell apart and the other one has. What neither tells apart is in the
/// same row anyway.
fn merged(a: &Decomposition, b: &Decomposition) -> Vec<Merged> {
    let one = |side: Side, lacks: &Decomposition, has: &Decomposition| {
        let merge = |component, within, reason| Merged { component, within, side, reason };
        let apart = |component: &Component| has.part(*component).is_some();
        let missing = lacks.missing.iter().filter(|missing| apart(&missing.component));
        let mut merged: Vec<Merged> = missing
            .map(|missing| merge(missing.component, missing.within, missing.reason.clone()))
            .collect();
        for part in &lacks.parts {
            for &finer in finer(part.component).iter().filter(|finer| apart(finer)) {
                if !merged.iter().any(|merged| merged.component == finer) {
                    merged.push(merge(finer, part.component, why_together(lacks, part.component)));
                }
            }
        }
        merged
    };
    [one(Side::A, a, b), one(Side::B, b, a)].concat()
}

/// Why a recording does not tell apart what there is of a component.
fn why_together(whole: &Decomposition, component: Component) -> String {
    let within = |component: &Component| whole.missing.iter().find(|m| m.component == *component);
    match finer(component).iter().find_map(within) {
        Some(missing) => missing.reason.clone(),
        None => "there is no baseline to tell it by".to_owned(),
    }
}

/// What takes a component's place where it can be told apart further.
pub(super) fn finer(component: Component) -> &'static [Component] {
    use Component::*;
    match component {
        Work => &[Useful, Algorithmic, Inflation],
        Scheduling => &[StealLatency, LateWakeUp],
        Blocked => &[BlockedOwn, BlockedExcess],
        _ => &[],
    }
}

fn components(a: &Decomposition, b: &Decomposition, merged: &[Merged]) -> Vec<ComponentChange> {
    let (in_a, in_b) = (amounts(a, merged), amounts(b, merged));
    let either =
        |component: &Component| in_a.contains_key(component) || in_b.contains_key(component);
    let rows = Component::ALL.iter().copied().filter(either);
    rows.map(|component| change(component, (a, &in_a), (b, &in_b))).collect()
}

fn amounts(whole: &Decomposition, merged: &[Merged]) -> Amounts {
    let mut amounts = Amounts::new();
    for part in &whole.parts {
        let amount = amounts.entry(resolve(part.component, merged)).or_default();
        amount.time += part.time;
        amount.low += part.low;
        amount.high += part.high;
    }
    amounts
}

/// What a component is in, which may be in another one itself. A file cannot make this a circle that
/// does not end: there are no more steps than components.
fn resolve(component: Component, merged: &[Merged]) -> Component {
    let mut at = component;
    for _ in Component::ALL {
        match merged.iter().find(|merged| merged.component == at) {
            Some(merged) => at = merged.within,
            None => break,
        }
    }
    at
}

fn change(
    component: Component,
    (a, in_a): (&Decomposition, &Amounts),
    (b, in_b): (&Decomposition, &Amounts),
) -> ComponentChange {
    let figures = |whole: &Decomposition, amounts: &Amounts| {
        // What a recording has none of, and says nothing else of, is nothing.
        let amount = amounts.get(&component).copied().unwrap_or(NOTHING);
        Figures {
            amount,
            cores: amount.time.cores(whole.window.duration()),
            share: amount.time.cores(whole.core_time),
        }
    };
    let (a, b) = (figures(a, in_a), figures(b, in_b));
    ComponentChange {
        component,
        a,
        b,
        difference: Amount {
            time: b.amount.time - a.amount.time,
            low: b.amount.low - a.amount.high,
            high: b.amount.high - a.amount.low,
        },
        difference_cores: a.cores.zip(b.cores).map(|(a, b)| b - a),
    }
}

const NOTHING: Amount = Amount { time: CoreTime::ZERO, low: CoreTime::ZERO, high: CoreTime::ZERO };

fn most(components: &[ComponentChange]) -> Vec<Component> {
    let changed = components.iter().filter(|change| change.difference.time != CoreTime::ZERO);
    let mut sorted: Vec<&ComponentChange> = changed.collect();
    // A stable sort: of equal ones the first to be shown.
    sorted.sort_by_key(|change| std::cmp::Reverse(change.difference.time.0.unsigned_abs()));
    sorted.into_iter().map(|change| change.component).collect()
}
