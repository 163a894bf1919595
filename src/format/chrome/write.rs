//! The writer: a trace as a stream of entries. What an event's fields look like is
//! [`fields`](super::fields)' part, what is drawn beside the events that of `format`'s modules.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use super::fields::{self, Fields};
use super::head::Head;
use super::number::{survives_micros, write_micros};
use super::text::{printable, write_json};
use super::texts::Texts;
use super::threads::Threads;
use super::told;
use super::{FORMAT, OFF_CPU, PID, WAIT};
use crate::format::arrows::{Arrow, Point, arrows};
use crate::format::nest::{Slice, Slices, What};
use crate::format::tracks::{self, Sample};
use crate::format::{off_cpu, rates};
use crate::model::{
    Annotations, CoresTrack, Event, Lane, Nanos, OffCpu, Origin, Role, Span, Told, Trace,
};

/// Bytes that are gathered before they are handed on.
const CHUNK: usize = 1 << 16;

/// Writes a trace as Chrome JSON: the same bytes for the same trace.
///
/// The events of each lane must stand in the order that [`Lane::events`] promises; otherwise some
/// are drawn shorter than they were, yet [`read`](super::read()) still gets them all back.
///
/// Beside `trace` itself it needs memory for the times of its tasks and of joins that were stolen
/// from, not for its joins at large.
///
/// # Errors
///
/// Those of `out`.
pub fn write<W: Write>(trace: &Trace, out: &mut W) -> io::Result<()> {
    write_annotated(trace, &Annotations::default(), out)
}

/// The same, with an analysis's figures as counter tracks and on the operations.
///
/// # Errors
///
/// Those of `out`.
pub fn write_annotated<W: Write>(
    trace: &Trace,
    annotations: &Annotations,
    out: &mut W,
) -> io::Result<()> {
    let mut file = File { out, buffer: Vec::with_capacity(2 * CHUNK), begun: false };
    let threads = Threads::new(
        trace.lanes.iter().map(|lane| (!lane.told.is_empty(), !lane.watched.off_cpu.is_empty())),
    );
    write_head(trace, &threads, &mut file)?;
    let texts = Texts::new(&trace.sites, &trace.chains, &trace.header.kernel.counters)?;
    for (position, lane) in trace.lanes.iter().enumerate() {
        if let Some(tid) = threads.told(position) {
            write_told(&lane.told, tid, &texts, &mut file)?;
        }
        write_events(&lane.events, threads.lane(position), &texts, annotations, &mut file)?;
        write_off_cpu(lane, threads.off_cpu(position), &texts, &mut file)?;
    }
    for (arrow, id) in arrows(trace).into_iter().zip(1..) {
        write_arrow(arrow, id, &threads, &mut file)?;
    }
    for track in &annotations.cores {
        write_cores(track, &mut file)?;
    }
    write_counter("busy", "workers", &tracks::busy_workers(trace), &mut file)?;
    write_counter("queued", "tasks", &tracks::queued_tasks(trace), &mut file)?;
    for lane in &trace.lanes {
        write_rates(trace, lane, &mut file)?;
    }
    file.finish()
}

/// The file so far: what was handed on, and what is still gathered.
struct File<'w, W> {
    out: &'w mut W,
    buffer: Vec<u8>,
    begun: bool,
}

impl<W: Write> File<'_, W> {
    /// Where to append the next entry.
    fn entry(&mut self) -> io::Result<&mut Vec<u8>> {
        if self.buffer.len() >= CHUNK {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        // Viewers know a trace by its first two bytes.
        self.buffer.extend_from_slice(if self.begun { b",\n" } else { b"[" });
        self.begun = true;
        Ok(&mut self.buffer)
    }

    fn finish(mut self) -> io::Result<()> {
        self.buffer.extend_from_slice(b"\n]\n");
        self.out.write_all(&self.buffer)?;
        self.out.flush()
    }
}

/// An entry about the process or one of its threads.
#[derive(Serialize)]
struct Metadata<'a, A> {
    ph: &'a str,
    pid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    tid: Option<u64>,
    name: &'a str,
    args: A,
}

#[derive(Serialize)]
struct Name<'a> {
    name: Cow<'a, str>,
}

#[derive(Serialize)]
struct SortIndex {
    sort_index: u64,
}

fn write_head<W: Write>(
    trace: &Trace,
    threads: &Threads,
    file: &mut File<'_, W>,
) -> io::Result<()> {
    write_metadata(None, FORMAT, Head::of(trace), file)?;
    let title = Name { name: printable(&trace.header.title, FORMAT) };
    write_metadata(None, "process_name", title, file)?;
    for (position, lane) in trace.lanes.iter().enumerate() {
        if let Some(tid) = threads.told(position) {
            let name = format!("spans · {}", place(lane, several_pools(trace)));
            write_thread(tid, &name, file)?;
        }
    }
    for (position, lane) in trace.lanes.iter().enumerate() {
        write_thread(threads.lane(position), &lane_name(lane, several_pools(trace)), file)?;
        if !lane.watched.off_cpu.is_empty() {
            let name = format!("{} · off-CPU", place(lane, several_pools(trace)));
            write_thread(threads.off_cpu(position), &name, file)?;
        }
    }
    Ok(())
}

