//! Where a pool's cores went: a component a line, what they add up to, and the verdict.

use std::io::{self, Write};

use super::bar::bar;
use super::style::{Paint, Style, padding, wrap};
use super::table::{Column, Table};
use super::units::{counted, percent};
use crate::analysis::{
    Component, CoreTime, Decomposition, Group, InflationCauses, Missing, Part, Verdict, Window,
};
use crate::model::{Measured, Nanos};

const NARROWEST_BAR: usize = 6;
const WIDEST_BAR: usize = 24;
/// The share of all cores from which on it is said that calibrated costs gave way.
const LEAST_LOWERED: f64 = 0.001;
/// Likewise for the causes of inflation.
const LEAST_INFLATION: f64 = 0.05;

/// Writes a pool's table and verdict, with a blank line before them, and the pool's name if it needs
/// one beside others.
pub(super) fn write(
    name: Option<&str>,
    whole: &Measured<Decomposition>,
    window: Window,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    if let Some(name) = name {
        writeln!(out, "  {}", style.paint(Paint::Title, name))?;
    }
    match whole {
        Measured::Is(whole) => {
            table(whole, style).write(style, out)?;
            write_notes(&notes(whole, window), style, out)?;
            write_verdict(whole, style, out)
        }
        Measured::Not(reason) => {
            let note = format!("where the cores went: not measured ({reason})");
            write_notes(&[note], style, out)
        }
    }
}

fn table(whole: &Decomposition, style: Style) -> Table {
    let rows: Vec<&Part> = whole.parts.iter().filter(|part| is_shown(whole, part)).collect();
    let cells = |cell: fn(&Decomposition, &Part) -> String, total: &str| {
        let rows = rows.iter().map(|part| cell(whole, part));
        rows.chain([total.to_owned()]).collect::<Vec<_>>()
    };
    let title = match whole.workers {
        1 => "where the core went".to_owned(),
        workers => format!("where {workers} cores went"),
    };
    let all = format!("{:.2}", f64::from(whole.workers));
    let mut table = Table::new(vec![
        Column::text(&title, cells(|_, part| part.component.name().to_owned(), "total")),
        Column::figures("cores", cells(|whole, part| cores(whole, part.time), &all)),
        Column::figures("share", cells(|whole, part| share(whole, part.time), "100.0 %")),
    ]);
    if rows.iter().any(|part| part.low != part.high) {
        table.push(Column::text("95 %", cells(interval, "")));
    }
    let room = table.room(style).min(WIDEST_BAR);
    if room >= NARROWEST_BAR {
        let bars = rows.iter().map(|part| bar_of(whole, part, room));
        let unattributed = share(whole, whole.time(Component::Unattributed));
        // What is in no component is said where the sum stands, as it is what the sum rests on.
        let bars = bars.chain([format!("unattributed {unattributed}")]);
        table.push(Column { paint: Paint::Bar, ..Column::text("", bars.collect()) });
    }
    table.with_total()
}

/// What rounds to nothing in both columns is left out: the others add up to the total without it.
fn is_shown(whole: &Decomposition, part: &Part) -> bool {
    let digits = |figure: String| figure.contains(|digit: char| ('1'..='9').contains(&digit));
    part.component != Component::Unattributed
        && (digits(cores(whole, part.time)) || digits(share(whole, part.time)))
}

fn cores(whole: &Decomposition, time: CoreTime) -> String {
    let cores = time.cores(whole.window.duration());
    cores.map_or_else(String::new, |cores| signed(format!("{cores:.2}")))
}

fn share(whole: &Decomposition, time: CoreTime) -> String {
    time.cores(whole.core_time).map_or_else(String::new, |share| signed(percent(share)))
}

/// Nothing has no sign, and what is less than nothing has a typographer's.
pub(super) fn signed(figure: String) -> String {
    let is_zero = !figure.contains(|digit: char| ('1'..='9').contains(&digit));
    match figure.strip_prefix('-') {
        Some(rest) if is_zero => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => figure,
    }
}

/// In cores, where the figure is an estimate.
fn interval(whole: &Decomposition, part: &Part) -> String {
    if part.low == part.high {
        return String::new();
    }
    format!("{} – {}", cores(whole, part.low), cores(whole, part.high))
}

fn bar_of(whole: &Decomposition, part: &Part, width: usize) -> String {
    let share = part.time.cores(whole.core_time).filter(|share| *share > 0.0);
    share.map_or_else(String::new, |share| bar(share, 0.0, width))
}

