//! All that a viewer shows of a trace, drawn once for every format: threads and their order, slices
//! with what is said on them, arrows, counter tracks. A format is a [`Canvas`] that spells it.

use std::io;

use super::arrows::{Arrows, Ends, LaneArrows};
use super::fields::{self, Category, Fields, Name};
use super::idle::{Laid, Lay};
use super::names::{of_lane, place, printable};
use super::nest::What;
use super::texts::Texts;
use super::threads::Threads;
use super::told::{self, Saying};
use super::tracks::{self, Sample};
use super::{FORMAT, off_cpu, rates};
use crate::model::{
    Annotations, Counts, Event, Header, Idle, Lane, Nanos, OffCpu, Role, Span, Trace,
};

/// What is drawn on.
pub(super) trait Canvas {
    /// What stands before all else: the head.
    fn head(&mut self, trace: &Trace) -> io::Result<()>;

    /// The name of the one process.
    fn process(&mut self, name: &str) -> io::Result<()>;

    /// A thread. They come in the order in which they are to be shown, numbered in it.
    fn thread(&mut self, tid: u64, name: &str) -> io::Result<()>;

    /// The slices that follow are on this thread, by start, outer before inner, and nest.
    fn open(&mut self, tid: u64) -> io::Result<()>;

    fn slice(&mut self, slice: &Drawn<'_>) -> io::Result<()>;

    /// No more slices are on this thread.
    fn close(&mut self) -> io::Result<()>;

    /// A counter track, by its name and what of it it is.
    fn counter(
        &mut self,
        name: &str,
        key: &str,
        samples: &mut dyn Iterator<Item = (Nanos, Amount)>,
    ) -> io::Result<()>;
}

/// The value of a counter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Amount {
    Whole(u64),
    Thousandths(i128),
}

/// A slice, and what is said on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn<'a> {
    pub(super) shown: Span,
    pub(super) arrows: Ends<'a>,
    of: Of<'a>,
    /// Where the core-time went while it ran.
    core_time: Option<&'a [(&'static str, i64)]>,
}

