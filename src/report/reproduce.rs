//! What becomes of the articles' claims on this machine, and why.
//!
//! A claim is a direction and, where its source gives times, a size. The direction is told by the
//! spread of the repetitions; the size is the same if the ratios differ by no more than [`SAME`]. Why
//! they differ is put together from the decomposition alone: how many cores did the serial code's work
//! is the speed-up, and what the others did is in the components.

use serde::Serialize;

use super::claims::{Claim, Saw};
use super::{Report, Wall};
use crate::analysis::{Comparison, Component, Decomposition, Group, OutsideSum, Verdict};
use crate::finding::LEAST_LOSS;
use crate::model::{Measured, Nanos, Parameter};

/// Two ratios are of the same size if they differ by no more than this factor.
pub const SAME: f64 = 1.25;

/// Serial times that differ by this factor are worth a word: fixed costs weigh differently then.
const OTHER_TIMES: f64 = 3.0;

/// Losses that a sentence names.
const NAMED: usize = 3;

/// All claims, tried.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reproduced {
    /// Whether the program was built with debug assertions.
    pub debug_assertions: bool,
    /// Repetitions of each variant.
    pub repetitions: usize,
    /// In the order of the table of claims.
    pub claims: Vec<Tried>,
}

/// A claim, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tried {
    /// The claim.
    pub claim: Claim,
    /// What became of it; not measured where the workload could not be run.
    pub here: Measured<Here>,
}

/// What became of a claim on this machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Here {
    /// Workers of the variant that the claim is about.
    pub threads: u32,
    /// What it was run with.
    pub parameters: Vec<Parameter>,
    /// What of the claim's own parameters was made smaller for a quick run.
    pub changed: Vec<Parameter>,
    /// Its times.
    pub this: Option<Wall>,
    /// The other variant's.
    pub than: Option<Wall>,
    /// How many times as fast as the other variant it is, by the medians.
    pub ratio: Option<f64>,
    /// Between what that lies.
    pub interval: Measured<[f64; 2]>,
    /// Whether the claim holds here.
    pub holds: Answer,
    /// What most of the loss is a matter of.
    pub verdict: Measured<Verdict>,
    /// What the ratio rests on, in one sentence.
    pub why: String,
}

/// Whether a claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It does.
    Yes,
    /// In its direction, and not in its size.
    InPart,
    /// It is the other way round.
    No,
    /// The repetitions spread too far, or are too few, to tell.
    NotKnown,
}

impl Here {
    /// Of the reports of both variants; `changed` are parameters of the claim that were changed.
    pub fn of(
        claim: &Claim,
        this: &Report,
        than: &Report,
        changed: Vec<Parameter>,
    ) -> Option<Self> {
        let (run, other) = (this.run.as_ref()?, than.run.as_ref()?);
        let wall = Comparison::of([&other.samples, &run.samples], [&[], &[]]).wall;
        let ratio = wall.speed_up();
        let interval = wall.spread.map(|spread| [1.0 / spread.high, 1.0 / spread.low]);
        let ideal = Ideal::of(this, run.threads);
        let sides = [Side::of(claim.variant, this), Side::of(claim.than, than)];
        let as_claimed = changed.is_empty();
        let serial = other.wall.filter(|_| as_claimed).map(|wall| wall.median);
        Some(Self {
            threads: run.threads,
            parameters: run.parameters.clone(),
            changed,
            this: run.wall,
            than: other.wall,
            ratio,
            holds: match (ratio, &interval) {
                (Some(ratio), Measured::Is(interval)) => {
                    Answer::of(claim.saw, ratio, *interval, ideal.cores())
                }
                _ => Answer::NotKnown,
            },
            interval,
            verdict: this.verdict(),
            why: why(claim, &sides, ideal, serial),
        })
    }
}

impl Answer {
    /// Whether what a source saw is seen in a ratio that lies in that interval.
    pub fn of(saw: Saw, ratio: f64, [low, high]: [f64; 2], ideal: f64) -> Self {
        let (holds, reverse) = match saw {
            Saw::Times { than, this } if than > this => (low > 1.0, high < 1.0),
            Saw::Faster => (low > 1.0, high < 1.0),
            Saw::Times { .. } | Saw::Slower => (high < 1.0, low > 1.0),
            Saw::Short => (high < ideal, low >= ideal),
        };
        let same = |source: f64| (1.0 / SAME..=SAME).contains(&(ratio / source));
        match (holds, reverse) {
            (true, _) if saw.ratio().is_none_or(same) => Self::Yes,
            (true, _) => Self::InPart,
            (false, true) => Self::No,
            (false, false) => Self::NotKnown,
        }
    }
}

/// What a pool can do at best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ideal {
    /// Its workers.
    pub workers: u32,
    /// The CPUs that they can run on, where these are fewer.
    pub fewer_cpus: Option<u32>,
}

