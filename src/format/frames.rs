//! What is drawn as stacks of frames, for formats that know no more of a slice than its name: those
//! of flame graphs. Keeps which slices are open; what is made of their opening and closing is the
//! format's business.

use std::io;

use super::draw::{Amount, Canvas, Drawn};
use super::fields::{Category, Name};
use super::names::printable;
use super::texts::Texts;
use crate::model::{Nanos, Trace, short_location};

/// Takes stacks of frames.
pub(super) trait Stacks {
    /// What it is all called.
    fn title(&mut self, title: &str) -> io::Result<()>;
    /// The frames that follow are of this thread.
    fn thread(&mut self, name: &str) -> io::Result<()>;
    fn enter(&mut self, frame: &str, category: Category, at: Nanos) -> io::Result<()>;
    /// Leaves the innermost frame.
    fn leave(&mut self, at: Nanos) -> io::Result<()>;
    /// No more frames are of the thread.
    fn end(&mut self) -> io::Result<()>;
}

/// Draws as stacks.
pub(super) struct Frames<'t, S> {
    pub(super) stacks: S,
    trace: &'t Trace,
    /// The names of threads, by their numbers.
    threads: Vec<(u64, String)>,
    open: Vec<Nanos>,
}

impl<'t, S: Stacks> Frames<'t, S> {
    pub(super) fn new(trace: &'t Trace, stacks: S) -> Self {
        Self { stacks, trace, threads: Vec::new(), open: Vec::new() }
    }

    fn leave_until(&mut self, at: Option<Nanos>) -> io::Result<()> {
        while let Some(end) = self.open.pop_if(|end| at.is_none_or(|at| *end <= at)) {
            self.stacks.leave(end)?;
        }
        Ok(())
    }

    /// A slice's name, and the place in the code that is behind it.
    fn frame(&self, slice: &Drawn<'_>) -> String {
        let category = slice.category().name();
        let name = match slice.name(&Texts::of(self.trace)) {
            Name::Ours(name) => name.to_owned(),
            Name::Theirs(name) => printable(name, category).into_owned(),
        };
        match slice.site().and_then(|site| self.trace.site(site)) {
            Some(site) => {
                let place = printable(short_location(&site.location), "unknown").into_owned();
                format!("{name} {place}")
            }
            None => name,
        }
    }
}

impl<S: Stacks> Canvas for Frames<'_, S> {
    fn head(&mut self, _: &Trace) -> io::Result<()> {
        Ok(())
    }

    fn process(&mut self, name: &str) -> io::Result<()> {
        self.stacks.title(name)
    }

    fn thread(&mut self, tid: u64, name: &str) -> io::Result<()> {
        self.threads.push((tid, name.to_owned()));
        Ok(())
    }

    fn open(&mut self, tid: u64) -> io::Result<()> {
        let name = self.threads.iter().find(|(of, _)| *of == tid).map(|(_, name)| name.as_str());
        self.stacks.thread(name.unwrap_or_default())
    }

    fn slice(&mut self, slice: &Drawn<'_>) -> io::Result<()> {
        self.leave_until(Some(slice.shown.start))?;
        let frame = self.frame(slice);
        self.stacks.enter(&frame, slice.category(), slice.shown.start)?;
        self.open.push(slice.shown.end);
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        self.leave_until(None)?;
        self.stacks.end()
    }

    fn counter(
        &mut self,
        _: &str,
        _: &str,
        _: &mut dyn Iterator<Item = (Nanos, Amount)>,
    ) -> io::Result<()> {
        Ok(())
    }
}