/// What a slice shows.
#[derive(Clone, Copy, Debug)]
enum Of<'a> {
    Event(&'a Event),
    Wait,
    /// What is no event: that there is none of a worker, and why; that it woke another; that it runs
    /// again.
    Remark(&'static str),
    OffCpu(&'a OffCpu, &'static str),
    Idle(&'a Idle),
    Told(Saying<'a>),
}

impl<'a> Drawn<'a> {
    pub(super) fn category(&self) -> Category {
        match self.of {
            Of::Event(event) => Category::of(event),
            Of::Wait | Of::Remark(_) => Category::Wait,
            Of::OffCpu(..) => Category::OffCpu,
            Of::Idle(idle) => Category::of_idle(idle),
            Of::Told(Saying::Phase(_)) => Category::Phase,
            Of::Told(Saying::Note(_)) => Category::Note,
        }
    }

    pub(super) fn name(&self, texts: &Texts<'a>) -> Name<'a> {
        match self.of {
            Of::Event(event) => fields::name(event, texts),
            Of::Wait => Name::Ours(Category::Wait.name()),
            Of::OffCpu(_, name) | Of::Remark(name) => Name::Ours(name),
            Of::Idle(idle) => Name::Ours(Category::of_idle(idle).name()),
            Of::Told(Saying::Phase(phase)) => told_name(phase.name.as_deref(), phase.id.is_some()),
            Of::Told(Saying::Note(note)) => told_name(note.text.as_deref(), true),
        }
    }

    /// Where the code stands that called or pushed it.
    #[cfg(feature = "read")]
    pub(super) fn site(&self) -> Option<crate::model::SiteId> {
        if let Of::Event(event) = self.of { event.site() } else { None }
    }

    /// Whether anything is said on it.
    pub(super) fn has_fields(&self) -> bool {
        !matches!(self.of, Of::Wait | Of::Remark(_))
    }

    /// What is said on it; `survives` tells of what times the format's slices can hold.
    pub(super) fn fields(&self, fields: &mut impl Fields, survives: impl Fn(Span) -> bool) {
        let span = match self.of {
            Of::Event(event) => {
                fields::event(event, fields);
                event.span()
            }
            Of::Wait | Of::Remark(_) => return,
            Of::OffCpu(off, _) => {
                fields::off_cpu(off, self.shown, fields);
                off.span
            }
            Of::Idle(idle) => {
                fields::idle(idle, fields);
                idle.span()
            }
            Of::Told(saying) => {
                match saying {
                    Saying::Phase(phase) => fields::phase(phase, fields),
                    Saying::Note(note) => fields::note(note, fields),
                }
                saying.span()
            }
        };
        if let Some(parts) = self.core_time {
            fields.core_time(super::keys::Key::CoreNs, parts);
        }
        if self.shown != span || !survives(span) {
            fields::times(span, fields);
        }
    }
}

/// What the program called it; a task that ran in no span, while its thread was in one, is shown so.
fn told_name(name: Option<&str>, is_something: bool) -> Name<'_> {
    match name {
        Some(name) if !name.trim().is_empty() => Name::Theirs(name),
        _ if is_something => Name::Ours("(unnamed)"),
        _ => Name::Ours("(no span)"),
    }
}

/// Draws a trace.
pub(super) fn draw(
    trace: &Trace,
    annotations: &Annotations,
    canvas: &mut impl Canvas,
) -> io::Result<()> {
    canvas.head(trace)?;
    canvas.process(&printable(&trace.header.title, FORMAT))?;
    let threads = Threads::of(trace);
    draw_threads(trace, &threads, canvas)?;
    let arrows = Arrows::of(trace);
    for at in 0..trace.lanes.len() {
        draw_told(trace, at, &threads, canvas)?;
        draw_events(trace, at, &arrows, annotations, &threads, canvas)?;
        draw_off_cpu(trace, at, &threads, canvas)?;
    }
    draw_counters(trace, annotations, canvas)
}

fn draw_threads(trace: &Trace, threads: &Threads, canvas: &mut impl Canvas) -> io::Result<()> {
    for (at, lane) in trace.lanes.iter().enumerate() {
        if let Some(tid) = threads.told(at) {
            let name = format!("spans · {}", place(trace, lane));
            canvas.thread(tid, &printable(&name, FORMAT))?;
        }
    }
    for (at, lane) in trace.lanes.iter().enumerate() {
        canvas.thread(threads.lane(at), &printable(&of_lane(trace, lane), FORMAT))?;
        if !lane.watched.off_cpu.is_empty() {
            let name = format!("{} · off-CPU", place(trace, lane));
            canvas.thread(threads.off_cpu(at), &printable(&name, FORMAT))?;
        }
    }
    Ok(())
}

fn draw_events(
    trace: &Trace,
    lane: usize,
    arrows: &Arrows,
    annotations: &Annotations,
    threads: &Threads,
    canvas: &mut impl Canvas,
) -> io::Result<()> {
    canvas.open(threads.lane(lane))?;
    let mut arrows = arrows.of_lane(lane);
    let mut events = 0..;
    for (at, Laid { what, shown }) in Laid::on(&trace.lanes[lane]).enumerate() {
        draw_wakes(&mut arrows, Some(shown.start), canvas)?;
        let (of, event, core_time) = match what {
            Lay::Slice(What::Event(event)) => {
                (Of::Event(event), events.next(), core_time(event, annotations))
            }
            Lay::Slice(What::Wait) => (Of::Wait, None, None),
            Lay::Idle(idle) => (Of::Idle(idle), None, None),
            Lay::Awake => (Of::Remark("awake"), None, None),
        };
        canvas.slice(&Drawn { shown, arrows: arrows.at(at, event), of, core_time })?;
    }
    draw_wakes(&mut arrows, None, canvas)?;
    if let Some((name, shown)) = nothing(&trace.lanes[lane], &trace.header) {
        let arrows = Ends::default();
        canvas.slice(&Drawn { shown, arrows, of: Of::Remark(name), core_time: None })?;
    }
    canvas.close()
}

/// Marks the instants before `next` at which the lane's thread woke a worker: an arrow from a slice
/// begins, in viewers, at the slice's end, or in whatever lay in it before.
fn draw_wakes(
    arrows: &mut LaneArrows<'_>,
    next: Option<Nanos>,
    canvas: &mut impl Canvas,
) -> io::Result<()> {
    while let Some((at, arrows)) = arrows.mark(next) {
        let shown = Span { start: at, end: at };
        canvas.slice(&Drawn { shown, arrows, of: Of::Remark("wake"), core_time: None })?;
    }
    Ok(())
}

/// What is shown of a worker without events while it was there: viewers leave out threads without
/// slices, and it would not be seen that it was idle.
fn nothing(lane: &Lane, header: &Header) -> Option<(&'static str, Span)> {
    let Role::Worker { .. } = lane.role else { return None };
    if !lane.events.is_empty() || !lane.idling.stretches.is_empty() {
        return None;
    }
    let span = Span {
        start: lane.started.unwrap_or(Nanos::ZERO),
        end: lane.ended.unwrap_or(header.duration),
    };
    let idle = lane.counts == Counts::default() && !lane.losses.any();
    // Viewers count nanoseconds in 63 bits.
    let can_be_shown = span.start < span.end && i64::try_from(span.end.0).is_ok();
    can_be_shown.then_some((if idle { "no task" } else { "nothing kept" }, span))
}

fn draw_told(
    trace: &Trace,
    lane: usize,
    threads: &Threads,
    canvas: &mut impl Canvas,
) -> io::Result<()> {
    let Some(tid) = threads.told(lane) else { return Ok(()) };
    canvas.open(tid)?;
    for (saying, shown) in told::nested(&trace.lanes[lane].told) {
        let arrows = Ends::default();
        canvas.slice(&Drawn { shown, arrows, of: Of::Told(saying), core_time: None })?;
    }
    canvas.close()
}

fn core_time<'a>(event: &Event, annotations: &'a Annotations) -> Option<&'a [(&'static str, i64)]> {
    let Event::Operation(operation) = event else { return None };
    annotations.operations.get(&operation.id).map(Vec::as_slice)
}

