//! Paired measurements: two things take turns, so that a machine that changes its speed changes it
//! for both.

use std::fmt;
use std::time::Duration;

/// What to measure.
pub(crate) struct Arguments {
    pub(crate) depth: u32,
    pub(crate) rounds: usize,
    pub(crate) threads: Vec<usize>,
    levels: Vec<String>,
}

impl Arguments {
    /// Reads `--depth N --rounds N --threads LIST --levels LIST`; what `cargo bench` itself passes
    /// is ignored.
    pub(crate) fn parse() -> Self {
        let arguments: Vec<String> = std::env::args().collect();
        let value = |name: &str| {
            let place = arguments.iter().position(|argument| argument == name)?;
            arguments.get(place + 1).map(String::as_str)
        };
        let number = |name: &str, default| {
            value(name).map_or(default, |value| value.parse().expect("a number"))
        };
        let threads = value("--threads").unwrap_or("1,2").split(',');
        let levels = value("--levels").unwrap_or("off,count,auto,full").split(',');
        Self {
            levels: levels.map(str::to_owned).collect(),
            depth: number("--depth", 23) as u32,
            rounds: number("--rounds", 15),
            threads: threads.map(|n| n.parse().expect("numbers of threads")).collect(),
        }
    }
}

impl Arguments {
    pub(crate) fn wants(&self, level: &str) -> bool {
        self.levels.iter().any(|wanted| wanted == level)
    }
}

/// Ratios of recorded to plain, sorted.
pub(crate) struct Ratios(Vec<f64>);

impl fmt::Display for Ratios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |share: f64| self.0[((self.0.len() - 1) as f64 * share).round() as usize];
        write!(f, "{:.3}× ({:.3}–{:.3})", at(0.5), at(0.25), at(0.75))
    }
}

/// Measures in the order plain, recorded, recorded, plain; `measure(true)` is the recorded one.
pub(crate) fn paired(rounds: usize, mut measure: impl FnMut(bool) -> Duration) -> Ratios {
    let mut ratio = || {
        let (a, b, c, d) = (measure(false), measure(true), measure(true), measure(false));
        b.min(c).as_secs_f64() / a.min(d).as_secs_f64()
    };
    let mut ratios: Vec<f64> = std::iter::repeat_with(&mut ratio).take(rounds).collect();
    ratios.sort_by(f64::total_cmp);
    Ratios(ratios)
}

/// The middle one.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