fn several_pools(trace: &Trace) -> bool {
    trace.pools.len() > 1
}

/// A thread's name and its place among the others.
fn write_thread<W: Write>(tid: u64, name: &str, file: &mut File<'_, W>) -> io::Result<()> {
    let name = Name { name: printable(name, FORMAT) };
    write_metadata(Some(tid), "thread_name", name, file)?;
    write_metadata(Some(tid), "thread_sort_index", SortIndex { sort_index: tid }, file)
}

fn write_metadata<W: Write>(
    tid: Option<u64>,
    name: &str,
    args: impl Serialize,
    file: &mut File<'_, W>,
) -> io::Result<()> {
    let entry = Metadata { ph: "M", pid: PID, tid, name, args };
    write_json(file.entry()?, &entry)
}

/// `worker 3`, with the pool if there are several, and with the thread's own name if it has one.
fn lane_name(lane: &Lane, several_pools: bool) -> String {
    let place = place(lane, several_pools);
    match (lane.role, own_name(lane)) {
        (Role::Worker { .. }, Some(own)) => format!("{place} ({own})"),
        (Role::Worker { .. }, None) | (Role::Outside, _) => place,
    }
}

/// What a lane is called where there is room for little.
fn place(lane: &Lane, several_pools: bool) -> String {
    match lane.role {
        Role::Worker { pool, index } if several_pools => format!("pool {} worker {index}", pool.0),
        Role::Worker { index, .. } => format!("worker {index}"),
        Role::Outside => own_name(lane).map_or_else(|| unnamed(lane), str::to_owned),
    }
}

fn own_name(lane: &Lane) -> Option<&str> {
    lane.name.as_deref().filter(|name| !name.trim().is_empty())
}

fn unnamed(lane: &Lane) -> String {
    match lane.thread.value() {
        Some(thread) => format!("thread {thread}"),
        None => format!("lane {}", lane.id.0),
    }
}

fn write_events<W: Write>(
    events: &[Event],
    tid: u64,
    texts: &Texts<'_>,
    annotations: &Annotations,
    file: &mut File<'_, W>,
) -> io::Result<()> {
    let opening = opening(tid);
    for slice in Slices::new(events) {
        write_slice(slice, &opening, texts, annotations, file.entry()?)?;
    }
    Ok(())
}

fn write_told<W: Write>(
    told: &Told,
    tid: u64,
    texts: &Texts<'_>,
    file: &mut File<'_, W>,
) -> io::Result<()> {
    let opening = opening(tid);
    for (phase, shown) in told::nested(&told.phases) {
        let buffer = file.entry()?;
        buffer.extend_from_slice(&opening);
        told::write_phase(phase, shown, texts, buffer)?;
    }
    for note in &told.notes {
        told::write_note(note, tid, texts, file.entry()?)?;
    }
    Ok(())
}

fn write_off_cpu<W: Write>(
    lane: &Lane,
    tid: u64,
    texts: &Texts<'_>,
    file: &mut File<'_, W>,
) -> io::Result<()> {
    let opening = opening(tid);
    for (off, name) in off_cpu::named(lane) {
        let buffer = file.entry()?;
        buffer.extend_from_slice(&opening);
        write_stretch(off, name, texts, buffer)?;
    }
    Ok(())
}

/// Appends all of a stretch off the CPU after its opening.
fn write_stretch(
    off: &OffCpu,
    name: &str,
    texts: &Texts<'_>,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    let OffCpu { span, .. } = *off;
    let shown = Span { end: span.end.max(span.start), ..span };
    write_times(shown, buffer)?;
    write_name(name, OFF_CPU, buffer)?;
    buffer.extend_from_slice(b",\"args\":{");
    let mut fields = Fields::new(buffer, texts);
    fields.off_cpu(off, shown)?;
    if !tells(shown, span) {
        fields.times(span)?;
    }
    buffer.extend_from_slice(b"}}");
    Ok(())
}

/// What all slices of a thread begin with.
pub(super) fn opening(tid: u64) -> Vec<u8> {
    format!("{{\"ph\":\"X\",\"pid\":{PID},\"tid\":{tid}").into_bytes()
}

