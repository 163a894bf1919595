//! A break-even search: what was found, and the curve of the ratio over the number of items.

use std::io::{self, Write};

use super::facts::{self, Fact};
use super::section::write_warnings;
use super::style::{Paint, Style, fill, padding, wrap};
use super::units::{counted, fine_ratio, ratio, thousands};
use crate::analysis::BreakEven;
use crate::analysis::break_even::{Outcome, Point, RESOLUTION};
use crate::report::BreakEvenReport;

/// Lines of the curve.
const HEIGHT: usize = 14;
/// Columns of the curve; no wider, as eyes follow it.
const WIDEST: usize = 76;
const NARROWEST: usize = 20;
/// Numbers at which it did not win that are named; the JSON has all.
const NAMED: usize = 4;

/// Writes a search and its curve.
///
/// # Errors
///
/// Those of `out`.
pub fn write_break_even(
    report: &BreakEvenReport,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = *style;
    write_title(report, style, out)?;
    let debug = "the program was built with debug assertions, which make most code slow; measure a \
                 release build";
    let warnings: Vec<String> =
        report.debug_assertions.then(|| debug.to_owned()).into_iter().collect();
    write_warnings(&warnings, style, out)?;
    writeln!(out)?;
    facts::write(&figures(report), style, out)?;
    write_curve(&report.found.points, style, out)
}

fn write_title(report: &BreakEvenReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let title = format!("{} · {} against {}", report.workload, report.parallel, report.serial);
    let named = report.parameters.iter().map(|p| format!("{} {}", p.name, p.value));
    let settings = named.chain([counted(report.threads.into(), "worker")]);
    let settings = settings.collect::<Vec<_>>().join(", ");
    let lines = fill([title.as_str(), &settings], "   ", style.width).join("\n  ");
    let rest = lines.strip_prefix(&title).map_or("", |rest| rest);
    writeln!(out, "{}{rest}", style.paint(Paint::Title, &title))
}

fn figures(report: &BreakEvenReport) -> Vec<Fact> {
    let found = &report.found;
    let (figure, remark) = break_even(found);
    let mut facts = vec![Fact::new("break-even", figure, remark)];
    if !found.not_beyond.is_empty() {
        facts.push(Fact::new("but", "", not_beyond(found)));
    }
    let ends = [found.points.first(), found.points.last()].into_iter().flatten();
    facts.extend(ends.map(|point| Fact::new("at", thousands(point.items), at(point))));
    let pairs = found.points.iter().map(|point| point.pairs).max();
    let pairs = counted(pairs.map_or(0, |pairs| pairs as u64), "pair");
    let tried = counted(found.points.len() as u64, "number");
    facts.push(Fact::new(
        "told by",
        "",
        format!(
            "{tried} of items, {pairs} of a serial and a parallel call each, by turns, from outside \
             a pool that is there; the 95 % interval of the median ratio must not hold 1"
        ),
    ));
    facts
}

/// The number, and how far it can be told.
fn break_even(found: &BreakEven) -> (String, String) {
    let smallest = found.points.first().map(|point| point.items);
    let largest = found.points.last().map(|point| point.items);
    let about =
        |estimate: Option<u64>| estimate.map_or("–".to_owned(), |e| format!("≈ {}", rounded(e)));
    match (found.loses_to, found.wins_from) {
        (None, Some(from)) if Some(from) == smallest => (
            format!("≤ {}", thousands(from)),
            "parallel wins at the smallest number already".to_owned(),
        ),
        (Some(to), Some(from)) => (
            about(found.estimate),
            format!(
                "parallel loses up to {} and wins from {} on; between the two it {}",
                thousands(to),
                thousands(from),
                match from as f64 / to as f64 <= RESOLUTION {
                    true => "was not searched",
                    false => "cannot be told",
                }
            ),
        ),
        (None, Some(from)) => (
            about(found.estimate),
            format!("parallel wins from {} on; below that it cannot be told", thousands(from)),
        ),
        (Some(to), None) if Some(to) == largest => {
            ("none".to_owned(), format!("parallel loses everywhere up to {}", thousands(to)))
        }
        (Some(to), None) => (
            "none".to_owned(),
            format!(
                "parallel loses up to {} and does not surely win up to {}",
                thousands(to),
                largest.map_or(String::new(), thousands)
            ),
        ),
        (None, None) => ("–".to_owned(), "nowhere can it be told which is faster".to_owned()),
    }
}

/// Two figures: the interval says that there are no more.
fn rounded(items: u64) -> String {
    let mut unit = 1;
    while items / unit >= 100 {
        unit *= 10;
    }
    thousands((items + unit / 2) / unit * unit)
}

fn not_beyond(found: &BreakEven) -> String {
    let named = found.points.iter().filter(|point| found.not_beyond.contains(&point.items));
    let named = named.take(NAMED).map(|point| {
        let how = match point.outcome {
            Outcome::Loses => "loses",
            Outcome::Open | Outcome::Wins => "does not surely win",
        };
        format!("{how} at {} ({})", thousands(point.items), ratio(point.ratio))
    });
    let named = named.collect::<Vec<_>>().join(", ");
    match found.not_beyond.len().saturating_sub(NAMED) {
        0 => format!("it {named}"),
        more => format!("it {named}, and {} likewise", counted(more as u64, "time")),
    }
}

fn at(point: &Point) -> String {
    let Point { serial, parallel, low, high, .. } = point;
    let (middle, low, high) = (fine_ratio(point.ratio), fine_ratio(*low), fine_ratio(*high));
    format!("{middle} ({low} – {high}): {serial} serially, {parallel} in parallel")
}

