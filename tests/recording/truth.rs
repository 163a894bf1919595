//! What tests of the decomposition share whose truth is constructed: work of a known amount,
//! workers that are kept busy all at once, and figures compared with the recorded spans.
//!
//! What is compared are lengths within one recording, never a clock of the test's own: however long
//! a noisy machine makes a span, the components are to say the same of it.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayprism::analysis::{Component, CoreTime, Decomposition, Window};
use rayprism::timeline::State;

use super::*;

/// A third of a millisecond or more of work.
pub(crate) const ROUNDS: u64 = 200_000;

/// Work: so many rounds, whatever time they take.
pub(crate) fn spin(rounds: u64) {
    (0..rounds).for_each(|round| {
        black_box(round);
    });
}

/// Where the core-time of the only pool went, proved to be all of it.
pub(crate) fn decomposed(trace: &Trace) -> Decomposition {
    assert_whole(trace);
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let pool = only(timeline.pools().to_vec());
    let whole = match Decomposition::of(&timeline, Window::of(&timeline), &pool) {
        Measured::Is(whole) => whole,
        Measured::Not(reason) => panic!("{reason}"),
    };
    assert_adds_up(&whole);
    whole
}

/// The parts are the workers times the window, and next to nothing is in none of them: a hundredth, and
/// a quarter of what prices make of counts. These are calibrated by themselves, at another time, and
/// without optimizations, as here, they claim a seventh more than there was, now and then, in recordings
/// that are made of hardly anything else.
pub(crate) fn assert_adds_up(whole: &Decomposition) {
    let all: CoreTime = whole.parts.iter().map(|part| part.time).sum();
    let core_time = u64::from(whole.workers) * whole.window.duration().0;
    assert_eq!(all, CoreTime::from(Nanos(core_time)), "{whole:#?}");
    let unattributed = whole.time(Component::Unattributed).0.unsigned_abs();
    let priced = time(whole, &[Component::Runtime, Component::Probe]).0.unsigned_abs();
    assert!(unattributed <= core_time / 100 + priced / 4, "{whole:#?}");
}

/// Core-time of several components.
pub(crate) fn time(whole: &Decomposition, components: &[Component]) -> CoreTime {
    components.iter().map(|&component| whole.time(component)).sum()
}

/// Work that was queued while workers had none, whatever they did meanwhile.
pub(crate) const SCHEDULING: &[Component] =
    &[Component::StealLatency, Component::LateWakeUp, Component::Scheduling];

/// Components are so much core-time, but for 1 % of all of it: what is before and after the spans
/// that are compared.
#[track_caller]
pub(crate) fn assert_is(whole: &Decomposition, components: &[Component], expected: Nanos) {
    let found = time(whole, components);
    let apart = (found - CoreTime::from(expected)).0.unsigned_abs();
    assert!(apart * 100 <= whole.core_time.0, "{components:?}: {expected} expected in {whole:#?}");
}

/// Whether it was recorded when all threads went off the CPU. Where it was not, what depends on it
/// is said to be missing.
pub(crate) fn is_switching_known(whole: &Decomposition) -> bool {
    let missing = |component| whole.missing.iter().find(|missing| missing.component == component);
    let [preempted, blocked] = [Component::Preempted, Component::Blocked].map(missing);
    assert_eq!(preempted.is_some(), blocked.is_some());
    if let Some(missing) = blocked {
        assert!(!missing.reason.is_empty() && missing.within == Component::Work);
        assert!(whole.part(Component::Blocked).is_none());
    }
    blocked.is_none()
}

/// How long a lane was off the CPU within a span: preempted, and of its own will.
pub(crate) fn off_cpu(lane: &Lane, within: Span) -> [Nanos; 2] {
    [true, false].map(|preempted| {
        let stretches = lane.watched.off_cpu.iter().filter(|off| off.preempted == preempted);
        let common = |off: &OffCpu| {
            let (start, end) = (off.span.start.max(within.start), off.span.end.min(within.end));
            end.saturating_since(start)
        };
        stretches.map(common).sum()
    })
}

/// Threads that meet: each goes on once all have come.
pub(crate) struct Meeting {
    of: usize,
    come: AtomicUsize,
}

impl Meeting {
    pub(crate) const fn of(threads: usize) -> Self {
        Self { of: threads, come: AtomicUsize::new(0) }
    }

    /// Busy until the others are there.
    pub(crate) fn wait(&self) {
        self.come.fetch_add(1, Ordering::AcqRel);
        while self.come.load(Ordering::Acquire) < self.of {
            thread::yield_now();
        }
    }
}

/// Four tasks, each on another worker, as none ends before all have begun.
pub(crate) fn on_four_workers(task: impl Fn(usize) + Sync) {
    stolen_join(|| stolen_join(|| task(0), || task(1)), || stolen_join(|| task(2), || task(3)));
}

/// Of a program whose tasks and joins were all kept, and whose waiting workers run nothing else: the
/// core-time in which only one thread had something to do and nothing was queued for the others, by
/// the rule as it stands, at each instant anew.
pub(crate) fn serial(trace: &Trace, whole: &Decomposition) -> Nanos {
    let (busy, queued) = (busy(trace), queued(trace));
    let spans = || busy.iter().chain(&queued);
    let mut instants: Vec<Nanos> = spans().flat_map(|span| [span.start, span.end]).collect();
    instants.sort_unstable();
    let steps = instants.windows(2).map(|step| Span { start: step[0], end: step[1] });
    let idle = |now: Span| {
        let count = |spans: &[Span]| spans.iter().filter(|span| span.contains(now)).count() as u64;
        let others = u64::from(whole.workers) - 1;
        let alone = count(&busy) == 1 && whole.window.contains(now);
        Nanos(if alone { others.saturating_sub(count(&queued)) * now.duration().0 } else { 0 })
    };
    steps.map(idle).sum()
}

/// When threads had something to do: none where they wait.
fn busy(trace: &Trace) -> Vec<Span> {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let stretches = timeline.rows().iter().flat_map(|row| row.stretches());
    stretches.filter(|part| part.state == State::Busy).map(|part| part.span).collect()
}

/// When tasks lay in a deque, and joins could go on and had not.
fn queued(trace: &Trace) -> Vec<Span> {
    let tasks = tasks(trace);
    let lay = |task: &Task| Some(Span { start: task.pushed?, end: task.span.start });
    let mut queued: Vec<Span> = tasks.iter().filter_map(|(_, task)| lay(task)).collect();
    for (_, join) in joins(trace) {
        let half = tasks.iter().find(|(_, task)| task.parent == Some(join.id));
        let ready = half.map(|(_, half)| half.span.end.max(join.first_end));
        queued.extend(ready.map(|start| Span { start, end: join.span.end }));
    }
    queued
}

/// The operation of that label.
pub(crate) fn named<'t>(trace: &'t Trace, label: &str) -> (&'t Lane, &'t Operation) {
    let all = operations(trace).into_iter();
    only(all.filter(|(_, operation)| operation.label.as_deref() == Some(label)).collect())
}
