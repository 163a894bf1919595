//! Threads that are in no pool: for how long each was in regions or calls of its own, where it was
//! meanwhile, and what they took together beside the serial code. What they did there is not seen.

use serde::Serialize;

use super::Window;
use super::on_off::{no_parts, overlap};
use crate::model::{Event, LaneId, Measured, Nanos, Role, Span, Trace};
use crate::timeline::{Row, Timeline};

/// Threads that were active for no more than this share of their time were rather not there.
const PARKED: f64 = 0.1;
/// Above this share of the time in which they were active, being off the CPU is what they mostly did.
const MOSTLY: f64 = 0.5;
/// Of the time in which a thread was active, so much may go by before it is watched.
const MISSED: f64 = 0.01;
/// So many times the serial code's time on a CPU is more than what sharing caches and memory costs.
const MORE: f64 = 2.0;

/// A thread in no pool, other than the one that opened the window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutsideThread {
    /// Its lane.
    pub lane: LaneId,
    /// Its name.
    pub name: Option<String>,
    /// Time in regions and calls within the window, on a CPU or not.
    pub active: Nanos,
    /// How many stretches that is.
    pub stretches: u64,
    /// Where it was meanwhile.
    pub parts: Measured<ActiveParts>,
    /// CPU time of the thread in the whole recording; of one that joined it later, from then on.
    pub cpu: Measured<Nanos>,
}

/// Where a thread was while it was active; the three add up to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ActiveParts {
    /// On a CPU.
    pub on_cpu: Nanos,
    /// Off it though it could run.
    pub preempted: Nanos,
    /// Off it of its own will: it waited for something.
    pub blocked: Nanos,
}

/// All threads in no pool together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutsideSum {
    /// How many there are.
    pub threads: usize,
    /// The time in which they were active, summed.
    pub active: Nanos,
    /// Where they were meanwhile.
    pub parts: Measured<ActiveParts>,
    /// Their time on a CPU: while they were active or, where that is not told apart, in the whole
    /// recording.
    pub on_cpu: Measured<Nanos>,
    /// What the serial code, run for comparison, was on a CPU.
    pub serial: Measured<Nanos>,
    /// What they mostly did; not measured where that hangs on a figure that is not.
    pub mostly: Measured<Mostly>,
}

/// What threads in no pool mostly did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mostly {
    /// They were active for a tenth of their time at most.
    Parked,
    /// While they were active, they were mostly off the CPU of their own will.
    Blocked,
    /// Likewise, though they could have run.
    Preempted,
    /// Off it, which of the two is not told apart.
    OffCpu,
    /// They were on a CPU for at least twice as long as the serial code is.
    MoreWork,
    /// They were on a CPU for less than that.
    Work,
}

impl Mostly {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Parked, Self::Blocked, Self::Preempted, Self::OffCpu, Self::MoreWork, Self::Work];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parked => "parked",
            Self::Blocked => "blocked",
            Self::Preempted => "preempted",
            Self::OffCpu => "off-cpu",
            Self::MoreWork => "more-work",
            Self::Work => "work",
        }
    }
}

/// The threads in no pool, in the order of their lanes, without the one that opened the window: what it
/// does is the window itself.
pub fn outside_threads(timeline: &Timeline, window: Window) -> Vec<OutsideThread> {
    let rows = || timeline.rows().iter().filter(|row| row.lane().role == Role::Outside);
    let opened = |row: &&Row| spans(row).any(|span| span.start <= window.span.start);
    let opener = rows().find(opened).map(|row| row.lane().id);
    let others = rows().filter(|row| Some(row.lane().id) != opener);
    let threads = others.map(|row| OutsideThread::of(timeline, row, window.span));
    threads.filter(|thread| thread.stretches > 0).collect()
}

impl OutsideThread {
    fn of(timeline: &Timeline, row: &Row, window: Span) -> Self {
        let lane = row.lane();
        let active = active(row, window);
        let watched = &lane.watched;
        let no_parts = no_parts(lane, &watched.scheduling, timeline.trace().header.detail);
        let parts = match no_parts.or_else(|| noticed_late(row, &active)) {
            Some(reason) => Measured::Not(reason),
            None => Measured::Is(ActiveParts::of(row, &active)),
        };
        Self {
            lane: lane.id,
            name: lane.name.clone(),
            active: active.iter().copied().map(Span::duration).sum(),
            stretches: active.len() as u64,
            parts,
            cpu: lane.cpu.clone(),
        }
    }
}

/// When a thread was active, in order and without overlap: what lies within another region or call is
/// a part of it.
fn active(row: &Row, window: Span) -> Vec<Span> {
    let mut spans: Vec<Span> = spans(row).collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let (mut active, mut covered) = (Vec::new(), window.start);
    for span in spans {
        let span = Span { start: span.start.max(covered), end: span.end.min(window.end) };
        if span.end > covered {
            active.push(span);
            covered = span.end;
        }
    }
    active
}

/// Why a new thread's time is not told apart: it was active for a while before it was watched.
fn noticed_late(row: &Row, active: &[Span]) -> Option<String> {
    let watched = row.lane().watched.scheduling.value().map(|sums| sums.wall)?;
    let noticed = row.presence().end.saturating_since(watched);
    let before = Span { start: Nanos::ZERO, end: noticed };
    let missed: Nanos = active.iter().map(|span| overlap(*span, before)).sum();
    let all: Nanos = active.iter().copied().map(Span::duration).sum();
    (missed.0 as f64 > MISSED * all.0 as f64)
        .then(|| "the kernel was asked for it some time after the thread had begun".to_owned())
}