impl Ideal {
    fn of(report: &Report, workers: u32) -> Self {
        let cpus = report.machine.cpus.value().copied();
        Self { workers, fewer_cpus: cpus.filter(|&cpus| cpus < workers) }
    }

    /// The largest speed-up.
    pub fn cores(self) -> f64 {
        f64::from(self.fewer_cpus.unwrap_or(self.workers))
    }

    fn named(self) -> String {
        let workers = match self.workers {
            1 => "1 worker reaches".to_owned(),
            workers => format!("{workers} workers reach"),
        };
        match self.fewer_cpus {
            Some(cpus) => format!("{workers} {cpus}× at most, as there are {cpus} CPUs"),
            None => format!("{workers} {}× at most", self.workers),
        }
    }
}

/// One of the two variants that a claim compares.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// Its name.
    pub name: &'static str,
    /// Where its cores went.
    pub account: Measured<Account>,
    /// What is seen of threads that are in no pool; `None` if there are none.
    pub threads: Option<OutsideSum>,
}

/// Where a pool's cores went, for a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The pool's workers.
    pub workers: u32,
    /// Cores that did what the serial code does; `None` where that is not told apart.
    pub useful: Option<f64>,
    /// Cores in the program's code, whatever it did there.
    pub work: f64,
    /// Cores that were blocked, as the serial code is.
    pub blocked: f64,
    /// Components that are losses, with their cores, the largest first.
    pub losses: Vec<(Component, f64)>,
}

impl Side {
    fn of(name: &'static str, report: &Report) -> Self {
        let account = match report.main_pool() {
            Measured::Is(whole) => match Account::of(whole) {
                Some(account) => Measured::Is(account),
                None => Measured::Not("the window is empty".to_owned()),
            },
            Measured::Not(reason) => Measured::Not(reason),
        };
        Self { name, account, threads: report.outside_sum.clone() }
    }

    fn told(&self) -> String {
        match (&self.account, &self.threads) {
            (Measured::Is(account), _) => account.told(),
            (Measured::Not(_), Some(threads)) => threads_told(threads),
            (Measured::Not(reason), None) => {
                format!("where the cores went is not measured ({reason})")
            }
        }
    }
}

/// `2 threads were on a CPU for 41.0 ms together, 2.05 times what the serial code is`, of threads in no
/// pool.
fn threads_told(sum: &OutsideSum) -> String {
    let (count, were) = (sum.threads, if sum.threads == 1 { "thread was" } else { "threads were" });
    let time = match &sum.on_cpu {
        Measured::Is(on_cpu) => format!("on a CPU for {on_cpu} together"),
        Measured::Not(_) => format!("active for {} together", sum.active),
    };
    let beside = sum.times().map(|times| format!(", {times:.2} times what the serial code is"));
    format!("{count} {were} {time}{}", beside.as_deref().map_or("", |beside| beside))
}

impl Account {
    /// Of a pool; `None` if the window is empty.
    pub fn of(whole: &Decomposition) -> Option<Self> {
        let work = whole.cores(Component::Work)?;
        let useful = whole.part(Component::Useful).and_then(|_| whole.cores(Component::Useful));
        let is_loss = |component: &Component| component.group() != Group::Work;
        let losses = Component::ALL.iter().copied().filter(is_loss);
        let mut losses: Vec<(Component, f64)> =
            losses.filter_map(|loss| Some((loss, whole.cores(loss)?))).collect();
        losses.retain(|(_, cores)| cores.abs() >= LEAST_LOSS * f64::from(whole.workers));
        losses.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
        let (workers, blocked) = (whole.workers, whole.cores(Component::BlockedOwn)?);
        Some(Self { workers, useful, work, blocked, losses })
    }

    /// `of 2 cores 0.28 did the serial code's work, 1.38 went to task management`.
    fn told(&self) -> String {
        let cores = if self.workers == 1 { "core" } else { "cores" };
        let mut parts = vec![match self.useful {
            Some(useful) => format!("{useful:.2} did the serial code's work"),
            None => format!("{:.2} were in the program's code", self.work),
        }];
        if self.blocked >= LEAST_LOSS * f64::from(self.workers) {
            parts.push(format!("{:.2} were blocked as the serial code is", self.blocked));
        }
        let shown = self.losses.iter().take(NAMED);
        let mut verb = "went ";
        for (component, cores) in shown {
            let name = component.name();
            parts.push(if *cores < 0.0 {
                format!("{name} was −{:.2}", -cores)
            } else {
                format!("{cores:.2} {}to {name}", std::mem::take(&mut verb))
            });
        }
        if self.losses.is_empty() {
            let least = LEAST_LOSS * f64::from(self.workers);
            parts.push(format!("no loss took as much as {least:.2}"));
        }
        format!("of {} {cores} {}", self.workers, parts.join(", "))
    }
}

