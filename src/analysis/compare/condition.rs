//! Conditions on a comparison, and whether they hold.
//!
//! One on wall times holds only if the spread of the repetitions does not explain it: a slowdown must
//! be more than the spread, and a speed-up stay below its limit wherever in its spread it is. What a
//! component is a condition of was measured in one repetition of each, so that nothing is known of
//! how it spreads.

use serde::Serialize;

use super::super::decomposition::{Component, CoreTime, Decomposition};
use super::pool::finer;
use super::{Comparison, Spread};
use crate::model::Measured;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    /// The second takes longer than the first by more than this share of the first.
    Slowdown(f64),
    /// The second is less than this many times as fast as the first.
    SpeedUpBelow(f64),
    /// A component of the second is above or below a limit.
    Component {
        /// Which.
        component: Component,
        /// Whether it is looked for above the limit, or else below.
        above: bool,
        /// The limit.
        limit: Limit,
    },
}

/// A limit on a component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// In cores.
    Cores(f64),
    /// As a share of `P · T`, 0 to 1.
    Share(f64),
    /// On the difference in cores.
    CoresMore(f64),
    /// On the difference of the shares.
    ShareMore(f64),
}

/// A condition's outcome.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// The condition, as it was given.
    pub condition: String,
    /// Whether it holds.
    pub answer: Answer,
    /// What it rests on, a bare lower-case phrase.
    pub because: String,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It does.
    Holds,
    /// It does not.
    DoesNotHold,
    /// What it is about was not measured.
    NotKnown,
}

/// An outcome and what it rests on.
type Judged = (Answer, String);

impl Condition {
    /// Whether it holds. `text` is what it is called.
    pub fn judge(self, text: &str, comparison: &Comparison) -> Judgement {
        let (answer, because) = match self {
            Self::Slowdown(limit) => slowdown(limit, comparison),
            Self::SpeedUpBelow(limit) => speed_up_below(limit, comparison),
            Self::Component { component, above, limit } => {
                in_any_pool(comparison, component, above, limit)
            }
        };
        Judgement { condition: text.to_owned(), answer, because }
    }
}

fn slowdown(limit: f64, comparison: &Comparison) -> Judged {
    let wall = &comparison.wall;
    let Some(ratio) = wall.ratio else { return no_times() };
    let more = format!("{:+.1} %", (ratio - 1.0) * 100.0);
    let more = format!("the wall time changed by {}", minus(more));
    if ratio - 1.0 <= limit {
        return (Answer::DoesNotHold, more);
    }
    match &wall.spread {
        Measured::Not(reason) => (Answer::NotKnown, format!("{more}, but {reason}")),
        Measured::Is(spread) if spread.beyond => {
            (Answer::Holds, format!("{more}, beyond the spread of the repetitions"))
        }
        Measured::Is(_) => {
            (Answer::DoesNotHold, format!("{more}, within the spread of the repetitions"))
        }
    }
}

fn speed_up_below(limit: f64, comparison: &Comparison) -> Judged {
    let wall = &comparison.wall;
    let Some(speed_up) = wall.speed_up() else { return no_times() };
    let is = format!("the speed-up is {speed_up:.2}x");
    if speed_up >= limit {
        return (Answer::DoesNotHold, is);
    }
    match &wall.spread {
        Measured::Not(reason) => (Answer::NotKnown, format!("{is}, but {reason}")),
        Measured::Is(Spread { low, .. }) if 1.0 / low < limit => {
            (Answer::Holds, format!("{is}, beyond the spread of the repetitions"))
        }
        Measured::Is(Spread { low, .. }) => {
            let up_to = format!("{:.2}x is within the spread of the repetitions", 1.0 / low);
            (Answer::DoesNotHold, format!("{is}, but {up_to}"))
        }
    }
}

fn no_times() -> Judged {
    (Answer::NotKnown, "there are no wall times to compare".to_owned())
}