/// What the table does not tell apart, each reason once.
fn notes(whole: &Decomposition, window: Window) -> Vec<String> {
    let mut groups: Vec<(&Missing, Vec<Component>)> = Vec::new();
    for missing in &whole.missing {
        let same =
            |other: &&Missing| other.reason == missing.reason && other.within == missing.within;
        match groups.iter_mut().find(|(other, _)| same(other)) {
            Some((_, components)) => components.push(missing.component),
            None => groups.push((missing, vec![missing.component])),
        }
    }
    let note = |(missing, components): (&Missing, Vec<Component>)| {
        let names: Vec<&str> = components.iter().map(|component| component.name()).collect();
        let Missing { reason, within, .. } = missing;
        format!("{}: not measured, within {} ({reason})", names.join(", "), within.name())
    };
    let cut = whole.window.start.saturating_since(window.span.start);
    let cut = (cut > Nanos::ZERO).then(|| {
        format!(
            "without the first {cut} of the window, of which events were overwritten by newer ones"
        )
    });
    let without = whole.window.end.min(window.span.end);
    let without = window.span.end.saturating_since(without);
    let broken = (without > Nanos::ZERO)
        .then(|| format!("without the last {without} of the window, of which events were dropped"));
    let lowered = whole.lowered.cores(whole.core_time).filter(|share| *share >= LEAST_LOWERED);
    let lowered = lowered.map(|_| {
        format!(
            "costs as they were calibrated claim {} more than there was time for, and were lowered \
             by that",
            whole.lowered
        )
    });
    let all = cut.into_iter().chain(broken).chain(lowered).chain(inflation(whole));
    all.chain(groups.into_iter().map(note)).collect()
}

/// Why the same work takes longer here, where that is much; less is not worth a line.
fn inflation(whole: &Decomposition) -> Option<String> {
    let much = whole.share(Component::Inflation).filter(|share| *share >= LEAST_INFLATION);
    much.map(|_| match &whole.inflation {
        Measured::Is(causes) => {
            let InflationCauses { instructions, cycles_per_instruction, frequency } = *causes;
            let [more, slower, clock] =
                [instructions, cycles_per_instruction, frequency].map(|time| cores(whole, time));
            format!(
                "of the inflation, in cores: {more} for more instructions, {slower} for more cycles \
                 of each (caches, memory), {clock} for a lower frequency"
            )
        }
        Measured::Not(reason) => {
            format!("what of the inflation is instructions, cycles or frequency: not measured ({reason})")
        }
    })
}

fn write_notes(notes: &[String], style: Style, out: &mut dyn Write) -> io::Result<()> {
    for note in notes {
        for line in wrap(note, style.width.saturating_sub(2)) {
            writeln!(out, "  {}", style.paint(Paint::Label, &line))?;
        }
    }
    Ok(())
}

fn write_verdict(whole: &Decomposition, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(verdict) = whole.verdict else { return Ok(()) };
    let (name, sentence) = told(whole, verdict);
    let indent = name.len().max(11) + 5;
    let lines = wrap(&sentence, style.width.saturating_sub(indent));
    let text = lines.join(&format!("\n{}", " ".repeat(indent)));
    let gap = padding(&name, indent - 2);
    writeln!(out)?;
    writeln!(out, "  {}{gap}{text}", style.paint(Paint::Title, &name))
}

/// The verdict, and what it means.
fn told(whole: &Decomposition, verdict: Verdict) -> (String, String) {
    let lost = cores(whole, whole.losses());
    let all = counted(whole.workers.into(), "core");
    let of = |group: Group| cores(whole, whole.group(group).time);
    match verdict {
        Verdict::Healthy => {
            let hidden = whole.missing.iter().any(|missing| missing.within == Component::Work);
            let known = if hidden { ", as far as it is measured" } else { "" };
            ("healthy".to_owned(), format!("{lost} of {all} are lost, which is little{known}"))
        }
        Verdict::Bound(group) => {
            let sentence = format!("{}: {} of {all}", why(group), of(group));
            (group.name().to_owned(), sentence)
        }
        Verdict::Mixed(first, second) => {
            let sentence =
                format!("{}: {} of {all}; {}: {}", why(first), of(first), why(second), of(second));
            (format!("mixed: {}, {}", first.name(), second.name()), sentence)
        }
        Verdict::Undecided(Component::Work) => {
            let sentence = "how much of the work is task management is not measured";
            ("undecided".to_owned(), sentence.to_owned())
        }
        Verdict::Undecided(component) => {
            let cores = cores(whole, whole.time(component));
            let sentence =
                format!("{cores} of {all} are {}, which no verdict can rest on", component.name());
            ("undecided".to_owned(), sentence)
        }
    }
}

/// A verdict where there is no room for what it means.
pub(super) fn verdict_in_short(verdict: Verdict) -> String {
    match verdict {
        Verdict::Healthy => "healthy".to_owned(),
        Verdict::Bound(group) => group.name().to_owned(),
        Verdict::Mixed(first, second) => format!("{}, {}", first.name(), second.name()),
        Verdict::Undecided(_) => "undecided".to_owned(),
    }
}

fn why(group: Group) -> &'static str {
    match group {
        Group::Work | Group::Unassigned => "the program's own",
        Group::Queueing => "work waits for a worker, or a worker for a CPU",
        Group::Contention => "workers are in each other's way",
        Group::Granularity => "tasks are too small for what it takes to manage them",
        Group::Parallelism => "there is too little to do at the same time",
    }
}