fn spans<'r>(row: &'r Row) -> impl Iterator<Item = Span> + use<'r> {
    let operations = row.lane().events.iter();
    operations.filter(|event| matches!(event, Event::Operation(_))).map(Event::span)
}

impl ActiveParts {
    const NOTHING: Self =
        Self { on_cpu: Nanos::ZERO, preempted: Nanos::ZERO, blocked: Nanos::ZERO };

    fn of(row: &Row, active: &[Span]) -> Self {
        let mut parts = Self::NOTHING;
        let mut off_cpu = &row.lane().watched.off_cpu[..];
        for &span in active {
            let over = off_cpu.iter().take_while(|off| off.span.end <= span.start).count();
            off_cpu = &off_cpu[over..];
            let begun = off_cpu.iter().take_while(|off| off.span.start < span.end);
            let (mut preempted, mut blocked) = (Nanos::ZERO, Nanos::ZERO);
            for off in begun {
                let part = if off.preempted { &mut preempted } else { &mut blocked };
                *part += overlap(off.span, span);
            }
            let on_cpu = span.duration() - preempted - blocked;
            parts = parts.plus(Self { on_cpu, preempted, blocked });
        }
        parts
    }

    fn plus(self, other: Self) -> Self {
        Self {
            on_cpu: self.on_cpu + other.on_cpu,
            preempted: self.preempted + other.preempted,
            blocked: self.blocked + other.blocked,
        }
    }
}

impl OutsideSum {
    /// Of a recording's threads in no pool; `None` if there are none.
    pub fn of(threads: &[OutsideThread], trace: &Trace, window: Window) -> Option<Self> {
        (!threads.is_empty()).then_some(())?;
        let parts = threads.iter().map(|thread| &thread.parts);
        let parts = sum(ActiveParts::NOTHING, parts, ActiveParts::plus);
        let on_cpu = match &parts {
            Measured::Is(parts) => Measured::Is(parts.on_cpu),
            Measured::Not(_) => {
                let cpu = threads.iter().map(|thread| &thread.cpu);
                sum(Nanos::ZERO, cpu, |one, other| one + other)
            }
        };
        let mut all = Self {
            threads: threads.len(),
            active: threads.iter().map(|thread| thread.active).sum(),
            parts,
            on_cpu,
            serial: serial(trace),
            mostly: Measured::Is(Mostly::Parked),
        };
        let present = window.span.duration().0 as f64 * threads.len() as f64;
        if all.active.0 as f64 > PARKED * present {
            all.mostly = all.mostly();
        }
        Some(all)
    }

    /// How many times as long as the serial code they were on a CPU.
    pub fn times(&self) -> Option<f64> {
        let serial = self.serial.value().filter(|serial| **serial > Nanos::ZERO)?;
        Some(self.on_cpu.value()?.0 as f64 / serial.0 as f64)
    }

    /// Of threads that were active.
    fn mostly(&self) -> Measured<Mostly> {
        let most = MOSTLY * self.active.0 as f64;
        let is_most = |time: Nanos| time.0 as f64 > most;
        match (&self.parts, &self.on_cpu) {
            (Measured::Is(parts), _) if is_most(parts.blocked) => Measured::Is(Mostly::Blocked),
            (Measured::Is(parts), _) if is_most(parts.preempted) => Measured::Is(Mostly::Preempted),
            (Measured::Not(_), Measured::Is(on_cpu)) if (on_cpu.0 as f64) < most => {
                Measured::Is(Mostly::OffCpu)
            }
            (_, Measured::Is(_)) => self.beside_serial(),
            (_, Measured::Not(reason)) => Measured::Not(reason.clone()),
        }
    }

    fn beside_serial(&self) -> Measured<Mostly> {
        match (self.times(), &self.serial) {
            (Some(times), _) if times >= MORE => Measured::Is(Mostly::MoreWork),
            (Some(_), _) => Measured::Is(Mostly::Work),
            (None, Measured::Not(reason)) => Measured::Not(reason.clone()),
            (None, _) => Measured::Not("the serial code took no time".to_owned()),
        }
    }
}

/// The sum, or the first reason why there is none.
fn sum<'a, T: Copy + 'a>(
    nothing: T,
    all: impl Iterator<Item = &'a Measured<T>>,
    plus: impl Fn(T, T) -> T,
) -> Measured<T> {
    all.fold(Measured::Is(nothing), |sum, more| match (sum, more) {
        (Measured::Is(sum), Measured::Is(more)) => Measured::Is(plus(sum, *more)),
        (Measured::Not(reason), _) => Measured::Not(reason),
        (_, Measured::Not(reason)) => Measured::Not(reason.clone()),
    })
}

fn serial(trace: &Trace) -> Measured<Nanos> {
    let run = trace.header.run.as_ref();
    match run.and_then(|run| run.baseline.as_ref()).filter(|baseline| baseline.serial) {
        Some(baseline) => baseline.parts.clone().map(|parts| parts.work),
        None => Measured::Not("there is no serial baseline".to_owned()),
    }
}
