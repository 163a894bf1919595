//! What an observer has gathered, on the recording's clock.

use super::presence::Present;
use super::watch::Watch;
use super::{Observer, Shared};
use crate::linux::perf::{self, Plan};
use crate::model::{
    Kernel, LaneId, Measured, Nanos, OffCpu, Reading, Scheduling, Span, Values, Watched,
};
use crate::record::clock::os_now;
use crate::record::{Member, Recording};

/// What was gathered in a recording.
pub(in crate::session) struct Observed {
    /// What there was to be had.
    pub(in crate::session) kernel: Kernel,
    /// What the words of tasks' counters say; `None` if tasks have none.
    plan: Option<Plan>,
    watches: Vec<Seen>,
}

/// What was seen of a thread.
pub(in crate::session) struct Seen {
    /// Its lane, if that is known.
    pub(in crate::session) lane: Option<LaneId>,
    /// The kernel's number of it.
    pub(in crate::session) thread: u32,
    /// What was seen.
    pub(in crate::session) watched: Watched,
    /// What is missing.
    pub(in crate::session) lost: Lost,
}

/// What is missing of a thread.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::session) struct Lost {
    /// Switch records.
    pub(in crate::session) switches: u64,
    /// Stretches that are in the sums alone.
    pub(in crate::session) off_cpu: u64,
}

impl Observed {
    /// What `observer` has gathered in a recording that has ended, and lasted for `duration`.
    pub(in crate::session) fn of_recording(
        observer: Observer,
        recording: &Recording,
        duration: Nanos,
    ) -> Self {
        let shift = Shift::of(recording, duration);
        let mut watches = observer.shared.take();
        watches.iter_mut().for_each(|watch| watch.finish(shift.end()));
        let kernel = kernel(&observer.shared, &watches, shift);
        let watches = watches.into_iter().map(|watch| seen(&observer.shared, watch, shift));
        Self { kernel, watches: watches.collect(), plan: Some(observer.shared.plan.clone()) }
    }

    /// What was seen from outside the process.
    #[cfg(feature = "cli")]
    pub(in crate::session) fn from_outside(kernel: Kernel, watches: Vec<Seen>) -> Self {
        Self { kernel, watches, plan: None }
    }

    /// What the words of a task's counters say.
    pub(in crate::session) fn values(&self, words: &[u64]) -> Values {
        self.plan.as_ref().map_or_else(Values::default, |plan| plan.values(words))
    }

    /// What was seen of a thread that recorded.
    pub(in crate::session) fn of(&self, member: &Member) -> (Watched, Lost) {
        let of_lane = |seen: &&Seen| seen.lane == Some(member.lane);
        // The thread that started the recording may have got its lane just now.
        let of_thread = |seen: &&Seen| seen.lane.is_none() && Some(seen.thread) == member.thread;
        let found = self.watches.iter().find(of_lane);
        match found.or_else(|| self.watches.iter().find(of_thread)) {
            Some(seen) => (seen.watched.clone(), seen.lost),
            None => {
                let reason = match member.ended() {
                    Some(_) => "the thread had ended before it was noticed",
                    None => "the thread could not be watched",
                };
                (Watched::unmeasured(reason), Lost::default())
            }
        }
    }
}

fn kernel(shared: &Shared, watches: &[Watch], shift: Shift) -> Kernel {
    let ends: Vec<Box<[u64]>> =
        watches.iter().filter_map(|watch| watch.counted(watch.readings.last()?)).collect();
    Kernel {
        counters: shared.plan.infos_after(ends.iter().map(|words| &**words)),
        switch_records: match shared.plan.switch_records() {
            Ok(()) => Measured::Is(shift.error),
            Err(reason) => Measured::Not(reason.to_owned()),
        },
        from_outside: false,
        throttled: Measured::Not("the limit was not read".to_owned()),
    }
}

/// A thread's presence on the recording's clock.
pub(in crate::session) fn present(
    present: Present,
    shift: Shift,
) -> (Scheduling, Vec<OffCpu>, Lost) {
    let Present { scheduling, stretches, missing, dropped } = present;
    let stretches = stretches.into_iter().map(|off| shift.stretch(off)).collect();
    (scheduling, stretches, Lost { switches: missing, off_cpu: dropped })
}

fn seen(shared: &Shared, mut watch: Watch, shift: Shift) -> Seen {
    let reading = |reading: &(Nanos, Box<[u64]>)| {
        let values = shared.plan.values(&watch.counted(reading)?);
        Some(Reading { at: shift.in_recording(reading.0), values })
    };
    let readings = watch.readings.iter().filter_map(reading).collect();
    let (scheduling, off_cpu, lost) = match watch.presence() {
        Some(there) => {
            let (scheduling, off_cpu, lost) = present(there, shift);
            (Measured::Is(scheduling), off_cpu, lost)
        }
        None => (watch.accounted(), Vec::new(), Lost::default()),
    };
    Seen {
        lane: watch.lane,
        thread: watch.thread,
        watched: Watched { readings, scheduling, off_cpu },
        lost,
    }
}

/// From the kernel's monotonic clock to the recording's.
#[derive(Clone, Copy, Debug)]
pub(in crate::session) struct Shift {
    /// The recording's start on the kernel's clock.
    pub(in crate::session) start: Nanos,
    /// How long it lasted.
    pub(in crate::session) duration: Nanos,
    /// By how much times may be off.
    pub(in crate::session) error: Nanos,
}

impl Shift {
    /// The clock that recordings are anchored to is the kernel's, counted from another moment.
    fn of(recording: &Recording, duration: Nanos) -> Self {
        let pair = |_| {
            let before = os_now();
            let kernel = perf::monotonic_now().ok()?;
            let width = os_now().saturating_since(before).0;
            Some((width.div_ceil(2), kernel.0.saturating_sub(before.0 + width / 2)))
        };
        let (error, origin) = (0..16).filter_map(pair).min().unwrap_or((u64::MAX, 0));
        let anchors = recording.start.error.max(recording.end.error);
        Self {
            start: Nanos(origin + recording.start.os.0),
            duration,
            error: Nanos(error.saturating_add(anchors.0)),
        }
    }

    /// The recording's end on the kernel's clock.
    pub(in crate::session) fn end(self) -> Nanos {
        self.start + self.duration
    }

    /// A time of the kernel's in the recording.
    pub(in crate::session) fn in_recording(self, at: Nanos) -> Nanos {
        at.saturating_since(self.start).min(self.duration)
    }

    fn stretch(self, off: OffCpu) -> OffCpu {
        let Span { start, end } = off.span;
        OffCpu {
            span: Span { start: self.in_recording(start), end: self.in_recording(end) },
            ..off
        }
    }
}
