//! What the program said of itself, as entries: its spans as slices, its events as instants.

use std::io::{self, Write};

use super::fields::Fields;
use super::number::{survives_micros, write_micros};
use super::text::printable;
use super::texts::Texts;
use super::write::{tells, write_name, write_times};
use super::{NOTE, PHASE, PID};
use crate::model::{Nanos, Note, Phase, Span};

/// What a slice is called in which a task ran that was in no span.
const NO_PHASE: &str = "(no span)";

/// The phases of a lane, each with the span in which it is shown: a slice that crosses the one
/// around it is cut at that one's end, because viewers drop a slice that does not nest.
pub(super) fn nested(phases: &[Phase]) -> impl Iterator<Item = (&Phase, Span)> {
    let mut open: Vec<Nanos> = Vec::new();
    phases.iter().map(move |phase| {
        let Span { start, end } = phase.span;
        while open.last().is_some_and(|end| *end <= start) {
            open.pop();
        }
        let around = open.last().copied().unwrap_or(end);
        let shown = Span { start, end: end.min(around).max(start) };
        open.push(shown.end);
        (phase, shown)
    })
}

/// Appends all of a phase after its opening.
pub(super) fn write_phase(
    phase: &Phase,
    shown: Span,
    texts: &Texts<'_>,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    let Phase { span, id, within, name, inherited } = phase;
    write_times(shown, buffer)?;
    let otherwise = if id.is_some() { PHASE } else { NO_PHASE };
    write_name(name.as_deref().unwrap_or(otherwise), PHASE, buffer)?;
    buffer.extend_from_slice(b",\"args\":{");
    let mut fields = Fields::new(buffer, texts);
    if let Some(id) = id {
        fields.whole("phase", id.0)?;
    }
    if let Some(within) = within {
        fields.whole("within", within.0)?;
    }
    name_if_not_shown(name.as_deref(), &mut fields)?;
    if *inherited {
        fields.flag("inherited");
    }
    if !tells(shown, *span) {
        fields.times(*span)?;
    }
    buffer.extend_from_slice(b"}}");
    Ok(())
}

/// A name that viewers would not show whole, or that there is none.
fn name_if_not_shown(name: Option<&str>, fields: &mut Fields<'_>) -> io::Result<()> {
    match name {
        Some(name) if printable(name, NOTE) == name && !name.is_empty() => Ok(()),
        Some(name) => fields.word("label", &name),
        None => {
            fields.flag("unnamed");
            Ok(())
        }
    }
}

/// Appends a note.
pub(super) fn write_note(
    note: &Note,
    tid: u64,
    texts: &Texts<'_>,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    let Note { at, phase, text } = note;
    write!(buffer, "{{\"ph\":\"i\",\"s\":\"t\",\"pid\":{PID},\"tid\":{tid},\"ts\":")?;
    write_micros(buffer, *at)?;
    write_name(text.as_deref().unwrap_or(NOTE), NOTE, buffer)?;
    buffer.extend_from_slice(b",\"args\":{");
    let mut fields = Fields::new(buffer, texts);
    if let Some(phase) = phase {
        fields.whole("phase", phase.0)?;
    }
    name_if_not_shown(text.as_deref(), &mut fields)?;
    if !survives_micros(*at) {
        fields.times(Span { start: *at, end: *at })?;
    }
    buffer.extend_from_slice(b"}}");
    Ok(())
}
