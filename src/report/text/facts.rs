//! Lines of label, figure and remark, aligned with each other.

use std::io::{self, Write};

use super::style::{Paint, Style, columns, padding, wrap};
use super::units::NONE;
use crate::model::Measured;

const INDENT: usize = 2;
const GAP: usize = 3;

/// A line: what it is, its figure, and what there is to say of it.
pub(super) struct Fact {
    label: &'static str,
    figure: String,
    remark: String,
}

impl Fact {
    pub(super) fn new(
        label: &'static str,
        figure: impl Into<String>,
        remark: impl Into<String>,
    ) -> Self {
        Self { label, figure: figure.into(), remark: remark.into() }
    }

    /// The fact that `show` makes of a value, or why there is none.
    pub(super) fn measured<T>(
        label: &'static str,
        measured: &Measured<T>,
        show: impl FnOnce(&T) -> (String, String),
    ) -> Self {
        match measured {
            Measured::Is(value) => {
                let (figure, remark) = show(value);
                Self { label, figure, remark }
            }
            Measured::Not(reason) => Self::new(label, NONE, format!("not measured ({reason})")),
        }
    }
}

/// Writes facts with their figures in one column.
pub(super) fn write(facts: &[Fact], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let widest = |text: fn(&Fact) -> &str| facts.iter().map(|fact| columns(text(fact))).max();
    let (Some(labels), Some(figures)) = (widest(|fact| fact.label), widest(|fact| &fact.figure))
    else {
        return Ok(());
    };
    for fact in facts {
        let label = style.paint(Paint::Label, fact.label) + &padding(fact.label, labels);
        let figure = padding(&fact.figure, figures) + &fact.figure;
        let figure = if figures == 0 { figure } else { margin(GAP) + &figure };
        let remark = remark(&fact.remark, INDENT + labels + columns(&figure) + GAP, style);
        let line = format!("{}{label}{figure}{}{remark}", margin(INDENT), margin(GAP));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A remark that continues below its own beginning.
fn remark(text: &str, start: usize, style: Style) -> String {
    let lines = wrap(text, style.width.saturating_sub(start));
    lines.join(&format!("\n{}", margin(start)))
}

fn margin(width: usize) -> String {
    " ".repeat(width)
}
