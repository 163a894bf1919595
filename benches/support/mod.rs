//! Paired measurements: two things take turns, so that a machine that changes its speed changes it
//! for both.

#![allow(dead_code, reason = "each benchmark uses its part")]

use std::fmt;
use std::time::{Duration, Instant};

use rayprism::Session;
use rayprism::model::{Detail, Trace};

/// What to measure.
pub(crate) struct Arguments {
    /// Words that belong to no option.
    pub(crate) names: Vec<String>,
    pub(crate) depth: u32,
    pub(crate) rounds: usize,
    pub(crate) threads: Vec<usize>,
    pub(crate) levels: Vec<Detail>,
    /// Measure plain against plain, for what the machine makes of no difference at all.
    pub(crate) null: bool,
}

impl Arguments {
    /// Reads `NAME… --depth N --rounds N --threads LIST --levels LIST --null`; what `cargo bench`
    /// itself passes is ignored.
    pub(crate) fn parse(rounds: usize, levels: &str) -> Self {
        let mut read = Self {
            names: Vec::new(),
            depth: 23,
            rounds,
            threads: vec![1, 2],
            levels: levels.split(',').map(level).collect(),
            null: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} what?"));
            match argument.as_str() {
                "--bench" => {}
                "--null" => read.null = true,
                "--depth" => read.depth = number(&value()),
                "--rounds" => read.rounds = number::<usize>(&value()).max(1),
                "--threads" => read.threads = value().split(',').map(number).collect(),
                "--levels" => read.levels = value().split(',').map(level).collect(),
                option if option.starts_with('-') => panic!("no such option: {option}"),
                name => read.names.push(name.to_owned()),
            }
        }
        read
    }

    pub(crate) fn wants(&self, level: Detail) -> bool {
        self.levels.contains(&level)
    }
}

fn number<N: std::str::FromStr>(text: &str) -> N {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

fn level(name: &str) -> Detail {
    match name {
        "off" => Detail::Off,
        "count" => Detail::Count,
        "auto" => Detail::Auto,
        "full" => Detail::Full,
        _ => panic!("no such level: {name}"),
    }
}

/// How long `f` takes on a worker of a pool of so many: its CPU time if it is the only one, else
/// wall time.
pub(crate) fn elapsed(threads: usize, f: impl FnOnce()) -> Duration {
    let (cpu, wall) = (rayprism::linux::own_cpu(), Instant::now());
    f();
    let wall = wall.elapsed();
    let cpu = rayprism::linux::own_cpu().zip(cpu).filter(|_| threads == 1);
    cpu.map_or(wall, |(end, start)| Duration::from_nanos((end - start).0))
}

/// What the times of [`elapsed`] are.
pub(crate) fn kind_of_time(threads: usize) -> &'static str {
    if threads == 1 && rayprism::linux::own_cpu().is_some() { "CPU time" } else { "wall time" }
}

/// Runs `f` while a recording of this detail is under way, and returns that, too.
pub(crate) fn recording<R>(detail: Detail, f: impl FnOnce() -> R) -> (R, Option<Trace>) {
    if detail == Detail::Off {
        return (f(), None);
    }
    // Room for every join in `full`; what is not written costs nothing.
    let builder = Session::builder().detail(detail).buffer_bytes(256 << 20);
    let session = builder.start().expect("no other session");
    let result = f();
    (result, Some(session.stop()))
}

/// Measures in the order plain, recorded, recorded, plain; `measure(true)` is the recorded one.
pub(crate) fn paired(rounds: usize, mut measure: impl FnMut(bool) -> Duration) -> Pairs {
    let mut pair = || {
        let (a, b, c, d) = (measure(false), measure(true), measure(true), measure(false));
        Pair { plain: a.min(d), recorded: b.min(c) }
    };
    Pairs(std::iter::repeat_with(&mut pair).take(rounds).collect())
}

/// One round, the shorter of each two.
struct Pair {
    plain: Duration,
    recorded: Duration,
}

/// All rounds.
pub(crate) struct Pairs(Vec<Pair>);

impl Pairs {
    /// What each of the `count` things that were done in a measurement takes without recording.
    pub(crate) fn plain(&self, count: u64) -> Duration {
        Duration::from_secs_f64(self.spread(|plain, _| plain / count as f64).median)
    }

    /// Recorded to plain.
    pub(crate) fn ratio(&self) -> Ratio {
        Ratio(self.spread(|plain, recorded| recorded / plain))
    }

    /// What recording adds to each of the `count` things that were done in a measurement.
    pub(crate) fn more(&self, count: u64) -> More {
        More(self.spread(|plain, recorded| (recorded - plain) * 1e9 / count as f64))
    }

    fn spread(&self, figure: impl Fn(f64, f64) -> f64) -> Spread {
        let figure = |pair: &Pair| figure(pair.plain.as_secs_f64(), pair.recorded.as_secs_f64());
        let mut figures: Vec<f64> = self.0.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let at = |share: f64| figures[((figures.len() - 1) as f64 * share).round() as usize];
        Spread { lower: at(0.25), median: at(0.5), upper: at(0.75) }
    }
}

/// The median and the quartiles of a figure that each round gives.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    lower: f64,
    pub(crate) median: f64,
    upper: f64,
}

/// A ratio of times.
#[derive(Clone, Copy)]
pub(crate) struct Ratio(pub(crate) Spread);

/// A difference of times, in nanoseconds.
#[derive(Clone, Copy)]
pub(crate) struct More(pub(crate) Spread);

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spread { lower, median, upper } = self.0;
        f.pad(&format!("{median:.3}× ({lower:.3}–{upper:.3})"))
    }
}

impl fmt::Display for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spread { lower, median, upper } = self.0;
        f.pad(&format!("{median:+.1} ns ({lower:+.1} – {upper:+.1})"))
    }
}
