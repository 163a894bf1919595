//! How times are spread: from what is usual to what is rare. Times of tasks go over many powers of
//! ten, and a mean says nothing of them.
//!
//! Collapsed tasks are known by their sums alone and are in none of these.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{Window, detail, sleeps};
use crate::model::{Event, Measured, Nanos, Origin, Pool, Span, Task};
use crate::timeline::{Row, Timeline};

/// How times of a pool's tasks are spread, of those that began within a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Distributions {
    /// From push to start, of all tasks whose push was recorded.
    pub queue_waits: Measured<Distribution>,
    /// The same, of stolen tasks alone.
    pub steal_latency: Measured<Distribution>,
    /// The same, of tasks alone that came into the pool from outside, through its injector.
    pub injector_waits: Measured<Distribution>,
    /// The same, of tasks that were pushed while their worker slept and were its next.
    pub wake_ups: Measured<Distribution>,
    /// What tasks did themselves: without what they waited, and without other tasks that their
    /// worker ran meanwhile.
    pub task_lengths: Measured<Distribution>,
}

/// Times, by rank. Minimum and maximum are exact, what is between them within a thousandth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// How many there are.
    pub count: u64,
    /// The shortest.
    pub min: Nanos,
    /// Half of them are at most this.
    pub median: Nanos,
    /// Nine of ten are at most this.
    pub p90: Nanos,
    /// Ninety-nine of a hundred are at most this.
    pub p99: Nanos,
    /// The longest.
    pub max: Nanos,
    /// For a picture: by powers of two, from that of the shortest to that of the longest.
    pub buckets: Vec<Bucket>,
}

/// Times from a power of two to below the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// The lowest that is in it: a power of two, or 0 for what is shorter than a nanosecond.
    pub from: Nanos,
    /// How many there are.
    pub count: u64,
}

impl Distributions {
    /// How the times of a pool's tasks are spread that began within a window.
    pub fn of(timeline: &Timeline, window: Window, pool: &Pool) -> Self {
        let level = timeline.trace().header.detail;
        let rows = timeline.workers(pool.id);
        let measured = |times: Vec<Nanos>, none: &str| match detail::no_times(level) {
            Some(reason) => Measured::Not(reason.to_owned()),
            None => measured(times, none),
        };
        let all = |of: for<'t> fn(&Row<'t>) -> Vec<(&'t Task, Nanos)>| -> Vec<Nanos> {
            let times = rows.iter().flat_map(|row| of(row));
            let began_within = |task: &Task| {
                window.span.start <= task.span.start && task.span.start <= window.span.end
            };
            times.filter(|(task, _)| began_within(task)).map(|(_, time)| time).collect()
        };
        Self {
            queue_waits: measured(all(queue_waits), "no task was recorded with its time of push"),
            steal_latency: measured(
                all(steal_latencies),
                "no steal was recorded with its time of push",
            ),
            injector_waits: measured(
                all(injector_waits),
                "no job came in from outside with its time of push",
            ),
            wake_ups: match rows.iter().find_map(|row| unknown_sleeps(row)) {
                Some(reason) => Measured::Not(reason),
                None => measured(all(wake_ups), "no task was pushed for a worker that slept"),
            },
            task_lengths: measured(all(task_lengths), "no task was recorded"),
        }
    }
}

impl Distribution {
    /// How these times are spread; `None` if there are none.
    pub fn of(times: &[Nanos]) -> Option<Self> {
        let (min, max) = (*times.iter().min()?, *times.iter().max()?);
        // The range is that of the times, and they are as many as a vector holds.
        let highest = max.0.clamp(2, u64::MAX / 2);
        let mut histogram = Histogram::<u64>::new_with_bounds(1, highest, 3).ok()?;
        times.iter().for_each(|time| histogram.saturating_record(time.0));
        // What stands for a time is the highest that is the same in three digits.
        let at = |share: f64| Nanos(histogram.value_at_quantile(share)).clamp(min, max);
        Some(Self {
            count: times.len() as u64,
            min,
            median: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max,
            buckets: buckets(times, min, max),
        })
    }
}

fn measured(times: Vec<Nanos>, none: &str) -> Measured<Distribution> {
    match Distribution::of(&times) {
        Some(distribution) => Measured::Is(distribution),
        None => Measured::Not(none.to_owned()),
    }
}

