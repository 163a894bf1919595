//! Two recordings beside each other: wall times, components, conditions.

use std::io::{self, Write};

use super::decomposition::signed;
use super::facts::{self, Fact};
use super::section::{doubts, write_warnings};
use super::style::{Paint, Style, columns, fill, padding, wrap};
use super::table::{Column, Table};
use super::units::{NONE, counted, ordinal, percent, range, ratio};
use crate::analysis::compare::{
    Answer, ComponentChange, Figures, Judgement, Merged, PoolChange, Side, Spread, Test, WallChange,
};
use crate::analysis::{Component, CoreTime};
use crate::model::{Measured, Nanos};
use crate::report::RunFigures;
use crate::report::compare::{Compared, Difference, Recording};

/// Components that are named as changed most; the table has all.
const NAMED: usize = 3;

/// Writes a comparison.
///
/// # Errors
///
/// Those of `out`.
pub fn write_compared(compared: &Compared, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let style = *style;
    write_recording("A", &compared.a, style, out)?;
    write_recording("B", &compared.b, style, out)?;
    write_warnings(&warnings(compared), style, out)?;
    writeln!(out)?;
    facts::write(&figures(compared), style, out)?;
    match &compared.comparison.pools {
        Measured::Not(reason) => write_uncompared(reason, style, out)?,
        Measured::Is(pools) => {
            for pool in pools {
                match pool {
                    Measured::Is(pool) => write_pool(pool, pools.len() > 1, style, out)?,
                    Measured::Not(reason) => write_uncompared(reason, style, out)?,
                }
            }
        }
    }
    write_conditions(&compared.conditions, style, out)
}

fn write_recording(
    letter: &str,
    recording: &Recording,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let title = match &recording.run {
        Some(run) => format!("{} · {}", run.workload, run.variant),
        None => recording.title.clone(),
    };
    let parts = [&title, &settings(recording), &recording.name];
    let parts = parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str);
    let lines = fill(parts, "   ", style.width.saturating_sub(4)).join("\n    ");
    writeln!(out, "{}   {lines}", style.paint(Paint::Title, letter))
}

fn settings(recording: &Recording) -> String {
    let Some(run) = &recording.run else { return String::new() };
    let named = run.parameters.iter().map(|p| format!("{} {}", p.name, p.value));
    named.chain([counted(run.threads.into(), "worker")]).collect::<Vec<_>>().join(", ")
}

/// Those of both, or of one with its letter.
fn warnings(compared: &Compared) -> Vec<String> {
    let [a, b] = [&compared.a, &compared.b]
        .map(|side| doubts(side.debug_assertions, side.losses, side.causality));
    let in_a = a.iter().map(|warning| match b.contains(warning) {
        true => warning.clone(),
        false => format!("A: {warning}"),
    });
    let in_b = b.iter().filter(|warning| !a.contains(warning));
    in_a.chain(in_b.map(|warning| format!("B: {warning}"))).collect()
}

fn figures(compared: &Compared) -> Vec<Fact> {
    let wall = &compared.comparison.wall;
    let mut facts = Vec::new();
    if !compared.differences.is_empty() {
        let all: Vec<String> = compared.differences.iter().map(difference).collect();
        facts.push(Fact::new("differ in", "", all.join("; ")));
    }
    facts.push(wall_time(wall));
    facts.push(match &wall.spread {
        Measured::Is(spread) => Fact::new("spread", "", told(spread)),
        Measured::Not(reason) => Fact::new("spread", "", format!("not known ({reason})")),
    });
    let pools = compared.comparison.pools.value().map_or(&[][..], |pools| pools);
    let pools: Vec<&PoolChange> = pools.iter().filter_map(Measured::value).collect();
    let changed: Vec<String> =
        pools.iter().flat_map(|pool| pool.most.iter().filter_map(|&c| most(pool, c))).collect();
    if !changed.is_empty() {
        let first = changed.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        facts.push(Fact::new("changed most", "", first));
    }
    if !pools.is_empty() {
        facts.push(Fact::new("components", "", of_what(compared)));
    }
    facts
}

