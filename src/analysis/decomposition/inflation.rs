//! Why the same work takes longer beside other workers: more instructions, more cycles for each, or
//! slower cycles. Only where counters were read in tasks alone, as totals of threads contain the
//! search for work.

use serde::Serialize;

use super::super::on_off::common;
use super::CoreTime;
use super::cut::{Place, cuts};
use super::sweep::ONE;
use crate::model::{Counter, Event, Measured, Nanos, Pool, Span, WorkCounts};
use crate::timeline::{Row, Timeline};

/// What of the work on a CPU must have been counted, and what of the time in which it was counted
/// must be work: waiting for a stolen half, rayon and the profiler are counted with the task that
/// they are in.
pub(super) const COUNTED: f64 = 0.95;

/// The inflation of a pool's work by its cause, in core-time; the three add up to it.
///
/// With `t = I · CPI / f` (instructions, cycles of each, frequency) and the logarithmic mean
/// `L = (t_P − t_1) / ln(t_P / t_1)` the parts are `L · ln(I_P / I_1)`, `L · ln(CPI_P / CPI_1)` and
/// `L · ln(f_1 / f_P)`: an exact split without a remainder (Ang, The LMDI approach to decomposition
/// analysis, 2005). Where the kernel's part is not counted, the frequency is as much too low in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InflationCauses {
    /// More instructions were needed for it.
    pub instructions: CoreTime,
    /// Each needed more cycles: caches, memory, a core shared with another thread.
    pub cycles_per_instruction: CoreTime,
    /// A cycle took longer, as the CPU's frequency was lower.
    pub frequency: CoreTime,
}

/// Work's time, and what was counted in it.
type Work<'c> = (CoreTime, &'c Measured<WorkCounts>);

/// Splits what work takes longer here than in a pool of one worker, where both were counted.
pub(super) fn causes(here: Work, alone: Work) -> Measured<InflationCauses> {
    let (ours, theirs) = match (here.1, alone.1) {
        (Measured::Is(ours), Measured::Is(theirs)) => (ours, theirs),
        (Measured::Not(reason), _) => return Measured::Not(reason.clone()),
        (_, Measured::Not(reason)) => {
            return Measured::Not(format!("of the run in a pool of one worker: {reason}"));
        }
    };
    match Rates::of(ours, here.0).zip(Rates::of(theirs, alone.0)) {
        Some((ours, theirs)) => Measured::Is(split(&ours, &theirs, here.0 - alone.0)),
        None => Measured::Not("a count is zero".to_owned()),
    }
}

/// The factors of some work's time.
struct Rates {
    time: f64,
    instructions: f64,
    cycles_per_instruction: f64,
}

impl Rates {
    /// What was counted stands for all of the work. `None` where a ratio would be of nothing.
    fn of(counted: &WorkCounts, work: CoreTime) -> Option<Self> {
        let WorkCounts { time, instructions, cycles } = *counted;
        let some = work > CoreTime::ZERO && time.0 > 0 && instructions > 0 && cycles > 0;
        some.then(|| {
            let [work, time] = [work.0 as f64, time.0 as f64];
            let [instructions, cycles] = [instructions as f64, cycles as f64];
            Self {
                time: work,
                instructions: instructions * work / time,
                cycles_per_instruction: cycles / instructions,
            }
        })
    }
}

fn split(here: &Rates, there: &Rates, inflation: CoreTime) -> InflationCauses {
    let mean = logarithmic_mean(here.time, there.time);
    let part = |here: f64, there: f64| CoreTime((mean * (here / there).ln()).round() as i64);
    let instructions = part(here.instructions, there.instructions);
    let cycles_per_instruction = part(here.cycles_per_instruction, there.cycles_per_instruction);
    // `L · ln(f_1 / f_P)` is what remains, and with it what rounding leaves: the sum is exact.
    let frequency = inflation - instructions - cycles_per_instruction;
    InflationCauses { instructions, cycles_per_instruction, frequency }
}

/// Of two times above zero; of equal ones it is both.
fn logarithmic_mean(a: f64, b: f64) -> f64 {
    let ratio = (a / b).ln();
    // Below that the difference of the two has hardly a digit left.
    if ratio.abs() < 1e-9 { a } else { (a - b) / ratio }
}