/// Appends a slice. [`quick`](super::quick) knows how joins and splits are laid out here.
pub(super) fn write_slice(
    Slice { what, shown }: Slice<'_>,
    opening: &[u8],
    texts: &Texts<'_>,
    annotations: &Annotations,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    buffer.extend_from_slice(opening);
    write_times(shown, buffer)?;
    match what {
        What::Event(event) => write_event(event, shown, texts, annotations, buffer)?,
        What::Wait => write_name(WAIT, WAIT, buffer)?,
    }
    buffer.push(b'}');
    Ok(())
}

pub(super) fn write_times(shown: Span, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.extend_from_slice(b",\"ts\":");
    write_micros(buffer, shown.start)?;
    buffer.extend_from_slice(b",\"dur\":");
    write_micros(buffer, shown.duration())
}

fn write_event(
    event: &Event,
    shown: Span,
    texts: &Texts<'_>,
    annotations: &Annotations,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    write_name(fields::name(event, texts), fields::category(event), buffer)?;
    buffer.extend_from_slice(b",\"args\":{");
    let mut fields = Fields::new(buffer, texts);
    fields.event(event)?;
    if let Event::Operation(operation) = event
        && let Some(parts) = annotations.operations.get(&operation.id)
    {
        fields.core_time(parts);
    }
    if !tells(shown, event.span()) {
        fields.times(event.span())?;
    }
    buffer.push(b'}');
    Ok(())
}

/// Whether a slice, once read back, tells the event's times.
pub(super) fn tells(shown: Span, span: Span) -> bool {
    shown == span && survives_micros(span.start) && survives_micros(span.duration())
}

/// A name and a category; only the name can need an escape.
pub(super) fn write_name(name: &str, category: &str, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.extend_from_slice(b",\"name\":");
    write_json(buffer, &printable(name, category))?;
    buffer.extend_from_slice(b",\"cat\":\"");
    buffer.extend_from_slice(category.as_bytes());
    buffer.push(b'"');
    Ok(())
}

fn write_arrow<W: Write>(
    Arrow { from, to, origin }: Arrow,
    id: u64,
    threads: &Threads,
    file: &mut File<'_, W>,
) -> io::Result<()> {
    write_arrow_end("\"s\"", from, threads.lane(from.lane), origin, id, file)?;
    write_arrow_end("\"f\",\"bp\":\"e\"", to, threads.lane(to.lane), origin, id, file)
}

fn write_arrow_end<W: Write>(
    phase: &str,
    Point { at, .. }: Point,
    tid: u64,
    origin: Origin,
    id: u64,
    file: &mut File<'_, W>,
) -> io::Result<()> {
    let name = if origin == Origin::Stolen { "steal" } else { "inject" };
    let buffer = file.entry()?;
    write!(buffer, "{{\"ph\":{phase},\"pid\":{PID},\"tid\":{tid},\"ts\":")?;
    write_micros(buffer, at)?;
    write!(buffer, ",\"name\":\"{name}\",\"cat\":\"{name}\",\"id\":{id}}}")
}

/// One track, which viewers call `NAME KEY`.
fn write_counter<W: Write>(
    name: &str,
    key: &str,
    samples: &[Sample],
    file: &mut File<'_, W>,
) -> io::Result<()> {
    for Sample { at, value } in samples {
        write_sample(name, key, *at, value, file)?;
    }
    Ok(())
}

/// A component's track, its values with three decimals.
fn write_cores<W: Write>(track: &CoresTrack, file: &mut File<'_, W>) -> io::Result<()> {
    for &(at, milli) in &track.milli_cores {
        let (sign, milli) = (if milli < 0 { "-" } else { "" }, milli.unsigned_abs());
        let value = format_args!("{sign}{}.{:03}", milli / 1_000, milli % 1_000);
        write_sample(&track.name, track.component, at, value, file)?;
    }
    Ok(())
}

/// The tracks of one lane, their values with three decimals.
fn write_rates<W: Write>(trace: &Trace, lane: &Lane, file: &mut File<'_, W>) -> io::Result<()> {
    let place = place(lane, several_pools(trace));
    for rate in rates::of(&trace.header, lane) {
        let name = format!("{place}{}", rate.name);
        for Sample { at, value } in rate.thousandths {
            let value = format_args!("{}.{:03}", value / 1_000, value % 1_000);
            write_sample(&name, rate.key, at, value, file)?;
        }
    }
    Ok(())
}

fn write_sample<W: Write>(
    name: &str,
    key: &str,
    at: Nanos,
    value: impl fmt::Display,
    file: &mut File<'_, W>,
) -> io::Result<()> {
    let buffer = file.entry()?;
    write!(buffer, "{{\"ph\":\"C\",\"pid\":{PID},\"ts\":")?;
    write_micros(buffer, at)?;
    write!(buffer, ",\"name\":\"{name}\",\"args\":{{\"{key}\":{value}}}}}")
}
