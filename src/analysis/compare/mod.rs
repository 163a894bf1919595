//! Two recordings beside each other: how their wall times differ, and whether by more than these
//! spread; where the core-time of the second went that did not go there in the first.
//!
//! The first is called `a`, the second `b`. Differences are `b` less `a`, ratios `b` by `a`.

mod condition;
mod pool;
mod wall;

pub use condition::{Answer, Condition, Judgement, Limit};
pub use pool::{ComponentChange, Figures, Merged, PoolChange, PoolSide, Side};
pub use wall::{Spread, Test, WallChange, WallTimes};

use serde::Serialize;

use super::Decomposition;
use crate::model::{Measured, Samples};

/// Two recordings beside each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Their wall times.
    pub wall: WallChange,
    /// Their pools, paired in the order of building.
    pub pools: Measured<Vec<Measured<PoolChange>>>,
    /// The pools as each recording has them.
    #[serde(skip)]
    pub whole: [Vec<Measured<Decomposition>>; 2],
}

impl Comparison {
    /// Compares two recordings, each given by its repetitions' wall times and its pools.
    pub fn of(samples: [&Samples; 2], pools: [&[Measured<Decomposition>]; 2]) -> Self {
        let wall = WallChange::of(samples);
        Self { wall, pools: pair(pools), whole: pools.map(<[_]>::to_vec) }
    }
}

/// Pools are the same if the programs build them in the same order; with other numbers of pools it
/// is not known which is which.
fn pair([a, b]: [&[Measured<Decomposition>]; 2]) -> Measured<Vec<Measured<PoolChange>>> {
    match (a.len(), b.len()) {
        (0, 0) => Measured::Not("no pool was used".to_owned()),
        (a, b) if a != b => Measured::Not(format!("A used {} and B {}", pools(a), pools(b))),
        (_, _) => Measured::Is(a.iter().zip(b).map(|(a, b)| change(a, b)).collect()),
    }
}

fn change(a: &Measured<Decomposition>, b: &Measured<Decomposition>) -> Measured<PoolChange> {
    match (a, b) {
        (Measured::Is(a), Measured::Is(b)) => Measured::Is(PoolChange::of(a, b)),
        (Measured::Not(a), Measured::Not(b)) if a == b => Measured::Not(a.clone()),
        (Measured::Not(reason), _) => Measured::Not(format!("A: {reason}")),
        (_, Measured::Not(reason)) => Measured::Not(format!("B: {reason}")),
    }
}

fn pools(number: usize) -> String {
    match number {
        0 => "no pool".to_owned(),
        1 => "1 pool".to_owned(),
        more => format!("{more} pools"),
    }
}