/// Holds if it holds in any pool; is not known if it is not known of one and holds in none.
fn in_any_pool(comparison: &Comparison, component: Component, above: bool, limit: Limit) -> Judged {
    let judged: Vec<Judged> = match figures(comparison, component, limit) {
        Err(reason) => return (Answer::NotKnown, reason),
        Ok(figures) => {
            figures.into_iter().map(|figure| judge_figure(figure, above, limit)).collect()
        }
    };
    let order = [Answer::Holds, Answer::NotKnown, Answer::DoesNotHold];
    let found = order.iter().find_map(|wanted| judged.iter().find(|(answer, _)| answer == wanted));
    found.cloned().unwrap_or((Answer::NotKnown, "B used no pool".to_owned()))
}

/// A component's figure in the second recording, and in the first where the limit is on the
/// difference; or why there is none.
type Figure = Result<(f64, Option<f64>, &'static str), String>;

/// The figure of each pool. What is in the second alone needs no pool in the first.
fn figures(
    comparison: &Comparison,
    component: Component,
    limit: Limit,
) -> Result<Vec<Figure>, String> {
    let [a, b] = &comparison.whole;
    let (name, unit) = (component.name(), limit.unit());
    let in_b = b.iter().map(|whole| told("B", whole, component, unit));
    if !limit.is_on_difference() {
        return Ok(in_b.map(|after| Ok((after?, None, name))).collect());
    }
    if let Measured::Not(reason) = &comparison.pools {
        return Err(reason.clone());
    }
    let in_a = a.iter().map(|whole| told("A", whole, component, unit));
    Ok(in_a.zip(in_b).map(|(before, after)| Ok((after?, Some(before?), name))).collect())
}

fn judge_figure(figure: Figure, above: bool, limit: Limit) -> Judged {
    let (after, before, name) = match figure {
        Ok(figure) => figure,
        Err(reason) => return (Answer::NotKnown, reason),
    };
    let figure = before.map_or(after, |before| after - before);
    let bound = limit.bound();
    let holds = if above { figure > bound } else { figure < bound };
    let is = match limit.unit() {
        Unit::Cores => format!("{after:.2} cores"),
        Unit::Share => format!("{:.1} %", after * 100.0),
    };
    let more = match (before, limit.unit()) {
        (None, _) => String::new(),
        (Some(_), Unit::Cores) => format!(", {} against A", minus(format!("{figure:+.2}"))),
        (Some(_), Unit::Share) => {
            format!(", {} % against A", minus(format!("{:+.1}", figure * 100.0)))
        }
    };
    let because = format!("{name} in the recorded repetition is {}{more}", minus(is));
    (if holds { Answer::Holds } else { Answer::DoesNotHold }, because)
}

/// With a typographer's minus, as all figures for people have.
fn minus(figure: String) -> String {
    figure.replace('-', "−")
}

impl Limit {
    fn unit(self) -> Unit {
        match self {
            Self::Cores(_) | Self::CoresMore(_) => Unit::Cores,
            Self::Share(_) | Self::ShareMore(_) => Unit::Share,
        }
    }

    fn is_on_difference(self) -> bool {
        matches!(self, Self::CoresMore(_) | Self::ShareMore(_))
    }

    fn bound(self) -> f64 {
        let (Self::Cores(bound)
        | Self::Share(bound)
        | Self::CoresMore(bound)
        | Self::ShareMore(bound)) = self;
        bound
    }
}

#[derive(Clone, Copy)]
enum Unit {
    Cores,
    Share,
}

/// What a recording says of a component in a pool. What it does not tell apart is not none.
fn told(
    side: &str,
    whole: &Measured<Decomposition>,
    component: Component,
    unit: Unit,
) -> Result<f64, String> {
    let whole = match whole {
        Measured::Is(whole) => whole,
        Measured::Not(reason) => return Err(format!("{side}: {reason}")),
    };
    let missing = whole.missing.iter().find(|missing| missing.component == component);
    if let Some(missing) = missing.filter(|_| whole.part(component).is_none()) {
        let (what, within) = (component.name(), missing.within.name());
        return Err(format!("{side}: {what} is in {within} ({})", missing.reason));
    }
    let parts = std::iter::once(&component).chain(finer(component));
    let time: CoreTime = parts.map(|&part| whole.time(part)).sum();
    let by = match unit {
        Unit::Cores => whole.window.duration(),
        Unit::Share => whole.core_time,
    };
    time.cores(by).ok_or_else(|| format!("{side}: the window is empty"))
}