/// What was counted in the tasks of a pool's workers within a window.
pub(super) fn counted(
    timeline: &Timeline,
    window: Span,
    pool: &Pool,
    work: CoreTime,
) -> Measured<WorkCounts> {
    let kernel = &timeline.trace().header.kernel;
    if kernel.from_outside {
        return Measured::Not("counts are totals of threads, not of tasks".to_owned());
    }
    let position = |counter: Counter| {
        kernel.position(counter).ok_or_else(|| format!("`{}` was not counted", counter.name()))
    };
    let positions = position(Counter::Instructions)
        .and_then(|instructions| Ok([instructions, position(Counter::Cycles)?]));
    match positions {
        Ok(positions) => {
            let mut tasks = Tasks::NONE;
            for row in timeline.workers(pool.id) {
                tasks.add(row, window, positions);
            }
            tasks.mostly(work)
        }
        Err(reason) => Measured::Not(reason),
    }
}

/// Tasks in sum.
struct Tasks {
    /// Of those that have counts of their own, what they counted, and for how long.
    counted: WorkCounts,
    /// On a CPU with a job: within them, and in all.
    busy_counted: Nanos,
    busy: Nanos,
}

impl Tasks {
    const NONE: Self = Self {
        counted: WorkCounts { time: Nanos::ZERO, instructions: 0, cycles: 0 },
        busy_counted: Nanos::ZERO,
        busy: Nanos::ZERO,
    };

    fn add(&mut self, row: &Row, window: Span, positions: [usize; 2]) {
        let counted_by = tasks_that_counted(row, window, positions);
        for (at, event) in row.lane().events.iter().enumerate() {
            if counted_by[at] == Some(at)
                && let Some([instructions, cycles]) = counts(event, positions)
            {
                let sums = &mut self.counted;
                sums.instructions = sums.instructions.saturating_add(instructions);
                sums.cycles = sums.cycles.saturating_add(cycles);
            }
        }
        for cut in cuts(row).filter(|cut| cut.place == Place::OnCpu) {
            let seen = common(cut.span, window);
            let length = seen.end.saturating_since(seen.start);
            let busy = u128::from(length.0) * cut.busy as u128 / ONE as u128;
            // At most the length.
            let busy = Nanos(busy as u64);
            self.busy += busy;
            if cut.stretch.event().is_some_and(|event| counted_by[event].is_some()) {
                self.counted.time += length;
                self.busy_counted += busy;
            }
        }
    }

    fn mostly(&self, work: CoreTime) -> Measured<WorkCounts> {
        let Self { counted, busy_counted, busy } = self;
        let share =
            |part: f64, whole: Nanos| if whole.0 == 0 { 0.0 } else { part / whole.0 as f64 };
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        let covered = share(busy_counted.0 as f64, *busy);
        let pure = share(work.0 as f64, counted.time);
        if covered < COUNTED {
            return Measured::Not(format!(
                "{} of the work was in tasks long enough to be counted for themselves",
                percent(covered)
            ));
        }
        if pure < COUNTED {
            return Measured::Not(format!(
                "of the time in which tasks were counted only {} was work",
                percent(pure)
            ));
        }
        Measured::Is(*counted)
    }
}

/// For each event of a lane the task whose counts its time is in: the innermost one around it that
/// has any. Those that are not wholly in the window are left out.
fn tasks_that_counted(row: &Row, window: Span, positions: [usize; 2]) -> Vec<Option<usize>> {
    let events = &row.lane().events;
    let mut by = vec![None; events.len()];
    for frame in row.frames() {
        let event = frame.event();
        let span = events[event].span();
        let is_within = window.start <= span.start && span.end <= window.end;
        let has_counts = is_within && counts(&events[event], positions).is_some();
        // What is around a frame comes before it.
        let around = frame.parent().and_then(|parent| by[row.frames()[parent].event()]);
        by[event] = if has_counts { Some(event) } else { around };
    }
    by
}

/// What was counted in a task for itself.
fn counts(event: &Event, positions: [usize; 2]) -> Option<[u64; 2]> {
    let Event::Task(task) = event else { return None };
    let values = task.counters.as_ref()?;
    let [instructions, cycles] = positions.map(|position| values.get(position));
    Some([instructions?, cycles?])
}
