//! The articles' claims: a table, and below it why each ratio is what it is.

use std::io::{self, Write};

use super::decomposition::verdict_in_short;
use super::section::write_warnings;
use super::style::{Paint, Style, columns, fill, wrap};
use super::table::{Column, Table};
use super::units::{NONE, counted, fine_ratio};
use crate::model::Measured;
use crate::report::claims::{Saw, Source};
use crate::report::reproduce::{Answer, Here, Reproduced, Tried};

/// Writes claims and what became of them.
///
/// # Errors
///
/// Those of `out`.
pub fn write_reproduced(
    reproduced: &Reproduced,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = *style;
    write_title(reproduced, style, out)?;
    let debug = "the program was built with debug assertions, which make most code slow; measure a \
                 release build";
    let debug = reproduced.debug_assertions.then(|| debug.to_owned());
    write_warnings(&debug.into_iter().collect::<Vec<_>>(), style, out)?;
    writeln!(out)?;
    table(&reproduced.claims).write(style, out)?;
    writeln!(out)?;
    let numbered = (1..).zip(&reproduced.claims);
    numbered.into_iter().try_for_each(|(number, tried)| write_why(number, tried, style, out))
}

fn write_title(reproduced: &Reproduced, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let title = counted(reproduced.claims.len() as u64, "claim");
    let repetitions = counted(reproduced.repetitions as u64, "repetition");
    let effort = match workers(reproduced) {
        Some(workers) => format!("{repetitions} of each variant, {workers}"),
        None => format!("{repetitions} of each variant"),
    };
    let held = held(reproduced);
    let parts = [title.as_str(), &effort, &held].into_iter().filter(|part| !part.is_empty());
    let lines = fill(parts, "   ", style.width).join("\n  ");
    let rest = lines.strip_prefix(&title).map_or("", |rest| rest);
    writeln!(out, "{}{rest}", style.paint(Paint::Title, &title))
}

/// The same for all claims.
fn workers(reproduced: &Reproduced) -> Option<String> {
    let here = reproduced.claims.iter().find_map(|tried| tried.here.value())?;
    Some(counted(here.threads.into(), "worker"))
}

/// How many hold.
fn held(reproduced: &Reproduced) -> String {
    let answers = [
        (Answer::Yes, ["holds", "hold"]),
        (Answer::InPart, ["holds in part", "hold in part"]),
        (Answer::No, ["does not", "do not"]),
        (Answer::NotKnown, ["cannot be told", "cannot be told"]),
    ];
    let count = |answer| {
        let here = reproduced.claims.iter().filter_map(|tried| tried.here.value());
        here.filter(|here| here.holds == answer).count()
    };
    let counts = answers.map(|(answer, what)| (count(answer), what));
    let told = counts.into_iter().filter(|(count, _)| *count > 0);
    let told = told.map(|(count, what)| format!("{count} {}", what[usize::from(count > 1)]));
    let told: Vec<String> = told.collect();
    told.join(", ")
}

/// A line for each source, and one for each of its claims.
fn table(claims: &[Tried]) -> Table {
    let mut lines: Vec<[String; 5]> = Vec::new();
    let mut source: Option<&Source> = None;
    for (number, tried) in (1..).zip(claims) {
        let own = tried.claim.source;
        if source != Some(own) {
            let title = format!("on {}, {} cores", own.about, own.cores);
            lines.push([title.as_str(), "", "", "", ""].map(str::to_owned));
            source = Some(own);
        }
        lines.push(line(number, tried));
    }
    let cells = |at: usize| lines.iter().map(|line| line[at].clone()).collect::<Vec<_>>();
    Table::new(vec![
        Column::text("claim", cells(0)),
        Column::figures("source", cells(1)),
        Column::figures("here", cells(2)),
        Column::text("holds", cells(3)),
        Column::text("verdict", cells(4)),
    ])
}

fn line(number: usize, tried: &Tried) -> [String; 5] {
    let name = format!("{number:>3}  {}", tried.claim.what);
    let Measured::Is(here) = &tried.here else {
        let none = || NONE.to_owned();
        return [name, saw(tried.claim.saw), none(), "not run".to_owned(), none()];
    };
    let holds = match here.holds {
        Answer::Yes => "yes",
        Answer::InPart => "in part",
        Answer::No => "no",
        Answer::NotKnown => "?",
    };
    [
        name,
        saw(tried.claim.saw),
        here.ratio.map_or_else(|| NONE.to_owned(), fine_ratio),
        holds.to_owned(),
        here.verdict.value().map_or_else(|| NONE.to_owned(), |verdict| verdict_in_short(*verdict)),
    ]
}

fn saw(saw: Saw) -> String {
    match saw {
        Saw::Times { .. } => saw.ratio().map_or_else(String::new, fine_ratio),
        Saw::Faster => "> 1×".to_owned(),
        Saw::Slower => "< 1×".to_owned(),
        Saw::Short => "< ideal".to_owned(),
    }
}

fn write_why(number: usize, tried: &Tried, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let label = format!("  {number:>3}  ");
    let text = match &tried.here {
        Measured::Is(here) => told(tried, here),
        Measured::Not(reason) => format!("{}: not run ({reason})", tried.claim.workload),
    };
    let lines = wrap(&text, style.width.saturating_sub(columns(&label)));
    let text = lines.join(&format!("\n{}", " ".repeat(columns(&label))));
    writeln!(out, "{}{text}", style.paint(Paint::Label, &label))
}

/// `sum, par-iter against serial, 0.95 – 1.42×: of 2 cores …`.
fn told(tried: &Tried, here: &Here) -> String {
    let claim = &tried.claim;
    let mut parts = vec![format!("{}, {} against {}", claim.workload, claim.variant, claim.than)];
    let changed: Vec<String> =
        here.changed.iter().map(|p| format!("with {} {}", p.name, p.value)).collect();
    parts.extend(changed);
    parts.push(match &here.interval {
        Measured::Is([low, high]) => format!("{} – {}", fine_ratio(*low), fine_ratio(*high)),
        Measured::Not(reason) => format!("spread not known ({reason})"),
    });
    format!("{}: {}", parts.join(", "), here.why)
}
