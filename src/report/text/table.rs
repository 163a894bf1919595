//! Tables: columns as wide as their widest cell, split into blocks where a line is too narrow.

use std::io::{self, Write};

use super::style::{Paint, Style, columns, padding};

const INDENT: usize = 2;
const GAP: usize = 3;

/// A table. The first column names the row and is repeated in every block.
pub(super) struct Table {
    columns: Vec<Column>,
    /// Whether the last row is the others' sum, with a rule above it.
    total: bool,
}

/// A column, from its title down.
pub(super) struct Column {
    pub(super) title: String,
    pub(super) align: Align,
    pub(super) paint: Paint,
    pub(super) cells: Vec<String>,
}

/// Where a cell stands in its column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

impl Column {
    /// Text, left-aligned.
    pub(super) fn text(title: &str, cells: Vec<String>) -> Self {
        Self { title: title.to_owned(), align: Align::Left, paint: Paint::Plain, cells }
    }

    /// Figures, right-aligned.
    pub(super) fn figures(title: &str, cells: Vec<String>) -> Self {
        Self { align: Align::Right, ..Self::text(title, cells) }
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| columns(cell));
        cells.fold(columns(&self.title), usize::max)
    }

    fn fitted(&self, text: &str, paint: Paint, style: Style) -> String {
        let (painted, padding) = (style.paint(paint, text), padding(text, self.width()));
        match self.align {
            Align::Left => painted + &padding,
            Align::Right => padding + &painted,
        }
    }
}

impl Table {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns, total: false }
    }

    /// The same, with its last row as the others' sum.
    pub(super) fn with_total(self) -> Self {
        Self { total: true, ..self }
    }

    pub(super) fn push(&mut self, column: Column) {
        self.columns.push(column);
    }

    /// Columns of the terminal that are left for one more column beside all others.
    pub(super) fn room(&self, style: Style) -> usize {
        let used: usize = self.columns.iter().map(|column| column.width() + GAP).sum();
        style.width.saturating_sub(INDENT + used)
    }

    pub(super) fn write(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        for (index, block) in self.blocks(style.width).iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            write_block(block, self.total, style, out)?;
        }
        Ok(())
    }

    fn blocks(&self, width: usize) -> Vec<Vec<&Column>> {
        let Some((first, others)) = self.columns.split_first() else { return Vec::new() };
        let mut blocks = Vec::new();
        let mut block = vec![first];
        let mut used = INDENT + first.width();
        for column in others {
            let more = GAP + column.width();
            if used + more > width && block.len() > 1 {
                blocks.push(std::mem::replace(&mut block, vec![first]));
                used = INDENT + first.width();
            }
            block.push(column);
            used += more;
        }
        blocks.push(block);
        blocks
    }
}

fn write_block(
    block: &[&Column],
    total: bool,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let titles = block.iter().map(|column| column.fitted(&column.title, Paint::Label, style));
    write_line(titles, out)?;
    let rows = block.iter().map(|column| column.cells.len()).fold(0, usize::max);
    for row in 0..rows {
        if total && row + 1 == rows {
            write_rule(block, style, out)?;
        }
        let cells = block.iter().map(|column| match column.cells.get(row) {
            Some(cell) => column.fitted(cell, column.paint, style),
            None => column.fitted("", Paint::Plain, style),
        });
        write_line(cells, out)?;
    }
    Ok(())
}

/// As wide as all but the last column, which is a picture.
fn write_rule(block: &[&Column], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let figures = block.iter().filter(|column| !column.title.is_empty());
    let width: usize = figures.map(|column| column.width() + GAP).sum();
    let rule = "─".repeat(width.saturating_sub(GAP));
    writeln!(out, "{}{}", " ".repeat(INDENT), style.paint(Paint::Label, &rule))
}

fn write_line(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    let line = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
    writeln!(out, "{}{}", " ".repeat(INDENT), line.trim_end())
}
