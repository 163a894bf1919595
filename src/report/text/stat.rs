//! A program's figures for a terminal: the sums, then its `threads`.

use std::io::{self, Write};

use super::facts::{self, Fact};
use super::style::{Paint, Style, elide, wrap};
use super::threads;
use super::units::{counted, thousands};
use crate::model::{CountSource, Counter, Ended, Measured, Nanos, RingRecords, Total};
use crate::report::stat::{Interval, Rates, Stat};

/// Writes the sums and the `top` threads.
///
/// # Errors
///
/// Those of `out`.
pub fn write_stat(stat: &Stat, top: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let title = elide(&printable(&stat.command.join(" ")), style.width.saturating_sub(2));
    writeln!(out, "{}", style.paint(Paint::Title, &title))?;
    write_lines(&[how_it_ended(stat)], Paint::Plain, style, out)?;
    writeln!(out)?;
    facts::write(&sums(stat), style, out)?;
    write_lines(&notes(stat), Paint::Label, style, out)?;
    write_lines(&warnings(&stat.events), Paint::Warning, style, out)?;
    if stat.threads.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    threads::table(stat, top, style).write(style, out)?;
    write_lines(&threads::notes(stat, top), Paint::Label, style, out)
}

/// Writes what was counted in an interval, in a line or, where that is too narrow, several.
///
/// # Errors
///
/// Those of `out`.
pub fn write_interval(interval: &Interval, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let counts = interval.counts.iter().filter_map(|(counter, value)| {
        Some(format!("{} {}", counter.name(), amount(*counter, *value.value()?)))
    });
    let pieces: Vec<_> = counts.collect();
    let pieces = pieces.iter().map(String::as_str);
    let at = format!("{:>9.3} s", interval.end.0 as f64 / 1e9);
    let lines = super::style::fill(pieces, "   ", style.width.saturating_sub(14));
    writeln!(out, "{at}   {}", lines.join(&format!("\n{}", " ".repeat(14))))
}

fn how_it_ended(stat: &Stat) -> String {
    let how = match stat.ended {
        Ended::Exited(code) => format!("exited with {code}"),
        Ended::Killed(signal) => format!("was killed by signal {signal}"),
    };
    let threads = match stat.threads.len() as u64 {
        0 => String::new(),
        count => format!(", {} seen", counted(count, "thread")),
    };
    format!("process {} {how} after {}{threads}", stat.process, stat.wall)
}

/// What was measured. Why other things were not is told once for all of them, below.
fn sums(stat: &Stat) -> Vec<Fact> {
    let mut facts: Vec<Fact> =
        stat.totals.iter().filter_map(|total| sum(total, &stat.rates)).collect();
    facts.push(Fact::measured("threads' lives", &stat.times, |times| {
        let (on, waiting, blocked) = (times.on_cpu, times.waiting, times.blocked);
        let parts = format!("{on} on a CPU, {waiting} waiting for one, {blocked} blocked");
        (times.lives.to_string(), parts)
    }));
    facts
}

fn sum(total: &Total, rates: &Rates) -> Option<Fact> {
    let value = *total.value.value()?;
    let rate = match total.counter {
        Counter::TaskClock => rates.cpus.value().map(|cpus| format!("{cpus:.2} CPUs used")),
        Counter::ContextSwitches => {
            rates.switches_per_second.value().map(|rate| format!("{} a second", rounded(*rate)))
        }
        Counter::Instructions => rates.ipc.value().map(|ipc| format!("{ipc:.2} a cycle")),
        counter => misses(rates, counter)
            .and_then(Measured::value)
            .map(|misses| format!("{misses:.2} in a thousand instructions")),
    };
    let source = match total.source {
        CountSource::Counter => None,
        CountSource::SwitchRecords => Some("from switch records".to_owned()),
        CountSource::Accounting => Some("from the kernel's accounting".to_owned()),
    };
    let user = total.user_only.then(|| "without the kernel's side".to_owned());
    let estimated = total.estimated.then(|| "estimated: counted a part of the time".to_owned());
    let remarks: Vec<String> = [rate, source, user, estimated].into_iter().flatten().collect();
    Some(Fact::new(total.counter.name(), amount(total.counter, value), remarks.join(", ")))
}

pub(super) fn misses(rates: &Rates, counter: Counter) -> Option<&Measured<f64>> {
    rates.misses_per_thousand.iter().find(|(known, _)| *known == counter).map(|(_, rate)| rate)
}

fn amount(counter: Counter, value: u64) -> String {
    match counter.unit() {
        "ns" => Nanos(value).to_string(),
        _ => thousands(value),
    }
}

fn notes(stat: &Stat) -> Vec<String> {
    let mut notes = vec![
        "Counts are totals of threads: what they spent spinning for work is in them.".to_owned(),
    ];
    let missing = stat.totals.iter().filter_map(|total| match &total.value {
        Measured::Is(_) => None,
        Measured::Not(reason) => Some((total.counter, reason.as_str())),
    });
    notes.extend(by_reason(missing));
    if let Measured::Not(reason) = &stat.events {
        notes.push(format!(
            "The kernel's events: not measured ({reason}). Threads are as /proc showed them every \
             20 ms; shorter ones and each one's last moments may be missing."
        ));
    }
    notes
}

/// One note for the counters that lack for the same reason.
pub(super) fn by_reason<'r>(missing: impl Iterator<Item = (Counter, &'r str)>) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (counter, why) in missing {
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, counters)) => counters.push(counter.name()),
            None => reasons.push((why, vec![counter.name()])),
        }
    }
    let note = |(why, counters): (&str, Vec<&str>)| {
        format!("{}: not measured ({why})", counters.join(", "))
    };
    reasons.into_iter().map(note).collect()
}

fn warnings(events: &Measured<RingRecords>) -> Vec<String> {
    let Some(events) = events.value() else { return Vec::new() };
    let mut warnings = Vec::new();
    if events.lost > 0 {
        warnings.push(format!(
            "{} of the kernel's records found no room: threads' times and switches are too low",
            thousands(events.lost)
        ));
    }
    if events.late > 0 {
        warnings.push(format!(
            "{} of the kernel's records came too late to be put in order",
            thousands(events.late)
        ));
    }
    warnings
}

/// Programs name their threads as they like; a terminal shall not obey them.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A rate: whole where it is large.
pub(super) fn rounded(rate: f64) -> String {
    if rate < 99.95 { format!("{rate:.1}") } else { thousands(rate.round() as u64) }
}

fn write_lines(
    lines: &[String],
    paint: Paint,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    for line in lines.iter().flat_map(|line| wrap(line, style.width.saturating_sub(2))) {
        writeln!(out, "  {}", style.paint(paint, &line))?;
    }
    Ok(())
}
