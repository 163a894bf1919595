//! The progress bar on standard error; there is none unless that is a terminal.
//!
//! It is drawn between runs only, and no thread draws it, so that it takes no time from a run.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

pub(super) struct Progress {
    bar: ProgressBar,
    /// What every message begins with.
    part: String,
}

impl Progress {
    /// Of so many runs; `part` says of what, where that is not plain.
    pub(super) fn new(runs: usize, part: &str) -> Self {
        Self::styled(runs, "{bar:30} {pos}/{len} {msg}", part)
    }

    /// Of nobody knows how many.
    pub(super) fn unbounded(part: &str) -> Self {
        Self::styled(0, "{msg}", part)
    }

    fn styled(runs: usize, template: &str, part: &str) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(runs as u64)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let part = if part.is_empty() { String::new() } else { format!("{part}: ") };
        Self { bar, part }
    }

    pub(super) fn preparing(&self, workload: &str) {
        self.bar.set_message(format!("{}{workload}: preparing", self.part));
        self.bar.tick();
    }

    pub(super) fn trying(&self, items: u64) {
        self.bar.set_message(format!("{}{items} items", self.part));
        self.bar.tick();
    }

    pub(super) fn running(&self, variant: &str, round: usize, rounds: usize) {
        let round = if round == 0 { "warm-up".to_owned() } else { format!("{round} of {rounds}") };
        self.bar.set_message(format!("{}{variant}, {round}", self.part));
    }

    pub(super) fn done_one(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    /// An error message shall not stand behind a bar.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
