//! Threads of the program that had to share a CPU: where one ran while another could have, on the CPU
//! that this one had to leave.

use std::collections::HashMap;

use super::picture::{View, overlap};
use crate::model::{Lane, Nanos, OffCpu, Span};

/// Time in which workers of a pool could run and had no CPU.
#[derive(Clone, Copy, Debug)]
pub(super) struct WithoutCpu {
    pub(super) all: Nanos,
    /// Another thread that was recorded ran on the CPU that the worker had left.
    pub(super) shared: Nanos,
}

impl WithoutCpu {
    /// Within the window. Where it is not known who ran on a CPU, nobody of the program's did.
    pub(super) fn of(view: &View) -> Self {
        let window = view.whole.window;
        let on_cpus = OnCpus::of(&view.picture.trace().lanes, window);
        let lanes = view.rows().into_iter().map(|row| row.lane());
        let off = lanes.flat_map(|lane| &lane.watched.off_cpu).filter(|off| off.preempted);
        off.fold(Self { all: Nanos::ZERO, shared: Nanos::ZERO }, |sum, off| Self {
            all: sum.all + overlap(off.span, window),
            shared: sum.shared + on_cpus.while_off(off),
        })
    }

    /// Whether it was mostly the program's own doing.
    pub(super) fn is_mostly_shared(self) -> bool {
        self.shared.0 > self.all.0 / 2
    }
}

/// When threads of the program ran, by CPU, in order of time.
struct OnCpus(HashMap<u32, Vec<Span>>);

impl OnCpus {
    fn of(lanes: &[Lane], window: Span) -> Self {
        let mut spans: HashMap<u32, Vec<Span>> = HashMap::new();
        for (cpu, Span { start, end }) in lanes.iter().flat_map(|lane| on_cpu(lane, window)) {
            let (start, end) = (start.max(window.start), end.min(window.end));
            if start < end {
                spans.entry(cpu).or_default().push(Span { start, end });
            }
        }
        // Clocks have errors, and two threads no more than one CPU: none runs before the other left.
        for spans in spans.values_mut() {
            spans.sort_unstable_by_key(|span| (span.start, span.end));
            let mut free = Nanos::ZERO;
            for span in spans {
                span.start = span.start.max(free).min(span.end);
                free = span.end.max(free);
            }
        }
        Self(spans)
    }

    fn while_off(&self, off: &OffCpu) -> Nanos {
        let Some(spans) = off.from_cpu.and_then(|cpu| self.0.get(&cpu)) else { return Nanos::ZERO };
        let first = spans.partition_point(|on| on.end <= off.span.start);
        let there = spans[first..].iter().take_while(|on| on.start < off.span.end);
        there.map(|on| overlap(*on, off.span)).sum()
    }
}

/// When a thread was on which CPU, as far as its switch records agree: it goes on on the CPU that it
/// leaves next.
fn on_cpu(lane: &Lane, window: Span) -> impl Iterator<Item = (u32, Span)> {
    let off_cpu = &lane.watched.off_cpu;
    let between = off_cpu.windows(2).filter_map(|pair| {
        let cpu = pair[0].to_cpu.filter(|_| pair[0].to_cpu == pair[1].from_cpu)?;
        Some((cpu, Span { start: pair[0].span.end, end: pair[1].span.start }))
    });
    let first = off_cpu.first().and_then(|off| {
        let start = lane.started.unwrap_or(window.start);
        Some((off.from_cpu?, Span { start, end: off.span.start }))
    });
    let last = off_cpu.last().and_then(|off| {
        let end = lane.ended.unwrap_or(window.end);
        Some((off.to_cpu?, Span { start: off.span.end, end }))
    });
    first.into_iter().chain(between).chain(last)
}
