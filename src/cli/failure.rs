//! What ends a command early: what went wrong and where, and always what to do next.

use std::fmt;

/// Why a command ended early. Shown in one line.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    error: anyhow::Error,
    /// What to do next; `None` if the error itself says it, as those of our library do.
    next: Option<String>,
}

/// Whose fault a failure is, which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The arguments'.
    Usage,
    /// A trace file's.
    Input,
    /// The machine's, or our own.
    Runtime,
}

impl Failure {
    pub(super) fn usage(error: impl Into<anyhow::Error>, next: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, error: error.into(), next: Some(next.into()) }
    }

    pub(super) fn input(error: impl Into<anyhow::Error>, next: impl Into<String>) -> Self {
        Self { kind: Kind::Input, error: error.into(), next: Some(next.into()) }
    }

    pub(super) fn runtime(error: impl Into<anyhow::Error>, next: impl Into<String>) -> Self {
        Self { kind: Kind::Runtime, error: error.into(), next: Some(next.into()) }
    }

    /// An error whose own text says what to do next.
    pub(super) fn told(kind: Kind, error: impl Into<anyhow::Error>) -> Self {
        Self { kind, error: error.into(), next: None }
    }

    /// Whose fault it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for Failure {
    /// In one line, whatever the parts contain.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.next {
            Some(next) => format!("{:#}: {next}", self.error),
            None => format!("{:#}", self.error),
        };
        f.write_str(&text.lines().map(str::trim).collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_with_its_causes_and_the_next_step() {
        let cause = std::io::Error::other("disk\n  on fire");
        let error = anyhow::Error::new(cause).context("failed to write");
        let failure = Failure::runtime(error, "call for help");
        assert_eq!(failure.to_string(), "failed to write: disk on fire: call for help");
    }
}