fn difference(difference: &Difference) -> String {
    let Difference { what, a, b } = difference;
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| NONE.to_owned());
    format!("{what}: {} → {}", side(a), side(b))
}

fn wall_time(wall: &WallChange) -> Fact {
    let (Some(a), Some(b), Some(by)) = (wall.a, wall.b, wall.ratio) else {
        return Fact::new("wall time", NONE, "not measured (there is a time of zero, or none)");
    };
    let change = match by - 1.0 {
        0.0 => "as long".to_owned(),
        more if more > 0.0 => format!("{} longer", percent(more)),
        less => format!("{} shorter", percent(-less)),
    };
    let medians = match (a.repetitions, b.repetitions) {
        (1, 1) => "one repetition of each".to_owned(),
        (a, b) => format!("medians of {a} and of {b}"),
    };
    let remark = format!("{change}: {} → {}, {medians}", a.median, b.median);
    Fact::new("wall time", ratio(by), remark)
}

fn told(spread: &Spread) -> String {
    let Spread { test, a, b, low, high, beyond } = spread;
    let ends = |[low, high]: [Nanos; 2]| range(low, high);
    let overlap = if *beyond { "do not overlap" } else { "overlap" };
    let verdict = if *beyond { "beyond" } else { "within" };
    let by = match test {
        Test::MedianIntervals => {
            let (a, b) = (ends(*a), ends(*b));
            format!("the 95 % intervals of the medians, {a} and {b}, {overlap}")
        }
        Test::Ranges { chance } => {
            let (a, b) = (ends(*a), ends(*b));
            let by_chance = format!("by chance {} of so few do not", percent(*chance));
            format!("the ranges, {a} and {b}, {overlap}; {by_chance}")
        }
    };
    format!("{} – {}, the change is {verdict} it: {by}", ratio(*low), ratio(*high))
}

fn most(pool: &PoolChange, component: Component) -> Option<String> {
    let change = pool.component(component)?;
    let time = plus(change.difference.time.to_string());
    let cores = change.difference_cores.map(|cores| plus(signed(format!("{cores:.2}"))))?;
    Some(format!("{} {cores} cores ({time})", component.name()))
}

/// A sign before what is more than nothing.
fn plus(figure: String) -> String {
    let is_zero = !figure.contains(|digit: char| ('1'..='9').contains(&digit));
    if is_zero || figure.starts_with('−') { figure } else { format!("+{figure}") }
}

/// Which repetitions the components are of.
fn of_what(compared: &Compared) -> String {
    let one = |name: &str, run: &Option<RunFigures>| match run {
        Some(run) if run.samples.0.len() > 1 => {
            let (nth, all) = (ordinal(u64::from(run.recorded) + 1), run.samples.0.len());
            format!("{name}'s {nth} of {all}")
        }
        _ => format!("{name}'s only one"),
    };
    let (a, b) = (one("A", &compared.a.run), one("B", &compared.b.run));
    format!("of one repetition each, {a} and {b}; how they spread is not known")
}

fn write_uncompared(reason: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let note = format!("where the cores went: not compared ({reason})");
    writeln!(out)?;
    write_notes(&[note], style, out)
}

fn write_pool(
    pool: &PoolChange,
    several: bool,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    if several {
        writeln!(out, "  pool {} of A, {} of B", pool.a.pool.0, pool.b.pool.0)?;
    }
    table(pool).write(style, out)?;
    write_notes(&notes(pool), style, out)
}

fn table(pool: &PoolChange) -> Table {
    let rows = &pool.components;
    let column = |cell: &dyn Fn(&ComponentChange) -> String, total: String| {
        rows.iter().map(cell).chain([total]).collect::<Vec<_>>()
    };
    let workers = |workers: u32| format!("{:.2}", f64::from(workers));
    let all = || percent(1.0);
    let more_workers = f64::from(pool.b.workers) - f64::from(pool.a.workers);
    let table = Table::new(vec![
        Column::text("component", column(&|row| row.component.name().to_owned(), "total".into())),
        Column::figures("A cores", column(&|row| cores(&row.a), workers(pool.a.workers))),
        Column::figures("share", column(&|row| share(&row.a), all())),
        Column::figures("B cores", column(&|row| cores(&row.b), workers(pool.b.workers))),
        Column::figures("share", column(&|row| share(&row.b), all())),
        Column::figures(
            "cores more",
            column(&cores_more, plus(signed(format!("{more_workers:.2}")))),
        ),
        Column::figures("core-time more", column(&time_more, time(pool.difference))),
    ]);
    table.with_total()
}