/// The powers of two are counted from the times themselves: they are exact.
fn buckets(times: &[Nanos], min: Nanos, max: Nanos) -> Vec<Bucket> {
    let mut counts = [0_u64; 65];
    times.iter().for_each(|&time| counts[digits(time)] += 1);
    let occurring = digits(min)..=digits(max);
    occurring.map(|digits| Bucket { from: lowest(digits), count: counts[digits] }).collect()
}

/// Binary digits, 0 to 64.
fn digits(time: Nanos) -> usize {
    (u64::BITS - time.0.leading_zeros()) as usize
}

fn lowest(digits: usize) -> Nanos {
    Nanos(digits.checked_sub(1).map_or(0, |zeros| 1 << zeros))
}

fn tasks<'t>(row: &Row<'t>) -> impl Iterator<Item = &'t Task> {
    row.lane().events.iter().filter_map(|event| match event {
        Event::Task(task) => Some(task),
        _ => None,
    })
}

fn queued(task: &Task) -> Option<(&Task, Nanos)> {
    Some((task, task.span.start - task.pushed?))
}

fn queue_waits<'t>(row: &Row<'t>) -> Vec<(&'t Task, Nanos)> {
    tasks(row).filter_map(queued).collect()
}

fn steal_latencies<'t>(row: &Row<'t>) -> Vec<(&'t Task, Nanos)> {
    tasks(row).filter(|task| task.origin == Origin::Stolen).filter_map(queued).collect()
}

fn injector_waits<'t>(row: &Row<'t>) -> Vec<(&'t Task, Nanos)> {
    tasks(row).filter(|task| task.origin == Origin::Injected).filter_map(queued).collect()
}

/// Why it is not known when a worker slept; `None` if it is.
fn unknown_sleeps(row: &Row) -> Option<String> {
    match sleeps::source(row.lane()) {
        Measured::Is(_) => None,
        Measured::Not(reason) => Some(reason),
    }
}

/// Of the tasks that were a worker's next since they were pushed, which it slept through.
fn wake_ups<'t>(row: &Row<'t>) -> Vec<(&'t Task, Nanos)> {
    let asleep = sleeps::spans(row.lane());
    let mut begun: Option<Nanos> = None;
    let mut found = Vec::new();
    for event in &row.lane().events {
        let span = event.span();
        if let Event::Task(task) = event {
            let pushed = task.pushed.filter(|&pushed| begun.is_none_or(|begun| begun <= pushed));
            if pushed.is_some_and(|pushed| slept(&asleep, pushed)) {
                found.extend(queued(task));
            }
        }
        if matches!(event, Event::Task(_) | Event::Collapsed(_)) {
            begun = Some(span.start);
        }
    }
    found
}

/// Whether a worker slept. As the kernel sees it, it may have been blocked in a task then, but in one
/// that had ended, or waited, before the task that was pushed was its next.
fn slept(asleep: &[Span], at: Nanos) -> bool {
    let index = asleep.partition_point(|span| span.end <= at);
    asleep.get(index).is_some_and(|span| span.start <= at)
}

/// Where events were lost, what cannot be told apart is left out with all of its lane.
fn task_lengths<'t>(row: &Row<'t>) -> Vec<(&'t Task, Nanos)> {
    if !row.is_whole() {
        return Vec::new();
    }
    let events = &row.lane().events;
    let owners = owners(row);
    let mut own = vec![Nanos::ZERO; events.len()];
    for stretch in row.stretches() {
        if let Some(owner) = stretch.event().and_then(|event| owners[event]) {
            own[owner] += stretch.busy;
        }
    }
    let of_tasks = events.iter().zip(own).filter_map(|(event, own)| match event {
        Event::Task(task) => Some((task, own)),
        _ => None,
    });
    of_tasks.collect()
}

/// For each event the task, or the collapsed tasks, that it is part of, as indices into the events.
fn owners(row: &Row) -> Vec<Option<usize>> {
    let events = &row.lane().events;
    let mut owners = vec![None; events.len()];
    for frame in row.frames() {
        owners[frame.event()] = match &events[frame.event()] {
            Event::Task(_) | Event::Collapsed(_) => Some(frame.event()),
            _ => frame.owner().map(|owner| row.frames()[owner].event()),
        };
    }
    owners
}