/// A place on the curve, in columns and lines.
struct Canvas {
    width: usize,
    /// Logarithms of the numbers of items at both ends.
    items: (f64, f64),
    /// Logarithms of the ratios at both ends.
    ratios: (f64, f64),
    cells: Vec<Vec<char>>,
}

fn write_curve(points: &[Point], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(canvas) = Canvas::of(points, style.width) else { return Ok(()) };
    writeln!(out)?;
    let label = "ratio, serial by parallel";
    writeln!(out, "  {}", style.paint(Paint::Label, label))?;
    let labels = canvas.labels();
    for (row, cells) in canvas.cells.iter().enumerate() {
        let text: String = cells.iter().collect();
        let label = labels[row].as_deref().map_or("", |label| label);
        let axis = if labels[row].is_some() { '┤' } else { '│' };
        let padding = padding(label, LABELS);
        let label = style.paint(Paint::Label, label);
        let text = style.paint(Paint::Bar, text.trim_end());
        writeln!(out, "{padding}{label} {axis}{text}")?;
    }
    let (ticks, names) = canvas.axis();
    let margin = " ".repeat(LABELS + 1);
    writeln!(out, "{margin}└{ticks}")?;
    writeln!(out, "{margin} {}", style.paint(Paint::Label, names.trim_end()))?;
    let legend = "● parallel wins   ○ it loses   ◌ cannot be told   │ 95 % of the median ratio";
    for line in wrap(legend, style.width.saturating_sub(2)) {
        writeln!(out, "  {}", style.paint(Paint::Label, &line))?;
    }
    Ok(())
}

/// Columns of a ratio before the axis.
const LABELS: usize = 9;

impl Canvas {
    /// The curve; `None` of less than two points.
    fn of(points: &[Point], width: usize) -> Option<Self> {
        let (first, last) = (points.first()?, points.last()?);
        if first.items == last.items {
            return None;
        }
        let width = width.saturating_sub(LABELS + 3).clamp(NARROWEST, WIDEST);
        let low = points.iter().map(|point| point.low).fold(1.0, f64::min);
        let high = points.iter().map(|point| point.high).fold(1.0, f64::max);
        // 1 has a line of its own, and a little beside it.
        let ratios = (low.min(0.9).ln(), high.max(1.1).ln());
        let items = ((first.items as f64).ln(), (last.items as f64).ln());
        let cells = vec![vec![' '; width]; HEIGHT];
        let mut canvas = Self { width, items, ratios, cells };
        canvas.draw(points);
        Some(canvas)
    }

    fn draw(&mut self, points: &[Point]) {
        let even = self.row(1.0);
        self.cells[even].fill('┈');
        for point in points {
            let column = self.column(point.items);
            for row in self.row(point.high)..=self.row(point.low) {
                self.cells[row][column] = '│';
            }
        }
        // After all intervals, so that none of them hides a point.
        for point in points {
            let (row, column) = (self.row(point.ratio), self.column(point.items));
            self.cells[row][column] = match point.outcome {
                Outcome::Wins => '●',
                Outcome::Loses => '○',
                Outcome::Open => '◌',
            };
        }
    }

    fn column(&self, items: u64) -> usize {
        let (first, last) = self.items;
        place((items as f64).ln(), first, last, self.width)
    }

    /// Counted from above.
    fn row(&self, ratio: f64) -> usize {
        let (low, high) = self.ratios;
        HEIGHT - 1 - place(ratio.ln(), low, high, HEIGHT)
    }

    /// Both ends, 1, and powers of ten between them.
    fn labels(&self) -> Vec<Option<String>> {
        let mut labels = vec![None; HEIGHT];
        let (low, high) = (self.ratios.0.exp(), self.ratios.1.exp());
        let tens = (-9..=9).map(|power| 10_f64.powi(power));
        let between = tens.filter(|ten| (low..high).contains(ten));
        for value in between.chain([low, high]) {
            let free = labels[self.row(value)].is_none();
            if free {
                labels[self.row(value)] = Some(fine_ratio(value));
            }
        }
        labels[self.row(1.0)] = Some("1×".to_owned());
        labels
    }

    /// The axis of items, and the numbers below it.
    fn axis(&self) -> (String, String) {
        let mut ticks = vec!['─'; self.width];
        let mut names = vec![' '; self.width];
        let (first, last) = (self.items.0.exp(), self.items.1.exp());
        let tens = (0..20).map(|power| 10_u64.pow(power));
        let inside = |ten: &u64| (first * 0.999..=last * 1.001).contains(&(*ten as f64));
        let mut free = 0;
        for ten in tens.filter(inside) {
            let column = self.column(ten);
            ticks[column] = '┴';
            let name = short(ten);
            let start = column.min(self.width - name.len().min(self.width));
            if start >= free {
                for (at, letter) in (start..self.width).zip(name.chars()) {
                    names[at] = letter;
                }
                free = start + name.len() + 2;
            }
        }
        (ticks.into_iter().collect(), names.into_iter().collect())
    }
}

/// `100`, `10 k`, `1 M`.
fn short(ten: u64) -> String {
    match ten {
        0..1_000 => ten.to_string(),
        1_000..1_000_000 => format!("{} k", ten / 1_000),
        1_000_000..1_000_000_000 => format!("{} M", ten / 1_000_000),
        _ => format!("{} G", ten / 1_000_000_000),
    }
}

/// Which of so many cells a value is in.
fn place(value: f64, first: f64, last: f64, cells: usize) -> usize {
    let share = ((value - first) / (last - first)).clamp(0.0, 1.0);
    (share * (cells - 1) as f64).round() as usize
}
