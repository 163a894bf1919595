//! Standard output: its width, whether it takes colours, and that its reader may go away.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use console::Term;

use super::failure::Failure;
use super::show::Style;

/// Columns where the output is no terminal.
const PLAIN_WIDTH: usize = 100;

/// How text is to look on standard output.
pub(super) fn style() -> Style {
    let colour = io::stdout().is_terminal() && console::colors_enabled();
    Style { colour, ..of(&Term::stdout(), io::stdout().is_terminal()) }
}

/// How text is to look on standard error.
pub(super) fn error_style() -> Style {
    let colour = io::stderr().is_terminal() && console::colors_enabled_stderr();
    Style { colour, ..of(&Term::stderr(), io::stderr().is_terminal()) }
}

/// How text is to look in a file.
pub(super) fn plain() -> Style {
    Style { colour: false, width: PLAIN_WIDTH }
}

fn of(term: &Term, terminal: bool) -> Style {
    let width = term.size_checked().map(|(_, columns)| usize::from(columns));
    Style { width: width.filter(|_| terminal).unwrap_or(PLAIN_WIDTH), ..plain() }
}

/// Renders and prints. A reader that went away has seen enough: no error.
pub(super) fn print(render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut text = Vec::new();
    let written = render(&mut text).and_then(|()| {
        let mut out = io::stdout().lock();
        out.write_all(&text)?;
        out.flush()
    });
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written
            .context("failed to print to standard output")
            .map_err(|error| Failure::runtime(error, "check what the output is redirected to")),
    }
}