fn cores(figures: &Figures) -> String {
    figures.cores.map_or_else(|| NONE.to_owned(), |cores| signed(format!("{cores:.2}")))
}

fn share(figures: &Figures) -> String {
    figures.share.map_or_else(|| NONE.to_owned(), |share| signed(percent(share)))
}

fn cores_more(row: &ComponentChange) -> String {
    let cores = |cores: f64| plus(signed(format!("{cores:.2}")));
    row.difference_cores.map_or_else(|| NONE.to_owned(), cores)
}

fn time_more(row: &ComponentChange) -> String {
    time(row.difference.time)
}

fn time(time: CoreTime) -> String {
    plus(time.to_string())
}

/// Between what the differences lie that are of estimates; a column more would be too wide.
fn intervals(pool: &PoolChange) -> Option<String> {
    let estimated = |row: &&ComponentChange| row.difference.low != row.difference.high;
    let interval = |row: &ComponentChange| {
        let (low, high) = (time(row.difference.low), time(row.difference.high));
        format!("{} {low} – {high}", row.component.name())
    };
    let all: Vec<String> = pool.components.iter().filter(estimated).map(interval).collect();
    (!all.is_empty()).then(|| format!("core-time more, with 95 %: {}", all.join(", ")))
}

/// Intervals, and what is in another component's row, each reason once.
fn notes(pool: &PoolChange) -> Vec<String> {
    let mut groups: Vec<(&Merged, Vec<&str>)> = Vec::new();
    for merged in &pool.merged {
        let same = |other: &Merged| {
            (other.within, other.side, &other.reason)
                == (merged.within, merged.side, &merged.reason)
        };
        let name = merged.component.name();
        match groups.iter_mut().find(|(other, _)| same(other)) {
            Some((_, names)) => names.push(name),
            None => groups.push((merged, vec![name])),
        }
    }
    let note = |(merged, names): (&Merged, Vec<&str>)| {
        let side = match merged.side {
            Side::A => "A",
            Side::B => "B",
        };
        let (names, within) = (names.join(", "), merged.within.name());
        format!(
            "{names}: within {within} on both sides, as not told apart in {side} ({})",
            merged.reason
        )
    };
    intervals(pool).into_iter().chain(groups.into_iter().map(note)).collect()
}

fn write_notes(notes: &[String], style: Style, out: &mut dyn Write) -> io::Result<()> {
    for line in notes.iter().flat_map(|note| wrap(note, style.width.saturating_sub(2))) {
        writeln!(out, "  {}", style.paint(Paint::Label, &line))?;
    }
    Ok(())
}

fn write_conditions(all: &[Judgement], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(widest) = all.iter().map(|judgement| columns(&judgement.condition)).max() else {
        return Ok(());
    };
    writeln!(out)?;
    for Judgement { condition, answer, because } in all {
        let (word, paint) = match answer {
            Answer::Holds => ("holds", Paint::Warning),
            Answer::DoesNotHold => ("does not hold", Paint::Plain),
            Answer::NotKnown => ("not known", Paint::Warning),
        };
        let start = 2 + widest + 3 + columns("does not hold") + 3;
        let lines = wrap(because, style.width.saturating_sub(start));
        let (gap, rest) = (padding(condition, widest), padding(word, columns("does not hold")));
        let text = lines.join(&format!("\n{}", " ".repeat(start)));
        writeln!(out, "  {condition}{gap}   {}{rest}   {text}", style.paint(paint, word))?;
    }
    Ok(())
}
