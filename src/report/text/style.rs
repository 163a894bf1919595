//! Colour and width, and how text is fitted to them.

use unicode_width::UnicodeWidthStr;

/// How to render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to use ANSI colours.
    pub colour: bool,
    /// Columns of the terminal. Lines keep to it, but for words that are longer.
    pub width: usize,
}

/// What a piece of text is, hence its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Title,
    Label,
    Bar,
    Warning,
}

impl Style {
    pub(super) fn paint(self, paint: Paint, text: &str) -> String {
        let code = match paint {
            _ if !self.colour || text.is_empty() => return text.to_owned(),
            Paint::Plain => return text.to_owned(),
            Paint::Title => "1",
            Paint::Label => "2",
            Paint::Bar => "36",
            Paint::Warning => "1;33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// The columns that a text takes on a terminal.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// Padding that fills `text` up to `width` columns.
pub(super) fn padding(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(columns(text)))
}

/// A text of at most `width` columns: of a longer one the middle is left out, as both ends of a
/// path or a chain tell more.
pub(super) fn elide(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(columns(ELISION));
    let end = last(text, kept / 2);
    let start = first(text, kept - columns(end));
    format!("{start}{ELISION}{end}")
}

const ELISION: &str = "…";

/// The longest beginning of at most `width` columns.
fn first(text: &str, width: usize) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|&end| columns(&text[..end]) <= width).last();
    &text[..end.unwrap_or(0)]
}

/// The longest end of at most `width` columns.
fn last(text: &str, width: usize) -> &str {
    let starts = text.char_indices().rev().map(|(at, _)| at);
    let start = starts.take_while(|&start| columns(&text[start..]) <= width).last();
    &text[start.unwrap_or(text.len())..]
}

/// What does not begin a line: it belongs to the figure before it.
const UNITS: [&str; 6] = ["ns", "µs", "ms", "s", "%", "×"];

/// Breaks a text into lines of at most `width` columns, between words.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let bare = word.trim_end_matches([',', ';', ':', ')']);
        match words.last_mut().filter(|_| UNITS.contains(&bare)) {
            Some(figure) => {
                figure.push(' ');
                figure.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
    }
    fill(words.iter().map(String::as_str), " ", width)
}

/// Joins pieces with `separator` into lines of at most `width` columns; never cuts a piece.
pub(super) fn fill<'t>(
    pieces: impl IntoIterator<Item = &'t str>,
    separator: &str,
    width: usize,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line) if columns(line) + columns(separator) + columns(piece) <= width => {
                line.push_str(separator);
                line.push_str(piece);
            }
            _ => lines.push(piece.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_the_middle_is_left_out() {
        assert_eq!(elide("Range<u64> → map → sum", 22), "Range<u64> → map → sum");
        assert_eq!(elide("Range<u64> → map → sum", 21), "Range<u64>… map → sum");
        assert_eq!(elide("長い名前", 5), "長…前");
        assert_eq!(elide("abc", 1), "…");
        for width in 1..22 {
            assert!(columns(&elide("Range<u64> → map → sum", width)) <= width);
        }
    }
}