fn draw_off_cpu(
    trace: &Trace,
    lane: usize,
    threads: &Threads,
    canvas: &mut impl Canvas,
) -> io::Result<()> {
    let of_lane = &trace.lanes[lane];
    if of_lane.watched.off_cpu.is_empty() {
        return Ok(());
    }
    canvas.open(threads.off_cpu(lane))?;
    for (off, name) in off_cpu::named(of_lane) {
        let shown = Span { end: off.span.end.max(off.span.start), ..off.span };
        let arrows = Ends::default();
        canvas.slice(&Drawn { shown, arrows, of: Of::OffCpu(off, name), core_time: None })?;
    }
    canvas.close()
}

fn draw_counters(
    trace: &Trace,
    annotations: &Annotations,
    canvas: &mut impl Canvas,
) -> io::Result<()> {
    for track in &annotations.cores {
        let cores = track.milli_cores.iter();
        let mut cores = cores.map(|&(at, milli)| (at, Amount::Thousandths(milli.into())));
        canvas.counter(&track.name, track.component, &mut cores)?;
    }
    let whole = |Sample { at, value }| (at, Amount::Whole(value));
    canvas.counter("busy", "workers", &mut tracks::busy_workers(trace).map(whole))?;
    canvas.counter("queued", "tasks", &mut tracks::queued_tasks(trace).map(whole))?;
    for lane in &trace.lanes {
        for rate in rates::of(&trace.header, lane) {
            let name = format!("{}{}", place(trace, lane), rate.name);
            let values = rate.thousandths.into_iter();
            let mut values =
                values.map(|Sample { at, value }| (at, Amount::Thousandths(value.into())));
            canvas.counter(&name, rate.key, &mut values)?;
        }
    }
    Ok(())
}