/// Why a ratio is what it is: what is possible at all, where the cores went, and how the times differ
/// from the source's. `serial` is the other variant's time, where it was run as the source did.
pub fn why(claim: &Claim, sides: &[Side; 2], ideal: Ideal, serial: Option<Nanos>) -> String {
    let mut clauses = Vec::new();
    let cores = claim.source.cores;
    if claim.saw.ratio().is_some_and(|ratio| ratio > ideal.cores()) {
        clauses.push(format!("{}, where the source had {cores} cores", ideal.named()));
    }
    let [this, than] = sides;
    // Of code that runs alone there is nothing to say.
    let both = than.account.value().is_some() || than.threads.is_some();
    for side in [Some(this), Some(than).filter(|_| both)].into_iter().flatten() {
        let told = side.told();
        clauses.push(if both { format!("{}: {told}", side.name) } else { told });
    }
    clauses.extend(serial.and_then(|here| other_times(claim, here)));
    clauses.join("; ")
}

fn other_times(claim: &Claim, here: Nanos) -> Option<String> {
    let Saw::Times { than: there, .. } = claim.saw else { return None };
    let ratio = there.0 as f64 / here.0.max(1) as f64;
    let same = (1.0 / OTHER_TIMES..=OTHER_TIMES).contains(&ratio);
    (!same).then(|| format!("{} took {here} here and {there} there", claim.than))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{CoreTime, Part};
    use crate::model::{PoolId, Span};
    use crate::report::claims::CLAIMS;

    const fn times(than: u64, this: u64) -> Saw {
        Saw::Times { than: Nanos(than), this: Nanos(this) }
    }

    #[test]
    fn a_direction_must_be_beyond_the_spread() {
        let two = |saw, low, high| Answer::of(saw, f64::midpoint(low, high), [low, high], 2.0);
        assert_eq!(two(Saw::Faster, 1.1, 1.3), Answer::Yes);
        assert_eq!(two(Saw::Faster, 0.9, 1.3), Answer::NotKnown);
        assert_eq!(two(Saw::Faster, 0.5, 0.9), Answer::No);
        assert_eq!(two(Saw::Slower, 0.5, 0.9), Answer::Yes);
        assert_eq!(two(Saw::Slower, 0.5, 1.0), Answer::NotKnown);
        assert_eq!(two(Saw::Slower, 1.5, 2.0), Answer::No);
        assert_eq!(two(Saw::Short, 1.0, 1.9), Answer::Yes);
        assert_eq!(two(Saw::Short, 1.0, 2.1), Answer::NotKnown);
        assert_eq!(two(Saw::Short, 2.0, 2.1), Answer::No);
    }

    #[test]
    fn a_size_is_the_same_within_a_quarter() {
        let near = |saw, ratio: f64| Answer::of(saw, ratio, [ratio * 0.99, ratio * 1.01], 2.0);
        assert_eq!(near(times(70, 10), 1.4), Answer::InPart);
        assert_eq!(near(times(70, 10), 6.0), Answer::Yes);
        assert_eq!(near(times(70, 10), 0.5), Answer::No);
        assert_eq!(near(times(10, 40), 0.28), Answer::Yes);
        assert_eq!(near(times(10, 40), 0.8), Answer::InPart);
        assert_eq!(near(times(10, 40), 1.2), Answer::No);
    }

    /// A pool of two in a window of a microsecond, with so many cores in each component.
    fn pool(cores: &[(Component, f64)]) -> Decomposition {
        let part = |&(component, cores): &(Component, f64)| {
            let time = CoreTime((cores * 1_000.0) as i64);
            Part { component, time, low: time, high: time }
        };
        Decomposition {
            pool: PoolId(0),
            workers: 2,
            window: Span { start: Nanos(0), end: Nanos(1_000) },
            core_time: Nanos(2_000),
            parts: cores.iter().map(part).collect(),
            join_cost: Measured::Not("constructed".to_owned()),
            missing: Vec::new(),
            verdict: None,
            callers: CoreTime::ZERO,
            lowered: CoreTime::ZERO,
            counted: Measured::Not("constructed".to_owned()),
            inflation: Measured::Not("constructed".to_owned()),
        }
    }

    fn side(name: &'static str, cores: &[(Component, f64)]) -> Side {
        let account = Measured::Is(Account::of(&pool(cores)).unwrap());
        Side { name, account, threads: None }
    }

    fn alone() -> Side {
        let account = Measured::Not(crate::report::NO_POOL.to_owned());
        Side { name: "serial", account, threads: None }
    }

    fn claim(what: &str) -> &'static Claim {
        CLAIMS.iter().find(|claim| claim.what == what).unwrap()
    }

    const TWO: Ideal = Ideal { workers: 2, fewer_cpus: None };

    #[test]
    fn what_is_beyond_the_workers_is_said_first_and_other_times_last() {
        use Component::{HandOver, Inflation, LateWakeUp, Runtime, Useful};
        let claim = claim("sum of 10,000,000 items in parallel");
        let parts = [(Useful, 1.4), (Inflation, 0.3), (LateWakeUp, 0.2), (HandOver, 0.1)];
        let sides = [side("par-iter", &parts), alone()];
        assert_eq!(
            why(claim, &sides, TWO, Some(Nanos(60_000_000))),
            "2 workers reach 2× at most, where the source had 10 cores; of 2 cores 1.40 did the \
             serial code's work, 0.30 went to inflation, 0.20 to scheduling: late wake-up, 0.10 to \
             hand-over; serial took 60.0 ms here and 3.20 s there",
        );
        // With enough workers, and times like the source's, the components are all there is to say.
        let many = Ideal { workers: 16, fewer_cpus: None };
        let sides = [side("par-iter", &[(Useful, 1.95), (Runtime, 0.05)]), alone()];
        assert_eq!(
            why(claim, &sides, many, Some(Nanos(3_000_000_000))),
            "of 2 cores 1.95 did the serial code's work, no loss took as much as 0.10",
        );
        // Nor is anything said of times at another size.
        assert!(!why(claim, &sides, many, None).contains("there"));
    }

    #[test]
    fn cpus_count_where_they_are_fewer_than_workers() {
        let faster = claim("tree, joins on the first 6 levels");
        let few = Ideal { workers: 8, fewer_cpus: Some(2) };
        let sides = [side("join-cutoff", &[(Component::Useful, 2.0)]), alone()];
        let told = why(faster, &sides, few, None);
        let start =
            "8 workers reach 2× at most, as there are 2 CPUs, where the source had 10 cores";
        assert!(told.starts_with(start), "{told}");
        assert_eq!((few.cores(), TWO.cores()), (2.0, 2.0));
        // What is slower is within reach of any number of workers.
        let one = Ideal { workers: 1, fewer_cpus: None };
        let slower = claim("tree, a join at every node");
        assert!(!why(slower, &sides, one, None).contains("at most"));
    }

    #[test]
    fn two_pools_have_a_clause_each() {
        use Component::{Inflation, Useful};
        let claim = claim("matrices, a row a task instead");
        let sides = [
            side("par-rows", &[(Useful, 3.2), (Inflation, -1.25)]),
            side("par-naive", &[(Useful, 1.3), (Inflation, 0.6)]),
        ];
        assert_eq!(
            why(claim, &sides, TWO, Some(Nanos(5))),
            "par-rows: of 2 cores 3.20 did the serial code's work, inflation was −1.25; par-naive: of 2 cores 1.30 did the serial code's work, 0.60 went to inflation",
        );
    }

    #[test]
    fn of_threads_in_no_pool_their_time_is_told() {
        let not = |what: &str| format!("{what} is constructed");
        let threads = |on_cpu: Measured<Nanos>, serial| {
            Some(OutsideSum {
                threads: 2,
                active: Nanos(41_000_000),
                parts: Measured::Not(not("it")),
                on_cpu,
                serial,
                mostly: Measured::Not(not("it")),
            })
        };
        let side = |name, threads| Side { name, threads, ..alone() };
        let tokio = claim("tree, tokio's tasks on 6 levels");
        let known = threads(Measured::Is(Nanos(41_000_000)), Measured::Is(Nanos(20_000_000)));
        assert_eq!(
            why(tokio, &[side("tokio-cutoff", known), alone()], TWO, None),
            "2 threads were on a CPU for 41.0 ms together, 2.05 times what the serial code is",
        );
        let new = claim("a join instead of two new threads");
        let unknown = threads(Measured::Not(not("it")), Measured::Is(Nanos(5)));
        assert_eq!(
            why(new, &[alone(), side("os-threads", unknown)], TWO, None),
            "serial: where the cores went is not measured (no pool was used); os-threads: 2 threads \
             were active for 41.0 ms together",
        );
    }

    #[test]
    fn what_is_not_told_apart_is_the_programs_code_and_what_has_no_pool_is_said_so() {
        use Component::{BlockedOwn, PoolStart, Work};
        let claim = claim("a pool started for the occasion");
        let sides = [side("cold", &[(Work, 0.5), (PoolStart, 0.4), (BlockedOwn, 1.0)]), alone()];
        assert_eq!(
            why(claim, &sides, TWO, None),
            "of 2 cores 0.50 were in the program's code, 1.00 were blocked as the serial code is, \
             0.40 went to pool start",
        );
        assert_eq!(
            why(claim, &[alone(), alone()], TWO, None),
            "where the cores went is not measured (no pool was used)",
        );
    }
}
